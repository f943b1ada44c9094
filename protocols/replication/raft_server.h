// A Raft server: Figure 2 of the paper, and what a server needs besides to be used. Its parts are
//
//   raft_server.cc       the main loop, terms, and what waits for the disk
//   raft_election.cc     5.2, 5.4.1; D3.10 transfer, D4.2.3 and D9.6 against disruption
//   raft_replication.cc  5.3, 5.4.2; clients (section 8, D6.3)
//   raft_snapshot.cc     section 7
//   raft_reads.cc        section 8; D6.4 reads by read index and by lease
//   raft_membership.cc   section 6; D4 changes of one server at a time
//
// The main fiber handles one message at a time and never waits for the disk, but for a snapshot
// that it was sent: what must be durable first is left to another fiber (WhenDurable).

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocols/replication/raft_messages.h"
#include "protocols/replication/raft_rules.h"
#include "protocols/replication/raft_storage.h"
#include "protocols/workloads/store.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise::raft {

enum class Reads { kLog, kReadIndex, kLease, kDrawn };
enum class Membership { kFixed, kSingle, kJoint };

struct Settings {
  ServerSet initial;  // Who votes at first.
  Reads reads = Reads::kDrawn;
  Membership membership = Membership::kFixed;
  int voters_least = 3;
  // Pre-vote (D9.6), check-quorum (D6.2), and no votes while a leader is heard (D4.2.3). Leases
  // need the last of them; without any this is the protocol of the paper.
  bool pre_vote = true;
  uint64_t compact_after = 16;  // So many entries are applied before the next snapshot.

  // Whether votes are refused while a leader is heard, as those who hold leases rely upon.
  bool refuses_while_led() const { return pre_vote; }
};

// What the leader knows of another server.
struct Peer {
  enum class Mode {
    kProbe,      // It is not known where its log agrees: one message at a time.
    kReplicate,  // It is, and entries are sent ahead of acknowledgements.
    kSnapshot    // It is being sent a snapshot.
  };
  Mode mode = Mode::kProbe;
  bool probing = false;  // A probe is under way.
  uint64_t session = 0;
  uint64_t next = 1, match = 0;
  uint64_t round = 0;              // The last round of heartbeats that it has answered,
  Time lease_start = Time::min();  // and the lease that it grants by that.
  Time heard{};
  // Of kSnapshot.
  Position snapshot;
  std::shared_ptr<const std::string> snapshot_bytes;
  uint64_t snapshot_offset = 0;
};

class Server {
 public:
  Server(Env& env, const Settings& settings, const Decisions& decide);
  void Run();

 private:
  enum class Role { kFollower, kPreCandidate, kCandidate, kLeader };

  // The server. Terms (5.1): "If RPC request or response contains term T > currentTerm: set
  // currentTerm = T, convert to follower".
  bool Recover();
  void Obey(const Envelope& mail);
  void OnTimeout();
  void SetTerm(uint64_t term);
  void BecomeFollower(uint64_t term, NodeId leader);
  void WhenDurable(std::function<void()> then);
  void RunWhenDurable();
  bool Leads() const { return role_ == Role::kLeader; }
  Position Last() const { return state_.log.last(); }

  // Elections.
  void DrawElectionTimeout();
  void ResetElectionTimer();
  void HearFrom(NodeId leader);
  bool HearsLeader();
  void StartElection();
  void AskForPreVotes();
  void AskForVotes();
  void Campaign(bool transferred);
  void OnRequestVote(NodeId from, const RequestVote& m);
  void OnVote(NodeId from, const Vote& m);
  void OnRequestPreVote(NodeId from, const RequestPreVote& m);
  void OnPreVote(NodeId from, const PreVote& m);
  void BecomeLeader();
  void CheckQuorum();
  void OnTransferLeadership(const TransferLeadership& m);
  void TryTransfer();
  void OnTimeoutNow(NodeId from, const TimeoutNow& m);

