// Makes a failing run small: looks for fewer and smaller departures that fail in the same way.
//
// Every candidate is a list of departures, and a run of it either fails as the first one did -- the
// same oracle complains -- or it does not. So shrinking needs to know next to nothing of protocols
// or faults: zero is calm, so that leaving an entry out or making it smaller is always a simpler
// run. The passes go from coarse to fine: nothing at all, whole kinds of decision, chunks in order
// of time, single departures; then earlier slots and lower values; and at last, where nothing else
// helps, pairs. A run that fails also says which departures it came to before it failed; what it
// never drew falls away by itself.
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
  uint64_t runs_at_most = 3000;           // For one failure,
  uint64_t runs_of_all_at_most = 12'000;  // and for the best of several.
  std::function<bool()> stop = {};        // Asked before each run: true to end with what there is.
};

struct Shrunk {
  Departures departures;
  RunResult result;   // Of those.
  uint64_t runs = 0;  // How many it took.
  size_t before = 0;  // How many departures there were.
  uint64_t events_before = 0;
  bool twice = false;  // The result was run twice more, with the same digest and complaint.
};

// Deterministic, and stops after runs_at_most runs, of which it needs three. Where the departures
// do not fail at all, they come back as they are, with the run that did not.
Shrunk Shrink(const Attempt& attempt, const Departures& departures,
              const ShrinkOptions& options = {});
Shrunk Shrink(const Scenario& scenario, const Departures& departures,
              const ShrinkOptions& options = {});

// The smallest of what each becomes, of those that fail as the first one that fails; `runs` counts
// all of them. REQUIRES: not empty.
Shrunk ShrinkBest(const Attempt& attempt, const std::vector<Departures>& failures,
                  const ShrinkOptions& options = {});

// The law by which one result is smaller than another: fewer departures, then smaller values, then
// earlier slots of time, then fewer events.
bool Smaller(const Departures& a, uint64_t events_a, const Departures& b, uint64_t events_b);

// Whether the ordinal of these is a slot of time: a crash, a cut, a bit that rots, a clock's jump.
bool IsSlotted(Label label);

}  // namespace reprise
