// How records of a write-ahead log lie on disk, and what can be told of a place where one should
// be and is not. Pure functions of bytes; the log itself is in wal.h.
//
//   segment   records one after the other, then zeros: the file is allocated, zeroed and synced
//             before its first record
//   record    header | payload | padding: at least one byte 0xa5, up to a multiple of 32 bytes
//   header    length u32, epoch u32, sequence u64, durable u64,
//             head u32 = crc32c(length..durable),
//             body u32 = crc32c(length..durable, payload, padding)
//
// `durable` is the writer's word that all records up to that one were durable when it wrote this
// one. It makes every record a persist record (CTRL, FAST 2018, 3.3.3) for those of earlier groups,
// at no cost.
//
// Benefits. Sectors are written whole or not at all, so what a crash may leave of a record is this:
// each of its sectors as it was written, or as it was before, which is zeros. No header crosses a
// sector, so that a header is all zeros, or whole, or damaged; a whole header's length can be
// believed; and then a record is torn only if one of its sectors is still zeros. (etcd tells torn
// from damaged by the same sign, in isTornEntry.) Every sector of a record that was written has a
// byte that is not zero, as the last one has padding.
//
// Downsides. A payload that spans a whole sector with zeros looks torn where another of its sectors
// is damaged: those who log zeros should compress them. A record has 33 to 64 bytes more than its
// payload.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace reprise {

struct WalRecord {
  uint64_t sequence = 0;  // 1, 2, 3...
  uint32_t epoch = 0;     // In which opening of the log it was appended; these never fall.
  std::string payload;
};

// What is known of the next record, where it cannot be read.
struct WalEvidence {
  bool vouched = false;  // Some later record says that it was durable.
  bool damaged = false;  // What lies in its place was changed after it was written, by no crash.
};

// The decisions of the log. Each is a pure function, and these are the right ones.
struct WalDecisions {
  enum class OnBad { kTruncate, kReport };
  enum class OnError { kAbort, kRetry };

  // Which of a header's fields (length..durable, as they are on disk) the checksums cover: all.
  std::string_view (*ChecksumCovers)(std::string_view fields) = [](std::string_view fields) {
    return fields;
  };
  // Whether a record may be acknowledged: once a sync that began after its write has returned OK.
  bool (*MayAcknowledge)(uint64_t record, uint64_t written, uint64_t durable) =
      [](uint64_t record, uint64_t, uint64_t durable) { return record <= durable; };
  // The last record that a sync makes durable: the last one that was written before it began.
  uint64_t (*DurableAfterSync)(uint64_t written, uint64_t appended) =
      [](uint64_t written, uint64_t) { return written; };
  // What to do where the next record cannot be read. A crash can have torn it only if it was never
  // durable, and then nobody was told of it; all else is corruption, and losing it silently would
  // lose what was acknowledged.
  OnBad (*OnBadRecord)(const WalEvidence& evidence) = [](const WalEvidence& evidence) {
    return evidence.vouched || evidence.damaged ? OnBad::kReport : OnBad::kTruncate;
  };
  // Up to which record the log counts as durable when it is opened: what some record vouches for.
  // The rest was read, but from the page cache, it may be.
  uint64_t (*DurableAtOpening)(uint64_t vouched, uint64_t read) = [](uint64_t vouched, uint64_t) {
    return vouched;
  };
  // Whether a new segment's name is made durable before the segment is used: syncing the file does
  // not do that.
  bool (*SyncsDirectory)() = [] { return true; };
  // What to do where a sync fails. What it was to make durable may be gone from the page cache's
  // list of dirty pages, so that the next sync succeeds and means nothing.
  OnError (*OnSyncError)() = [] { return OnError::kAbort; };
  // Whether records count that come after a hole, where none is and nothing was damaged. A crash
  // may keep any sectors of what was not synced, so that a later record proves nothing of an
  // earlier one.
  bool (*ReadsOnPastHoles)() = [] { return false; };
  // Whether a sector that cannot be read is damage: nobody knows what was in it.
  bool (*UnreadableIsDamage)() = [] { return true; };
  // Whether the boot ends where there is no room for records. Those that come after them would have
  // nothing to follow, and recovery would end at the gap.
  bool (*StopsWithoutRoom)() = [] { return true; };
  // When a sync that began before is taken for done though it has not returned: never, however long
  // the disk takes.
  Time (*PatienceEnds)(Time now) = [](Time) { return kForever; };
};

inline constexpr size_t kWalUnitBytes = 32;

// The record as it lies on disk.
std::string EncodeWalRecord(const WalRecord& record, uint64_t durable,
                            const WalDecisions& decisions = {});

// What lies at an offset of a segment. REQUIRES: the offset is a multiple of kWalUnitBytes.
struct WalPlace {
  enum class Kind { kRecord, kBlank, kTorn, kDamaged };
  Kind kind = Kind::kBlank;
  WalRecord record;  // Of kRecord.
  uint64_t durable = 0;
  size_t bytes = 0;
};
WalPlace InspectWal(std::string_view segment, size_t offset, const WalDecisions& decisions = {});

// What a log's segments hold, in the order of their numbers.
struct WalContents {
  std::vector<WalRecord> records;  // The longest chain 1, 2, 3... in which epochs never fall.
  uint64_t durable = 0;            // The last record that another one vouches for.
  WalEvidence next;                // Of the record that should come after these.
};
WalContents ReadWal(const std::vector<std::string>& segments, const WalDecisions& decisions = {});

}  // namespace reprise
