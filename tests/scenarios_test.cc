// What holds for every scenario we ship, and for every trace in traces/.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/faults.h"
#include "sim/search/twice.h"
#include "sim/trace.h"
#include "tests/every_scenario.h"

namespace reprise {
namespace {

// But for those of families that this program leaves out.
std::vector<std::string> EveryTrace() {
  const Catalogue all = AllProtocols();
  std::vector<std::string> paths;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(REPRISE_SOURCE_DIR "/traces")) {
    const std::string folder = entry.path().parent_path().filename();
    if (entry.path().extension() == ".trace" && !all.left_out().contains(folder)) {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

class EachScenario : public testing::TestWithParam<std::string> {};

TEST_P(EachScenario, IsTheSameRunAgainAfterOthersAndFromItsDepartures) {
  const auto scenario = AllProtocols().Make(GetParam());
  ASSERT_TRUE(scenario.ok());
  const uint64_t seeds = scenario->mutant.empty() ? 200 : 20;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto difference = CheckTwice(*scenario, seed);
    ASSERT_FALSE(difference) << "seed " << seed << ": " << Describe(*difference);
  }
}

TEST_P(EachScenario, HasACalmRunInWhichSomethingHappens) {
  const auto scenario = AllProtocols().Make(GetParam());
  ASSERT_TRUE(scenario.ok());
  const RunResult calm = Simulate(*scenario, Choices::Calm());
  // A mutant that stands still from the beginning fails for that.
  EXPECT_TRUE(!calm.facts.empty() || calm.verdict.failed());
  if (scenario->mutant.empty()) {
    EXPECT_EQ(calm.verdict.kind, Verdict::Kind::kPass) << calm.verdict.reason;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EachScenario, testing::ValuesIn(EveryScenario()),
                         [](const auto& info) { return TestName(info.param); });

class EachTrace : public testing::TestWithParam<std::string> {};

TEST_P(EachTrace, ReplaysBitForBitAndFailsAsRecorded) {
  const auto trace = LoadTrace(GetParam());
  ASSERT_TRUE(trace.ok()) << trace.status().message();
  const auto scenario = AllProtocols().Make(trace->scenario, trace->options);
  ASSERT_TRUE(scenario.ok()) << scenario.status().message();
  const RunResult now = Simulate(*scenario, Choices::FromDepartures(trace->departures));
  EXPECT_EQ(now.digest, trace->digest);
  EXPECT_EQ(now.events, trace->events);
  EXPECT_EQ(now.milestones, trace->milestones);
  EXPECT_EQ(KindName(now.verdict.kind), trace->verdict);
  EXPECT_EQ(now.verdict.oracle, trace->oracle);
  EXPECT_EQ(now.verdict.reason, trace->reason);
  EXPECT_EQ(now.given_drawn, trace->departures.size());
}

// Those that the trace has and the scenario's menu has not: an engine is not changed by us, so that
// its mutants are disks which it is not promised to survive.
std::vector<std::string> FaultsBeyondTheMenu(const Scenario& scenario, const RunResult& run) {
  std::vector<std::string> beyond;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (run.faults[fault].applied == 0 || RateOf(scenario, fault).num != 0) continue;
    beyond.emplace_back(Info(fault).name);
  }
  return beyond;
}

// The rule that was broken is what made it fail: the protocol as its paper has it withstands it.
TEST_P(EachTrace, IsWithstoodByTheSoundProtocol) {
  const auto trace = LoadTrace(GetParam());
  ASSERT_TRUE(trace.ok()) << trace.status().message();
  const std::string family = trace->scenario.substr(0, trace->scenario.find(':'));
  const auto scenario = AllProtocols().Make(family, trace->options);
  ASSERT_TRUE(scenario.ok()) << scenario.status().message();
  const RunResult now = Simulate(*scenario, Choices::FromDepartures(trace->departures));
  const auto beyond = FaultsBeyondTheMenu(*scenario, now);
  const bool engine = family == "leveldb" || family == "rocksdb";
  if (now.verdict.failed() && engine && !beyond.empty()) {
    GTEST_SKIP() << "not on the menu of " << family << ": " << beyond.front();
  }
  EXPECT_FALSE(now.verdict.failed()) << now.verdict.oracle << ": " << now.verdict.reason;
}

INSTANTIATE_TEST_SUITE_P(All, EachTrace, testing::ValuesIn(EveryTrace()), [](const auto& info) {
  const std::filesystem::path path = info.param;
  return TestName(path.parent_path().filename().string() + "_" + path.stem().string());
});

// Those that seeds do not find are told by a story, in a test that is there.
TEST(Traces, ThereIsOneForEveryMutantOfEasyClassesByTheOracleThatItNames) {
  const Catalogue all = AllProtocols();
  const std::vector<std::string> paths = EveryTrace();
  for (const Family& family : all.families()) {
    for (const MutantInfo& mutant : family.mutants) {
      if (!mutant.story.empty()) {
        EXPECT_TRUE(std::filesystem::exists(REPRISE_SOURCE_DIR "/" + mutant.story)) << mutant.id;
      }
      if (mutant.decoy || mutant.difficulty == "D3" || !mutant.story.empty()) continue;
      const std::string path =
          REPRISE_SOURCE_DIR "/traces/" + family.name + "/" + mutant.name + ".trace";
      ASSERT_EQ(std::ranges::count(paths, path), 1) << path;
      const auto trace = LoadTrace(path);
      ASSERT_TRUE(trace.ok()) << trace.status().message();
      EXPECT_EQ(trace->oracle, mutant.oracle) << path;
    }
  }
}

}  // namespace
}  // namespace reprise
