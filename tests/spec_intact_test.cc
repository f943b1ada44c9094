#include <gtest/gtest.h>

#include "models/spec/intact.h"
#include "models/spec/never_falls.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr uint64_t kBlob = 3, kSize = 64;

OpId Op(uint64_t sequence) { return {NodeId{9}, sequence}; }

Complaint Write(Oracle& oracle, uint64_t op, uint64_t version) {
  EXPECT_FALSE(Tell(oracle, BlobBegun{Op(op), kBlob}));
  if (Complaint complaint = Tell(oracle, BlobVersion{Op(op), version})) return complaint;
  return Tell(oracle, BlobWritten{Op(op)});
}

BlobRead Got(uint64_t op, uint64_t version) {
  return {Op(op), version, kSize, Fingerprint(BlobBytes(kBlob, version, kSize))};
}

Complaint Read(Oracle& oracle, uint64_t op, uint64_t version) {
  EXPECT_FALSE(Tell(oracle, BlobBegun{Op(op), kBlob}));
  return Tell(oracle, Got(op, version));
}

TEST(BlobTest, BytesAreThoseOfTheBlobAndTheVersion) {
  EXPECT_EQ(BlobBytes(1, 2, 8), BlobBytes(1, 2, 8));
  EXPECT_NE(BlobBytes(1, 2, 8), BlobBytes(1, 3, 8));
  EXPECT_NE(BlobBytes(1, 2, 8), BlobBytes(2, 2, 8));
  EXPECT_EQ(BlobBytes(1, 0, 8), std::string(8, '\0'));
  EXPECT_EQ(Fingerprint("a"), 0xaf63dc4c8601ec8c);  // Of FNV-1a's authors.
}

TEST(IntactTest, AcceptsWhatWasWritten) {
  Intact oracle;
  EXPECT_FALSE(Read(oracle, 1, 0));
  EXPECT_FALSE(Write(oracle, 2, 5));
  EXPECT_FALSE(Read(oracle, 3, 5));
  EXPECT_FALSE(Write(oracle, 4, 9));
  EXPECT_FALSE(Read(oracle, 5, 9));
}

TEST(IntactTest, RejectsOtherBytes) {
  Intact oracle(true);
  EXPECT_FALSE(Write(oracle, 1, 5));
  EXPECT_FALSE(Tell(oracle, BlobBegun{Op(2), kBlob}));
  BlobRead read = Got(2, 5);
  ++read.fingerprint;
  EXPECT_EQ(*Tell(oracle, read), "n9's operation 2 read version 5 of blob 3, with other bytes");
}

TEST(IntactTest, RejectsAVersionThatNobodyHasWritten) {
  Intact oracle(true);
  EXPECT_EQ(*Read(oracle, 1, 7),
            "n9's operation 1 read version 7 of blob 3, which nobody has written");
}

TEST(IntactTest, RejectsWhatIsOlderThanWhatWasWrittenOrReadBefore) {
  Intact written(true);
  EXPECT_FALSE(Write(written, 1, 5));
  EXPECT_EQ(*Read(written, 2, 0),
            "n9's operation 2 read version 0 of blob 3, though 5 was settled before");
  Intact read;
  EXPECT_FALSE(Tell(read, BlobBegun{Op(1), kBlob}));
  EXPECT_FALSE(Tell(read, BlobVersion{Op(1), 5}));
  EXPECT_FALSE(Read(read, 2, 5)) << "a write that is under way may be seen";
  EXPECT_TRUE(Read(read, 3, 0)) << "but then not be gone again";
}

TEST(IntactTest, RejectsAVersionThatIsNoNewerOrTwice) {
  Intact oracle;
  EXPECT_FALSE(Write(oracle, 1, 5));
  EXPECT_EQ(*Write(oracle, 2, 4),
            "n9's operation 2 writes version 4 of blob 3, though 5 was settled");
  Intact twice;
  EXPECT_FALSE(Tell(twice, BlobBegun{Op(1), kBlob}));
  EXPECT_FALSE(Tell(twice, BlobBegun{Op(2), kBlob}));
  EXPECT_FALSE(Tell(twice, BlobVersion{Op(1), 5}));
  EXPECT_TRUE(Tell(twice, BlobVersion{Op(2), 5}));
}

// Legal, if odd: a read that began before the newer version was settled may give the older one, and
// a write that nobody answered may show late, or never.
TEST(IntactTest, AcceptsWhatOverlaps) {
  Intact oracle;
  EXPECT_FALSE(Tell(oracle, BlobBegun{Op(1), kBlob}));
  EXPECT_FALSE(Tell(oracle, BlobBegun{Op(2), kBlob}));
  EXPECT_FALSE(Tell(oracle, BlobVersion{Op(2), 8}));
  EXPECT_FALSE(Tell(oracle, BlobUnanswered{Op(2)}));
  EXPECT_FALSE(Write(oracle, 3, 5));
  EXPECT_FALSE(Tell(oracle, Got(1, 0)));
  EXPECT_FALSE(Read(oracle, 4, 5));
  EXPECT_FALSE(Read(oracle, 5, 8));
}

TEST(IntactTest, ALossThatIsSaidIsAViolationOnlyWhereNoneWasAllowed) {
  Intact strict, lenient(true);
  for (Intact* oracle : {&strict, &lenient}) {
    EXPECT_FALSE(Write(*oracle, 1, 5));
    EXPECT_FALSE(Tell(*oracle, BlobBegun{Op(2), kBlob}));
  }
  EXPECT_EQ(*Tell(strict, BlobLost{Op(2)}), "n9's operation 2 was told that blob 3 is lost");
  EXPECT_FALSE(Tell(lenient, BlobLost{Op(2)}));
  EXPECT_TRUE(Read(lenient, 3, 0)) << "but what is lost is not version 0";
}

TEST(NeverFallsTest, RejectsAFallWithinALife) {
  NeverFalls oracle("block");
  EXPECT_FALSE(Tell(oracle, ValueIs{1, 7, 5}));
  EXPECT_FALSE(Tell(oracle, ValueIs{1, 7, 5}));
  EXPECT_EQ(*Tell(oracle, ValueIs{1, 7, 4}), "n1's block 7 fell from 5 to 4");
}

TEST(NeverFallsTest, OtherLivesNodesAndObjectsAreOthers) {
  NeverFalls oracle("block");
  EXPECT_FALSE(Tell(oracle, ValueIs{1, 7, 5}));
  EXPECT_FALSE(Tell(oracle, ValueIs{2, 7, 4}));
  EXPECT_FALSE(Tell(oracle, ValueIs{1, 8, 3}));
  EXPECT_FALSE(Tell(oracle, ValueIs{1, 7, 2}, NodeId{2}));
}

}  // namespace
}  // namespace reprise::models
