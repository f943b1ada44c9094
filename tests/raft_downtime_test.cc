// How long Raft has no leader when one crashes, against the closed form of Ongaro's dissertation.

#include <gtest/gtest.h>

#include "models/theory/election.h"
#include "tools/tables/downtimes.h"

namespace reprise {
namespace {

// Timeouts uniform in [T, 2T], heartbeats every T / 2, delay L, no cost of syncing. Where no vote
// is split, the dissertation has E = T (1 + 1 / (s + 1) - 1 / 4) + 2 L = 143.5 ms for s = 4 others.
// That presumes that these have drawn anew since the crashed leader was elected: if not, their
// timeouts are those that were longer than its own, and it takes T / 6 - T / 30 = 20 ms more.
TEST(RaftDowntime, OfACrashedLeaderIsAsTheFormulaSays) {
  const double expected_ms = 150 * (1 + 1.0 / 5 - 1.0 / 4) + 2 * 0.5;
  EXPECT_NEAR(theory::MeanDowntime(5, 4, 150, 0.5, 0), expected_ms, 0.1);
  EXPECT_NEAR(SimulatedDowntime(5, 0.5, 1500), expected_ms, 0.02 * expected_ms);
}

}  // namespace
}  // namespace reprise
