// What strikes nodes and their clocks by slots of virtual time.

#include <algorithm>

#include "sim/check.h"
#include "sim/slots.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kJumpBy = Label::Reserved("jump-by");
const Label kFreezeFor = Label::Reserved("freeze-for");
const Label kChurnFor = Label::Reserved("churn-for");
const Label kHowMany = Label::Reserved("several-how-many");
const Label kWhichNode = Label::Reserved("several-node");
const Label kWhichZone = Label::Reserved("which-zone");
const Label kWhichRack = Label::Reserved("which-rack");

int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) * ((value & 1) != 0 ? -1 : 1);
}

}  // namespace

void World::SetClocks() {
  const ClockModel& model = scenario_.clocks;
  CHECK(!on(Fault::kDrift) || (model.drift_ppm_most > 0 && model.drift_ppm_most <= 500'000));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    SimNode& node = nodes_[i];
    if (!node.mortal()) continue;
    const uint64_t offset = Strike(Fault::kOffset, node.self(), kNobody, 1, 0, kQuantiles);
    const auto most = static_cast<uint64_t>(model.drift_ppm_most);
    const uint64_t drift = Strike(Fault::kDrift, node.self(), kNobody, 1, 0, 2 * most + 1);
    const int64_t ns = Share(model.offset_most, offset).count();
    // 1 and 2 are the slightest drifts, one each way.
    const int64_t ppm = drift == 0 ? 0 : Unzigzag(drift + 1);
    node.clock().Set(ns, ppm);
    if (offset != 0) ++faults_[Fault::kOffset].applied;
    if (drift != 0) ++faults_[Fault::kDrift].applied;
    if (offset != 0 || drift != 0) Note(Event::Kind::kClock, node.self(), kNobody, offset);
  }
}

void World::StrikeCrash(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  if (node(id).up() && MayCrash(id)) node(id).Crash(fault, cause);
}

void World::StrikeChurn(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  if (!node(id).up() || !MayCrash(id)) return;
  const uint64_t quantile = choices_.Draw({{kChurnFor, id}, cause.ordinal}, kQuantiles);
  node(id).Crash(fault, DetailsOf(fault, {{LabelOf(fault), id}, cause.ordinal}),
                 FromNth(4, scenario_.crashes.churn_most, quantile));
}

// Mortal nodes are dealt out over the zones in turn, and within a zone over its racks.
std::vector<NodeId> World::MortalIn(int zone, int rack) const {
  const PlacementModel& placement = scenario_.crashes.placement;
  std::vector<NodeId> found;
  int i = 0;
  for (size_t n = 0; n < nodes_.size(); ++n) {
    if (!nodes_[n].mortal()) continue;
    const bool here = (zone < 0 || i % placement.zones == zone) &&
                      (rack < 0 || i / placement.zones % placement.racks == rack);
    if (here) found.push_back(nodes_[n].self());
    ++i;
  }
  return found;
}

void World::StrikeSeveral(Fault fault, const Address& cause) {
  const PlacementModel& placement = scenario_.crashes.placement;
  const auto draw = [&](Label label, uint64_t bound, uint64_t sub = 0) {
    return choices_.Draw({{label}, DetailsOf(fault, cause).ordinal, sub}, bound);
  };
  if (fault != Fault::kSeveral) {
    const int zone = static_cast<int>(draw(kWhichZone, static_cast<uint64_t>(placement.zones)));
    if (fault == Fault::kZone) {
      CrashAll(fault, cause, MortalIn(zone, -1));
    } else {
      const int rack = static_cast<int>(draw(kWhichRack, static_cast<uint64_t>(placement.racks)));
      CrashAll(fault, cause, MortalIn(zone, rack));
    }
    return;
  }
  std::vector<NodeId> all = MortalIn(-1, -1);
  const size_t most =
      std::min(all.size(), static_cast<size_t>(std::max(0, scenario_.crashes.down_at_most)));
  if (most < 2) return;
  const size_t count = 2 + draw(kHowMany, most - 1);
  std::vector<NodeId> chosen;
  for (size_t i = 0; i < count; ++i) {
    const auto at = all.begin() + static_cast<int64_t>(draw(kWhichNode, all.size(), i + 1));
    chosen.push_back(*at);
    all.erase(at);
  }
  CrashAll(fault, cause, chosen);
}

// As many of them as may be down, in their order; none, where that would be one of several.
void World::CrashAll(Fault fault, const Address& cause, const std::vector<NodeId>& nodes) {
  std::vector<NodeId> up;
  for (NodeId id : nodes) {
    if (node(id).up() && MayCrash(id)) up.push_back(id);
  }
  if (nodes.size() > 1 && (up.size() < 2 || down_ + 2 > scenario_.crashes.down_at_most)) return;
  for (NodeId id : up) {
    if (MayCrash(id))
      node(id).Crash(fault, DetailsOf(fault, {{LabelOf(fault), id}, cause.ordinal}));
  }
}

void World::StrikeFreeze(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  NodeClock& clock = node(id).clock();
  if (clock.frozen()) return;
  clock.Freeze(now_);
  ++faults_[fault].applied;
  const uint64_t quantile = choices_.Draw({{kFreezeFor, id}, cause.ordinal}, kQuantiles);
  Begin({.node = id,
         .number = cause.ordinal,
         .text = "clock frozen",
         .undo = [this, &clock] { clock.Thaw(now_); }},
        FromNth(8, scenario_.clocks.freeze_most, quantile));
}

void World::StrikeMemory(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  if (!node(id).up() || !node(id).FlipBit(cause)) return;
  ++faults_[fault].applied;
  Note(Event::Kind::kMishap, id, kNobody, cause.ordinal, nullptr, "a bit of its state flipped");
}

int64_t World::LateTimer(const SimNode& node, int64_t until, uint64_t boot, uint64_t wait) {
  if (until >= Nanos(kForever) || !node.mortal()) return until;
  const uint64_t quantile = Strike(Fault::kLateTimer, node.self(), kNobody, boot, wait, kQuantiles);
  if (quantile == 0) return until;
  const int64_t late = until + Share(scenario_.clocks.late_timer_most, quantile).count();
  running_->late_until = late;
  return late;
}

void World::StrikeRot(Fault, const Address& cause) {
  if (SimDisk* disk = node(cause.site.node).disk_if_used()) disk->Rot(cause);
}

void World::StrikeJump(Fault, const Address& cause) {
  const NodeId id = cause.site.node;
  const uint64_t quantile = choices_.Draw({{kJumpBy, id}, cause.ordinal}, 2 * (kQuantiles - 1));
  const Duration size = Share(scenario_.clocks.jump_most, quantile / 2 + 1);
  node(id).clock().Step((quantile % 2 == 0 ? size : -size).count());
  ++faults_[Fault::kJump].applied;
  Note(Event::Kind::kClock, id, kNobody, quantile);
}

}  // namespace reprise
