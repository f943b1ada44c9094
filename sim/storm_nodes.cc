// What strikes nodes and their clocks by slots of virtual time.

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kJumpBy = Label::Reserved("jump-by");

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

void World::StrikeCrash(Fault, const Address& cause) {
  const NodeId id = cause.site.node;
  if (node(id).up() && MayCrash(id)) node(id).Crash(cause);
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
