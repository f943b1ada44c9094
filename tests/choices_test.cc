// Choices: the calm answer, what a draw depends on, departures and their addresses as text.

#include "sim/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace reprise {
namespace {

using ::testing::ElementsAre;

const Label kApple("apple");
const Label kPear("pear");
const Label kPearTree("pear-tree");

Address At(Label label, uint32_t node, uint32_t peer, uint64_t ordinal, uint32_t sub = 0) {
  return {{label, NodeId{node}, NodeId{peer}}, ordinal, sub};
}

// Numbers for tests that must not come from what they test.
struct Lcg {
  uint64_t state;
  uint64_t operator()(uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  }
};

TEST(Choices, ZeroIsCalm) {
  Choices calm = Choices::Calm();
  for (uint64_t k = 1; k <= 1000; ++k) {
    EXPECT_EQ(calm.Draw(At(kApple, 1, 2, k), 1 + k), 0u);
    EXPECT_EQ(calm.Rarely(At(kPear, 1, 2, k), {1, 1}, 2 + k), 0u);
    EXPECT_FALSE(calm.Chance(At(kPear, 3, 0, k), {1, 1}));
  }
  EXPECT_TRUE(calm.taken().empty());
  EXPECT_TRUE(calm.departures().empty());
  EXPECT_FALSE(calm.seeded());
  EXPECT_FALSE(calm.may_depart());
}

TEST(Choices, NoDeparturesAreTheCalmRun) {
  Choices none = Choices::FromDepartures({});
  EXPECT_EQ(none.Draw(At(kApple, 1, 0, 1), 1000), 0u);
  EXPECT_FALSE(none.may_depart());
  EXPECT_EQ(none.given(), 0u);
}

TEST(Choices, DrawsDependOnSeedAndAddressAlone) {
  Choices forwards = Choices::FromSeed(7);
  Choices backwards = Choices::FromSeed(7);
  std::vector<uint64_t> first, second;
  for (uint64_t k = 1; k <= 500; ++k) {
    first.push_back(forwards.Draw(At(kApple, 1, 2, k), 1'000'000));
    forwards.Draw(At(kPear, 1, 2, k), 1'000'000);  // Another site, drawn in between.
  }
  for (uint64_t k = 500; k >= 1; --k) {
    second.insert(second.begin(), backwards.Draw(At(kApple, 1, 2, k), 1'000'000));
  }
  EXPECT_EQ(first, second);
}

TEST(Choices, EveryPartOfAnAddressMatters) {
  Choices choices = Choices::FromSeed(3);
  const uint64_t bound = uint64_t{1} << 62;
  std::set<uint64_t> values;
  for (const Address& a :
       {At(kApple, 1, 2, 3, 4), At(kPear, 1, 2, 3, 4), At(kApple, 2, 2, 3, 4),
        At(kApple, 1, 3, 3, 4), At(kApple, 1, 2, 4, 4), At(kApple, 1, 2, 3, 5),
        At(kApple, 2, 1, 3, 4), At(kApple, 1, 2, 4, 3), At(kApple, 1, 2, 3, 0)}) {
    values.insert(choices.Draw(a, bound));
  }
  EXPECT_EQ(values.size(), 9u);
  Choices other = Choices::FromSeed(4);
  EXPECT_FALSE(values.contains(other.Draw(At(kApple, 1, 2, 3, 4), bound)));
}

TEST(Choices, AddressesDoNotCollide) {
  Choices choices = Choices::FromSeed(1);
  std::set<uint64_t> values;
  size_t drawn = 0;
  for (uint32_t node = 1; node <= 6; ++node) {
    for (uint32_t peer = 0; peer <= 6; ++peer) {
      for (uint64_t k = 1; k <= 40; ++k) {
        for (uint32_t sub = 0; sub < 40; ++sub, ++drawn) {
          values.insert(choices.Draw(At(kApple, node, peer, k, sub), uint64_t{1} << 63));
        }
      }
    }
  }
  EXPECT_EQ(values.size(), drawn);
}

TEST(Choices, RarelyStrikesAtItsRate) {
  // Five standard deviations: a wrong rate of one in eight fails, chance does not.
  constexpr int kDraws = 100'000;
  for (const Ratio chance :
       {OneIn(2), OneIn(8), OneIn(100), Ratio{7, 9}, Ratio{1, 1}, Ratio{0, 1}}) {
    Choices choices = Choices::FromSeed(chance.den);
    int struck = 0;
    for (uint64_t k = 1; k <= kDraws; ++k) {
      struck += choices.Rarely(At(kApple, 1, 0, k), chance, 1024) != 0 ? 1 : 0;
    }
    const double p = static_cast<double>(chance.num) / static_cast<double>(chance.den);
    EXPECT_NEAR(struck, kDraws * p, 5 * std::sqrt(kDraws * p * (1 - p))) << chance.den;
  }
}

// Chi-squared of `counts` against equal ones; with 15 degrees of freedom, 50 is one in 80,000.
double ChiSquared(const std::vector<int>& counts, double each) {
  double sum = 0;
  for (int n : counts) sum += (n - each) * (n - each) / each;
  return sum;
}

TEST(Choices, DrawIsUniform) {
  Choices choices = Choices::FromSeed(11);
  std::vector<int> counts(16);
  for (uint64_t k = 1; k <= 100'000; ++k) ++counts[choices.Draw(At(kApple, 2, 1, k), 16)];
  EXPECT_LT(ChiSquared(counts, 100'000 / 16.0), 50);
}

TEST(Choices, HowRarelyStrikesIsUniformAndNeverZero) {
  Choices choices = Choices::FromSeed(12);
  std::vector<int> counts(16);
  int struck = 0;
  for (uint64_t k = 1; k <= 400'000; ++k) {
    const uint64_t value = choices.Rarely(At(kApple, 2, 1, k), OneIn(4), 17);
    ASSERT_LT(value, 17u);
    if (value == 0) continue;
    ++struck;
    ++counts[value - 1];
  }
  EXPECT_LT(ChiSquared(counts, struck / 16.0), 50);
}

TEST(Choices, DrawsOfOnePlaceAreIndependentAcrossLabels) {
  // Labels share the first round of the hash; their values must not agree more often than chance.
  Choices choices = Choices::FromSeed(5);
  int agree = 0;
  for (uint64_t k = 1; k <= 100'000; ++k) {
    const uint64_t a = choices.Draw(At(kApple, 1, 2, k), 2);
    const uint64_t b = choices.Draw(At(kPear, 1, 2, k), 2);
    agree += a == b ? 1 : 0;
  }
  EXPECT_NEAR(agree, 50'000, 5 * std::sqrt(25'000.0));
}

TEST(Choices, ListsOverrideSeedsAndAListedZeroTakesAway) {
  Choices plain = Choices::FromSeed(9);
  for (uint64_t k = 1; k <= 100; ++k) plain.Draw(At(kApple, 1, 0, k), 50);
  Departures before = plain.departures();
  ASSERT_GT(before.size(), 10u);

  const Departures instead = {{before[0].address, 0, 50}, {before[1].address, 49, 50}};
  Choices forced = Choices::FromSeed(9, instead);
  for (uint64_t k = 1; k <= 100; ++k) forced.Draw(At(kApple, 1, 0, k), 50);
  Departures expected = before;
  expected[1].value = 49;
  expected.erase(expected.begin());
  EXPECT_EQ(forced.departures(), expected);
  EXPECT_EQ(forced.given(), 2u);
  EXPECT_EQ(forced.given_drawn(), 2u);
}

TEST(Choices, ADepartureListIsPlayedBack) {
  Choices seeded = Choices::FromSeed(21);
  const auto play = [](Choices& c) {
    for (uint64_t k = 1; k <= 300; ++k) {
      c.Rarely(At(kApple, 1, 2, k), OneIn(5), 1024);
      c.Draw(At(kPear, 3, 0, k, 2), 3);
    }
  };
  play(seeded);
  Choices replayed = Choices::FromDepartures(seeded.departures());
  play(replayed);
  EXPECT_EQ(replayed.departures(), seeded.departures());
  EXPECT_EQ(replayed.given_drawn(), replayed.given());
}

TEST(Choices, DrawnTwiceCountsOnceAndUndrawnNotAtAll) {
  const Departures list = {{At(kApple, 1, 0, 1), 3, 5}, {At(kApple, 1, 0, 2), 3, 5}};
  Choices choices = Choices::FromDepartures(list);
  EXPECT_EQ(choices.Draw(At(kApple, 1, 0, 1), 5), 3u);
  EXPECT_EQ(choices.Draw(At(kApple, 1, 0, 1), 5), 3u);
  EXPECT_EQ(choices.given_drawn(), 1u);
}

TEST(Choices, AValueOutsideItsDomainIsTheLargest) {
  Choices choices = Choices::FromDepartures({{At(kApple, 1, 0, 1), 900, 1024}});
  EXPECT_EQ(choices.Draw(At(kApple, 1, 0, 1), 10), 9u);
  EXPECT_EQ(choices.Draw(At(kApple, 1, 0, 1), 1), 0u);
}

TEST(Choices, TakenSaysDuringWhichEvent) {
  uint64_t event = 0;
  Choices choices =
      Choices::FromDepartures({{At(kApple, 1, 0, 1), 1, 2}, {At(kApple, 1, 0, 2), 1, 2}});
  choices.set_event_counter(&event);
  choices.Draw(At(kApple, 1, 0, 2), 2);
  event = 17;
  choices.Draw(At(kApple, 1, 0, 1), 2);
  ASSERT_EQ(choices.taken().size(), 2u);
  EXPECT_EQ(choices.taken()[0].event, 0u);
  EXPECT_EQ(choices.taken()[1].event, 17u);
}

TEST(Choices, OpportunitiesAreTheFaultsThatDidNotStrike) {
  std::vector<Opportunity> found;
  Choices choices = Choices::FromDepartures({{At(kApple, 1, 0, 2), 1, 7}});
  choices.set_opportunities(&found);
  EXPECT_TRUE(choices.may_depart());
  for (uint64_t k = 1; k <= 3; ++k) choices.Rarely(At(kApple, 1, 0, k), {}, 7);
  choices.Draw(At(kPear, 1, 0, 1), 7);  // A draw is no fault.
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].address, At(kApple, 1, 0, 1));
  EXPECT_EQ(found[1].address, At(kApple, 1, 0, 3));
  EXPECT_EQ(found[1].bound, 7u);
}

TEST(Choices, DeparturesAreSortedByNameNodePeerOrdinalSub) {
  Departures list;
  for (const Address& a :
       {At(kPear, 1, 0, 1), At(kPearTree, 1, 0, 1), At(kApple, 10, 0, 1), At(kApple, 2, 1, 10),
        At(kApple, 2, 1, 9, 1), At(kApple, 2, 0, 11), At(kApple, 2, 1, 9)}) {
    list.push_back({a, 1, 2});
  }
  Sort(list);
  std::vector<std::string> texts;
  for (const Departure& d : list) texts.push_back(Describe(d.address));
  EXPECT_THAT(texts,
              ElementsAre("apple n2 #11", "apple n2>n1 #9", "apple n2>n1 #9.1", "apple n2>n1 #10",
                          "apple n10 #1", "pear n1 #1", "pear-tree n1 #1"));
}

TEST(Address, RoundTrip) {
  Lcg random{1};
  for (int i = 0; i < 10'000; ++i) {
    const Label label = random(2) == 0 ? kPear : kPearTree;
    const uint32_t node = static_cast<uint32_t>(random(4));
    const uint32_t peer = node == 0 ? 0 : static_cast<uint32_t>(random(3));
    const Address a = At(label, node, peer, 1 + random(uint64_t{1} << 31),
                         static_cast<uint32_t>(random(3) * random(1000)));
    const auto back = ParseAddress(Describe(a));
    ASSERT_TRUE(back.has_value()) << Describe(a);
    EXPECT_EQ(*back, a);
  }
  const Address largest = At(kPear, ~0u, ~0u, ~uint64_t{0}, ~0u);
  EXPECT_EQ(ParseAddress(Describe(largest)), largest);
}

TEST(Address, MalformedTextsAreRejected) {
  for (const char* text : {"",
                           "pear",
                           "pear ",
                           "pear #",
                           "pear n #1",
                           "pear n0 #1",
                           "pear n1",
                           "pear n1 1",
                           "pear n1 #",
                           "pear n1 #0",
                           "pear n1 #1.",
                           "pear n1 #1.0",
                           "pear n1 #1.2.3",
                           "pear n1 #1 ",
                           " pear n1 #1",
                           "pear  n1 #1",
                           "pear n1> #1",
                           "pear n1>2 #1",
                           "pear n1>n0 #1",
                           "pear >n1 #1",
                           "no-such-label n1 #1",
                           "pear n1 #-1",
                           "pear n1 #+1",
                           "pear n1 #18446744073709551616",
                           "pear n4294967296 #1",
                           "pear n01 #1",
                           "pear n1 #01",
                           "pear n1 #1.01",
                           "pear\tn1 #1",
                           "PEAR n1 #1",
                           "pear n1 #1x",
                           "pear n1 #0x1"}) {
    EXPECT_FALSE(ParseAddress(text).has_value()) << '"' << text << '"';
  }
  EXPECT_FALSE(ParseAddress(std::string_view("pear n1 #1\0", 11)).has_value());
}

TEST(Address, FuzzedTextsParseToThemselvesOrNotAtAll) {
  Lcg random{42};
  const std::string alphabet = "0123456789n>#. pear-tx";
  int parsed = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text =
        Describe(At(random(2) == 0 ? kPear : kApple, 1 + (i % 12), static_cast<uint32_t>(random(3)),
                    1 + random(200), static_cast<uint32_t>(random(3))));
    for (uint64_t edits = 1 + random(3); edits > 0; --edits) {
      const size_t at = random(text.size() + 1);
      const char c = alphabet[random(alphabet.size())];
      switch (random(3)) {
        case 0: text.insert(at, 1, c); break;
        case 1: text.erase(at, 1); break;
        default: text.replace(at, 1, 1, c); break;
      }
    }
    if (const auto address = ParseAddress(text)) {
      ++parsed;
      EXPECT_EQ(Describe(*address), text);
    }
  }
  EXPECT_GT(parsed, 500);  // Or the mutations are too wild to test anything.
}

TEST(Label, IsInternedByName) {
  const Label again("apple");
  EXPECT_EQ(again, kApple);
  EXPECT_EQ(again.key(), kApple.key());
  EXPECT_EQ(again.name(), "apple");
  EXPECT_FALSE(kPear == kPearTree);
  EXPECT_EQ(Label::Find("pear-tree"), kPearTree);
  EXPECT_FALSE(Label::Find("pear-").has_value());
  for (const char* bad : {"", "Upper", "two words", "n1>n2", "#", "under_score"}) {
    EXPECT_ANY_THROW(Label{bad}) << bad;
  }
}

}  // namespace
}  // namespace reprise
