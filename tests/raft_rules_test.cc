// Raft's decisions, a test for each sentence that matters, named after its section: of the paper,
// or with a D in front, of the dissertation.

#include "protocols/replication/raft_rules.h"

#include <gtest/gtest.h>

#include "protocols/replication/raft_log.h"

namespace reprise::raft {
namespace {

constexpr Decisions kDecide;
constexpr NodeId n1{1}, n2{2};

ServerSet Set(std::initializer_list<uint32_t> servers) {
  ServerSet set;
  for (uint32_t server : servers) set.Add(NodeId{server});
  return set;
}

TEST(RaftSection5_2, VotesForOneCandidateInATermFirstComeFirstServed) {
  EXPECT_TRUE(kDecide.GrantsVote(kNobody, n1));
  EXPECT_TRUE(kDecide.GrantsVote(n1, n1)) << "the same again";
  EXPECT_FALSE(kDecide.GrantsVote(n1, n2));
}

TEST(RaftSection5_3, DeletesOnlyOnAConflict) {
  EXPECT_TRUE(kDecide.Conflicts(1, 2));
  EXPECT_FALSE(kDecide.Conflicts(2, 2));
}

TEST(RaftSection5_3, FollowersCommitNoFurtherThanWhatTheRequestVerified) {
  EXPECT_EQ(kDecide.FollowerCommit(7, 5), 5u);
  EXPECT_EQ(kDecide.FollowerCommit(3, 5), 3u);
}

TEST(RaftSection5_4_1, TheLogWithTheLaterTermIsMoreUpToDate) {
  EXPECT_TRUE(kDecide.IsUpToDate({.index = 1, .term = 3}, {.index = 9, .term = 2}));
  EXPECT_FALSE(kDecide.IsUpToDate({.index = 9, .term = 2}, {.index = 1, .term = 3}));
}

TEST(RaftSection5_4_1, OfLogsThatEndWithTheSameTermTheLongerIsMoreUpToDate) {
  EXPECT_TRUE(kDecide.IsUpToDate({.index = 4, .term = 2}, {.index = 4, .term = 2}));
  EXPECT_TRUE(kDecide.IsUpToDate({.index = 5, .term = 2}, {.index = 4, .term = 2}));
  EXPECT_FALSE(kDecide.IsUpToDate({.index = 3, .term = 2}, {.index = 4, .term = 2}));
}

TEST(RaftSection5_4_2, DoesNotCommitEarlierTermsByCounting) {
  EXPECT_TRUE(kDecide.MayCommitByCounting(4, 4));
  EXPECT_FALSE(kDecide.MayCommitByCounting(2, 4));
}

TEST(RaftFigure2, TermAndVoteAndEntriesAreDurableBeforeAReply) {
  EXPECT_TRUE(kDecide.SavesTerm());
  EXPECT_TRUE(kDecide.SavesVote());
  EXPECT_TRUE(kDecide.MustSyncBeforeReply());
}

TEST(RaftSectionD10_2_1, TheLeaderCountsItsOwnEntriesOnceTheyAreDurable) {
  EXPECT_EQ(kDecide.OwnMatch(9, 7), 7u);
  EXPECT_TRUE(kDecide.ReplicatesBeforeSync());
}

TEST(RaftReplies, CountInTheTermAndTheSessionThatTheyAnswer) {
  EXPECT_TRUE(kDecide.AcceptsReply(3, 8, 3, 8));
  EXPECT_FALSE(kDecide.AcceptsReply(3, 8, 2, 8));
  EXPECT_FALSE(kDecide.AcceptsReply(3, 8, 3, 7)) << "from before it left and joined again";
}

TEST(RaftSection6, JointConsensusNeedsBothMajorities) {
  const Configuration joint{.voters = Set({1, 4, 5}), .old_voters = Set({1, 2, 3})};
  EXPECT_FALSE(kDecide.HasQuorum(joint, Set({1, 2, 3}))) << "a majority of the union, and of old";
  EXPECT_FALSE(kDecide.HasQuorum(joint, Set({1, 4, 5})));
  EXPECT_TRUE(kDecide.HasQuorum(joint, Set({1, 2, 4})));
}

TEST(RaftSection6, AServerThatIsInNeitherConfigurationDoesNotCount) {
  const Configuration without{.voters = Set({2, 3, 4}), .old_voters = {}};
  EXPECT_FALSE(kDecide.HasQuorum(without, Set({1, 2})));
  EXPECT_TRUE(kDecide.HasQuorum(without, Set({2, 3})));
}

TEST(RaftSection6, HalfIsNoMajority) {
  EXPECT_FALSE(IsMajority(Set({1, 2, 3, 4}), Set({1, 2})));
  EXPECT_TRUE(IsMajority(Set({1, 2, 3, 4}), Set({1, 2, 3})));
}

TEST(RaftSectionD4_1, AChangeWaitsForTheOneBeforeAndForAnEntryOfItsOwnTerm) {
  EXPECT_TRUE(kDecide.ChangeAllowed(true, true));
  EXPECT_FALSE(kDecide.ChangeAllowed(false, true));
  EXPECT_FALSE(kDecide.ChangeAllowed(true, false)) << "raft-dev, July 2015";
}

TEST(RaftSectionD4_1, WhereAConfigurationIsRemovedThePreviousOneIsUsed) {
  const Configuration used{.voters = Set({1, 2, 3, 4}), .old_voters = {}};
  const Configuration latest{.voters = Set({1, 2, 3}), .old_voters = {}};
  EXPECT_EQ(kDecide.AfterTruncation(used, latest), latest);
}

TEST(RaftSection7, ASnapshotOfWhatIsInTheLogKeepsWhatFollows) {
  using OnSnapshot = Decisions::OnSnapshot;
  EXPECT_EQ(kDecide.LogAfterSnapshot(9, 5, true), OnSnapshot::kKeepSuffix);
  EXPECT_EQ(kDecide.LogAfterSnapshot(9, 5, false), OnSnapshot::kDiscardLog);
  EXPECT_EQ(kDecide.LogAfterSnapshot(5, 5, true), OnSnapshot::kIgnore);
  EXPECT_EQ(kDecide.LogAfterSnapshot(3, 5, false), OnSnapshot::kIgnore) << "compacted already";
}

TEST(RaftSectionD6_3, TheSessionTableIsInTheSnapshot) {
  store::Store machine;
  machine.ExecuteOnce(n1, {7, {store::Verb::kAppend, 1, 70}});
  const store::Store snapshot = kDecide.SnapshotOf(machine);
  ASSERT_NE(snapshot.Told(n1, 7), nullptr);
  EXPECT_EQ(snapshot.lists.at(1), std::vector<uint64_t>{70});
}

TEST(RaftSectionD6_4, ReadsWaitForAnEntryOfTheLeadersTerm) {
  EXPECT_TRUE(kDecide.ReadReady(true));
  EXPECT_FALSE(kDecide.ReadReady(false));
}

TEST(RaftSectionD6_4_1, ALeaseRunsFromWhenTheHeartbeatWasSent) {
  const Time sent{1s}, received{1500ms};
  EXPECT_EQ(kDecide.LeaseStart(sent, received), sent);
  EXPECT_TRUE(kDecide.LeaseValid(sent + kLease - 1ns, sent, false));
  EXPECT_FALSE(kDecide.LeaseValid(sent + kLease, sent, false));
  EXPECT_FALSE(kDecide.LeaseValid(sent, sent, true)) << "leadership is being transferred";
}

// The leader's clock as slow, and a voter's as fast, as may be: in real time a lease ends first.
TEST(RaftSectionD6_4_1, ALeaseIsShorterThanAnyElectionTimeoutWhateverTheClocks) {
  const int64_t lease = kLease.count() * 1'000'000 / (1'000'000 - kDriftPpm) + 1;
  const int64_t refuses = kElectionLeast.count() * 1'000'000 / (1'000'000 + kDriftPpm);
  EXPECT_LE(lease, refuses);
  EXPECT_GT(lease + 200'000, refuses) << "and not by more than it must";
}

TEST(RaftSectionD9_6, PreVoteLeavesTheTermAloneAndAnswersOldTerms) {
  EXPECT_FALSE(kDecide.PreVoteRaisesTerm());
  EXPECT_TRUE(kDecide.AnswersPreVote(2, 5)) << "etcd#8243";
}

// The log.

Log LogOf(std::initializer_list<uint64_t> terms) {
  Log log;
  for (uint64_t term : terms) log.Append({.term = term});
  return log;
}

TEST(RaftLog, KnowsWhatASnapshotHasReplaced) {
  Log log = LogOf({1, 1, 2, 3});
  log.DropThrough({.index = 2, .term = 1});
  EXPECT_EQ(log.TermAt(1), std::nullopt);
  EXPECT_EQ(log.TermAt(2), 1u);
  EXPECT_EQ(log.TermAt(3), 2u);
  EXPECT_EQ(log.last(), (Position{4, 3}));
  log.TruncateFrom(3);
  EXPECT_EQ(log.last(), (Position{2, 1}));
  log.Reset({.index = 9, .term = 4});
  EXPECT_EQ(log.last_index(), 9u);
  EXPECT_TRUE(log.Contains({9, 4}));
  EXPECT_FALSE(log.Contains({9, 3}));
}

TEST(RaftLog, GivesEntriesInParts) {
  const Log log = LogOf({1, 1, 2, 3});
  EXPECT_EQ(log.From(2, 2, 4).size(), 2u);
  EXPECT_EQ(log.From(2, 9, 3).size(), 2u) << "not beyond 3";
  EXPECT_EQ(log.From(5, 9, 9).size(), 0u);
}

}  // namespace
}  // namespace reprise::raft
