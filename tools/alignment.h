// Which event of one run is which event of another: not by its number, which one message more
// would shift for all that come after, but by where it happens and what it is.
//
// Events are matched node by node, because what two nodes do at the same time has no order that
// means anything. At a node, matched events come in the same order in both runs, and as many as
// possible are matched (Myers's algorithm). When they happened does not count: a message that comes
// later is the same message, later.

#pragma once

#include <cstddef>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

struct Alignment {
  // Of each event of one run, by number, the number of its match in the other; zero where it has
  // none. Entry 0 means nothing.
  std::vector<size_t> of_one, of_other;
  // The first event, by number, in which the runs differ in anything at all, its time included.
  // Up to there they are one run. Zero where they do not differ.
  size_t first = 0;
  size_t same = 0;        // How many are matched,
  size_t moved = 0;       // and of these, how many have another time.
  size_t only_one = 0;    // How many have no match,
  size_t only_other = 0;  // on either side.
  Time until = kForever;  // Later events of `one` were left out,
  size_t later = 0;       // so many.
};

// Later events of `one` are left out: a run that passes goes on when the one that fails has ended.
// REQUIRES: both timelines were kept.
Alignment Align(const Timeline& one, const Timeline& other, Time until = kForever);
// The same for runs: where the other has failed, until then.
Alignment Align(const RunResult& one, const RunResult& other);

// Matches two sequences of numbers: for each place of `one` that is matched, the place in `other`;
// kUnmatched for the rest. As many as possible are matched, unless the sequences differ in more
// than about 3,000 places; then what is matched is still right, but may be less.
inline constexpr size_t kUnmatched = ~size_t{0};
std::vector<size_t> Match(const std::vector<size_t>& one, const std::vector<size_t>& other);

}  // namespace reprise
