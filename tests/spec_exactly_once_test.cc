#include <gtest/gtest.h>

#include "models/spec/exactly_once.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

// Two keys with two records each: the value is 10 times the key, and the sequence number.
ExactlyOnce Oracle() {
  return ExactlyOnce(2, 1, [](uint64_t key, uint64_t sequence) -> std::optional<uint64_t> {
    if (sequence >= 2) return std::nullopt;
    return 10 * key + sequence;
  });
}

TEST(ExactlyOnceTest, AcceptsEachRecordOnceAndKeysInAnyOrder) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Visible{1, 0, 10}));
  EXPECT_FALSE(Tell(oracle, Visible{1, 1, 11}));
  EXPECT_FALSE(Tell(oracle, Visible{0, 0, 0}));
  EXPECT_FALSE(Tell(oracle, Visible{0, 1, 1}));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(ExactlyOnceTest, RejectsARecordThatIsVisibleTwice) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Visible{1, 0, 10}));
  EXPECT_EQ(Tell(oracle, Visible{1, 0, 10}), "record 0 of key 1 is visible twice");
}

TEST(ExactlyOnceTest, RejectsARecordWithoutTheOneBeforeIt) {
  ExactlyOnce oracle = Oracle();
  EXPECT_EQ(Tell(oracle, Visible{1, 1, 11}),
            "record 0 of key 1 is lost: number 1 is visible without it");
}

TEST(ExactlyOnceTest, RejectsAnotherValue) {
  ExactlyOnce oracle = Oracle();
  EXPECT_EQ(Tell(oracle, Visible{1, 0, 20}), "record 0 of key 1 is 20, and not 10");
}

TEST(ExactlyOnceTest, RejectsWhatNobodyHasSent) {
  ExactlyOnce oracle = Oracle();
  EXPECT_EQ(Tell(oracle, Visible{2, 0, 20}), "record 0 of key 2 is visible, and there is none");
  EXPECT_EQ(Tell(oracle, Visible{1, 2, 12}), "record 2 of key 1 is visible, and there is none");
}

TEST(ExactlyOnceTest, WhatIsMissingAtTheEndIsLost) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Visible{0, 0, 0}));
  EXPECT_FALSE(Tell(oracle, Visible{0, 1, 1}));
  EXPECT_FALSE(Tell(oracle, Visible{1, 0, 10}));
  EXPECT_EQ(oracle.AtEnd(), "record 1 of key 1 was never visible");
}

TEST(ExactlyOnceTest, RejectsACommitThatNoCompleteCheckpointCovers) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Completed{5}));
  EXPECT_FALSE(Tell(oracle, Commits{5}));
  EXPECT_EQ(Tell(oracle, Commits{6}, NodeId{9}),
            "n9 commits transaction 6, and no such checkpoint is complete");
}

TEST(ExactlyOnceTest, ALaterCheckpointCoversTransactionsOfThoseThatWereGivenUp) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Completed{7}));
  EXPECT_FALSE(Tell(oracle, Commits{5}));
  EXPECT_FALSE(Tell(oracle, Commits{5})) << "again, by somebody who was restored";
  EXPECT_FALSE(Tell(oracle, Completed{7})) << "again, after a restart";
}

TEST(ExactlyOnceTest, AcceptsACheckpointWhoseStatesHoldWhatItsSourcesEmitted) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Reflects{3, 1, 1, 0, 4}));  // Two tasks of stage 1 share source 0.
  EXPECT_FALSE(Tell(oracle, Reflects{3, 0, 0, 0, 9}));
  EXPECT_FALSE(Tell(oracle, Reflects{3, 1, 0, 0, 5}));
  EXPECT_FALSE(Tell(oracle, Reflects{4, 0, 0, 0, 11}));  // The next one has begun.
  EXPECT_FALSE(Tell(oracle, Completed{3}));
}

TEST(ExactlyOnceTest, ACheckpointThatWasGivenUpMayHoldAnything) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Reflects{3, 0, 0, 0, 9}));
  EXPECT_FALSE(Tell(oracle, Completed{4}));
}

TEST(ExactlyOnceTest, RejectsACheckpointThatHoldsMoreOrLess) {
  for (const uint64_t within : {8, 10}) {
    ExactlyOnce oracle = Oracle();
    EXPECT_FALSE(Tell(oracle, Reflects{3, 0, 0, 0, 9}));
    EXPECT_FALSE(Tell(oracle, Reflects{3, 1, 0, 0, within}));
    EXPECT_EQ(Tell(oracle, Completed{3}), "checkpoint 3 holds the effect of " +
                                              std::to_string(within) +
                                              " records of source 0 in stage 1, and of 9 in the "
                                              "source");
  }
}

TEST(ExactlyOnceTest, RejectsACheckpointWithoutSomeState) {
  ExactlyOnce oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Reflects{3, 0, 0, 0, 9}));
  EXPECT_TRUE(Tell(oracle, Completed{3}));
  EXPECT_FALSE(Tell(oracle, Reflects{4, 1, 0, 0, 9}));
  EXPECT_TRUE(Tell(oracle, Completed{4})) << "the source's is missing";
}

}  // namespace
}  // namespace reprise::models
