// The protocol of protocols/durability/scrubbed_store.cc and the rules that it decides by.

#include "protocols/durability/scrubbed_store.h"

#include <gtest/gtest.h>

#include "protocols/protocols.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

using scrubbed::IsBetter;
using scrubbed::QuorumOf;

constexpr NodeId n1{1}, n2{2}, n3{3};

using OptionList = std::vector<std::pair<std::string, std::string>>;
Scenario Make(const OptionList& options = {}) {
  return *AllProtocols().Make("scrubbed-store", options);
}

uint64_t FactsOf(const RunResult& run, const std::string& name) {
  for (const auto& [fact, count] : run.facts) {
    if (fact == name) return count;
  }
  return 0;
}

TEST(ScrubbedStoreTest, CalmRunsAnswerAll) {
  for (const char* replicas : {"5", "7", "9"}) {
    const RunResult run = Simulate(Make({{"replicas", replicas}}), Choices::Calm());
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
    EXPECT_TRUE(run.taken.empty());
    EXPECT_EQ(FactsOf(run, "BlobRead") + FactsOf(run, "BlobWritten"), FactsOf(run, "BlobBegun"));
    EXPECT_GT(FactsOf(run, "BlobWritten"), 40u);
    EXPECT_EQ(FactsOf(run, "FoundBad"), 0u);
    EXPECT_EQ(FactsOf(run, "Progress"), 3u);
  }
}

TEST(ScrubbedStoreTest, IsSound) {
  for (const char* replicas : {"5", "7"}) {
    const Scenario s = Make({{"replicas", replicas}});
    for (uint64_t seed = 1; seed <= 100; ++seed) {
      const RunResult run = Simulate(s, Choices::FromSeed(seed));
      ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass)
          << replicas << " replicas, seed " << seed << ": " << run.verdict.reason;
      ASSERT_EQ(FactsOf(run, "BlobLost"), 0u);
    }
  }
}

// Beyond the budget blobs may be lost and the store may stay shut, but it is never wrong.
TEST(ScrubbedStoreTest, IsNeverSilentlyWrongBeyondItsBudget) {
  const Scenario s = Make({{"budget", "0"}});
  uint64_t unanswered = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << "seed " << seed << run.verdict.reason;
    unanswered += FactsOf(run, "BlobUnanswered");
  }
  EXPECT_GT(unanswered, 100u);
}

// Where f replicas stand still for ever the others go on; where nothing heals, safety is judged.
TEST(ScrubbedStoreTest, IsSoundInEveryCalm) {
  const Scenario s = Make();
  for (uint64_t calm : {1, 2}) {
    const Departures how = {{*ParseAddress("calm-how #1"), calm, 3}};
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      const RunResult run = Simulate(s, Choices::FromSeed(seed, how));
      ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass)
          << "calm " << calm << ", seed " << seed << ": " << run.verdict.reason;
    }
  }
}

TEST(ScrubbedStoreTest, AFullWipeIsRepairedFromTheOthers) {
  const Scenario s = Make();
  const RunResult run =
      Simulate(s, Choices::FromDepartures(List({{"crash n1 #3", 512}, {"wipe n1 #3", 1}})));
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  EXPECT_EQ(run.faults[Fault::kWipe].observed, 1u);
  EXPECT_EQ(FactsOf(run, "Recovered"), 1u);
  EXPECT_GT(FactsOf(run, "Repaired"), 0u);
}

TEST(ScrubbedStoreTest, QuorumsLeaveTwoHoldersOfWhichOneIsGood) {
  for (size_t n : {5, 7, 9}) {
    const size_t f = (n - 3) / 2;
    EXPECT_GT(2 * QuorumOf(n), n) << "any two meet";
    EXPECT_EQ(QuorumOf(n) - f, 2u);
    EXPECT_LE(QuorumOf(n), n - f) << "there is one without those that do not count";
  }
}

TEST(ScrubbedStoreTest, CompareAndSwapTakesNewerOnesAndTheSameWhereItIsBad) {
  EXPECT_TRUE(IsBetter(1, 2, false));
  EXPECT_FALSE(IsBetter(2, 2, false));
  EXPECT_TRUE(IsBetter(2, 2, true));
  EXPECT_FALSE(IsBetter(2, 1, true));
}

TEST(CrashQuorumTest, CountsEachReplicaOnce) {
  CrashQuorum<int> quorum(3);
  quorum.Add(n1, {1, 1, 1}, 5);
  quorum.Add(n1, {1, 1, 1}, 6);
  quorum.Add(n2, {1, 1, 1}, 7);
  EXPECT_EQ(quorum.size(), 2u);
  std::vector<int> answers;
  quorum.ForEach([&](NodeId, int answer) { answers.push_back(answer); });
  EXPECT_EQ(answers, (std::vector<int>{6, 7}));
}

TEST(CrashQuorumTest, AnAnswerOfAnOlderBootThanAnotherKnowsDoesNotCount) {
  CrashQuorum<int> quorum(3);
  quorum.Add(n1, {1, 1, 1}, 5);
  quorum.Add(n2, {2, 1, 1}, 6);
  EXPECT_FALSE(quorum.Has(n1));
  quorum.Add(n1, {1, 1, 1}, 5);
  EXPECT_FALSE(quorum.Has(n1)) << "nor if it comes later";
  quorum.Add(n1, {2, 1, 1}, 7);
  quorum.Add(n3, {1, 1, 1}, 8);
  EXPECT_EQ(quorum.size(), 3u) << "who knows less is no liar";
  EXPECT_EQ(quorum.known(), (CrashVector{2, 1, 1}));
}

TEST(CrashQuorumTest, AVectorOfOtherReplicasIsIgnored) {
  CrashQuorum<int> quorum(3);
  quorum.Add(n1, {1, 1}, 5);
  EXPECT_EQ(quorum.size(), 0u);
}

}  // namespace
}  // namespace reprise
