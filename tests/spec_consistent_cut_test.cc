#include <gtest/gtest.h>

#include "models/spec/consistent_cut.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId n1{1}, n2{2};

TEST(ConsistentCutTest, AcceptsACutThatCaughtEverything) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Recorded{1, 40}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{1, 50}, n2));
  EXPECT_FALSE(Tell(oracle, InTransit{1, 3}, n2));
  EXPECT_FALSE(Tell(oracle, InTransit{1, 7}, n2));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n1));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n2));
}

TEST(ConsistentCutTest, RejectsACutThatLostSomething) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Recorded{1, 40}, n1));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{1, 50}, n2));
  const Complaint complaint = Tell(oracle, Complete{1}, n2);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "snapshot 1 holds 90 of 100");
}

TEST(ConsistentCutTest, RejectsACutThatDoubledSomething) {
  ConsistentCut oracle(100, 1);
  EXPECT_FALSE(Tell(oracle, Recorded{1, 100}, n1));
  EXPECT_FALSE(Tell(oracle, InTransit{1, 1}, n1));
  EXPECT_TRUE(Tell(oracle, Complete{1}, n1));
}

TEST(ConsistentCutTest, ANodeThatRecordsAgainCountsOnce) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Recorded{1, 40}, n1));
  EXPECT_FALSE(Tell(oracle, InTransit{1, 5}, n1));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{1, 45}, n1));  // After a crash.
  EXPECT_FALSE(Tell(oracle, Recorded{1, 55}, n2));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n2)) << "n1 is not complete any more";
  EXPECT_FALSE(Tell(oracle, Complete{1}, n2));
  EXPECT_FALSE(Tell(oracle, Complete{1}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{1, 46}, n1));
  EXPECT_TRUE(Tell(oracle, Complete{1}, n1)) << "judged each time";
}

TEST(ConsistentCutTest, SnapshotsMayOverlapAndNeedNotEnd) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Recorded{1, 40}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{2, 30}, n1));
  EXPECT_FALSE(Tell(oracle, Recorded{2, 70}, n2));
  EXPECT_FALSE(Tell(oracle, Complete{2}, n1));
  EXPECT_FALSE(Tell(oracle, Complete{2}, n2));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(ConsistentCutTest, JudgesWhatWasRestored) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Restored{1, 7, 45}, n1));
  EXPECT_FALSE(Tell(oracle, Restored{1, 7, 45}, n1));  // It crashed while it restored.
  EXPECT_FALSE(Tell(oracle, Restored{1, 7, 55}, n2));
  EXPECT_FALSE(Tell(oracle, Restored{2, 7, 45}, n1));
  const Complaint complaint = Tell(oracle, Restored{2, 7, 60}, n2);
  ASSERT_TRUE(complaint) << "what was in transit came twice";
  EXPECT_EQ(*complaint, "epoch 2 holds 105 of 100");
}

TEST(ConsistentCutTest, AllGoBackToTheSameSnapshot) {
  ConsistentCut oracle(100, 2);
  EXPECT_FALSE(Tell(oracle, Restored{1, 7, 45}, n1));
  const Complaint complaint = Tell(oracle, Restored{1, 6, 55}, n2);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "n2 went back to snapshot 6 in epoch 1, and others to 7");
}

}  // namespace
}  // namespace reprise::models
