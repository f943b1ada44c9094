// Why a run failed, on toys of which it is known.

#include "sim/search/explain.h"

#include <gtest/gtest.h>

#include "sim/search/reseed.h"
#include "tests/toys.h"

namespace reprise {
namespace {

Departure Of(const std::string& address, uint64_t value, uint64_t bound) {
  return {*ParseAddress(address), value, bound};
}

RunResult Make(const Scenario& scenario, Departures departures) {
  Sort(departures);
  return Simulate(scenario, Choices::FromDepartures(departures), {.keep_events = true});
}

const Necessity& Find(const Explanation& x, const std::string& address) {
  for (const Necessity& n : x.departures) {
    if (Describe(n.departure.address) == address) return n;
  }
  ADD_FAILURE() << "no " << address;
  return x.departures.front();
}

Scenario NeedsThird() {
  return toys::Stream(6, {{"third", [](const toys::Numbers& got) { return !got.contains(3); }}});
}

TEST(Explain, WhatIsNeededAndWhatIsNot) {
  const Scenario s = NeedsThird();
  const RunResult run = Make(s, {Of("drop n1>n2 #3", 1, 2), Of("drop n1>n2 #5", 1, 2)});
  ASSERT_TRUE(run.verdict.failed());
  const Explanation x = Explain(s, run, {});
  ASSERT_EQ(x.departures.size(), 2u);
  EXPECT_TRUE(Find(x, "drop n1>n2 #3").needed());
  EXPECT_TRUE(Find(x, "drop n1>n2 #3").without.passes());
  EXPECT_FALSE(Find(x, "drop n1>n2 #5").needed());
  ASSERT_TRUE(x.nearest);
  EXPECT_EQ(x.nearest->how, "without drop n1>n2 #3");
  EXPECT_EQ(x.nearest->departures, (Departures{Of("drop n1>n2 #5", 1, 2)}));
}

// The number 3 must come before the number 5 has: any delay of two milliseconds and more fails.
TEST(Explain, RangeOfValues) {
  Scenario s = toys::Stream(8, {});
  class InOrder final : public Oracle {
   public:
    std::string name() const override { return "order"; }
    Complaint OnFact(const Event& event) override {
      Complaint complaint;
      event.Match([&](const toys::Got& m) {
        if (m.n == 5) five_ = true;
        if (m.n == 3 && five_) complaint = "3 after 5";
      });
      return complaint;
    }

   private:
    bool five_ = false;
  };
  s.oracles = JudgedBy(InOrder());
  const RunResult run = Make(s, {Of("late n1>n2 #3", 700, kQuantiles)});
  ASSERT_TRUE(run.verdict.failed());
  const Explanation x = Explain(s, run, {.curve = false});
  const Necessity& late = Find(x, "late n1>n2 #3");
  EXPECT_TRUE(late.needed());
  EXPECT_EQ(late.to, kQuantiles - 1);
  // Found by trying every one.
  uint64_t least = 1;
  while (!Make(s, {Of("late n1>n2 #3", least, kQuantiles)}).verdict.failed()) ++least;
  EXPECT_EQ(late.from, least);
  ASSERT_TRUE(x.nearest);
  EXPECT_EQ(x.nearest->how, "without late n1>n2 #3");
}

TEST(Explain, WhereEitherOfTwoIsEnoughNeitherIsNeeded) {
  const Scenario s = toys::Stream(
      6, {{"both", [](const toys::Numbers& got) { return !got.contains(2) || !got.contains(4); }}});
  const RunResult run = Make(s, {Of("drop n1>n2 #2", 1, 2), Of("drop n1>n2 #4", 1, 2)});
  const Explanation x = Explain(s, run, {.curve = false});
  for (const Necessity& n : x.departures) EXPECT_FALSE(n.needed());
  ASSERT_TRUE(x.nearest);
  EXPECT_EQ(x.nearest->how, "the calm run");
}

// Until the third is lost it may well arrive; from then on it never does.
TEST(Explain, PointOfNoReturn) {
  const Scenario s = NeedsThird();
  const RunResult run = Make(s, {Of("drop n1>n2 #3", 1, 2)});
  uint64_t lost_at = 0;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    if (run.timeline[i].kind == Event::Kind::kDrop) lost_at = i + 1;
  }
  ASSERT_NE(lost_at, 0u);
  const Explanation x = Explain(s, run, {});
  EXPECT_FALSE(x.out_of_runs);
  ASSERT_GE(x.curve.size(), 5u);
  for (const CurvePoint& p : x.curve) {
    EXPECT_EQ(p.runs, 40u);
    if (p.event >= lost_at) {
      EXPECT_EQ(p.failed, p.runs) << p.event;
    } else {
      EXPECT_LT(p.failed, p.runs) << p.event;
    }
  }
  EXPECT_EQ(x.before, lost_at - 1);
  EXPECT_EQ(x.after, lost_at);
}

TEST(Explain, JobsDoNotMatter) {
  const Scenario s = NeedsThird();
  const RunResult run = Make(s, {Of("drop n1>n2 #3", 1, 2)});
  const Explanation one = Explain(s, run, {.jobs = 1}), two = Explain(s, run, {.jobs = 2});
  EXPECT_EQ(one.runs, two.runs);
  ASSERT_EQ(one.curve.size(), two.curve.size());
  for (size_t i = 0; i < one.curve.size(); ++i) {
    EXPECT_EQ(one.curve[i].event, two.curve[i].event);
    EXPECT_EQ(one.curve[i].failed, two.curve[i].failed);
  }
}

TEST(Explain, EndsWithItsBudget) {
  const Scenario s = NeedsThird();
  const RunResult run = Make(s, {Of("drop n1>n2 #3", 1, 2)});
  const Explanation x = Explain(s, run, {.runs_at_most = 50});
  EXPECT_LE(x.runs, 50u);
  EXPECT_TRUE(x.out_of_runs);
}

bool SamePast(const Timeline& a, const Timeline& b, uint64_t events) {
  for (uint64_t i = 0; i < events; ++i) {
    if (i >= b.size() || Describe(a[i]) != Describe(b[i]) || a[i].id != b[i].id) return false;
  }
  return true;
}

TEST(Reseed, ThePastStaysAndTheFutureChanges) {
  const Scenario s = toys::Stream(30, {{"sound", [](auto&) { return false; }}});
  for (uint64_t seed : {3, 4, 5}) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed), {.keep_events = true});
    for (uint64_t event : {uint64_t{1}, run.events / 3, run.events / 2}) {
      const Reseeder reseeder(s, run, event);
      size_t others = 0;
      for (uint64_t future = 1; future <= 10; ++future) {
        uint64_t runs = 0;
        const auto other = reseeder.Run(future, runs);
        ASSERT_TRUE(other) << "seed " << seed << " event " << event << " future " << future;
        EXPECT_TRUE(SamePast(run.timeline, other->timeline, event));
        others += other->digest != run.digest ? 1 : 0;
        // Equal questions have equal answers.
        EXPECT_EQ(reseeder.Run(future, runs)->digest, other->digest);
      }
      EXPECT_GE(others, 5u) << "seed " << seed << " event " << event;
    }
  }
}

