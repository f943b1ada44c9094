// The network: each fault where a departure puts it, and nowhere else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/world/links.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;

struct Tick {
  uint64_t n = 0;
};
struct Got {
  uint64_t from = 0, n = 0;
  Time at{};
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

constexpr int kTicks = 10;

// Each node sends ten ticks to each other, one each 100 ms, and reports what it gets. All faults
// are on the menu.
Scenario Ticking(int nodes) {
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
                  const auto tick = mail.As<Tick>();
                  env.Report(Got{Index(mail.from), tick->n, env.Now()});
                }
              }}};
  s.links = {.delay = 1ms,
             .late = OneIn(2),
             .late_by = [](uint64_t q) { return Duration(1ms) * static_cast<int64_t>(q); },
             .drop = OneIn(2),
             .duplicate = OneIn(2)};
  s.cuts = {.cut = OneIn(2), .slot = 100ms, .shortest = 100ms, .longest = 1124ms};
  s.crashes = {.crash = OneIn(2), .slot = 100ms, .down_at_most = 1, .down = 150ms};
  s.order = OneIn(2);
  s.storm = 1s;
  s.calm = 5s;
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

// What `to` got from `from`, in order.
std::vector<Seen> SeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<Seen> seen;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    const auto got = event.As<Got>();
    if (event.kind != Event::Kind::kFact || event.node != NodeId{to} || got->from != from) continue;
    seen.push_back({got->n, Nanos(got->at) / 1000});
  }
  return seen;
}

std::vector<uint64_t> NumbersSeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<uint64_t> numbers;
  for (const Seen& seen : SeenBy(r, from, to)) numbers.push_back(seen.n);
  return numbers;
}

std::vector<uint64_t> AllBut(std::vector<uint64_t> missing) {
  std::vector<uint64_t> numbers;
  for (uint64_t n = 1; n <= kTicks; ++n) {
    if (std::ranges::find(missing, n) == missing.end()) numbers.push_back(n);
  }
  return numbers;
}

uint64_t Count(const RunResult& r, Event::Kind kind) {
  uint64_t count = 0;
  for (size_t i = 0; i < r.timeline.size(); ++i) count += r.timeline[i].kind == kind ? 1 : 0;
  return count;
}

void ExpectCounts(const RunResult& r, Fault fault, uint64_t attempted, uint64_t applied,
                  uint64_t observed) {
  EXPECT_EQ(r.faults[fault].attempted, attempted) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].applied, applied) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].observed, observed) << Info(fault).name;
}

