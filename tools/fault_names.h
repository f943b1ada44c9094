// Faults as they are named on a command line: `drop`, or an area such as `network` for all of its.

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario.h"

namespace reprise {

struct FaultArgs {
  std::vector<std::string> only = {};     // Where not empty, no others may strike,
  std::vector<std::string> without = {};  // and these may not.

  bool given() const { return !only.empty() || !without.empty(); }
};

// Whether it strikes at crashes, or after them, and never where no node crashes.
bool StrikesAtCrashes(Fault fault);

// The faults on the menus of these scenarios that may not strike. Errors (kInvalidArgument): a name
// that no fault and no area has, or that is on no menu, and faults of which none can strike.
absl::StatusOr<std::vector<Fault>> FaultsLeftOut(const std::vector<Scenario>& scenarios,
                                                 const FaultArgs& args);

// As options of a command: " --only drop,crash"; empty where nothing was given.
std::string FaultOptions(const FaultArgs& args);

}  // namespace reprise
