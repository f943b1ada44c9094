// Copies of one object stand in different zones, as far as there are members in so many: what is
// lost with one zone is one copy.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/minimal_movement.h"
#include "sim/oracle.h"

namespace reprise::models {

// Judges each Placed. A list that names a node twice has that node's zone once.
class ZonesApart final : public Oracle {
 public:
  explicit ZonesApart(std::function<uint32_t(NodeId)> zone_of) : zone_of_(std::move(zone_of)) {}

  std::string name() const override { return "zones-apart"; }

  Complaint OnFact(const Event& event) override {
    const auto placed = event.As<Placed>();
    if (!placed) return std::nullopt;
    const size_t there = ZonesOf(placed->members);
    for (size_t object = 0; object < placed->lists.size(); ++object) {
      const auto& list = placed->lists[object];
      const size_t zones = ZonesOf(list);
      if (zones >= std::min(list.size(), there)) continue;
      return "object " + std::to_string(object) + " has " + std::to_string(list.size()) +
             " copies in " + std::to_string(zones) + " of " + std::to_string(there) + " zones";
    }
    return std::nullopt;
  }

 private:
  size_t ZonesOf(const std::vector<NodeId>& nodes) const {
    std::set<uint32_t> zones;
    for (const NodeId node : nodes) zones.insert(zone_of_(node));
    return zones.size();
  }

  std::function<uint32_t(NodeId)> zone_of_;
};

}  // namespace reprise::models
