// What a job has done and made durable is neither lost nor counted twice.
//
// A job solves its work piece by piece, and dumps its state from time to time, with numbers that go
// up by one, into two files in turn. After a failure it goes on from a dump: from the last one that
// was durable, or from one that it had begun and that happens to be whole. The state must be that
// of so much progress: each piece of work has its effect in it once. By the end all must be done.
//
// A stored bit that flips may spoil the file of one dump; then the dump before it will do, unless
// the next one was being written over it.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "sim/oracle.h"

namespace reprise::models {

// The state after so much progress, as far as it can be judged: a sum over all that was done.
struct Dumping {  // It begins to write that dump,
  uint64_t sequence, progress;
};
struct Dumped {  // and relies on it from now on.
  uint64_t sequence;
};
// After a failure it goes on from that dump; from the beginning where the number is 0.
struct DumpLoaded {
  uint64_t sequence, progress, sum;
};
struct Finished {  // All is done, and durable.
  uint64_t progress, sum;
};

class DurableProgress final : public Oracle {
 public:
  // `sum` is that of a state after so much progress; there is `work` altogether.
  DurableProgress(uint64_t work, std::function<uint64_t(uint64_t progress)> sum)
      : work_(work), sum_(std::move(sum)) {}

  std::string name() const override { return "durable-progress"; }
  EventKinds Watches() const override { return MaskOf(Event::Kind::kRot); }

  Complaint OnEvent(const Event& event) override {
    const std::string_view path = event.message.bytes();
    for (size_t i = 0; i < 2; ++i) {
      if (path.ends_with(i == 0 ? "0" : "1")) rotten_[i] = true;
    }
    return std::nullopt;
  }

  Complaint AtEnd() override {
    if (finished_) return std::nullopt;
    return "the job has not finished, and is at dump " + std::to_string(durable_);
  }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match(
        [&](const Dumping& m) {
          dumps_[m.sequence] = m.progress;
          unfinished_[m.sequence % 2] = true;
          rotten_[m.sequence % 2] = false;  // It is written anew.
        },
        [&](const Dumped& m) {
          durable_ = m.sequence;
          unfinished_[m.sequence % 2] = false;
        },
        [&](const DumpLoaded& m) { complaint = OnDumpLoaded(m); },
        [&](const Finished& m) {
          finished_ = true;
          if (m.progress == work_ && m.sum == sum_(work_)) return;
          complaint = "finished with progress " + std::to_string(m.progress) + " and sum " +
                      std::to_string(m.sum) + ", where " + std::to_string(work_) + " has " +
                      std::to_string(sum_(work_));
        });
    return complaint;
  }

 private:
  Complaint OnDumpLoaded(const DumpLoaded& m) {
    const std::string what = "dump " + std::to_string(m.sequence);
    if (m.sequence != 0 && !dumps_.contains(m.sequence)) return what + " was never made";
    const uint64_t progress = m.sequence == 0 ? 0 : dumps_[m.sequence];
    if (m.progress != progress) {
      return what + " was of progress " + std::to_string(progress) + ", and is restored as " +
             std::to_string(m.progress);
    }
    if (m.sum != sum_(m.progress)) {
      return what + " has sum " + std::to_string(m.sum) + ", and its progress " +
             std::to_string(sum_(m.progress));
    }
    if (m.sequence < Least()) {
      return "goes on from dump " + std::to_string(m.sequence) + ", and dump " +
             std::to_string(Least()) + " was durable";
    }
    durable_ = m.sequence;
    unfinished_[m.sequence % 2] = false;
    return std::nullopt;
  }

  // The oldest dump that will do.
  uint64_t Least() const {
    if (!rotten_[durable_ % 2] || durable_ == 0) return durable_;
    const size_t other = (durable_ + 1) % 2;
    return rotten_[other] || unfinished_[other] ? 0 : durable_ - 1;
  }

  uint64_t work_;
  std::function<uint64_t(uint64_t)> sum_;
  std::map<uint64_t, uint64_t> dumps_;  // The progress of each, as it was last begun.
  uint64_t durable_ = 0;
  std::array<bool, 2> rotten_{}, unfinished_{};  // The file of even and of odd numbers.
  bool finished_ = false;
};

// Whoever restarts pays the whole cost of a restart before it works again, each time.
struct Working {};

class RestartCost final : public Oracle {
 public:
  explicit RestartCost(Duration cost) : cost_(cost) {}

  std::string name() const override { return "restart-cost"; }
  EventKinds Watches() const override { return MaskOf(Event::Kind::kBoot); }

  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kBoot && event.id > 1) booted_[event.node] = event.at;
    return std::nullopt;
  }
  Complaint OnFact(const Event& event) override {
    if (!event.As<Working>()) return std::nullopt;
    const auto at = booted_.find(event.node);
    if (at == booted_.end() || event.at - at->second >= cost_) return std::nullopt;
    return Name(event.node) + " works " + Millis((event.at - at->second).count()) +
           " after its restart began, which takes " + Millis(cost_.count());
  }

 private:
  Duration cost_;
  std::map<NodeId, Time> booted_;
};

}  // namespace reprise::models
