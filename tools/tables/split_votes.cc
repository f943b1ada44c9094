// T03: how often elections with random timeouts are split, voter by voter.

#include <algorithm>
#include <vector>

#include "models/theory/election.h"
#include "sim/choices.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

struct Cluster {
  int servers, taking_part;
  uint64_t latency;  // One way, in thousandths of the range of the timeouts.
  double paper;
  uint64_t trials;  // So many that three standard errors are below half the tolerance.
  double tolerance;
};

// One election in which every server that takes part draws its timeout, each asks the others for
// their votes when it is over, and a request takes `latency`. Nobody votes twice, and candidates
// vote for themselves. True where nobody has a majority of all servers.
bool IsSplit(const Cluster& cluster, uint64_t latency, uint64_t election) {
  std::vector<uint64_t> timeouts;
  for (int i = 0; i < cluster.taking_part; ++i) {
    timeouts.push_back(Choices::Mix(election * 16 + static_cast<uint64_t>(i) + 1) >> 1);
  }
  std::ranges::sort(timeouts);
  std::vector<int> votes(timeouts.size());
  for (size_t voter = 0; voter < timeouts.size(); ++voter) {
    // Its own timeout is over before the first request reaches it, or it grants that one.
    const bool stands = voter == 0 || timeouts[voter] <= timeouts[0] + latency;
    ++votes[stands ? voter : 0];
  }
  return std::ranges::none_of(votes, [&](int n) { return n > cluster.servers / 2; });
}

std::vector<TableRow> Rows() {
  constexpr Cluster kClusters[] = {
      {5, 4, 10, .0006, 100'000'000, .025}, {5, 4, 100, .052, 8'000'000, .01},
      {5, 4, 200, .181, 2'000'000, .01},    {5, 3, 200, .5, 1'000'000, .01},
      {9, 7, 200, .15, 3'000'000, .01},     {9, 5, 200, .7, 1'000'000, .01},
      {9, 5, 100, .4, 1'000'000, .01},
  };
  std::vector<TableRow> rows;
  for (const Cluster& cluster : kClusters) {
    const uint64_t latency = (uint64_t{1} << 63) / 1000 * cluster.latency;
    uint64_t split = 0;
    for (uint64_t i = 0; i < cluster.trials; ++i) split += IsSplit(cluster, latency, i) ? 1 : 0;
    rows.push_back({.what = std::to_string(cluster.taking_part) + " of " +
                            std::to_string(cluster.servers) + " servers, latency " +
                            std::to_string(cluster.latency / 10) + " % of the timeouts' range",
                    .paper = cluster.paper,
                    .model = theory::SplitVote(cluster.servers, cluster.taking_part,
                                               static_cast<double>(cluster.latency) / 1000),
                    .simulation = static_cast<double>(split) / static_cast<double>(cluster.trials),
                    .tolerance = cluster.tolerance});
  }
  return rows;
}

}  // namespace

Table SplitVotes() {
  return {.id = "T03",
          .about = "how often votes are split",
          .source = "Ongaro, Stanford 2014, section 9.2: a fixed latency, timeouts in a range",
          .cost = "about 20 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
