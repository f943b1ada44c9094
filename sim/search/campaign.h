// A campaign: many runs of one scenario over worker processes, and what failed.
//
// Workers are forked, never threads: a fault in node code kills one of them, which is a finding,
// and another takes its place. They take the plan's runs in order, a few at a time. Where a
// campaign stops at its first failure, it still makes all runs before that one, and some after it,
// because several independent failures shrink to a smaller one than any of them. So what is found
// depends on the plan alone, and not on how many workers there were or which was faster.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/search/plan.h"
#include "sim/search/shrink.h"

namespace reprise {

struct CampaignOptions {
  Strategy strategy = Strategy::kAll;
  uint64_t base_seed = 1;
  std::vector<Fault> without = {};  // These never strike.
  std::optional<uint64_t> runs_at_most = {};
  std::optional<std::chrono::milliseconds> time_at_most = {};  // Of the real clock.
  int jobs = 1;
  bool keep_going = false;         // Past the first failure.
  size_t failures_to_shrink = 15;  // Of each kind, the smallest result wins.
  uint64_t runs_after = 200;       // At most so many after the first failure, to find others.
  std::string oracle = {};         // Failures are only those of that one, where it is not empty.
  std::chrono::milliseconds run_limit = std::chrono::seconds(30);  // One run longer than it hangs.
};

struct Progress {
  uint64_t runs = 0;
  uint64_t events = 0;
  uint64_t failures = 0;
  double seconds = 0;
};

// Failures that look alike.
struct Finding {
  std::string signature;
  uint64_t index = 0;  // Of the first run that failed so, in the plan.
  std::optional<uint64_t> seed;
  RunResult first;                   // Without its timeline.
  std::vector<Departures> failures;  // The first few, that one first.
  bool kills = false;                // It ends the process, and must be run in one of its own.
};

struct CampaignResult {
  Progress progress;
  std::vector<Finding> findings;  // In order of their first run.
  FaultCounts faults;
  Metrics metrics;
  std::vector<std::pair<std::string, uint64_t>> facts;  // Sorted by name.
  uint64_t unknown = 0, skipped = 0;                    // Runs with those verdicts.
  bool interrupted = false;
};

// What makes two failures alike: the oracle, and the reason without its numbers.
std::string SignatureOf(const Verdict& verdict);

// Runs the campaign. `report` is called about ten times a second; where it returns false, the
// campaign stops, and what was found is kept.
CampaignResult RunCampaign(const Scenario& scenario, const CampaignOptions& options,
                           const std::function<bool(const Progress&)>& report);
// The same with a plan of one's own, whatever the options say of strategy, seed and faults.
CampaignResult RunCampaign(const Scenario& scenario, const Plan& plan,
                           const CampaignOptions& options,
                           const std::function<bool(const Progress&)>& report);

}  // namespace reprise
