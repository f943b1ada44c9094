// Partitions of other shapes than a cut, and clogs: where departures put them, and nowhere else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ticking.h"

namespace reprise {
namespace {

using namespace ticking;
using ::testing::ElementsAre;

// Each node sends ten ticks to each other, one each 100 ms, and reports what it gets.
Scenario Parting(int nodes) {
  Scenario s;
  s.name = "ticking";
  s.roles = {{.name = "node", .count = nodes, .main = [](Env& env) {
                env.Spawn([&env] {
                  for (uint64_t n = 1; n <= kTicks; ++n) {
                    env.Broadcast(Tick{n});
                    env.Sleep(100ms);
                  }
                });
                for (;;) {
                  const Envelope mail = env.Receive();
                  env.Report(Got{Index(mail.from), mail.As<Tick>()->n});
                }
              }}};
  s.cuts = {.cut = OneIn(100),
            .groups = OneIn(100),
            .bridge = OneIn(100),
            .ring = OneIn(100),
            .flap = OneIn(100),
            .slot = 100ms,
            .shortest = 100ms,
            .longest = 1124ms};
  s.clogs = {.clog = OneIn(100),
             .swizzle = OneIn(100),
             .slot = 100ms,
             .shortest = 100ms,
             .longest = 1124ms};
  s.links = {.delay = 1ms, .drop = OneIn(100)};
  s.storm = 1s;
  s.calm = 2s;
  return s;
}

// Exactly the links for which `apart` is true miss these ticks.
void ExpectMissing(const RunResult& r, uint32_t nodes, std::vector<uint64_t> missing,
                   const std::function<bool(uint32_t, uint32_t)>& apart) {
  for (uint32_t from = 1; from <= nodes; ++from) {
    for (uint32_t to = 1; to <= nodes; ++to) {
      if (from == to) continue;
      EXPECT_EQ(NumbersSeenBy(r, from, to), apart(from, to) ? AllBut(missing) : AllBut({}))
          << from << ">" << to;
    }
  }
}

std::vector<std::string> Texts(const RunResult& r, Event::Kind kind) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind == kind) texts.emplace_back(event.message.bytes());
  }
  return texts;
}

TEST(Partitions, Groups) {
  const RunResult r = Play(Parting(5), List({{"groups #3", 512}}));
  EXPECT_THAT(Texts(r, Event::Kind::kCut), ElementsAre("groups n1 n4 | n2 n5 | n3"));
  EXPECT_THAT(Texts(r, Event::Kind::kHeal), ElementsAre("groups n1 n4 | n2 n5 | n3"));
  ExpectMissing(r, 5, {4}, [](uint32_t a, uint32_t b) { return a % 3 != b % 3; });
  ExpectCounts(r, Fault::kGroups, 1, 16, 16);
  ExpectCounts(r, Fault::kCut, 0, 0, 0);
  const RunResult other =
      Play(Parting(5), List({{"groups #3", 512}, {"groups-count #3", 2}, {"groups-side #3.1", 1}}));
  EXPECT_THAT(Texts(other, Event::Kind::kCut), ElementsAre("groups n1 n2 | n3 | n4 | n5"));
  const RunResult none = Play(Parting(2), List({{"groups #3", 512}}));
  ExpectCounts(none, Fault::kGroups, 1, 0, 0);
}

TEST(Partitions, ABridgeIsReachedFromBothSides) {
  const RunResult r = Play(Parting(5), List({{"bridge #3", 512}, {"bridge-node #3", 2}}));
  EXPECT_THAT(Texts(r, Event::Kind::kCut), ElementsAre("bridge n3 of n1 n4 | n2 n5"));
  const auto side = [](uint32_t n) { return n == 1 || n == 4 ? 1 : n == 3 ? 0 : 2; };
  ExpectMissing(r, 5, {4}, [&](uint32_t a, uint32_t b) { return side(a) + side(b) == 3; });
  ExpectCounts(r, Fault::kBridge, 1, 8, 8);
}

