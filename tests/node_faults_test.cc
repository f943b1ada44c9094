// Faults of nodes and of their clocks: what each does, exactly, and that it is counted.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/spec/converges.h"
#include "sim/nemesis.h"
#include "sim/search/audit.h"

namespace reprise {
namespace {

constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4};

struct Tick {
  uint64_t node = 0;
  int64_t at = 0;      // By the node's own clock.
  uint64_t count = 0;  // Exposed to memory faults.
};

// Four nodes that report every 10 ms what time it is.
Scenario Tickers() {
  Scenario s;
  s.name = "tickers";
  s.roles = {{.name = "node", .count = 4, .main = [](Env& env) {
                Tick tick{.node = Index(env.self())};
                const Env::Exposed<Tick> exposed(env, tick);
                for (;;) {
                  env.Sleep(10ms);
                  tick.node = Index(env.self());
                  tick.at = Nanos(env.Now());
                  ++tick.count;
                  env.Report(tick);
                }
              }}};
  s.crashes = {
      .down_at_most = 2, .down = 100ms, .down_more = 100ms, .placement = {.zones = 2, .racks = 2}};
  s.storm = 10s;
  s.calm = 1s;
  return s;
}

struct Ran {
  RunResult result;
  std::vector<Event> Of(Event::Kind kind, NodeId node = kNobody) const {
    std::vector<Event> found;
    for (size_t i = 0; i < result.timeline.size(); ++i) {
      const Event e = result.timeline[i];
      if (e.kind == kind && (node == kNobody || e.node == node)) found.push_back(e);
    }
    return found;
  }
  FaultCount count(Fault fault) const { return result.faults[fault]; }
};

Ran RunOf(const Scenario& s, const Departures& departures) {
  return {Simulate(s, Choices::FromDepartures(departures), {.keep_events = true})};
}

int64_t At(const Event& e) { return Nanos(e.at) / 1'000'000; }  // In milliseconds.

void ExpectCounts(const FaultCount& count, uint64_t attempted, uint64_t applied,
                  uint64_t observed) {
  EXPECT_EQ(count.attempted, attempted);
  EXPECT_EQ(count.applied, applied);
  EXPECT_EQ(count.observed, observed);
}

TEST(NodeFaults, ACrashAgainStrikesDuringRecovery) {
  const Scenario s = Tickers();
  const Ran ran = RunOf(s, Nemesis(s)
                               .At(3s, Fault::kCrash, n1)
                               .Nth(Fault::kCrashAgain, n1, kNobody, 2, 1, 33)
                               .departures());
  const auto crashes = ran.Of(Event::Kind::kCrash, n1);
  ASSERT_EQ(crashes.size(), 2u);
  EXPECT_EQ(crashes[1].id, 2u);                     // In the second boot,
  EXPECT_EQ(At(crashes[1]), At(crashes[0]) + 100);  // at its first call.
  ExpectCounts(ran.count(Fault::kCrashAgain), 1, 1, 1);
}

TEST(NodeFaults, SeveralNodesStopAtOneMoment) {
  const Scenario s = Tickers();
  const Ran ran = RunOf(s, Nemesis(s)
                               .At(2500ms, Fault::kSeveral)
                               .With("several-node", 2, 4, 1)
                               .With("several-node", 1, 3, 2)
                               .departures());
  const auto crashes = ran.Of(Event::Kind::kCrash);
  ASSERT_EQ(crashes.size(), 2u);
  EXPECT_EQ(crashes[0].at, crashes[1].at);
  EXPECT_EQ(crashes[0].node, n3);
  EXPECT_EQ(crashes[1].node, n2);
  ExpectCounts(ran.count(Fault::kSeveral), 1, 2, 2);
}

TEST(NodeFaults, ZonesAndRacksStopAsAWhole) {
  Scenario s = Tickers();
  const Ran zone =
      RunOf(s, Nemesis(s).At(2500ms, Fault::kZone).With("which-zone", 1, 2).departures());
  ASSERT_EQ(zone.Of(Event::Kind::kCrash).size(), 2u);
  EXPECT_EQ(zone.Of(Event::Kind::kCrash)[0].node, n2);
  EXPECT_EQ(zone.Of(Event::Kind::kCrash)[1].node, n4);
  const Ran rack = RunOf(s, Nemesis(s)
                                .At(2500ms, Fault::kRack)
                                .With("which-zone", 1, 2)
                                .With("which-rack", 1, 2)
                                .departures());
  ASSERT_EQ(rack.Of(Event::Kind::kCrash).size(), 1u);
  EXPECT_EQ(rack.Of(Event::Kind::kCrash)[0].node, n4);
  s.crashes.down_at_most = 1;  // A zone of two is then beyond what the protocol claims to survive.
  const Ran refused = RunOf(s, Nemesis(s).At(2500ms, Fault::kZone).departures());
  EXPECT_EQ(refused.Of(Event::Kind::kCrash).size(), 0u);
  ExpectCounts(refused.count(Fault::kZone), 1, 0, 0);
}

TEST(NodeFaults, WhoChurnsIsAwayForLong) {
  Scenario s = Tickers();
  s.crashes.churn_most = 4s;
  const Ran ran = RunOf(s, Nemesis(s).At(2s, Fault::kChurn, n2).departures());
  const auto boots = ran.Of(Event::Kind::kBoot, n2);
  ASSERT_EQ(boots.size(), 2u);
  EXPECT_EQ(At(boots[1]) - At(ran.Of(Event::Kind::kCrash, n2)[0]), 1100);
  ExpectCounts(ran.count(Fault::kChurn), 1, 1, 1);
}

// The greatest gap between two reports of a node, in milliseconds.
int64_t Gap(const Ran& ran, NodeId node) {
  int64_t last = 0, greatest = 0;
  for (const Event& e : ran.Of(Event::Kind::kFact, node)) {
    greatest = std::max(greatest, At(e) - last);
    last = At(e);
  }
  return greatest;
}

TEST(NodeFaults, APausedNodeDoesNothingAndItsClockGoesOn) {
  Scenario s = Tickers();
  s.processes.pause_most = 1600ms;
  const Ran ran = RunOf(s, Nemesis(s).At(2s, Fault::kPause, n2).departures());
  EXPECT_EQ(Gap(ran, n1), 10);
  EXPECT_NEAR(Gap(ran, n2), 100, 10);  // A sixteenth of the most, and no more was drawn.
  for (const Event& e : ran.Of(Event::Kind::kFact, n2)) {
    EXPECT_EQ(e.As<Tick>()->at, Nanos(e.at));
  }
  ExpectCounts(ran.count(Fault::kPause), 1, 1, 1);
}

TEST(NodeFaults, WhatArrivesDuringAPauseComesAfterItInOrder) {
  struct Item {
    uint64_t n = 0;
  };
  Scenario s;
  s.roles = {{.name = "sender",
              .count = 1,
              .main =
                  [](Env& env) {
                    for (uint64_t n = 1; n <= 1000; ++n) {
                      env.Send(n2, Item{n});
                      env.Sleep(10ms);
                    }
                  }},
             {.name = "receiver", .count = 1, .main = [](Env& env) {
                for (;;) env.Receive().Match([&](const Item& item) { env.Report(item); });
              }}};
  s.storm = 8s;
  s.calm = 4s;
  for (Fault fault : {Fault::kPause, Fault::kSlow}) {
    const Ran ran = RunOf(s, Nemesis(s).At(2s, fault, n2).departures());
    uint64_t next = 1;
    for (const Event& e : ran.Of(Event::Kind::kFact, n2)) ASSERT_EQ(e.As<Item>()->n, next++);
    EXPECT_EQ(next, 1001u) << Info(fault).name;
    ExpectCounts(ran.count(fault), 1, 1, 1);
  }
}

TEST(NodeFaults, EveryStepOfASlowNodeTakesTime) {
  Scenario s = Tickers();
  s.processes.slow_by = 160ms;
  s.processes.slow_most = 1600ms;
  const Ran ran =
      RunOf(s, Nemesis(s).At(2s, Fault::kSlow, n2).With("slow-for", 1023, kQuantiles).departures());
  EXPECT_EQ(Gap(ran, n1), 10);
  EXPECT_EQ(Gap(ran, n2), 20);  // It sleeps for 10 ms, and waking up takes as long again.
  EXPECT_NEAR(static_cast<double>(ran.Of(Event::Kind::kFact, n2).size()), 1100 - 80, 5);
  ExpectCounts(ran.count(Fault::kSlow), 1, 1, 1);
}

TEST(NodeFaults, MemoryFlipsOneBitOfWhatIsExposed) {
  const Scenario s = Tickers();
  // The third field's lowest bit: its first byte is the 16th.
  const Ran ran = RunOf(
      s, Nemesis(s).At(2s, Fault::kMemory, n2).With("flip-bit", 16 * 8 + 7, 24 * 8).departures());
  uint64_t last = 0;
  int odd = 0;
  for (const Event& e : ran.Of(Event::Kind::kFact, n2)) {
    if (e.As<Tick>()->count != last + 1) ++odd;
    last = e.As<Tick>()->count;
  }
  EXPECT_EQ(odd, 1);
  ExpectCounts(ran.count(Fault::kMemory), 1, 1, 1);
}

TEST(NodeFaults, AFrozenClockRunsOnFromWhereItStood) {
  Scenario s = Tickers();
  s.clocks.freeze_most = 800ms;
  const Ran ran = RunOf(s, Nemesis(s).At(2s, Fault::kFreeze, n2).departures());
  const auto facts = ran.Of(Event::Kind::kFact, n2);
  int standing = 0;
  for (size_t i = 1; i < facts.size(); ++i) {
    const int64_t before = facts[i - 1].As<Tick>()->at, now = facts[i].As<Tick>()->at;
    ASSERT_GE(now, before);
    standing += now == before;
  }
  EXPECT_NEAR(standing, 10, 1);  // 100 ms: timers went on.
  EXPECT_EQ(Gap(ran, n2), 10);
  const Event& last = facts.back();
  EXPECT_EQ(Nanos(last.at) - last.As<Tick>()->at, 100'000'000);
  EXPECT_EQ(ran.count(Fault::kFreeze).applied, 1u);
  EXPECT_GT(ran.count(Fault::kFreeze).observed, 100u);
}

TEST(NodeFaults, ALateTimerIsLateOnce) {
  Scenario s = Tickers();
  s.clocks.late_timer_most = 1024ms;
  const Departures late = {{*ParseAddress("late-timer n2 #1.50"), 300, kQuantiles}};
  const Ran ran = RunOf(s, late);
  EXPECT_EQ(Gap(ran, n2), 310);
  EXPECT_EQ(Gap(ran, n1), 10);
  ExpectCounts(ran.count(Fault::kLateTimer), 1, 1, 1);
}

TEST(NodeFaults, NothingOfItHappensInTheCalmRun) {
  Scenario s = Tickers();
  s.crashes.again = s.crashes.several = s.crashes.zone = s.crashes.rack = OneIn(2);
  s.crashes.churn = s.processes.pause = s.processes.slow = s.processes.memory = OneIn(2);
  s.clocks.freeze = s.clocks.late_timer = OneIn(2);
  EXPECT_EQ(Simulate(s, Choices::Calm()).digest, Simulate(Tickers(), Choices::Calm()).digest);
}

Scenario Everything() {
  Scenario s = Tickers();
  s.storm = 4s;
  s.crashes.crash = OneIn(20);
  s.crashes.again = OneIn(4);
  s.crashes.several = s.crashes.zone = s.crashes.rack = OneIn(20);
  s.crashes.churn = s.processes.pause = s.processes.slow = s.processes.memory = OneIn(40);
  s.clocks.freeze = OneIn(40);
  s.clocks.late_timer = OneIn(400);
  return s;
}

FaultCounts Campaign(const Scenario& s) {
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 200; ++seed)
    faults += Simulate(s, Choices::FromSeed(seed)).faults;
  return faults;
}

