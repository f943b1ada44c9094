// A failure detector's promises, as far as it can make any: who has crashed and stays down is
// suspected within a bound (completeness); and once the storm is over, who has been up for as long
// is suspected no more (accuracy, in the end). In the storm it may be wrong about the living.
//
// Nodes report Suspected (recovery.h) when they begin to suspect a node, and Trusted when they
// cease to. Chandra and Toueg, JACM 43(2), 1996, have the terms.

#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/recovery.h"
#include "sim/oracle.h"

namespace reprise::models {

struct Trusted {
  NodeId node;  // Not suspected any more.
};

class Detects final : public Oracle {
 public:
  // Of these nodes.
  Detects(Duration bound, std::vector<NodeId> nodes) : bound_(bound), nodes_(std::move(nodes)) {}

  std::string name() const override { return "detects"; }

  EventKinds Watches() const override {
    return MaskOf(Event::Kind::kCrash) | MaskOf(Event::Kind::kBoot) | MaskOf(Event::Kind::kCalm);
  }

  Complaint OnEvent(const Event& event) override {
    latest_ = std::max(latest_, event.at);
    if (event.kind == Event::Kind::kCalm && !calm_) calm_ = event.at;
    if (std::ranges::count(nodes_, event.node) == 0) return std::nullopt;
    if (event.kind == Event::Kind::kCrash) {
      down_.emplace(event.node, event.at);
    } else if (event.kind == Event::Kind::kBoot) {
      up_since_[event.node] = event.at;
      const Complaint complaint = Undetected(event.node, event.at);
      down_.erase(event.node);
      return complaint;
    }
    return std::nullopt;
  }

  Complaint OnFact(const Event& event) override {
    latest_ = std::max(latest_, event.at);
    Complaint complaint;
    event.Match(
        [&](const Suspected& m) {
          complaint = Undetected(m.node, event.at);
          suspected_[m.node] = event.at;
          if (!complaint) complaint = FalseAlarm(m.node, event.at);
        },
        [&](const Trusted& m) { suspected_.erase(m.node); });
    return complaint;
  }

  Complaint AtEnd() override {
    for (const NodeId node : nodes_) {
      if (Complaint complaint = Undetected(node, latest_)) return complaint;
      if (suspected_.contains(node)) {
        if (Complaint complaint = FalseAlarm(node, latest_)) return complaint;
      }
    }
    return std::nullopt;
  }

 private:
  Complaint Undetected(NodeId node, Time now) const {
    const auto at = down_.find(node);
    if (at == down_.end() || now <= at->second + bound_ || suspected_.contains(node)) {
      return std::nullopt;
    }
    return Name(node) + " was down from " + Millis(at->second) + " to " + Millis(now) +
           ", and not suspected within " + Millis(bound_.count());
  }

  Complaint FalseAlarm(NodeId node, Time now) const {
    const auto up = up_since_.find(node);
    if (!calm_ || down_.contains(node)) return std::nullopt;
    const Time since = std::max(*calm_, up == up_since_.end() ? Time{} : up->second);
    if (now <= since + bound_) return std::nullopt;
    return Name(node) + " is suspected at " + Millis(now) + ", though up and undisturbed since " +
           Millis(since);
  }

  Duration bound_;
  std::vector<NodeId> nodes_;
  std::map<NodeId, Time> down_;       // And not back, since then.
  std::map<NodeId, Time> up_since_;   // The last boot.
  std::map<NodeId, Time> suspected_;  // Since then, and not trusted again.
  std::optional<Time> calm_;
  Time latest_{};
};

}  // namespace reprise::models
