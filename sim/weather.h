// What befalls messages beyond being lost, late or doubled one by one: links that are clogged,
// slow, short or lossy for a while, types that vanish, damage, and copies that outlive their
// receiver. Private to sim/. Only runs that have such a fault on their menu have any weather.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/network.h"

namespace reprise {

class SimNode;

class Weather {
 public:
  explicit Weather(World& world);
  // Whether this run has a fault that needs it.
  static bool Possible(const World& world);

  // For the network, of each message, in this order; `at` is when it is to arrive.
  // True where the link is clogged, which keeps the message until it is released.
  bool Hold(const Ticket& ticket, uint32_t ordinal, const MessageType& type,
            std::string_view bytes);
  // False where the message is lost. Else it may come later, and other bytes may arrive, which are
  // good until the next call.
  bool Carry(int64_t& at, Ticket& ticket, uint32_t ordinal, const MessageType& type,
             std::string_view& bytes);
  void OnLaunch(const Ticket& ticket, int64_t arrival);
  // May keep a copy for a later boot of the receiver.
  void KeepStale(const Ticket& ticket, uint32_t ordinal, const MessageType& type,
                 std::string_view bytes);
  void OnBoot(const SimNode& node);

  // For the storm. Each fault has at most one spell of each number.
  void Clog(Fault fault, const std::vector<Link>& links);
  void Unclog(Fault fault, const std::vector<Link>& links);
  // The types of messages that were sent so far, in the order of their first use.
  const std::vector<const MessageType*>& types() const { return types_; }
  void OpenHole(uint64_t number, const MessageType* type, NodeId to);
  void CloseHole(uint64_t number);
  // The link carries so many bytes a second, until then.
  void Throttle(uint64_t number, const Link& link, uint64_t bytes_a_second, int64_t until);
  void Unthrottle(uint64_t number);
  void Narrow(uint64_t number, const Link& link, uint64_t room);
  void Widen(uint64_t number);

  // Loses what is held between the two, in both directions.
  void LoseHeld(NodeId a, NodeId b);

 private:
  struct Clogs {
    uint8_t clog = 0, swizzle = 0;
  };
  struct Held {
    Ticket ticket;
    uint32_t ordinal = 0;
    Message message;
  };
  struct Hole {
    uint64_t number = 0;
    const MessageType* type = nullptr;
    NodeId to = kNobody;
  };
  struct Slow {
    uint64_t number = 0;
    Link link;
    uint64_t bytes_a_second = 0;
    int64_t until = 0;
    int64_t free_at = 0;  // When it has carried all that was sent so far.
  };
  struct Short {
    uint64_t number = 0;
    Link link;
    uint64_t room = 0;
    std::vector<int64_t> arrivals;  // Of what is on it.
  };
  struct Burst {
    uint64_t slots = 0;  // So many have been looked at.
    int64_t until = 0;
  };
  struct Stale {
    Ticket ticket;
    uint64_t boot = 0;  // Of the receiver, when it was sent.
    uint64_t quantile = 0;
    Message message;
  };

  bool Clogged(const Link& link);
  bool Swallowed(const Ticket& ticket, const MessageType& type) const;
  bool LostInBurst(const Ticket& ticket, uint32_t ordinal);
  // Whether the link is in a burst of losses now.
  bool Bursting(const Link& link);
  bool Full(const Ticket& ticket);
  // False where damage was noticed, and the message lost.
  bool Damage(Ticket& ticket, uint32_t ordinal, std::string_view& bytes);
  void Delay(int64_t& at, Ticket& ticket, size_t size);

  World& world_;
  const LinkModel& model_;
  PerLink<Clogs> clogs_;
  PerLink<Burst> bursts_;
  std::vector<Held> held_;  // In the order in which they were sent.
  std::vector<Hole> holes_;
  std::vector<Slow> slow_;
  std::vector<Short> short_;
  std::vector<Stale> stale_;
  std::vector<const MessageType*> types_;
  std::string damaged_;
};

}  // namespace reprise
