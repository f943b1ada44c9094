#include "protocols/placement/hash_ring.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/choices.h"

namespace reprise::placement {

uint64_t RingDecisions::Hash(uint64_t x) { return Choices::Mix(Choices::Mix(x) + x); }

void HashRing::Reset(const std::set<NodeId>& nodes) {
  nodes_ = nodes;
  points_.clear();
  uint64_t index = 0;
  for (const NodeId node : nodes) {
    for (uint64_t vnode = 0; vnode < vnodes_; ++vnode) {
      points_.emplace(decide_.Position(node, index, vnode), node);
    }
    ++index;
  }
}

HashRing::Points::const_iterator HashRing::PointOf(uint64_t key) const {
  CHECK(!points_.empty());
  const auto at = points_.lower_bound(PlaceOf(key));
  if (at != points_.end()) return at;
  return decide_.WrapsToFirst() ? points_.begin() : std::prev(points_.end());
}

HashRing::Points::const_iterator HashRing::After(Points::const_iterator at) const {
  ++at;
  return at == points_.end() ? points_.begin() : at;
}

NodeId HashRing::OwnerOf(uint64_t key) const { return PointOf(key)->second; }

std::vector<NodeId> HashRing::PreferenceList(uint64_t key, size_t count,
                                             const ZoneOf& zone_of) const {
  std::vector<NodeId> list;
  if (points_.empty()) return list;
  const bool any = decide_.CountsVirtualNodes();
  const bool zones_first = zone_of && decide_.SpreadsOverZones() && !any;
  for (const bool new_zones : {true, false}) {
    if (new_zones && !zones_first) continue;
    auto at = PointOf(key);
    for (size_t seen = 0; seen < points_.size() && list.size() < count; ++seen, at = After(at)) {
      const bool there = std::ranges::any_of(list, [&](NodeId node) {
        return node == at->second || (new_zones && zone_of(node) == zone_of(at->second));
      });
      if (!there || any) list.push_back(at->second);
    }
  }
  return list;
}

HashRing::Placed HashRing::Place(uint64_t key, const std::map<NodeId, uint64_t>& load,
                                 uint64_t keys, uint64_t per_mille) const {
  const uint64_t capacity = decide_.Capacity(keys, nodes_.size(), per_mille);
  auto at = PointOf(key);
  for (uint64_t probes = 1; probes <= points_.size(); ++probes, at = After(at)) {
    const auto has = load.find(at->second);
    if ((has == load.end() ? 0 : has->second) < capacity) return {at->second, probes};
  }
  return {kNobody, points_.size()};
}

std::map<NodeId, uint64_t> HashRing::Shares() const {
  std::map<NodeId, uint64_t> shares;
  if (points_.empty()) return shares;
  uint64_t before = points_.rbegin()->first;
  for (const auto& [place, node] : points_) {
    shares[node] += place - before;  // The first one's goes round, as the numbers do.
    before = place;
  }
  return shares;
}

}  // namespace reprise::placement
