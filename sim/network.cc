#include "sim/network.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {

Network::Network(World& world, Flights flights)
    : world_(world),
      model_(world.scenario().links),
      sent_on_(world.nodes()),
      cuts_(world.nodes()),
      arrival_(world.nodes()),
      flights_(std::move(flights)) {
  for (Fault fault : {Fault::kDrop, Fault::kDuplicate, Fault::kLate, Fault::kOrder}) {
    faulty_ |= world.on(fault);
  }
}

inline uint32_t Network::Allocate() {
  if (free_ == Flight::kNone) {
    if (used_ == flights_.size()) flights_.Add();
    return used_++;
  }
  const uint32_t index = free_;
  free_ = flights_[index].next;
  return index;
}

Flights Network::Release() {
  for (uint32_t i = 0; i < used_; ++i) flights_[i].message.Clear();
  return std::move(flights_);
}

Duration Network::LateBy(uint64_t quantile) const {
  return model_.late_by != nullptr ? model_.late_by(quantile) : Share(100ms, quantile);
}

inline void Network::Launch(int64_t at, const Ticket& ticket, uint16_t tie, const MessageType& type,
                            std::string_view bytes) {
  if (model_.fifo) {
    int64_t& last = arrival_.At(ticket.from, ticket.to);
    at = last = std::max(at, last);
  }
  const uint32_t index = Allocate();
  Flight& flight = flights_[index];
  static_cast<Ticket&>(flight) = ticket;
  flight.message.Assign(&type, bytes);
  world_.Push(at, World::What::kDeliver, index, ticket.to, tie);
}

[[gnu::always_inline]] inline void Network::Send(NodeId from, NodeId to, const MessageType& type,
                                                 std::string_view bytes) {
  CHECK(to != kNobody && Index(to) <= world_.nodes());
  const uint32_t ordinal = sent_on_.Next(from, to);
  const uint64_t id = ++sent_;
  world_.Note(Event::Kind::kSend, from, to, id, &type, bytes);
  const Ticket ticket{.id = id, .from = from, .to = to};
  const int64_t at = world_.now() + model_.delay.count();
  if (any_cuts_ != 0 || (faulty_ && world_.storm())) {
    Venture(at, ticket, ordinal, type, bytes);
  } else {
    Launch(at, ticket, 0, type, bytes);
  }
}

void Network::Venture(int64_t at, Ticket ticket, uint32_t ordinal, const MessageType& type,
                      std::string_view bytes) {
  const NodeId from = ticket.from, to = ticket.to;
  if (any_cuts_ != 0 && cuts_.At(from, to) > 0) {
    ++world_.count(Fault::kCut).applied;
    if (world_.node(to).up()) ++world_.count(Fault::kCut).observed;
    world_.Note(Event::Kind::kCutOff, from, to, ticket.id);
    return;
  }
  if (!faulty_ || !world_.storm()) {
    Launch(at, ticket, 0, type, bytes);
    return;
  }
  if (world_.Strike(Fault::kDrop, from, to, ordinal, 0, 2) != 0) {
    ++world_.count(Fault::kDrop).applied;
    if (world_.node(to).up()) ++world_.count(Fault::kDrop).observed;
    world_.Note(Event::Kind::kDrop, from, to, ticket.id);
    return;
  }
  const uint64_t late = world_.Strike(Fault::kLate, from, to, ordinal, 0, kQuantiles);
  if (late != 0) {
    ++world_.count(Fault::kLate).applied;
    at += LateBy(late).count();
  }
  const uint64_t tie =
      model_.fifo ? 0 : world_.Strike(Fault::kOrder, from, to, ordinal, 0, Queue::kTies);
  if (tie != 0) ++world_.count(Fault::kOrder).applied;
  ticket.late = late != 0;
  Launch(at, ticket, static_cast<uint16_t>(tie), type, bytes);
  const uint64_t twice = world_.Strike(Fault::kDuplicate, from, to, ordinal, 0, kQuantiles);
  if (twice != 0) {
    ++world_.count(Fault::kDuplicate).applied;
    ticket.late = false;
    ticket.copy = true;
    Launch(at + LateBy(twice).count(), ticket, 0, type, bytes);
  }
}

// Here, so that it becomes one with Send.
void SimNode::SendBytes(NodeId to, const MessageType& type, std::string_view bytes) {
  if (Enter()) world_.network().Send(id_, to, type, bytes);
}

}  // namespace reprise
