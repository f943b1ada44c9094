// Nodes that stand still or crawl. What happens to them is put off: a message that arrives, a timer
// that goes off, a fiber that could run on. Its order stays.

#include <algorithm>

#include "sim/slots.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kPauseFor = Label::Reserved("pause-for");
const Label kSlowFor = Label::Reserved("slow-for");
const Label kSlowBy = Label::Reserved("slow-by");

// A step that was put off by a slow node, and is not to be put off again.
constexpr uint32_t kServed = 16;  // Above all of World::What.

}  // namespace

void World::StrikePause(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  NodeHold& hold = node(id).hold();
  if (!node(id).up() || hold.paused_until > now_) return;
  const uint64_t quantile = choices_.Draw({{kPauseFor, id}, cause.ordinal}, kQuantiles);
  const Duration lasts = FromNth(16, scenario_.processes.pause_most, quantile);
  // It ends with the storm at the latest, and what is put off must know when.
  const int64_t until = std::min(now_ + lasts.count(), scenario_.storm.count());
  hold.paused_until = until;
  hold.met = false;
  ++faults_[fault].applied;
  CountHeld(1);
  Begin({.node = id, .number = cause.ordinal, .text = "paused", .undo = [this] { CountHeld(-1); }},
        Duration(until - now_));
}

void World::StrikeSlow(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  NodeHold& hold = node(id).hold();
  if (!node(id).up() || hold.slow_by != Duration(0)) return;
  const uint64_t by = choices_.Draw({{kSlowBy, id}, cause.ordinal}, kQuantiles);
  const uint64_t lasts = choices_.Draw({{kSlowFor, id}, cause.ordinal}, kQuantiles);
  const ProcessModel& model = scenario_.processes;
  hold.slow_by = FromNth(16, model.slow_by, by);
  hold.met = false;
  ++faults_[fault].applied;
  CountHeld(1);
  hold.slow_until =
      std::min(now_ + FromNth(16, model.slow_most, lasts).count(), scenario_.storm.count());
  const auto undo = [this, &hold] {
    hold.slow_by = {};
    CountHeld(-1);
  };
  Begin({.node = id, .number = cause.ordinal, .text = "slow", .undo = undo},
        Duration(hold.slow_until - now_));
}

// The node that it happens to, where it is a step of a node's.
SimNode* World::NodeOf(const Queue::Entry& entry) {
  switch (static_cast<What>(entry.kind)) {
    case What::kDeliver: return &node(network_->flight(entry.index).to);
    case What::kTimer: {
      const Fiber& fiber = fibers_[entry.index];
      const bool waits = entry.at == fiber.armed && fiber.state == Fiber::State::kWaiting;
      return waits ? fiber.node : nullptr;
    }
    case What::kResume: {
      const Fiber& fiber = fibers_[entry.index];
      return fiber.state == Fiber::State::kReady ? fiber.node : nullptr;
    }
    default: return nullptr;
  }
}

bool World::PutOff(Queue::Entry& entry) {
  if ((entry.kind & kServed) != 0) {
    entry.kind &= kServed - 1;
    CountHeld(-1);
    SimNode* served = NodeOf(entry);
    if (served == nullptr) return false;
    if (!served->hold().left_out && served->hold().paused_until <= now_) return false;
  }
  SimNode* held = NodeOf(entry);
  if (held == nullptr || !held->up()) return false;
  NodeHold& hold = held->hold();
  if (hold.left_out) {
    if (static_cast<What>(entry.kind) == What::kDeliver) network_->Free(entry.index);
    return true;
  }
  int64_t until = now_;
  Queue::Entry later = entry;
  Fault fault = Fault::kPause;
  if (hold.paused_until > now_) {
    until = hold.paused_until;
  } else if (hold.slow_by != Duration(0) || hold.busy_until > now_) {
    fault = Fault::kSlow;
    // What it has not come to by then it does at once.
    until = hold.busy_until = std::min(std::max(hold.busy_until, now_) + hold.slow_by.count(),
                                       std::max(hold.slow_until, now_));
    later.kind |= kServed;
    CountHeld(1);
  } else {
    return false;
  }
  if (!hold.met) ++faults_[fault].observed;
  hold.met = true;
  if (static_cast<What>(entry.kind) == What::kTimer) fibers_[entry.index].armed = until;
  later.at = until;
  queue_.Push(later);
  return true;
}

}  // namespace reprise
