// What of a run is worth showing: all of a short one; of a long one, what can have led to the
// violation, and of that no more than an eye can follow.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "tools/causal.h"
#include "tools/departures.h"

namespace reprise {

struct DrawOptions {
  std::string title = {};     // Instead of what the verdict says.
  std::string subtitle = {};  // Joins scenario and verdict: "seed 0x5eed2a", "trace wal.trace".

  size_t messages_whole = 100;   // A run of up to so many messages is shown whole; of a longer one
  size_t messages_at_most = 60;  // up to so many, from the causal past of the violation.
  std::optional<Time> from = {}, until = {};  // Show only this part.
};

struct Selection {
  std::vector<bool> events;     // Which events to show, by number. Ends of messages go by courses.
  std::vector<Course> courses;  // Which messages to show: each has its send among the events.
  size_t first = 1, last = 0;   // The events between which all of it lies, by number.
  std::vector<Time> left_out;   // When messages between them that are not shown were sent.
  std::string note;             // "showing 120 of 3,410 messages: ..."; empty where all is shown.
};

// The places are those of PlacesOf.
Selection Select(const RunResult& result, const std::vector<Place>& places,
                 const DrawOptions& options);

}  // namespace reprise
