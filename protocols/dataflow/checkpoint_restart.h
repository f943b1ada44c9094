// A batch job with periodic checkpoints, in numbers: see checkpoint_restart.cc.

#pragma once

#include <cstdint>
#include <functional>

#include "sim/scenario.h"

namespace reprise {

struct BatchJob {
  uint64_t units = 1000;     // The work: so many units of
  Duration unit = 5ms;       // so long. Together they are T_s, the solve time.
  uint64_t segment = 80;     // tau: units between two dumps.
  Duration dump = 20ms;      // delta: how long a dump takes,
  int parts = 4;             // in so many writes.
  Duration restart = 100ms;  // R: what comes before the work after each failure.
  Duration sync = 2ms;       // Of each of the two files, besides.

  // Failures that the job draws for itself: the life from each boot on, by a number in
  // [1, kLifetimes). Where there is none, failures are the world's.
  static constexpr uint64_t kLifetimes = uint64_t{1} << 32;
  std::function<Duration(uint64_t draw)> lifetime = nullptr;
};

// The job alone: no faults but those, and it must end within `at_most`. For those who measure how
// long it takes: Finished is its last fact.
Scenario FailingJob(const BatchJob& job, Duration at_most);

}  // namespace reprise
