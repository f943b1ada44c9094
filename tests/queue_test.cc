// The queue against the plainest one there is.

#include "sim/queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace reprise {
namespace {

// Looks through everything for the least (time, tie, order of arrival).
class Reference {
 public:
  void Push(const Queue::Entry& entry) { all_.push_back({entry, next_++}); }
  Queue::Entry Pop() {
    const auto least = std::ranges::min_element(all_, {}, [](const Item& item) {
      return std::tuple(item.entry.at, item.entry.tie, item.sequence);
    });
    const Queue::Entry entry = least->entry;
    all_.erase(least);
    return entry;
  }
  bool empty() const { return all_.empty(); }

 private:
  struct Item {
    Queue::Entry entry;
    uint64_t sequence;
  };
  std::vector<Item> all_;
  uint64_t next_ = 0;
};

struct Lcg {
  uint64_t state;
  uint64_t operator()(uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

// Pushes and pops at random, times never before the last popped one, and compares.
void Compare(uint64_t seed, int64_t spread, uint64_t ties, bool far) {
  Lcg random{seed};
  Queue queue;
  Reference reference;
  int64_t now = 0;
  uint32_t index = 0;
  const auto pop = [&] {
    const Queue::Entry expected = reference.Pop();
    const Queue::Entry got = queue.Pop();
    ASSERT_EQ(got.index, expected.index) << "seed " << seed;
    ASSERT_EQ(got.at, expected.at);
    ASSERT_EQ(got.tie, expected.tie);
    now = got.at;
  };
  for (int step = 0; step < 3000; ++step) {
    if (reference.empty() || random(100) < 55) {
      const int64_t leap = far && random(50) == 0 ? int64_t{1} << random(61) : 0;
      const auto after = static_cast<int64_t>(random(static_cast<uint64_t>(spread)));
      if (now > INT64_MAX - leap - after) continue;
      const Queue::Entry entry{now + leap + after, ++index, 1, 3,
                               static_cast<uint32_t>(random(ties)) & 7};
      queue.Push(entry);
      reference.Push(entry);
    } else {
      ASSERT_NO_FATAL_FAILURE(pop());
    }
    ASSERT_EQ(queue.empty(), reference.empty());
  }
  while (!reference.empty()) ASSERT_NO_FATAL_FAILURE(pop());
  ASSERT_TRUE(queue.empty());
}

TEST(Queue, IsAStableSort) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Compare(seed, 1, 1, false);  // One moment.
    Compare(seed, 3, 8, false);  // Many ties.
    Compare(seed, 1000, 2, false);
    Compare(seed, 1'000'000'000, 8, true);  // Times that differ in every bit.
  }
}

TEST(Queue, LatestTimes) {
  Queue queue;
  queue.Push({INT64_MAX, 2, 0, 0, 0});
  queue.Push({INT64_MAX - 1, 1, 0, 0, 0});
  queue.Push({0, 0, 0, 0, 0});
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(queue.Pop().index, i);
}

TEST(Queue, ClearLeavesNothingOfTheRunBefore) {
  Queue queue;
  for (uint32_t i = 0; i < 100; ++i) queue.Push({int64_t{1} << (i % 60), i, 0, 0, uint16_t(i % 3)});
  for (int i = 0; i < 50; ++i) queue.Pop();
  queue.Clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  queue.Push({1, 7, 0, 0, 2});  // Earlier than what was popped before.
  queue.Push({1, 8, 0, 0, 0});
  EXPECT_EQ(queue.Pop().index, 8u);
  EXPECT_EQ(queue.Pop().index, 7u);
  EXPECT_TRUE(queue.empty());
}

// A quadratic queue would move 10^10 entries or more here, and this test would never end.
TEST(Queue, BurstsOfEqualTimesAreLinear) {
  constexpr uint32_t kBurst = 400'000;
  for (const uint32_t ties : {1u, 8u}) {
    Queue queue;
    for (uint32_t round = 0; round < 3; ++round) {
      for (uint32_t i = 0; i < kBurst; ++i) {
        queue.Push({1000 * (round + 1), i, 0, 0, static_cast<uint16_t>(i % ties)});
      }
      uint32_t expected = 0;
      for (uint32_t i = 0; i < kBurst; ++i) {
        ASSERT_EQ(queue.Pop().index, expected);
        expected += ties;
        if (expected >= kBurst) expected = expected % ties + 1;
      }
      ASSERT_TRUE(queue.empty());
    }
  }
}

}  // namespace
}  // namespace reprise
