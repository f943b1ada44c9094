// Raft's decisions: each is a pure function, and these are the right ones. A mutant is one of them
// replaced.
//
// Sections are those of Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm"
// (USENIX ATC 2014, extended version); with a D in front, of Ongaro's dissertation (Stanford,
// 2014).

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "protocols/replication/raft_messages.h"
#include "protocols/workloads/store.h"
#include "sim/time.h"

namespace reprise::raft {

constexpr Duration kHeartbeat = 75ms;
// An election timeout is drawn from [kElectionLeast, 2 kElectionLeast).
constexpr Duration kElectionLeast = 150ms;
constexpr Duration kElectionMost = 2 * kElectionLeast;
constexpr int64_t kDriftPpm = 500;  // The most that a server's clock is fast or slow.

// How long a lease lasts by the leader's clock (D6.4.1). The leader's clock may be as slow, and a
// voter's as fast, as kDriftPpm allows, so both are taken off, and a nanosecond for rounding.
constexpr Duration kLease = kElectionLeast - kElectionLeast * 2 * kDriftPpm / 1'000'000 - 1ns;

// More than half of those voters.
inline bool IsMajority(ServerSet voters, ServerSet agree) {
  return 2 * (voters & agree).Count() > voters.Count();
}

struct Decisions {
  // 5.2: "Each server will vote for at most one candidate in a given term, on a first-come-first-
  // served basis". REQUIRES: the server's term is that of the request.
  bool (*GrantsVote)(NodeId voted_for, NodeId candidate) = [](NodeId voted_for, NodeId candidate) {
    return voted_for == kNobody || voted_for == candidate;
  };
  // 5.4.1: "If the logs have last entries with different terms, then the log with the later term is
  // more up-to-date. If the logs end with the same term, then whichever log is longer".
  bool (*IsUpToDate)(const Position& candidate,
                     const Position& mine) = [](const Position& candidate, const Position& mine) {
    return std::pair(candidate.term, candidate.index) >= std::pair(mine.term, mine.index);
  };
  // Figure 2, persistent state: currentTerm and votedFor.
  bool (*SavesTerm)() = [] { return true; };
  bool (*SavesVote)() = [] { return true; };
  // Figure 2: persistent state is "updated on stable storage before responding to RPCs". This one
  // is asked of log entries.
  bool (*MustSyncBeforeReply)() = [] { return true; };

  // 5.3: "If an existing entry conflicts with a new one (same index but different terms), delete
  // the existing entry and all that follow it". Without a conflict nothing is deleted: the request
  // may be older than what is there.
  bool (*Conflicts)(uint64_t existing_term, uint64_t new_term) =
      [](uint64_t existing_term, uint64_t new_term) { return existing_term != new_term; };
  // Figure 2, AppendEntries 5: "min(leaderCommit, index of last new entry)". What lies beyond the
  // last entry that this request has verified may be somebody else's.
  uint64_t (*FollowerCommit)(uint64_t leader_commit, uint64_t last_verified) =
      [](uint64_t leader_commit, uint64_t last_verified) {
        return std::min(leader_commit, last_verified);
      };
  // 5.4.2: "Only log entries from the leader's current term are committed by counting replicas".
  bool (*MayCommitByCounting)(uint64_t entry_term, uint64_t current_term) =
      [](uint64_t entry_term, uint64_t current_term) { return entry_term == current_term; };
  // D10.2.1: the leader may write to its own disk in parallel with replicating, but counts its own
  // entries only when they are durable.
  uint64_t (*OwnMatch)(uint64_t last, uint64_t durable) = [](uint64_t, uint64_t durable) {
    return durable;
  };
  bool (*ReplicatesBeforeSync)() = [] { return true; };
  // Which replies count: to this term's requests, in this dealing with that server.
  bool (*AcceptsReply)(uint64_t term, uint64_t session, uint64_t reply_term,
                       uint64_t reply_session) = [](uint64_t term, uint64_t session,
                                                    uint64_t reply_term, uint64_t reply_session) {
    return term == reply_term && session == reply_session;
  };
  // D10.2.1, batching and pipelining.
  size_t (*EntriesPerMessage)(size_t drawn) = [](size_t drawn) { return drawn; };
  bool (*Pipelines)() = [] { return true; };

  // Section 7 and D6.3: the session table is part of what is replicated, and so of a snapshot.
  store::Store (*SnapshotOf)(const store::Store& machine) = [](const store::Store& machine) {
    return machine;
  };
  // Figure 13, InstallSnapshot 6 and 7: "If existing log entry has same index and term as
  // snapshot's last included entry, retain log entries following it", else "discard the entire
  // log". What is committed here already needs no snapshot.
  enum class OnSnapshot { kIgnore, kKeepSuffix, kDiscardLog };
  OnSnapshot (*LogAfterSnapshot)(uint64_t last, uint64_t commit, bool contains) =
      [](uint64_t last, uint64_t commit, bool contains) {
        if (last <= commit) return OnSnapshot::kIgnore;
        return contains ? OnSnapshot::kKeepSuffix : OnSnapshot::kDiscardLog;
      };
  // 5.5: "servers retry RPCs indefinitely"; also those of a snapshot, of which a follower that has
  // restarted knows nothing.
  bool (*ResendsSnapshot)() = [] { return true; };

  // Section 8 and D6.4: a leader knows which entries are committed only when one of its own term
  // is. Then a round of heartbeats shows that it still leads.
  bool (*ReadReady)(bool own_term_committed) = [](bool own_term_committed) {
    return own_term_committed;
  };
  // D6.4.1: a lease starts when the round of heartbeats was sent, for nobody knows when it arrived.
  Time (*LeaseStart)(Time sent, Time received) = [](Time sent, Time) { return sent; };
  // ... and ends before any of its voters would vote again, unless the leader itself has asked
  // somebody to campaign (D6.4.1: "leadership transfer").
  bool (*LeaseValid)(Time now, Time start, bool transferred) =
      [](Time now, Time start, bool transferred) { return !transferred && now < start + kLease; };

  // D4.1 and raft-dev, July 2015: a change waits until the one before is committed, and until the
  // leader has committed an entry of its own term.
  bool (*ChangeAllowed)(bool previous_committed, bool own_term_committed) =
      [](bool previous_committed, bool own_term_committed) {
        return previous_committed && own_term_committed;
      };
  // Section 6: joint consensus needs "separate majorities from both the old and new
  // configurations". A server that is in neither counts for nothing, and be it the leader.
  bool (*HasQuorum)(const Configuration& configuration,
                    ServerSet agree) = [](const Configuration& configuration, ServerSet agree) {
    return IsMajority(configuration.voters, agree) &&
           (!configuration.joint() || IsMajority(configuration.old_voters, agree));
  };
  // D4.1: "a server always uses the latest configuration in its log". Where that entry is removed,
  // it must "fall back to the previous configuration".
  Configuration (*AfterTruncation)(const Configuration& used, const Configuration& latest) =
      [](const Configuration&, const Configuration& latest) { return latest; };

  // D9.6: "a candidate only increments its term if it first learns from a majority of the cluster
  // that they would be willing to grant the candidate their votes".
  bool (*PreVoteRaisesTerm)() = [] { return false; };
  // etcd#8243: who asks with an old term is told the new one, or else it asks for ever.
  bool (*AnswersPreVote)(uint64_t asked, uint64_t term) = [](uint64_t, uint64_t) { return true; };
};

}  // namespace reprise::raft
