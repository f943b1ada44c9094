// How good shrinking is: toy scenarios whose least departures are known, asserted exactly; and how
// few runs it takes.

#include "sim/search/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/toys.h"

namespace reprise {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using toys::Numbers;

const Label kA("question-a");
const Label kB("question-b");
const Label kC("question-c");

std::vector<std::string> Texts(const Departures& departures) {
  std::vector<std::string> out;
  for (const Departure& d : departures) {
    out.push_back(Describe(d.address) + " = " + std::to_string(d.value) + "/" +
                  std::to_string(d.bound));
  }
  return out;
}

// Shrinks what fails of a dozen seeds. All must end in the same list, soon.
std::vector<std::string> ShrunkTo(const Scenario& scenario, const Departures& must,
                                  uint64_t runs_at_most) {
  std::vector<std::string> texts;
  uint64_t most = 0;
  int failed = 0;
  for (uint64_t seed = 1; failed < 12; ++seed) {
    if (seed == 100) {
      ADD_FAILURE() << "only " << failed << " of 100 seeds fail";
      break;
    }
    if (!Simulate(scenario, Choices::FromSeed(seed, must)).verdict.failed()) continue;
    const Shrunk shrunk = Shrink(scenario, toys::Stormy(scenario, seed, must));
    EXPECT_TRUE(shrunk.result.verdict.failed()) << "seed " << seed;
    EXPECT_TRUE(shrunk.twice);
    most = std::max(most, shrunk.runs);
    if (failed++ == 0) texts = Texts(shrunk.departures);
    EXPECT_EQ(Texts(shrunk.departures), texts) << "seed " << seed;
  }
  EXPECT_LE(most, runs_at_most);
  return texts;
}

bool Both(const Numbers& got) { return !got.contains(70) && !got.contains(200); }

TEST(Shrink, TwoLossesAmongHundredsOfDepartures) {
  const Scenario s = toys::Stream(300, {{"both", Both}});
  const Departures must = {toys::Drop(70), toys::Drop(200)};
  EXPECT_GT(toys::Stormy(s, 7, must).size(), 100u);
  EXPECT_THAT(ShrunkTo(s, must, 60), ElementsAre("drop n1>n2 #70 = 1/2", "drop n1>n2 #200 = 1/2"));
}

TEST(Shrink, FiveLosses) {
  const Numbers lost = {10, 50, 51, 170, 290};
  const Scenario s = toys::Stream(300, {{"five", [lost](const Numbers& got) {
                                           for (uint64_t n : lost) {
                                             if (got.contains(n)) return false;
                                           }
                                           return true;
                                         }}});
  Departures must;
  for (uint64_t n : lost) must.push_back(toys::Drop(n));
  EXPECT_THAT(ShrunkTo(s, must, 100),
              ElementsAre("drop n1>n2 #10 = 1/2", "drop n1>n2 #50 = 1/2", "drop n1>n2 #51 = 1/2",
                          "drop n1>n2 #170 = 1/2", "drop n1>n2 #290 = 1/2"));
}

TEST(Shrink, AnyThreeOfManyLosses) {
  const Scenario s =
      toys::Stream(300, {{"three", [](const Numbers& got) { return got.size() <= 297; }}});
  const Departures from = toys::Stormy(s, 5, {toys::Drop(1), toys::Drop(2), toys::Drop(3)});
  const Shrunk shrunk = Shrink(s, from);
  EXPECT_EQ(shrunk.departures.size(), 3u);
  EXPECT_LE(shrunk.runs, 60u);
}

TEST(Shrink, WhatFailsInTheCalmRunNeedsNothing) {
  const Scenario s = toys::Stream(10, {{"always", [](const Numbers&) { return true; }}});
  EXPECT_THAT(ShrunkTo(s, {}, 4), IsEmpty());
}

// The oracle complains where the fifth number is late by that much or more.
TEST(Shrink, TheLeastDelayThatFails) {
  class Late final : public Oracle {
   public:
    std::string name() const override { return "late"; }
    Complaint OnFact(const Event& event) override {
      Complaint complaint;
      event.Match([&](const toys::Got& m) {
        if (m.n == 5 && event.at - Time{} >= 305ms) complaint = "late";
      });
      return complaint;
    }
  };
  Scenario s = toys::Stream(100, {});
  s.oracles = JudgedBy(Late());
  const Address fifth{{LabelOf(Fault::kLate), NodeId{1}, NodeId{2}}, 5};
  const Address dropped{{LabelOf(Fault::kDrop), NodeId{1}, NodeId{2}}, 5};
  EXPECT_THAT(ShrunkTo(s, {{dropped, 0, 2}, {fifth, 900, 1024}}, 40),
              ElementsAre("late n1>n2 #5 = 300/1024"));
}

TEST(Shrink, OneCrashAndWhatItLost) {
  const Address crash{{LabelOf(Fault::kCrash), NodeId{1}}, 7};
  const Address unsynced{{LabelOf(Fault::kUnsynced), NodeId{1}}, 7};
  EXPECT_THAT(ShrunkTo(toys::Forgetful(), {{crash, 700, 1024}, {unsynced, 1, 1024}}, 60),
              ElementsAre("crash n1 #1 = 1/1024", "unsynced n1 #1 = 1/1024"));
}

TEST(Shrink, ACategory) {
  const Scenario s = toys::Questions(
      {{kA, 7}}, [](const std::vector<uint64_t>& a) { return a[0] == 3 || a[0] == 6; });
  EXPECT_THAT(ShrunkTo(s, {{{{kA, NodeId{1}}, 1}, 6, 7}}, 12),
              ElementsAre("question-a n1 #1 = 3/7"));
}

TEST(Shrink, AWorkload) {
  const Scenario s = toys::Questions({{kA, 100'000}},
                                     [](const std::vector<uint64_t>& a) { return a[0] >= 37'123; });
  EXPECT_THAT(ShrunkTo(s, {{{{kA, NodeId{1}}, 1}, 99'000, 100'000}}, 30),
              ElementsAre("question-a n1 #1 = 37123/100000"));
}

// A fails where B and C are both there, or neither.
TEST(Shrink, TwoThatGoTogether) {
  const Scenario s =
      toys::Questions({{kB, 2}, {kA, 2}, {kC, 2}},
                      [](const std::vector<uint64_t>& a) { return a[1] == 1 && a[0] == a[2]; });
  const Address a{{kA, NodeId{1}}, 1}, b{{kB, NodeId{1}}, 1}, c{{kC, NodeId{1}}, 1};
  EXPECT_THAT(ShrunkTo(s, {{a, 1, 2}, {b, 1, 2}, {c, 1, 2}}, 25),
              ElementsAre("question-a n1 #1 = 1/2"));
}

// Complains once a partition has cut off all that one node sent and was sent.
class AloneOracle final : public Oracle {
 public:
  std::string name() const override { return "alone"; }
  EventKinds Watches() const override { return kAllEvents; }
  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kHeal) severed_.clear();
    if (event.kind == Event::Kind::kCutOff) severed_.insert({event.node, event.peer});
    for (const NodeId other : {NodeId{1}, NodeId{2}}) {
      if (!severed_.contains({NodeId{3}, other}) || !severed_.contains({other, NodeId{3}})) {
        return std::nullopt;
      }
    }
    return "n3 is alone";
  }

 private:
  std::set<std::pair<NodeId, NodeId>> severed_;
};

Scenario Heartbeats() {
  Scenario s;
  s.name = "heartbeats";
  s.roles = {{.name = "node", .count = 3, .main = [](Env& env) {
                for (;;) {
                  env.Broadcast(toys::Number{});
                  env.Sleep(20ms);
                }
              }}};
  s.links = {.delay = 1ms, .late = OneIn(4), .late_by = toys::Milliseconds, .drop = OneIn(50)};
  s.cuts = {.cut = OneIn(50), .slot = 500ms, .shortest = 100ms, .longest = 400ms};
  s.storm = 5s;
  s.calm = 1s;
  s.oracles = JudgedBy(AloneOracle());
  return s;
}

TEST(Shrink, AnyPartitionToOneNodeOff) {
  const auto cut = [](const char* label, uint64_t value, uint64_t bound, uint32_t sub = 0) {
    return Departure{{{Label(label)}, 6, sub}, value, bound};
  };
  const Departures halves = {cut("cut", 700, 1024), cut("cut-how", 4, 5), cut("cut-side", 0, 2, 1),
                             cut("cut-side", 0, 2, 2), cut("cut-side", 1, 2, 3)};
  const Departures other_halves = {cut("cut", 3, 1024), cut("cut-how", 4, 5),
                                   cut("cut-side", 1, 2, 1), cut("cut-side", 1, 2, 2),
                                   cut("cut-side", 0, 2, 3)};
  const Departures isolated = {cut("cut", 9, 1024), cut("cut-how", 0, 5), cut("cut-node", 2, 3)};
  for (const Departures& must : {halves, other_halves, isolated}) {
    EXPECT_THAT(ShrunkTo(Heartbeats(), must, 60),
                ElementsAre("cut #1 = 1/1024", "cut-node #1 = 2/3"));
  }
}

// Without the second loss, another oracle complains; its bug is a smaller one, and not this one.
TEST(Shrink, StaysWithItsOracle) {
  const auto other = [](const Numbers& got) { return !got.contains(200) && got.contains(70); };
  const Scenario s = toys::Stream(300, {{"both", Both}, {"other", other}});
  const Departures must = {toys::Drop(70), toys::Drop(200)};
  EXPECT_THAT(ShrunkTo(s, must, 60), ElementsAre("drop n1>n2 #70 = 1/2", "drop n1>n2 #200 = 1/2"));
  const Shrunk shrunk = Shrink(s, toys::Stormy(s, 1, must));
  EXPECT_EQ(shrunk.result.verdict.oracle, "both");
}

TEST(Shrink, SaysWhatItDid) {
  const Scenario s = toys::Stream(300, {{"both", Both}});
  const Departures from = toys::Stormy(s, 3, {toys::Drop(70), toys::Drop(200)});
  uint64_t runs = 0;
  const Attempt counted = [&](const Departures& d) {
    ++runs;
    return Simulate(s, Choices::FromDepartures(d));
  };
  const Shrunk shrunk = Shrink(counted, from);
  EXPECT_EQ(shrunk.runs, runs);
  EXPECT_EQ(shrunk.before, from.size());
  EXPECT_EQ(shrunk.events_before, Simulate(s, Choices::FromDepartures(from)).events);
  EXPECT_EQ(shrunk.result.departures(), shrunk.departures);
  EXPECT_EQ(shrunk.result.digest, Simulate(s, Choices::FromDepartures(shrunk.departures)).digest);
  const Shrunk again = Shrink(s, from);
  EXPECT_EQ(again.departures, shrunk.departures);
  EXPECT_EQ(again.runs, shrunk.runs);
  const Shrunk of_least = Shrink(s, shrunk.departures);  // What is least stays.
  EXPECT_EQ(of_least.departures, shrunk.departures);
  EXPECT_LE(of_least.runs, 10u);
}

TEST(Shrink, StopsWhenItsRunsAreSpent) {
  const Scenario s = toys::Stream(300, {{"both", Both}});
  const Departures from = toys::Stormy(s, 3, {toys::Drop(70), toys::Drop(200)});
  size_t size = from.size();
  for (const uint64_t most : {3, 5, 10, 20}) {
    const Shrunk shrunk = Shrink(s, from, {.runs_at_most = most});
    EXPECT_LE(shrunk.runs, most);
    EXPECT_TRUE(shrunk.result.verdict.failed());
    EXPECT_LE(shrunk.departures.size(), size);
    size = shrunk.departures.size();
  }
  EXPECT_LT(size, from.size());
  int asked = 0;
  const Shrunk stopped = Shrink(s, from, {.stop = [&] { return ++asked > 2; }});
  EXPECT_TRUE(stopped.result.verdict.failed());
  EXPECT_LE(stopped.runs, 5u);
}

TEST(Shrink, OfARunThatDoesNotFailIsThatRun) {
  const Scenario s = toys::Stream(300, {{"both", Both}});
  const Departures one = {toys::Drop(70)};
  const Shrunk shrunk = Shrink(s, one);
  EXPECT_FALSE(shrunk.result.verdict.failed());
  EXPECT_FALSE(shrunk.twice);
  EXPECT_EQ(shrunk.departures, one);
  EXPECT_EQ(shrunk.runs, 1u);
}

TEST(Shrink, TellsARunThatIsNotTheSameTwice) {
  const Scenario s = toys::Stream(300, {{"both", Both}});
  uint64_t runs = 0;
  const Attempt moody = [&](const Departures& d) {
    RunResult result = Simulate(s, Choices::FromDepartures(d));
    result.digest += ++runs;
    return result;
  };
  EXPECT_FALSE(Shrink(moody, {toys::Drop(70), toys::Drop(200)}).twice);
}

// A process that dies without a last word leaves no departures; those that it was given count.
TEST(Shrink, OfSilentDeaths) {
  const Attempt dies = [](const Departures& departures) {
    RunResult result;
    size_t needed = 0;
    for (const Departure& d : departures) needed += d.address.ordinal % 50 == 20;
    if (needed == 2) {
      result.verdict.kind = Verdict::Kind::kFail;
      result.verdict.oracle = "crash";
    }
    return result;
  };
  Departures from;
  for (uint64_t n = 1; n <= 100; ++n) from.push_back(toys::Drop(n));
  const Shrunk shrunk = Shrink(dies, from);
  EXPECT_THAT(Texts(shrunk.departures),
              ElementsAre("drop n1>n2 #20 = 1/2", "drop n1>n2 #70 = 1/2"));
}

TEST(ShrinkBest, IsTheSmallestOfAll) {
  const Scenario s = toys::Stream(300, {{"either", [](const Numbers& got) {
                                           const bool three = !got.contains(1) &&
                                                              !got.contains(2) && !got.contains(3);
                                           return three || !got.contains(250);
                                         }}});
  const Attempt attempt = [&](const Departures& d) {
    return Simulate(s, Choices::FromDepartures(d));
  };
  const Departures three = {toys::Drop(1), toys::Drop(2), toys::Drop(3)};
  const Departures one = {toys::Drop(100), toys::Drop(250)};
  const Departures none = {toys::Drop(100)};
  EXPECT_EQ(ShrinkBest(attempt, {three}).departures.size(), 3u);
  for (const auto& failures : std::vector<std::vector<Departures>>{
           {three, one, none}, {none, one, three}, {one, none, three}, {three, none, one}}) {
    const Shrunk best = ShrinkBest(attempt, failures);
    EXPECT_THAT(Texts(best.departures), ElementsAre("drop n1>n2 #250 = 1/2"));
    EXPECT_TRUE(best.twice);
  }
  const uint64_t runs = Shrink(attempt, three).runs + Shrink(attempt, one).runs;
  EXPECT_EQ(ShrinkBest(attempt, {three, one}).runs, runs);
  EXPECT_LE(ShrinkBest(attempt, {three, three, three, one}, {.runs_of_all_at_most = 10}).runs, 10u);
  EXPECT_FALSE(ShrinkBest(attempt, {none, none}).result.verdict.failed());
}

TEST(Smaller, IsFewerThenLowerThenEarlierThenShorter) {
  const auto crash = [](uint64_t slot, uint64_t value) {
    return Departure{{{LabelOf(Fault::kCrash), NodeId{1}}, slot}, value, 1024};
  };
  const Departures big = {crash(1, 1), crash(2, 1)}, high = {crash(1, 2)}, late = {crash(2, 1)},
                   least = {crash(1, 1)};
  const std::vector<std::pair<Departures, uint64_t>> rising = {{{}, 100}, {least, 1}, {least, 2},
                                                               {late, 1}, {high, 1},  {big, 1}};
  for (size_t i = 0; i < rising.size(); ++i) {
    for (size_t j = 0; j < rising.size(); ++j) {
      EXPECT_EQ(Smaller(rising[i].first, rising[i].second, rising[j].first, rising[j].second),
                i < j);
    }
  }
}

}  // namespace
}  // namespace reprise
