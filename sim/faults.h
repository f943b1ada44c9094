// The menu: every kind of fault there is, and how often each one struck.
//
// A fault is counted three times, because in several well-known simulators a fault had silently
// stopped happening and nobody could tell. *Attempted*: the choices said that it should strike.
// *Applied*: it changed the world; an attempt may be refused, as by the budget. *Observed*: a node
// really met the difference, such as a receiver that was up and missed the message.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/choices.h"

namespace reprise {

struct Scenario;

enum class Fault : uint8_t {
  // The network.
  kDrop,
  kDuplicate,
  kLate,
  kCorrupt,
  kTruncate,
  kStale,
  kBurst,
  kBlackhole,
  kBandwidth,
  kQueue,
  kReset,
  kHalfOpen,
  kCut,
  kGroups,
  kBridge,
  kRing,
  kFlap,
  kClog,
  kSwizzle,
  // Nodes.
  kOrder,
  kCrash,
  kCrashAt,
  kCrashAgain,
  kSeveral,
  kZone,
  kRack,
  kWipe,
  kChurn,
  kPause,
  kSlow,
  kMemory,
  // Disks.
  kUnsynced,
  kTorn,
  kEntries,
  kSlowSync,
  kHung,
  kSyncFail,
  kSyncLie,
  kFull,
  kReadFail,
  kRot,
  kMisread,
  kMiswrite,
  kLostWrite,
  kRollback,
  kSwap,
  // Clocks.
  kOffset,
  kDrift,
  kJump,
  kFreeze,
  kLateTimer,
};
inline constexpr size_t kFaults = static_cast<size_t>(Fault::kLateTimer) + 1;

struct FaultInfo {
  std::string_view name;  // Of its site as well.
  std::string_view area;  // "network", "node", "disk" or "clock".
  std::string_view about;
  Ratio (*rate)(const Scenario& scenario);  // Zero where it is not on the scenario's menu.
};

const FaultInfo& Info(Fault fault);
inline Ratio RateOf(const Scenario& scenario, Fault fault) { return Info(fault).rate(scenario); }
Label LabelOf(Fault fault);
// How much of this fault a run has: 0 none, 1 the scenario's rate, 2 four times, 3 sixteen times.
Label SwarmLabelOf(Fault fault);

struct FaultCount {
  uint64_t attempted = 0;
  uint64_t applied = 0;
  uint64_t observed = 0;
  // Of the attempts, those that were asked for by departures, in runs without a seed.
  uint64_t given = 0;
  // How often it should have been attempted but for those, by the rates of all its draws, in units
  // of 2^-32.
  uint64_t expected = 0;
  static constexpr uint64_t kOnce = uint64_t{1} << 32;
};

class FaultCounts {
 public:
  FaultCount& operator[](Fault fault) { return counts_[static_cast<size_t>(fault)]; }
  const FaultCount& operator[](Fault fault) const { return counts_[static_cast<size_t>(fault)]; }

  FaultCounts& operator+=(const FaultCounts& o) {
    for (size_t i = 0; i < kFaults; ++i) {
      counts_[i].attempted += o.counts_[i].attempted;
      counts_[i].applied += o.counts_[i].applied;
      counts_[i].observed += o.counts_[i].observed;
      counts_[i].given += o.counts_[i].given;
      counts_[i].expected += o.counts_[i].expected;
    }
    return *this;
  }

 private:
  std::array<FaultCount, kFaults> counts_{};
};

}  // namespace reprise
