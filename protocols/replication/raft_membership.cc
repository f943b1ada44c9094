// Raft membership changes: section 6, joint consensus; D4.1 and D4.2, one server at a time.

#include <algorithm>
#include <cstdlib>

#include "protocols/replication/raft_server.h"

namespace reprise::raft {
namespace {

constexpr Duration kCatchUp = 1s;  // Who joins must have caught up by then.

}  // namespace

// D4.1: "The new configuration takes effect on each server as soon as it is added to that server's
// log"; where it is removed again, the one before does.
void Server::UseLatestConfiguration() {
  Configuration latest = state_.snapshot.configuration;
  uint64_t index = state_.snapshot.last.index;
  for (uint64_t i = Last().index; i > state_.log.base().index; --i) {
    const Entry& entry = state_.log.At(i);
    if (entry.kind != EntryKind::kConfiguration) continue;
    latest = entry.configuration;
    index = i;
    break;
  }
  const bool fell_back = index < configuration_index_;
  configuration_ = fell_back ? decide_.AfterTruncation(configuration_, latest) : latest;
  configuration_index_ = index;
  if (Leads()) UpdatePeers();
}

// The leader replicates to all that vote, and to those who are to join.
void Server::UpdatePeers() {
  ServerSet wanted = configuration_.all();
  if (change_) wanted = wanted | change_->target.all();
  std::erase_if(peers_, [&](const auto& peer) { return !wanted.Has(peer.first); });
  wanted.ForEach([&](NodeId server) {
    if (server == env_.self() || peers_.contains(server)) return;
    Peer peer;
    peer.session = ++sessions_;
    peer.next = Last().index + 1;
    peer.heard = env_.Now();
    peers_.emplace(server, std::move(peer));
  });
}

void Server::OnChangeMembership(const ChangeMembership& m) {
  if (!Leads() || change_ || transfer_ || m.toggled.empty()) return;
  if (settings_.membership == Membership::kFixed) return;
  const bool one = settings_.membership == Membership::kSingle;
  const ServerSet voters = configuration_.voters, target = voters ^ m.toggled;
  if ((one && m.toggled.Count() != 1) || target.Count() < settings_.voters_least) return;
  if (!decide_.ChangeAllowed(configuration_index_ <= commit_, OwnTermCommitted())) return;
  if (configuration_.joint()) return;
  change_ = Change{{target, one ? ServerSet{} : voters}, env_.After(kCatchUp)};
  UpdatePeers();
  Replicate();
  TryPropose();
}

// D4.2.1: new servers first catch up, without a vote. Then C_new is appended (D4.1), or C_old,new
// (section 6).
void Server::TryPropose() {
  if (!change_) return;
  bool ready = decide_.ChangeAllowed(configuration_index_ <= commit_, OwnTermCommitted());
  (change_->target.all() - configuration_.all()).ForEach([&](NodeId server) {
    const auto at = peers_.find(server);
    ready &= at != peers_.end() && at->second.match >= commit_;
  });
  if (!ready) return;
  const Configuration target = change_->target;
  change_.reset();
  AppendOwn({.term = state_.term, .kind = EntryKind::kConfiguration, .configuration = target});
  Replicate();
}

// Section 6: "Once C_old,new has been committed", the leader "can create a log entry describing
// C_new"; also a leader that came after. "the leader steps down once it has committed the C_new log
// entry", if it is not in it.
void Server::FinishChange() {
  if (configuration_index_ > commit_) return;
  if (configuration_.joint()) {
    AppendOwn({.term = state_.term,
               .kind = EntryKind::kConfiguration,
               .configuration = {configuration_.voters, {}}});
    Replicate();
  } else if (!configuration_.voters.Has(env_.self())) {
    BecomeFollower(state_.term, kNobody);
  }
}

}  // namespace reprise::raft
