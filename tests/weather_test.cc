// Links that are clogged, slow, short or lossy for a while, types that vanish, damage, copies that
// outlive their receiver, connections that break: each where departures put it, and nowhere else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/world/links.h"
#include "sim/connection.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Tick {
  uint64_t n = 0;
};
struct Tock {
  uint64_t n = 0;
};
struct Empty {};
struct Got {
  uint64_t from = 0, n = 0, boot = 0;
};
struct GotTock {
  uint64_t from = 0, n = 0;
};
struct Unreadable {
  uint64_t from = 0;
};
struct Broken {
  uint64_t peer = 0, from = 0;
};

Departures List(const std::vector<std::pair<const char*, uint64_t>>& entries) {
  Departures out;
  for (const auto& [text, value] : entries) {
    const auto address = ParseAddress(text);
    EXPECT_TRUE(address.has_value()) << text;
    if (address) out.push_back({*address, value, 1 << 20});
  }
  Sort(out);
  return out;
}

constexpr uint64_t kTicks = 10;

// Each node sends ten ticks to each other, one each 100 ms and a tock 1 ms after it, and reports
// what it gets.
Scenario Ticking(int nodes) {
  Scenario s;
  s.name = "ticking";
  s.roles = {{.name = "node", .count = nodes, .main = [](Env& env) {
                env.Spawn([&env] {
                  for (uint64_t n = 1; n <= kTicks && env.boot() == 1; ++n) {
                    env.Broadcast(Tick{n});
                    env.Sleep(1ms);
                    env.Broadcast(Tock{n});
                    env.Sleep(99ms);
                  }
                });
                for (;;) {
                  const Envelope mail = env.Receive();
                  const bool known = mail.Match(
                      [&](const Tick& m) {
                        env.Report(Got{Index(mail.from), m.n, env.boot()});
                      },
                      [&](const Tock& m) {
                        env.Report(GotTock{Index(mail.from), m.n});
                      },
                      [&](const Disconnected& m) {
                        env.Report(Broken{Index(m.peer), Index(mail.from)});
                      });
                  if (!known) env.Report(Unreadable{Index(mail.from)});
                }
              }}};
  s.links = {.delay = 2ms,
             .late_by = [](uint64_t q) { return Duration(1ms) * static_cast<int64_t>(q); }};
  s.storm = 1s;
  s.calm = 2s;
  return s;
}

struct Seen {
  uint64_t n;
  int64_t micros;
  bool operator==(const Seen&) const = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << "{" << seen.n << ", " << seen.micros << "}";
  }
};

RunResult Play(const Scenario& s, const Departures& departures) {
  RunResult r = Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

// What `to` got from `from`, and when.
template <class Fact = Got>
std::vector<Seen> SeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<Seen> seen;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    const auto got = event.As<Fact>();
    if (event.kind != Event::Kind::kFact || event.node != NodeId{to} || !got) continue;
    if (got->from == from) seen.push_back({got->n, Nanos(event.at) / 1000});
  }
  return seen;
}

template <class Fact = Got>
std::vector<uint64_t> NumbersSeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<uint64_t> numbers;
  for (const Seen& seen : SeenBy<Fact>(r, from, to)) numbers.push_back(seen.n);
  return numbers;
}

std::vector<uint64_t> AllBut(std::vector<uint64_t> missing) {
  std::vector<uint64_t> numbers;
  for (uint64_t n = 1; n <= kTicks; ++n) {
    if (std::ranges::find(missing, n) == missing.end()) numbers.push_back(n);
  }
  return numbers;
}

// The events of that kind, as lines without their times.
std::vector<std::string> Lines(const RunResult& r, Event::Kind kind) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind == kind) lines.push_back(Name(event.node) + " " + What(event));
  }
  return lines;
}

void ExpectCounts(const RunResult& r, Fault fault, uint64_t attempted, uint64_t applied,
                  uint64_t observed) {
  EXPECT_EQ(r.faults[fault].attempted, attempted) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].applied, applied) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].observed, observed) << Info(fault).name;
}

