// A run in the formats of other people's viewers.

#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "sim/scenario.h"

namespace reprise {

enum class ExportFormat {
  kPerfetto,  // Chrome's trace-event JSON, for ui.perfetto.dev and chrome://tracing.
  kShiviz,    // A log with vector clocks, for bestchai.bitbucket.io/shiviz.
  kMermaid,   // A sequence diagram, for Markdown; of short runs only.
  kJsonLines  // One event to a line: see docs/trace-format.md.
};

// By its name, or, where that is empty, by the ending of the path: .json is Perfetto's, .shiviz or
// .log ShiViz's, .mmd Mermaid's, .jsonl JSON lines. Error: kInvalidArgument.
absl::StatusOr<ExportFormat> ExportFormatOf(const std::string& name, const std::string& path);

// REQUIRES: the timeline was kept. Error: kInvalidArgument where the run is too long for the
// format.
absl::StatusOr<std::string> Export(const Scenario& scenario, const RunResult& run,
                                   ExportFormat format);

// One process, and a track for each node; times in microseconds. Each event is a slice, at most
// 200 us wide; where several happen at a node at one moment, each is moved to the end of the one
// before it, a nanosecond or more, so that slices never overlap: `args` has the true time. Each
// copy of a message that arrived is a flow. Down time, partitions and other faults that last are
// asynchronous slices.
std::string ToPerfetto(const Scenario& scenario, const RunResult& run);

// Two lines for each event of a node: its name and vector clock, and what happened.
std::string ToShiviz(const Scenario& scenario, const RunResult& run);

inline constexpr size_t kMermaidMessagesAtMost = 100;
absl::StatusOr<std::string> ToMermaid(const Scenario& scenario, const RunResult& run);

}  // namespace reprise
