// The departures of the run that is under way, for reports of what kills the process. Readable from
// a signal handler. Null outside a run.

#pragma once

#include <vector>

#include "sim/choices.h"

namespace reprise {

const std::vector<Taken>* CurrentTape();

}  // namespace reprise
