// Connections that break, with all that was under way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ticking.h"

namespace reprise {
namespace {

using namespace ticking;
using ::testing::ElementsAre;

TEST(Reset, LosesWhatIsUnderWayAndTellsBothEnds) {
  Scenario s = Ticking(3);
  s.links.connected = true;
  s.links.reset = s.links.half_open = OneIn(100);
  s.links.weather_slot = 100ms;
  s.links.delay = 60ms;
  // At 450 ms between n1 and n2: the fifth tick and tock of both are under way.
  const RunResult r = Play(s, List({{"reset #5", 512}}));
  for (const auto& [from, to] : {std::pair(1, 2), std::pair(2, 1)}) {
    EXPECT_EQ(NumbersSeenBy(r, from, to), AllBut({5}));
    EXPECT_EQ(NumbersSeenBy<GotTock>(r, from, to), AllBut({5}));
  }
  EXPECT_EQ(NumbersSeenBy(r, 1, 3), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(r, 3, 2), AllBut({}));
  EXPECT_THAT(Lines(r, Event::Kind::kStrike), ElementsAre("n1 strike  reset n1 n2"));
  EXPECT_EQ(Lines(r, Event::Kind::kDrop).size(), 4u);
  EXPECT_THAT(Lines(r, Event::Kind::kFact), testing::Contains("n1 fact  Broken(2 2)").Times(1));
  EXPECT_THAT(Lines(r, Event::Kind::kFact), testing::Contains("n2 fact  Broken(1 1)").Times(1));
  ExpectCounts(r, Fault::kReset, 1, 1, 2);

  const RunResult half = Play(s, List({{"half-open #5", 512}, {"half-open-peer #5", 1}}));
  EXPECT_EQ(NumbersSeenBy(half, 1, 3), AllBut({5}));
  EXPECT_EQ(NumbersSeenBy(half, 3, 1), AllBut({5}));
  EXPECT_THAT(Lines(half, Event::Kind::kFact), testing::Contains("n1 fact  Broken(3 3)").Times(1));
  EXPECT_EQ(half.facts[0], (std::pair<std::string, uint64_t>("Broken", 1)));
  ExpectCounts(half, Fault::kHalfOpen, 1, 1, 1);
}

TEST(Reset, NobodyWaitsForWhatIsLost) {
  Scenario s = Ticking(2);
  s.links.connected = true;
  s.links.late = s.links.reset = OneIn(100);
  s.links.weather_slot = 100ms;
  // The third tick would come at 702 ms, and all after it no earlier.
  const RunResult r = Play(s, List({{"late n1>n2 #5", 500}, {"reset #3", 512}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({3}));
  EXPECT_EQ(SeenBy(r, 1, 2)[2], (Seen{4, 302'000}));
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (!event.As<Broken>()) continue;
    EXPECT_EQ(Nanos(event.at), 252'000'000);
  }
}

TEST(Reset, LosesWhatAClogHolds) {
  Scenario s = Ticking(2);
  s.links.connected = true;
  s.links.reset = OneIn(100);
  s.links.weather_slot = 100ms;
  s.clogs = {.clog = OneIn(100), .slot = 100ms, .shortest = 200ms, .longest = 200ms};
  // From 250 to 450 ms into n2, and the connection breaks at 350 ms: the fourth are lost.
  const RunResult r = Play(s, List({{"clog #3", 512}, {"clog-node #3", 1}, {"reset #4", 512}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(r, 1, 2), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({}));
  EXPECT_THAT(Lines(r, Event::Kind::kDrop), ElementsAre("n1 drop n2", "n1 drop n2"));
  ExpectCounts(r, Fault::kClog, 1, 4, 2);
}

TEST(Reset, WhatHasArrivedStays) {
  // n2 looks into its inbox only after the connection broke.
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) {
    if (env.self() == NodeId{1}) {
      for (uint64_t n = 1; n <= 3; ++n) env.Broadcast(Tick{n});
      env.Sleep(600ms);
      return;
    }
    env.Sleep(500ms);
    while (const auto mail = env.Receive(1ms)) {
      mail->Match(
          [&](const Tick& m) {
            env.Report(Got{Index(mail->from), m.n});
          },
          [&](const Disconnected& m) {
            env.Report(Broken{Index(m.peer), 0});
          });
    }
  };
  s.links.connected = true;
  s.links.reset = OneIn(100);
  s.links.weather_slot = 100ms;
  const RunResult r = Play(s, List({{"reset #4", 512}}));
  EXPECT_THAT(Lines(r, Event::Kind::kFact),
              ElementsAre("n2 fact  Got(1 1)", "n2 fact  Got(1 2)", "n2 fact  Got(1 3)",
                          "n2 fact  Broken(1 0)"));
}

TEST(Reset, ANodeThatIsDownHasNoConnection) {
  Scenario s = Ticking(2);
  s.links.connected = true;
  s.links.reset = OneIn(100);
  s.links.weather_slot = 100ms;
  s.crashes = {.crash = OneIn(100), .slot = 100ms, .down = 150ms};
  const RunResult r = Play(s, List({{"crash n2 #4", 512}, {"reset #5", 512}}));
  ExpectCounts(r, Fault::kReset, 1, 0, 0);
}

TEST(Reset, ConnectionsKeepTheOrder) {
  Scenario s = Ticking(2);
  s.links.connected = true;
  s.links.late = OneIn(100);
  const RunResult r = Play(s, List({{"late n1>n2 #3", 250}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({}));
  EXPECT_EQ(SeenBy(r, 1, 2)[2], (Seen{3, 352'000}));
}

}  // namespace
}  // namespace reprise
