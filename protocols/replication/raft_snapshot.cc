// Raft log compaction: section 7, and Figure 13, InstallSnapshot.

#include <algorithm>

#include "models/spec/no_disruption.h"
#include "protocols/replication/raft_server.h"
#include "sim/codec.h"

namespace reprise::raft {
namespace {

constexpr size_t kChunkBytes = 1 << 10;

}  // namespace

// Taking one.

// A fiber of its own, so that the server goes on while its snapshot is written.
void Server::CompactWhenDue() {
  for (;;) {
    compact_.Await([&] { return applied_ >= state_.log.base().index + settings_.compact_after; });
    storage_.BeginGeneration([this]() -> const State& {
      TakeSnapshot();
      return state_;
    });
  }
}

// "each server takes snapshots independently, covering just the committed entries in its log".
// "Raft also includes the latest configuration in the log as of last included index".
void Server::TakeSnapshot() {
  const Position last{applied_, state_.log.TermAt(applied_).value_or(0)};
  if (!state_.log.Contains(last) || last.index <= state_.log.base().index) return;
  Configuration configuration = state_.snapshot.configuration;
  for (uint64_t i = state_.log.base().index + 1; i <= last.index; ++i) {
    const Entry& entry = state_.log.At(i);
    if (entry.kind == EntryKind::kConfiguration) configuration = entry.configuration;
  }
  state_.snapshot = {last, configuration, decide_.SnapshotOf(machine_)};
  state_.log.DropThrough(last);
}

// Sending one.

// "when the leader has already discarded the next log entry that it needs to send to a follower".
void Server::BeginSnapshot(Peer& peer) {
  peer.mode = Peer::Mode::kSnapshot;
  peer.snapshot = state_.snapshot.last;
  peer.snapshot_bytes = std::make_shared<const std::string>(Encode(state_.snapshot));
  peer.snapshot_offset = 0;
}

// The next chunk serves as a heartbeat as well.
void Server::SendChunk(NodeId to, Peer& peer) {
  const std::string& bytes = *peer.snapshot_bytes;
  const uint64_t offset = std::min<uint64_t>(peer.snapshot_offset, bytes.size());
  std::string data = bytes.substr(offset, kChunkBytes);
  const bool done = offset + data.size() == bytes.size();
  env_.Send(to, InstallSnapshot{.term = state_.term,
                                .last = peer.snapshot,
                                .offset = offset,
                                .data = std::move(data),
                                .done = done,
                                .session = peer.session,
                                .round = round_});
}

void Server::OnSnapshotReceived(NodeId from, const SnapshotReceived& m) {
  Peer* peer = Accept(from, m.term, m.session, m.round);
  if (peer == nullptr) return;
  if (m.installed) {
    peer->match = std::max(peer->match, m.last.index);
    peer->next = std::max(peer->next, peer->match + 1);
    if (peer->mode == Peer::Mode::kSnapshot && peer->match >= peer->snapshot.index) {
      peer->mode = Peer::Mode::kProbe;
      peer->probing = false;
      peer->snapshot_bytes.reset();
      SendEntries(from, *peer, false);
    }
    AdvanceCommit();
  } else if (peer->mode == Peer::Mode::kSnapshot && m.last == peer->snapshot) {
    const bool moved = std::exchange(peer->snapshot_offset, m.received) != m.received;
    if (moved) SendChunk(from, *peer);
  }
  if (!Leads()) return;
  AnswerReads();
  TryPropose();
  TryTransfer();
}

// Receiving one (Figure 13).

void Server::OnInstallSnapshot(NodeId from, const InstallSnapshot& m) {
  SnapshotReceived reply{state_.term, m.last, 0, false, m.session, m.round};
  // 1. "Reply immediately if term < currentTerm".
  if (m.term < state_.term) {
    WhenDurable([this, from, reply] { env_.Send(from, reply); });
    return;
  }
  if (m.term > state_.term) BecomeFollower(m.term, from);
  HearFrom(from);
  env_.Report(models::HeardLeader{1});
  reply.term = state_.term;
  using OnSnapshot = Decisions::OnSnapshot;
  const OnSnapshot what =
      decide_.LogAfterSnapshot(m.last.index, commit_, state_.log.Contains(m.last));
  if (what == OnSnapshot::kIgnore) {
    reply.installed = true;
    WhenDurable([this, from, reply] { env_.Send(from, reply); });
    return;
  }
  // 2. to 4. "Write data into snapshot file at given offset. Reply and wait for more data chunks if
  // done is false". 5. "discard any existing or partial snapshot with a smaller index".
  if (incoming_.leader != from || incoming_.last != m.last || m.offset == 0) {
    incoming_ = {from, m.last, ""};
  }
  if (m.offset == incoming_.bytes.size()) incoming_.bytes += m.data;
  reply.received = incoming_.bytes.size();
  const bool whole = m.done && m.offset + m.data.size() == incoming_.bytes.size();
  const auto snapshot = whole ? Decode<Snapshot>(incoming_.bytes) : std::nullopt;
  if (snapshot) {
    incoming_ = {};
    Install(*snapshot, what == OnSnapshot::kKeepSuffix);
    reply.installed = true;
  }
  WhenDurable([this, from, reply] { env_.Send(from, reply); });
}

// 6. to 8. Blocks until it is durable: meanwhile there is nothing that this server could do.
void Server::Install(const Snapshot& snapshot, bool keep_suffix) {
  storage_.BeginGeneration([&]() -> const State& {
    state_.snapshot = snapshot;
    if (keep_suffix && state_.log.Contains(snapshot.last)) {
      state_.log.DropThrough(snapshot.last);
    } else {
      state_.log.Reset(snapshot.last);
    }
    machine_ = snapshot.machine;
    applied_ = commit_ = snapshot.last.index;
    UseLatestConfiguration();
    return state_;
  });
}

}  // namespace reprise::raft
