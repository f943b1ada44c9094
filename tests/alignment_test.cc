// Events of two runs are matched by place and content.

#include "tools/alignment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/toys.h"

namespace reprise {
namespace {

size_t MatchedIn(const std::vector<size_t>& one, const std::vector<size_t>& other) {
  const auto matched = Match(one, other);
  EXPECT_EQ(matched.size(), one.size());
  size_t n = 0, next = 0;
  for (size_t i = 0; i < matched.size(); ++i) {
    if (matched[i] == kUnmatched) continue;
    EXPECT_GE(matched[i], next) << "out of order at " << i;
    EXPECT_LT(matched[i], other.size());
    if (matched[i] >= other.size()) return 0;
    EXPECT_EQ(one[i], other[matched[i]]);
    next = matched[i] + 1;
    ++n;
  }
  return n;
}

// The longest common subsequence, by the book.
size_t Longest(const std::vector<size_t>& a, const std::vector<size_t>& b) {
  std::vector<std::vector<size_t>> best(a.size() + 1, std::vector<size_t>(b.size() + 1, 0));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      best[i][j] =
          a[i - 1] == b[j - 1] ? best[i - 1][j - 1] + 1 : std::max(best[i - 1][j], best[i][j - 1]);
    }
  }
  return best[a.size()][b.size()];
}

TEST(Alignment, MatchesAsManyAsPossible) {
  uint64_t state = 1;
  const auto next = [&](uint64_t bound) { return (state = Choices::Mix(state + 7)) % bound; };
  for (int round = 0; round < 400; ++round) {
    std::vector<size_t> one(next(14)), other(next(14));
    for (auto* list : {&one, &other}) {
      for (size_t& x : *list) x = next(1 + next(5));
    }
    EXPECT_EQ(MatchedIn(one, other), Longest(one, other));
  }
}

TEST(Alignment, WhatDiffersALotIsStillMatchedRightly) {
  std::vector<size_t> one, other;
  for (size_t i = 0; i < 5000; ++i) {
    one.push_back(i % 7 == 0 ? i : i + 100'000);
    other.push_back(i % 7 == 0 ? i : i + 200'000);
  }
  EXPECT_GT(MatchedIn(one, other), 600u);
}

RunResult StreamRun(const Departures& departures) {
  const Scenario scenario = toys::Stream(5, {{"sound", [](auto&) { return false; }}});
  return Simulate(scenario, Choices::FromDepartures(departures), {.keep_events = true});
}

Departures Lost(uint64_t ordinal) {
  return {{*ParseAddress("drop n1>n2 #" + std::to_string(ordinal)), 1, 2}};
}

TEST(Alignment, EqualRunsDoNotDiffer) {
  const RunResult one = StreamRun(Lost(2)), other = StreamRun(Lost(2));
  const Alignment a = Align(one.timeline, other.timeline);
  EXPECT_EQ(a.first, 0u);
  EXPECT_EQ(a.same, one.timeline.size());
  EXPECT_EQ(a.moved + a.only_one + a.only_other, 0u);
}

// One message more shifts the numbers of all that come later, and matches go on all the same.
TEST(Alignment, OneLostMessageIsWhatDiffers) {
  const RunResult calm = StreamRun({}), lost = StreamRun(Lost(2));
  const Alignment a = Align(calm.timeline, lost.timeline);
  ASSERT_NE(a.first, 0u);
  for (size_t i = 1; i < a.first; ++i) EXPECT_EQ(a.of_one[i], i);
  std::vector<std::string> only_calm, only_lost;
  for (size_t i = 1; i < a.of_one.size(); ++i) {
    if (a.of_one[i] == 0) only_calm.push_back(std::string(KindName(calm.timeline[i - 1].kind)));
  }
  for (size_t i = 1; i < a.of_other.size(); ++i) {
    if (a.of_other[i] == 0) only_lost.push_back(std::string(KindName(lost.timeline[i - 1].kind)));
  }
  EXPECT_EQ(only_calm, (std::vector<std::string>{"deliver", "fact"}));
  EXPECT_EQ(only_lost, (std::vector<std::string>{"drop"}));
}

TEST(Alignment, ALateMessageIsTheSameMessage) {
  const RunResult calm = StreamRun({});
  const RunResult late = StreamRun({{*ParseAddress("late n1>n2 #5"), 9, kQuantiles}});
  const Alignment a = Align(calm.timeline, late.timeline);
  EXPECT_EQ(a.only_one + a.only_other, 0u);
  EXPECT_EQ(a.moved, 2u);  // It is delivered later, and reported.
}

}  // namespace
}  // namespace reprise