  // Replication.
  void OnRequest(NodeId client, const store::Request& m);
  uint64_t AppendOwn(Entry entry);
  void Beat();
  void Replicate();
  void SendEntries(NodeId to, Peer& peer, bool heartbeat);
  void SendOneMessage(NodeId to, Peer& peer);
  void OnAppendEntries(NodeId from, const AppendEntries& m);
  uint64_t Store(const AppendEntries& m);
  void Refuse(NodeId leader, const AppendEntries& m);
  void OnAppended(NodeId from, const Appended& m);
  Peer* Accept(NodeId from, uint64_t term, uint64_t session, uint64_t round);
  uint64_t OwnMatch() const { return decide_.OwnMatch(Last().index, own_durable_); }
  uint64_t Sendable() const { return decide_.ReplicatesBeforeSync() ? Last().index : own_durable_; }
  void AdvanceCommit();
  bool OwnTermCommitted() const { return state_.log.TermAt(commit_) == state_.term; }
  void Apply();
  void Execute(uint64_t index, const Entry& entry);

  // Snapshots.
  void CompactWhenDue();
  void TakeSnapshot();
  void BeginSnapshot(Peer& peer);
  void SendChunk(NodeId to, Peer& peer);
  void OnInstallSnapshot(NodeId from, const InstallSnapshot& m);
  void Install(const Snapshot& snapshot, bool keep_suffix);
  void OnSnapshotReceived(NodeId from, const SnapshotReceived& m);

  // Reads.
  void OnRead(NodeId client, const store::Request& m);
  void StartHeldReads();
  void StartRound();
  void AnswerReads();
  Time LeaseStart();

  // Membership.
  void UseLatestConfiguration();
  void OnChangeMembership(const ChangeMembership& m);
  void TryPropose();
  void FinishChange();
  void UpdatePeers();

  // The greatest value that a quorum has reached.
  template <class T, class ValueOf>
  T QuorumHas(T least, ValueOf value_of) const {
    T best = least;
    configuration_.all().ForEach([&](NodeId candidate) {
      const T value = value_of(candidate);
      if (!(best < value)) return;
      ServerSet reached;
      configuration_.all().ForEach([&](NodeId server) {
        if (!(value_of(server) < value)) reached.Add(server);
      });
      if (decide_.HasQuorum(configuration_, reached)) best = value;
    });
    return best;
  }

  struct Waiting {  // For the disk.
    uint64_t saved;
    std::function<void()> then;
  };
  struct Pending {  // A client's command in our log.
    uint64_t sequence, index;
  };
  struct Read {
    NodeId client;
    store::Request request;
    uint64_t round = 0;  // 0 while it is held.
    uint64_t index = 0;  // What must have been applied.
  };
  struct Change {  // Of membership, while those who join catch up.
    Configuration target;
    Time deadline;
  };
  struct Transfer {
    NodeId to;
    Time deadline;
    bool asked;  // It was told to campaign.
  };
  struct Incoming {  // A snapshot, of which we have a part.
    NodeId leader = kNobody;
    Position last;
    std::string bytes;
  };

  Env& env_;
  const Settings settings_;
  const Decisions decide_;
  Storage storage_;
  State state_;
  Channel<Waiting> waiting_;
  Condition compact_;

  // Volatile state on all servers.
  Role role_ = Role::kFollower;
  NodeId leader_ = kNobody;
  uint64_t commit_ = 0, applied_ = 0;
  store::Store machine_;
  Configuration configuration_;       // The latest one in our log,
  uint64_t configuration_index_ = 0;  // and where it stands.
  Duration timeout_{};                // Of elections.
  Time deadline_{};                   // Of the election timer, or of the next heartbeat.
  Time heard_{};                      // When we last heard a leader of our term, or led.
  Time gives_up_{};                   // When an election is over.
  bool transfer_asked_ = false;       // We campaign because the leader has told us to.
  ServerSet votes_;
  ServerSet answered_;
  Incoming incoming_;

  // Volatile state on leaders, afresh after each election.
  std::map<NodeId, Peer> peers_;
  std::map<NodeId, Pending> pending_;
  std::vector<Read> reads_;
  uint64_t own_durable_ = 0;  // Up to where our own entries are durable.
  uint64_t round_ = 0;
  std::map<uint64_t, Time> round_sent_;
  uint64_t sessions_ = 0;
  std::optional<Change> change_;
  std::optional<Transfer> transfer_;
  bool transferred_ = false;  // In this term we have asked somebody to campaign.
  Reads how_ = Reads::kLog;   // How we answer reads in this boot, and
  size_t batch_ = 64;         // how many entries go into a message.
};

}  // namespace reprise::raft
