// A monitor that watches nodes by their heartbeats, and its known bugs: phi_detector.h alone, under
// crashes, pauses, partitions, losses and clocks that are wrong.
//
// Who crashes and stays down must be suspected within kDetected; who is up in the calm must not be
// suspected for long. Of the living the monitor may think what it likes in the storm.
//
// The bound: an inter-arrival time that is kept is at most kOutage, so the mean is, and the
// standard deviation is at most half of it; at phi = 8 the silence is 5.62 deviations above the
// mean. That is four outages, and a heartbeat that was under way at the crash may come as late as
// links make it.

#include <algorithm>
#include <map>

#include "models/spec/detects.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/healing/phi_detector.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using healing::Heartbeat;
using healing::kPhi;
using healing::PhiConfig;
using healing::PhiDecisions;
using healing::PhiDetector;

constexpr Duration kBeat = 100ms;
constexpr Duration kLook = 20ms;
constexpr uint64_t kThreshold = 8 * kPhi;
constexpr Duration kDetected = 2s;

constexpr PhiConfig kConfig{
    .interval = kBeat, .least_deviation = 20ms, .outage = 400ms, .window = 32};

Duration SomewhatLate(uint64_t quantile) { return Share(80ms, quantile); }

// A fact: the first heartbeat of a boot has come.
struct Heard {
  NodeId node;
  uint64_t incarnation;
};

void Watched(Env& env) {
  for (uint64_t number = 1;; ++number) {
    const Time wall = env.WallNow();
    env.Send(env.nodes("monitor")[0], Heartbeat{env.boot(), number, wall});
    env.Sleep(kBeat);
  }
}

void Monitor(Env& env, const PhiDecisions& decide) {
  struct Watch {
    PhiDetector detector;
    uint64_t incarnation = 0;  // The newest that was heard of.
    bool suspected = false;
  };
  // Who is to be watched is known: a node that is never heard of is suspected as well, as if its
  // heartbeats had ended just now.
  std::map<NodeId, Watch> watches;
  for (const NodeId node : env.nodes("watched")) {
    auto& watch = watches.try_emplace(node, Watch{PhiDetector(kConfig, decide)}).first->second;
    const Time wall = env.WallNow();
    watch.detector.Hear({.incarnation = 1, .number = 0, .sent_wall = wall}, env.Now());
  }
  for (Time look = env.After(kLook);; look = env.After(kLook)) {
    while (const auto mail = env.ReceiveUntil(look)) {
      mail->Match([&](const Heartbeat& m) {
        Watch& watch = watches.at(mail->from);
        watch.detector.Hear(m, env.Now());
        if (m.incarnation <= watch.incarnation) return;
        watch.incarnation = m.incarnation;
        env.Report(Heard{mail->from, m.incarnation});
      });
    }
    for (auto& [node, watch] : watches) {
      const bool suspects = watch.detector.Phi(env.Now()) >= kThreshold;
      if (suspects == watch.suspected) continue;
      watch.suspected = suspects;
      if (suspects) {
        env.Report(models::Suspected{node});
      } else {
        env.Report(models::Trusted{node});
      }
    }
  }
}

const std::vector<Mutant<PhiDecisions>>& Mutants() {
  static const std::vector<Mutant<PhiDecisions>> kMutants = {
      {{.name = "keeps-outages",
        .id = "FD-M1",
        .difficulty = "D1",
        .oracle = "detects",
        .about = "the silence of an outage stays in a window that knows no bound",
        .origin = "Hayashibara et al., SRDS 2004: the window"},
       [](PhiDecisions& d) {
         d.Keeps = [](Duration, Duration) { return true; };
         d.WindowOf = [](size_t) { return SIZE_MAX; };
       }},
      {{.name = "senders-wall-clock",
        .id = "FD-M2",
        .difficulty = "D1",
        .oracle = "detects",
        .about = "a heartbeat arrives when its sender's time of day says that it was sent",
        .origin = "clocks that are wrong"},
       [](PhiDecisions& d) { d.ArrivalOf = [](Time, Time sent_wall) { return sent_wall; }; }},
      {{.name = "deviation-of-none",
        .id = "FD-M3",
        .difficulty = "D1",
        .oracle = "detects",
        .about = "where heartbeats come like clockwork phi is no number, and nobody suspected",
        .origin = "a division by zero that floating point does not notice"},
       [](PhiDecisions& d) { d.DeviationOf = [](Duration found, Duration) { return found; }; }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const PhiDecisions decide = DecisionsOf(Mutants(), mutant);
  const auto watched = static_cast<int>(options["watched"]);
  Scenario s;
  s.roles = {{.name = "watched", .count = watched, .main = Watched},
             {.name = "monitor",
              .count = 1,
              .main = [decide](Env& env) { Monitor(env, decide); },
              .mortal = false}};
  s.links = {.delay = 1ms,
             .late = OneIn(8),
             .late_by = SomewhatLate,
             .drop = OneIn(50),
             .duplicate = OneIn(100)};
  s.cuts = {.cut = OneIn(20), .shortest = 200ms, .longest = 3s, .clients = true};
  s.processes = {.pause = OneIn(40)};
  s.clocks = {.offset = OneIn(4), .drift = OneIn(4), .jump = OneIn(20), .freeze = OneIn(40)};
  s.crashes = {
      .crash = OneIn(10), .slot = 2s, .down_at_most = watched, .down = 200ms, .down_more = 6s};
  s.order = OneIn(50);
  s.storm = 25s;
  s.calm = 2 * kDetected;
  std::vector<NodeId> nodes;
  for (uint32_t i = 1; i <= static_cast<uint32_t>(watched); ++i) nodes.push_back(NodeId{i});
  s.oracles = JudgedBy(models::Detects(kDetected, nodes), models::RecoveryMeter());
  return s;
}

}  // namespace

Family PhiAccrual() {
  return {.name = "phi-accrual",
          .about = "a failure detector that says how suspicious a silence is",
          .source = "Hayashibara, Defago, Yared and Katayama, SRDS 2004",
          .options = {{"watched", "how many nodes are watched", 1, 16, 3}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
