#include <gtest/gtest.h>

#include "models/spec/replicated_log.h"
#include "models/spec/true_acknowledgements.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId kLeader{1}, kFollower{2};

// The leader of term 5 was elected with entries 3 to 6, of terms 2, 2, 4 and 4.
template <class O>
void Elect(O& oracle) {
  EXPECT_FALSE(Tell(oracle, Elected{5, 3, {{2}, {2}, {4}, {4}}}, kLeader));
}

TEST(TrueAcknowledgementsTest, AcceptsWhatTheLeaderHasOrAppends) {
  TrueAcknowledgements oracle;
  Elect(oracle);
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 4, 2}, kFollower));
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 6, 4}, kFollower));
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 7, 5}, kFollower));
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 1, 1}, kFollower)) << "it is in the snapshot";
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{4, 9, 3}, kFollower)) << "of a leader not heard of";
}

TEST(TrueAcknowledgementsTest, RejectsEntriesOfAnotherLeader) {
  TrueAcknowledgements oracle;
  Elect(oracle);
  EXPECT_EQ(*Tell(oracle, LogAcknowledged{5, 8, 3}, kFollower),
            "n2 acknowledged entry 8 of term 5's leader, and has one of term 3 there");
  EXPECT_TRUE(Tell(oracle, LogAcknowledged{5, 5, 2}, kFollower));
}

class ExcusedTest : public testing::Test {
 protected:
  // Two servers apply different entries at one index.
  Complaint Violate() {
    EXPECT_FALSE(Tell(oracle, Applied{7, 5, 100, 5}, kLeader));
    return Tell(oracle, Applied{7, 5, 200, 5}, kFollower);
  }
  Excused oracle{std::make_unique<StateMachineSafety>(), std::make_shared<Excused::Known>()};
};

TEST_F(ExcusedTest, JudgesAsLongAsNothingKnownHasHappened) {
  Elect(oracle);
  EXPECT_TRUE(Violate());
  EXPECT_FALSE(oracle.Skipped());
}

TEST_F(ExcusedTest, AFailureAfterAFalseAcknowledgementIsSkipped) {
  Elect(oracle);
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 8, 3}, kFollower));
  EXPECT_FALSE(oracle.Skipped()) << "nobody complains, so the run passes";
  EXPECT_FALSE(Violate());
  ASSERT_TRUE(oracle.Skipped());
  EXPECT_NE(oracle.Skipped()->find("entry 8"), std::string::npos);
}

TEST_F(ExcusedTest, AFailureBeforeItIsNot) {
  Elect(oracle);
  EXPECT_TRUE(Violate());
  EXPECT_FALSE(Tell(oracle, LogAcknowledged{5, 8, 3}, kFollower));
  EXPECT_FALSE(oracle.Skipped());
}

}  // namespace
}  // namespace reprise::models
