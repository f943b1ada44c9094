// When members of a placement change, only what must move does: a member that was there before
// comes into a list only in the place of one that left. (Who joins may come into any.) This is what
// consistent hashing promises, Karger et al., STOC 1997, for lists as for single owners.

#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/oracle.h"

namespace reprise::models {

// From now on these are the members, and who holds object 0, 1, 2...
struct Placed {
  std::vector<NodeId> members;
  std::vector<std::vector<NodeId>> lists;
};

class MinimalMovement final : public Oracle {
 public:
  std::string name() const override { return "minimal-movement"; }

  Complaint OnFact(const Event& event) override {
    const auto now = event.As<Placed>();
    if (!now) return std::nullopt;
    Complaint complaint;
    if (before_ && before_->lists.size() == now->lists.size()) complaint = Compare(*before_, *now);
    before_ = now;
    return complaint;
  }

 private:
  static bool Has(const std::vector<NodeId>& nodes, NodeId node) {
    return std::ranges::count(nodes, node) > 0;
  }

  static Complaint Compare(const Placed& before, const Placed& now) {
    for (size_t object = 0; object < now.lists.size(); ++object) {
      const auto& old = before.lists[object];
      const auto gone =
          std::ranges::count_if(old, [&](NodeId node) { return !Has(now.members, node); });
      const auto moved = std::ranges::count_if(now.lists[object], [&](NodeId node) {
        return Has(before.members, node) && !Has(old, node);
      });
      if (moved > gone) {
        return "object " + std::to_string(object) + " moved to " + std::to_string(moved) +
               " members that were there before, and " + std::to_string(gone) +
               " of its holders left";
      }
    }
    return std::nullopt;
  }

  std::optional<Placed> before_;
};

}  // namespace reprise::models
