// Structs to bytes, back and to text; and bytes that are damaged.

#include "sim/codec.h"

#include <gtest/gtest.h>

#include "sim/message.h"

namespace reprise {
namespace {

enum class Colour : uint8_t { kRed, kGreen, kBlue };
enum class Wide : int64_t { kLow = -5 };

struct Nothing {
  bool operator==(const Nothing&) const = default;
};
struct Point {
  int16_t x = 0;
  uint64_t y = 0;
  bool operator==(const Point&) const = default;
  auto operator<=>(const Point&) const = default;
};
struct Numbers {
  bool b = false;
  char c = 0;
  int8_t i8 = 0;
  uint8_t u8 = 0;
  int16_t i16 = 0;
  uint16_t u16 = 0;
  int32_t i32 = 0;
  uint32_t u32 = 0;
  int64_t i64 = 0;
  uint64_t u64 = 0;
  Colour colour{};
  Wide wide{};
  bool operator==(const Numbers&) const = default;
};
struct Everything {
  std::string text;
  std::vector<Point> points;
  std::map<std::string, std::vector<uint32_t>> map;
  std::set<Point> set;
  std::optional<Point> point;
  std::optional<std::string> string;
  std::variant<uint8_t, std::string, Point> choice;
  std::pair<NodeId, std::string> pair;
  std::tuple<bool, int16_t, std::string> tuple;
  std::array<uint16_t, 3> array{};
  Duration duration{};
  Time time{};
  NodeId node{};
  std::vector<bool> bits;
  std::vector<std::optional<std::vector<std::string>>> deep;
  Nothing nothing;
  bool operator==(const Everything&) const = default;
};
struct TwentyFour {
  uint8_t a, b, c, d, e, f, g, h, i, j, k, l;
  std::string m;
  std::optional<int> n;
  std::vector<int> o;
  uint16_t p, q, r, s, t, u, v, w;
  Point x;
  bool operator==(const TwentyFour&) const = default;
};
struct Optionals {
  std::optional<int> a;
  std::optional<std::optional<bool>> b;
  std::optional<std::string> c;
  int d = 0;
  bool operator==(const Optionals&) const = default;
};

Everything Sample() {
  return {.text = "caf\xc3\xa9",
          .points = {{-1, 2}, {3, ~uint64_t{0}}},
          .map = {{"", {}}, {"k", {1, 2, 3}}},
          .set = {{1, 1}, {1, 2}, {-7, 9}},
          .point = Point{5, 6},
          .string = std::nullopt,
          .choice = "chosen",
          .pair = {NodeId{3}, "three"},
          .tuple = {true, -2, "t"},
          .array = {1, 2, 65535},
          .duration = -5ms,
          .time = kForever,
          .node = NodeId{7},
          .bits = {true, false, true, true},
          .deep = {std::nullopt, std::vector<std::string>{"a", ""}},
          .nothing = {}};
}

template <class T>
void ExpectRoundTrip(const T& value) {
  const std::string bytes = Encode(value);
  EXPECT_EQ(bytes.size(), EncodedSize(value));
  const auto back = Decode<T>(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(*back == value);
  EXPECT_EQ(Encode(*back), bytes);
}

TEST(Codec, RoundTrip) {
  ExpectRoundTrip(Nothing{});
  ExpectRoundTrip(Numbers{});
  ExpectRoundTrip(Numbers{true, 'x', -128, 255, -32768, 65535, INT32_MIN, UINT32_MAX, INT64_MIN,
                          UINT64_MAX, Colour::kBlue, Wide::kLow});
  ExpectRoundTrip(Everything{});
  ExpectRoundTrip(Sample());
  ExpectRoundTrip(TwentyFour{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                             "", {}, {}, 13, 14, 15, 16, 17, 18, 19, 20, {21, 22}});
  ExpectRoundTrip(TwentyFour{1,   2, 3,         4,  5,  6,  7,  8,  9,  10, 11, 12,
                             "m", 4, {5, 6, 7}, 13, 14, 15, 16, 17, 18, 19, 20, {21, 22}});
  ExpectRoundTrip(Optionals{});
  ExpectRoundTrip(Optionals{1, std::optional<bool>(), "c", 4});
  ExpectRoundTrip(Optionals{1, std::optional<bool>(true), "", 4});
}

TEST(Codec, BytesAreFixed) {
  // Little-endian, whatever the machine: digests run over these.
  EXPECT_EQ(Encode(Point{-2, 0x0102030405060708}),
            std::string("\xfe\xff\x08\x07\x06\x05\x04\x03\x02\x01"));
  EXPECT_EQ(Encode(std::string("ab")), std::string("\2\0\0\0ab", 6));
  EXPECT_EQ(Encode(std::vector<uint16_t>{1, 2}), std::string("\2\0\0\0\1\0\2\0", 8));
  EXPECT_EQ(Encode(std::optional<uint8_t>()), std::string("\0", 1));
  EXPECT_EQ(Encode(std::optional<uint8_t>(9)), std::string("\1\t"));
  EXPECT_EQ(Encode(std::variant<bool, uint8_t>(uint8_t{5})), std::string("\1\5"));
  EXPECT_EQ(Encode(Duration(258)), std::string("\2\1\0\0\0\0\0\0", 8));
  EXPECT_EQ(Encode(AtNanos(-1)), std::string(8, '\xff'));
  EXPECT_EQ(Encode(NodeId{3}), std::string("\3\0\0\0", 4));
  EXPECT_EQ(Encode(true), "\1");
  EXPECT_EQ(Encode(std::map<uint8_t, bool>{{2, true}, {1, false}}),
            std::string("\2\0\0\0\1\0\2\1", 8));
  EXPECT_EQ(Encode(std::array<uint8_t, 2>{7, 8}), "\7\10");
  EXPECT_EQ(Encode(Nothing{}), "");
}

TEST(Codec, EveryTruncationIsRejected) {
  const std::string bytes = Encode(Sample());
  for (size_t n = 0; n < bytes.size(); ++n) {
    // On the heap at its exact size, so that a sanitizer sees a byte read too many.
    const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<int64_t>(n));
    EXPECT_FALSE(Decode<Everything>(std::string_view(part.data(), n)).has_value()) << n;
  }
  EXPECT_FALSE(Decode<Everything>(bytes + '\0').has_value());
}

TEST(Codec, NoBytesAreNothingButAnEmptyStruct) {
  EXPECT_FALSE(Decode<Point>(std::string_view()).has_value());
  EXPECT_FALSE(Decode<uint8_t>(std::string_view()).has_value());
  EXPECT_TRUE(Decode<Nothing>(std::string_view()).has_value());
  EXPECT_TRUE(Decode<Nothing>("").has_value());
}

TEST(Codec, EveryFlippedBitDecodesToSomethingOrIsRejected) {
  const std::string bytes = Encode(Sample());
  int decoded = 0, rejected = 0;
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::vector<char> flipped(bytes.begin(), bytes.end());
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const std::string_view view(flipped.data(), flipped.size());
    if (const auto other = Decode<Everything>(view)) {
      ++decoded;
      EXPECT_FALSE(*other == Sample()) << "bit " << bit;
      EXPECT_LE(EncodedSize(*other), bytes.size());  // Less where two keys have become one.
      std::string text;
      Print(text, *other);
      EXPECT_LT(text.size(), 100 * bytes.size());
    } else {
      ++rejected;
    }
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(rejected, 100);
}

TEST(Codec, RandomBytesNeitherCrashNorAllocateMuch) {
  uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<char> bytes(static_cast<size_t>(i % 200));
    for (char& c : bytes) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      c = static_cast<char>((state >> 60) == 0 ? state >> 40 : state >> 62);  // Small ones, mostly.
    }
    const std::string_view view(bytes.data(), bytes.size());
    if (const auto some = Decode<Everything>(view)) {
      EXPECT_LE(EncodedSize(*some), bytes.size());
    }
    if (const auto some = Decode<std::vector<std::string>>(view)) {
      EXPECT_EQ(Encode(*some), view);
    }
  }
  // A count of four billion with nothing behind it.
  EXPECT_FALSE(Decode<std::vector<uint64_t>>(std::string(4, '\xff')).has_value());
  EXPECT_FALSE(Decode<std::string>(std::string(8, '\xff')).has_value());
}

