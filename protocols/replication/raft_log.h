// A Raft log, of which a snapshot may have replaced the beginning. Indices start at 1.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "protocols/replication/raft_messages.h"
#include "sim/check.h"

namespace reprise::raft {

class Log {
 public:
  // What the snapshot replaces: everything up to this.
  const Position& base() const { return base_; }
  uint64_t last_index() const { return base_.index + entries_.size(); }
  Position last() const {
    return entries_.empty() ? base_ : Position{last_index(), entries_.back().term};
  }

  // Nothing where the log has no such entry, or has it no more.
  std::optional<uint64_t> TermAt(uint64_t index) const {
    if (index == base_.index) return base_.term;
    if (index < base_.index || index > last_index()) return std::nullopt;
    return At(index).term;
  }
  bool Contains(const Position& at) const { return TermAt(at.index) == at.term; }

  // REQUIRES: base().index < index <= last_index().
  const Entry& At(uint64_t index) const {
    CHECK(index > base_.index && index <= last_index());
    return entries_[index - base_.index - 1];
  }

  // Entries from that index on, at most so many, and none beyond `last`. REQUIRES: index > base.
  std::vector<Entry> From(uint64_t index, size_t most, uint64_t last) const {
    CHECK(index > base_.index);
    std::vector<Entry> out;
    last = std::min(last, last_index());
    for (; index <= last && out.size() < most; ++index) out.push_back(At(index));
    return out;
  }

  void Append(Entry entry) { entries_.push_back(std::move(entry)); }
  // REQUIRES: index > base().index.
  void TruncateFrom(uint64_t index) {
    CHECK(index > base_.index);
    if (index <= last_index()) entries_.resize(index - base_.index - 1);
  }

  // A snapshot replaces everything up to there, and what follows is kept. REQUIRES: it contains it.
  void DropThrough(const Position& at) {
    CHECK(Contains(at));
    while (base_.index < at.index) {
      base_ = {base_.index + 1, entries_.front().term};
      entries_.pop_front();
    }
  }
  // A snapshot replaces all of it.
  void Reset(const Position& base) {
    entries_.clear();
    base_ = base;
  }

  const std::deque<Entry>& entries() const { return entries_; }

 private:
  Position base_;
  std::deque<Entry> entries_;
};

}  // namespace reprise::raft
