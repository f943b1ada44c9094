// What strikes links for a while, and the connections that break.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/check.h"
#include "sim/weather.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kClogHow = Label::Reserved("clog-how");
const Label kClogNode = Label::Reserved("clog-node");
const Label kClogPeer = Label::Reserved("clog-peer");
const Label kClogFor = Label::Reserved("clog-for");
const Label kSwizzleCount = Label::Reserved("swizzle-count");
const Label kSwizzleNode = Label::Reserved("swizzle-node");
const Label kSwizzleOrder = Label::Reserved("swizzle-order");
const Label kSwizzleFor = Label::Reserved("swizzle-for");
const Label kBlackholeType = Label::Reserved("blackhole-type");
const Label kBlackholeNode = Label::Reserved("blackhole-node");
const Label kBlackholeFor = Label::Reserved("blackhole-for");
const Label kBandwidthNode = Label::Reserved("bandwidth-node");
const Label kBandwidthPeer = Label::Reserved("bandwidth-peer");
const Label kBandwidthRate = Label::Reserved("bandwidth-rate");
const Label kBandwidthFor = Label::Reserved("bandwidth-for");
const Label kQueueNode = Label::Reserved("queue-node");
const Label kQueuePeer = Label::Reserved("queue-peer");
const Label kQueueRoom = Label::Reserved("queue-room");
const Label kQueueFor = Label::Reserved("queue-for");
const Label kResetNode = Label::Reserved("reset-node");
const Label kResetPeer = Label::Reserved("reset-peer");
const Label kHalfOpenNode = Label::Reserved("half-open-node");
const Label kHalfOpenPeer = Label::Reserved("half-open-peer");

// What is clogged. The first is the simplest.
enum ClogHow : uint64_t { kInto, kOutOf, kPair, kClogHows };

// Draws what belongs to one strike of a fault.
class Details {
 public:
  Details(Choices& choices, const Address& cause) : choices_(choices), ordinal_(cause.ordinal) {}

  uint64_t Draw(Label label, uint64_t bound, uint64_t sub = 0) {
    return choices_.Draw({{label}, ordinal_, sub}, bound);
  }
  NodeId Pick(Label label, const std::vector<NodeId>& from, uint64_t sub = 0) {
    return from[Draw(label, from.size(), sub)];
  }
  Link PickLink(Label node, Label peer, std::vector<NodeId> from) {
    Link link;
    link.from = Pick(node, from);
    std::erase(from, link.from);
    link.to = Pick(peer, from);
    return link;
  }
  // From a sixteenth of the most on.
  Duration Lasts(Label label, Duration most) {
    return most / 16 + Share(most * 15 / 16, Draw(label, kQuantiles));
  }

 private:
  Choices& choices_;
  const uint64_t ordinal_;
};

std::string Text(const Link& link) { return Name(link.from) + ">" + Name(link.to); }

}  // namespace

std::vector<NodeId> World::AllNodes() const {
  std::vector<NodeId> all;
  for (size_t i = 0; i < nodes_.size(); ++i) all.push_back(nodes_[i].self());
  return all;
}

Spell World::ClogSpell(Fault fault, const Address& cause, std::string text,
                       std::vector<Link> links) {
  return {.node = links.front().from,
          .number = cause.ordinal,
          .text = std::move(text),
          .undo = [this, fault, links] { network_->weather()->Unclog(fault, links); },
          .start = [this, fault, links] { network_->weather()->Clog(fault, links); }};
}

void World::StrikeClog(Fault fault, const Address& cause) {
  std::vector<NodeId> others = AllNodes();
  if (others.size() < 2) return;
  Details details(choices_, cause);
  const uint64_t how = details.Draw(kClogHow, kClogHows);
  const NodeId node = details.Pick(kClogNode, others);
  std::erase(others, node);
  std::string text = "clog " + Name(node) + (how == kInto ? " in" : how == kOutOf ? " out" : "");
  if (how == kPair) {
    others = {details.Pick(kClogPeer, others)};
    text += " " + Name(others.front());
  }
  std::vector<Link> links;
  for (NodeId other : others) {
    if (how != kInto) links.push_back({node, other});
    if (how != kOutOf) links.push_back({other, node});
  }
  const ClogModel& model = scenario_.clogs;
  const uint64_t quantile = details.Draw(kClogFor, kQuantiles);
  Spell spell = ClogSpell(fault, cause, std::move(text), std::move(links));
  spell.node = node;
  Begin(std::move(spell), model.shortest + Share(model.longest - model.shortest, quantile));
}

