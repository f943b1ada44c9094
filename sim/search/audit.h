// Whether the faults of a campaign really happened. In several well-known simulators a fault had
// silently stopped striking, and nobody could tell.

#pragma once

#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

// One line for each fault on the scenario's menu
//   - that was attempted often, and that no node ever observed; or
//   - that was attempted more or less often than its rate explains: six standard deviations or more
//     from what the rates of all its draws make one expect.
// Empty where all is well. Small campaigns can show little: fewer than kOftenEnough attempts prove
// nothing about a fault. What departures asked for in runs without a seed is left out: a single
// fault may need another to show.
inline constexpr uint64_t kOftenEnough = 30;
std::vector<std::string> AuditFaults(const Scenario& scenario, const FaultCounts& faults);

}  // namespace reprise
