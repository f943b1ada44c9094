// The channels of one task, in one attempt: FIFO, exactly once, and with back pressure.
//
// Below is a network that loses, repeats and reorders; blocks/fifo.h makes order of it. A receiver
// gives each sender credit for so many elements, and more as it takes them (Flink's credit-based
// flow control); a sender without credit waits, and so does all that is behind it. A blocked input
// keeps what it has: that is how barriers are aligned.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "protocols/blocks/fifo.h"
#include "protocols/dataflow/calls.h"
#include "protocols/dataflow/messages.h"
#include "sim/sync.h"

namespace reprise::dataflow {

class Channels {
 public:
  static constexpr uint64_t kBuffers = 8;  // Elements on each channel that were not taken.

  // REQUIRES: the fifo is open, and stays so until Close.
  Channels(Env& env, Fifo<Element>& fifo, const std::vector<NodeId>& inputs,
           std::vector<NodeId> outputs)
      : fifo_(fifo), outputs_(std::move(outputs)), changed_(env) {
    for (NodeId from : inputs) inputs_[from];
    for (NodeId to : outputs_) credit_[to] = kBuffers;
  }

  const std::vector<NodeId>& outputs() const { return outputs_; }
  size_t inputs() const { return inputs_.size(); }

  // Waits for credit. Like all that waits here, throws Cancelled once the channels are closed.
  void Send(NodeId to, const Element& element) {
    AwaitOrThrow([&] { return credit_[to] > 0; });
    --credit_[to];
    fifo_.Send(to, element);
  }
  void Broadcast(const Element& element) {
    for (NodeId to : outputs_) Send(to, element);
  }

  // The element that has waited longest on an input that is not blocked.
  std::pair<NodeId, Element> Next() {
    auto oldest = inputs_.end();
    AwaitOrThrow([&] { return (oldest = Oldest()) != inputs_.end(); });
    Input& input = oldest->second;
    Element element = std::move(input.waiting.front().second);
    input.waiting.pop_front();
    if (++input.taken == kBuffers / 2) {
      fifo_.Send(oldest->first, Credit{std::exchange(input.taken, 0)});
    }
    return {oldest->first, std::move(element)};
  }

  void Block(NodeId input) { inputs_[input].blocked = true; }
  void UnblockAll() {
    for (auto& [from, input] : inputs_) input.blocked = false;
  }

  // What the fifo delivers.
  void OnElement(NodeId from, const Element& element) {
    if (const auto* credit = std::get_if<Credit>(&element)) {
      credit_[from] += credit->elements;
    } else {
      Input& input = inputs_[from];
      input.waiting.emplace_back(++arrived_, element);
      CHECK(input.waiting.size() <= kBuffers);
    }
    changed_.NotifyAll();
  }

  void Close() {
    closed_ = true;
    changed_.NotifyAll();
  }

 private:
  struct Input {
    std::deque<std::pair<uint64_t, Element>> waiting;  // With the order of arrival of each.
    uint64_t taken = 0;                                // Since credit was last given.
    bool blocked = false;
  };

  std::map<NodeId, Input>::iterator Oldest() {
    auto oldest = inputs_.end();
    for (auto at = inputs_.begin(); at != inputs_.end(); ++at) {
      if (at->second.blocked || at->second.waiting.empty()) continue;
      if (oldest == inputs_.end() ||
          at->second.waiting.front().first < oldest->second.waiting.front().first) {
        oldest = at;
      }
    }
    return oldest;
  }

  template <class Predicate>
  void AwaitOrThrow(Predicate holds) {
    changed_.Await([&] { return closed_ || holds(); });
    if (closed_) throw Cancelled();
  }

  Fifo<Element>& fifo_;
  const std::vector<NodeId> outputs_;
  std::map<NodeId, Input> inputs_;
  std::map<NodeId, uint64_t> credit_;
  uint64_t arrived_ = 0;
  bool closed_ = false;
  Condition changed_;
};

}  // namespace reprise::dataflow
