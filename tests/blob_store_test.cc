// The blob store's runs: what must happen in them, so that "no complaint" says something, and what
// must not happen where nothing goes wrong.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "protocols/protocols.h"

namespace reprise {
namespace {

uint64_t Count(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

TEST(BlobStoreTest, InTheCalmRunNobodyIsSuspectedAndNothingMoves) {
  const RunResult calm = Simulate(*AllProtocols().Make("blob-store"), Choices::Calm());
  EXPECT_EQ(calm.verdict.kind, Verdict::Kind::kPass) << calm.verdict.reason;
  EXPECT_GT(Count(calm, "BlobWritten"), 0u);
  EXPECT_GT(Count(calm, "Trimmed"), 0u) << "older versions go";
  for (const char* fact : {"Suspected", "FoundBad", "Leaving", "BlobUnanswered"}) {
    EXPECT_EQ(Count(calm, fact), 0u) << fact;
  }
  EXPECT_EQ(Count(calm, "Settled"), 0u) << "the members never change";
}

TEST(BlobStoreTest, StormsHaveAllThatItHealsFrom) {
  const Scenario scenario = *AllProtocols().Make("blob-store");
  std::map<std::string, uint64_t> sum;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunResult run = Simulate(scenario, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << seed << ": " << run.verdict.reason;
    for (const auto& [name, count] : run.facts) sum[name] += count;
  }
  for (const char* fact : {"Suspected", "Trusted", "Leaving", "Settled", "FoundBad", "Fetch",
                           "Copied", "Trimmed", "BlobWritten", "BlobRead", "Stored"}) {
    EXPECT_GT(sum[fact], 0u) << fact;
  }
}

}  // namespace
}  // namespace reprise
