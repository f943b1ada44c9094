#include "protocols/placement/hash_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace reprise::placement {
namespace {

std::set<NodeId> Nodes(uint32_t count) {
  std::set<NodeId> nodes;
  for (uint32_t i = 1; i <= count; ++i) nodes.insert(NodeId{i});
  return nodes;
}

HashRing RingOf(const std::set<NodeId>& nodes, uint64_t vnodes = 64,
                const RingDecisions& decide = {}) {
  HashRing ring(vnodes, decide);
  ring.Reset(nodes);
  return ring;
}

TEST(HashRingTest, ALeavingNodeMovesItsKeysOnly) {
  const HashRing all = RingOf(Nodes(10));
  std::set<NodeId> rest = Nodes(10);
  rest.erase(NodeId{4});
  const HashRing without = RingOf(rest);
  int moved = 0;
  constexpr int kKeys = 20'000;
  for (uint64_t key = 0; key < kKeys; ++key) {
    if (all.OwnerOf(key) == NodeId{4}) {
      ++moved;
      EXPECT_NE(without.OwnerOf(key), NodeId{4});
    } else {
      ASSERT_EQ(all.OwnerOf(key), without.OwnerOf(key));
    }
  }
  // And so a joining one takes keys for itself only, about one in ten.
  EXPECT_NEAR(moved, kKeys / 10, kKeys / 10 * .5);
}

TEST(HashRingTest, PreferenceListsHaveDistinctNodesAndBeginWithTheOwner) {
  const HashRing ring = RingOf(Nodes(7));
  for (uint64_t key = 0; key < 2000; ++key) {
    const std::vector<NodeId> list = ring.PreferenceList(key, 3);
    ASSERT_EQ(list.size(), 3u);
    EXPECT_EQ(list[0], ring.OwnerOf(key));
    EXPECT_EQ(std::set<NodeId>(list.begin(), list.end()).size(), 3u);
  }
  EXPECT_EQ(RingOf(Nodes(2)).PreferenceList(1, 3).size(), 2u);
  EXPECT_TRUE(RingOf({}).PreferenceList(1, 3).empty());
}

TEST(HashRingTest, AListIsTheRestOfItselfWhenItsFirstNodeLeaves) {
  const HashRing all = RingOf(Nodes(8));
  for (uint64_t key = 0; key < 500; ++key) {
    const std::vector<NodeId> before = all.PreferenceList(key, 4);
    std::set<NodeId> rest = Nodes(8);
    rest.erase(before[0]);
    const std::vector<NodeId> after = RingOf(rest).PreferenceList(key, 3);
    EXPECT_TRUE(std::equal(after.begin(), after.end(), before.begin() + 1));
  }
}

uint32_t ThreeZones(NodeId node) { return Index(node) % 3; }

TEST(HashRingTest, ListsTakeNewZonesFirst) {
  const HashRing ring = RingOf(Nodes(7));
  for (uint64_t key = 0; key < 2000; ++key) {
    const std::vector<NodeId> list = ring.PreferenceList(key, 4, ThreeZones);
    ASSERT_EQ(std::set<NodeId>(list.begin(), list.end()).size(), 4u);
    EXPECT_EQ(list[0], ring.OwnerOf(key));
    std::set<uint32_t> zones;
    for (size_t i = 0; i < 3; ++i) zones.insert(ThreeZones(list[i]));
    EXPECT_EQ(zones.size(), 3u);
  }
}

// Whichever node leaves: of the others in a list none goes, and one comes where it was.
TEST(HashRingTest, ListsOverZonesMoveAsLittle) {
  for (const uint32_t count : {4, 6, 7, 9}) {
    const HashRing all = RingOf(Nodes(count), 16);
    for (const NodeId gone : Nodes(count)) {
      std::set<NodeId> rest = Nodes(count);
      rest.erase(gone);
      const HashRing without = RingOf(rest, 16);
      for (uint64_t key = 0; key < 200; ++key) {
        std::set<NodeId> stay;
        for (const NodeId node : all.PreferenceList(key, 3, ThreeZones)) stay.insert(node);
        const size_t left = stay.erase(gone);
        for (const NodeId node : without.PreferenceList(key, 3, ThreeZones)) stay.insert(node);
        ASSERT_EQ(stay.size(), 3u) << left << " left of the list of " << key;
      }
    }
  }
}

TEST(HashRingTest, SharesAreTheWholeCircle) {
  const HashRing ring = RingOf(Nodes(100), 100);
  double sum = 0, squares = 0, most = 0;
  for (const auto& [node, share] : ring.Shares()) {
    const double part = static_cast<double>(share) / 0x1p64 * 100;
    sum += part;
    squares += (part - 1) * (part - 1);
    most = std::max(most, part);
  }
  EXPECT_NEAR(sum, 100, 1e-6);
  EXPECT_NEAR(std::sqrt(squares / 100), .0995, .03);
  EXPECT_NEAR(most, 1.272, .1);
}

TEST(HashRingTest, NoNodeHasMoreThanItsCapacity) {
  const HashRing ring = RingOf(Nodes(100), 1);
  for (const uint64_t per_mille : {1100, 1250, 1500, 2000, 3000}) {
    std::map<NodeId, uint64_t> load;
    uint64_t probes = 0;
    constexpr uint64_t kKeys = 10'000;
    for (uint64_t key = 0; key < kKeys; ++key) {
      const auto placed = ring.Place(key, load, key + 1, per_mille);
      ASSERT_NE(placed.node, kNobody);
      ++load[placed.node];
      probes += placed.probes;
      ASSERT_LE(load[placed.node], ((key + 1) * per_mille + 99'999) / 100'000);
    }
    EXPECT_GT(probes, kKeys);
  }
}

// HA-M3: with the rounding down, and without the key that is coming, all can be full.
TEST(HashRingTest, ACapacityRoundedDownCanLeaveNobody) {
  RingDecisions decide;
  decide.Capacity = [](uint64_t keys, uint64_t nodes, uint64_t per_mille) {
    return (keys - 1) * per_mille / (nodes * 1000);
  };
  EXPECT_EQ(RingOf(Nodes(3), 1, decide).Place(7, {}, 1, 1250).node, kNobody);
}

}  // namespace
}  // namespace reprise::placement
