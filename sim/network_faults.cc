// What the network does to messages where a fault has struck. Apart from network.cc, which is what
// every message goes through.

#include "sim/check.h"
#include "sim/connection.h"
#include "sim/network.h"
#include "sim/weather.h"
#include "sim/world.h"

namespace reprise {

Duration Network::LateBy(uint64_t quantile) const {
  return model_.late_by != nullptr ? model_.late_by(quantile) : Share(100ms, quantile);
}

void Network::Lose(Fault fault, const Ticket& ticket) {
  ++world_.count(fault).applied;
  if (world_.node(ticket.to).up()) ++world_.count(fault).observed;
  world_.Note(Event::Kind::kDrop, ticket.from, ticket.to, ticket.id);
}

void Network::Cut(Fault fault, const Link& link, int change) {
  uint16_t& cuts = cuts_.At(link.from, link.to).of(fault);
  cuts = static_cast<uint16_t>(cuts + change);
  CountSpells(change);
}

bool Network::CutOff(const Ticket& ticket) {
  const std::optional<Fault> fault = cuts_.At(ticket.from, ticket.to).cut();
  if (!fault) return false;
  ++world_.count(*fault).applied;
  if (world_.node(ticket.to).up()) ++world_.count(*fault).observed;
  world_.Note(Event::Kind::kCutOff, ticket.from, ticket.to, ticket.id);
  return true;
}

void Network::Break(Fault fault, NodeId told, NodeId other, bool both) {
  // Those that are free or have arrived are marked too, which nobody sees.
  for (size_t i = 0; i < flights_.size(); ++i) {
    Flight& flight = flights_[i];
    const bool there = flight.from == told && flight.to == other;
    const bool back = flight.from == other && flight.to == told;
    if (there || back) flight.met |= Ticket::kLost;
  }
  if (weather_ != nullptr) weather_->LoseHeld(told, other);
  arrival_.At(told, other) = arrival_.At(other, told) = world_.now();
  Tell(fault, told, other);
  if (both) Tell(fault, other, told);
}

void Network::Tell(Fault fault, NodeId told, NodeId peer) {
  const Message message = Message::Of(Disconnected{peer});
  Ticket ticket{.id = ++sent_, .from = peer, .to = told};
  ticket.met = Ticket::Bit(fault);
  world_.Note(Event::Kind::kSend, peer, told, ticket.id, message.type(), message.bytes());
  LaunchAt(world_.now() + model_.delay.count(), ticket, message);
}

}  // namespace reprise