TEST(Partitions, InARingOnlyNeighboursReachEachOther) {
  const RunResult r = Play(Parting(5), List({{"ring #3", 512}}));
  EXPECT_THAT(Texts(r, Event::Kind::kCut), ElementsAre("ring n1 n2 n3 n4 n5"));
  const auto apart = [](uint32_t a, uint32_t b) {
    const uint32_t distance = (b + 5 - a) % 5;
    return distance != 1 && distance != 4;
  };
  ExpectMissing(r, 5, {4}, apart);
  ExpectCounts(r, Fault::kRing, 1, 10, 10);
  const RunResult other = Play(Parting(4), List({{"ring #3", 512}, {"ring-place #3.2", 1}}));
  EXPECT_THAT(Texts(other, Event::Kind::kCut), ElementsAre("ring n1 n3 n2 n4"));
  ExpectMissing(other, 4, {4}, [](uint32_t a, uint32_t b) { return a + b == 3 || a + b == 7; });
  const RunResult none = Play(Parting(3), List({{"ring #3", 512}}));
  ExpectCounts(none, Fault::kRing, 1, 0, 0);
}

TEST(Partitions, AFlappingNodeComesAndGoes) {
  // From 150 ms for 100 + 600 ms: off, on and off again, 233 ms each.
  const RunResult r =
      Play(Parting(3), List({{"flap #2", 512}, {"flap-node #2", 1}, {"flap-for #2", 600}}));
  EXPECT_THAT(Texts(r, Event::Kind::kCut), ElementsAre("flap n2 | the rest", "flap n2 | the rest"));
  EXPECT_EQ(Texts(r, Event::Kind::kHeal).size(), 2u);
  ExpectMissing(r, 3, {3, 4, 8, 9}, [](uint32_t a, uint32_t b) { return a == 2 || b == 2; });
  ExpectCounts(r, Fault::kFlap, 1, 16, 16);
}

TEST(Partitions, WhatDidNotBeginInTheStormNeverDoes) {
  Scenario s = Parting(2);
  s.storm = 450ms;
  // The second time off would begin at 617 ms.
  const RunResult r = Play(s, List({{"flap #2", 512}, {"flap-for #2", 600}}));
  EXPECT_EQ(Texts(r, Event::Kind::kCut).size(), 1u);
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({3, 4}));
}

