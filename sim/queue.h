// What is still to happen, in the order in which it will.
//
// A monotone radix heap: a bucket for each bit in which a time can differ from the last one popped,
// so that an entry moves down at most 63 times and is compared with nothing. Entries of one time
// come out by their tie-break, and those of one tie-break in the order they went in: buckets are
// emptied front to back, so nothing overtakes, and those that are due wait in a lane for each
// tie-break. A burst of equal times costs no more than any other.

#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/time.h"

namespace reprise {

class Queue {
 public:
  static constexpr uint64_t kTies = 8;

  struct Entry {
    int64_t at;      // Nanoseconds.
    uint32_t index;  // Of what: the meaning is the world's.
    uint16_t kind;
    uint16_t tie;  // Drawn, below kTies. Zero is the order of arrival.
  };

  // REQUIRES: entry.at is not before the last popped entry's, and its tie is below kTies.
  void Push(const Entry& entry) {
    ++size_;
    const uint64_t differs = static_cast<uint64_t>(entry.at ^ last_);
    if (differs == 0) {
      Due(entry);
    } else {
      const int bucket = 63 - std::countl_zero(differs);
      buckets_[bucket].push_back(entry);
      occupied_ |= uint64_t{1} << bucket;
    }
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // The earliest entry. REQUIRES: !empty().
  Entry Pop() {
    if (lanes_occupied_ == 0) Refill();
    --size_;
    const int first = std::countr_zero(lanes_occupied_);
    Lane& lane = lanes_[first];
    const Entry entry = lane.due[lane.next++];
    if (lane.next == lane.due.size()) {
      lane.Clear();
      lanes_occupied_ &= lanes_occupied_ - 1;
    }
    return entry;
  }

  // Forgets everything and keeps the room, for the next run.
  void Clear() {
    for (auto& bucket : buckets_) bucket.clear();
    for (Lane& lane : lanes_) lane.Clear();
    size_ = 0;
    occupied_ = 0;
    lanes_occupied_ = 0;
    last_ = 0;
  }

 private:
  struct Lane {
    std::vector<Entry> due;  // From `next` on.
    size_t next = 0;
    void Clear() {
      due.clear();
      next = 0;
    }
  };

  void Due(const Entry& entry) {
    lanes_[entry.tie].due.push_back(entry);
    lanes_occupied_ |= uint32_t{1} << entry.tie;
  }

  // Moves the earliest bucket's entries to where they belong, now that its first is the earliest.
  void Refill() {
    const int lowest = std::countr_zero(occupied_);
    auto& bucket = buckets_[lowest];
    int64_t first = bucket.front().at;
    for (const Entry& e : bucket) first = e.at < first ? e.at : first;
    last_ = first;
    occupied_ &= occupied_ - 1;
    for (const Entry& e : bucket) {
      const uint64_t differs = static_cast<uint64_t>(e.at ^ last_);
      if (differs == 0) {
        Due(e);
        continue;
      }
      const int lower = 63 - std::countl_zero(differs);
      buckets_[lower].push_back(e);
      occupied_ |= uint64_t{1} << lower;
    }
    bucket.clear();
  }

  std::vector<Entry> buckets_[63];
  uint64_t occupied_ = 0;  // Which buckets have entries.
  Lane lanes_[kTies];      // Those of time last_, by tie-break.
  uint32_t lanes_occupied_ = 0;
  size_t size_ = 0;
  int64_t last_ = 0;
};

}  // namespace reprise
