// Links that are slow, short or lossy for a while, types that vanish, copies that outlive their
// receiver: each where departures put it, and nowhere else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/world/links.h"
#include "tests/ticking.h"

namespace reprise {
namespace {

using namespace ticking;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Stale, ArrivesInALaterBoot) {
  Scenario s = Ticking(2);
  s.links.stale = OneIn(100);
  s.crashes = {.crash = OneIn(100), .slot = 100ms, .down = 150ms};
  // n2 is down from 350 to 500 ms.
  const RunResult r = Play(s, List({{"crash n2 #4", 512}, {"stale n1>n2 #3", 30}}));
  EXPECT_THAT(NumbersSeenBy(r, 1, 2), ElementsAre(1, 2, 3, 4, 6, 2, 7, 8, 9, 10));
  EXPECT_EQ(SeenBy(r, 1, 2)[5], (Seen{2, 500'000 + 2'000 + 30'000}));
  EXPECT_THAT(Lines(r, Event::Kind::kStale), ElementsAre("n2 stale n1"));
  ExpectCounts(r, Fault::kStale, 1, 1, 1);
  // Where nobody restarts, and where it would come in the calm, it does not.
  const RunResult up = Play(s, List({{"stale n1>n2 #3", 30}}));
  EXPECT_EQ(NumbersSeenBy(up, 1, 2), AllBut({}));
  ExpectCounts(up, Fault::kStale, 1, 0, 0);
  const RunResult calm = Play(s, List({{"crash n2 #4", 512}, {"stale n1>n2 #3", 600}}));
  EXPECT_THAT(Lines(calm, Event::Kind::kStale), IsEmpty());
  ExpectCounts(calm, Fault::kStale, 1, 0, 0);
}

TEST(Burst, LosesWhatItsOwnDrawsSay) {
  Scenario s = Ticking(2);
  s.links.burst = OneIn(100);
  s.links.burst_slot = 200ms;
  s.links.burst_most = 1024ms;
  // From 200 ms, the start of the second slot, for 250 ms: ticks 3, 4 and 5 are in it.
  const Departures departures = List({{"burst n1>n2 #2", 250},
                                      {"burst-loss n1>n2 #5", 1},
                                      {"burst-loss n1>n2 #7", 1},
                                      {"burst-loss n1>n2 #10", 1}});
  const RunResult r = Play(s, departures);
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({3, 4}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(r, 1, 2), AllBut({5}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({}));
  EXPECT_THAT(Lines(r, Event::Kind::kStrike), ElementsAre("n1 strike  burst n1>n2"));
  EXPECT_EQ(Lines(r, Event::Kind::kOver).size(), 1u);
  ExpectCounts(r, Fault::kBurst, 1, 3, 3);
  // Outside of the burst there is no such draw.
  const RunResult outside = Simulate(
      s, Choices::FromDepartures(List(
             {{"burst n1>n2 #2", 250}, {"burst-loss n1>n2 #4", 1}, {"burst-loss n1>n2 #11", 1}})));
  EXPECT_EQ(outside.given_drawn, 1u);
  ExpectCounts(outside, Fault::kBurst, 1, 0, 0);
}

TEST(Burst, IsTheSameWhoeverLooks) {
  // A link on which nothing was sent for long has the burst that began meanwhile.
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) {
    env.Sleep(750ms);
    env.Broadcast(Tick{1});
    env.Receive(500ms);
  };
  s.links.burst = OneIn(100);
  s.links.burst_slot = 200ms;
  s.links.burst_most = 1024ms;
  const RunResult r = Play(s, List({{"burst n1>n2 #1", 800}, {"burst-loss n1>n2 #1", 1}}));
  ExpectCounts(r, Fault::kBurst, 1, 1, 1);
}

TEST(Blackhole, OneTypeToOneNodeVanishes) {
  Scenario s = Ticking(3);
  s.links.blackhole = OneIn(100);
  s.links.weather_slot = 200ms;
  s.links.weather_most = 1024ms;
  // From 350 ms, for 64 ms and 240 more. The types are those sent so far: Tick, Tock.
  const RunResult ticks =
      Play(s, List({{"blackhole #2", 768}, {"blackhole-node #2", 1}, {"blackhole-for #2", 256}}));
  EXPECT_EQ(NumbersSeenBy(ticks, 1, 2), AllBut({5, 6, 7}));
  EXPECT_EQ(NumbersSeenBy(ticks, 3, 2), AllBut({5, 6, 7}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(ticks, 1, 2), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(ticks, 2, 1), AllBut({}));
  ExpectCounts(ticks, Fault::kBlackhole, 1, 6, 6);
  EXPECT_THAT(Lines(ticks, Event::Kind::kStrike), ElementsAre("n2 strike  blackhole Tick to n2"));
  EXPECT_EQ(Lines(ticks, Event::Kind::kOver).size(), 1u);
  const RunResult tocks = Play(s, List({{"blackhole #2", 768}, {"blackhole-type #2", 1}}));
  EXPECT_EQ(NumbersSeenBy(tocks, 2, 1), AllBut({}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(tocks, 2, 1), AllBut({5}));
}

TEST(Bandwidth, WhatIsSentWaitsForWhatWasSentBefore) {
  Scenario s = Ticking(2);
  s.links.bandwidth = OneIn(100);
  s.links.bandwidth_most = s.links.bandwidth_least = 800;
  s.links.weather_slot = 200ms;
  s.links.weather_most = 1024ms;
  // From 350 ms for 304 ms. A message of 8 bytes has 48 with its headers, and takes 60 ms.
  const RunResult r = Play(s, List({{"bandwidth #2", 768}, {"bandwidth-for #2", 256}}));
  const std::vector<Seen> ticks = SeenBy(r, 1, 2), tocks = SeenBy<GotTock>(r, 1, 2);
  EXPECT_EQ(ticks[4], (Seen{5, 400'000 + 60'000 + 2'000}));
  EXPECT_EQ(tocks[4], (Seen{5, 400'000 + 120'000 + 2'000}));
  EXPECT_EQ(ticks[5], (Seen{6, 400'000 + 180'000 + 2'000}));
  EXPECT_EQ(tocks[5], (Seen{6, 400'000 + 240'000 + 2'000}));
  EXPECT_EQ(ticks[6], (Seen{7, 654'000 + 2'000}));  // When it is over nothing waits.
  EXPECT_EQ(tocks[6], (Seen{7, 654'000 + 2'000}));
  EXPECT_EQ(ticks[7], (Seen{8, 702'000}));
  EXPECT_EQ(SeenBy(r, 2, 1)[4], (Seen{5, 402'000}));
  ExpectCounts(r, Fault::kBandwidth, 1, 6, 6);
  EXPECT_THAT(Lines(r, Event::Kind::kStrike),
              ElementsAre("n1 strike  bandwidth n1>n2 800 bytes/s"));
}

TEST(Queue, ALinkHoldsFewMessages) {
  Scenario s = Ticking(2);
  s.links.queue = OneIn(100);
  s.links.queue_most = 1;
  s.links.weather_slot = 200ms;
  s.links.weather_most = 1024ms;
  // From 350 ms for 304 ms. Tocks are sent while the tick before is on the link.
  const RunResult r = Play(s, List({{"queue #2", 768}, {"queue-for #2", 256}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(r, 1, 2), AllBut({5, 6, 7}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(r, 2, 1), AllBut({}));
  ExpectCounts(r, Fault::kQueue, 1, 3, 3);
  s.links.queue_most = 2;
  const RunResult two = Play(s, List({{"queue #2", 768}, {"queue-for #2", 256}}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(two, 1, 2), AllBut({}));
  const RunResult one =
      Play(s, List({{"queue #2", 768}, {"queue-for #2", 256}, {"queue-room #2", 1}}));
  EXPECT_EQ(NumbersSeenBy<GotTock>(one, 1, 2), AllBut({5, 6, 7}));
}

// Everything at once, over seeds: nothing strikes in the calm run, everything is met in others, and
// what is written down replays.
TEST(Weather, IsMetByNodesInSomeRunAndNeverInTheCalm) {
  constexpr Fault kAll[] = {Fault::kCorrupt,   Fault::kTruncate,  Fault::kStale,   Fault::kBurst,
                            Fault::kBlackhole, Fault::kBandwidth, Fault::kQueue,   Fault::kReset,
                            Fault::kHalfOpen,  Fault::kClog,      Fault::kSwizzle, Fault::kGroups,
                            Fault::kBridge,    Fault::kRing,      Fault::kFlap};
  for (const bool checksum : {true, false}) {
    Scenario s = Ticking(4);
    s.links = models::HarshConnections();
    s.links.checksum = checksum;
    s.links.weather_slot = s.links.burst_slot = 100ms;
    s.cuts = models::HarshPartitions();
    s.cuts.slot = 100ms;
    s.clogs = models::Clogs();
    s.clogs.slot = 100ms;
    s.crashes = {.crash = OneIn(8), .slot = 100ms};
    const RunResult calm = Simulate(s, Choices::Calm());
    FaultCounts faults;
    for (uint64_t seed = 1; seed <= 100; ++seed) {
      const RunResult r = Simulate(s, Choices::FromSeed(seed));
      ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
      faults += r.faults;
      const RunResult again = Simulate(s, Choices::FromDepartures(r.departures()));
      ASSERT_EQ(again.digest, r.digest) << seed;
      ASSERT_EQ(again.given_drawn, again.given) << seed;
    }
    for (const Fault fault : kAll) {
      ExpectCounts(calm, fault, 0, 0, 0);
      EXPECT_GT(faults[fault].attempted, 0u) << Info(fault).name;
      EXPECT_GT(faults[fault].applied, 0u) << Info(fault).name;
      EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
    }
  }
}

TEST(Weather, OpportunitiesStrike) {
  Scenario s = Ticking(4);
  s.links = models::HarshConnections();
  s.cuts = models::HarshPartitions();
  s.clogs = models::Clogs();
  const RunResult calm = Simulate(s, Choices::Calm(), {.find_opportunities = true});
  std::vector<std::string> labels;
  for (const Opportunity& o : calm.opportunities) {
    if (std::ranges::find(labels, o.address.site.label.name()) != labels.end()) continue;
    labels.push_back(o.address.site.label.name());
    const RunResult r = Simulate(s, Choices::FromDepartures({{o.address, o.bound - 1, o.bound}}));
    EXPECT_EQ(r.given_drawn, 1u) << Describe(o.address);
  }
  EXPECT_THAT(labels, testing::IsSupersetOf({"corrupt", "truncate", "stale", "burst", "blackhole",
                                             "bandwidth", "queue", "reset", "half-open", "groups",
                                             "bridge", "ring", "flap", "clog", "swizzle"}));
}

}  // namespace
}  // namespace reprise
