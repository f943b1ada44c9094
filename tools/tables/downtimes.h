// How long Raft has no leader when one crashes, by simulation: for the table, and for its test.

#pragma once

#include <cstdint>

namespace reprise {

// The mean over so many runs, in milliseconds, with that delay of each link.
double SimulatedDowntime(int servers, double latency_ms, uint64_t runs);

}  // namespace reprise
