// What of a run is worth showing: all of a short one; of a long one, what can have led to the
// violation, and of that no more than an eye can follow.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "tools/causal.h"
#include "tools/departures.h"

namespace reprise {

// How an event stands out among others of its run.
enum class Shade : uint8_t {
  kPlain,
  kSame,      // Beside another run: it is in both,
  kOnlyPass,  // only in the run that passes, or in the first of two,
  kOnlyFail,  // only in the run that fails, or in the second.
  kBold,      // It is in the causal past of the violation,
  kFaded      // or it is not, or nobody asks.
};

struct DrawOptions {
  std::string title = {};     // Instead of what the verdict says.
  std::string subtitle = {};  // Joins scenario and verdict: "seed 0x5eed2a", "trace wal.trace".

  size_t messages_whole = 100;   // A run of up to so many messages is shown whole; of a longer one
  size_t messages_at_most = 60;  // up to so many, from the causal past of the violation.
  std::optional<Time> from = {}, until = {};  // Show only this part.

  std::vector<Shade> shades = {};  // Of each event, by number; all plain where it is empty.
  bool hide_same = false;          // No messages that are in both runs.
  bool cone = false;      // What is in the causal past of the violation is bold, the rest faded.
  bool dark = false;      // For a dark page.
  bool vertical = false;  // Time runs down instead of to the right.
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