TEST(Codec, ABoolIsZeroOrOneAndAVariantKnowsItsAlternatives) {
  EXPECT_FALSE(Decode<bool>("\2").has_value());
  EXPECT_FALSE((Decode<std::variant<bool, uint8_t>>(std::string("\2\1"))).has_value());
  EXPECT_FALSE(Decode<std::optional<uint8_t>>(std::string("\2\1")).has_value());
}

template <class T>
std::string Text(const T& value) {
  std::string out;
  Print(out, value);
  return out;
}

TEST(Codec, Text) {
  EXPECT_EQ(Text(Point{-1, 2}), "(-1 2)");
  EXPECT_EQ(Text(Nothing{}), "()");
  EXPECT_EQ(Text(NodeId{3}), "n3");
  EXPECT_EQ(Text(Duration(1500us)), "1.500 ms");
  EXPECT_EQ(Text(Duration(-1500us)), "-1.500 ms");
  EXPECT_EQ(Text(Duration(-20us)), "-0.020 ms");
  EXPECT_EQ(Text(AtNanos(INT64_MIN)), "-9223372036854.775 ms");
  EXPECT_EQ(Text(std::optional<int>()), "none");
  EXPECT_EQ(Text(std::optional<int>(4)), "4");
  EXPECT_EQ(Text(std::map<int, bool>{{1, true}}), "[(1 true)]");
  EXPECT_EQ(Text(std::vector<Point>{{1, 2}, {3, 4}}), "[(1 2) (3 4)]");
  EXPECT_EQ(Text(std::string("a\nb\xff")), "a.b.");
  EXPECT_EQ(Text(std::string(40, 'x')), std::string(32, 'x') + "...(40)");
  EXPECT_EQ(Text(Colour::kBlue), "2");
  EXPECT_EQ(Text(std::variant<bool, std::string>("v")), "v");
  EXPECT_EQ(Text(uint8_t{200}), "200");
  EXPECT_EQ(Text(int8_t{-3}), "-3");
}

