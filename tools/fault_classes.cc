#include "tools/fault_classes.h"

namespace reprise {

const std::vector<FaultClass>& FaultClasses() {
  using enum Fault;
  static const std::vector<FaultClass> kClasses = {
      {"loss", {kDrop, kBurst, kBlackhole, kQueue}},
      {"duplicates", {kDuplicate, kStale}},
      {"delay", {kLate, kOrder, kBandwidth, kClog, kSwizzle}},
      {"damage", {kCorrupt, kTruncate}},
      {"connections", {kReset, kHalfOpen}},
      {"partitions", {kCut, kGroups, kBridge, kRing, kFlap}},
      {"loss of any kind",
       {kDrop, kBurst, kBlackhole, kQueue, kCorrupt, kTruncate, kReset, kHalfOpen, kCut, kGroups,
        kBridge, kRing, kFlap},
       true},
      {"out of time", {kLate, kOrder, kBandwidth, kClog, kSwizzle, kDuplicate, kStale}, true},
      // Who leaves and comes back crashes, and is away for long.
      {"crashes", {kCrash, kCrashAt, kCrashAgain, kSeveral, kZone, kRack, kChurn}},
      {"amnesia", {kWipe}},
      {"pauses", {kPause}},
      {"slowness", {kSlow, kSlowSync, kHung}},
      {"memory", {kMemory}},
      {"unsynced of any kind", {kUnsynced, kTorn, kEntries, kSyncFail}, true},
      {"unsynced", {kUnsynced}},
      {"torn", {kTorn}},
      {"entries", {kEntries}},
      {"sync errors", {kSyncFail}},
      {"lost writes", {kSyncLie, kLostWrite}},
      {"misdirected", {kMisread, kMiswrite}},
      {"rot", {kRot}},
      {"unreadable", {kReadFail}},
      {"full", {kFull}},
      {"older disks", {kRollback, kSwap}},
      {"skew", {kOffset}},
      {"drift", {kDrift}},
      {"jumps", {kJump}},
      {"timers", {kFreeze, kLateTimer}},
  };
  return kClasses;
}

}  // namespace reprise
