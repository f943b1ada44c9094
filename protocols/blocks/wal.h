// A write-ahead log: append, sync, acknowledge; after a crash, what was acknowledged is there.
//
//   Wal wal(env, "wal");
//   const WalRecovered found = wal.Recover();     // Once, before all else.
//   if (found.damaged) ...                        // Stop: acknowledged records are lost.
//   for (const WalRecord& record : found.records) Redo(record.payload);
//   const uint64_t n = wal.Append("x");           // Returns at once.
//   wal.AwaitDurable(n);                          // Many wait for one sync: group commit.
//
// What users may rely on:
//   1. Records are numbered 1, 2, 3... in the order of Append, over all boots.
//   2. After any crash, the records recovered are a prefix of those appended and contain every one
//      for which AwaitDurable has returned, or the damage is reported.
//   3. What was recovered is durable before Recover returns, so that it may be acted upon.
//   4. Any sync that fails ends the boot (Env::Abort). Recovery does not trust what the page cache
//      then shows: it writes each record that no later one vouches for to a new file, and syncs it.
//   5. A damaged log stays shut, in later boots as well, until its files are whole again. A sector
//      that cannot be read is damage, whatever was in it.
//   6. No room for what is to be written ends the boot as well: the next one tries again.
//
// What no log on one disk can promise: where the disk takes a sync's word back (sync-lie), never
// writes its last group (lost-write, miswrite) or reads old zeros there (misread), or is as it was
// some time ago (wipe, rollback, swap), the log looks like a shorter one that is whole. Against
// that help copies on other nodes.
//
// Group commit: one fiber takes all that has been appended, writes it with one write, syncs, and
// then takes what has been appended meanwhile. With syncs that take f and Poisson arrivals, a
// record waits for f to 2f: for the sync in flight, half of it on average, and its own.
//
// The log is never trimmed: there is no checkpoint here to trim it to.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/blocks/wal_format.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise {

struct WalRecovered {
  std::vector<WalRecord> records;  // 1, 2, 3...
  bool damaged = false;            // More was there, and cannot be read.
};

class Wal {
 public:
  static constexpr size_t kSegmentBytes = 64 << 10;

  // The log in that directory, which is its alone. A group that needs more than segment_bytes gets
  // a segment of its own.
  Wal(Env& env, std::string directory, size_t segment_bytes = kSegmentBytes,
      const WalDecisions& decisions = {});
  Wal(const Wal&) = delete;
  Wal& operator=(const Wal&) = delete;

  // Reads the log and makes it ready for appends, unless it is damaged.
  [[nodiscard]] WalRecovered Recover();

  // The record's number. REQUIRES: Recover found no damage.
  uint64_t Append(std::string payload);
  // Blocks until that record may be acknowledged.
  void AwaitDurable(uint64_t record);

  uint64_t last() const { return last_; }        // The last record appended,
  uint64_t durable() const { return durable_; }  // and the last that is durable.

 private:
  std::vector<std::string> ReadSegments(bool& readable);
  void Commit();
  absl::Status BeginSegment(size_t bytes);
  // Retries or aborts until OK, as decided.
  template <class Operation>
  void Must(Operation operation);
  void MustWork(const absl::Status& status);

  Env& env_;
  const std::string directory_;
  const size_t segment_bytes_;
  const WalDecisions decisions_;

  uint64_t segment_ = 0;  // The number of the segment that is open; of the last one, before.
  File file_;
  size_t end_ = 0;   // Of the records in it,
  size_t room_ = 0;  // and of the file; 0 while none is open.

  uint32_t epoch_ = 0;
  uint64_t last_ = 0, written_ = 0, durable_ = 0;
  std::vector<WalRecord> waiting_;  // Appended and not written.
  Condition appended_;
  Condition progress_;
};

}  // namespace reprise
