// A run as one HTML file that loads nothing from anywhere: all its events, and a program that shows
// them. The page itself stands in tools/page/, and is built into the command.

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/scenario.h"
#include "tools/report.h"

namespace reprise {

struct PageOptions {
  std::string title;     // Instead of what the verdict says.
  std::string subtitle;  // "trace wal.trace, seed 7".
  std::string trace;     // The file, for commands that a person is to run; none, where empty.
};

// What the page knows of the run. Events are columns of numbers, because there may be 100,000:
//   t   nanoseconds since the event before
//   k   its kind, an index into "kinds"
//   n   its node, an index into "nodes"; -1 for none
//   p   likewise the peer
//   x   what it says, an index into "texts"
//   s   of the end of a message, how many events ago it was sent; else 0
// "spans" and "departures" name events by their index, from 0.
Json PageData(const Scenario& scenario, const RunResult& result, const PageOptions& options);

std::string MakePage(const Scenario& scenario, const RunResult& result, const PageOptions& options);

// The parts of the page, as they stand in tools/page/.
std::string_view FrameOfPage();
std::string_view StyleOfPage();
std::string_view ScriptOfPage();

}  // namespace reprise
