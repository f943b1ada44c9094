#include "protocols/replication/raft_mutants.h"

namespace reprise::raft {
namespace {

using Mutants_ = std::vector<Mutant<Decisions>>;

const Mutants_ kCore = {
    {{"commit-by-counting", "RF-M01", "D2", "leader-completeness",
      "entries of earlier terms are committed by counting replicas", "the paper's figure 8"},
     [](Decisions& d) { d.MayCommitByCounting = [](uint64_t, uint64_t) { return true; }; }},
    {{"vote-not-durable", "RF-M02", "D1", "monotonic-terms",
      "a server that restarts has forgotten its vote", "figure 2, persistent state"},
     [](Decisions& d) { d.SavesVote = [] { return false; }; }},
    {{"truncate-always", "RF-M03", "D2", "leader-completeness",
      "what follows the new entries is deleted without a conflict", "figure 2, AppendEntries 3"},
     [](Decisions& d) { d.Conflicts = [](uint64_t, uint64_t) { return true; }; }},
    {{"longer-log-wins", "RF-M05", "D1", "leader-completeness",
      "a vote goes to the longer log, whatever its last term", "5.4.1"},
     [](Decisions& d) {
       d.IsUpToDate = [](const Position& candidate, const Position& mine) {
         return candidate.index >= mine.index;
       };
     }},
    {{"term-not-durable", "RF-M07", "D1", "monotonic-terms",
      "a server that restarts has forgotten its term, and votes again",
      "figure 2, persistent state"},
     [](Decisions& d) { d.SavesTerm = [] { return false; }; }},
    {{"sessions-not-in-snapshot", "RF-M08", "D2", "durable",
      "a snapshot is without the session table, so that a retry is executed again",
      "dissertation, 6.3"},
     [](Decisions& d) {
       d.SnapshotOf = [](const store::Store& machine) {
         return store::Store{.lists = machine.lists, .sessions = {}};
       };
     }},
    {{"own-entry-unsynced", "RF-M12", "D2", "leader-completeness",
      "the leader counts its own entry before it is durable", "dissertation, 10.2.1"},
     [](Decisions& d) { d.OwnMatch = [](uint64_t last, uint64_t) { return last; }; }},
    {{"acknowledge-before-sync", "RF-M26", "D1", "leader-completeness",
      "a follower acknowledges entries before they are durable", "ZOOKEEPER-3911, ZOOKEEPER-4646"},
     [](Decisions& d) { d.MustSyncBeforeReply = [] { return false; }; }},
};

const Mutants_ kReadsAndSnapshots = {
    {{"read-index-early", "RF-M09", "D2", "linearizable",
      "a new leader reads before an entry of its own term is committed",
      "etcd#7331; redisraft PR#22"},
     [](Decisions& d) { d.ReadReady = [](bool) { return true; }; }},
    {{"lease-from-receipt", "RF-M10", "D2", "linearizable",
      "a lease starts when the answers to heartbeats arrive", "dissertation, 6.4.1"},
     [](Decisions& d) { d.LeaseStart = [](Time, Time received) { return received; }; }},
    {{"snapshot-discards-log", "RF-M13", "D2", "leader-completeness",
      "a snapshot replaces the log, also what is newer", "camunda#6092"},
     [](Decisions& d) {
       d.LogAfterSnapshot = [](uint64_t, uint64_t, bool) {
         return Decisions::OnSnapshot::kDiscardLog;
       };
     }},
    {{"snapshot-not-resent", "RF-M15", "D1", "converges",
      "a leader waits for ever for who stopped while it was sent a snapshot", "dgraph#2707"},
     [](Decisions& d) { d.ResendsSnapshot = [] { return false; }; }},
};

const Mutants_ kMembership = {
    {{"change-without-own-commit", "RF-M17", "D3", "leader-completeness",
      "one server is added or removed before the leader has committed in its own term",
      "raft-dev, July 2015", false, "tests/raft_stories_test.cc"},
     [](Decisions& d) { d.ChangeAllowed = [](bool previous, bool) { return previous; }; }},
    {{"changes-overlap", "RF-M18", "D2", "leader-completeness",
      "a second change may start while the first is not committed", "dissertation, 4.1"},
     [](Decisions& d) { d.ChangeAllowed = [](bool, bool own) { return own; }; }},
    {{"majority-of-union", "RF-M19", "D2", "leader-completeness",
      "joint consensus asks for a majority of both configurations together", "section 6"},
     [](Decisions& d) {
       d.HasQuorum = [](const Configuration& configuration, ServerSet agree) {
         return IsMajority(configuration.all(), agree);
       };
     }},
    // Configurations one step apart have no disjoint majorities, so that it takes another change.
    {{"configuration-not-restored", "RF-M21", "D2", "leader-completeness",
      "a configuration whose entry was removed stays in use", "dissertation, 4.1", false,
      "tests/raft_stories_test.cc"},
     [](Decisions& d) {
       d.AfterTruncation = [](const Configuration& used, const Configuration&) { return used; };
     }},
};

const Mutants_ kElections = {
    {{"pre-vote-raises-term", "RF-M22", "D1", "no-disruption",
      "who asks for pre-votes increments its term", "dissertation, 9.6"},
     [](Decisions& d) { d.PreVoteRaisesTerm = [] { return true; }; }},
    {{"pre-vote-ignored", "RF-M23", "D2", "converges",
      "who asks for pre-votes with an old term is not answered", "etcd#8243"},
     [](Decisions& d) {
       d.AnswersPreVote = [](uint64_t asked, uint64_t term) { return asked > term; };
     }},
    {{.name = "no-pre-vote",
      .id = "RF-D1",
      .difficulty = "decoy",
      .oracle = "",
      .about = "no pre-vote and no check-quorum: the paper's protocol",
      .origin = "ATC 2014",
      .decoy = true},
     [](Decisions&) {}},
    {{.name = "one-at-a-time",
      .id = "RF-D2",
      .difficulty = "decoy",
      .oracle = "",
      .about = "one entry in a message, and one message under way to each server",
      .origin = "dissertation, 10.2.1",
      .decoy = true},
     [](Decisions& d) {
       d.EntriesPerMessage = [](size_t) -> size_t { return 1; };
       d.Pipelines = [] { return false; };
     }},
    // The protocol itself replicates before its own sync; so what is safe as well is not to.
    {{.name = "replicate-after-sync",
      .id = "RF-D3",
      .difficulty = "decoy",
      .oracle = "",
      .about = "the leader replicates an entry only once its own is durable",
      .origin = "dissertation, 10.2.1",
      .decoy = true},
     [](Decisions& d) { d.ReplicatesBeforeSync = [] { return false; }; }},
};

}  // namespace

const std::vector<Mutant<Decisions>>& Mutants() {
  static const Mutants_ all = [] {
    Mutants_ mutants;
    for (const Mutants_* part : {&kCore, &kReadsAndSnapshots, &kMembership, &kElections}) {
      mutants.insert(mutants.end(), part->begin(), part->end());
    }
    return mutants;
  }();
  return all;
}

}  // namespace reprise::raft
