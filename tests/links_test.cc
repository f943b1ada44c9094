// Numbers for each link (sim/network.h), in the arrays that they lie in (sim/zeros.h).

#include <gtest/gtest.h>

#include "sim/network.h"
#include "sim/zeros.h"

namespace reprise {
namespace {

NodeId N(size_t id) { return NodeId{static_cast<uint32_t>(id)}; }

// In all three forms: a number, a byte and a number above it, and a hash table.
TEST(LinkCounts, CountEachLinkByItself) {
  for (const size_t nodes : {2, 64, 65, 1000, 5000}) {
    LinkCounts counts(nodes);
    for (uint32_t i = 1; i <= 1000; ++i) {
      ASSERT_EQ(counts.Next(N(1), N(nodes)), i) << nodes;
      ASSERT_EQ(counts.Next(N(nodes), N(1)), i) << nodes;
      ASSERT_EQ(counts.Next(N(nodes), N(nodes)), i) << nodes;
    }
    EXPECT_EQ(counts.Next(N(1), N(1)), 1u) << nodes;
  }
}

TEST(PerLink, IsZeroUntilItIsSet) {
  for (const size_t nodes : {3, 1000, 5000}) {
    PerLink<int64_t> numbers(nodes);
    numbers.At(N(2), N(3)) = 7;
    EXPECT_EQ(numbers.At(N(2), N(3)), 7);
    EXPECT_EQ(numbers.At(N(3), N(2)), 0);
    EXPECT_EQ(numbers.At(N(nodes), N(nodes)), 0);
  }
}

TEST(Zeros, AreZeroFromEndToEnd) {
  for (const size_t count : {1, 1000, 65'536, 600'000}) {
    for (int round = 0; round < 2; ++round) {
      const ZeroedArray<uint64_t> zeros = Zeros<uint64_t>(count);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(zeros[i], 0u) << i << " of " << count;
        zeros[i] = ~uint64_t{0};
      }
    }
  }
}

}  // namespace
}  // namespace reprise
