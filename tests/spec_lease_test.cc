// Oracles of leases and fences, each with histories that it rejects and legal ones that look odd.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/spec/fenced.h"
#include "models/spec/one_holder.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

using ::testing::HasSubstr;

constexpr NodeId n1{1}, n2{2}, n3{3}, kStore{8}, kOther{9};

Complaint Apply(Oracle& oracle, uint64_t token, Holder holder, NodeId store = kStore) {
  return Tell(oracle, FencedWrite{token, holder}, store);
}

TEST(FencedTest, AcceptsTokensThatAreLeftOutAndWritesOfWhoLostTheLockBeforeTheNextOnes) {
  Fenced oracle;
  EXPECT_FALSE(Apply(oracle, 3, {n1, 1}));
  EXPECT_FALSE(Apply(oracle, 3, {n1, 1})) << "many writes of one holder";
  EXPECT_FALSE(Apply(oracle, 7, {n1, 2})) << "its next life has a token of its own";
  EXPECT_FALSE(Apply(oracle, 9, {n2, 1})) << "of 8 the store never heard";
  EXPECT_FALSE(Apply(oracle, 4, {n3, 1}, kOther)) << "another store is another matter";
  EXPECT_FALSE(oracle.Skipped());
}

TEST(FencedTest, RejectsATokenThatFalls) {
  Fenced oracle;
  EXPECT_FALSE(Apply(oracle, 5, {n1, 1}));
  EXPECT_FALSE(Apply(oracle, 6, {n2, 1}));
  const Complaint complaint = Apply(oracle, 5, {n1, 1});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "n8 applied a write of n1 with token 5 after one with token 6");
}

TEST(FencedTest, RejectsTwoHoldersOfOneToken) {
  Fenced of_nodes, of_lives;
  EXPECT_FALSE(Apply(of_nodes, 5, {n1, 1}));
  EXPECT_THAT(Apply(of_nodes, 5, {n2, 1}).value_or(""), HasSubstr("n1 and n2 with token 5"));
  EXPECT_FALSE(Apply(of_lives, 5, {n1, 1}));
  EXPECT_TRUE(Apply(of_lives, 5, {n1, 2}));
}

TEST(FencedTest, HasJudgedNothingWhereNothingWasWritten) {
  Fenced oracle;
  EXPECT_FALSE(Tell(oracle, Uses{1, 1}, n1));
  EXPECT_TRUE(oracle.Skipped());
}

Complaint Use(Oracle& oracle, NodeId user, uint64_t token, Time at, uint64_t boot = 1) {
  return Tell(oracle, Uses{token, boot}, user, at);
}

TEST(OneHolderTest, AcceptsUsersThatFollowOneAnotherAtOnceOrNeverUseAGrant) {
  OneHolder oracle;
  EXPECT_FALSE(Use(oracle, n1, 1, Time{1s}));
  EXPECT_FALSE(Use(oracle, n1, 1, Time{2s}));
  EXPECT_FALSE(Use(oracle, n2, 4, Time{2s})) << "at the same moment, but after it";
  EXPECT_FALSE(Use(oracle, n1, 5, Time{3s}));
  EXPECT_FALSE(Use(oracle, n1, 6, Time{4s}, 2));
  EXPECT_FALSE(oracle.Skipped());
}

TEST(OneHolderTest, RejectsAUseUnderAnOlderGrant) {
  OneHolder oracle;
  EXPECT_FALSE(Use(oracle, n1, 1, Time{1s}));
  EXPECT_FALSE(Use(oracle, n2, 2, Time{2s}));
  const Complaint complaint = Use(oracle, n1, 1, Time{2500ms});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "n1 uses the lock with token 1, 500.000 ms after n2 used it with token 2");
}

TEST(OneHolderTest, RejectsTwoUsersOfOneGrant) {
  OneHolder of_nodes, of_lives;
  EXPECT_FALSE(Use(of_nodes, n1, 2, Time{1s}));
  EXPECT_TRUE(Use(of_nodes, n2, 2, Time{9s})) << "however long after";
  EXPECT_FALSE(Use(of_lives, n1, 2, Time{1s}));
  EXPECT_TRUE(Use(of_lives, n1, 2, Time{9s}, 2));
}

TEST(OneHolderTest, HasJudgedNothingWhereNobodyHeldTheLock) {
  OneHolder oracle;
  EXPECT_FALSE(Apply(oracle, 1, {n1, 1}));
  EXPECT_TRUE(oracle.Skipped());
}

}  // namespace
}  // namespace reprise::models
