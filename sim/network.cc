#include "sim/network.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {

Network::Network(World& world) : world_(world), model_(world.scenario().links) {
  const auto nodes = static_cast<size_t>(world.scenario().nodes());
  if (nodes <= kTableAtMost) {
    nodes_ = nodes;
    table_.resize(nodes * nodes);
  }
  for (Fault fault : {Fault::kDrop, Fault::kDuplicate, Fault::kLate, Fault::kOrder}) {
    faulty_ |= world.on(fault);
  }
}

uint32_t Network::Allocate() {
  if (free_ == Flight::kNone) {
    flights_.emplace_back();
    return static_cast<uint32_t>(flights_.size() - 1);
  }
  const uint32_t index = free_;
  free_ = flights_[index].next;
  return index;
}

void Network::Free(uint32_t index) {
  flights_[index].message.Clear();
  flights_[index].next = free_;
  free_ = index;
}

Duration Network::LateBy(uint64_t quantile) const {
  return model_.late_by != nullptr ? model_.late_by(quantile) : Share(100ms, quantile);
}

void Network::Send(NodeId from, NodeId to, const MessageType& type, std::string_view bytes) {
  CHECK(to != kNobody && Index(to) <= world_.nodes());
  Link& link = Between(from, to);
  const uint64_t ordinal = ++link.sent;
  const uint64_t id = ++sent_;
  world_.Note(Event::Kind::kSend, from, to, id, &type, bytes);
  if (link.cuts > 0) {
    ++world_.count(Fault::kCut).applied;
    if (world_.node(to).up()) ++world_.count(Fault::kCut).observed;
    world_.Note(Event::Kind::kCutOff, from, to, id);
    return;
  }
  int64_t at = world_.now() + model_.delay.count();
  if (!faulty_ || !world_.storm()) {
    Launch(link, at, from, to, id, false, false, 0, type, bytes);
    return;
  }
  if (world_.Strike(Fault::kDrop, from, to, ordinal, 0, 2) != 0) {
    ++world_.count(Fault::kDrop).applied;
    if (world_.node(to).up()) ++world_.count(Fault::kDrop).observed;
    world_.Note(Event::Kind::kDrop, from, to, id);
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
  Launch(link, at, from, to, id, late != 0, false, static_cast<uint16_t>(tie), type, bytes);
  const uint64_t twice = world_.Strike(Fault::kDuplicate, from, to, ordinal, 0, kQuantiles);
  if (twice != 0) {
    ++world_.count(Fault::kDuplicate).applied;
    Launch(link, at + LateBy(twice).count(), from, to, id, false, true, 0, type, bytes);
  }
}

void Network::Launch(Link& link, int64_t at, NodeId from, NodeId to, uint64_t id, bool late,
                     bool copy, uint16_t tie, const MessageType& type, std::string_view bytes) {
  if (model_.fifo) {
    at = std::max(at, link.last_arrival);
    link.last_arrival = at;
  }
  const uint32_t index = Allocate();
  Flight& flight = flights_[index];
  flight.from = from;
  flight.to = to;
  flight.id = id;
  flight.late = late;
  flight.copy = copy;
  flight.message.Assign(&type, bytes);
  world_.Push(at, World::What::kDeliver, index, tie);
}

}  // namespace reprise
