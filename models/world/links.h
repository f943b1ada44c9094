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

// All that can befall messages where nothing is promised of them.
inline LinkModel HarshLinks() {
  LinkModel links = StormyLinks();
  links.corrupt = OneIn(200);
  links.truncate = OneIn(400);
  links.stale = OneIn(100);
  links.burst = OneIn(40);
  links.blackhole = OneIn(20);
  links.bandwidth = OneIn(20);
  links.queue = OneIn(20);
  return links;
}

// The same with connections, which keep the order until they break.
inline LinkModel HarshConnections() {
  LinkModel links = HarshLinks();
  links.connected = true;
  links.reset = OneIn(10);
  links.half_open = OneIn(10);
  return links;
}

inline CutModel Partitions() {
  return {.cut = OneIn(20), .slot = 500ms, .shortest = 100ms, .longest = 3s};
}

// Partitions of all shapes.
inline CutModel HarshPartitions() {
  CutModel cuts = Partitions();
  cuts.groups = OneIn(40);
  cuts.bridge = OneIn(40);
  cuts.ring = OneIn(40);
  cuts.flap = OneIn(40);
  return cuts;
}

// Links that hold messages for a while.
inline ClogModel Clogs() {
  return {.clog = OneIn(20), .swizzle = OneIn(40), .slot = 500ms, .shortest = 50ms, .longest = 2s};
}

}  // namespace reprise::models
