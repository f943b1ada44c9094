// The oracles of elections and replicated logs: for each a history that it rejects, and one that is
// legal but odd.

#include <gtest/gtest.h>

#include "models/spec/converges.h"
#include "models/spec/elections.h"
#include "models/spec/no_disruption.h"
#include "models/spec/replicated_log.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId n1{1}, n2{2}, n3{3};

TEST(ElectionSafetyTest, RejectsTwoLeadersOfOneTerm) {
  ElectionSafety oracle;
  EXPECT_FALSE(Tell(oracle, Elected{5, 1, {}}, n1));
  EXPECT_FALSE(Tell(oracle, Elected{6, 1, {}}, n2));
  EXPECT_EQ(*Tell(oracle, Elected{5, 1, {}}, n3), "n1 and n3 both lead term 5");
}

TEST(ElectionSafetyTest, AcceptsALeaderOfAnOldTermWhoLearnsLate) {
  ElectionSafety oracle;
  EXPECT_FALSE(Tell(oracle, Elected{6, 1, {}}, n2));
  EXPECT_FALSE(Tell(oracle, Elected{5, 1, {}}, n1));
  EXPECT_FALSE(Tell(oracle, Elected{7, 1, {}}, n1));
}

TEST(MonotonicTermsTest, RejectsATermThatFalls) {
  MonotonicTerms oracle;
  EXPECT_FALSE(Tell(oracle, TermIs{4, false}, n1));
  EXPECT_FALSE(Tell(oracle, TermIs{3, false}, n2));
  EXPECT_EQ(*Tell(oracle, TermIs{3, true}, n1), "n1 went back from term 4 to term 3");
}

TEST(MonotonicTermsTest, RejectsASecondVoteInATerm) {
  MonotonicTerms oracle;
  EXPECT_FALSE(Tell(oracle, Voted{4, n2}, n1));
  EXPECT_FALSE(Tell(oracle, TermIs{4, true}, n1));
  EXPECT_EQ(*Tell(oracle, Voted{4, n3}, n1), "n1 voted for n2 and for n3 in term 4");
}

TEST(MonotonicTermsTest, AcceptsTheSameVoteAgainAndTermsThatLeap) {
  MonotonicTerms oracle;
  EXPECT_FALSE(Tell(oracle, Voted{4, n2}, n1));
  EXPECT_FALSE(Tell(oracle, TermIs{4, true}, n1));
  EXPECT_FALSE(Tell(oracle, Voted{4, n2}, n1));
  EXPECT_FALSE(Tell(oracle, TermIs{90, false}, n1));
  EXPECT_FALSE(Tell(oracle, TermIs{90, true}, n1));
}

TEST(StateMachineSafetyTest, RejectsAnotherEntryAtTheSameIndex) {
  StateMachineSafety oracle;
  EXPECT_FALSE(Tell(oracle, Applied{1, 1, 11, 1}, n1));
  EXPECT_FALSE(Tell(oracle, Applied{2, 1, 12, 1}, n1));
  EXPECT_EQ(*Tell(oracle, Applied{2, 1, 99, 3}, n2),
            "n2 applied at index 2 something else than n1");
}

TEST(StateMachineSafetyTest, AcceptsWhatIsAppliedAgainAndWhatASnapshotSkips) {
  StateMachineSafety oracle;
  EXPECT_FALSE(Tell(oracle, Applied{1, 1, 11, 1}, n1));
  EXPECT_FALSE(Tell(oracle, Applied{2, 1, 12, 1}, n1));
  EXPECT_FALSE(Tell(oracle, Applied{1, 1, 11, 7}, n1)) << "after a restart";
  EXPECT_FALSE(Tell(oracle, Applied{9, 5, 19, 7}, n2)) << "after a snapshot";
}

TEST(LeaderCompletenessTest, RejectsALeaderWithoutACommittedEntry) {
  LeaderCompleteness oracle;
  EXPECT_FALSE(Tell(oracle, Applied{1, 1, 11, 1}, n1));
  EXPECT_FALSE(Tell(oracle, Applied{2, 1, 12, 1}, n1));
  EXPECT_EQ(*Tell(oracle, Elected{2, 1, {{1}}}, n2),
            "n2 leads term 2 without entry 2, which was committed in term 1");
}

TEST(LeaderCompletenessTest, RejectsAnotherEntryInItsPlace) {
  LeaderCompleteness oracle;
  EXPECT_FALSE(Tell(oracle, Applied{1, 1, 11, 1}, n1));
  EXPECT_TRUE(Tell(oracle, Elected{3, 1, {{2}}}, n2));
}

