// What a log must be after a crash: a prefix of what was appended, with all that was acknowledged
// in it. It may have lost the end that nobody was promised; it may not have holes, nor records that
// nobody appended, nor another order. What is damaged it may lose too, if it says so.
//
// After a recovery the truth goes on from what was recovered: an end that was lost then is lost,
// and must not come back later among records that were appended since.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/oracle.h"

namespace reprise::models {

// `log` names the log in all of these: the node's number, where each node has one. Records are
// numbered from 1. `hash` tells records apart: any hash of the bytes will do that is the same in
// every run.

// Reported *before* the record is written: a crash between the two leaves a record that may be
// there.
struct RecordAppended {
  uint64_t log, index, hash;
};
// All records up to this one are durable, and others may rely on it.
struct RecordAcknowledged {
  uint64_t log, index;
};
// Records below `first` are no longer needed. They may be there after a crash or not.
struct LogTrimmed {
  uint64_t log, first;
};
// Records from this one on were thrown away on purpose, and durably so: they may not come back.
struct LogTruncated {
  uint64_t log, index;
};
// The log found that it cannot give back records first to first + count - 1, and said so to whoever
// asked. Reported before LogRecovered. A silent loss is a violation; this is not one.
struct CorruptionReported {
  uint64_t log, first, count;
};
// Recovery is over, and these are the records from `first` on, one after the other.
struct LogRecovered {
  uint64_t log, first;
  std::vector<uint64_t> hashes;
};

class DurablePrefix final : public Oracle {
 public:
  std::string name() const override { return "durable-prefix"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const RecordAppended& m) { complaint = Append(logs_[m.log], m); },
                [&](const RecordAcknowledged& m) { complaint = Acknowledge(logs_[m.log], m); },
                [&](const LogTrimmed& m) {
                  Log& log = logs_[m.log];
                  log.needed = std::max(log.needed, m.first);
                },
                [&](const LogTruncated& m) { logs_[m.log].CutOff(m.index); },
                [&](const CorruptionReported& m) {
                  logs_[m.log].damaged.push_back({m.first, m.count});
                },
                [&](const LogRecovered& m) { complaint = Recover(logs_[m.log], m); });
    return complaint;
  }

 private:
  struct Range {
    uint64_t first, count;
    bool Has(uint64_t index) const { return index >= first && index - first < count; }
  };
  struct Log {
    std::vector<uint64_t> hashes;  // Of records 1, 2, 3...
    uint64_t acknowledged = 0;     // The last one that is.
    uint64_t needed = 1;           // The first one that is.
    std::vector<Range> damaged;    // As reported since the last recovery.

    uint64_t last() const { return hashes.size(); }
    void CutOff(uint64_t index) {
      hashes.resize(std::min(last(), std::max<uint64_t>(index, 1) - 1));
      acknowledged = std::min(acknowledged, last());
    }
  };

  static std::string Record(uint64_t log, uint64_t index) {
    return "record " + std::to_string(index) + " of log " + std::to_string(log);
  }

  static Complaint Append(Log& log, const RecordAppended& m) {
    if (m.index != log.last() + 1) {
      return Record(m.log, m.index) + " was appended after record " + std::to_string(log.last());
    }
    log.hashes.push_back(m.hash);
    return std::nullopt;
  }

  static Complaint Acknowledge(Log& log, const RecordAcknowledged& m) {
    if (m.index > log.last()) return Record(m.log, m.index) + " was acknowledged, but not appended";
    log.acknowledged = std::max(log.acknowledged, m.index);
    return std::nullopt;
  }

  static Complaint Recover(Log& log, const LogRecovered& m) {
    const uint64_t first = std::max<uint64_t>(m.first, 1), end = first + m.hashes.size();
    for (uint64_t index = first; index < end; ++index) {
      if (index > log.last()) return Record(m.log, index) + " was recovered, but not appended";
      if (m.hashes[index - first] != log.hashes[index - 1]) {
        return Record(m.log, index) + " was recovered as another one than was appended";
      }
    }
    // What comes before a record that was recovered is missed even if nobody was promised it.
    const uint64_t missed = m.hashes.empty() ? 0 : first - 1;
    for (uint64_t index = log.needed; index <= std::max(log.acknowledged, missed); ++index) {
      const auto has = [index](const Range& damaged) { return damaged.Has(index); };
      if ((index >= first && index < end) || std::ranges::any_of(log.damaged, has)) continue;
      if (index <= log.acknowledged) {
        return Record(m.log, index) + " was acknowledged, but not recovered";
      }
      return Record(m.log, index) + " was not recovered, but later ones were";
    }
    log.CutOff(end);
    log.needed = std::max(log.needed, missed + 1);
    log.damaged.clear();
    return std::nullopt;
  }

  std::map<uint64_t, Log> logs_;
};

}  // namespace reprise::models
