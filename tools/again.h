// How a run of the command is made again by another process of the same program.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/scenario.h"
#include "sim/search/twice.h"

namespace reprise {

// Remembers whether these are the arguments that the process was started with: only then does
// starting its program again, with others, reach the command.
void RememberProgram(int argc, char** argv);

// How the program was called: "build/release/reprise", for commands that a person is to run.
const std::string& ProgramName();

// The arguments of `reprise run` that bring another process to the same check; none, where this
// process is another program, which calls the command as a function.
TwiceOptions InAnotherProcess(const Scenario& scenario, std::optional<uint64_t> seed);

}  // namespace reprise
