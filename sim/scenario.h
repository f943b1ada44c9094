// A scenario binds a protocol to a workload, an environment and the oracles that judge it.
// It is plain data, and with Choices it is all that a run depends on.

#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/choices.h"
#include "sim/env.h"
#include "sim/faults.h"
#include "sim/oracle.h"

namespace reprise {

// Quantities such as delays are drawn as one of this many quantiles, so that a trace holds
// integers.
inline constexpr uint64_t kQuantiles = 1024;

// The part of `most` that a quantile stands for: nothing at 0, nearly all at kQuantiles - 1.
constexpr Duration Share(Duration most, uint64_t quantile) {
  return most * static_cast<int64_t>(quantile) / static_cast<int64_t>(kQuantiles);
}

// Rates are those of a run with intensity 1; see "Swarm" below. Faults whose rate is zero are not
// on the scenario's menu at all. Slots are stretches of virtual time, counted from 1: a fault that
// is drawn by slot strikes at most once in each, at a moment that does not depend on any other
// fault.

struct LinkModel {
  Duration delay = 1ms;  // The least delay, which is the calm one.
  Ratio late = {};       // How often a message takes longer, and by how much at each quantile.
  Duration (*late_by)(uint64_t quantile) = nullptr;
  Ratio drop = {};
  Ratio duplicate = {};
  bool fifo = false;  // Whether messages never overtake on one link. Many papers assume it.
};

struct CutModel {
  Ratio cut = {};  // In each slot.
  Duration slot = 1s;
  Duration shortest = 100ms;
  Duration longest = 3s;
  bool clients = true;  // Whether clients may be cut off as well, as they are in half of the cuts.
};

struct CrashModel {
  Ratio crash = {};  // In each slot of each mortal node.
  Duration slot = 1s;
  Ratio crash_at = {};         // At each call into Env.
  int down_at_most = 1;        // How many nodes may be down at once: the protocol's f.
  int holders_at_least = 1;    // Of those named last by a HeldBy (holders.h), if there was one.
  Duration down = 100ms;       // The least time down,
  Duration down_more = 900ms;  // and up to this much more.
};

struct DiskModel {
  Duration sync = 2ms;
  Ratio slow_sync = {};             // How often a sync takes longer,
  Duration slow_sync_most = 200ms;  // and by how much at most.
  Ratio unsynced = {};  // At a crash: all that was not synced is lost, or the end of it.
  Ratio torn = {};      // At a crash: each sector that was not synced fares by itself.
  Ratio sync_fail = {};
  Ratio rot = {};  // In each slot of each node.
  Duration rot_slot = 1s;
};

struct ClockModel {
  Ratio offset = {};
  Duration offset_most = 1h;
  Ratio drift = {};
  int64_t drift_ppm_most = 500;  // From 1 to 500,000.
  Ratio jump = {};               // Of the wall clock, in each slot of each node.
  Duration jump_slot = 1s;
  Duration jump_most = 10s;
};

// Nodes that run the same Main. They are numbered from 1 in the order of the roles.
struct Role {
  std::string name;
  int count = 0;
  NodeMain main;
  bool mortal = true;   // Whether crashes, disk and clock faults may strike it.
  bool client = false;  // Drives the protocol from outside.
};

struct Scenario {
  std::string name;                                          // Of the family.
  std::string mutant;                                        // Empty where the protocol is sound.
  std::vector<std::pair<std::string, std::string>> options;  // As given, for the trace.

  std::vector<Role> roles;

  LinkModel links = {};
  CutModel cuts = {};
  CrashModel crashes = {};
  DiskModel disks = {};
  ClockModel clocks = {};
  Ratio order = {};  // How often something comes after others that happen at the same moment.

  // A run is a storm and then a calm. Faults happen in the storm; in the calm they stop, crashed
  // nodes come back, cuts heal, and whatever heals itself must heal.
  Duration storm = 20s;
  Duration calm = 5s;

  std::function<Oracles()> oracles;

  size_t stack_bytes = 128 << 10;        // Of each fiber.
  uint64_t events_at_most = 20'000'000;  // More than this is a livelock.

  std::string FullName() const { return mutant.empty() ? name : name + ":" + mutant; }
  int nodes() const {
    int n = 0;
    for (const Role& role : roles) n += role.count;
    return n;
  }
};

// Swarm: each run draws an intensity for each fault on the menu, 0, 1, 4 or 16 times its rate, so
// that every seed is another experiment: a storm of everything hides the bugs that need much of one
// thing. Shrinking can take whole kinds away.
inline constexpr uint64_t kIntensities[] = {0, 1, 4, 16};

// The scenario's rate of that fault; zero where it is not on the menu.
Ratio RateOf(const Scenario& scenario, Fault fault);

struct Verdict {
  enum class Kind { kPass, kFail, kSkipped, kUnknown };
  Kind kind = Kind::kPass;
  std::string oracle;  // Who complained; or "crash n2", "check n2", "livelock".
  std::string reason;
  uint64_t event = 0;  // The last event when it was given.
  Time at{};
  NodeId node = kNobody;  // Whose event it was.

  bool failed() const { return kind == Kind::kFail; }
};
std::string_view KindName(Verdict::Kind kind);

struct RunOptions {
  bool keep_events = false;
  bool find_opportunities = false;  // Faults that could have struck, for exploring.
  uint64_t break_at = 0;            // Stops in a debugger (SIGTRAP) at the event of this number.
};

struct RunResult {
  Verdict verdict;
  uint64_t digest = 0;
  uint64_t events = 0;      // In the timeline.
  uint64_t dispatched = 0;  // Messages that arrived, timers that went off and fibers resumed.
  Time end{};
  Tape taken;  // The departures, in the order drawn.
  FaultCounts faults;
  std::vector<std::pair<std::string, uint64_t>> facts;  // How often each was reported; sorted.
  std::vector<Milestone> milestones;
  Timeline timeline;                       // Where events were kept.
  std::vector<Opportunity> opportunities;  // Where they were looked for.
  // Where node code asked the real world, innermost first: names of functions, for people. In no
  // digest, because inlining differs between builds.
  std::vector<std::string> stack;
  size_t given = 0;        // Of given departures, how many there were,
  size_t given_drawn = 0;  // and how many the run came to.

  Departures departures() const;
};

// Runs the scenario to its end or to the first complaint. Equal arguments give equal results.
// Not to be called from a node.
RunResult Simulate(const Scenario& scenario, Choices choices, const RunOptions& options = {});

}  // namespace reprise
