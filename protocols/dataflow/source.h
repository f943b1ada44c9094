// A source: it emits the records of its log, and a barrier wherever the coordinator asks for one.
//
// A source that is to emit barrier n takes a snapshot of its current state, which is its offset,
// and then sends the barrier on all outputs (Carbone et al. 2015, section 4.2): so what it emitted
// before belongs to checkpoint n, and what follows does not. Restored, it reads its log again from
// there.

#pragma once

#include <map>

#include "protocols/dataflow/task.h"

namespace reprise::dataflow {

struct SourceState {
  std::map<uint64_t, uint64_t> effects;  // Of this source: the offset of the next record.
};

class Source final : public Task {
 public:
  Source(const Lent& lent, const Deploy& deploy) : Task(lent, deploy), woken_(env_) {}

  void Run() override {
    state_ = Restore<SourceState>();
    BeginRunning();
    channels_.Broadcast(Watermark{offset() / job_.window});  // It is in no snapshot.
    while (!cancelled_) {
      if (triggered_ > emitted_) {
        EmitBarrier(triggered_);
      } else if (env_.Now() >= Due()) {
        EmitRecord();
      } else {
        woken_.Wait(Due());
      }
    }
  }

  void OnTrigger(uint64_t checkpoint) override {
    triggered_ = std::max(triggered_, checkpoint);
    woken_.NotifyAll();
  }

  void Cancel() override {
    Task::Cancel();
    woken_.NotifyAll();
  }

 private:
  uint64_t me() const { return me_.task.index; }
  uint64_t& offset() { return state_.effects[me()]; }

  // When the next record is there. The log is one, wherever it is read.
  Time Due() {
    if (offset() == job_.records) return kForever;
    return Time(static_cast<int64_t>(offset() + 1) * job_.period);
  }

  void EmitRecord() {
    const uint64_t key = KeyOf(job_, me(), offset());
    channels_.Send(channels_.outputs()[MapOf(job_, key)], Scan{me(), offset(), key});
    ++offset();
    if (offset() % job_.window == 0) channels_.Broadcast(Watermark{offset() / job_.window});
  }

  void EmitBarrier(uint64_t checkpoint) {
    emitted_ = checkpoint;
    Snapshot(checkpoint, state_, decide_.CopiesOffsetAtBarrier());
    channels_.Broadcast(Barrier{checkpoint});
  }

  SourceState state_;
  uint64_t triggered_ = 0, emitted_ = 0;  // The newest checkpoint asked for; of the last barrier.
  Condition woken_;
};

}  // namespace reprise::dataflow
