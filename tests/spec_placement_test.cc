// Oracles of where things are: copies in different zones, loads within their bound. Each with
// histories that it rejects, and legal ones that look odd.

#include <gtest/gtest.h>

#include "models/spec/bounded_load.h"
#include "models/spec/zones_apart.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4}, n5{5}, n6{6};

// n1 and n4 stand in one zone, n2 and n5, n3 and n6.
ZonesApart Zones() {
  return ZonesApart([](NodeId node) { return (Index(node) - 1) % 3; });
}

TEST(ZonesApartTest, RejectsTwoCopiesInOneZoneWhereThereAreEnough) {
  ZonesApart oracle = Zones();
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3, n4, n5, n6}, {{n1, n2, n3}, {n4, n6, n2}}}));
  EXPECT_TRUE(Tell(oracle, Placed{{n1, n2, n3, n4, n5, n6}, {{n1, n2, n3}, {n1, n4, n2}}}));
}

TEST(ZonesApartTest, RejectsANodeThatIsThereTwice) {
  ZonesApart oracle = Zones();
  EXPECT_TRUE(Tell(oracle, Placed{{n1, n2, n3}, {{n1, n1, n3}}}));
}

TEST(ZonesApartTest, AcceptsAsManyZonesAsThereAre) {
  ZonesApart oracle = Zones();
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n4, n5}, {{n1, n4, n2}}})) << "the third is gone";
  EXPECT_TRUE(Tell(oracle, Placed{{n1, n2, n4, n5, n6}, {{n1, n4, n2}}})) << "and back";
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n4}, {{n1, n4}, {}}}));
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3}, {{n3}}})) << "fewer copies than zones";
}

TEST(BoundedLoadTest, AcceptsTheShareRoundedUpAndRejectsMore) {
  BoundedLoad oracle;
  EXPECT_FALSE(Tell(oracle, Loads{1, 1250, {1, 0, 0}})) << "one key is a whole load";
  EXPECT_FALSE(Tell(oracle, Loads{10, 1250, {5, 5, 0}})) << "ceil(4.17)";
  EXPECT_TRUE(Tell(oracle, Loads{10, 1250, {6, 4, 0}}));
  EXPECT_FALSE(Tell(oracle, Loads{10, 1250, {10}})) << "one server is left";
  EXPECT_FALSE(Tell(oracle, Loads{10, 1250, {}})) << "none is left";
  EXPECT_TRUE(Tell(oracle, Loads{0, 1250, {1}}));
}

}  // namespace
}  // namespace reprise::models
