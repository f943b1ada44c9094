// The links between nodes, and the messages on them. Private to sim/.
//
// What becomes of a message is addressed by its link and its number on that link, so that the fate
// of one message never moves that of another.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/message.h"
#include "sim/scenario.h"
#include "sim/slab.h"
#include "sim/zeros.h"

namespace reprise {

class Weather;
class World;

// One direction of a link.
struct Link {
  NodeId from = kNobody;
  NodeId to = kNobody;
};

// Whose message it is, and what befell it.
struct Ticket {
  // For each fault that its receiver meets with it.
  static constexpr uint32_t Bit(Fault fault) { return uint32_t{1} << static_cast<uint32_t>(fault); }
  static constexpr uint32_t kLost = uint32_t{1} << 31;  // It will not arrive.
  static_assert(static_cast<uint32_t>(Fault::kSwizzle) < 31);

  uint64_t id = 0;
  NodeId from = kNobody;
  NodeId to = kNobody;
  uint32_t met = 0;
};

// A message on its way, or in its receiver's inbox. A short one is in the first cache line.
struct alignas(64) Flight : Ticket {
  static constexpr uint32_t kNone = ~uint32_t{0};

  uint32_t next = kNone;  // In the inbox, or among the free ones.
  Message message;
};

// A number for each direction of each link, zero at first: a square of them, made when first used,
// or where there are too many nodes for that, a hash table, which nothing iterates.
template <class T>
class PerLink {
 public:
  explicit PerLink(size_t nodes) : nodes_(nodes) {}

  T& At(NodeId from, NodeId to) {
    if (cells_ == nullptr) [[unlikely]] {
      if (nodes_ > kSquareAtMost) return hashed_[uint64_t{Index(from)} << 32 | Index(to)];
      cells_ = Zeros<T>(nodes_ * nodes_);
    }
    return cells_[(Index(from) - 1) * nodes_ + (Index(to) - 1)];
  }

 private:
  static constexpr size_t kSquareAtMost = 4096;

  size_t nodes_;
  ZeroedArray<T> cells_;
  absl::flat_hash_map<uint64_t, T> hashed_;
};

// How many messages went over each link. Where there are many nodes most links have few, and each
// message touches another: a byte for each keeps them in the cache.
class LinkCounts {
 public:
  explicit LinkCounts(size_t nodes) : narrow_(nodes), wide_(nodes), few_(nodes <= kFewNodes) {}

  uint32_t Next(NodeId from, NodeId to) {
    if (few_) return ++wide_.At(from, to);
    uint8_t& count = narrow_.At(from, to);
    if (count < kFull) return ++count;
    return kFull + ++wide_.At(from, to);
  }

 private:
  static constexpr size_t kFewNodes = 64;
  static constexpr uint8_t kFull = 255;

  PerLink<uint8_t> narrow_;
  PerLink<uint32_t> wide_;  // Those above kFull.
  bool few_;                // All are in wide_.
};

using Flights = Slab<Flight, 512>;

// How many partitions of each kind cut one direction of a link.
struct Severance {
  static constexpr size_t kKinds =
      static_cast<size_t>(Fault::kFlap) - static_cast<size_t>(Fault::kCut) + 1;

  uint16_t& of(Fault fault) {
    return by[static_cast<size_t>(fault) - static_cast<size_t>(Fault::kCut)];
  }
  // The first kind that does.
  std::optional<Fault> cut() const {
    for (size_t i = 0; i < kKinds; ++i) {
      if (by[i] != 0) return static_cast<Fault>(static_cast<size_t>(Fault::kCut) + i);
    }
    return std::nullopt;
  }

  std::array<uint16_t, kKinds> by{};
};

class Network {
 public:
  Network(World& world, Flights flights);
  ~Network();

  // Puts a message on the link, which decides its fate.
  void Send(NodeId from, NodeId to, const MessageType& type, std::string_view bytes);

  Flight& flight(uint32_t index) { return flights_[index]; }
  uint64_t sent() const { return sent_; }
  void Prefetch(uint32_t index) const { __builtin_prefetch(&flights_[index]); }
  // Gives the room for messages away, without any message. Nothing is sent after that.
  Flights Release();
  void Free(uint32_t index) {
    Flight& flight = flights_[index];
    flight.message.Clear();
    flight.next = free_;
    free_ = index;
  }

  // Cuts or mends one direction of a link; cuts add up.
  void Cut(Fault fault, const Link& link, int change);
  // Counts what is wrong with some link for a while, so that messages are not just launched.
  void CountSpells(int change) { spells_ += change; }
  // Breaks the connection between two nodes: what is under way is lost, and the first of them is
  // told, or both are.
  void Break(Fault fault, NodeId told, NodeId other, bool both);

  // The rest is in network_faults.cc.
  Weather* weather() { return weather_.get(); }  // Null where nothing can be wrong with links.
  // The fault lost the message before it arrived.
  void Lose(Fault fault, const Ticket& ticket);
  // Puts a message that was held on the link now.
  void Release(const Ticket& ticket, uint32_t ordinal, const Message& message);
  void LaunchAt(int64_t at, const Ticket& ticket, const Message& message);
  Duration LateBy(uint64_t quantile) const;

 private:
  uint32_t Allocate();
  void Launch(int64_t at, const Ticket& ticket, uint16_t tie, const MessageType& type,
              std::string_view bytes);
  // Has faults strike the message, of which the least is that it is launched.
  void Venture(int64_t at, Ticket ticket, uint32_t ordinal, const MessageType& type,
               std::string_view bytes);
  // True where a partition is between the two.
  bool CutOff(const Ticket& ticket);
  void Tell(Fault fault, NodeId told, NodeId peer);

  World& world_;
  const LinkModel& model_;
  const bool fifo_;
  LinkCounts sent_on_;        // How many messages,
  PerLink<Severance> cuts_;   // which partitions cut it,
  PerLink<int64_t> arrival_;  // and, on links that keep the order, the last arrival.
  int spells_ = 0;            // How much is wrong with links now.
  Flights flights_;
  uint32_t used_ = 0;              // Those below were in use at some time,
  uint32_t free_ = Flight::kNone;  // and these are free again.
  uint64_t sent_ = 0;
  bool faulty_ = false;  // Whether anything can happen to a message in this run.
  std::unique_ptr<Weather> weather_;
};

}  // namespace reprise
