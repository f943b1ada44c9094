// The main loop of a Raft server, terms, and what waits for the disk.

#include "protocols/replication/raft_server.h"

#include <algorithm>

#include "models/spec/converges.h"
#include "models/spec/elections.h"
#include "models/spec/recovery.h"

namespace reprise::raft {
namespace {

const Label kReads("raft-reads");
const Label kBatch("raft-batch");

constexpr size_t kBatches[] = {64, 1, 2, 4};

}  // namespace

Server::Server(Env& env, const Settings& settings, const Decisions& decide)
    : env_(env),
      settings_(settings),
      decide_(decide),
      storage_(env, decide),
      waiting_(env),
      compact_(env) {}

void Server::Run() {
  if (!Recover()) {
    // It may have promised anything, so it may not even answer. Somebody must see to its disk.
    env_.Report(models::Halted{});
    for (;;) env_.Receive();
  }
  env_.Spawn([this] { RunWhenDurable(); });
  env_.Spawn([this] { CompactWhenDue(); });
  for (;;) {
    const Time deadline = deadline_;
    const auto mail = env_.ReceiveUntil(deadline);
    if (mail) Obey(*mail);
    // Timers run on while a clock stands still, so the timer that went off is believed; but it may
    // have been set anew meanwhile.
    if ((!mail && deadline == deadline_) || env_.Now() >= deadline_) OnTimeout();
  }
}

bool Server::Recover() {
  const Snapshot nothing{.last = {}, .configuration = {settings_.initial, {}}, .machine = {}};
  auto found = storage_.Recover(nothing);
  if (!found) return false;
  state_ = *std::move(found);
  machine_ = state_.snapshot.machine;
  commit_ = applied_ = state_.snapshot.last.index;
  UseLatestConfiguration();
  env_.Report(models::TermIs{state_.term, true});
  env_.Report(models::Recovered{state_.log.last().index - state_.snapshot.last.index});
  const uint64_t how = env_.Random(kReads, 3);
  const uint64_t batch = env_.Random(kBatch, std::size(kBatches));
  how_ = settings_.reads == Reads::kDrawn ? static_cast<Reads>(how) : settings_.reads;
  // Leases rely on voters that refuse while they hear a leader.
  if (how_ == Reads::kLease && !settings_.refuses_while_led()) how_ = Reads::kReadIndex;
  batch_ = decide_.EntriesPerMessage(kBatches[batch]);
  // It may have heard a leader just before it stopped, which counts on that (D6.4.1).
  heard_ = env_.Now();
  DrawElectionTimeout();
  ResetElectionTimer();
  return true;
}

void Server::Obey(const Envelope& mail) {
  const NodeId from = mail.from;
  mail.Match([&](const AppendEntries& m) { OnAppendEntries(from, m); },
             [&](const Appended& m) { OnAppended(from, m); },
             [&](const store::Request& m) { OnRequest(from, m); },
             [&](const RequestVote& m) { OnRequestVote(from, m); },
             [&](const Vote& m) { OnVote(from, m); },
             [&](const RequestPreVote& m) { OnRequestPreVote(from, m); },
             [&](const PreVote& m) { OnPreVote(from, m); },
             [&](const InstallSnapshot& m) { OnInstallSnapshot(from, m); },
             [&](const SnapshotReceived& m) { OnSnapshotReceived(from, m); },
             [&](const TimeoutNow& m) { OnTimeoutNow(from, m); },
             [&](const TransferLeadership& m) { OnTransferLeadership(m); },
             [&](const ChangeMembership& m) { OnChangeMembership(m); });
}

void Server::OnTimeout() {
  if (Leads()) {
    Beat();
  } else if (role_ != Role::kFollower && deadline_ != gives_up_) {
    AskForVotes();
  } else {
    StartElection();
  }
}

void Server::SetTerm(uint64_t term) {
  DrawElectionTimeout();
  state_.term = term;
  state_.voted_for = kNobody;
  storage_.SaveVote(state_.term, state_.voted_for);
  WhenDurable([this, term] {
    env_.Report(models::TermIs{term, false});
  });  // Before that, who knows.
}

// Of that term, which is ours or a later one; the leader may be unknown.
void Server::BecomeFollower(uint64_t term, NodeId leader) {
  if (term > state_.term) SetTerm(term);
  if (Leads()) {
    peers_.clear();
    pending_.clear();  // Their outcome is unknown, so the clients must hear nothing at all.
    reads_.clear();
    change_.reset();
    transfer_.reset();
  }
  if (role_ != Role::kFollower) ResetElectionTimer();
  role_ = Role::kFollower;
  votes_ = {};
  leader_ = leader;
}

// Calls it once all that was saved until now is durable: at once, where it is already.
void Server::WhenDurable(std::function<void()> then) {
  if (storage_.IsDurable(storage_.saved())) return then();
  waiting_.Push({storage_.saved(), std::move(then)});
}

void Server::RunWhenDurable() {
  for (;;) {
    const Waiting next = *waiting_.Pop();
    storage_.AwaitDurable(next.saved);
    next.then();
  }
}

}  // namespace reprise::raft
