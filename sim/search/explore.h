// Explores crashes: not at random, but everything within one or two crashes of the calm run.
//
// A *crash point* is a call into Env at which a node may crash. At depth 1 the calm run is made
// again with a crash at each of its crash points, once for each legal image that the crash may
// leave on the disk (images.h). At depth 2, each of those runs is made again with a second crash at
// each point behind the first, in the recovery from it to begin with, and each of that crash's
// images. All points are tried; of images only so many for each point.
//
// Every run is a list of departures, so that what fails replays and shrinks as anything else. They
// are made in a fixed order: the calm run; then all of depth 1, in order of the calls; then depth
// 2, where the first few points behind every first crash come before later ones behind any. So what
// is found, and after how many runs, depends on the scenario and the options, but for the jobs.
//
// The trade-off: the product of points and images grows fast. Depth 1 of a small scenario takes
// seconds; depth 2 takes as many times longer as depth 1 has runs, and wants a limit.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/search/campaign.h"

namespace reprise {

struct ExploreOptions {
  int depth = 1;                 // How many crashes: 1 or 2.
  uint64_t images_at_most = 32;  // For one crash point; where there are more, a sample.
  uint64_t base_seed = 1;        // Of the samples.
  std::optional<uint64_t> runs_at_most = {};
  int jobs = 1;
  size_t failures_to_shrink = 15;
  std::chrono::milliseconds run_limit = std::chrono::seconds(30);
};

// What there was to explore with so many crashes.
struct ExploreLevel {
  uint64_t points = 0;      // Calls at which a crash could strike.
  uint64_t refused = 0;     // Of these, where the scenario's budget lets none strike.
  uint64_t points_run = 0;  // Of these, where one was run, with one image at least.
  uint64_t sampled = 0;     // Of these, where there were more legal images than were tried.
  uint64_t images = 0;      // Legal ones, at the points that were run. At most UINT64_MAX.
  uint64_t images_run = 0;  // Each of them a run.
  friend bool operator==(const ExploreLevel&, const ExploreLevel&) = default;
};

struct ExploreResult {
  std::vector<ExploreLevel> levels;  // One crash, two crashes.
  uint64_t runs = 0;      // The calm run and those of all levels, up to the first failure.
  uint64_t looks = 0;     // Runs made only to see what there is to explore.
  bool complete = false;  // Nothing failed, and all points were run.
  // What failed, as of any campaign; a finding's index is its number among the runs, from 0.
  CampaignResult campaign;
};

// `report` is called about ten times a second; where it returns false, exploring stops.
ExploreResult Explore(const Scenario& scenario, const ExploreOptions& options,
                      const std::function<bool(const Progress&)>& report);

}  // namespace reprise
