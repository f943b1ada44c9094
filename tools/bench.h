// The standard workloads, those that scenarios are, and what an event of each costs.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario.h"

namespace reprise {

struct BenchResult {
  std::string workload;
  double ns_per_event = 0;  // The median of the repeats.
  double ns_least = 0;
  double events_per_second = 0;
  uint64_t events = 0;        // Of one run: those taken off the queue and given to a node,
  uint64_t recorded = 0;      // and those in its timeline, which has sends and faults, too.
  double bytes_per_node = 0;  // Resident, while the run is at its largest.
  double bytes_most = 0;      // Of the whole process, all that was ever resident.
};

struct Workload {
  std::string name;
  Scenario scenario;
  int runs = 1;       // A repeat is so many runs, from the seeds 1, 2, ...
  bool calm = false;  // Or all of them the calm run, without a fault.
};

// ping-pong, phold-64, phold-1000, gossip-1000, timers-1000, timers-100000, burst, raft-like,
// raft-like-stormy, raft-like-menu, raft-like-judged.
const std::vector<Workload>& StandardWorkloads();

// What an event of that scenario costs as `fuzz` runs it; the same without its oracles, if it has
// any; and in the calm run, with them.
std::vector<Workload> WorkloadsOf(const Scenario& scenario);

// Runs the workload in a process of its own, so that all of its memory is new. Errors: kInternal
// where the process died, or a run failed.
absl::StatusOr<BenchResult> RunBench(const Workload& workload, int repeats);

}  // namespace reprise