// One after another in the first half of the time, and released in the second, by default the last
// one first.
void World::StrikeSwizzle(Fault fault, const Address& cause) {
  std::vector<NodeId> all = AllNodes();
  if (all.size() < 2) return;
  Details details(choices_, cause);
  const size_t count = 2 + details.Draw(kSwizzleCount, all.size() - 1);
  for (size_t i = 0; i < count; ++i) {
    std::swap(all[i], all[i + details.Draw(kSwizzleNode, all.size() - i, i + 1)]);
  }
  std::vector<size_t> release;  // The order in which they are.
  for (size_t i = count; i-- > 0;) release.push_back(i);
  for (size_t i = 0; i < count; ++i) {
    std::swap(release[i], release[i + details.Draw(kSwizzleOrder, count - i, i + 1)]);
  }
  const ClogModel& model = scenario_.clogs;
  const uint64_t quantile = details.Draw(kSwizzleFor, kQuantiles);
  const Duration lasts = model.shortest + Share(model.longest - model.shortest, quantile);
  const Duration step = lasts / static_cast<int64_t>(2 * count);
  for (size_t i = 0; i < count; ++i) {
    std::vector<Link> links;
    for (NodeId other : AllNodes()) {
      if (other == all[i]) continue;
      links.push_back({all[i], other});
      links.push_back({other, all[i]});
    }
    const auto released = std::ranges::find(release, i) - release.begin();
    Spell spell = ClogSpell(fault, cause, "swizzle " + Name(all[i]), std::move(links));
    spell.lasts = step * (static_cast<int64_t>(count - i) + released + 1);
    BeginLater(step * static_cast<int64_t>(i), std::move(spell));
  }
}

void World::StrikeBlackhole(Fault, const Address& cause) {
  Weather& weather = *network_->weather();
  if (weather.types().empty()) return;
  Details details(choices_, cause);
  const MessageType* type = weather.types()[details.Draw(kBlackholeType, weather.types().size())];
  const NodeId node = details.Pick(kBlackholeNode, AllNodes());
  const Duration lasts = details.Lasts(kBlackholeFor, scenario_.links.weather_most);
  weather.OpenHole(cause.ordinal, type, node);
  Begin({.node = node,
         .number = cause.ordinal,
         .text = "blackhole " + std::string(type->name) + " to " + Name(node),
         .undo = [&weather, number = cause.ordinal] { weather.CloseHole(number); }},
        lasts);
}

void World::StrikeBandwidth(Fault, const Address& cause) {
  if (nodes_.size() < 2) return;
  Weather& weather = *network_->weather();
  const LinkModel& model = scenario_.links;
  Details details(choices_, cause);
  const Link link = details.PickLink(kBandwidthNode, kBandwidthPeer, AllNodes());
  // Zero is the most it can be.
  const uint64_t less = details.Draw(kBandwidthRate, kQuantiles);
  const uint64_t rate =
      model.bandwidth_most - (model.bandwidth_most - model.bandwidth_least) * less / kQuantiles;
  const Duration lasts = details.Lasts(kBandwidthFor, model.weather_most);
  const int64_t until = std::min(now_ + lasts.count(), scenario_.storm.count());
  weather.Throttle(cause.ordinal, link, rate, until);
  Begin({.node = link.from,
         .number = cause.ordinal,
         .text = "bandwidth " + Text(link) + " " + std::to_string(rate) + " bytes/s",
         .undo = [&weather, number = cause.ordinal] { weather.Unthrottle(number); }},
        lasts);
}

void World::StrikeQueue(Fault, const Address& cause) {
  if (nodes_.size() < 2) return;
  Weather& weather = *network_->weather();
  const LinkModel& model = scenario_.links;
  Details details(choices_, cause);
  const Link link = details.PickLink(kQueueNode, kQueuePeer, AllNodes());
  // Zero is the most room.
  const uint64_t room = model.queue_most - details.Draw(kQueueRoom, model.queue_most);
  const Duration lasts = details.Lasts(kQueueFor, model.weather_most);
  weather.Narrow(cause.ordinal, link, room);
  Begin({.node = link.from,
         .number = cause.ordinal,
         .text = "queue " + Text(link) + " " + std::to_string(room),
         .undo = [&weather, number = cause.ordinal] { weather.Widen(number); }},
        lasts);
}

// Two nodes of which one is down have no connection.
void World::StrikeReset(Fault fault, const Address& cause) {
  CHECK(scenario_.links.connected);  // Without connections there is nothing to reset.
  if (nodes_.size() < 2) return;
  const bool both = fault == Fault::kReset;
  Details details(choices_, cause);
  const Link link = details.PickLink(both ? kResetNode : kHalfOpenNode,
                                     both ? kResetPeer : kHalfOpenPeer, AllNodes());
  if (!node(link.from).up() || !node(link.to).up()) return;
  ++faults_[fault].applied;
  const std::string text =
      std::string(Info(fault).name) + " " + Name(link.from) + " " + Name(link.to);
  Note(Event::Kind::kStrike, link.from, kNobody, cause.ordinal, nullptr, text);
  network_->Break(fault, link.from, link.to, both);
}

}  // namespace reprise
