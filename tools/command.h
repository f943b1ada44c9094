// The command `reprise`, for the protocols in a catalogue. A program with protocols of its own
// calls it from its main().

#pragma once

#include "sim/family.h"
#include "tools/tables.h"

namespace reprise {

// Runs the command line and returns the exit status: see ExitStatus in tools/console.h.
// `reprise tables` prints the tables.
int RepriseCommand(int argc, char** argv, const Catalogue& catalogue, const Tables& tables = {});

}  // namespace reprise
