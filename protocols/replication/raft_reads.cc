// Raft reads without the log: section 8, and D6.4 "Processing read-only queries more efficiently".
//
// By read index: the leader notes its commit index, learns from a round of heartbeats that it still
// led when the read arrived, and answers once it has applied that much.
//
// By lease (D6.4.1): while a round of heartbeats that a quorum has answered was sent less than
// kLease ago, nobody else can have been elected, because each of the quorum refuses its vote for
// kElectionLeast. What that takes for granted: that no clock is fast or slow by more than
// kDriftPpm, and that none stands still. A paused server is no danger, as its clock goes on; nor is
// one that restarts, as it refuses for as long as if it had just heard a leader; nor the time of
// day.

#include <algorithm>

#include "protocols/replication/raft_server.h"

namespace reprise::raft {

void Server::OnRead(NodeId client, const store::Request& m) {
  std::erase_if(reads_, [&](const Read& read) { return read.client == client; });  // Given up.
  const bool ready = decide_.ReadReady(OwnTermCommitted());
  if (how_ == Reads::kLease && ready &&
      decide_.LeaseValid(env_.Now(), LeaseStart(), transferred_)) {
    env_.Send(client, store::Answer{m.sequence, machine_.Read(m.command)});
    return;
  }
  reads_.push_back({client, m});
  if (ready) StartHeldReads();
}

// 1. "If the leader has not yet marked an entry from its current term committed, it waits until it
// has done so." 2. "The leader saves its current commit index". 3. "The leader issues a new round
// of heartbeats".
void Server::StartHeldReads() {
  bool started = false;
  for (Read& read : reads_) {
    if (read.round != 0) continue;
    read.round = round_ + 1;
    read.index = commit_;
    started = true;
  }
  if (started) StartRound();
}

void Server::StartRound() {
  round_sent_[++round_] = env_.Now();
  for (auto& [server, peer] : peers_) SendEntries(server, peer, true);
  // Who has answered later rounds needs the earlier ones no more.
  uint64_t least = round_;
  for (const auto& [server, peer] : peers_) least = std::min(least, peer.round);
  round_sent_.erase(round_sent_.begin(), round_sent_.lower_bound(least));
}

// 4. "The leader waits for its state machine to advance at least as far as the readIndex". 5.
void Server::AnswerReads() {
  if (reads_.empty()) return;
  const uint64_t answered = QuorumHas(uint64_t{0}, [&](NodeId server) -> uint64_t {
    if (server == env_.self()) return round_;
    const auto at = peers_.find(server);
    return at == peers_.end() ? 0 : at->second.round;
  });
  std::erase_if(reads_, [&](const Read& read) {
    if (read.round == 0 || read.round > answered || read.index > applied_) return false;
    env_.Send(read.client,
              store::Answer{read.request.sequence, machine_.Read(read.request.command)});
    return true;
  });
}

// When the newest round was sent that a quorum has answered.
Time Server::LeaseStart() {
  const Time now = env_.Now();
  return QuorumHas(Time::min(), [&](NodeId server) -> Time {
    if (server == env_.self()) return now;
    const auto at = peers_.find(server);
    return at == peers_.end() ? Time::min() : at->second.lease_start;
  });
}

}  // namespace reprise::raft
