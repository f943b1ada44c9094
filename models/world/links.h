// How networks behave. Pure functions of a quantile: the drawing is done in sim/, never here.

#pragma once

#include "sim/scenario.h"

namespace reprise::models {

// A heavy tail without floating point, up to about two seconds: most late messages are a few
// milliseconds late, and the last quantile is a thousand times the median, as retransmission
// timeouts are to a healthy round trip. Zero is not late.
inline Duration HeavyTail(uint64_t quantile) {
  const auto left = static_cast<int64_t>(kQuantiles - quantile);
  return Duration(2'000'000 * static_cast<int64_t>(kQuantiles) / left) - 2ms;
}

// A network that does nothing but take its time.
inline LinkModel CalmLinks() { return {.delay = 1ms}; }

// A network that loses, repeats and reorders.
inline LinkModel StormyLinks() {
  return {.delay = 1ms,
          .late = OneIn(8),
          .late_by = HeavyTail,
          .drop = OneIn(100),
          .duplicate = OneIn(100)};
}

// One that keeps the order of each link, as TCP does, and loses nothing.
inline LinkModel FifoLinks() {
  return {.delay = 1ms, .late = OneIn(4), .late_by = HeavyTail, .fifo = true};
}

inline CutModel Partitions() {
  return {.cut = OneIn(20), .slot = 500ms, .shortest = 100ms, .longest = 3s};
}

}  // namespace reprise::models
