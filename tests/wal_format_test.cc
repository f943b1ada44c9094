// What can be told of the bytes that a crash, or rot, leaves of a write-ahead log.

#include "protocols/blocks/wal_format.h"

#include <gtest/gtest.h>

#include "models/world/arrivals.h"
#include "sim/crc32c.h"
#include "sim/disk.h"

namespace reprise {
namespace {

using Kind = WalPlace::Kind;

TEST(Crc32cTest, HasTheCheckValuesOfTheLiterature) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string ascending;
  for (char c = 0; c < 32; ++c) ascending += c;
  EXPECT_EQ(Crc32c(ascending), 0x46dd794eu);
}

WalRecord Record(uint64_t sequence, size_t bytes, uint32_t epoch = 1) {
  return {sequence, epoch, std::string(bytes, static_cast<char>('a' + sequence % 26))};
}

// A segment with these records, each vouching for those up to `durable`.
std::string Segment(const std::vector<WalRecord>& records, uint64_t durable = 0) {
  std::string segment;
  for (const WalRecord& record : records) segment += EncodeWalRecord(record, durable);
  segment.resize(4096);
  return segment;
}

std::string Flipped(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  return bytes;
}

std::string WithoutSector(std::string segment, size_t sector) {
  return segment.replace(sector * kSectorBytes, kSectorBytes, kSectorBytes, '\0');
}

TEST(WalFormatTest, RecordsOfAnySizeComeBack) {
  for (size_t bytes = 0; bytes < 200; ++bytes) {
    const std::string encoded = EncodeWalRecord(Record(7, bytes, 3), 5);
    EXPECT_EQ(encoded.size() % kWalUnitBytes, 0u);
    const WalPlace place = InspectWal(encoded, 0);
    ASSERT_EQ(place.kind, Kind::kRecord);
    EXPECT_EQ(place.record.sequence, 7u);
    EXPECT_EQ(place.record.epoch, 3u);
    EXPECT_EQ(place.record.payload, Record(7, bytes).payload);
    EXPECT_EQ(place.durable, 5u);
    EXPECT_EQ(place.bytes, encoded.size());
  }
}

TEST(WalFormatTest, ZerosAreNoRecord) {
  EXPECT_EQ(InspectWal(std::string(4096, '\0'), 0).kind, Kind::kBlank);
  EXPECT_EQ(InspectWal("", 0).kind, Kind::kBlank);
}

TEST(WalFormatTest, AFlippedBitIsDamageWhereverItIs) {
  const std::string segment = Segment({Record(1, 700)});
  for (size_t bit = 0; bit < 8 * InspectWal(segment, 0).bytes; ++bit) {
    ASSERT_EQ(InspectWal(Flipped(segment, bit), 0).kind, Kind::kDamaged) << "bit " << bit;
  }
}

TEST(WalFormatTest, WhereTheLengthIsNotSummedAPayloadCanBecomeAnother) {
  WalDecisions mutant;
  mutant.ChecksumCovers = [](std::string_view fields) { return fields.substr(4); };
  const std::string encoded = EncodeWalRecord(Record(1, 40), 0, mutant);
  const WalPlace place = InspectWal(Flipped(encoded, 1), 0, mutant);
  ASSERT_EQ(place.kind, Kind::kRecord);
  EXPECT_EQ(place.record.payload.size(), 42u);
  EXPECT_EQ(InspectWal(Flipped(encoded, 0), 0).kind, Kind::kDamaged) << "as it should be";
}

TEST(WalFormatTest, AMissingSectorIsNoDamage) {
  for (size_t before = 0; before < 500; before += 9) {  // Wherever sectors begin in it.
    const std::string segment = Segment({Record(1, before), Record(2, 1300)});
    const size_t at = InspectWal(segment, 0).bytes;
    const size_t end = at + InspectWal(segment, at).bytes;
    for (size_t sector = at / kSectorBytes + 1; sector * kSectorBytes < end; ++sector) {
      EXPECT_EQ(InspectWal(WithoutSector(segment, sector), at).kind, Kind::kTorn);
    }
    std::string headless = segment;
    const size_t next = (at / kSectorBytes + 1) * kSectorBytes;
    headless.replace(at, next - at, next - at, '\0');
    EXPECT_EQ(InspectWal(headless, at).kind, Kind::kBlank);
  }
}

TEST(WalFormatTest, WhatIsPastTheEndOfTheFileIsTorn) {
  const std::string segment = Segment({Record(1, 1300)});
  EXPECT_EQ(InspectWal(segment.substr(0, 512), 0).kind, Kind::kTorn);
  EXPECT_EQ(InspectWal(segment.substr(0, 16), 0).kind, Kind::kTorn);
}

TEST(WalFormatTest, ATornEndIsNoEvidence) {
  const WalContents found = ReadWal({WithoutSector(Segment({Record(1, 100), Record(2, 1300)}), 1)});
  EXPECT_EQ(found.records.size(), 1u);
  EXPECT_FALSE(found.next.vouched || found.next.damaged);
}

TEST(WalFormatTest, ALaterRecordOfTheSameGroupIsNoEvidence) {
  // One group was written; its middle is lost, its end is not. That is a crash, not corruption.
  const std::string group = Segment({Record(1, 100), Record(2, 900), Record(3, 100)});
  const WalContents found = ReadWal({WithoutSector(group, 1)});
  EXPECT_EQ(found.records.size(), 1u);
  EXPECT_FALSE(found.next.vouched || found.next.damaged);
}

TEST(WalFormatTest, ALaterGroupVouchesForWhatIsMissing) {
  std::string segment = EncodeWalRecord(Record(1, 1300), 0) + EncodeWalRecord(Record(2, 100), 1);
  segment.resize(4096);
  const WalContents found = ReadWal({WithoutSector(segment, 1)});
  EXPECT_TRUE(found.records.empty());
  EXPECT_TRUE(found.next.vouched);
  EXPECT_TRUE(ReadWal({std::string(4096, '\0'), Segment({Record(2, 10)}, 1)}).next.vouched);
}

TEST(WalFormatTest, WhatATornEndLeftBehindDoesNotComeBack) {
  // Record 2 was torn and 3 was not; the next opening appended another 2, and nothing after it.
  const std::string before =
      WithoutSector(Segment({Record(1, 100), Record(2, 900), Record(3, 100)}), 1);
  const WalContents found = ReadWal({before, Segment({Record(1, 100), Record(2, 50, 2)}, 0)});
  ASSERT_EQ(found.records.size(), 2u);
  EXPECT_EQ(found.records[1].epoch, 2u);
  // Not even where it is whole: an older epoch does not follow a newer one.
  const std::string whole = Segment({Record(1, 100), Record(2, 900), Record(3, 100)});
  EXPECT_EQ(ReadWal({whole, Segment({Record(2, 50, 2)})}).records.size(), 2u);
}

TEST(WalFormatTest, ACopyThatIsNotWholeLosesNothing) {
  const std::string original = Segment({Record(1, 100), Record(2, 100), Record(3, 900)});
  const std::string copy = WithoutSector(original, 1);
  EXPECT_EQ(ReadWal({original, copy}).records.size(), 3u);
}

TEST(WalFormatTest, DamageInTheNewestSegmentMayHideTheNextRecord) {
  const std::string original = Segment({Record(1, 100), Record(2, 100)});
  const std::string newest = Segment({Record(1, 100), Record(2, 100), Record(3, 100, 2)}, 2);
  const size_t second = 8 * InspectWal(newest, 0).bytes;
  EXPECT_TRUE(ReadWal({original, Flipped(newest, second)}).next.damaged);
  EXPECT_TRUE(ReadWal({original, Flipped(newest, 0)}).next.damaged);
  EXPECT_FALSE(ReadWal({Flipped(original, second), newest}).next.damaged) << "it has been copied";
}

TEST(PoissonGapTest, HasTheMeanOfItsName) {
  int64_t sum = 0;
  for (uint64_t q = 0; q < kQuantiles; ++q) sum += models::PoissonGap(1ms, q).count();
  EXPECT_NEAR(static_cast<double>(sum) / (kQuantiles * 1e6), 1, 0.0005);
  EXPECT_NEAR(static_cast<double>(models::PoissonGap(1s, 0).count()), 488400, 100);
  EXPECT_NEAR(static_cast<double>(models::PoissonGap(1s, kQuantiles / 2).count()), 0.694124e9, 1e4);
}

}  // namespace
}  // namespace reprise
