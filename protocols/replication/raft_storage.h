// What a Raft server must not forget, and how it lies on disk.
//
// Figure 2's persistent state is a write-ahead log (blocks/wal.h) of two kinds of record: "my term
// and vote are now these" and "the entry at this index is now this". An entry takes the place of
// all that stood at its index and beyond, so truncation needs no record. The log on disk is never
// trimmed; with each snapshot it is begun anew instead, in a directory of its own:
//
//   state/current    which generation is current, and its snapshot (blocks/snapshot_store.h)
//   log-7/...        the log of generation 7: what follows that snapshot
//
// The next generation is written and synced in full before `current` names it, and what is recorded
// meanwhile goes to both. So a crash finds one or the other, each of them whole.
//
// A record or a snapshot that was changed after it was written is found by its checksum, and by the
// word of later records (wal_format.h). Then nobody can say what this server has promised: it must
// not go on. What no server can find out by itself: a disk that takes back a sync, or loses a
// write.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "protocols/blocks/snapshot_store.h"
#include "protocols/blocks/wal.h"
#include "protocols/replication/raft_log.h"
#include "protocols/replication/raft_rules.h"
#include "protocols/workloads/store.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise::raft {

struct Snapshot {
  Position last;                // The last entry that it replaces.
  Configuration configuration;  // The latest one up to there.
  store::Store machine;         // With the session table.
};

struct State {  // What must not be forgotten.
  uint64_t term = 0;
  NodeId voted_for = kNobody;
  Snapshot snapshot;
  Log log;
};

class Storage {
 public:
  Storage(Env& env, const Decisions& decide);
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // The state, all of it durable, and `initially` where nothing was ever saved; or nothing, because
  // the disk is damaged.
  std::optional<State> Recover(const Snapshot& initially);

  // These return at once.
  void SaveVote(uint64_t term, NodeId voted_for);
  void SaveEntry(uint64_t index, const Entry& entry);

  // The number of the record saved last, and whether all up to that number are durable.
  uint64_t saved() const { return saved_; }
  bool IsDurable(uint64_t saved) const;
  void AwaitDurable(uint64_t saved);

  // Begins a new generation with what `capture` returns, and blocks until it is durable. `capture`
  // must not block; what is saved after it has returned is kept as well.
  void BeginGeneration(const std::function<const State&()>& capture);

 private:
  // A log, and which of all records saved its own are.
  struct Generation {
    uint64_t number = 0;
    std::unique_ptr<Wal> wal;
    uint64_t begun = 0;    // So many were saved before,
    uint64_t initial = 0;  // and are covered by so many of its records.
    uint64_t RecordOf(uint64_t saved) const {
      return saved <= begun ? initial : initial + (saved - begun);
    }
    bool Has(uint64_t saved) const { return wal->durable() >= RecordOf(saved); }
  };

  void Append(const std::string& record);
  void RemoveLog(uint64_t generation);
  static std::string Directory(uint64_t generation) { return "log-" + std::to_string(generation); }

  Env& env_;
  const Decisions decide_;
  SnapshotStore snapshots_;
  Mutex beginning_;
  uint64_t saved_ = 0;
  Generation current_;
  std::optional<Generation> next_;  // While it is being made.
  // Fibers refer to logs for as long as this server lives.
  std::vector<std::unique_ptr<Wal>> retired_;
};

}  // namespace reprise::raft
