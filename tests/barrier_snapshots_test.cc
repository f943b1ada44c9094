// Barrier snapshots and the transactional sink: the rules, a test for each; their quantities; and
// what fuzzing finds, and does not.

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/spec/exactly_once.h"
#include "protocols/protocols.h"
#include "sim/nemesis.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

using models::Commits;
using models::Completed;
using models::Reflects;
using models::Visible;
using OptionList = std::vector<std::pair<std::string, std::string>>;

constexpr NodeId kCoordinator{1};
constexpr uint64_t kPerAttempt = 1'000'000;

Scenario Make(const std::string& mutant = "", const OptionList& options = {}) {
  Catalogue catalogue;
  catalogue.Add(BarrierSnapshots());
  return *catalogue.Make("barrier-snapshots" + (mutant.empty() ? "" : ":" + mutant), options);
}

// A run by hand: calm but for what is told.
RunResult Story(const Scenario& s, const Departures& departures = {}) {
  return Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
}

std::string Why(const RunResult& r) {
  return r.verdict.kind == Verdict::Kind::kPass ? "" : r.verdict.oracle + ": " + r.verdict.reason;
}

template <class Fact>
struct Told {
  Time at;
  Fact fact;
};
template <class Fact>
std::vector<Told<Fact>> FactsOf(const RunResult& r) {
  std::vector<Told<Fact>> told;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact) continue;
    if (auto fact = event.As<Fact>()) told.push_back({event.at, *fact});
  }
  return told;
}

// What was sent with that text at its beginning, and by whom.
struct Sent {
  Time at;
  NodeId from, to;
  std::string text;
};
std::vector<Sent> SentLike(const RunResult& r, const std::string& beginning) {
  std::vector<Sent> sent;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kSend) continue;
    const std::string text = event.message.text();
    if (text.starts_with(beginning)) sent.push_back({event.at, event.node, event.peer, text});
  }
  return sent;
}

// Elements of a type, as they are first sent on each channel; with the first numbers in each.
struct OnChannel {
  NodeId from, to;
  Time at;
  unsigned long first = 0, second = 0;
};
std::vector<OnChannel> OnChannels(const RunResult& r, const std::string& type) {
  std::vector<OnChannel> found;
  std::set<std::tuple<NodeId, NodeId, unsigned long, unsigned long>> seen;
  for (const Sent& sent : SentLike(r, "Segment(")) {
    unsigned long attempt = 0, number = 0, first = 0, second = 0;
    char what[16] = {};
    if (std::sscanf(sent.text.c_str(), "Segment(%lu %lu %15[A-Za-z](%lu %lu", &attempt, &number,
                    what, &first, &second) < 4) {
      continue;
    }
    if (what != type || !seen.insert({sent.from, sent.to, attempt, number}).second) continue;
    found.push_back({sent.from, sent.to, sent.at, first, second});
  }
  return found;
}

uint64_t Attempts(const RunResult& r) {
  std::set<std::string> attempts;
  for (const Sent& sent : SentLike(r, "Deploy(")) {
    attempts.insert(sent.text.substr(0, sent.text.find(' ')));
  }
  return attempts.size();
}

// When each checkpoint's barriers were first sent, and when it was complete.
std::map<uint64_t, Time> BarrierTimes(const RunResult& r) {
  std::map<uint64_t, Time> times;
  for (const OnChannel& barrier : OnChannels(r, "Barrier")) {
    times.try_emplace(barrier.first, barrier.at);
  }
  return times;
}
std::map<uint64_t, Time> CompletionTimes(const RunResult& r) {
  std::map<uint64_t, Time> times;
  for (const auto& [at, m] : FactsOf<Completed>(r)) times.try_emplace(m.checkpoint, at);
  return times;
}

// Quantities.

// What checkpoints and crashes cost, and when results are visible: the table "barriers".
TEST(BarrierSnapshotsTest, CostsWhatTheFormulasSay) {
  const auto rows = BarrierCosts().rows();
  EXPECT_EQ(rows.size(), 6u);
  for (const TableRow& row : rows) {
    EXPECT_TRUE(row.difference().has_value()) << row.what;
    EXPECT_TRUE(row.within()) << row.what << ": " << *row.simulation << ", not " << *row.model;
  }
}

// The rules.

// Workers in the order of their names: three sources, two of each other stage, and one to spare.
constexpr NodeId kSource{2}, kMap{5}, kWindow{7}, kSink{9}, kSpare{11}, kStorage{12}, kStore{13};

TEST(BarrierSnapshotsTest, AnInputIsBlockedFromItsBarrierUntilAllHaveCome) {
  // One source's segments to a map are lost around its second barrier, so that others go on.
  Departures story;
  const Scenario s = Make();
  uint64_t lost = 0;
  for (uint64_t nth = 20; nth < 60; ++nth) {
    for (const Departure& d : Nemesis(s).Nth(Fault::kDrop, kSource, kMap, nth).departures()) {
      if (nth % 2 == 0) story.push_back(d);
    }
    lost += nth % 2;
  }
  const RunResult r = Story(s, story);
  EXPECT_EQ(Why(r), "");
  EXPECT_EQ(r.faults[Fault::kDrop].applied, lost);
  const RunResult wrong = Story(Make("does-not-block"), story);
  EXPECT_EQ(wrong.verdict.oracle, "exactly-once") << wrong.verdict.reason;
}

