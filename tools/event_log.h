// A run's events in a file: JSON lines (.jsonl), or a compressed log (anything else) that a replay
// can be held against, event by event.

#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/timeline.h"

namespace reprise {

absl::Status SaveEvents(const std::string& path, const Timeline& timeline);

// One JSON object to a line.
std::string JsonLines(const Timeline& timeline);

// The events of a compressed log, a line each, as EventLine writes them.
absl::StatusOr<std::vector<std::string>> LoadEvents(const std::string& path);

// All of an event that must be equal: what people read, the exact time, and a hash of the payload.
std::string EventLine(const Event& event);

}  // namespace reprise
