// How long Raft has no leader when one crashes. Ongaro, Stanford 2014, section 9.2: timeouts
// uniform in [T, 2T], a heartbeat every T / 2, delay L, no cost of syncing. Where no vote is split,
// E = T (1 + 1 / (s + 1) - 1 / 4) + 2 L with s other servers. It takes the last heartbeat as
// arriving when it is sent, so that a simulation takes one L more.
//
// What is simulated is the protocol of `raft`, as in the paper: without pre-vote and check-quorum,
// and without clients, so that nothing else takes time. The leader crashes at a moment of its own
// in each run.

#include "tools/tables/downtimes.h"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "models/spec/elections.h"
#include "models/theory/election.h"
#include "protocols/protocols.h"
#include "protocols/replication/raft_rules.h"
#include "sim/check.h"
#include "sim/nemesis.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

// Nobody but the servers, and nothing that goes wrong but what is told.
Scenario ServersAlone(int servers, Duration latency) {
  Catalogue catalogue;
  catalogue.Add(Raft());
  auto made = catalogue.Make(
      "raft", {{"nodes", std::to_string(servers)}, {"prevote", "0"}, {"reads", "0"}});
  CHECK(made.ok());
  Scenario s = *std::move(made);
  for (size_t i = 1; i < s.roles.size(); ++i) s.roles[i].main = [](Env&) {};
  s.links = {.delay = latency};
  s.cuts = {};
  s.clogs = {};
  s.processes = {};
  s.clocks = {};
  s.order = {};
  s.crashes = {.slot = 500ms, .down_at_most = (servers - 1) / 2, .down = 5s};
  s.disks = {.sync = 0ms};
  s.storm = 4s;
  s.calm = 1ms;
  s.calms = {};
  s.oracles = nullptr;
  return s;
}

// Who leads last.
NodeId LeaderOf(const RunResult& run) {
  NodeId leader = kNobody;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.kind == Event::Kind::kFact && e.As<models::Elected>()) leader = e.node;
  }
  return leader;
}

// From the crash of the leader to the election of the next one.
Duration Downtime(const Scenario& scenario, uint64_t seed) {
  const RunOptions keep = {.keep_events = true};
  const NodeId leader = LeaderOf(Simulate(scenario, Choices::FromSeed(seed), keep));
  const Duration when = 2s + Duration(500ms) * static_cast<int64_t>(seed * 617 % 1000 + 1) / 1024;
  const Departures story = Nemesis(scenario).At(when, Fault::kCrash, leader).departures();
  const RunResult run = Simulate(scenario, Choices::FromSeed(seed, story), keep);
  std::optional<Time> crashed;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.kind == Event::Kind::kCrash) crashed = e.at;
    if (!crashed || e.kind != Event::Kind::kFact || !e.As<models::Elected>()) continue;
    return e.at - *crashed;
  }
  CHECK(false && "nobody was elected");
}

}  // namespace

double SimulatedDowntime(int servers, double latency_ms, uint64_t runs) {
  const Scenario scenario = ServersAlone(servers, Duration(static_cast<int64_t>(latency_ms * 1e6)));
  double sum_ms = 0;
  for (uint64_t seed = 1; seed <= runs; ++seed) {
    sum_ms += static_cast<double>(Downtime(scenario, seed).count()) / 1e6;
  }
  return sum_ms / static_cast<double>(runs);
}

namespace {

std::vector<TableRow> Rows() {
  struct Cluster {
    int servers;
    double latency_ms;
    std::optional<double> paper;
  };
  const double least_ms = static_cast<double>(raft::kElectionLeast.count()) / 1e6;
  constexpr uint64_t kRuns = 2500;
  std::vector<TableRow> rows;
  for (const Cluster& c : {Cluster{3, .5, 163.5}, Cluster{5, .5, 143.5}, Cluster{7, .5, {}}}) {
    char what[64];
    std::snprintf(what, sizeof what, "%d servers, T = %.0f ms, L = %.1f ms", c.servers, least_ms,
                  c.latency_ms);
    rows.push_back(
        {.what = what,
         .paper = c.paper,
         .model = theory::MeanDowntime(c.servers, c.servers - 1, least_ms, c.latency_ms, 0),
         .simulation = SimulatedDowntime(c.servers, c.latency_ms, kRuns),
         .tolerance = .02,
         .digits = 1});
  }
  return rows;
}

}  // namespace

Table Downtimes() {
  return {.id = "downtime",
          .about = "how long there is no leader when one crashes, on average, ms",
          .source = "Ongaro, Stanford 2014, section 9.2; the paper's is its formula without splits",
          .cost = "about 20 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
