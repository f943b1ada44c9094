#include "protocols/engines/libraft_server.h"

#include <algorithm>

#include "models/spec/converges.h"
#include "models/spec/elections.h"
#include "models/spec/no_disruption.h"
#include "models/spec/recovery.h"
#include "models/spec/replicated_log.h"
#include "protocols/engines/libraft_io.h"
#include "sim/check.h"
#include "sim/codec.h"
#include "sim/environment.h"
#include "sim/guard.h"

namespace reprise::libraft {
namespace {

const Label kElectionTimeout("election-timeout");

unsigned Millis(Duration d) { return static_cast<unsigned>(d / 1ms); }

NodeId NodeOf(raft_id id) { return NodeId{static_cast<uint32_t>(id)}; }

}  // namespace

void SetUp() {
  static const bool kReady = [] {
    using Memory = engines::BootMemory;
    static raft_heap heap = {
        nullptr, [](void*, size_t bytes) { return Memory::Allocate(bytes); },
        [](void*, void* memory) { Memory::Free(memory); },
        [](void*, size_t count, size_t bytes) { return Memory::Allocate(count * bytes); },
        [](void*, void* memory, size_t bytes) { return Memory::Reallocate(memory, bytes); },
        // Asked for by libraft's own backend only, which is not used.
        [](void*, size_t, size_t) -> void* { return nullptr; },
        [](void*, size_t, void* memory) { CHECK(memory == nullptr); }};
    raft_heap_set(&heap);
    return true;
  }();
  CHECK(kReady);
}

Server::Server(Env& env, const Settings& settings)
    : env_(env),
      settings_(settings),
      storage_(env),
      address_(std::to_string(Index(env.self()))),
      servers_(env.nodes("servers").size()),
      place_((Index(env.self()) - 1) * kQuantiles / servers_) {}

void Server::Run() {
  if (!storage_.Recover()) {
    // It may have promised anything, so it may not even answer.
    env_.Report(models::Halted{});
    for (;;) env_.Receive();
  }
  vote_ = storage_.state().vote;
  append_index_ = storage_.state().end();
  env_.Spawn([this] { storage_.Run([this] { Release(); }); });
  Boot();
  env_.Report(models::TermIs{vote_.term, true});
  env_.Report(models::Recovered{storage_.state().log.size()});
  Time tick = env_.After(kHeartbeat);
  for (;;) {
    const auto mail = env_.ReceiveUntil(tick);
    if (mail) Obey(*mail);
    // A timer that went off is believed, as timers run on while a clock stands still.
    if (mail && env_.Now() < tick) continue;
    tick = env_.After(kHeartbeat);
    Enter([this] { tick_(&io_); });
    if (raft_state(&raft_) == RAFT_LEADER) {
      env_.Report(models::HeardLeader{raft_.commit_index - raft_.last_applied});
    }
  }
}

void Server::Boot() {
  booted_ = env_.Now();
  SetIo(io_, *this);
  SetMachine(fsm_, *this);
  const raft_id self = Index(env_.self());
  Enter([&] {
    const LookAway whether_to_print_traces;  // LIBRAFT_TRACE, in the environment.
    CHECK(raft_init(&raft_, &io_, &fsm_, self, address_.c_str()) == 0);
    raft_set_election_timeout(&raft_, Millis(kElectionLeast));
    raft_set_heartbeat_timeout(&raft_, Millis(kHeartbeat));
    raft_set_install_snapshot_timeout(&raft_, settings_.install_timeout_ms);
    raft_set_snapshot_threshold(&raft_, settings_.compact_after);
    raft_set_snapshot_trailing(&raft_, std::max(1u, settings_.compact_after / 2));
    raft_set_pre_vote(&raft_, settings_.pre_vote);
    raft_set_max_catch_up_round_duration(&raft_, 1000);
  });
  const State& state = storage_.state();
  if (self <= settings_.voters && state.log.empty() && state.snapshot.index == 0) {
    Enter([&] {
      std::vector<Member> members;
      for (uint64_t id = 1; id <= settings_.voters; ++id) members.push_back({id, RAFT_VOTER});
      raft_configuration configuration = NewConfiguration(members);
      CHECK(raft_bootstrap(&raft_, &configuration) == 0);
      raft_configuration_close(&configuration);
    });
    append_index_ = 2;
    storage_.AwaitDurable(1);
  }
  int started = 0;
  Enter([&] { started = raft_start(&raft_); });
  CHECK(started == 0);
}

// The library may draw a timeout at any time, and draws one at most in nearly every call.
void Server::Enter(const std::function<void()>& call) {
  if (timeout_used_) timeout_ = env_.Random(kElectionTimeout, kQuantiles);
  timeout_used_ = false;
  now_ms_ = static_cast<raft_time>((env_.Now() - booted_) / 1ms) + 1;
  memory_.Enter();
  call();
  Flush();
  storage_.Go();
  Release();
}

void Server::Flush() {
  Observe();
  while (!callbacks_.empty()) {
    const auto callback = std::move(callbacks_.front());
    callbacks_.pop_front();
    callback();
    Observe();
  }
}

// What the library says to nobody.
void Server::Observe() {
  if (raft_state(&raft_) != RAFT_LEADER || raft_.current_term == led_) return;
  led_ = raft_.current_term;
  const raft_log& log = raft_.log;
  models::Elected fact{led_, log.offset + 1, {}};
  for (size_t i = log.front; i != log.back; i = (i + 1) % log.size) {
    fact.entries.push_back({log.entries[i].term});
  }
  Hold([this, fact] { env_.Report(fact); });
}

// Fibers take turns here only where the node is slow, so each takes what is first.
void Server::Release() {
  while (!held_.empty() && storage_.IsDurable(held_.front().after)) {
    const auto output = std::move(held_.front().output);
    held_.pop_front();
    output();
  }
}

void Server::SaveVote() {
  const SavedVote saved{settings_.saves_term ? vote_.term : 0,
                        settings_.saves_vote ? vote_.vote : 0};
  const uint64_t number = storage_.Save({saved});
  if (settings_.waits_for_vote) vote_saved_ = number;
}

template <class Fill>
void Server::Receive(NodeId from, unsigned short type, Fill fill) {
  if (Index(from) > servers_) return;
  const std::string address = std::to_string(Index(from));
  Enter([&] {
    raft_message message = {};
    message.type = type;
    message.server_id = Index(from);
    message.server_address = address.c_str();
    fill(message);
    receive_(&io_, &message);
  });
}

void Server::Obey(const Envelope& mail) {
  const NodeId from = mail.from;
  mail.Match(
      [&](const AppendEntries& m) { OnAppendEntries(from, m); },
      [&](const AppendEntriesResult& m) {
        Receive(from, RAFT_IO_APPEND_ENTRIES_RESULT, [&](raft_message& out) {
          out.append_entries_result = {m.term, m.rejected, m.last_index};
        });
      },
      [&](const RequestVote& m) {
        Receive(from, RAFT_IO_REQUEST_VOTE, [&](raft_message& out) {
          out.request_vote = {m.term,      m.candidate,      m.last_index,
                              m.last_term, m.disrupt_leader, m.pre_vote};
        });
      },
      [&](const RequestVoteResult& m) {
        Receive(from, RAFT_IO_REQUEST_VOTE_RESULT, [&](raft_message& out) {
          out.request_vote_result = {m.term, m.granted, static_cast<raft_tribool>(m.pre_vote)};
        });
      },
      [&](const InstallSnapshot& m) { OnInstallSnapshot(from, m); },
      [&](const TimeoutNow& m) {
        Receive(from, RAFT_IO_TIMEOUT_NOW, [&](raft_message& out) {
          out.timeout_now = {m.term, m.last_index, m.last_term};
        });
      },
      [&](const store::Request& m) { OnRequest(from, m); },
      [&](const ChangeMembership& m) { OnChange(m.server); },
      [&](const TransferLeadership& m) { OnTransfer(m.to); });
}

void Server::OnAppendEntries(NodeId from, const AppendEntries& m) {
  Receive(from, RAFT_IO_APPEND_ENTRIES, [&](raft_message& out) {
    const std::deque<Entry> entries(m.entries.begin(), m.entries.end());
    out.append_entries = {m.term,   m.previous_index,    m.previous_term,
                          m.commit, NewEntries(entries), static_cast<unsigned>(entries.size())};
  });
  if (raft_state(&raft_) != RAFT_FOLLOWER || raft_.current_term != m.term) return;
  const uint64_t applied = raft_last_applied(&raft_);
  env_.Report(models::HeardLeader{m.commit - std::min<uint64_t>(m.commit, applied)});
}

void Server::OnInstallSnapshot(NodeId from, const InstallSnapshot& m) {
  Receive(from, RAFT_IO_INSTALL_SNAPSHOT, [&](raft_message& out) {
    const Snapshot& s = m.snapshot;
    out.install_snapshot = {m.term,          s.index,
                            s.term,          NewConfiguration(s.members),
                            s.members_index, {NewBytes(s.data), s.data.size()}};
  });
}

// Reads go through the log like all else: the library has no other way that is linearizable.
void Server::OnRequest(NodeId client, const store::Request& m) {
  if (raft_state(&raft_) != RAFT_LEADER) {
    raft_id leader = 0;
    const char* address = nullptr;
    raft_leader(&raft_, &leader, &address);
    env_.Send(client, store::Refuse{m.sequence, NodeOf(leader)});
    return;
  }
  if (const auto* told = machine_.Told(client, m.sequence)) {
    if (told->sequence == m.sequence) env_.Send(client, store::Answer{m.sequence, told->result});
    return;
  }
  if (pending_[client] == m.sequence) return;
  struct Asked {
    struct raft_apply request;  // First, so that both have one address.
    Server* server;
    NodeId client;
    uint64_t sequence;
  };
  Enter([&] {
    auto* asked = static_cast<Asked*>(raft_calloc(1, sizeof(Asked)));
    asked->server = this;
    asked->client = client;
    asked->sequence = m.sequence;
    const std::string bytes = Encode(Command{client, m});
    raft_buffer buffer = {NewBytes(bytes), bytes.size()};
    pending_[client] = m.sequence;
    const int code = raft_apply(
        &raft_, &asked->request, &buffer, 1, [](struct raft_apply* r, int status, void*) {
          auto* a = reinterpret_cast<Asked*>(r);
          Server& s = *a->server;
          if (s.pending_[a->client] == a->sequence) s.pending_.erase(a->client);
          const auto* told = s.machine_.Told(a->client, a->sequence);
          // Without success nobody knows whether it will be executed, so the client hears nothing.
          if (status == 0 && told != nullptr && told->sequence == a->sequence) {
            s.Hold([&s, to = a->client, answer = store::Answer{a->sequence, told->result}] {
              s.env_.Send(to, answer);
            });
          }
          raft_free(a);
        });
    if (code == 0) return;
    pending_.erase(client);
    raft_free(buffer.base);
    raft_free(asked);
    Hold([this, client, sequence = m.sequence] {
      env_.Send(client, store::Refuse{sequence, kNobody});
    });
  });
}

// Who is no member becomes one and then may vote, once it has caught up; who votes leaves.
void Server::OnChange(NodeId server) {
  if (raft_state(&raft_) != RAFT_LEADER || !settings_.membership) return;
  const raft_id id = Index(server);
  const raft_configuration& all = raft_.configuration;
  unsigned voters = 0;
  int role = -1;
  for (unsigned i = 0; i < all.n; ++i) {
    voters += all.servers[i].role == RAFT_VOTER ? 1 : 0;
    if (all.servers[i].id == id) role = all.servers[i].role;
  }
  if (role == RAFT_VOTER && voters <= settings_.voters) return;
  struct Change : raft_change {
    Server* server;
    raft_id id;
    bool promotes;  // Afterwards.
  };
  Enter([&] {
    if (role == RAFT_STANDBY || role == RAFT_SPARE) return Promote(id);
    auto* change = static_cast<Change*>(raft_calloc(1, sizeof(Change)));
    change->server = this;
    change->id = id;
    change->promotes = role < 0;
    const raft_change_cb done = [](raft_change* r, int status) {
      auto* c = static_cast<Change*>(r);
      if (status == 0 && c->promotes) {
        c->server->callbacks_.push_back([s = c->server, id = c->id] { s->Promote(id); });
      }
      raft_free(c);
    };
    const int code = role < 0 ? raft_add(&raft_, change, id, std::to_string(id).c_str(), done)
                              : raft_remove(&raft_, change, id, done);
    if (code != 0) raft_free(change);
  });
}

// Called inside the library's turn.
void Server::Promote(uint64_t id) {
  auto* change = static_cast<raft_change*>(raft_calloc(1, sizeof(raft_change)));
  const auto done = [](raft_change* r, int) { raft_free(r); };
  if (raft_assign(&raft_, change, id, RAFT_VOTER, done) != 0) raft_free(change);
}

void Server::OnTransfer(NodeId to) {
  if (raft_state(&raft_) != RAFT_LEADER || to == env_.self()) return;
  Enter([&] {
    using Transfer = struct raft_transfer;
    auto* transfer = static_cast<Transfer*>(raft_calloc(1, sizeof(Transfer)));
    const auto done = [](Transfer* r) { raft_free(r); };
    if (raft_transfer(&raft_, transfer, Index(to), done) != 0) raft_free(transfer);
  });
}

}  // namespace reprise::libraft