// What a node draws itself is past as well, the zeros too, though nobody is told of those.
TEST(Reseed, WhatNodesDrewStays) {
  Scenario s = toys::Stream(1, {{"sound", [](auto&) { return false; }}});
  for (Role& role : s.roles) {
    role.main = [](Env& env) {
      for (int i = 0; i < 40; ++i) {
        const uint64_t wait = env.Random(5);
        env.Sleep(Duration(1ms) * static_cast<int64_t>(wait));
        env.Report(toys::Got{env.Random(2)});
      }
    };
  }
  const RunResult run = Simulate(s, Choices::FromSeed(1), {.keep_events = true});
  const Reseeder reseeder(s, run, run.events / 2);
  for (uint64_t future = 1; future <= 20; ++future) {
    uint64_t runs = 0;
    const auto other = reseeder.Run(future, runs);
    ASSERT_TRUE(other) << future;
    EXPECT_TRUE(SamePast(run.timeline, other->timeline, run.events / 2));
    EXPECT_NE(other->digest, run.digest);
  }
}

TEST(Reseed, WithoutAPastItIsTheRunOfTheSeed) {
  const Scenario s = NeedsThird();
  const RunResult run = Make(s, {});
  const Reseeder reseeder(s, run, 0);
  uint64_t runs = 0;
  EXPECT_EQ(reseeder.Run(9, runs)->digest, Simulate(s, Choices::FromSeed(9)).digest);
  EXPECT_EQ(runs, 1u);
}

}  // namespace
}  // namespace reprise
