#include "sim/scenario.h"

namespace reprise {

Ratio RateOf(const Scenario& s, Fault fault) {
  switch (fault) {
    case Fault::kDrop: return s.links.drop;
    case Fault::kDuplicate: return s.links.duplicate;
    case Fault::kLate: return s.links.late;
    case Fault::kOrder: return s.order;
    case Fault::kCut: return s.cuts.cut;
    case Fault::kCrash: return s.crashes.crash;
    case Fault::kCrashAt: return s.crashes.crash_at;
    case Fault::kUnsynced: return s.disks.unsynced;
    case Fault::kTorn: return s.disks.torn;
    case Fault::kSlowSync: return s.disks.slow_sync;
    case Fault::kSyncFail: return s.disks.sync_fail;
    case Fault::kRot: return s.disks.rot;
    case Fault::kOffset: return s.clocks.offset;
    case Fault::kDrift: return s.clocks.drift;
    case Fault::kJump: return s.clocks.jump;
  }
  return {};
}

std::string_view KindName(Verdict::Kind kind) {
  static constexpr std::string_view kNames[] = {"pass", "fail", "skipped", "unknown"};
  return kNames[static_cast<size_t>(kind)];
}

Departures RunResult::departures() const {
  Departures out;
  for (const Taken& t : taken) out.push_back(t.departure);
  Sort(out);
  return out;
}

}  // namespace reprise
