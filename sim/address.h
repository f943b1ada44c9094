// The names of decisions, and what was decided.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace reprise {

// The name of a kind of decision, "drop": letters, digits and dashes. Interned when the program
// starts, so that a label is a small number and the hot path meets no string.
class Label {
 public:
  explicit Label(std::string_view name);

  // A label of the testbed's own. Node code may not draw under it, or two decisions would share an
  // address.
  static Label Reserved(std::string_view name);
  bool reserved() const { return reserved_[index_]; }

  // The label of that name, if any code of this program has one.
  static std::optional<Label> Find(std::string_view name);
  static size_t count();
  // The label of that index. REQUIRES: index < count().
  static Label At(uint16_t index);

  uint16_t index() const { return index_; }
  uint64_t key() const { return key_; }  // A hash of the name.
  const std::string& name() const;

  friend bool operator==(Label a, Label b) { return a.index_ == b.index_; }

 private:
  Label(uint16_t index, uint64_t key) : index_(index), key_(key) {}
  static constexpr size_t kMost = 4096;
  static inline bool reserved_[kMost] = {};

  uint16_t index_;
  uint64_t key_;
};

// Where a decision is taken: "crash n2", "drop n1>n2", "cut".
struct Site {
  Label label;
  NodeId node = kNobody;
  NodeId peer = kNobody;
  friend bool operator==(const Site&, const Site&) = default;
};

// Which decision it is: the ordinal-th at its site, counted from 1. What belongs to a decision is
// addressed under it: "down n3 #7" is how long the node of "crash n3 #7" stays down, and
// "unsynced n3 #7.2" is the fate of the second sector that it had not synced.
struct Address {
  Site site;
  uint64_t ordinal = 0;
  uint64_t sub = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

// One nonzero draw, and the domain [0, bound) it came from.
struct Departure {
  Address address;
  uint64_t value = 0;
  uint64_t bound = 0;
  friend bool operator==(const Departure&, const Departure&) = default;
};

// Sorted by address: label name, node, peer, ordinal, sub.
using Departures = std::vector<Departure>;
bool Before(const Address& a, const Address& b);
void Sort(Departures& departures);

// "drop n1>n2 #7", and back. Parsing gives nothing where the text is no address or where no code
// of this program has such a label.
std::string Describe(const Site& site);
std::string Describe(const Address& address);
std::optional<Address> ParseAddress(std::string_view text);

// A departure, and the number of the event during which it was drawn (see timeline.h).
struct Taken {
  Departure departure;
  uint64_t event = 0;
};

}  // namespace reprise
