// Which faults are drawn by slots of virtual time, and how long those are.

#pragma once

#include <optional>

#include "sim/scenario.h"

namespace reprise {

// The slots of that fault, where it has any.
std::optional<Duration> SlotOf(const Scenario& scenario, Fault fault);

// What belongs to a crash -- how long its node is down, what its disk loses -- is addressed by a
// number: that of the slot for "crash". Crashes of other kinds have numbers of their own, or two
// would share them: "down n2 #2000003" belongs to "zone #3".
Address DetailsOf(Fault fault, const Address& cause);

// From an n-th of `most`, at the quantile 0, up to nearly all of it: how long a spell lasts, so
// that none is over before it was noticed.
constexpr Duration FromNth(int64_t n, Duration most, uint64_t quantile) {
  return most / n + Share(most * (n - 1) / n, quantile);
}

}  // namespace reprise
