// Raft log replication: 5.3, 5.4.2; clients, section 8 and D6.3.

#include <algorithm>

#include "models/spec/no_disruption.h"
#include "models/spec/replicated_log.h"
#include "protocols/replication/raft_server.h"
#include "sim/codec.h"
#include "sim/crc32c.h"

namespace reprise::raft {

// Clients.

// D6.3: "the state machine tracks the latest serial number processed for the client, along with the
// associated response. If a server receives a command whose serial number has already been
// executed, it responds immediately without re-executing the request".
void Server::OnRequest(NodeId client, const store::Request& m) {
  if (!Leads() || transfer_) {
    env_.Send(client, store::Refuse{m.sequence, Leads() ? kNobody : leader_});
    return;
  }
  if (const auto* told = machine_.Told(client, m.sequence)) {
    if (told->sequence == m.sequence) env_.Send(client, store::Answer{m.sequence, told->result});
    return;
  }
  if (m.command.verb == store::Verb::kRead && how_ != Reads::kLog) {
    OnRead(client, m);
    return;
  }
  const auto pending = pending_.find(client);
  if (pending != pending_.end() && pending->second.sequence == m.sequence) return;
  const uint64_t index =
      AppendOwn({.term = state_.term, .kind = EntryKind::kCommand, .client = client, .request = m});
  pending_[client] = {m.sequence, index};
  Replicate();
}

// The leader.

// 5.3: "The leader appends the command to its log as a new entry". Its own disk is written in
// parallel with the others' (D10.2.1).
uint64_t Server::AppendOwn(Entry entry) {
  const bool configures = entry.kind == EntryKind::kConfiguration;
  state_.log.Append(std::move(entry));
  const uint64_t index = Last().index;
  storage_.SaveEntry(index, state_.log.At(index));
  if (configures) UseLatestConfiguration();
  WhenDurable([this, index, term = state_.term] {
    if (!Leads() || state_.term != term) return;
    own_durable_ = std::max(own_durable_, index);
    if (!decide_.ReplicatesBeforeSync()) Replicate();
    AdvanceCommit();
  });
  return index;
}

// "repeat during idle periods to prevent election timeouts" (Figure 2).
void Server::Beat() {
  deadline_ = env_.After(kHeartbeat);
  if (settings_.pre_vote) CheckQuorum();
  if (!Leads()) return;
  env_.Report(models::HeardLeader{0});
  if (transfer_ && env_.Now() >= transfer_->deadline) transfer_.reset();
  if (change_ && env_.Now() >= change_->deadline) {
    change_.reset();  // Who should join does not catch up (D4.2.1).
    UpdatePeers();
  }
  StartRound();
}

void Server::Replicate() {
  for (auto& [server, peer] : peers_) SendEntries(server, peer, false);
}

// What that server has not been sent, as far as it can be sent now; with a heartbeat something in
// any case.
void Server::SendEntries(NodeId to, Peer& peer, bool heartbeat) {
  if (peer.mode == Peer::Mode::kSnapshot) {
    if (!heartbeat) return;
    if (decide_.ResendsSnapshot()) return SendChunk(to, peer);
    env_.Send(to, AppendEntries{state_.term, state_.log.base(), {}, commit_, peer.session, round_});
    return;
  }
  if (peer.next <= state_.log.base().index) {
    BeginSnapshot(peer);
    SendChunk(to, peer);
    return;
  }
  if (peer.mode == Peer::Mode::kProbe && peer.probing && !heartbeat) return;
  if (heartbeat || peer.next <= Sendable()) SendOneMessage(to, peer);
  while (peer.mode == Peer::Mode::kReplicate && peer.next <= Sendable()) SendOneMessage(to, peer);
}

void Server::SendOneMessage(NodeId to, Peer& peer) {
  const uint64_t previous = peer.next - 1;
  AppendEntries m{.term = state_.term,
                  .previous = {previous, state_.log.TermAt(previous).value_or(0)},
                  .entries = state_.log.From(peer.next, batch_, Sendable()),
                  .commit = commit_,
                  .session = peer.session,
                  .round = round_};
  if (peer.mode == Peer::Mode::kReplicate) {
    peer.next += m.entries.size();
  } else {
    peer.probing = true;
  }
  env_.Send(to, m);
}

// What a reply says of a server that still matters: nothing, where it belongs to another term or to
// an earlier dealing with that server.
Peer* Server::Accept(NodeId from, uint64_t term, uint64_t session, uint64_t round) {
  if (term > state_.term) BecomeFollower(term, kNobody);
  const auto at = peers_.find(from);
  if (!Leads() || at == peers_.end()) return nullptr;
  Peer& peer = at->second;
  if (!decide_.AcceptsReply(state_.term, peer.session, term, session)) return nullptr;
  peer.heard = env_.Now();
  const auto sent = round_sent_.find(round);
  if (round > peer.round && sent != round_sent_.end()) {
    peer.round = round;
    peer.lease_start = decide_.LeaseStart(sent->second, env_.Now());
  }
  return &peer;
}

void Server::OnAppended(NodeId from, const Appended& m) {
  Peer* peer = Accept(from, m.term, m.session, m.round);
  if (peer == nullptr) return;
  if (m.success) {
    peer->match = std::max(peer->match, m.index);
    peer->next = std::max(peer->next, peer->match + 1);
    if (peer->mode == Peer::Mode::kProbe && decide_.Pipelines()) {
      peer->mode = Peer::Mode::kReplicate;
    }
    peer->probing = false;
  } else if (peer->mode != Peer::Mode::kSnapshot && m.index < peer->next) {
    // "decrements nextIndex and retries" (5.3): by as much as the follower knows to be useless.
    // Where that goes back beyond what it has acknowledged, the reply is an old one, and what is
    // sent in vain will show it.
    peer->next = std::max<uint64_t>(1, m.index);
    peer->mode = Peer::Mode::kProbe;
    peer->probing = false;
  }
  if (peer->next <= Sendable()) SendEntries(from, *peer, false);
  AdvanceCommit();
  if (!Leads()) return;
  AnswerReads();
  TryPropose();
  TryTransfer();
}

// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] >= N, and
// log[N].term == currentTerm: set commitIndex = N" (Figure 2).
void Server::AdvanceCommit() {
  const uint64_t majority = QuorumHas(commit_, [&](NodeId server) -> uint64_t {
    if (server == env_.self()) return OwnMatch();
    const auto at = peers_.find(server);
    return at == peers_.end() ? 0 : at->second.match;
  });
  const uint64_t n = std::min(majority, Last().index);
  if (n <= commit_) return;
  if (!decide_.MayCommitByCounting(state_.log.TermAt(n).value_or(0), state_.term)) return;
  commit_ = n;
  Apply();
  FinishChange();
  if (Leads() && decide_.ReadReady(OwnTermCommitted())) StartHeldReads();
}

// The follower.

void Server::Refuse(NodeId leader, const AppendEntries& m) {
  const Appended refusal{state_.term, false, std::min(m.previous.index, Last().index + 1),
                         m.session, m.round};
  WhenDurable([this, leader, refusal] { env_.Send(leader, refusal); });
}

void Server::OnAppendEntries(NodeId from, const AppendEntries& m) {
  // 1. "Reply false if term < currentTerm".
  if (m.term < state_.term) return Refuse(from, m);
  if (m.term > state_.term) BecomeFollower(m.term, from);
  HearFrom(from);
  // 2. "Reply false if log doesn't contain an entry at prevLogIndex whose term matches
  //    prevLogTerm". What a snapshot has replaced was committed, and so matches.
  const uint64_t base = state_.log.base().index;
  if (m.previous.index >= base && !state_.log.Contains(m.previous)) {
    env_.Report(models::HeardLeader{1});
    return Refuse(from, m);
  }
  const uint64_t verified = Store(m);
  // 5. "If leaderCommit > commitIndex, set commitIndex".
  commit_ = std::max(commit_, decide_.FollowerCommit(m.commit, verified));
  Apply();
  env_.Report(models::HeardLeader{m.commit - std::min(m.commit, applied_)});
  const Appended reply{state_.term, true, verified, m.session, m.round};
  if (decide_.MustSyncBeforeReply()) {
    WhenDurable([this, from, reply] { env_.Send(from, reply); });
  } else {
    env_.Send(from, reply);
  }
}

// 3. "If an existing entry conflicts with a new one, delete the existing entry and all that follow
//    it". 4. "Append any new entries not already in the log". Returns the last index verified.
uint64_t Server::Store(const AppendEntries& m) {
  uint64_t index = m.previous.index;
  bool configures = false;
  for (const Entry& entry : m.entries) {
    ++index;
    if (index <= state_.log.base().index) continue;
    const auto existing = state_.log.TermAt(index);
    if (existing && !decide_.Conflicts(*existing, entry.term)) continue;
    if (existing) {
      state_.log.TruncateFrom(index);
      configures |= configuration_index_ >= index;
    }
    state_.log.Append(entry);
    storage_.SaveEntry(index, entry);
    configures |= entry.kind == EntryKind::kConfiguration;
  }
  if (configures) UseLatestConfiguration();
  return index;
}

// All servers.

// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine".
void Server::Apply() {
  while (applied_ < std::min(commit_, Last().index)) {
    ++applied_;
    if (applied_ <= state_.log.base().index) continue;
    const Entry entry = state_.log.At(applied_);
    const uint64_t hash = Crc32c(Encode(entry));
    env_.Report(models::Applied{applied_, entry.term, hash, state_.term});
    Execute(applied_, entry);
  }
  if (applied_ >= state_.log.base().index + settings_.compact_after) compact_.NotifyOne();
}

void Server::Execute(uint64_t index, const Entry& entry) {
  switch (entry.kind) {
    case EntryKind::kNoOp: break;
    case EntryKind::kConfiguration: break;  // It was used as soon as it was in the log.
    case EntryKind::kCommand: {
      const store::Result result = machine_.ExecuteOnce(entry.client, entry.request);
      const auto at = pending_.find(entry.client);
      if (!Leads() || at == pending_.end() || at->second.index != index) break;
      pending_.erase(at);
      env_.Send(entry.client, store::Answer{entry.request.sequence, result});
      break;
    }
  }
}

}  // namespace reprise::raft