TEST(Partitions, EachHasItsOwnCountsWhereTheyOverlap) {
  // n1 is cut off from 250 to 650 ms, and the ring is there from 350 to 450 ms.
  const RunResult r =
      Play(Parting(4), List({{"cut #3", 512}, {"cut-for #3", 300}, {"ring #4", 512}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 3), AllBut({4, 5, 6, 7}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 4), AllBut({5}));
  ExpectCounts(r, Fault::kCut, 1, 24, 24);
  ExpectCounts(r, Fault::kRing, 1, 2, 2);
}

TEST(Partitions, ClientsAreInsideWhereTheDrawSaysSo) {
  Scenario s = Parting(4);
  s.roles.push_back({.name = "client", .count = 1, .main = s.roles[0].main, .client = true});
  EXPECT_THAT(Texts(Play(s, List({{"ring #3", 512}})), Event::Kind::kCut),
              ElementsAre("ring n1 n2 n3 n4"));
  EXPECT_THAT(Texts(Play(s, List({{"ring #3", 512}, {"ring-clients #3", 1}})), Event::Kind::kCut),
              ElementsAre("ring n1 n2 n3 n4 n5"));
  s.cuts.clients = false;
  const RunResult r =
      Simulate(s, Choices::FromDepartures(List({{"ring #3", 512}, {"ring-clients #3", 1}})));
  EXPECT_EQ(r.given_drawn, 1u);
}

TEST(Clogs, HoldWhatIsSentAndReleaseItInOrder) {
  // From 250 ms for 100 + 200 ms, into n2.
  const RunResult r =
      Play(Parting(3), List({{"clog #3", 512}, {"clog-node #3", 1}, {"clog-for #3", 200}}));
  EXPECT_THAT(Texts(r, Event::Kind::kStrike), ElementsAre("clog n2 in"));
  EXPECT_THAT(Texts(r, Event::Kind::kOver), ElementsAre("clog n2 in"));
  for (const uint32_t from : {1, 3}) {
    const std::vector<Seen> seen = SeenBy(r, from, 2);
    EXPECT_EQ(NumbersSeenBy(r, from, 2), AllBut({}));
    EXPECT_EQ(seen[2], (Seen{3, 201'000}));
    EXPECT_EQ(seen[3], (Seen{4, 551'000}));
    EXPECT_EQ(seen[4], (Seen{5, 551'000}));
    EXPECT_EQ(seen[5], (Seen{6, 551'000}));
    EXPECT_EQ(seen[6], (Seen{7, 601'000}));
  }
  EXPECT_EQ(SeenBy(r, 2, 1)[3], (Seen{4, 301'000}));
  EXPECT_EQ(SeenBy(r, 1, 3)[3], (Seen{4, 301'000}));
  ExpectCounts(r, Fault::kClog, 1, 6, 6);
}

TEST(Clogs, OutOfANodeAndBetweenTwo) {
  const RunResult out =
      Play(Parting(3), List({{"clog #3", 512}, {"clog-how #3", 1}, {"clog-node #3", 1}}));
  EXPECT_THAT(Texts(out, Event::Kind::kStrike), ElementsAre("clog n2 out"));
  EXPECT_EQ(SeenBy(out, 2, 1)[3], (Seen{4, 351'000}));
  EXPECT_EQ(SeenBy(out, 2, 3)[3], (Seen{4, 351'000}));
  EXPECT_EQ(SeenBy(out, 1, 2)[3], (Seen{4, 301'000}));
  ExpectCounts(out, Fault::kClog, 1, 2, 2);
  const RunResult pair =
      Play(Parting(3), List({{"clog #3", 512}, {"clog-how #3", 2}, {"clog-peer #3", 1}}));
  EXPECT_THAT(Texts(pair, Event::Kind::kStrike), ElementsAre("clog n1 n3"));
  EXPECT_EQ(SeenBy(pair, 1, 3)[3], (Seen{4, 351'000}));
  EXPECT_EQ(SeenBy(pair, 3, 1)[3], (Seen{4, 351'000}));
  EXPECT_EQ(SeenBy(pair, 1, 2)[3], (Seen{4, 301'000}));
}

TEST(Clogs, WhatIsHeldMeetsWhatIsThereWhenItIsReleased) {
  // Tick 4 is held from 300 ms to the clog's end at 350 ms, and is only then drawn for.
  const RunResult lost =
      Play(Parting(2), List({{"clog #3", 512}, {"clog-node #3", 1}, {"drop n1>n2 #4", 1}}));
  EXPECT_EQ(NumbersSeenBy(lost, 1, 2), AllBut({4}));
  ExpectCounts(lost, Fault::kClog, 1, 1, 0);
  ExpectCounts(lost, Fault::kDrop, 1, 1, 1);
}

TEST(Clogs, TheCalmReleasesAllIntoANetworkThatIsWhole) {
  Scenario s = Parting(2);
  s.storm = 450ms;
  const RunResult r = Play(s, List({{"clog #3", 512},
                                    {"clog-node #3", 1},
                                    {"clog-for #3", 1023},
                                    {"cut #4", 614},
                                    {"cut-for #4", 1023}}));
  // Tick 4 was held before the cut, and tick 5 was cut off.
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({5}));
  EXPECT_EQ(SeenBy(r, 1, 2)[3], (Seen{4, 451'000}));
}

TEST(Clogs, ASwizzleReleasesInAnotherOrder) {
  // From 250 ms for 100 + 500 ms: n1 and n2 are clogged 150 ms apart, and the last is released
  // first.
  const RunResult r = Play(Parting(3), List({{"swizzle #3", 512}, {"swizzle-for #3", 500}}));
  EXPECT_THAT(Texts(r, Event::Kind::kStrike), ElementsAre("swizzle n1", "swizzle n2"));
  EXPECT_THAT(Texts(r, Event::Kind::kOver), ElementsAre("swizzle n2", "swizzle n1"));
  EXPECT_EQ(SeenBy(r, 3, 2)[4], (Seen{5, 701'000}));  // Held from 400 to 700 ms,
  EXPECT_EQ(SeenBy(r, 3, 1)[4], (Seen{5, 851'000}));  // and from 250 to 850 ms.
  EXPECT_EQ(SeenBy(r, 1, 2)[4], (Seen{5, 851'000}));
  for (const uint32_t to : {1, 2}) EXPECT_EQ(NumbersSeenBy(r, 3, to), AllBut({}));
  EXPECT_GT(r.faults[Fault::kSwizzle].observed, 0u);
  EXPECT_EQ(r.faults[Fault::kSwizzle].applied, r.faults[Fault::kSwizzle].observed);
  const RunResult same = Play(
      Parting(3), List({{"swizzle #3", 512}, {"swizzle-for #3", 500}, {"swizzle-order #3.1", 1}}));
  EXPECT_THAT(Texts(same, Event::Kind::kOver), ElementsAre("swizzle n1", "swizzle n2"));
}

}  // namespace
}  // namespace reprise