template <class T>
struct Wrapped {
  T value;
};

TEST(Codec, TypeNames) {
  EXPECT_EQ(TypeName<Point>(), "Point");
  EXPECT_EQ(TypeName<std::string>(), "basic_string");
  EXPECT_EQ(TypeName<Wrapped<Point>>(), "Wrapped");
  struct Local {};
  EXPECT_EQ(TypeName<Local>(), "Local");
}

TEST(Message, KeepsItsTypeAndBytes) {
  // Within the inline room, at its edge, and beyond it.
  for (const size_t size : {size_t{0}, size_t{43}, size_t{44}, size_t{45}, size_t{5000}}) {
    struct Text {
      std::string text;
    };
    Message message = Message::Of(Text{std::string(size, 'a')});
    Message copy = message;
    const Message moved = std::move(message);
    copy = Message(copy);
    ASSERT_TRUE(moved.As<Text>().has_value());
    EXPECT_EQ(moved.As<Text>()->text.size(), size);
    EXPECT_EQ(copy.bytes(), moved.bytes());
    EXPECT_EQ(copy.type(), moved.type());
    EXPECT_FALSE(copy.As<Point>().has_value());
  }
  const Message none{};
  EXPECT_EQ(none.text(), "");
  EXPECT_FALSE(none.As<Point>().has_value());
  EXPECT_EQ(Message(nullptr, {}).bytes(), "");
}

TEST(Message, MatchRunsTheOneHandlerOfItsType) {
  const Message message = Message::Of(Point{1, 2});
  int points = 0, nothings = 0;
  EXPECT_TRUE(
      message.Match([&](const Nothing&) { ++nothings; }, [&](const Point& p) { points += p.x; }));
  EXPECT_EQ(points, 1);
  EXPECT_EQ(nothings, 0);
  EXPECT_FALSE(message.Match([&](const Nothing&) { ++nothings; }));
  EXPECT_EQ(message.text(), "Point(1 2)");
}

TEST(Message, DamagedBytesRunNoHandler) {
  const std::string bytes = Encode(Point{1, 2});
  const MessageView view(Message::Of(Point{}).type(), std::string_view(bytes).substr(1));
  bool ran = false;
  EXPECT_FALSE(view.Match([&](const Point&) { ran = true; }));
  EXPECT_FALSE(ran);
  EXPECT_EQ(view.text(), "Point(damaged)");
}

}  // namespace
}  // namespace reprise
