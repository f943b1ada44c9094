// The links between nodes, and the messages on them. Private to sim/.
//
// What becomes of a message is addressed by its link and its number on that link, so that the fate
// of one message never moves that of another.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/message.h"
#include "sim/scenario.h"

namespace reprise {

class World;

// A message on its way, or in its receiver's inbox.
struct Flight {
  static constexpr uint32_t kNone = ~uint32_t{0};

  NodeId from = kNobody;
  NodeId to = kNobody;
  uint32_t next = kNone;  // In the inbox, or among the free ones.
  bool late = false;
  bool copy = false;
  uint64_t id = 0;
  Message message;
};

class Network {
 public:
  explicit Network(World& world);

  // Puts a message on the link, which decides its fate.
  void Send(NodeId from, NodeId to, const MessageType& type, std::string_view bytes);

  Flight& flight(uint32_t index) { return flights_[index]; }
  void Free(uint32_t index);

  // Cuts or mends one direction of a link; cuts add up.
  void Cut(NodeId from, NodeId to, int change) { Between(from, to).cuts += change; }

 private:
  struct Link {
    uint32_t sent = 0;
    int32_t cuts = 0;
    int64_t last_arrival = 0;
  };

  // Up to this many nodes, links are in a table; beyond, by hash, which nothing iterates.
  static constexpr size_t kTableAtMost = 128;

  Link& Between(NodeId from, NodeId to) {
    if (nodes_ != 0) return table_[(Index(from) - 1) * nodes_ + Index(to) - 1];
    return links_[uint64_t{Index(from)} << 32 | Index(to)];
  }
  uint32_t Allocate();
  void Launch(Link& link, int64_t at, NodeId from, NodeId to, uint64_t id, bool late, bool copy,
              uint16_t tie, const MessageType& type, std::string_view bytes);
  Duration LateBy(uint64_t quantile) const;

  World& world_;
  const LinkModel& model_;
  size_t nodes_ = 0;  // The table's width; zero where there is none.
  std::vector<Link> table_;
  absl::flat_hash_map<uint64_t, Link> links_;
  std::vector<Flight> flights_;
  uint32_t free_ = Flight::kNone;
  uint64_t sent_ = 0;
  bool faulty_ = false;  // Whether anything can happen to a message in this run.
};

}  // namespace reprise
