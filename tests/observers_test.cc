// Watching a run does not change it: whatever is kept, looked for or judged, it is the same run.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/every_scenario.h"
#include "tests/temporary_folder.h"
#include "tools/event_log.h"
#include "tools/report.h"

namespace reprise {
namespace {

class Observed : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto scenario = AllProtocols().Make(GetParam());
    ASSERT_TRUE(scenario.ok());
    scenario_ = *std::move(scenario);
    for (uint64_t seed = 0; seed <= 5; ++seed) {  // Zero stands for the calm run.
      choices_.push_back(seed == 0 ? Choices::Calm() : Choices::FromSeed(seed));
      plain_.push_back(Simulate(scenario_, choices_.back()));
    }
  }

  // Runs are made as the options say, and are those without any.
  void ExpectTheSame(const RunOptions& options) {
    for (size_t i = 0; i < plain_.size(); ++i) {
      const RunResult now = Simulate(scenario_, choices_[i], options);
      EXPECT_EQ(now.digest, plain_[i].digest) << i;
      EXPECT_EQ(now.events, plain_[i].events) << i;
      EXPECT_EQ(now.milestones, plain_[i].milestones) << i;
      EXPECT_EQ(now.departures(), plain_[i].departures()) << i;
      EXPECT_EQ(now.facts, plain_[i].facts) << i;
    }
  }

  Scenario scenario_;
  std::vector<Choices> choices_;
  std::vector<RunResult> plain_;
};

TEST_P(Observed, WhereEventsAreKept) { ExpectTheSame({.keep_events = true}); }

TEST_P(Observed, WhereOpportunitiesAreLookedFor) {
  ExpectTheSame({.find_opportunities = true});
  ExpectTheSame({.keep_events = true, .find_opportunities = true});
}

TEST_P(Observed, WhereEventsAreWrittenAndPrinted) {
  const TemporaryFolder folder;
  for (const Choices& choices : choices_) {
    const RunResult kept = Simulate(scenario_, choices, {.keep_events = true});
    ASSERT_TRUE(SaveEvents(folder / "run.jsonl", kept.timeline).ok());
    EXPECT_FALSE(RunText(scenario_, kept, 1, 1.0).empty());
    EXPECT_FALSE(RunJson(scenario_, kept, 1).empty());
  }
  ExpectTheSame({});
}

// What oracles said ends a run that fails, and is in its last event. One that passes owes them
// nothing.
TEST_P(Observed, WhereOraclesJudge) {
  size_t passed = 0;
  for (size_t i = 0; i < plain_.size(); ++i) {
    if (plain_[i].verdict.kind != Verdict::Kind::kPass) continue;
    Scenario unjudged = scenario_;
    unjudged.oracles = nullptr;
    EXPECT_EQ(Simulate(unjudged, choices_[i]).digest, plain_[i].digest) << i;
    ++passed;
  }
  if (scenario_.mutant.empty()) {
    EXPECT_EQ(passed, plain_.size());
  }
}

INSTANTIATE_TEST_SUITE_P(All, Observed, testing::ValuesIn(EveryScenario()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return !isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace reprise