TEST(BarrierSnapshotsTest, ACheckpointThatCannotCompleteIsGivenUpForTheNext) {
  // A source never hears of the second checkpoint; its barrier of the third ends the alignment.
  const Scenario s = Make();
  Nemesis nemesis(s);
  const auto triggers = SentLike(Story(s), "Trigger(");
  ASSERT_GT(triggers.size(), 6u);
  uint64_t nth = 0;
  const RunResult calm = Story(s);
  for (size_t i = 0; i < calm.timeline.size(); ++i) {
    const Event event = calm.timeline[i];
    if (event.kind != Event::Kind::kSend || event.node != kCoordinator || event.peer != kSource) {
      continue;
    }
    ++nth;
    if (event.message.text() == "Trigger(1 1000002)")
      nemesis.Nth(Fault::kDrop, kCoordinator, kSource, nth);
  }
  const RunResult r = Story(s, nemesis.departures());
  EXPECT_EQ(Why(r), "");
  EXPECT_EQ(r.faults[Fault::kDrop].applied, 1u);
  const auto completed = CompletionTimes(r);
  EXPECT_FALSE(completed.contains(kPerAttempt + 2));
  EXPECT_TRUE(completed.contains(kPerAttempt + 3));
  EXPECT_EQ(Attempts(r), 1u);
  EXPECT_EQ(Story(Make("barriers-without-id"), nemesis.departures()).verdict.oracle,
            "exactly-once");
}

TEST(BarrierSnapshotsTest, AllGoBackToTheSameCheckpointAndSourcesReadAgainFromItsOffsets) {
  const Scenario s = Make();
  const RunResult r = Story(s, Nemesis(s).At(2300ms, Fault::kCrash, kMap).departures());
  EXPECT_EQ(Why(r), "");
  EXPECT_EQ(Attempts(r), 2u);
  std::map<std::string, int> restored;
  for (const Sent& get : SentLike(r, "Get(")) {
    const size_t digits = get.text.find("000001000004-");
    ++restored[digits == std::string::npos ? get.text : "checkpoint 4"];
  }
  ASSERT_EQ(restored.size(), 1u);
  EXPECT_EQ(restored.begin()->second, 9) << "each task gets its own";
  uint64_t offset = 0;
  for (const auto& [at, m] : FactsOf<Reflects>(r)) {
    if (m.checkpoint == kPerAttempt + 4 && m.stage == 0 && m.source == 0) offset = m.records;
  }
  EXPECT_EQ(offset, 62u) << "at two seconds, one every 32 ms";
  uint64_t again = 0;
  std::set<unsigned long> offsets;
  for (const OnChannel& scan : OnChannels(r, "Scan")) {
    if (scan.first == 0) ++again;
  }
  EXPECT_GT(again, OnChannels(Story(s), "Scan").size() / 3) << "some were emitted twice";
}

TEST(BarrierSnapshotsTest, AZombieIsReplacedAndNobodyListensToIt) {
  for (const NodeId zombie : {kSource, kMap, kWindow, kSink}) {
    const Scenario s = Make();
    const RunResult r = Story(s, Nemesis(s)
                                     .At(2600ms, Fault::kPause, zombie)
                                     .With("pause-for", 1000, kQuantiles)
                                     .departures());
    EXPECT_EQ(Why(r), "") << Name(zombie);
    EXPECT_EQ(r.faults[Fault::kPause].applied, 1u);
    EXPECT_EQ(Attempts(r), 2u) << "the spare worker takes over";
    uint64_t cancelled = 0;
    for (const Sent& cancel : SentLike(r, "Cancel(1)")) cancelled += cancel.to == zombie ? 1 : 0;
    EXPECT_GT(cancelled, 0u) << Name(zombie);
    uint64_t deployed = 0;
    for (const Sent& deploy : SentLike(r, "Deploy(2 ")) deployed += deploy.to == kSpare ? 1 : 0;
    EXPECT_GT(deployed, 0u) << Name(zombie);
  }
}

