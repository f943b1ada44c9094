// What the library asks of the world: raft_io, version 1, and of us: raft_fsm, version 1.

#include "protocols/engines/libraft_io.h"

#include <algorithm>
#include <cstring>

#include "models/spec/elections.h"
#include "models/spec/replicated_log.h"
#include "models/spec/true_acknowledgements.h"
#include "sim/check.h"
#include "sim/codec.h"
#include "sim/crc32c.h"
#include "sim/environment.h"

namespace reprise::libraft {
namespace {

size_t Aligned(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

std::string StringOf(const raft_buffer& buffer) {
  return {static_cast<const char*>(buffer.base), buffer.len};
}

std::vector<Member> MembersOf(const raft_configuration& c) {
  std::vector<Member> members;
  for (unsigned i = 0; i < c.n; ++i) {
    members.push_back({c.servers[i].id, static_cast<uint8_t>(c.servers[i].role)});
  }
  return members;
}

Entry EntryOf(const raft_entry& e) { return {e.term, e.type, StringOf(e.buf)}; }

// 0 where there is no such entry. The library says terms to nobody, but has its log where all may
// read.
uint64_t TermAt(const raft_log& log, uint64_t index) {
  const size_t entries = (log.back + log.size - log.front) % std::max<size_t>(1, log.size);
  if (index <= log.offset || index - log.offset > entries) return 0;
  return log.entries[(log.front + index - log.offset - 1) % log.size].term;
}

raft_snapshot* NewSnapshot(const Snapshot& s) {
  auto* out = static_cast<raft_snapshot*>(raft_calloc(1, sizeof(raft_snapshot)));
  out->index = s.index;
  out->term = s.term;
  out->configuration = NewConfiguration(s.members);
  out->configuration_index = s.members_index;
  out->n_bufs = 1;
  out->bufs = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
  out->bufs[0] = {NewBytes(s.data), s.data.size()};
  return out;
}

}  // namespace

void* NewBytes(std::string_view bytes) {
  void* out = raft_malloc(std::max<size_t>(1, bytes.size()));
  std::memcpy(out, bytes.data(), bytes.size());
  return out;
}

// All of them in one piece of memory, which the library frees when it needs none of them any more.
raft_entry* NewEntries(const std::deque<Entry>& entries) {
  if (entries.empty()) return nullptr;
  size_t bytes = 0;
  for (const Entry& e : entries) bytes += Aligned(e.data.size());
  auto* batch = static_cast<char*>(raft_malloc(std::max<size_t>(1, bytes)));
  auto* out = static_cast<raft_entry*>(raft_calloc(entries.size(), sizeof(raft_entry)));
  char* at = batch;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& e = entries[i];
    std::memcpy(at, e.data.data(), e.data.size());
    out[i].term = e.term;
    out[i].type = e.type;
    out[i].buf = {at, e.data.size()};
    out[i].batch = batch;
    at += Aligned(e.data.size());
  }
  return out;
}

raft_configuration NewConfiguration(const std::vector<Member>& members) {
  raft_configuration out;
  raft_configuration_init(&out);
  for (const Member& m : members) {
    CHECK(raft_configuration_add(&out, m.id, std::to_string(m.id).c_str(), m.role) == 0);
  }
  return out;
}

struct Io {
  static Server& Of(raft_io* io) { return *static_cast<Server*>(io->impl); }

  static int Init(raft_io*, raft_id, const char*) { return 0; }
  static void Close(raft_io* io, raft_io_close_cb done) {
    if (done != nullptr) done(io);
  }

  static int Load(raft_io* io, raft_term* term, raft_id* vote, raft_snapshot** snapshot,
                  raft_index* first, raft_entry** entries, size_t* count) {
    const State& state = Of(io).storage_.state();
    *term = state.vote.term;
    *vote = state.vote.vote;
    *snapshot = state.snapshot.index == 0 ? nullptr : NewSnapshot(state.snapshot);
    *first = state.first;
    *entries = NewEntries(state.log);
    *count = state.log.size();
    return 0;
  }

  static int Start(raft_io* io, unsigned, raft_io_tick_cb tick, raft_io_recv_cb receive) {
    Of(io).tick_ = tick;
    Of(io).receive_ = receive;
    return 0;
  }

