#include <gtest/gtest.h>

#include "models/spec/durable.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr OpId Op(uint64_t sequence) { return {NodeId{9}, sequence}; }

Complaint Append(Oracle& oracle, uint64_t element) {
  EXPECT_FALSE(Tell(oracle, Invoked{Op(element), 1, AppendList::Append(element)}));
  return Tell(oracle, Returned{Op(element), AppendList::Done()});
}

Complaint Read(Oracle& oracle, uint64_t op, std::vector<uint64_t> elements) {
  EXPECT_FALSE(Tell(oracle, Invoked{Op(op), 1, AppendList::Read()}));
  return Tell(oracle, Returned{Op(op), AppendList::Got(std::move(elements))});
}

TEST(DurableTest, AcceptsAnyOrderAndAnythingBeforeTheLastRead) {
  Durable oracle;
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Append(oracle, 2));
  EXPECT_FALSE(Read(oracle, 101, {}));
  EXPECT_FALSE(Read(oracle, 102, {2, 1}));
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_FALSE(oracle.Undecided());
}

TEST(DurableTest, RejectsALoss) {
  Durable oracle;
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Append(oracle, 2));
  EXPECT_FALSE(Read(oracle, 101, {2}));
  const Complaint complaint = oracle.AtEnd();
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "element 1 of key 1 was acknowledged, but a later read does not show it");
}

TEST(DurableTest, RejectsAnElementReadTwice) {
  Durable oracle;
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Read(oracle, 101, {1, 1}));
  EXPECT_EQ(*oracle.AtEnd(), "element 1 of key 1 was read twice");
}

TEST(DurableTest, RejectsWhatNobodyAppended) {
  Durable oracle;
  EXPECT_FALSE(Read(oracle, 101, {7}));
  EXPECT_EQ(*oracle.AtEnd(), "element 7 of key 1 was read, but never appended");
}

TEST(DurableTest, AnAppendInDoubtMayBeThereOrNot) {
  Durable oracle(Durable::Reads::kEvery);
  EXPECT_FALSE(Tell(oracle, Invoked{Op(1), 1, AppendList::Append(1)}));
  EXPECT_FALSE(Tell(oracle, InDoubt{Op(1)}));
  EXPECT_FALSE(Read(oracle, 101, {}));
  EXPECT_FALSE(Read(oracle, 102, {1}));
  EXPECT_FALSE(Tell(oracle, Invoked{Op(2), 1, AppendList::Append(2)}));
  EXPECT_FALSE(Tell(oracle, Failed{Op(2)}));
  EXPECT_TRUE(Read(oracle, 103, {1, 2})) << "a failed one may not";
}

TEST(DurableTest, AReadNeedNotShowWhatWasAcknowledgedAfterItBegan) {
  Durable oracle(Durable::Reads::kEvery);
  EXPECT_FALSE(Tell(oracle, Invoked{Op(101), 1, AppendList::Read()}));
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Tell(oracle, Returned{Op(101), AppendList::Got({})}));
  EXPECT_TRUE(Read(oracle, 102, {}));
}

TEST(DurableTest, AnOldReadShowsNoLoss) {
  Durable oracle(Durable::Reads::kOrdered);
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Append(oracle, 2));
  EXPECT_FALSE(Read(oracle, 101, {1}));
  EXPECT_FALSE(Read(oracle, 102, {1, 2}));
  EXPECT_FALSE(Read(oracle, 103, {}));
}

TEST(DurableTest, AReadThatShowsWhatCameAfterAnElementAndNotThatElementShowsItsLoss) {
  Durable oracle(Durable::Reads::kOrdered);
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Append(oracle, 2));
  const Complaint complaint = Read(oracle, 101, {2});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "element 1 of key 1 was acknowledged, but a later read does not show it");
}

TEST(DurableTest, OfTwoConcurrentAppendsEitherMayBeShownAlone) {
  Durable oracle(Durable::Reads::kOrdered);
  EXPECT_FALSE(Tell(oracle, Invoked{Op(2), 1, AppendList::Append(2)}));
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(Tell(oracle, Returned{Op(2), AppendList::Done()}));
  EXPECT_FALSE(Read(oracle, 101, {2}));
  EXPECT_FALSE(Read(oracle, 102, {2, 1}));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(DurableTest, UndecidedWhereNobodyReadAtTheEnd) {
  Durable oracle;
  EXPECT_FALSE(Append(oracle, 1));
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_EQ(*oracle.Undecided(), "nobody read key 1 after its last append");
}

}  // namespace
}  // namespace reprise::models
