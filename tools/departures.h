// Where in a run its departures struck. Not always where they were drawn: crashes, partitions and
// bit rot are drawn for all slots of time before the run begins.

#pragma once

#include <cstddef>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

// One place for each of result.taken.
struct Place {
  size_t event = 0;  // By number; zero where the departure struck at no event that can be named.
  NodeId node = kNobody, peer = kNobody;
};

std::vector<Place> PlacesOf(const Scenario& scenario, const RunResult& result);

}  // namespace reprise
