// How long Raft has no leader when one crashes, against the closed form of Ongaro's dissertation.

#include <gtest/gtest.h>

#include <optional>

#include "models/world/links.h"
#include "protocols/replication/raft_rules.h"
#include "sim/nemesis.h"
#include "tests/raft_helper.h"

namespace reprise {
namespace {

constexpr Duration kDelay = 500us;

// Nobody but the servers, and nothing that goes wrong but what is told.
Scenario FiveServersAlone() {
  Scenario s = MakeRaft("", {{"nodes", "5"}, {"prevote", "0"}, {"reads", "0"}});
  for (size_t i = 1; i < s.roles.size(); ++i) s.roles[i].main = [](Env&) {};
  s.links = {.delay = kDelay};
  s.cuts = {};
  s.clogs = {};
  s.processes = {};
  s.clocks = {};
  s.order = {};
  s.crashes = {.slot = 500ms, .down_at_most = 2, .down = 5s};
  s.disks = {.sync = 0ms};
  s.storm = 4s;
  s.calm = 1ms;
  s.calms = {};
  s.oracles = nullptr;
  return s;
}

// From the crash of the leader, at a moment of its own in each run, to the next leader.
std::optional<Duration> Downtime(const Scenario& scenario, uint64_t seed) {
  NodeId leader = kNobody;
  ForEachFact<models::Elected>(Watch(scenario, Choices::FromSeed(seed)),
                               [&](const Event& e, const models::Elected&) { leader = e.node; });
  const Duration when = 2s + Duration(500ms) * static_cast<int64_t>(seed * 617 % 1000 + 1) / 1024;
  const Departures story = Nemesis(scenario).At(when, Fault::kCrash, leader).departures();
  const RunResult run = Watch(scenario, Choices::FromSeed(seed, story));
  std::optional<Time> crashed;
  std::optional<Duration> down;
  for (size_t i = 0; i < run.timeline.size() && !down; ++i) {
    const Event e = run.timeline[i];
    if (e.kind == Event::Kind::kCrash) crashed = e.at;
    if (crashed && e.kind == Event::Kind::kFact && e.message.name() == "Elected") {
      down = e.at - *crashed;
    }
  }
  return down;
}

// Timeouts uniform in [T, 2T], heartbeats every T / 2, delay L, no cost of syncing. The
// dissertation has E = T (1 + 1 / (s + 1) - 1 / 4) + 2 L = 143.5 ms for s = 4 others that all draw
// anew. Here a server draws when it boots and when it begins an election; so those who followed the
// first leader still have the timeouts of which its own was the shortest of n = 5, and the next one
// is the second shortest: 2 / (n + 1) in place of 1 / (s + 1).
TEST(RaftDowntime, OfTheFirstLeaderIsAsTheFormulaSays) {
  const Scenario scenario = FiveServersAlone();
  constexpr uint64_t kRuns = 1500;
  double sum_ms = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    const auto down = Downtime(scenario, seed);
    ASSERT_TRUE(down.has_value()) << "seed " << seed;
    sum_ms += static_cast<double>(down->count()) / 1e6;
  }
  const double expected_ms = 150 * (1 + 2.0 / 6 - 1.0 / 4) + 2 * 0.5;
  EXPECT_NEAR(sum_ms / kRuns, expected_ms, 0.02 * expected_ms);
}

}  // namespace
}  // namespace reprise
