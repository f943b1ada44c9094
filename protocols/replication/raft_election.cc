// Raft elections: 5.2, 5.4.1; and what keeps servers that were away from disturbing others: D4.2.3,
// D6.2 check-quorum, D9.6 pre-vote; D3.10 leadership transfer.

#include <algorithm>

#include "models/spec/elections.h"
#include "models/spec/no_disruption.h"
#include "models/spec/recovery.h"
#include "models/spec/replicated_log.h"
#include "protocols/replication/raft_server.h"
#include "sim/environment.h"

namespace reprise::raft {
namespace {

const Label kElectionTimeout("election-timeout");

}  // namespace

// 5.2: "election timeouts are chosen randomly from a fixed interval": at boot, for each election of
// its own, and in each term that it learns of. If those who have followed one leader kept theirs,
// they would be those that were longer than its own. Without a draw each server has a place of its
// own in that interval, so that nobody competes in a calm run; a draw goes on from there and
// around, and so is as uniform as any.
void Server::DrawElectionTimeout() {
  const auto servers = env_.nodes("servers");
  const auto mine = std::ranges::find(servers, env_.self()) - servers.begin();
  const uint64_t place = static_cast<uint64_t>(mine) * kQuantiles / servers.size();
  const uint64_t drawn = env_.Random(kElectionTimeout, kQuantiles);
  timeout_ = kElectionLeast + Share(kElectionLeast, (place + drawn) % kQuantiles);
}

void Server::ResetElectionTimer() { deadline_ = gives_up_ = env_.After(timeout_); }

// A leader of our term has written to us.
void Server::HearFrom(NodeId leader) {
  if (role_ != Role::kFollower || leader_ != leader) BecomeFollower(state_.term, leader);
  heard_ = env_.Now();
  ResetElectionTimer();
}

// D4.2.3: "within the minimum election timeout of hearing from a current leader". A leader hears
// itself, for as long as a quorum hears it.
bool Server::HearsLeader() {
  return settings_.refuses_while_led() && (Leads() || env_.Now() < heard_ + kElectionLeast);
}

void Server::StartElection() {
  if (leader_ != kNobody) env_.Report(models::Suspected{leader_});
  leader_ = kNobody;
  // D4.2.2: a server without a vote may still be the only one that can be elected, as long as the
  // configuration that left it out may not be committed.
  if (!configuration_.all().Has(env_.self()) && configuration_index_ <= commit_) {
    role_ = Role::kFollower;
    DrawElectionTimeout();
    ResetElectionTimer();
  } else if (settings_.pre_vote) {
    AskForPreVotes();
  } else {
    Campaign(false);
  }
}

// D9.6: first asks who would vote for it in the next term, and leaves its own term alone.
void Server::AskForPreVotes() {
  env_.Report(models::AsksToLead{state_.term + 1});
  role_ = Role::kPreCandidate;
  if (decide_.PreVoteRaisesTerm()) {
    SetTerm(state_.term + 1);
    env_.Report(models::BeganTerm{state_.term});
  } else {
    DrawElectionTimeout();
  }
  ResetElectionTimer();
  votes_ = answered_ = ServerSet::Of(env_.self());
  AskForVotes();
}

// Those who have not answered. 5.1: "Servers retry RPCs if they do not receive a response in a
// timely manner".
void Server::AskForVotes() {
  deadline_ = std::min(gives_up_, env_.After(kHeartbeat));
  if (votes_.empty()) return;  // Not even our own vote is durable.
  (configuration_.all() - answered_).ForEach([&](NodeId server) {
    if (role_ == Role::kPreCandidate) {
      env_.Send(server, RequestPreVote{state_.term + 1, Last()});
    } else {
      env_.Send(server, RequestVote{state_.term, Last(), transfer_asked_});
    }
  });
}

// 5.2: "a follower increments its current term and transitions to candidate state. It then votes
// for itself and issues RequestVote RPCs in parallel to each of the other servers".
void Server::Campaign(bool transferred) {
  SetTerm(state_.term + 1);
  if (!transferred) env_.Report(models::BeganTerm{state_.term});
  role_ = Role::kCandidate;
  leader_ = kNobody;
  votes_ = answered_ = {};
  transfer_asked_ = transferred;
  state_.voted_for = env_.self();
  storage_.SaveVote(state_.term, state_.voted_for);
  ResetElectionTimer();
  deadline_ = std::min(gives_up_, env_.After(kHeartbeat));
  WhenDurable([this, term = state_.term] {
    env_.Report(models::Voted{term, env_.self()});
    if (role_ != Role::kCandidate || state_.term != term) return;
    votes_ = answered_ = ServerSet::Of(env_.self());
    AskForVotes();
  });
}

void Server::OnRequestVote(NodeId from, const RequestVote& m) {
  // D4.2.3: "it does not update its term or grant its vote".
  if (!m.transferred && HearsLeader()) return;
  if (m.term > state_.term) BecomeFollower(m.term, kNobody);
  const bool granted = m.term == state_.term && decide_.GrantsVote(state_.voted_for, from) &&
                       decide_.IsUpToDate(m.last, Last());
  if (granted && state_.voted_for != from) {
    state_.voted_for = from;
    storage_.SaveVote(state_.term, state_.voted_for);
  }
  if (granted) ResetElectionTimer();
  const Vote vote{state_.term, granted};
  WhenDurable([this, from, vote] {
    if (vote.granted) env_.Report(models::Voted{vote.term, from});
    env_.Send(from, vote);
  });
}

void Server::OnVote(NodeId from, const Vote& m) {
  if (m.term > state_.term) BecomeFollower(m.term, kNobody);
  if (role_ != Role::kCandidate || m.term != state_.term) return;
  answered_.Add(from);
  if (!m.granted) return;
  votes_.Add(from);
  if (decide_.HasQuorum(configuration_, votes_)) BecomeLeader();
}

// Nothing of the voter changes, and nothing of it must be durable. Who asks with an old term is
// answered as well, and learns of ours by that.
void Server::OnRequestPreVote(NodeId from, const RequestPreVote& m) {
  if (!decide_.AnswersPreVote(m.term, state_.term)) return;
  const bool granted = m.term > state_.term && !HearsLeader() && decide_.IsUpToDate(m.last, Last());
  env_.Send(from, PreVote{state_.term, m.term, granted});
}

void Server::OnPreVote(NodeId from, const PreVote& m) {
  if (m.term > state_.term) {
    BecomeFollower(m.term, kNobody);
    return;
  }
  if (role_ != Role::kPreCandidate || m.asked != state_.term + 1) return;
  answered_.Add(from);
  if (!m.granted) return;
  votes_.Add(from);
  if (decide_.HasQuorum(configuration_, votes_)) Campaign(false);
}

// 5.2: "it sends heartbeat messages to all of the other servers to establish its authority".
// Section 8: "each leader commits a blank no-op entry into the log at the start of its term".
void Server::BecomeLeader() {
  role_ = Role::kLeader;
  leader_ = env_.self();
  std::vector<models::LogEntry> entries;
  for (const Entry& entry : state_.log.entries()) entries.push_back({entry.term});
  env_.Report(models::Elected{state_.term, state_.log.base().index + 1, std::move(entries)});
  peers_.clear();
  pending_.clear();
  reads_.clear();
  change_.reset();
  transfer_.reset();
  transferred_ = false;
  own_durable_ = 0;
  round_sent_.clear();
  UpdatePeers();
  AppendOwn({.term = state_.term});
  Beat();
}

// D6.2: "a leader steps down if an election timeout elapses without a successful round of
// heartbeats to a majority of its cluster".
void Server::CheckQuorum() {
  const Time now = env_.Now();
  ServerSet heard = ServerSet::Of(env_.self());
  for (const auto& [server, peer] : peers_) {
    if (now < peer.heard + kElectionMost) heard.Add(server);
  }
  if (decide_.HasQuorum(configuration_, heard)) {
    heard_ = now;
  } else {
    BecomeFollower(state_.term, kNobody);
  }
}

// Leadership transfer.

void Server::OnTransferLeadership(const TransferLeadership& m) {
  if (!Leads() || transfer_ || change_ || !peers_.contains(m.to)) return;
  if (!configuration_.voters.Has(m.to)) return;
  transfer_ = Transfer{m.to, env_.After(kElectionMost), false};  // Until then no client is served.
  SendEntries(m.to, peers_[m.to], true);
  TryTransfer();
}

// D3.10: "the prior leader stops accepting new client requests", "fully updates the target server's
// log", and then sends TimeoutNow. From then on no lease of this term is worth anything, even where
// the transfer seems to have failed: the message may still be on its way.
void Server::TryTransfer() {
  if (!transfer_ || transfer_->asked || peers_[transfer_->to].match != Last().index) return;
  transfer_->asked = transferred_ = true;
  env_.Send(transfer_->to, TimeoutNow{state_.term});
}

void Server::OnTimeoutNow(NodeId, const TimeoutNow& m) {
  if (m.term != state_.term || role_ == Role::kLeader) return;
  if (configuration_.voters.Has(env_.self())) Campaign(true);
}

}  // namespace reprise::raft
