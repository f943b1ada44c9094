// Is a run the same when it is run again? And where two runs differ, where do they first?

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

// The first event that differs between two runs.
struct Divergence {
  uint64_t event = 0;  // Its number, from 1; 0 where the runs differed, and then did not.
  std::vector<std::string> before;  // The last events that are equal, one line each.
  std::string one, other;           // The event in each run; empty where a run had ended.
};

// Nothing where the timelines are equal. REQUIRES: both were kept.
std::optional<Divergence> FirstDifference(const Timeline& one, const Timeline& other);

// Runs the seed again in this process, after another seed, and from its own departures. Nothing
// where all are the same; else where the first that was not departed.
std::optional<Divergence> CheckTwice(const Scenario& scenario, uint64_t seed);
// The same for the calm run.
std::optional<Divergence> CheckCalmTwice(const Scenario& scenario);

// For people, over several lines.
std::string Describe(const Divergence& divergence);

}  // namespace reprise