  static int Bootstrap(raft_io* io, const raft_configuration* configuration) {
    raft_buffer bytes;
    const int code = raft_configuration_encode(configuration, &bytes);
    if (code != 0) return code;
    Server& s = Of(io);
    s.vote_ = {1, 0};
    s.storage_.Save({s.vote_, SavedEntry{1, Entry{1, RAFT_CHANGE, StringOf(bytes)}}});
    raft_free(bytes.base);
    return 0;
  }
  static int Recover(raft_io*, const raft_configuration*) { return RAFT_INVALID; }  // Unused.

  static int SetTerm(raft_io* io, raft_term term) {
    Server& s = Of(io);
    s.vote_ = {term, 0};
    s.SaveVote();
    s.Hold([&s, term] { s.env_.Report(models::TermIs{term, false}); });
    return 0;
  }
  static int SetVote(raft_io* io, raft_id id) {
    Server& s = Of(io);
    s.vote_.vote = id;
    s.SaveVote();
    const uint64_t term = s.vote_.term;
    s.Hold([&s, term, id] {
      s.env_.Report(models::Voted{term, NodeId{static_cast<uint32_t>(id)}});
    });
    return 0;
  }

  template <class M>
  static void Post(Server& s, const raft_message& to, M message) {
    const NodeId node{static_cast<uint32_t>(to.server_id)};
    s.Hold([&s, node, message = std::move(message)] { s.env_.Send(node, message); });
  }

  static int Send(raft_io* io, raft_io_send* request, const raft_message* m, raft_io_send_cb done) {
    Server& s = Of(io);
    // Of a follower that has forgotten its leader, or is none any more: docs/libraft.md, 2 and 3.
    // There is no such connection.
    if (m->server_id == 0 || m->server_id > s.servers_) {
      s.Hold([&s] { s.env_.Report(SentToNobody{}); });
      return RAFT_NOCONNECTION;
    }
    switch (m->type) {
      case RAFT_IO_REQUEST_VOTE: {
        const auto& v = m->request_vote;
        Post(s, *m,
             RequestVote{v.term, v.candidate_id, v.last_log_index, v.last_log_term,
                         v.disrupt_leader, v.pre_vote});
        break;
      }
      case RAFT_IO_REQUEST_VOTE_RESULT: {
        const auto& v = m->request_vote_result;
        Post(s, *m, RequestVoteResult{v.term, v.vote_granted, static_cast<uint8_t>(v.pre_vote)});
        break;
      }
      case RAFT_IO_APPEND_ENTRIES: {
        const auto& a = m->append_entries;
        AppendEntries out{a.term, a.prev_log_index, a.prev_log_term, a.leader_commit, {}};
        for (unsigned i = 0; i < a.n_entries; ++i) out.entries.push_back(EntryOf(a.entries[i]));
        Post(s, *m, std::move(out));
        break;
      }
      case RAFT_IO_APPEND_ENTRIES_RESULT: {
        const auto& a = m->append_entries_result;
        const uint64_t entry = TermAt(s.raft_.log, a.last_log_index);
        if (a.rejected == 0 && entry != 0) {
          const models::LogAcknowledged fact{a.term, a.last_log_index, entry};
          s.Hold([&s, fact] { s.env_.Report(fact); });
        }
        Post(s, *m, AppendEntriesResult{a.term, a.rejected, a.last_log_index});
        break;
      }
      case RAFT_IO_INSTALL_SNAPSHOT: {
        const auto& i = m->install_snapshot;
        Post(s, *m,
             InstallSnapshot{i.term, Snapshot{i.last_index, i.last_term, MembersOf(i.conf),
                                              i.conf_index, StringOf(i.data)}});
        break;
      }
      case RAFT_IO_TIMEOUT_NOW: {
        const auto& t = m->timeout_now;
        Post(s, *m, TimeoutNow{t.term, t.last_log_index, t.last_log_term});
        break;
      }
      default: return RAFT_INVALID;
    }
    // Of some messages the library need not know.
    if (done != nullptr) s.callbacks_.push_back([request, done] { done(request, 0); });
    return 0;
  }

  // Where the library numbers entries it does so by what it has asked for before.
  static int Append(raft_io* io, raft_io_append* request, const raft_entry entries[], unsigned n,
                    raft_io_append_cb done) {
    Server& s = Of(io);
    std::vector<Storage::Content> records;
    for (unsigned i = 0; i < n; ++i) {
      records.push_back(SavedEntry{s.append_index_++, EntryOf(entries[i])});
    }
    const auto stored = [&s, request, done] { s.Enter([&] { done(request, 0); }); };
    if (s.settings_.waits_for_append) {
      s.storage_.Save(std::move(records), stored);
    } else {
      s.storage_.Save(std::move(records));
      s.callbacks_.push_back([request, done] { done(request, 0); });
    }
    return 0;
  }

