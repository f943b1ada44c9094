// The links between nodes, and the messages on them. Private to sim/.
//
// What becomes of a message is addressed by its link and its number on that link, so that the fate
// of one message never moves that of another.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/message.h"
#include "sim/scenario.h"

namespace reprise {

class World;

// Whose message it is.
struct Ticket {
  uint64_t id = 0;
  NodeId from = kNobody;
  NodeId to = kNobody;
  bool late = false;
  bool copy = false;
};

// A message on its way, or in its receiver's inbox.
struct Flight : Ticket {
  static constexpr uint32_t kNone = ~uint32_t{0};

  uint32_t next = kNone;  // In the inbox, or among the free ones.
  Message message;
};

// A number for each direction of each link, zero at first. A sender's are side by side, made when
// it first sends; where there are too many nodes for that, they are in a hash table, which nothing
// iterates.
template <class T>
class PerLink {
 public:
  explicit PerLink(size_t nodes) : nodes_(nodes) {
    if (nodes <= kRowsAtMost) rows_.resize(nodes);
  }

  T& At(NodeId from, NodeId to) {
    if (nodes_ > kRowsAtMost) return hashed_[uint64_t{Index(from)} << 32 | Index(to)];
    auto& row = rows_[Index(from) - 1];
    if (row == nullptr) [[unlikely]]
      row = std::make_unique<T[]>(nodes_);
    return row[Index(to) - 1];
  }

 private:
  static constexpr size_t kRowsAtMost = 4096;

  size_t nodes_;
  std::vector<std::unique_ptr<T[]>> rows_;
  absl::flat_hash_map<uint64_t, T> hashed_;
};

class Network {
 public:
  explicit Network(World& world);

  // Puts a message on the link, which decides its fate.
  void Send(NodeId from, NodeId to, const MessageType& type, std::string_view bytes);

  Flight& flight(uint32_t index) { return flights_[index]; }
  void Free(uint32_t index) {
    Flight& flight = flights_[index];
    flight.message.Clear();
    flight.next = free_;
    free_ = index;
  }

  // Cuts or mends one direction of a link; cuts add up.
  void Cut(NodeId from, NodeId to, int change) {
    cuts_.At(from, to) += change;
    any_cuts_ += change;
  }

 private:
  uint32_t Allocate();
  void Launch(int64_t at, const Ticket& ticket, uint16_t tie, const MessageType& type,
              std::string_view bytes);
  // Has faults strike the message, of which the least is that it is launched.
  void Venture(int64_t at, Ticket ticket, uint32_t ordinal, const MessageType& type,
               std::string_view bytes);
  Duration LateBy(uint64_t quantile) const;

  World& world_;
  const LinkModel& model_;
  PerLink<uint32_t> sent_on_;  // How many messages,
  PerLink<int32_t> cuts_;      // by how many partitions it is cut,
  PerLink<int64_t> arrival_;   // and, on links that keep the order, the last arrival.
  int any_cuts_ = 0;
  std::vector<Flight> flights_;
  uint32_t free_ = Flight::kNone;
  uint64_t sent_ = 0;
  bool faulty_ = false;  // Whether anything can happen to a message in this run.
};

}  // namespace reprise
