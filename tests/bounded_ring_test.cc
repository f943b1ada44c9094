// The dispatcher's runs: what must happen in them, so that "no complaint" says something.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "protocols/protocols.h"

namespace reprise {
namespace {

uint64_t Count(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name.starts_with(fact)) return count;
  }
  return 0;
}

TEST(BoundedRingTest, EveryOperationOfTheCalmRunIsAnswered) {
  const RunResult calm = Simulate(*AllProtocols().Make("bounded-ring"), Choices::Calm());
  EXPECT_EQ(calm.verdict.kind, Verdict::Kind::kPass) << calm.verdict.reason;
  EXPECT_GT(Count(calm, "Returned"), 50u);
  EXPECT_EQ(Count(calm, "Returned"), Count(calm, "Invoked"));
  EXPECT_GT(Count(calm, "Loads"), 50u);
}

TEST(BoundedRingTest, HoldsWithAnySlackAndAnyNumberOfServers) {
  for (const auto& [servers, epsilon] : {std::pair("2", "50"), {"16", "100"}, {"5", "4000"}}) {
    const Scenario scenario =
        *AllProtocols().Make("bounded-ring", {{"servers", servers}, {"epsilon", epsilon}});
    uint64_t crashes = 0;
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      const RunResult run = Simulate(scenario, Choices::FromSeed(seed));
      ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << seed << ": " << run.verdict.reason;
      crashes += run.faults[Fault::kCrash].applied;
    }
    EXPECT_GT(crashes, 0u);
  }
}

}  // namespace
}  // namespace reprise
