// Messages that are damaged on their way, noticed or not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/ticking.h"

namespace reprise {
namespace {

using namespace ticking;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Empty {};

TEST(Damage, IsDroppedWhereItIsNoticed) {
  for (const auto& [fault, text] : {std::pair(Fault::kCorrupt, "corrupt n1>n2 #3"),
                                    std::pair(Fault::kTruncate, "truncate n1>n2 #3")}) {
    Scenario s = Ticking(2);
    s.links.corrupt = s.links.truncate = OneIn(100);
    const RunResult r = Play(s, List({{text, 1}}));
    EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({2}));
    EXPECT_EQ(NumbersSeenBy<GotTock>(r, 1, 2), AllBut({}));
    EXPECT_THAT(Lines(r, Event::Kind::kDrop), ElementsAre("n1 drop n2"));
    EXPECT_THAT(Lines(r, Event::Kind::kDamage), IsEmpty());
    ExpectCounts(r, fault, 1, 1, 1);
  }
}

TEST(Damage, ABitFlips) {
  Scenario s = Ticking(2);
  s.links.corrupt = OneIn(100);
  s.links.checksum = false;
  // The third message is the second tick; bits are counted from the first byte's lowest.
  const RunResult first = Play(s, List({{"corrupt n1>n2 #3", 1}}));
  EXPECT_THAT(NumbersSeenBy(first, 1, 2), ElementsAre(1, 3, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(Lines(first, Event::Kind::kDamage), ElementsAre("n2 damage n1  Tick(3)"));
  ExpectCounts(first, Fault::kCorrupt, 1, 1, 1);
  const RunResult tenth = Play(s, List({{"corrupt n1>n2 #3", 10}}));
  EXPECT_THAT(NumbersSeenBy(tenth, 1, 2), ElementsAre(1, 2 + 512, 3, 4, 5, 6, 7, 8, 9, 10));
  const RunResult around = Play(s, List({{"corrupt n1>n2 #3", 65}}));
  EXPECT_EQ(NumbersSeenBy(around, 1, 2), NumbersSeenBy(first, 1, 2));
}

TEST(Damage, TheEndIsMissing) {
  Scenario s = Ticking(2);
  s.links.truncate = OneIn(100);
  s.links.checksum = false;
  for (const uint64_t much : {1, 512, 1023}) {
    const RunResult r = Play(s, List({{"truncate n1>n2 #3", much}}));
    EXPECT_EQ(NumbersSeenBy(r, 1, 2), AllBut({2}));  // What cannot be read is as if unknown.
    EXPECT_THAT(Lines(r, Event::Kind::kDamage), ElementsAre("n2 damage n1  Tick(damaged)"));
    EXPECT_THAT(Lines(r, Event::Kind::kFact), testing::Contains("n2 fact  Unreadable(1)"));
    ExpectCounts(r, Fault::kTruncate, 1, 1, 1);
    size_t bytes = 99;
    for (size_t i = 0; i < r.timeline.size(); ++i) {
      if (r.timeline[i].kind == Event::Kind::kDamage) bytes = r.timeline[i].message.bytes().size();
    }
    EXPECT_EQ(bytes, much == 1 ? 7u : much == 512 ? 4u : 0u);
  }
}

struct Deep {
  std::string words;
  std::vector<std::string> list;
  std::map<uint64_t, std::optional<std::string>> map;
};

TEST(Damage, OfAnyBitAndByteIsSurvived) {
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) {
    if (env.self() == NodeId{1}) {
      env.Broadcast(Deep{"words", {"a", "list"}, {{1, "one"}, {2, std::nullopt}}});
      return;
    }
    const Envelope mail = env.Receive();
    const bool read = mail.Match([&](const Deep& m) { env.Report(m); });
    if (!read) env.Report(Unreadable{1});
  };
  s.links.corrupt = s.links.truncate = OneIn(100);
  s.links.checksum = false;
  const uint64_t bits =
      8 * Encode(Deep{"words", {"a", "list"}, {{1, "one"}, {2, std::nullopt}}}).size();
  uint64_t readable = 0, unreadable = 0;
  for (uint64_t bit = 1; bit <= bits; ++bit) {
    const RunResult r = Play(s, List({{"corrupt n1>n2 #1", bit}}));
    ASSERT_EQ(r.facts.size(), 1u);
    ++(r.facts[0].first == "Deep" ? readable : unreadable);
  }
  EXPECT_GT(readable, 100u);    // Characters and numbers change,
  EXPECT_GT(unreadable, 100u);  // and lengths lie.
  for (const uint64_t cut : {1, 100, 500, 1023}) {
    const RunResult r = Play(s, List({{"truncate n1>n2 #1", cut}}));
    ASSERT_EQ(r.facts.size(), 1u);
    EXPECT_EQ(r.facts[0].first, "Unreadable");
  }
}

TEST(Damage, OfNothingIsNone) {
  Scenario s = Ticking(2);
  s.roles[0].main = [](Env& env) {
    if (env.self() == NodeId{1}) env.Broadcast(Empty{});
    env.Receive(1s);
  };
  s.links.corrupt = s.links.truncate = OneIn(100);
  s.links.checksum = false;
  const RunResult r = Play(s, List({{"corrupt n1>n2 #1", 1}, {"truncate n1>n2 #1", 1}}));
  EXPECT_THAT(Lines(r, Event::Kind::kDamage), IsEmpty());
  EXPECT_THAT(Lines(r, Event::Kind::kDeliver), ElementsAre("n2 deliver n1"));
  ExpectCounts(r, Fault::kCorrupt, 1, 0, 0);
  ExpectCounts(r, Fault::kTruncate, 1, 0, 0);
}

TEST(Damage, DoesNotTouchTheDuplicate) {
  Scenario s = Ticking(2);
  s.links.corrupt = s.links.duplicate = OneIn(100);
  s.links.checksum = false;
  const RunResult r = Play(s, List({{"corrupt n1>n2 #3", 1}, {"duplicate n1>n2 #3", 10}}));
  EXPECT_THAT(NumbersSeenBy(r, 1, 2), ElementsAre(1, 3, 2, 3, 4, 5, 6, 7, 8, 9, 10));
}

}  // namespace
}  // namespace reprise
