// A throttle holds: in any window of so long, each node reports a fact at most so many times.

#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "sim/oracle.h"

namespace reprise::models {

template <class Fact>
class BoundedRate final : public Oracle {
 public:
  // `what` completes the sentence "n3 has ... 12 times within 100.000 ms, and 7 are allowed".
  BoundedRate(Duration window, size_t most, std::string what)
      : window_(window), most_(most), what_(std::move(what)) {}

  std::string name() const override { return "bounded-rate"; }

  // A node that restarts begins anew: it does not know what its earlier life has used.
  EventKinds Watches() const override { return MaskOf(Event::Kind::kBoot); }
  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kBoot) reported_[event.node].clear();
    return std::nullopt;
  }

  Complaint OnFact(const Event& event) override {
    if (!event.As<Fact>()) return std::nullopt;
    std::deque<Time>& reported = reported_[event.node];
    reported.push_back(event.at);
    while (reported.front() + window_ <= event.at) reported.pop_front();
    if (reported.size() <= most_) return std::nullopt;
    return Name(event.node) + " has " + what_ + " " + std::to_string(reported.size()) +
           " times within " + Millis(window_.count()) + ", and " + std::to_string(most_) +
           " are allowed";
  }

 private:
  Duration window_;
  size_t most_;
  std::string what_;
  std::map<NodeId, std::deque<Time>> reported_;
};

}  // namespace reprise::models
