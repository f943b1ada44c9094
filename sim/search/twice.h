// Is a run the same when it is run again? And where two runs differ, where do they first, and what
// does that depend on?
//
// Two runs in one process have much in common that two processes have not: addresses, what memory
// holds that nobody initialised, what earlier runs left behind. So each of the runs that are
// compared gets memory laid out otherwise (layout.h), one comes after another run, and one is made
// in a process of its own, where everything lies elsewhere. Where a difference shows, experiments
// tell what it depends on: pairs of processes, forked from this one, whose memory is equal but for
// one thing.

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
  std::vector<std::string> one_after, other_after;  // What followed in each.
  // What each drew, that was not calm, between the last equal event and the one that differs.
  std::vector<std::string> one_draws, other_draws;
  std::string how;                  // How the other run was made: "after another run".
  std::vector<std::string> causes;  // What the difference depends on, and what to do about it.
};

// Nothing where the timelines are equal. REQUIRES: both were kept.
std::optional<Divergence> FirstDifference(const Timeline& one, const Timeline& other);

struct TwiceOptions {
  // The arguments with which this program comes to the same check once more, so that the run can be
  // made in a process of its own. None where it could not: then that is not checked.
  std::vector<std::string> arguments = {};
};

// Runs the seed again: in this process, after another seed, from its own departures, and in a
// process of its own. Nothing where all are the same; else where the first that was not departed.
std::optional<Divergence> CheckTwice(const Scenario& scenario, uint64_t seed,
                                     const TwiceOptions& options = {});
// The same for the calm run.
std::optional<Divergence> CheckCalmTwice(const Scenario& scenario,
                                         const TwiceOptions& options = {});

// For people, over several lines.
std::string Describe(const Divergence& divergence);

}  // namespace reprise
