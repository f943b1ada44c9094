// Exactly once: what is visible downstream is what a run without faults would give out, each record
// once and those of a key in order; and every complete checkpoint holds the effect of exactly the
// records before its barrier.
//
// Judged as it happens. A record that comes again, too early or with another value is wrong at
// once; one that was lost shows when a later one of its key becomes visible, or at the end. To
// commit what no complete checkpoint covers is wrong even where it goes well: a crash may follow.
// A checkpoint whose states do not belong together is wrong before anybody goes back to it.

#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "sim/oracle.h"

namespace reprise::models {

// A record that readers downstream have just seen: the sequence-th of its key, from 0.
struct Visible {
  uint64_t key, sequence, value;
};
// A transaction is about to be committed. It has the number of the checkpoint that covers it.
struct Commits {
  uint64_t transaction;
};
// That checkpoint is complete and will be gone back to; so are, or never will be, all older ones.
struct Completed {
  uint64_t checkpoint;
};
// A task's state in a checkpoint: it has the effect of so many records of that source. Stage 0 are
// the sources themselves. Not reported where it is none.
struct Reflects {
  uint64_t checkpoint, stage, task, source, records;
};

class ExactlyOnce final : public Oracle {
 public:
  // The value of a key's sequence-th record in a run without faults; nothing where there is none.
  using Reference = std::function<std::optional<uint64_t>(uint64_t key, uint64_t sequence)>;

  // Keys are 0 to keys - 1. Each of the stages 1 to `stages` takes all records of all sources.
  ExactlyOnce(uint64_t keys, uint64_t stages, Reference reference)
      : keys_(keys), stages_(stages), reference_(std::move(reference)) {}

  std::string name() const override { return "exactly-once"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Visible& m) { complaint = OnVisible(m); },
                [&](const Commits& m) {
                  if (m.transaction <= completed_) return;
                  complaint = Name(event.node) + " commits transaction " +
                              std::to_string(m.transaction) +
                              ", and no such checkpoint is complete";
                },
                [&](const Reflects& m) {
                  effects_[m.checkpoint][{m.stage, m.source}][m.task] = m.records;
                },
                [&](const Completed& m) { complaint = OnCompleted(m.checkpoint); });
    return complaint;
  }

  Complaint AtEnd() override {
    for (uint64_t key = 0; key < keys_; ++key) {
      const uint64_t next = next_[key];
      if (reference_(key, next)) return What(key, next) + " was never visible";
    }
    return std::nullopt;
  }

 private:
  using Tasks = std::map<uint64_t, uint64_t>;

  static std::string What(uint64_t key, uint64_t sequence) {
    return "record " + std::to_string(sequence) + " of key " + std::to_string(key);
  }

  Complaint OnVisible(const Visible& m) {
    uint64_t& next = next_[m.key];
    const auto value = m.key < keys_ ? reference_(m.key, m.sequence) : std::nullopt;
    if (!value) return What(m.key, m.sequence) + " is visible, and there is none";
    if (m.sequence < next) return What(m.key, m.sequence) + " is visible twice";
    if (m.sequence > next) {
      return What(m.key, next) + " is lost: number " + std::to_string(m.sequence) +
             " is visible without it";
    }
    if (m.value != *value) {
      return What(m.key, m.sequence) + " is " + std::to_string(m.value) + ", and not " +
             std::to_string(*value);
    }
    ++next;
    return std::nullopt;
  }

  Complaint OnCompleted(uint64_t checkpoint) {
    if (checkpoint <= completed_) return std::nullopt;  // Said again, as after a restart.
    completed_ = checkpoint;
    const auto& effects = effects_[checkpoint];
    std::map<uint64_t, uint64_t> emitted;
    std::set<uint64_t> sources;
    for (const auto& [where, tasks] : effects) sources.insert(where.second);
    for (uint64_t source : sources) {
      const uint64_t before = Sum(effects, 0, source);
      for (uint64_t stage = 1; stage <= stages_; ++stage) {
        const uint64_t within = Sum(effects, stage, source);
        if (within == before) continue;
        return "checkpoint " + std::to_string(checkpoint) + " holds the effect of " +
               std::to_string(within) + " records of source " + std::to_string(source) +
               " in stage " + std::to_string(stage) + ", and of " + std::to_string(before) +
               " in the source";
      }
    }
    effects_.erase(effects_.begin(), effects_.upper_bound(checkpoint));
    return std::nullopt;
  }

  using Effects = std::map<std::pair<uint64_t, uint64_t>, Tasks>;  // By stage and source.
  static uint64_t Sum(const Effects& effects, uint64_t stage, uint64_t source) {
    const auto at = effects.find({stage, source});
    uint64_t sum = 0;
    if (at == effects.end()) return sum;
    for (const auto& [task, records] : at->second) sum += records;
    return sum;
  }

  uint64_t keys_, stages_;
  Reference reference_;
  std::map<uint64_t, uint64_t> next_;  // The sequence number of each key's next visible record.
  uint64_t completed_ = 0;             // The newest complete checkpoint.
  std::map<uint64_t, Effects> effects_;
};

}  // namespace reprise::models
