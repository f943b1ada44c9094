// A trace: a file, small enough to read and paste, that makes a run happen again.
//
//   reprise-trace 1
//   scenario chandy-lamport:late-marker
//   option nodes 5
//   verdict fail consistent-cut
//   reason snapshot 2 holds 4998 of 5000
//   ...
//
//   late n1>n2 #7 = 412/1024     The departures, one to a line: everything else is calm.
//
//   end 1 8f3a09c1d2e4b577       How many they are, and a checksum over all the above.
//
// The grammar, and what the format is bad at, are in docs/trace-format.md.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/files.h"
#include "sim/scenario.h"

namespace reprise {

inline constexpr int kTraceVersion = 1;

struct Trace {
  std::string scenario;  // Its full name.
  std::vector<std::pair<std::string, std::string>> options;
  std::string verdict;  // "fail", "pass", "unknown", "skipped".
  std::string oracle;   // Of a failure.
  std::string reason;
  std::optional<uint64_t> seed;  // Of the run in which the failure was first seen.
  uint64_t events = 0;
  uint64_t digest = 0;
  std::vector<Milestone> milestones;
  std::vector<std::pair<std::string, FaultCount>> faults;  // Those that were attempted.
  Departures departures;

  // In a lenient reading: departures at sites that this program does not have, which were left out,
  // and whether the checksum was wrong.
  size_t unknown_sites = 0;
  bool edited = false;
};

// What to write down of a run.
Trace TraceOf(const Scenario& scenario, const RunResult& result,
              std::optional<uint64_t> seed = std::nullopt);

std::string FormatTrace(const Trace& trace);

// The trace that the text is; kInvalidArgument with "line 7: what is wrong and what to do" where it
// is none. A strict reading takes only what FormatTrace wrote, to the byte. A lenient one takes a
// text that was edited by hand, with its departures in any order, and sites that are gone.
absl::StatusOr<Trace> ParseTrace(const std::string& text, bool lenient = false);

// The trace in that file. Errors name the path: kUnavailable where there is no such file.
absl::StatusOr<Trace> LoadTrace(const std::string& path, bool lenient = false);

}  // namespace reprise
