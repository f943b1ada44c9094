// Why a run failed, by experiment: runs that differ from it in one thing each, and what becomes of
// them.
//
// Which departures are necessary: each is taken away alone. Which of their values fail: others are
// tried in their place. Where the point of no return is: the run is given another future from some
// event on, many times, and how often it fails is asked before and after each event; the event at
// which that jumps is the one after which it is too late. And which run that passes is the nearest:
// of those without one departure, the one that stays with the failing run for longest.
//
// All of it is decided by the scenario, the departures and the options; not by how many jobs do it.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

struct ExplainOptions {
  uint64_t runs_at_most = 1000;
  uint64_t base_seed = 1;  // Of the futures.
  uint64_t futures = 40;   // At each event that is asked about.
  int jobs = 1;
  bool values = true;  // Whether to look for ranges of values,
  bool curve = true;   // and for the point of no return.
};

// How a variation of the run ended.
struct Outcome {
  enum class Kind { kPasses, kFails, kFailsOtherwise, kUndecided };
  Kind kind = Kind::kUndecided;
  std::string oracle;  // Of a failure.

  bool fails() const { return kind == Kind::kFails; }
  bool passes() const { return kind == Kind::kPasses; }
};

struct TriedValue {
  uint64_t value = 0;
  Outcome outcome;
};

struct Necessity {
  Departure departure;
  Outcome without;  // Of the run without it.
  // What became of other values, sorted, its own among them. Values between `from` and `to`, as far
  // as they were tried, all fail in the same way.
  std::vector<TriedValue> tried;
  uint64_t from = 0, to = 0;

  bool needed() const { return !without.fails(); }
};

// How often the run fails in the same way where everything after that event is drawn anew.
struct CurvePoint {
  uint64_t event = 0;
  uint64_t runs = 0;
  uint64_t failed = 0;
  uint64_t otherwise = 0;  // How often another oracle complained.

  uint64_t per_mille() const { return runs == 0 ? 0 : failed * 1000 / runs; }
};

struct PassingRun {
  Departures departures;
  std::string how;     // "without crash n1 #3".
  uint64_t first = 0;  // The first event, by number, in which it differs from the failing run.
};

struct Explanation {
  std::vector<Necessity> departures;  // In the order in which they were drawn.
  std::vector<CurvePoint> curve;      // Sorted by event.
  // The two neighbours on the curve between which the chance rises most; zeros without a curve.
  uint64_t before = 0, after = 0;
  std::optional<PassingRun> nearest;
  uint64_t runs = 0;
  bool out_of_runs = false;  // There was more to ask.
};

// Of that run, which has failed. What kills the process is an outcome as any other, and has no
// curve. REQUIRES: run.verdict.failed().
Explanation Explain(const Scenario& scenario, const RunResult& run, const ExplainOptions& options);

}  // namespace reprise
