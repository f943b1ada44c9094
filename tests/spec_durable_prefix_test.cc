#include <gtest/gtest.h>

#include "models/spec/durable_prefix.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

// A log of records 1 to 5 with hashes 11 to 15, of which three are acknowledged.
class DurablePrefixTest : public testing::Test {
 protected:
  DurablePrefixTest() {
    for (uint64_t i = 1; i <= 5; ++i) EXPECT_FALSE(Tell(oracle, RecordAppended{1, i, 10 + i}));
    EXPECT_FALSE(Tell(oracle, RecordAcknowledged{1, 3}));
  }
  Complaint Recover(uint64_t first, std::vector<uint64_t> hashes) {
    return Tell(oracle, LogRecovered{1, first, std::move(hashes)});
  }
  DurablePrefix oracle;
};

TEST_F(DurablePrefixTest, AcceptsAllOfItOrTheAcknowledgedPart) {
  EXPECT_FALSE(Recover(1, {11, 12, 13, 14, 15}));
  EXPECT_FALSE(Recover(1, {11, 12, 13, 14}));
  EXPECT_FALSE(Recover(1, {11, 12, 13}));
}

TEST_F(DurablePrefixTest, RejectsTheLossOfAnAcknowledgedRecord) {
  const Complaint complaint = Recover(1, {11, 12});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "record 3 of log 1 was acknowledged, but not recovered");
}

TEST_F(DurablePrefixTest, RejectsARecordThatNobodyAppended) {
  EXPECT_EQ(*Recover(1, {11, 12, 13, 14, 15, 16}),
            "record 6 of log 1 was recovered, but not appended");
}

TEST_F(DurablePrefixTest, RejectsDamagedAndReorderedRecords) {
  EXPECT_EQ(*Recover(1, {11, 12, 13, 99}),
            "record 4 of log 1 was recovered as another one than was appended");
  EXPECT_TRUE(Recover(1, {12, 11, 13}));
}

TEST_F(DurablePrefixTest, RejectsAHole) {
  EXPECT_TRUE(Recover(1, {11, 12, 13, 15}));
  EXPECT_TRUE(Recover(2, {12, 13}));
}

TEST(DurablePrefixStandaloneTest, RejectsAHoleBeforeRecordsNobodyWasPromised) {
  DurablePrefix oracle;
  for (uint64_t i = 1; i <= 3; ++i) EXPECT_FALSE(Tell(oracle, RecordAppended{1, i, i}));
  EXPECT_EQ(*Tell(oracle, LogRecovered{1, 2, {2, 3}}),
            "record 1 of log 1 was not recovered, but later ones were");
}

TEST_F(DurablePrefixTest, ALostEndIsOverwritten) {
  EXPECT_FALSE(Recover(1, {11, 12, 13}));
  EXPECT_FALSE(Tell(oracle, RecordAppended{1, 4, 24}));
  EXPECT_FALSE(Recover(1, {11, 12, 13, 24}));
  EXPECT_TRUE(Recover(1, {11, 12, 13, 14})) << "it must not come back";
}

TEST_F(DurablePrefixTest, WhatWasRecoveredButNeverAcknowledgedMayStillBeLost) {
  EXPECT_FALSE(Recover(1, {11, 12, 13, 14, 15}));
  EXPECT_FALSE(Recover(1, {11, 12, 13, 14}));
  EXPECT_FALSE(Tell(oracle, RecordAcknowledged{1, 4}));
  EXPECT_TRUE(Recover(1, {11, 12, 13}));
}

TEST_F(DurablePrefixTest, ReportedCorruptionExcusesExactlyWhatItNames) {
  EXPECT_FALSE(Tell(oracle, CorruptionReported{1, 3, 1}));
  EXPECT_FALSE(Recover(1, {11, 12}));
  EXPECT_TRUE(Recover(1, {11})) << "that report was about another recovery";
}

TEST_F(DurablePrefixTest, ADamagedBeginningMayBeReportedToo) {
  EXPECT_FALSE(Tell(oracle, CorruptionReported{1, 1, 2}));
  EXPECT_FALSE(Recover(3, {13, 14}));
  EXPECT_FALSE(Recover(3, {13})) << "and it stays lost";
}

TEST_F(DurablePrefixTest, ATrimmedLogBeginsLaterOrNot) {
  EXPECT_FALSE(Tell(oracle, LogTrimmed{1, 3}));
  EXPECT_FALSE(Recover(1, {11, 12, 13}));
  EXPECT_FALSE(Recover(2, {12, 13}));
  EXPECT_FALSE(Recover(3, {13}));
  EXPECT_TRUE(Recover(4, {}));
}

TEST_F(DurablePrefixTest, WhatWasTruncatedOnPurposeIsNotMissed) {
  EXPECT_FALSE(Tell(oracle, LogTruncated{1, 2}));
  EXPECT_FALSE(Tell(oracle, RecordAppended{1, 2, 22}));
  EXPECT_FALSE(Recover(1, {11}));
  EXPECT_TRUE(Recover(1, {11, 12}));
}

TEST_F(DurablePrefixTest, AppendsAndAcknowledgementsAreInOrder) {
  EXPECT_TRUE(Tell(oracle, RecordAppended{1, 7, 17}));
  EXPECT_TRUE(Tell(oracle, RecordAppended{1, 5, 25}));
  EXPECT_TRUE(Tell(oracle, RecordAcknowledged{1, 6}));
}

TEST_F(DurablePrefixTest, LogsAreJudgedApart) {
  EXPECT_FALSE(Tell(oracle, LogRecovered{2, 1, {}}));
  EXPECT_FALSE(Tell(oracle, RecordAppended{2, 1, 5}));
}

}  // namespace
}  // namespace reprise::models
