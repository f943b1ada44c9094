#include "protocols/replication/raft_storage.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "sim/check.h"
#include "sim/codec.h"

namespace reprise::raft {
namespace {

constexpr size_t kSegmentBytes = 4 << 10;

struct SavedVote {
  uint64_t term;
  NodeId voted_for;
};
struct SavedEntry {
  uint64_t index;
  Entry entry;
};
struct Record {
  std::variant<SavedVote, SavedEntry> content;
};

struct Saved {  // In state/current.
  uint64_t generation;
  Snapshot snapshot;
};

void Redo(State& state, const SavedVote& m) {
  state.term = m.term;
  state.voted_for = m.voted_for;
}

void Redo(State& state, const SavedEntry& m) {
  state.log.TruncateFrom(m.index);
  CHECK(m.index == state.log.last_index() + 1);
  state.log.Append(m.entry);
}

}  // namespace

Storage::Storage(Env& env, const Decisions& decide)
    : env_(env), decide_(decide), snapshots_(env, "state"), beginning_(env) {}

std::optional<State> Storage::Recover(const Snapshot& initially) {
  Saved saved{0, initially};
  auto found = snapshots_.LoadAs<Saved>("current");
  if (found.ok()) {
    saved = *std::move(found);
    // An earlier boot may have ended because the directory could not be synced. Then this is what
    // the page cache shows, and not what is durable; so it is saved again before it is acted upon.
    const absl::Status again = snapshots_.SaveAs("current", saved);
    if (!again.ok()) env_.Abort(again.ToString());
  } else if (!absl::IsNotFound(found.status())) {
    return std::nullopt;
  }
  RemoveLog(saved.generation + 1);  // What an earlier boot left unfinished.
  current_ = {.number = saved.generation, .wal = nullptr};
  current_.wal = std::make_unique<Wal>(env_, Directory(saved.generation), kSegmentBytes);
  const WalRecovered recovered = current_.wal->Recover();
  if (recovered.damaged) return std::nullopt;

  State state;
  state.snapshot = std::move(saved.snapshot);
  state.log.Reset(state.snapshot.last);
  for (const WalRecord& record : recovered.records) {
    const auto decoded = Decode<Record>(record.payload);
    CHECK(decoded.has_value());  // Its checksum was right.
    std::visit([&](const auto& content) { Redo(state, content); }, decoded->content);
  }
  // Which is so anyway, unless terms are not saved.
  state.term = std::max(state.term, state.log.last().term);
  current_.initial = recovered.records.size();
  return state;
}

void Storage::SaveVote(uint64_t term, NodeId voted_for) {
  if (!decide_.SavesTerm()) return;
  Append(Encode(Record{SavedVote{term, decide_.SavesVote() ? voted_for : kNobody}}));
}

void Storage::SaveEntry(uint64_t index, const Entry& entry) {
  Append(Encode(Record{SavedEntry{index, entry}}));
}

void Storage::Append(const std::string& record) {
  ++saved_;
  current_.wal->Append(record);
  if (next_) next_->wal->Append(record);
}

// While there are two logs, a crash may find either, so it must be in both.
bool Storage::IsDurable(uint64_t saved) const {
  return current_.Has(saved) && (!next_ || next_->Has(saved));
}

void Storage::AwaitDurable(uint64_t saved) {
  while (!IsDurable(saved)) {
    const Generation& missing = current_.Has(saved) ? *next_ : current_;
    missing.wal->AwaitDurable(missing.RecordOf(saved));
  }
}

void Storage::BeginGeneration(const std::function<const State&()>& capture) {
  Lock lock(beginning_);
  Generation next{.number = current_.number + 1, .wal = nullptr};
  RemoveLog(next.number);
  next.wal = std::make_unique<Wal>(env_, Directory(next.number), kSegmentBytes);
  const WalRecovered recovered = next.wal->Recover();
  CHECK(recovered.records.empty() && !recovered.damaged);

  const State& state = capture();
  const Saved saved{next.number, state.snapshot};
  if (decide_.SavesTerm()) {
    const NodeId vote = decide_.SavesVote() ? state.voted_for : kNobody;
    next.wal->Append(Encode(Record{SavedVote{state.term, vote}}));
  }
  uint64_t index = state.log.base().index;
  for (const Entry& entry : state.log.entries()) {
    next.wal->Append(Encode(Record{SavedEntry{++index, entry}}));
  }
  next.begun = saved_;
  next.initial = next.wal->last();
  next_ = std::move(next);  // From here on all is recorded in both.

  next_->wal->AwaitDurable(next_->initial);
  const absl::Status status = snapshots_.SaveAs("current", saved);
  if (!status.ok()) env_.Abort(status.ToString());
  retired_.push_back(std::move(current_.wal));
  const uint64_t old = current_.number;
  current_ = *std::move(next_);
  next_.reset();
  RemoveLog(old);
}

void Storage::RemoveLog(uint64_t generation) {
  const std::string directory = Directory(generation);
  for (const std::string& name : env_.disk().List(directory)) {
    env_.disk().Remove(directory + "/" + name).IgnoreError();
  }
}

}  // namespace reprise::raft