TEST(Network, DelayInTheCalmIsTheModels) {
  const RunResult r = Play(Ticking(2), {});
  std::vector<Seen> expected;
  for (int64_t n = 1; n <= kTicks; ++n) {
    expected.push_back({static_cast<uint64_t>(n), (n - 1) * 100'000 + 1000});
  }
  EXPECT_EQ(SeenBy(r, 1, 2), expected);
  EXPECT_EQ(SeenBy(r, 2, 1), expected);
  for (size_t i = 0; i < kFaults; ++i) ExpectCounts(r, static_cast<Fault>(i), 0, 0, 0);
}

TEST(Network, ADropStrikesOneMessage) {
  const RunResult r = Play(Ticking(3), List({{"drop n1>n2 #3", 1}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({3}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 3), AllBut({}));
  ExpectCounts(r, Fault::kDrop, 1, 1, 1);
  EXPECT_EQ(Count(r, Event::Kind::kDrop), 1u);
}

TEST(Network, ADuplicateArrivesLater) {
  const RunResult r = Play(Ticking(2), List({{"duplicate n1>n2 #3", 150}}));
  EXPECT_THAT(NumbersSeenBy(r, 1, 2), ElementsAre(1, 2, 3, 4, 3, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(SeenBy(r, 1, 2)[4], (Seen{3, 200'000 + 1000 + 150'000}));
  ExpectCounts(r, Fault::kDuplicate, 1, 1, 1);
  EXPECT_EQ(Count(r, Event::Kind::kDuplicate), 1u);
}

TEST(Network, ALateMessageIsOvertaken) {
  const RunResult r = Play(Ticking(2), List({{"late n1>n2 #3", 250}}));
  EXPECT_THAT(NumbersSeenBy(r, 1, 2), ElementsAre(1, 2, 4, 5, 3, 6, 7, 8, 9, 10));
  EXPECT_EQ(SeenBy(r, 1, 2)[4], (Seen{3, 200'000 + 1000 + 250'000}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({}));
  ExpectCounts(r, Fault::kLate, 1, 1, 1);
}

TEST(Network, OrderPutsOneThingAfterOthersOfTheMoment) {
  // Both other nodes' first ticks reach n3 at 1 ms: n1's first, unless a departure says otherwise.
  const auto first_from = [](const RunResult& r) {
    for (size_t i = 0; i < r.timeline.size(); ++i) {
      const Event event = r.timeline[i];
      if (event.kind == Event::Kind::kFact && event.node == NodeId{3}) return event.As<Got>()->from;
    }
    return uint64_t{0};
  };
  EXPECT_EQ(first_from(Play(Ticking(3), {})), 1u);
  const RunResult r = Play(Ticking(3), List({{"order n1>n3 #1", 1}}));
  EXPECT_EQ(first_from(r), 2u);
  ExpectCounts(r, Fault::kOrder, 1, 1, 1);
}

TEST(Network, FifoNeverOvertakes) {
  Scenario s = Ticking(2);
  s.links.fifo = true;
  s.cuts = {};
  s.crashes = {};
  const RunResult one = Play(s, List({{"late n1>n2 #3", 250}}));
  EXPECT_EQ(NumbersSeenBy(one, 1, 2), AllBut({}));
  EXPECT_EQ(SeenBy(one, 1, 2)[3], (Seen{4, 451'000}));
  EXPECT_EQ(SeenBy(one, 1, 2)[5], (Seen{6, 501'000}));
  // With duplicates, a number may come again, but nothing older than the newest first copy.
  s.links.drop = {};
  s.links.duplicate = {};
  uint64_t late = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed), {.keep_events = true});
    EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({})) << seed;
    EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({})) << seed;
    late += r.faults[Fault::kLate].applied;
  }
  EXPECT_GT(late, 100u);
}

TEST(Network, FifoLinksHaveNoOrderToChange) {
  Scenario s = Ticking(3);
  s.links.fifo = true;
  const RunResult r =
      Simulate(s, Choices::FromDepartures(List({{"order n1>n3 #1", 1}})), {.keep_events = true});
  ExpectCounts(r, Fault::kOrder, 0, 0, 0);
}

TEST(Network, NoFaultsInTheCalm) {
  Scenario s = Ticking(2);
  s.storm = 450ms;  // Ticks 6 to 10 are sent in the calm.
  const RunResult r =
      Simulate(s, Choices::FromDepartures(List({{"drop n1>n2 #6", 1}, {"late n1>n2 #7", 9}})),
               {.keep_events = true});
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({}));
  EXPECT_EQ(r.given_drawn, 0u);
}

TEST(Network, CutIsolate) {
  const RunResult r =
      Play(Ticking(3), List({{"cut #3", 512}, {"cut-node #3", 1}, {"cut-for #3", 100}}));
  // From 250 ms, for 100 + 100 ms.
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4, 5}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 1), AllBut({4, 5}));
  EXPECT_EQ(NumbersSeenBy(r, 3, 2), AllBut({4, 5}));
  EXPECT_EQ(NumbersSeenBy(r, 2, 3), AllBut({4, 5}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 3), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(r, 3, 1), AllBut({}));
  ExpectCounts(r, Fault::kCut, 1, 8, 8);
  EXPECT_EQ(Count(r, Event::Kind::kCutOff), 8u);
  EXPECT_EQ(Count(r, Event::Kind::kCut), 1u);
  EXPECT_EQ(Count(r, Event::Kind::kHeal), 1u);
}

TEST(Network, CutDeafMuteOneLink) {
  const RunResult deaf =
      Play(Ticking(3), List({{"cut #3", 512}, {"cut-how #3", 1}, {"cut-node #3", 1}}));
  EXPECT_EQ(NumbersSeenBy(deaf, 1, 2), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy(deaf, 3, 2), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy(deaf, 2, 1), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(deaf, 2, 3), AllBut({}));

  const RunResult mute =
      Play(Ticking(3), List({{"cut #3", 512}, {"cut-how #3", 2}, {"cut-node #3", 1}}));
  EXPECT_EQ(NumbersSeenBy(mute, 1, 2), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(mute, 2, 1), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy(mute, 2, 3), AllBut({4}));

  const RunResult link =
      Play(Ticking(3),
           List({{"cut #3", 512}, {"cut-how #3", 3}, {"cut-node #3", 1}, {"cut-peer #3", 1}}));
  EXPECT_EQ(NumbersSeenBy(link, 2, 3), AllBut({4}));
  EXPECT_EQ(NumbersSeenBy(link, 3, 2), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(link, 2, 1), AllBut({}));
}

TEST(Network, CutHalves) {
  const RunResult r =
      Play(Ticking(4),
           List({{"cut #3", 512}, {"cut-how #3", 4}, {"cut-side #3.2", 1}, {"cut-side #3.4", 1}}));
  for (uint32_t from = 1; from <= 4; ++from) {
    for (uint32_t to = 1; to <= 4; ++to) {
      if (from == to) continue;
      const bool apart = from % 2 != to % 2;
      EXPECT_EQ(NumbersSeenBy(r, from, to), apart ? AllBut({4}) : AllBut({})) << from << to;
    }
  }
  // All on one side is no partition.
  const RunResult none = Play(Ticking(4), List({{"cut #3", 512}, {"cut-how #3", 4}}));
  ExpectCounts(none, Fault::kCut, 1, 0, 0);
}

TEST(Network, CutsAddUp) {
  // Two cuts of one node overlap; it is back only when both have healed.
  const RunResult r =
      Play(Ticking(2), List({{"cut #3", 512}, {"cut-for #3", 300}, {"cut #5", 512}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4, 5, 6, 7}));
  const RunResult other = Play(Ticking(2), List({{"cut #3", 512}, {"cut #4", 512}}));
  EXPECT_EQ(NumbersSeenBy(other, 1, 2), AllBut({4, 5}));
}

TEST(Network, CutsHealAtTheCalm) {
  Scenario s = Ticking(2);
  s.storm = 450ms;
  const RunResult r = Play(s, List({{"cut #3", 512}, {"cut-for #3", 1023}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4, 5}));
  EXPECT_EQ(Count(r, Event::Kind::kHeal), 1u);
}

TEST(Network, ClientsAreCutOffOnlyWhereTheModelSaysSo) {
  Scenario s = Ticking(2);
  s.roles.push_back({.name = "client", .count = 1, .main = s.roles[0].main, .client = true});
  const Departures with = List({{"cut #3", 512}, {"cut-node #3", 2}, {"cut-clients #3", 1}});
  EXPECT_EQ(NumbersSeenBy(Play(s, with), 3, 1), AllBut({4}));
  s.cuts.clients = false;
  const RunResult r = Play(s, List({{"cut #3", 512}, {"cut-node #3", 2}}));
  EXPECT_EQ(NumbersSeenBy(r, 3, 1), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(r, 3, 2), AllBut({}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4}));  // The largest member there is.
}

TEST(Network, ANodeThatIsDownGetsNothing) {
  // n2 is down from 250 to 400 ms, and what was sent to it then never arrives.
  const RunResult r = Play(Ticking(2), List({{"crash n2 #3", 512}}));
  EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({4}));
  EXPECT_EQ(Count(r, Event::Kind::kNobodyUp), 1u);
  ExpectCounts(r, Fault::kCrash, 1, 1, 1);
  const RunResult dropped = Play(Ticking(2), List({{"crash n2 #3", 512}, {"drop n1>n2 #4", 1}}));
  EXPECT_EQ(NumbersSeenBy(dropped, 1, 2), AllBut({4}));
  EXPECT_EQ(Count(dropped, Event::Kind::kNobodyUp), 0u);
  ExpectCounts(dropped, Fault::kDrop, 1, 1, 0);  // Nobody was there to miss it.
}

TEST(Network, ManyNodes) {
  // Beyond the size of the table of links, which must make no difference.
  for (const int nodes : {128, 129}) {
    Scenario s = Ticking(nodes);
    s.storm = 100ms;
    s.calm = 50ms;
    const RunResult r = Simulate(s, Choices::FromDepartures(List({{"drop n128>n1 #1", 1}})));
    const auto n = static_cast<uint64_t>(nodes);
    ASSERT_EQ(r.facts.size(), 1u);
    EXPECT_EQ(r.facts[0].second, 2 * n * (n - 1) - 1);
  }
}

TEST(Network, SendingToNobodyIsAFault) {
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) { env.Send(NodeId{7}, Tick{}); };
  const RunResult r = Simulate(s, Choices::Calm());
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kFail);
  EXPECT_EQ(r.verdict.oracle, "check");
  EXPECT_EQ(r.verdict.node, NodeId{1});
}

}  // namespace
}  // namespace reprise
