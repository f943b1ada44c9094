// What heals itself must have healed soon after the storm: within a bound of virtual time from the
// beginning of the calm, each of some nodes must report that it has. What that means is up to the
// fact: Progress will do for a server, Returned for a client, a leader elected, a ring closed.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/oracle.h"
#include "sim/scenario.h"

namespace reprise::models {

// Something useful was done.
struct Progress {};

// A node will do nothing any more, in this boot or a later one, and rightly so: its disk is
// damaged.
struct Halted {};

// Only reports from the calm count: that all was well before the last fault proves nothing.
template <class Fact>
class Converges final : public Oracle {
 public:
  using Holds = std::function<bool(const Fact&)>;

  // Each of `nodes` must report a Fact of which `holds` is true; where there are none, any node
  // will do. `what` completes the sentence "n3 has not ... within 2000.000 ms of calm".
  // Where more nodes are gone than `gone_at_most` -- halted, or left out of the calm -- nobody owes
  // anything.
  Converges(Duration bound, std::string what, std::vector<NodeId> nodes = {}, Holds holds = nullptr,
            size_t gone_at_most = SIZE_MAX)
      : bound_(bound),
        what_(std::move(what)),
        missing_(std::move(nodes)),
        holds_(std::move(holds)),
        gone_at_most_(gone_at_most) {
    if (missing_.empty()) missing_.push_back(kNobody);
  }

  std::string name() const override { return "converges"; }

  EventKinds Watches() const override {
    return MaskOf(Event::Kind::kCalm) | MaskOf(Event::Kind::kLeftOut);
  }
  Time Deadline() const override {
    return missing_.empty() || !deadline_ ? Time::max() : *deadline_;
  }

  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kCalm && !deadline_) {
      quiesced_ = event.id == static_cast<uint64_t>(Calm::kQuiesce);
      if (!quiesced_) deadline_ = event.at + bound_;
    }
    if (event.kind == Event::Kind::kLeftOut) Lose(event.node);
    return Overdue(event);
  }

  Complaint OnFact(const Event& event) override {
    if (event.message.Is<Halted>()) Lose(event.node);
    if (!deadline_) return std::nullopt;
    if (Complaint complaint = Overdue(event)) return complaint;
    const std::optional<Fact> fact = event.As<Fact>();
    if (!fact || (holds_ && !holds_(*fact))) return std::nullopt;
    std::erase_if(missing_, [&](NodeId node) { return node == event.node || node == kNobody; });
    return std::nullopt;
  }

  // A run may end before the bound has passed, because nothing more would happen in it.
  Complaint AtEnd() override {
    if (!deadline_ || missing_.empty() || TooManyGone()) return std::nullopt;
    return Missing();
  }

  std::optional<std::string> Undecided() const override {
    if (deadline_ || quiesced_) return std::nullopt;
    return "no calm began in which anything could converge";
  }

  std::optional<std::string> Skipped() const override {
    if (quiesced_) return "nothing healed in this calm, so nothing need converge";
    if (TooManyGone()) return "more nodes are gone than may be, so nothing need converge";
    return std::nullopt;
  }

 private:
  Complaint Overdue(const Event& event) const {
    if (!deadline_ || missing_.empty() || event.at <= *deadline_) return std::nullopt;
    if (TooManyGone()) return std::nullopt;
    return Missing();
  }

  // A node that is gone owes nothing; what any node will do, another can do.
  void Lose(NodeId node) {
    std::erase(missing_, node);
    gone_.insert(node);
  }
  bool TooManyGone() const { return gone_.size() > gone_at_most_; }

  std::string Missing() const {
    const NodeId node = missing_.front();
    return (node == kNobody ? "no node" : Name(node)) + " has " + (node == kNobody ? "" : "not ") +
           what_ + " within " + Millis(bound_.count()) + " of calm";
  }

  Duration bound_;
  std::string what_;
  std::vector<NodeId> missing_;
  Holds holds_;
  size_t gone_at_most_;
  std::set<NodeId> gone_;
  std::optional<Time> deadline_;
  bool quiesced_ = false;
};

}  // namespace reprise::models