  static int Truncate(raft_io* io, raft_index index) {
    Server& s = Of(io);
    s.append_index_ = index;
    s.storage_.Save({SavedTruncation{index}});
    return 0;
  }

  static int SnapshotPut(raft_io* io, unsigned trailing, raft_io_snapshot_put* request,
                         const raft_snapshot* from, raft_io_snapshot_put_cb done) {
    Server& s = Of(io);
    Snapshot snapshot{from->index, from->term, MembersOf(from->configuration),
                      from->configuration_index, ""};
    for (unsigned i = 0; i < from->n_bufs; ++i) snapshot.data += StringOf(from->bufs[i]);
    if (trailing == 0) s.append_index_ = from->index + 1;
    s.storage_.SaveSnapshot(std::move(snapshot), trailing,
                            [&s, request, done] { s.Enter([&] { done(request, 0); }); });
    return 0;
  }
  static int SnapshotGet(raft_io* io, raft_io_snapshot_get* request, raft_io_snapshot_get_cb done) {
    Server& s = Of(io);
    s.callbacks_.push_back(
        [&s, request, done] { done(request, NewSnapshot(s.storage_.state().snapshot), 0); });
    return 0;
  }

  static raft_time TimeNow(raft_io* io) { return Of(io).now_ms_; }

  // Without a draw each server has a place of its own in the range, so that nobody competes in a
  // calm run; a draw goes on from there and around. What is asked for twice in one call follows
  // from the draw before.
  static int Random(raft_io* io, int min, int max) {
    Server& s = Of(io);
    if (s.timeout_used_) s.timeout_ = Choices::Mix(s.timeout_ + 1);
    s.timeout_used_ = true;
    const uint64_t quantile = (s.place_ + s.timeout_) % kQuantiles;
    return min + static_cast<int>(static_cast<uint64_t>(max - min) * quantile / kQuantiles);
  }
};

struct Machine {
  static Server& Of(raft_fsm* fsm) { return *static_cast<Server*>(fsm->data); }

  static int Apply(raft_fsm* fsm, const raft_buffer* buffer, void** result) {
    Server& s = Of(fsm);
    *result = nullptr;
    const std::string bytes = StringOf(*buffer);
    const auto command = Decode<Command>(bytes);
    CHECK(command.has_value());
    s.machine_.ExecuteOnce(command->client, command->request);
    const uint64_t index = s.raft_.last_applied + 1;  // This one is not counted yet.
    const uint64_t term = TermAt(s.raft_.log, index);
    CHECK(term != 0);
    const models::Applied fact{index, term, Crc32c(bytes), s.raft_.current_term};
    s.Hold([&s, fact] { s.env_.Report(fact); });
    return 0;
  }

  static int Snapshot(raft_fsm* fsm, raft_buffer** buffers, unsigned* count) {
    const std::string bytes = Encode(Of(fsm).machine_);
    *buffers = static_cast<raft_buffer*>(raft_malloc(sizeof(raft_buffer)));
    (*buffers)[0] = {NewBytes(bytes), bytes.size()};
    *count = 1;
    return 0;
  }

  static int Restore(raft_fsm* fsm, raft_buffer* buffer) {
    auto store = Decode<store::Store>(StringOf(*buffer));
    if (!store) return RAFT_MALFORMED;
    Of(fsm).machine_ = *std::move(store);
    raft_free(buffer->base);
    return 0;
  }
};

void SetIo(raft_io& io, Server& server) {
  io.version = 1;
  io.impl = &server;
  io.init = Io::Init;
  io.close = Io::Close;
  io.load = Io::Load;
  io.start = Io::Start;
  io.bootstrap = Io::Bootstrap;
  io.recover = Io::Recover;
  io.set_term = Io::SetTerm;
  io.set_vote = Io::SetVote;
  io.send = Io::Send;
  io.append = Io::Append;
  io.truncate = Io::Truncate;
  io.snapshot_put = Io::SnapshotPut;
  io.snapshot_get = Io::SnapshotGet;
  io.time = Io::TimeNow;
  io.random = Io::Random;
}

void SetMachine(raft_fsm& fsm, Server& server) {
  fsm.version = 1;
  fsm.data = &server;
  fsm.apply = Machine::Apply;
  fsm.snapshot = Machine::Snapshot;
  fsm.restore = Machine::Restore;
}

}  // namespace reprise::libraft
