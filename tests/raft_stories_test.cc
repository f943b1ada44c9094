// Raft in stories: runs that need so many events in one order that fuzzing seldom tells them.
//
// A story says which links carry nothing, and when. It is made of single lost messages, which are
// departures like any other: the run is made again and again, each time with those lost that the
// story forbids, until there are no more.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/nemesis.h"
#include "tests/raft_helper.h"

namespace reprise {
namespace {

struct Silence {
  std::set<uint32_t> from, to;
  Duration begin, end;
  std::string only = {};  // Of messages: only those of that type.
};

class Story {
 public:
  explicit Story(const Scenario& scenario) : scenario_(scenario) {}

  Story& Silent(std::set<uint32_t> a, std::set<uint32_t> b, Duration begin, Duration end) {
    silences_.push_back({a, b, begin, end});
    silences_.push_back({std::move(b), std::move(a), begin, end});
    return *this;
  }
  Story& Without(const std::string& type, uint32_t from, uint32_t to, Duration begin,
                 Duration end) {
    silences_.push_back({{from}, {to}, begin, end, type});
    return *this;
  }
  Story& Say(const std::string& address, uint64_t value, uint64_t bound) {
    told_.push_back({*ParseAddress(address), value, bound});
    return *this;
  }

  RunResult Tell() {
    std::set<Link> lost;
    for (int attempt = 0; attempt < 400; ++attempt) {
      Nemesis nemesis(scenario_);
      for (const auto& [from, to, nth] : lost) {
        nemesis.Nth(Fault::kDrop, NodeId{from}, NodeId{to}, nth);
      }
      Departures departures = nemesis.departures();
      departures.insert(departures.end(), told_.begin(), told_.end());
      Sort(departures);
      RunResult run = Watch(scenario_, Choices::FromDepartures(departures));
      const size_t before = lost.size();
      Forbid(run, lost);
      if (lost.size() == before) return run;
    }
    ADD_FAILURE() << "the story does not end";
    return {};
  }

 private:
  using Link = std::tuple<uint32_t, uint32_t, uint64_t>;

  void Forbid(const RunResult& run, std::set<Link>& lost) const {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> sent;
    for (size_t i = 0; i < run.timeline.size(); ++i) {
      const Event e = run.timeline[i];
      if (e.kind != Event::Kind::kSend) continue;
      const uint32_t from = Index(e.node), to = Index(e.peer);
      const uint64_t nth = ++sent[{from, to}];
      for (const Silence& silence : silences_) {
        if (!silence.from.contains(from) || !silence.to.contains(to)) continue;
        if (e.at < Time{silence.begin} || e.at >= Time{silence.end}) continue;
        if (!silence.only.empty() && e.message.name() != silence.only) continue;
        lost.insert({from, to, nth});
      }
    }
  }

  const Scenario scenario_;
  Departures told_;
  std::vector<Silence> silences_;
};

// raft-dev, July 2015. C_0 = {1, 2, 3, 4}. 1 leads term 1 and adds 5, which only 5 learns. 2 leads
// term 2, of which 4 learns nothing but that it voted; 2 removes 1, and {2, 3} are a majority of
// {2, 3, 4}. Then {1, 4, 5} are a majority of {1, 2, 3, 4, 5}, and elect 1 or 5: two disjoint
// majorities.
Story TwoChangesFromOneConfiguration(const std::string& mutant) {
  Story story(MakeRaft(mutant, {{"nodes", "4"},
                                {"membership", "1"},
                                {"clients", "1"},
                                {"reads", "0"},
                                {"compact", "1000"}}));
  const std::string op = "n7";  // Five servers, a client, the operator.
  story.Say("operator-pace " + op + " #1", 2, 3)
      .Say("operator-what " + op + " #4", 5 + 5, 11)  // From 1 s on: 5 joins.
      .Say("operator-when " + op + " #4", 100, kQuantiles)
      .Say("operator-what " + op + " #5", 5 + 1, 11)  // From 1.25 s on: 1 leaves.
      .Say("operator-when " + op + " #5", 500, kQuantiles)
      .Silent({1, 5}, {2, 3}, 950ms, 8s)
      .Silent({1, 5}, {4}, 950ms, 1800ms)
      .Without("AppendEntries", 2, 4, 1s, 8s);
  return story;
}

TEST(RaftStory, ALeaderThatHasCommittedNothingInItsTermMayNotChangeMembers) {
  const RunResult mutant = TwoChangesFromOneConfiguration("change-without-own-commit").Tell();
  EXPECT_EQ(mutant.verdict.oracle, "leader-completeness") << mutant.verdict.reason;
  const RunResult sound = TwoChangesFromOneConfiguration("").Tell();
  EXPECT_FALSE(sound.verdict.failed()) << sound.verdict.reason;
}

// The story happens as it is told: who leads, and in which order.
TEST(RaftStory, ItsLeadersAreThoseOfTheSchedule) {
  std::vector<NodeId> leaders;
  ForEachFact<models::Elected>(
      TwoChangesFromOneConfiguration("change-without-own-commit").Tell(),
      [&](const Event& e, const models::Elected&) { leaders.push_back(e.node); });
  ASSERT_EQ(leaders.size(), 3u);
  EXPECT_EQ(leaders[0], NodeId{1});
  EXPECT_EQ(leaders[1], NodeId{2});
  EXPECT_TRUE(leaders[2] == NodeId{1} || leaders[2] == NodeId{5});
}

// C = {1, 2, 3, 4}. 1 leads term 1, removes 4, and nobody learns of it; {2, 3, 4} elect 2, which
// overwrites that entry. If 1 goes on with {1, 2, 3}, then {1, 3} elect it, while 2 removes 1 and
// {2, 4} are a majority of {2, 3, 4}.
Story AConfigurationThatWasOverwritten(const std::string& mutant) {
  Story story(MakeRaft(mutant, {{"nodes", "4"},
                                {"membership", "1"},
                                {"clients", "1"},
                                {"reads", "0"},
                                {"compact", "1000"}}));
  story.Say("operator-pace n7 #1", 2, 3)
      .Say("operator-what n7 #4", 5 + 4, 11)  // From 1 s on: 4 leaves.
      .Say("operator-when n7 #4", 100, kQuantiles)
      .Say("operator-what n7 #8", 5 + 1, 11)  // From 2 s on: 1 leaves.
      .Say("operator-when n7 #8", 410, kQuantiles)
      .Silent({1}, {2, 3, 4, 5}, 950ms, 1600ms)
      .Silent({1, 3}, {2, 4, 5}, 2s, 8s);
  return story;
}

TEST(RaftStory, AServerFallsBackToTheConfigurationBeforeOneThatWasRemoved) {
  const RunResult mutant = AConfigurationThatWasOverwritten("configuration-not-restored").Tell();
  EXPECT_EQ(mutant.verdict.oracle, "leader-completeness") << mutant.verdict.reason;
  const RunResult sound = AConfigurationThatWasOverwritten("").Tell();
  EXPECT_FALSE(sound.verdict.failed()) << sound.verdict.reason;
}

}  // namespace
}  // namespace reprise
