// A consistent cut, judged by what it conserves.
//
// Nodes hold amounts and send amounts to one another, so the total never changes. A snapshot that
// caught every amount exactly once, in a node or on its way between two, is consistent; one that
// lost or doubled some is a state that the system was never in, nor could have been. The same holds
// of what all nodes have after they went back to a snapshot, with what was in transit sent again.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sim/oracle.h"

namespace reprise::models {

// Each is about the part of the node that reports it. A node that crashed and records a snapshot
// again begins with Recorded, and what it had reported of that snapshot before counts no more.
struct Recorded {  // Its own state.
  uint64_t snapshot, amount;
};
struct InTransit {  // What it caught on a channel into it; as often as it likes.
  uint64_t snapshot, amount;
};
struct Complete {  // It has recorded its state and all its channels.
  uint64_t snapshot;
};
// It went back to that snapshot, and now has so much, including what it took in from its channels.
// Nodes that go back together name the same epoch; a node that does it again replaces its part.
struct Restored {
  uint64_t epoch, snapshot, amount;
};

class ConsistentCut final : public Oracle {
 public:
  // Among that many nodes there is `total` altogether.
  ConsistentCut(uint64_t total, uint64_t nodes) : total_(total), nodes_(nodes) {}

  std::string name() const override { return "consistent-cut"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match(
        [&](const Recorded& m) {
          cuts_[m.snapshot][event.node] = {m.amount, false};
        },
        [&](const InTransit& m) { cuts_[m.snapshot][event.node].amount += m.amount; },
        [&](const Complete& m) {
          cuts_[m.snapshot][event.node].complete = true;
          complaint = Judge("snapshot " + std::to_string(m.snapshot), cuts_[m.snapshot]);
        },
        [&](const Restored& m) { complaint = Restore(event.node, m); });
    return complaint;
  }

 private:
  struct Part {
    uint64_t amount = 0;
    bool complete = false;
  };
  using Cut = std::map<NodeId, Part>;
  struct Epoch {
    uint64_t snapshot;
    Cut cut;
  };

  Complaint Restore(NodeId node, const Restored& m) {
    const std::string epoch = "epoch " + std::to_string(m.epoch);
    Epoch& now = epochs_.try_emplace(m.epoch, Epoch{m.snapshot, {}}).first->second;
    if (now.snapshot != m.snapshot) {
      return Name(node) + " went back to snapshot " + std::to_string(m.snapshot) + " in " + epoch +
             ", and others to " + std::to_string(now.snapshot);
    }
    now.cut[node] = {m.amount, true};
    return Judge(epoch, now.cut);
  }

  // A part may be reported again after the whole was complete, so it is judged again each time.
  Complaint Judge(const std::string& what, const Cut& cut) const {
    uint64_t amount = 0, complete = 0;
    for (const auto& [node, part] : cut) {
      amount += part.amount;
      complete += part.complete ? 1 : 0;
    }
    if (complete < nodes_ || amount == total_) return std::nullopt;
    return what + " holds " + std::to_string(amount) + " of " + std::to_string(total_);
  }

  uint64_t total_;
  uint64_t nodes_;
  std::map<uint64_t, Cut> cuts_;
  std::map<uint64_t, Epoch> epochs_;
};

}  // namespace reprise::models
