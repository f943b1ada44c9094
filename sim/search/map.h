// One job for each of many items, over child processes: what node code does to its process is the
// loss of one item, and not the end. Private to sim/search.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"

namespace reprise {

struct MapOptions {
  int jobs = 1;
  std::chrono::milliseconds limit = std::chrono::seconds(30);  // For one item, of the real clock.
};

// What the job returns for each item from 0 to count - 1. Nothing for an item whose job kills the
// process or takes too long, and for none of the rest once `go_on`, which is asked about ten times
// a second, says no. The answers do not depend on how many jobs there are.
std::vector<std::optional<std::string>> MapInChildren(size_t count, const MapOptions& options,
                                                      absl::FunctionRef<std::string(size_t)> job,
                                                      absl::FunctionRef<bool()> go_on);

}  // namespace reprise