TEST(BarrierSnapshotsTest, AZombieThatIsToRestoreWhatWasDiscardedGivesUp) {
  // Two nodes crash, and the one that is to run the map stands still before it has read its state.
  Departures story;
  for (const auto& [address, value, bound] : {std::tuple("several #9", 1, 1024),
                                              {"pause n5 #9", 103, 1024},
                                              {"several-node #1000009.1", 1, 13},
                                              {"several-node #1000009.2", 1, 12},
                                              {"pause-for n5 #9", 657, 1024}}) {
    story.push_back(
        {*ParseAddress(address), static_cast<uint64_t>(value), static_cast<uint64_t>(bound)});
  }
  const RunResult r = Story(Make(), story);
  EXPECT_EQ(Why(r), "");
  uint64_t unknown = 0;
  for (const Sent& answer : SentLike(r, "Answer(")) {
    unknown += answer.from == kStorage && answer.text.find(" 3 ") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(unknown, 1u);
}

TEST(BarrierSnapshotsTest, AZombieSinkIsFencedByTheStore) {
  const Scenario s = Make();
  // It stops with a flush in its hands: the store is away for a moment.
  const RunResult r = Story(s, Nemesis(s)
                                   .At(2505ms, Fault::kCrash, kStore)
                                   .At(2520ms, Fault::kPause, kSink)
                                   .With("pause-for", 1000, kQuantiles)
                                   .departures());
  EXPECT_EQ(Why(r), "");
  uint64_t fenced = 0;
  for (const Sent& answer : SentLike(r, "Answer(")) {
    if (answer.from == kStore && answer.to == kSink && answer.text.find(" 2 ") != std::string::npos)
      ++fenced;
  }
  EXPECT_GT(fenced, 0u);
}

TEST(BarrierSnapshotsTest, WhatAWorkerCrashTakesIsMadeUpForAtWhateverCallItComes) {
  const Scenario s = Make();
  for (const NodeId node : {kCoordinator, kSource, kMap, kWindow, kSink, kStorage, kStore}) {
    for (uint64_t call = 1; call < 1200; call += 61) {
      const RunResult r = Story(s, Nemesis(s).CrashAt(node, 1, call).departures());
      ASSERT_EQ(Why(r), "") << Name(node) << " at call " << call;
    }
  }
}

TEST(BarrierSnapshotsTest, ACommitComesOnlyAfterItsCheckpointIsComplete) {
  const RunResult r = Story(Make());
  const auto completed = CompletionTimes(r);
  std::map<uint64_t, int> commits;
  for (const auto& [at, m] : FactsOf<Commits>(r)) {
    EXPECT_GT(at, completed.at(m.transaction));
    ++commits[m.transaction];
  }
  EXPECT_GE(commits.size(), 20u);
  for (const auto& [transaction, times] : commits) EXPECT_EQ(times, 2) << "one for each sink";
}

TEST(BarrierSnapshotsTest, ANotificationThatIsLostIsSaidAgain) {
  const Scenario s = Make();
  const RunResult calm = Story(s);
  Nemesis nemesis(s);
  uint64_t nth = 0;
  for (size_t i = 0; i < calm.timeline.size(); ++i) {
    const Event event = calm.timeline[i];
    if (event.kind != Event::Kind::kSend || event.node != kCoordinator || event.peer != kSink) {
      continue;
    }
    ++nth;
    if (event.message.text() == "Notify(1 1000002)")
      nemesis.Nth(Fault::kDrop, kCoordinator, kSink, nth);
  }
  const RunResult r = Story(s, nemesis.departures());
  EXPECT_EQ(Why(r), "");
  EXPECT_GE(r.faults[Fault::kDrop].applied, 1u);
  EXPECT_EQ(FactsOf<Visible>(r).size(), FactsOf<Visible>(calm).size());
}

TEST(BarrierSnapshotsTest, UnderBackPressureItIsSlowAndLive) {
  // A map or window takes 20 ms for a record; three sources have one each 25 ms, for two of each.
  const Scenario s = Make("", {{"work-us", "20000"}, {"period-ms", "25"}});
  const RunResult r = Story(s);
  const RunResult calm = Story(Make());
  EXPECT_GT(CompletionTimes(r).size(), 3u);
  const auto longest = [](const RunResult& run) {
    const auto barriers = BarrierTimes(run);
    Duration longest{};
    for (const auto& [checkpoint, at] : CompletionTimes(run)) {
      longest = std::max(longest, at - barriers.at(checkpoint));
    }
    return longest;
  };
  EXPECT_GT(longest(r), 3 * longest(calm)) << "barriers wait in queues";
  EXPECT_GT(FactsOf<Visible>(r).size(), 50u);
  EXPECT_NE(r.verdict.oracle, "exactly-once") << r.verdict.reason;
}

// Fuzzing.

TEST(BarrierSnapshotsTest, SoundProtocolPassesAndMeetsEveryFault) {
  const Scenario s = Make();
  FaultCounts faults;
  std::map<std::string, uint64_t> facts;
  constexpr uint64_t kSeeds = 300;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(Why(r), "") << "seed " << seed;
    faults += r.faults;
    for (const auto& [name, count] : r.facts) facts[name] += count;
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(s, fault).num != 0) {
      EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
    }
  }
  EXPECT_GT(facts["Completed"], 8 * kSeeds);
  EXPECT_GT(facts["Commits"], 8 * kSeeds);
}

TEST(BarrierSnapshotsTest, SoundProtocolPassesInOtherShapes) {
  for (const OptionList& options : {OptionList{{"parallelism", "1"}},
                                    {{"parallelism", "4"}, {"period-ms", "100"}},
                                    {{"spares", "0"}},
                                    {{"checkpoint-ms", "150"}},
                                    {{"sources", "1"}, {"window", "4"}}}) {
    const Scenario s = Make("", options);
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      ASSERT_EQ(Why(Simulate(s, Choices::FromSeed(seed))), "")
          << options[0].first << " " << options[0].second << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace reprise