TEST(Damage, IsDroppedWhereItIsNoticed) {
  for (const auto& [fault, text] : {std::pair(Fault::kCorrupt, "corrupt n1>n2 #3"),
                                    std::pair(Fault::kTruncate, "truncate n1>n2 #3")}) {
    Scenario s = Ticking(2);
    s.links.corrupt = s.links.truncate = OneIn(100);
    const RunResult r = Play(s, List({{text, 1}}));
    EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({2}));
    EXPECT_EQ(NumbersSeenBy<GotTock>(r, 1, 2), AllBut({}));
    EXPECT_THAT(Lines(r, Event::Kind::kDrop), ElementsAre("n1 drop n2"));
    EXPECT_THAT(Lines(r, Event::Kind::kDamage), IsEmpty());
    ExpectCounts(r, fault, 1, 1, 1);
  }
}

TEST(Damage, ABitFlips) {
  Scenario s = Ticking(2);
  s.links.corrupt = OneIn(100);
  s.links.checksum = false;
  // The third message is the second tick; bits are counted from the first byte's lowest.
  const RunResult first = Play(s, List({{"corrupt n1>n2 #3", 1}}));
  EXPECT_THAT(NumbersSeenBy(first, 1, 2), ElementsAre(1, 3, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(Lines(first, Event::Kind::kDamage), ElementsAre("n2 damage n1  Tick(3)"));
  ExpectCounts(first, Fault::kCorrupt, 1, 1, 1);
  const RunResult tenth = Play(s, List({{"corrupt n1>n2 #3", 10}}));
  EXPECT_THAT(NumbersSeenBy(tenth, 1, 2), ElementsAre(1, 2 + 512, 3, 4, 5, 6, 7, 8, 9, 10));
  const RunResult around = Play(s, List({{"corrupt n1>n2 #3", 65}}));
  EXPECT_EQ(NumbersSeenBy(around, 1, 2), NumbersSeenBy(first, 1, 2));
}

TEST(Damage, TheEndIsMissing) {
  Scenario s = Ticking(2);
  s.links.truncate = OneIn(100);
  s.links.checksum = false;
  for (const uint64_t much : {1, 512, 1023}) {
    const RunResult r = Play(s, List({{"truncate n1>n2 #3", much}}));
    EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({2}));  // What cannot be read is as if unknown.
    EXPECT_THAT(Lines(r, Event::Kind::kDamage), ElementsAre("n2 damage n1  Tick(damaged)"));
    EXPECT_THAT(Lines(r, Event::Kind::kFact), testing::Contains("n2 fact  Unreadable(1)"));
    ExpectCounts(r, Fault::kTruncate, 1, 1, 1);
    size_t bytes = 99;
    for (size_t i = 0; i < r.timeline.size(); ++i) {
      if (r.timeline[i].kind == Event::Kind::kDamage) bytes = r.timeline[i].message.bytes().size();
    }
    EXPECT_EQ(bytes, much == 1 ? 7u : much == 512 ? 4u : 0u);
  }
}

TEST(Damage, OfNothingIsNone) {
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) {
    if (env.self() == NodeId{1}) env.Broadcast(Empty{});
    env.Receive(1s);
  };
  s.links.corrupt = s.links.truncate = OneIn(100);
  s.links.checksum = false;
  const RunResult r = Play(s, List({{"corrupt n1>n2 #1", 1}, {"truncate n1>n2 #1", 1}}));
  EXPECT_THAT(Lines(r, Event::Kind::kDamage), IsEmpty());
  EXPECT_THAT(Lines(r, Event::Kind::kDeliver), ElementsAre("n2 deliver n1"));
  ExpectCounts(r, Fault::kCorrupt, 1, 0, 0);
  ExpectCounts(r, Fault::kTruncate, 1, 0, 0);
}

TEST(Damage, DoesNotTouchTheDuplicate) {
  Scenario s = Ticking(2);
  s.links.corrupt = s.links.duplicate = OneIn(100);
  s.links.checksum = false;
  const RunResult r = Play(s, List({{"corrupt n1>n2 #3", 1}, {"duplicate n1>n2 #3", 10}}));
  EXPECT_THAT(NumbersSeenBy(r, 1, 2), ElementsAre(1, 3, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

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