TEST(NodeFaults, ACampaignSeesEachOfThemAndTheAuditIsContent) {
  const Scenario s = Everything();
  const FaultCounts faults = Campaign(s);
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(s, fault).num == 0) continue;
    EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
    EXPECT_LE(faults[fault].observed, faults[fault].applied * 10'000) << Info(fault).name;
  }
  EXPECT_EQ(AuditFaults(s, faults), std::vector<std::string>());
}

TEST(Audit, NoticesRatesThatAreNotWhatTheySay) {
  Scenario s = Everything();
  FaultCounts faults = Campaign(s);
  FaultCount& count = faults[Fault::kLateTimer];
  ASSERT_GT(count.attempted, 1000u);
  const FaultCount right = count;
  count.attempted = right.attempted * 3 / 4;
  EXPECT_EQ(AuditFaults(s, faults).size(), 1u);
  count.attempted = right.attempted * 5 / 4;
  EXPECT_EQ(AuditFaults(s, faults).size(), 1u);
  count = right;
  count.attempted = count.applied = count.observed = 0;  // Drawn, and never.
  EXPECT_EQ(AuditFaults(s, faults).size(), 1u);
  // What was asked for by hand is no matter of rates.
  Nemesis story(s);
  for (uint64_t k = 1; k <= 9; ++k) story.At(400ms * k, Fault::kPause, n1);
  EXPECT_EQ(AuditFaults(s, RunOf(s, story.departures()).result.faults).size(), 0u);
}

