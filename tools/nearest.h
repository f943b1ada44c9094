// The run of a trace, and the nearest one that passes.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "sim/family.h"
#include "sim/search/explain.h"
#include "sim/trace.h"

namespace reprise {

// A run that was made again, with its events.
struct Remade {
  std::string name;  // The trace's file, or what else made it.
  Scenario scenario;
  RunResult run;
};

// Loads the trace and makes its run. Errors: those of LoadTrace and of the catalogue; kDataLoss
// where it is not the recorded run any more and that is not allowed; kInvalidArgument where the run
// kills its process, and so leaves no events.
absl::StatusOr<Remade> Remake(const Catalogue& catalogue, const std::string& path, bool lenient);

// The nearest run that passes: what the explanation found, or, where the calm run fails as well,
// the same choices with the sound protocol. kNotFound where there is neither.
absl::StatusOr<Remade> NearestPassing(const Catalogue& catalogue, const Remade& failing,
                                      const Explanation& explanation);

}  // namespace reprise
