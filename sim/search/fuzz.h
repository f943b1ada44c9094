// Fuzzing as one call, for tests; gtest.h makes an assertion of it.
//
// In this order: the calm run, alone; whether two runs of it are the same; every single fault; then
// seeds. All of it happens in child processes, so that what kills the process is a failure like any
// other. What fails is shrunk and written to a trace, and told in words whose last lines are the
// commands that make it happen again.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/scenario.h"

namespace reprise {

struct FuzzOptions {
  std::string test = {};         // "LockServer.Excludes": names the trace; what to run again.
  uint64_t runs = 1000;          // How many seeds, after the calm run and the single faults.
  uint64_t base_seed = 1;        // The first of them.
  std::string out = "failures";  // Where the trace goes. Made, where it is not there.

  // Instead of all that: the run of this seed, which is shrunk too,
  std::optional<uint64_t> seed = {};
  // or the run of this trace, in this process, for debuggers.
  std::string trace = {};
};

struct Fuzzed {
  bool passed = false;
  Verdict verdict;    // Of the failure, shrunk.
  std::string text;   // One line where it passed; several where not.
  std::string trace;  // The file that was written, if any.
};

// Passes where no run failed and each could be judged. Does not pass where runs are not
// deterministic, nor where there are oracles and no node ever reported a fact: then nothing was
// judged; nor where faults did not strike as they should have (audit.h). Equal arguments give equal
// results, as far as runs do not hang.
Fuzzed FuzzForTest(const Scenario& scenario, const FuzzOptions& options);

}  // namespace reprise
