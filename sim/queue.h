// What is still to happen, in the order in which it will.
//
// A monotone radix heap: a bucket for each bit in which a time can differ from the last one popped,
// so that an entry moves down at most 63 times. What is left of the earliest bucket is sorted once
// it is small, into the *run*, which saves most of those moves; what is pushed into the run's
// stretch of time is inserted there. A run that grows too long goes back to the buckets, so that a
// burst of equal times costs no more than any other: when a large bucket is split, those that are
// due wait in a *lane* for each tie-break.
//
// Entries of one time come out by their tie-break, and those of one tie-break in the order they
// went in: buckets are emptied front to back, so nothing overtakes.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/time.h"

namespace reprise {

class Queue {
 public:
  static constexpr uint64_t kTies = 8;

  struct Entry {
    int64_t at;      // Nanoseconds.
    uint32_t index;  // Of what: the meaning of this and the next two is the world's.
    uint32_t node : 24;
    uint32_t kind : 5;
    uint32_t tie : 3;  // Drawn, below kTies. Zero is the order of arrival.
  };
  static_assert(sizeof(Entry) == 16);

  // REQUIRES: entry.at is not before the last popped entry's, and its tie is below kTies.
  void Push(const Entry& entry) {
    if (entry.at <= run_until_) {
      Insert(entry);
    } else {
      Place(entry);
    }
  }

  bool empty() const { return run_next_ == run_end_ && (lanes_occupied_ | occupied_) == 0; }

  // The earliest entry. REQUIRES: !empty().
  Entry Pop() {
    if (run_next_ == run_end_) {
      if (lanes_occupied_ != 0) return PopLane();
      Refill();
      if (lanes_occupied_ != 0) return PopLane();
    }
    const Entry entry = run_[run_next_++];
    last_ = entry.at;
    return entry;
  }

  // An entry that comes out soon, after `ahead` others; null where that is not known yet.
  const Entry* Soon(uint32_t ahead) const {
    return ahead < run_end_ - run_next_ ? &run_[run_next_ + ahead] : nullptr;
  }

  // Forgets everything and keeps the room, for the next run.
  void Clear() {
    for (auto& bucket : buckets_) bucket.clear();
    for (Lane& lane : lanes_) lane.Clear();
    occupied_ = 0;
    lanes_occupied_ = 0;
    run_next_ = run_end_ = 0;
    run_until_ = kNoRun;
    last_ = 0;
    split_ = 0;
  }

  size_t size() const {
    size_t size = run_end_ - run_next_;
    for (const auto& bucket : buckets_) size += bucket.size();
    for (const Lane& lane : lanes_) size += lane.due.size() - lane.next;
    return size;
  }

 private:
  static constexpr int64_t kNoRun = -1;
  static constexpr uint32_t kSortAtMost = 6;  // A bucket of so many becomes a run,
  static constexpr uint32_t kRunAtMost = 16;  // or several together.
  static constexpr uint32_t kManyAtLeast = 64;
  static constexpr uint32_t kRunRoom = 64;

  struct Lane {
    std::vector<Entry> due;  // From `next` on.
    size_t next = 0;
    void Clear() {
      due.clear();
      next = 0;
    }
  };

  static bool Before(const Entry& a, const Entry& b) {
    return a.at < b.at || (a.at == b.at && a.tie < b.tie);
  }

  void Place(const Entry& entry) {
    const auto differs = static_cast<uint64_t>(entry.at ^ last_);
    if (differs == 0) {
      lanes_[entry.tie].due.push_back(entry);
      lanes_occupied_ |= uint32_t{1} << entry.tie;
    } else {
      const int bucket = 63 - std::countl_zero(differs);
      buckets_[bucket].push_back(entry);
      occupied_ |= uint64_t{1} << bucket;
    }
  }

  void Insert(const Entry& entry) {
    if (run_end_ == kRunRoom && !MakeRunRoom()) {
      Place(entry);
      return;
    }
    uint32_t i = run_end_++;
    for (; i > run_next_ && Before(entry, run_[i - 1]); --i) run_[i] = run_[i - 1];
    run_[i] = entry;
  }

  Entry PopLane() {
    const int first = std::countr_zero(lanes_occupied_);
    Lane& lane = lanes_[first];
    const Entry entry = lane.due[lane.next++];
    if (lane.next == lane.due.size()) {
      lane.Clear();
      lanes_occupied_ &= lanes_occupied_ - 1;
    }
    return entry;
  }

  // Moves the earliest bucket's entries into the run; or, where they are many, to where they belong
  // now that its first is the earliest. Of the buckets that many fill, several go into one run, so
  // that one knows early what comes soon. Others do not: a few timers, far away, would stand in the
  // way of all that is pushed before them.
  void Refill() {
    run_next_ = run_end_ = 0;
    int lowest = std::countr_zero(occupied_);
    if (buckets_[lowest].size() > kSortAtMost) {
      Split(lowest);
      return;
    }
    do {
      auto& bucket = buckets_[lowest];
      // All times that this bucket stands for, so that what is in others comes later.
      run_until_ = static_cast<int64_t>(static_cast<uint64_t>(bucket.front().at) |
                                        ((uint64_t{2} << lowest) - 1));
      for (const Entry& e : bucket) Insert(e);
      bucket.clear();
      occupied_ &= occupied_ - 1;
      lowest = std::countr_zero(occupied_);  // 64 where there is none.
    } while (lowest < split_ && buckets_[lowest].size() <= kSortAtMost &&
             run_end_ + buckets_[lowest].size() <= kRunAtMost);
  }

  void Split(int lowest) {
    auto& bucket = buckets_[lowest];
    occupied_ &= occupied_ - 1;
    split_ = bucket.size() >= kManyAtLeast ? lowest : 0;
    run_until_ = kNoRun;
    last_ = std::ranges::min(bucket, {}, &Entry::at).at;
    for (const Entry& e : bucket) Place(e);  // Always to a lower one.
    bucket.clear();
  }

  // False where the run is too long, and no more.
  bool MakeRunRoom() {
    const std::span<const Entry> left(run_ + run_next_, run_ + run_end_);
    if (left.size() <= kRunRoom / 2) {
      std::ranges::copy(left, run_);
      run_next_ = 0;
      run_end_ = static_cast<uint32_t>(left.size());
      return true;
    }
    run_next_ = run_end_ = 0;
    run_until_ = kNoRun;
    for (const Entry& e : left) Place(e);
    return false;
  }

  uint32_t run_next_ = 0;
  uint32_t run_end_ = 0;
  int64_t run_until_ = kNoRun;  // What is pushed up to this time goes into the run.
  int64_t last_ = 0;            // The last popped time, or the least that there is.
  uint64_t occupied_ = 0;       // Which buckets have entries.
  uint32_t lanes_occupied_ = 0;
  int split_ = 0;  // The bucket that was last split, where it had many: it filled those below.
  Entry run_[kRunRoom];
  std::vector<Entry> buckets_[63];
  Lane lanes_[kTies];  // Those of time last_, by tie-break.
};

}  // namespace reprise
