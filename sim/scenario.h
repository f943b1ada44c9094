// A scenario binds a protocol to a workload, an environment and the oracles that judge it.
// It is plain data, and with Choices it is all that a run depends on.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/choices.h"
#include "sim/env.h"
#include "sim/environment.h"
#include "sim/faults.h"
#include "sim/oracle.h"

namespace reprise {

// Other calms than the one in which everything heals: how long each lasts, in which the scenario's
// oracles expect what they say. A run draws one of those that are not zero, or the usual one.
struct CalmModel {
  // Only a random core heals: as many mortal nodes as may be down (CrashModel::down_at_most) stand
  // still for ever.
  Duration core = {};
  // Nothing new goes wrong, and nothing that is wrong heals.
  Duration quiesce = {};
};
enum class Calm : uint64_t { kHeal, kCore, kQuiesce };

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
  ClogModel clogs = {};
  CrashModel crashes = {};
  ProcessModel processes = {};
  DiskModel disks = {};
  ClockModel clocks = {};
  Ratio order = {};  // How often something comes after others that happen at the same moment.

  // A run is a storm and then a calm. Faults happen in the storm; in the calm they stop, crashed
  // nodes come back, cuts heal, and whatever heals itself must heal.
  Duration storm = 20s;
  Duration calm = 5s;
  CalmModel calms = {};

  std::function<Oracles()> oracles;

  // For tests of the testbed itself: that fault is drawn and counted as attempted, and has no
  // effect.
  std::optional<Fault> inert;

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
  Metrics metrics;                                      // What the oracles have measured.
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
