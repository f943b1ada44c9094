#include "protocols/engines/libraft_storage.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/codec.h"

namespace reprise::libraft {
namespace {

constexpr size_t kSegmentBytes = 4 << 10;

struct Record {
  Storage::Content content;
};
struct Saved {  // In state/current.
  uint64_t generation = 0;
  Snapshot snapshot;
  uint64_t first = 1;
};

}  // namespace

void State::Redo(const SavedEntry& m) {
  Redo(SavedTruncation{m.index});
  CHECK(m.index == end());
  log.push_back(m.entry);
}

void State::Redo(const SavedTruncation& m) {
  if (m.index <= first) {
    log.clear();
    if (m.index < first) first = m.index;
  } else if (m.index < end()) {
    log.resize(m.index - first);
  }
}

Storage::Storage(Env& env) : env_(env), snapshots_(env, "state"), queued_(env), progress_(env) {}

bool Storage::Recover() {
  Saved saved;
  auto found = snapshots_.LoadAs<Saved>("current");
  if (found.ok()) {
    saved = *std::move(found);
    // What an earlier boot could not sync may be in the page cache only, so it is saved again
    // before it is acted upon.
    const absl::Status again = snapshots_.SaveAs("current", saved);
    if (!again.ok()) env_.Abort(again.ToString());
  } else if (!absl::IsNotFound(found.status())) {
    return false;
  }
  RemoveLog(saved.generation + 1);  // What an earlier boot left unfinished.
  generation_ = saved.generation;
  wal_ = std::make_unique<Wal>(env_, Directory(generation_), kSegmentBytes);
  const WalRecovered recovered = wal_->Recover();
  if (recovered.damaged) return false;
  state_.snapshot = std::move(saved.snapshot);
  state_.first = saved.first;
  for (const WalRecord& record : recovered.records) {
    const auto decoded = Decode<Record>(record.payload);
    CHECK(decoded.has_value());  // Its checksum was right.
    std::visit([&](const auto& content) { state_.Redo(content); }, decoded->content);
  }
  return true;
}

uint64_t Storage::Save(std::vector<Content> records, Done done) {
  Task task;
  task.number = ++asked_;
  task.records = std::move(records);
  task.done = std::move(done);
  tasks_.push_back(std::move(task));
  return asked_;
}

uint64_t Storage::SaveSnapshot(Snapshot snapshot, uint64_t trailing, Done done) {
  Task task;
  task.number = ++asked_;
  task.done = std::move(done);
  task.begins = true;
  task.snapshot = std::move(snapshot);
  task.trailing = trailing;
  tasks_.push_back(std::move(task));
  return asked_;
}

void Storage::AwaitDurable(uint64_t number) {
  progress_.Await([&] { return IsDurable(number); });
}

void Storage::Run(const std::function<void()>& progress) {
  for (;;) {
    queued_.Await([&] { return !tasks_.empty(); });
    std::vector<Task> batch;
    do {
      batch.push_back(std::move(tasks_.front()));
      tasks_.pop_front();
    } while (!batch.back().begins && !tasks_.empty() && !tasks_.front().begins);
    if (batch.back().begins) {
      BeginGeneration(batch.back().snapshot, batch.back().trailing);
    } else {
      SaveAll(batch);
    }
    durable_ = batch.back().number;
    progress_.NotifyAll();
    progress();
    for (const Task& task : batch) {
      if (task.done) task.done();
    }
  }
}

void Storage::SaveAll(const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    for (const Content& content : task.records) wal_->Append(Encode(Record{content}));
  }
  wal_->AwaitDurable(wal_->last());
  for (const Task& task : tasks) {
    for (const Content& content : task.records) {
      std::visit([&](const auto& m) { state_.Redo(m); }, content);
    }
  }
}

void Storage::BeginGeneration(const Snapshot& snapshot, uint64_t trailing) {
  const uint64_t next = generation_ + 1;
  RemoveLog(next);
  auto wal = std::make_unique<Wal>(env_, Directory(next), kSegmentBytes);
  const WalRecovered recovered = wal->Recover();
  CHECK(recovered.records.empty() && !recovered.damaged);
  if (trailing == 0) {
    state_.log.clear();
    state_.first = snapshot.index + 1;
  } else {
    const uint64_t keep = snapshot.index > trailing ? snapshot.index - trailing + 1 : 1;
    for (; state_.first < keep && !state_.log.empty(); ++state_.first) state_.log.pop_front();
  }
  state_.snapshot = snapshot;
  wal->Append(Encode(Record{state_.vote}));
  uint64_t index = state_.first;
  for (const Entry& entry : state_.log) wal->Append(Encode(Record{SavedEntry{index++, entry}}));
  wal->AwaitDurable(wal->last());
  const absl::Status status = snapshots_.SaveAs("current", Saved{next, snapshot, state_.first});
  if (!status.ok()) env_.Abort(status.ToString());
  retired_.push_back(std::exchange(wal_, std::move(wal)));
  RemoveLog(std::exchange(generation_, next));
}

void Storage::RemoveLog(uint64_t generation) {
  const std::string directory = Directory(generation);
  for (const std::string& name : env_.disk().List(directory)) {
    env_.disk().Remove(directory + "/" + name).IgnoreError();
  }
}

}  // namespace reprise::libraft
