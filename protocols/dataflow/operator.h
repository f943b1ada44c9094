// What takes from several channels: it aligns their barriers and snapshots its state between.
//
// After P. Carbone, G. Fóra, S. Ewen, S. Haridi and K. Tzoumas, "Lightweight Asynchronous Snapshots
// for Distributed Dataflows" (arXiv:1506.08603, 2015), section 4.2 and Algorithm 1, for graphs
// without cycles: on a barrier, block the input it came from; when all inputs are blocked, snapshot
// the state, send the barrier on all outputs, and unblock the inputs.
//
// The paper's barriers are one stage each and none is ever given up. Here a checkpoint may be,
// where its trigger or an acknowledgement was lost; so barriers have numbers, and one of a newer
// checkpoint ends the alignment of an older one (Flink's BarrierBuffer).

#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "protocols/dataflow/task.h"

namespace reprise::dataflow {

class Aligned : public Task {
 public:
  using Task::Task;

 protected:
  [[noreturn]] void TakeElements() {
    for (;;) {
      const auto [from, element] = channels_.Next();
      if (const auto* barrier = std::get_if<Barrier>(&element)) {
        OnBarrier(from, barrier->checkpoint);
      } else if (const auto* watermark = std::get_if<Watermark>(&element)) {
        OnWatermark(from, watermark->window);
      } else {
        OnRecord(element);
      }
    }
  }

  virtual void OnRecord(const Element& element) = 0;
  virtual void OnOldestWindow(uint64_t window) = 0;  // On all inputs nothing older follows.
  virtual void OnAligned(uint64_t checkpoint) = 0;   // All that was before its barriers was taken.

 private:
  void OnBarrier(NodeId input, uint64_t checkpoint) {
    switch (decide_.Compare(checkpoint, aligning_, !arrived_.empty())) {
      case BarrierIs::kOlder: return;  // Of a checkpoint that was given up.
      case BarrierIs::kNewer:
        arrived_.clear();
        channels_.UnblockAll();
        break;
      case BarrierIs::kOfThis: break;
    }
    aligning_ = std::max(aligning_, checkpoint);
    arrived_.insert(input);
    if (decide_.BlocksInput()) channels_.Block(input);
    if (arrived_.size() < channels_.inputs()) return;
    arrived_.clear();
    OnAligned(aligning_);
    channels_.UnblockAll();
  }

  void OnWatermark(NodeId input, uint64_t window) {
    watermarks_[input] = window;
    if (watermarks_.size() < channels_.inputs()) return;
    uint64_t oldest = UINT64_MAX;
    for (const auto& [from, mark] : watermarks_) oldest = std::min(oldest, mark);
    OnOldestWindow(oldest);
  }

  uint64_t aligning_ = 0;     // The newest checkpoint of which a barrier came.
  std::set<NodeId> arrived_;  // The inputs where it did; none when it is not under way.
  std::map<NodeId, uint64_t> watermarks_;
};

// A task whose output is a function of its state and input, one after the other.
template <class State>
class Operator : public Aligned {
 public:
  using Aligned::Aligned;

  void Run() final {
    state_ = Restore<State>();
    BeginRunning();
    TakeElements();
  }

 protected:
  State state_;

 private:
  void OnAligned(uint64_t checkpoint) final {
    Snapshot(checkpoint, state_, decide_.CopiesStateAtBarrier());
    channels_.Broadcast(Barrier{checkpoint});
  }
};

struct MapState {
  std::map<uint64_t, uint64_t> effects;                       // Records taken, of each source.
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> numbers;  // Of each source and key.
};

class Map final : public Operator<MapState> {
 public:
  using Operator::Operator;

 private:
  void OnRecord(const Element& element) override {
    const Scan& m = std::get<Scan>(element);
    if (job_.work > 0ns) env_.Sleep(job_.work);
    ++state_.effects[m.source];
    const uint64_t number = ++state_.numbers[{m.source, m.key}];
    channels_.Send(channels_.outputs()[WindowOf(job_, m.key)],
                   Counted{m.source, m.offset, m.key, number});
  }
  void OnOldestWindow(uint64_t window) override {
    if (window > std::exchange(oldest_, window)) channels_.Broadcast(Watermark{window});
  }

  uint64_t oldest_ = 0;
};

struct WindowState {
  std::map<uint64_t, uint64_t> effects;
  std::map<uint64_t, std::map<uint64_t, uint64_t>> open;  // Sums of windows, and keys in them.
};

class Window final : public Operator<WindowState> {
 public:
  using Operator::Operator;

 private:
  void OnRecord(const Element& element) override {
    const Counted& m = std::get<Counted>(element);
    if (job_.work > 0ns) env_.Sleep(job_.work);
    ++state_.effects[m.source];
    state_.open[m.offset / job_.window][m.key] += m.number;
  }
  void OnOldestWindow(uint64_t window) override {
    while (!state_.open.empty() && state_.open.begin()->first < window) {
      const auto closed = state_.open.extract(state_.open.begin());
      for (const auto& [key, sum] : closed.mapped()) {
        channels_.Send(channels_.outputs()[SinkOf(job_, key)], Result{key, closed.key(), sum});
      }
    }
    if (window > std::exchange(oldest_, window)) channels_.Broadcast(Watermark{window});
  }

  uint64_t oldest_ = 0;
};

}  // namespace reprise::dataflow
