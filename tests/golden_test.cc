// Values that must be the same with every compiler, option and machine, and from release to
// release: where one of them changes, every seed and every trace means another run (say so in
// CHANGELOG.md).

#include <gtest/gtest.h>

#include "sim/choices.h"
#include "sim/codec.h"
#include "sim/timeline.h"

namespace reprise {
namespace {

TEST(Golden, Draws) {
  const Label label("golden");
  uint64_t sum = 0;
  auto choices = Choices::FromSeed(7);
  for (uint32_t node = 0; node < 3; ++node) {
    for (uint64_t ordinal = 1; ordinal <= 100; ++ordinal) {
      const Address address{{label, NodeId{node}, NodeId{node / 2}}, ordinal};
      sum = sum * 31 + choices.Draw(address, 1'000'000);
      sum = sum * 31 + choices.Rarely(address, OneIn(5), 100);
    }
  }
  EXPECT_EQ(sum, 1734224281260812115u);
}

struct Inner {
  bool yes = false;
  std::optional<uint16_t> some;
};
struct Outer {
  uint8_t small = 0;
  int64_t large = 0;
  std::string text;
  std::vector<Inner> inner;
  std::map<uint32_t, Duration> times;
};

TEST(Golden, Encoding) {
  const Outer outer{1, -2, "ab", {{true, 0x0102}, {false, {}}}, {{5, Duration(6)}}};
  std::string hex;
  for (const char c : Encode(outer)) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[c & 15];
  }
  EXPECT_EQ(hex,
            "01"
            "feffffffffffffff"
            "02000000"
            "6162"
            "02000000"
            "01010201"
            "0000"
            "01000000"
            "050000000600000000000000");
}

TEST(Golden, Digest) {
  Timeline timeline;
  for (uint64_t i = 0; i < 1000; ++i) {
    const Inner inner{i % 2 == 0, static_cast<uint16_t>(i)};
    timeline.Add(Event::Kind::kFact, AtNanos(static_cast<int64_t>(i)), NodeId{1}, NodeId{2}, i,
                 &internal::kType<Inner>, Encode(inner));
  }
  EXPECT_EQ(timeline.digest(), 15828102921772670989u);
}

}  // namespace
}  // namespace reprise
