// What a server on libraft must not forget, on a simulated disk: term, vote, log, and a snapshot.
//
// The library calls its storage from inside itself, and must not be left waiting there (see
// libraft_server.h). So what it asks for is only queued, and done by a fiber of its own, strictly
// in that order, as libraft's own backend on libuv does it: appends that come together share a
// sync; a truncation waits for all appends before it; and nothing is said to be done before it is
// durable.
//
// Everything is a record of a write-ahead log (blocks/wal.h), with checksums. A snapshot begins a
// new log, in a directory of its own, with what the library wants to keep of the old one:
//
//   state/current    which generation is current, and its snapshot (blocks/snapshot_store.h)
//   log-7/...        the log of generation 7
//
// The next generation is durable as a whole before `current` names it.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocols/blocks/snapshot_store.h"
#include "protocols/blocks/wal.h"
#include "protocols/engines/libraft_messages.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise::libraft {

struct SavedVote {
  uint64_t term = 0, vote = 0;
};
struct SavedEntry {  // It takes the place of all that stood at its index and beyond.
  uint64_t index;
  Entry entry;
};
struct SavedTruncation {  // Nothing stands at that index and beyond.
  uint64_t index;
};

struct State {
  SavedVote vote;
  Snapshot snapshot;
  uint64_t first = 1;  // The index of the first entry.
  std::deque<Entry> log;

  uint64_t end() const { return first + log.size(); }
  void Redo(const SavedVote& m) { vote = m; }
  void Redo(const SavedEntry& m);
  void Redo(const SavedTruncation& m);
};

class Storage {
 public:
  using Done = std::function<void()>;
  using Content = std::variant<SavedVote, SavedEntry, SavedTruncation>;

  explicit Storage(Env& env);

  // False where the disk is damaged: nobody can say what this server has promised.
  [[nodiscard]] bool Recover();
  // What is durable.
  const State& state() const { return state_; }

  // These call nothing of Env; Go() must follow. `done` is called once all of it is durable, by the
  // fiber of the storage. They return the number of what was asked for.
  uint64_t Save(std::vector<Content> records, Done done = nullptr);
  // Afterwards the log begins with the last `trailing` entries that the snapshot replaces; where
  // that is 0 nothing is left of the log.
  uint64_t SaveSnapshot(Snapshot snapshot, uint64_t trailing, Done done);
  void Go() { queued_.NotifyOne(); }

  bool IsDurable(uint64_t number) const { return number <= durable_; }
  void AwaitDurable(uint64_t number);
  // All that is asked for, for ever. `progress` is called whenever more has become durable.
  [[noreturn]] void Run(const std::function<void()>& progress);

 private:
  struct Task {
    uint64_t number = 0;
    std::vector<Content> records;
    std::function<void()> done;
    bool begins = false;  // A generation, with
    Snapshot snapshot;
    uint64_t trailing = 0;
  };

  void SaveAll(const std::vector<Task>& tasks);
  void BeginGeneration(const Snapshot& snapshot, uint64_t trailing);
  void RemoveLog(uint64_t generation);
  static std::string Directory(uint64_t generation) { return "log-" + std::to_string(generation); }

  Env& env_;
  SnapshotStore snapshots_;
  uint64_t generation_ = 0;
  std::unique_ptr<Wal> wal_;
  std::vector<std::unique_ptr<Wal>> retired_;  // Their fibers refer to them.
  State state_;
  std::deque<Task> tasks_;
  uint64_t asked_ = 0, durable_ = 0;
  Condition queued_, progress_;
};

}  // namespace reprise::libraft
