// Everything that befalls networks and processes, each of it seldom: for protocols whose real
// trouble is something else, such as their disks. Crashes, disks and clocks are left to the
// scenario.

#pragma once

#include "models/world/links.h"

namespace reprise::models {

inline void SetMildWeather(Scenario& s) {
  s.links = {.delay = 1ms,
             .late = OneIn(16),
             .late_by = HeavyTail,
             .drop = OneIn(100),
             .duplicate = OneIn(200),
             .corrupt = OneIn(400),
             .truncate = OneIn(400),
             .stale = OneIn(100),
             .burst = OneIn(200),
             .blackhole = OneIn(80),
             .bandwidth = OneIn(80),
             .queue = OneIn(80)};
  s.cuts = {.cut = OneIn(40),
            .groups = OneIn(160),
            .bridge = OneIn(160),
            .ring = OneIn(160),
            .flap = OneIn(160),
            .slot = 500ms,
            .longest = 1s};
  s.clogs = {.clog = OneIn(80), .swizzle = OneIn(160), .slot = 500ms, .longest = 1s};
  s.processes = {
      .pause = OneIn(160), .slow = OneIn(160), .slot = 500ms, .pause_most = 1s, .slow_most = 1s};
  s.order = OneIn(50);
}

}  // namespace reprise::models
