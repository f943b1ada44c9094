// Consistent hashing: which nodes hold a key, so that a node that joins or leaves moves only keys
// of its own.
//
// After D. Karger, E. Lehman, T. Leighton, R. Panigrahy, M. Levine and D. Lewin, "Consistent
// Hashing and Random Trees", STOC 1997; virtual nodes and preference lists as in G. DeCandia et
// al., "Dynamo", SOSP 2007; bounded loads as in V. Mirrokni, M. Thorup and M. Zadimoghaddam,
// "Consistent Hashing with Bounded Loads", SODA 2018.
//
//   Positions.   Each node has V points on a circle of 2^64 places, its virtual nodes. Where they
//                lie depends on the node's name alone, so that all who know the same nodes agree.
//   Lookup.      A key belongs to the first point at its place or after it; past the last point
//                comes the first.
//   Preference   list of a key: the first N *distinct* nodes met on the way round; of nodes that
//                stand in zones, first those of zones that the list does not have yet.
//   Bounded      loads: a node that has its share, ceil((1 + epsilon) * keys / nodes) with the key
//                that is coming among them, is passed by.
//
// With n nodes the relative standard deviation of their shares is sqrt((n - 1) / (n V + 1));
// models/theory/placement.h has that and more.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "sim/time.h"

namespace reprise::placement {

// The decisions of the ring. Each is a pure function, and these are the right ones.
struct RingDecisions {
  // Where a virtual node lies, by the node's name and by its index among all nodes of the ring.
  uint64_t (*Position)(NodeId node, uint64_t index, uint64_t vnode) = [](NodeId node, uint64_t,
                                                                         uint64_t vnode) {
    return RingDecisions::Hash(Index(node) * 0x9e3779b97f4a7c15 + vnode);
  };
  // Whether a preference list is of virtual nodes, as they come, so that a node may be in it twice.
  bool (*CountsVirtualNodes)() = [] { return false; };
  // Whether zones that the list does not have yet come first.
  bool (*SpreadsOverZones)() = [] { return true; };
  // Whether what lies past the last point belongs to the first.
  bool (*WrapsToFirst)() = [] { return true; };
  // How many keys a node may have, when there are so many with the one that is coming, in units of
  // which `per_mille` make 1 + epsilon.
  uint64_t (*Capacity)(uint64_t keys, uint64_t nodes,
                       uint64_t per_mille) = [](uint64_t keys, uint64_t nodes, uint64_t per_mille) {
    return (keys * per_mille + nodes * 1000 - 1) / (nodes * 1000);
  };

  // A 64-bit mixer, SplitMix64's finaliser twice: neighbouring names lie far apart.
  static uint64_t Hash(uint64_t x);
};

class HashRing {
 public:
  using ZoneOf = std::function<uint32_t(NodeId)>;

  explicit HashRing(uint64_t vnodes = 64, const RingDecisions& decide = {})
      : vnodes_(vnodes), decide_(decide) {}

  // The ring of exactly these nodes. Equal sets give equal rings, whatever their order.
  void Reset(const std::set<NodeId>& nodes);
  const std::set<NodeId>& nodes() const { return nodes_; }
  bool empty() const { return points_.empty(); }

  // Where a key lies.
  static uint64_t PlaceOf(uint64_t key) { return RingDecisions::Hash(~key); }
  // The node that a key belongs to. REQUIRES: there are nodes.
  NodeId OwnerOf(uint64_t key) const;
  // The first `count` nodes of the key's preference list; fewer where there are fewer nodes.
  std::vector<NodeId> PreferenceList(uint64_t key, size_t count,
                                     const ZoneOf& zone_of = nullptr) const;

  // The node that takes the key, where each may have no more than its capacity; and how many points
  // were asked. Nobody, where all of a whole round were full. `load` is what each has already.
  struct Placed {
    NodeId node = kNobody;
    uint64_t probes = 0;
  };
  Placed Place(uint64_t key, const std::map<NodeId, uint64_t>& load, uint64_t keys,
               uint64_t per_mille) const;

  // The part of the circle that belongs to each node, in units of 2^-64.
  std::map<NodeId, uint64_t> Shares() const;

 private:
  using Points = std::map<uint64_t, NodeId>;
  Points::const_iterator PointOf(uint64_t key) const;
  Points::const_iterator After(Points::const_iterator at) const;

  uint64_t vnodes_;
  RingDecisions decide_;
  std::set<NodeId> nodes_;
  Points points_;
};

}  // namespace reprise::placement