TEST(LeaderCompletenessTest, RejectsAnEntryCommittedTooLate) {
  LeaderCompleteness oracle;
  EXPECT_FALSE(Tell(oracle, Elected{3, 1, {}}, n2));
  EXPECT_TRUE(Tell(oracle, Applied{1, 1, 11, 2}, n1)) << "in term 2, when term 3 had a leader";
}

TEST(LeaderCompletenessTest, AcceptsSnapshotsOldLeadersAndUncommittedEntries) {
  LeaderCompleteness oracle;
  for (uint64_t i = 1; i <= 3; ++i) EXPECT_FALSE(Tell(oracle, Applied{i, 2, 10 + i, 2}, n1));
  EXPECT_FALSE(Tell(oracle, Elected{3, 3, {{2}, {2}}}, n2)) << "1 and 2 are in its snapshot";
  EXPECT_FALSE(Tell(oracle, Elected{1, 1, {}}, n3)) << "it led before they were committed";
  EXPECT_FALSE(Tell(oracle, Applied{4, 2, 14, 3}, n3)) << "who learns it later";
}

TEST(NoDisruptionTest, RejectsATermThatDeposesWhomAMajorityHears) {
  NoDisruption oracle(3, 145ms);
  for (int64_t k = 0; k < 5; ++k) {
    EXPECT_FALSE(Tell(oracle, HeardLeader{}, n1, Time{k * 75ms}));
    EXPECT_FALSE(Tell(oracle, HeardLeader{}, n2, Time{k * 75ms}));
  }
  EXPECT_FALSE(Tell(oracle, AsksToLead{2}, n3, Time{310ms}));
  EXPECT_EQ(*Tell(oracle, BeganTerm{2}, n3, Time{320ms}),
            "n3 began term 2, though 2 of 3 nodes heard a leader all the time");
}

TEST(NoDisruptionTest, AcceptsConsentThatWasGivenBeforeALeaderWasHeard) {
  NoDisruption oracle(3, 145ms);
  EXPECT_FALSE(Tell(oracle, AsksToLead{2}, n3, Time{10ms}));
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n1, Time{20ms}));
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n2, Time{20ms}));
  EXPECT_FALSE(Tell(oracle, AsksToLead{2}, n3, Time{25ms})) << "it asks the same again";
  EXPECT_FALSE(Tell(oracle, BeganTerm{2}, n3, Time{30ms}));
}

TEST(NoDisruptionTest, AcceptsWhereNoMajorityHearsAndWhereNodesRestart) {
  NoDisruption oracle(3, 145ms);
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n1, Time{10ms}));
  EXPECT_FALSE(Tell(oracle, BeganTerm{2}, n3, Time{20ms})) << "n1 alone";
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n2, Time{20ms}));
  EXPECT_FALSE(Tell(oracle, TermIs{2, true}, n2, Time{30ms})) << "and forgets it";
  EXPECT_FALSE(Tell(oracle, BeganTerm{3}, n3, Time{40ms}));
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n1, Time{50ms}));
  EXPECT_FALSE(Tell(oracle, HeardLeader{}, n2, Time{50ms}));
  EXPECT_FALSE(Tell(oracle, BeganTerm{4}, n3, Time{250ms})) << "long ago";
}

TEST(ConvergesTest, AHaltedNodeOwesNothingAndTheOthersDo) {
  Converges<Progress> oracle(2s, "progressed", {n1, n2}, nullptr, 1);
  EXPECT_FALSE(Tell(oracle, Halted{}, n1, Time{1s}));
  EXPECT_FALSE(Show(oracle, Event::Kind::kCalm, Time{10s}));
  EXPECT_TRUE(oracle.AtEnd()) << "n2 has not";
  EXPECT_FALSE(Tell(oracle, Progress{}, n2, Time{11s}));
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_FALSE(oracle.Skipped());
}

TEST(ConvergesTest, NobodyOwesAnythingWhereTooManyAreGone) {
  Converges<Progress> oracle(2s, "progressed", {n3}, nullptr, 1);
  EXPECT_FALSE(Tell(oracle, Halted{}, n1, Time{1s}));
  EXPECT_FALSE(Tell(oracle, Halted{}, n1, Time{2s})) << "the same node, in a later boot";
  EXPECT_FALSE(Show(oracle, Event::Kind::kCalm, Time{10s}));
  EXPECT_TRUE(oracle.AtEnd());
  EXPECT_FALSE(Show(oracle, Event::Kind::kLeftOut, Time{10s}, n2));
  EXPECT_FALSE(oracle.AtEnd());
  EXPECT_FALSE(Show(oracle, Event::Kind::kWake, Time{20s}));
  EXPECT_TRUE(oracle.Skipped());
}

}  // namespace
}  // namespace reprise::models
