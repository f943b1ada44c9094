// Makes a failing run small: looks for fewer and smaller departures that fail in the same way.
//
// Every candidate is a list of departures, and a run of it either fails as the first one did -- the
// same oracle complains -- or it does not. So shrinking needs to know nothing of protocols or
// faults: zero is calm, so that leaving an entry out or making it smaller is always a simpler run.
// The passes go from coarse to fine: whole kinds of decision, whole sites, chunks in order of time,
// single departures, pairs, values. A run that fails also says which departures it came to before
// it failed; what it never drew falls away by itself.
//
// A run that fails another oracle is another bug, and shrinking towards it would lose this one. The
// result is a local minimum. Failures differ in how small they become, so it pays to shrink several
// and keep the smallest.

#pragma once

#include <functional>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

// What a candidate does when it is run. The usual one is Simulate; a failure that kills the process
// needs one that runs it in another (isolate.h).
using Attempt = std::function<RunResult(const Departures&)>;

struct ShrinkOptions {
  uint64_t runs_at_most = 3000;
};

struct Shrunk {
  Departures departures;
  RunResult result;   // Of those.
  uint64_t runs = 0;  // How many it took.
  size_t before = 0;  // How many departures there were.
  uint64_t events_before = 0;
  bool twice = false;  // The result was run twice more, with the same digest and complaint.
};

// REQUIRES: attempt(departures) fails. Deterministic, and stops after runs_at_most runs.
Shrunk Shrink(const Attempt& attempt, const Departures& departures,
              const ShrinkOptions& options = {});
Shrunk Shrink(const Scenario& scenario, const Departures& departures,
              const ShrinkOptions& options = {});

// The smallest of what each becomes; `runs` counts all of them. REQUIRES: not empty.
Shrunk ShrinkBest(const Attempt& attempt, const std::vector<Departures>& failures,
                  const ShrinkOptions& options = {});

// The law by which one result is smaller than another: fewer departures, then smaller values, then
// fewer events.
bool Smaller(const Departures& a, uint64_t events_a, const Departures& b, uint64_t events_b);

}  // namespace reprise