TEST(Calms, ACoreGoesOnAndTheOthersStandStill) {
  Scenario s = Tickers();
  s.calms.core = 2s;
  const Departures core = {{*ParseAddress("calm-how #1"), 1, 2},
                           {*ParseAddress("calm-out #1"), 2, 4}};
  const Ran ran = RunOf(s, core);
  const auto out = ran.Of(Event::Kind::kLeftOut);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].node, n3);
  EXPECT_EQ(out[1].node, n1);
  EXPECT_LE(At(ran.Of(Event::Kind::kFact, n3).back()), 10'000);
  EXPECT_EQ(At(ran.Of(Event::Kind::kFact, n2).back()), 12'000);
  EXPECT_EQ(ran.Of(Event::Kind::kCalm)[0].id, static_cast<uint64_t>(Calm::kCore));
}

TEST(Calms, WhoIsDownIsLeftOutFirstAndStaysDown) {
  Scenario s = Tickers();
  s.calms.core = 2s;
  s.crashes.down = 1s;
  Nemesis story(s);
  story.At(9900ms, Fault::kCrash, n4);
  Departures departures = story.departures();
  departures.push_back({*ParseAddress("calm-how #1"), 1, 2});
  Sort(departures);
  const Ran ran = RunOf(s, departures);
  ASSERT_EQ(ran.Of(Event::Kind::kLeftOut).size(), 2u);
  EXPECT_EQ(ran.Of(Event::Kind::kLeftOut)[0].node, n4);
  EXPECT_EQ(ran.Of(Event::Kind::kBoot, n4).size(), 1u);
}

// A node that is as good as lost, as its disk is damaged, is one of those that are left out.
TEST(Calms, ADamagedDiskCountsAmongTheNodesLeftOut) {
  for (const int damaged_at_most : {0, 1, 2}) {
    Scenario s = Tickers();
    const NodeMain tick = s.roles[0].main;
    s.roles[0].main = [tick](Env& env) {
      auto file = env.disk().Open("f", OpenMode::kCreate);
      CHECK(file.ok() && file->Append("content").ok() && file->Sync().ok());
      CHECK(env.disk().SyncDir("").ok());
      tick(env);
    };
    s.calms.core = 2s;
    s.disks = {.rot = OneIn(100), .damaged_at_most = damaged_at_most};
    Nemesis story(s);
    story.At(1s, Fault::kRot, n3);
    Departures departures = story.departures();
    departures.push_back({*ParseAddress("calm-how #1"), 1, 2});
    Sort(departures);
    const Ran ran = RunOf(s, departures);
    EXPECT_EQ(ran.result.faults[Fault::kRot].applied, 1u);
    const auto out = ran.Of(Event::Kind::kLeftOut);
    ASSERT_EQ(out.size(), damaged_at_most == 0 ? 2u : 1u);
    EXPECT_TRUE(damaged_at_most == 0 || out[0].node != n3);
  }
}

TEST(Calms, WithoutHealingLivenessIsSkipped) {
  Scenario s = Tickers();
  s.calms.quiesce = 2s;
  s.oracles = JudgedBy(models::Converges<Tick>(500ms, "ticked", {n1, n2, n3, n4}));
  Nemesis story(s);
  story.At(9s, Fault::kCut).With("cut-for", 1023, kQuantiles);
  Departures departures = story.departures();
  EXPECT_EQ(RunOf(s, departures).result.verdict.kind, Verdict::Kind::kPass);
  departures.push_back({*ParseAddress("calm-how #1"), 1, 2});
  Sort(departures);
  const Ran ran = RunOf(s, departures);
  EXPECT_EQ(ran.result.verdict.kind, Verdict::Kind::kSkipped);
  EXPECT_EQ(ran.result.verdict.oracle, "converges");
  ASSERT_EQ(ran.Of(Event::Kind::kHeal).size(), 1u);  // When its time has come, and not before.
  EXPECT_GT(At(ran.Of(Event::Kind::kHeal)[0]), 10'500);
}

// Sees all, and has nothing against it.
class Content final : public Oracle {
 public:
  std::string name() const override { return "content"; }
};

TEST(Calms, WithoutHealingSafetyIsJudged) {
  Scenario s = Tickers();
  s.calms.quiesce = 2s;
  const models::Converges<Tick> converges(500ms, "ticked", {n1});
  const Departures quiesce = {{*ParseAddress("calm-how #1"), 1, 2}};
  for (const auto& oracles : {JudgedBy(converges, Content()), JudgedBy(Content(), converges)}) {
    s.oracles = oracles;
    EXPECT_EQ(RunOf(s, quiesce).result.verdict.kind, Verdict::Kind::kPass);
  }
  s.oracles = JudgedBy(converges, converges);
  EXPECT_EQ(RunOf(s, quiesce).result.verdict.kind, Verdict::Kind::kSkipped);
}

TEST(Nemesis, AStoryIsRefusedWhereItIsNoStory) {
  const Scenario s = Tickers();
  EXPECT_ANY_THROW(Nemesis(s).At(1s, Fault::kDrop, n1));    // Drawn by message, not by slot.
  EXPECT_ANY_THROW(Nemesis(s).At(10s, Fault::kCrash, n1));  // In the calm.
  EXPECT_ANY_THROW(Nemesis(s).At(1s, Fault::kCrash, n1).With("no-such-thing", 1, 2));
  EXPECT_ANY_THROW(Nemesis(s).Nth(Fault::kDrop, n1, n2, 0));
}

TEST(Nemesis, AStoryHappensInTheMidstOfASeed) {
  const Scenario s = Everything();
  const Departures story = Nemesis(s).CrashAt(n1, 1, 30).departures();
  const RunResult r = Simulate(s, Choices::FromSeed(7, story));
  EXPECT_EQ(r.faults[Fault::kCrashAt].attempted, 1u);
  EXPECT_GT(r.taken.size(), 10u);
  EXPECT_EQ(Simulate(s, Choices::FromDepartures(r.departures())).digest, r.digest);
}

}  // namespace
}  // namespace reprise
