#include <gtest/gtest.h>

#include "models/spec/converges.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId n1{1}, n2{2};
constexpr Time kCalm{10s};

struct Level {
  uint64_t level;
};

Complaint BeginCalm(Oracle& oracle) { return Show(oracle, Event::Kind::kCalm, kCalm); }

TEST(ConvergesTest, AcceptsWhenEachNodeReportsInTime) {
  Converges<Progress> oracle(2s, "progressed", {n1, n2});
  EXPECT_NE(oracle.Watches(), 0u);
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_FALSE(Tell(oracle, Progress{}, n2, kCalm + 1s));
  EXPECT_FALSE(Tell(oracle, Progress{}, n1, kCalm + 2s)) << "just in time";
  EXPECT_FALSE(Show(oracle, Event::Kind::kWake, kCalm + 9s));
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_FALSE(oracle.Undecided());
}

TEST(ConvergesTest, RejectsAtTheFirstEventAfterTheBound) {
  Converges<Progress> oracle(2s, "progressed", {n1, n2});
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_FALSE(Tell(oracle, Progress{}, n1, kCalm + 1s));
  EXPECT_FALSE(Show(oracle, Event::Kind::kWake, kCalm + 2s));
  const Complaint complaint = Show(oracle, Event::Kind::kWake, kCalm + 3s);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "n2 has not progressed within 2000.000 ms of calm");
}

TEST(ConvergesTest, RejectsAReportThatComesTooLate) {
  Converges<Progress> oracle(2s, "progressed", {n1});
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_TRUE(Tell(oracle, Progress{}, n1, kCalm + 3s));
}

TEST(ConvergesTest, RejectsAtTheEndOfARunThatWentQuiet) {
  Converges<Progress> oracle(2s, "progressed");
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_EQ(*oracle.AtEnd(), "no node has progressed within 2000.000 ms of calm");
}

TEST(ConvergesTest, WhatHappensInTheStormDoesNotCount) {
  Converges<Progress> oracle(2s, "progressed", {n1});
  EXPECT_FALSE(Tell(oracle, Progress{}, n1, Time{1s}));
  EXPECT_FALSE(Show(oracle, Event::Kind::kWake, Time{9s}));
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_TRUE(oracle.AtEnd());
}

TEST(ConvergesTest, AnyNodeWillDoWhereNoneIsNamed) {
  Converges<Progress> oracle(2s, "progressed");
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_FALSE(Tell(oracle, Progress{}, n2, kCalm + 1s));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(ConvergesTest, OnlyFactsOfWhichThePredicateHoldsCount) {
  Converges<Level> oracle(2s, "reached level 3", {n1}, [](const Level& m) { return m.level >= 3; });
  EXPECT_FALSE(BeginCalm(oracle));
  EXPECT_FALSE(Tell(oracle, Level{2}, n1, kCalm + 1s));
  EXPECT_FALSE(Tell(oracle, Progress{}, n1, kCalm + 1s));
  EXPECT_EQ(*oracle.AtEnd(), "n1 has not reached level 3 within 2000.000 ms of calm");
  EXPECT_FALSE(Tell(oracle, Level{3}, n1, kCalm + 1s));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(ConvergesTest, UndecidedWithoutACalm) {
  Converges<Progress> oracle(2s, "progressed");
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_TRUE(oracle.Undecided());
}

TEST(ConvergesTest, ScenariosCopyOracles) {
  const auto oracles = JudgedBy(Converges<Progress>(2s, "progressed"))();
  EXPECT_EQ(oracles.front()->name(), "converges");
}

}  // namespace
}  // namespace reprise::models
