// What must never go back, such as a term, a ballot, or the version of a block: within one life of
// a node the value of each object only grows, or stays.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "sim/oracle.h"

namespace reprise::models {

// That object now has that value. A life is a boot, or 0 for what must survive boots as well.
struct ValueIs {
  uint64_t life, object, value;
};

class NeverFalls final : public Oracle {
 public:
  // `what` completes the sentence "n3's ... 5 fell from 7 to 6".
  explicit NeverFalls(std::string what) : what_(std::move(what)) {}

  std::string name() const override { return "never-falls"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const ValueIs& m) {
      uint64_t& highest = highest_[{event.node, m.life, m.object}];
      if (m.value < highest) {
        complaint = Name(event.node) + "'s " + what_ + " " + std::to_string(m.object) +
                    " fell from " + std::to_string(highest) + " to " + std::to_string(m.value);
      }
      highest = m.value;
    });
    return complaint;
  }

 private:
  std::string what_;
  std::map<std::tuple<NodeId, uint64_t, uint64_t>, uint64_t> highest_;
};

}  // namespace reprise::models
