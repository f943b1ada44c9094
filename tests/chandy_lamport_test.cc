// Chandy-Lamport: the rules of the paper, one test for a sentence; its quantities, exactly; and
// what fuzzing finds, and does not.

#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "models/spec/consistent_cut.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using models::Complete;
using models::InTransit;
using models::Recorded;
using models::Restored;

constexpr NodeId n1{1}, n2{2}, n3{3};
constexpr uint64_t kFirst = 1'000'001;  // The first snapshot of the first epoch, after one second.

Scenario Make(const std::string& mutant = "", int nodes = 5) {
  Catalogue catalogue;
  catalogue.Add(ChandyLamport());
  return *catalogue.Make("chandy-lamport" + (mutant.empty() ? "" : ":" + mutant),
                         {{"nodes", std::to_string(nodes)}});
}

Departure At(const std::string& address, uint64_t value, uint64_t bound) {
  return {*ParseAddress(address), value, bound};
}
// A crash so many milliseconds after the first snapshot was begun, or up to one later.
Departure Crash(NodeId node, uint64_t ms) {
  return At("crash " + Name(node) + " #2", ms * kQuantiles / 1000 + 1, kQuantiles);
}

// A run by hand: calm but for what is listed.
RunResult Story(const Scenario& s, const Departures& departures = {}) {
  return Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
}

// The facts of a run that are a Fact.
template <class Fact>
struct Told {
  NodeId node;
  Time at;
  size_t event;
  Fact fact;
};
template <class Fact>
std::vector<Told<Fact>> FactsOf(const RunResult& r) {
  std::vector<Told<Fact>> told;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact) continue;
    if (auto fact = event.As<Fact>()) told.push_back({event.node, event.at, i, *fact});
  }
  return told;
}
// The same where the protocol keeps the type to itself: by name, with the number in it.
std::vector<Told<uint64_t>> FactsNamed(const RunResult& r, const std::string& name) {
  std::vector<Told<uint64_t>> told;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact || event.message.name() != name) continue;
    told.push_back({event.node, event.at, i, *Decode<uint64_t>(event.message.bytes())});
  }
  return told;
}

// A message on a channel, sent for the first time.
struct OnChannel {
  NodeId from, to;
  Time at;
  size_t event;
  uint64_t on_link;  // Which message of its link it is: the ordinal of its faults.
  unsigned long epoch = 0, number = 0, first = 0;
  std::string type;
};
std::vector<OnChannel> SentOnChannels(const RunResult& r) {
  std::vector<OnChannel> sent;
  std::map<std::pair<NodeId, NodeId>, uint64_t> on_link;
  std::map<std::pair<NodeId, NodeId>, std::pair<uint64_t, uint64_t>> last;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kSend) continue;
    const auto link = std::pair(event.node, event.peer);
    OnChannel m{.from = event.node,
                .to = event.peer,
                .at = event.at,
                .event = i,
                .on_link = ++on_link[link],
                .type = {}};
    char type[16] = {};
    const std::string text = event.message.text();
    if (std::sscanf(text.c_str(), "Segment(%lu %lu %15[A-Za-z](%lu", &m.epoch, &m.number, type,
                    &m.first) != 4) {
      continue;
    }
    if (std::pair<uint64_t, uint64_t>(m.epoch, m.number) <= last[link]) continue;  // Sent again.
    last[link] = {m.epoch, m.number};
    m.type = type;
    sent.push_back(m);
  }
  return sent;
}

std::string Why(const RunResult& r) {
  return r.verdict.kind == Verdict::Kind::kPass ? "" : r.verdict.oracle + ": " + r.verdict.reason;
}

uint64_t RestoredInAll(const RunResult& r, uint64_t epoch) {
  std::map<NodeId, uint64_t> amounts;
  for (const auto& [node, at, event, m] : FactsOf<Restored>(r)) {
    if (m.epoch == epoch) amounts[node] = m.amount;
  }
  uint64_t all = 0;
  for (const auto& [node, amount] : amounts) all += amount;
  return all;
}

// Quantities.

TEST(ChandyLamportTest, ExactlyOneMarkerForEachDirectedChannelAndSnapshot) {
  for (const int nodes : {2, 5, 8}) {
    const RunResult r = Story(Make("", nodes));
    std::map<unsigned long, std::set<std::pair<NodeId, NodeId>>> channels;
    std::map<unsigned long, int> markers;
    for (const OnChannel& m : SentOnChannels(r)) {
      if (m.type != "Marker") continue;
      channels[m.first].insert({m.from, m.to});
      ++markers[m.first];
    }
    const auto decided = FactsNamed(r, "Decided");
    EXPECT_EQ(decided.size(), 10u);  // One a second; what begins in the last moment stays undone.
    for (const auto& [node, at, event, snapshot] : decided) {
      EXPECT_EQ(markers[snapshot], nodes * (nodes - 1));
      EXPECT_EQ(channels[snapshot].size(), static_cast<size_t>(nodes * (nodes - 1)));
    }
  }
}

TEST(ChandyLamportTest, TheLastNodeRecordsOneDelayAfterTheFirstAndTheLastChannelClosesAfterTwo) {
  for (const Duration d : {1ms, 7ms, 20ms}) {
    Scenario s = Make();
    s.links.delay = d;
    const RunResult r = Story(s);
    std::map<uint64_t, Time> begun, recorded, closed;
    for (const auto& [node, at, event, m] : FactsOf<Recorded>(r)) {
      begun.try_emplace(m.snapshot, at);
      recorded[m.snapshot] = at;
    }
    for (const auto& [node, at, event, snapshot] : FactsNamed(r, "Closed")) closed[snapshot] = at;
    ASSERT_EQ(closed.size(), 10u);
    for (const auto& [snapshot, at] : closed) {
      EXPECT_EQ((recorded[snapshot] - begun[snapshot]).count(), d.count());
      EXPECT_EQ((at - begun[snapshot]).count(), 2 * d.count());
    }
  }
}

TEST(ChandyLamportTest, ASnapshotBegunWithAllUpIsCompleteAfterItsMarkersItsSyncsAndOneMessage) {
  const RunResult r = Story(Make());
  std::map<uint64_t, Time> begun;
  for (const auto& [node, at, event, m] : FactsOf<Recorded>(r)) begun.try_emplace(m.snapshot, at);
  for (const auto& [node, at, event, snapshot] : FactsNamed(r, "Decided")) {
    EXPECT_EQ(at - begun[snapshot], 3 * 1ms + 4 * 2ms);
  }
}

// The rules.

TEST(ChandyLamportTest, MarkerSendingRule_AfterRecordingAMarkerGoesOutBeforeAnyFurtherMessage) {
  const Scenario s = Make();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const RunResult r =
        Simulate(s, seed == 0 ? Choices::Calm() : Choices::FromSeed(seed), {.keep_events = true});
    const auto sent = SentOnChannels(r);
    for (const auto& [node, at, event, m] : FactsOf<Recorded>(r)) {
      std::set<NodeId> channels;
      for (const OnChannel& next : sent) {
        if (next.event < event || next.from != node || next.at != at) continue;
        if (!channels.insert(next.to).second) continue;  // Not the first after recording.
        EXPECT_EQ(next.type, "Marker") << "seed " << seed;
        EXPECT_EQ(next.first, m.snapshot) << "seed " << seed;
      }
      if (seed == 0) {
        EXPECT_EQ(channels.size(), 4u);
      }
    }
  }
}

TEST(ChandyLamportTest, MarkerReceivingRule_OnTheFirstMarkerANodeRecordsItsState) {
  const RunResult r = Story(Make());
  std::map<NodeId, Time> recorded;
  for (const auto& [node, at, event, m] : FactsOf<Recorded>(r)) {
    if (m.snapshot != kFirst) continue;
    EXPECT_TRUE(recorded.emplace(node, at).second) << "once";
  }
  ASSERT_EQ(recorded.size(), 5u);
  for (const auto& [node, at] : recorded) {
    EXPECT_EQ(at, recorded[n1] + (node == n1 ? 0ms : 1ms));
  }
}

TEST(ChandyLamportTest, MarkerReceivingRule_TheChannelOfTheFirstMarkerIsEmpty) {
  // n1 sends n2 a transfer right after the marker, which arrives while n2 records other channels.
  const auto caught_by_n2 = [](const std::string& mutant) {
    uint64_t caught = 0;
    for (const auto& [node, at, event, m] : FactsOf<InTransit>(Story(Make(mutant)))) {
      if (node == n2 && m.snapshot == kFirst) ++caught;
    }
    return caught;
  };
  EXPECT_EQ(caught_by_n2(""), 0u);
  EXPECT_EQ(caught_by_n2("records-first-channel"), 1u);
}

TEST(ChandyLamportTest, MarkerReceivingRule_AChannelIsWhatCameAfterRecordingAndBeforeItsMarker) {
  // The others' transfers to n1 and n1's markers to them cross.
  const Scenario s = Make();
  const auto caught_by_n1 = [](const RunResult& r) {
    uint64_t caught = 0;
    for (const auto& [node, at, event, m] : FactsOf<InTransit>(r)) {
      if (node == n1 && m.snapshot == kFirst) caught += m.amount;
    }
    return caught;
  };
  const RunResult calm = Story(s);
  EXPECT_EQ(caught_by_n1(calm), 4u);
  // Where n3's marker comes late, n1 goes on receiving. The transfers of 1.1 s follow the markers
  // on the other channels, and on n3's own, so they are not of this snapshot.
  for (const OnChannel& m : SentOnChannels(calm)) {
    if (m.type != "Marker" || m.first != kFirst || m.from != n3 || m.to != n1) continue;
    Departures late;  // For some time, whatever is on that link, so the copies too.
    for (uint64_t copy = 0; copy < 40; ++copy) {
      late.push_back(At("late n3>n1 #" + std::to_string(m.on_link + copy), 1022, kQuantiles));
    }
    const RunResult r = Story(s, late);
    EXPECT_EQ(Why(r), "");
    EXPECT_GT(r.given_drawn, 1u);
    EXPECT_EQ(caught_by_n1(r), 4u);
    for (const auto& [node, at, event, snapshot] : FactsNamed(r, "Closed")) {
      if (node == n1 && snapshot == kFirst) {
        EXPECT_GT(at, AtNanos(0) + 1200ms);
      }
    }
  }
}

TEST(ChandyLamportTest, MarkerReceivingRule_ALaterMarkerClosesItsOwnChannelOnly) {
  // n3's transfer to n1 is lost at first, so that it comes when other markers have come already.
  for (const OnChannel& m : SentOnChannels(Story(Make()))) {
    if (m.type != "Transfer" || m.from != n3 || m.to != n1) continue;
    if (m.at != AtNanos(0) + 1000ms) continue;
    const Departures lost = {At("drop n3>n1 #" + std::to_string(m.on_link), 1, 2)};
    const RunResult r = Story(Make(), lost);
    EXPECT_EQ(Why(r), "");
    EXPECT_EQ(r.faults[Fault::kDrop].applied, 1u);
    EXPECT_EQ(Story(Make("second-marker-closes-all"), lost).verdict.oracle, "consistent-cut");
    return;
  }
  FAIL() << "no such transfer";
}

TEST(ChandyLamportTest, ASnapshotIsCompleteWhenEveryNodeHasMadeItsPartDurable) {
  const Scenario s = Make();
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed), {.keep_events = true});
    std::map<uint64_t, std::set<NodeId>> complete;
    for (const auto& [node, at, event, m] : FactsOf<Complete>(r)) {
      complete[m.snapshot].insert(node);
    }
    for (const auto& [node, at, event, snapshot] : FactsNamed(r, "Decided")) {
      EXPECT_EQ(complete[snapshot].size(), 5u) << "seed " << seed;
    }
  }
}

TEST(ChandyLamportTest, ASnapshotThatSomeNodeDidNotMakeDurableIsNotGoneBackTo) {
  const Scenario s = Make();
  const RunResult r = Story(s, {Crash(n2, 3)});  // It syncs from 2 ms to 6 ms after the beginning.
  EXPECT_EQ(Why(r), "");
  ASSERT_EQ(r.faults[Fault::kCrash].applied, 1u);
  for (const auto& [node, at, event, snapshot] : FactsNamed(r, "Decided")) {
    EXPECT_NE(snapshot, kFirst);
  }
  for (const auto& [node, at, event, m] : FactsOf<Restored>(r)) EXPECT_EQ(m.snapshot, 0u);
  EXPECT_EQ(RestoredInAll(r, 2), 5000u);
}

TEST(ChandyLamportTest, AllNodesGoBackToTheLastCompleteSnapshotWithItsChannels) {
  const RunResult r = Story(Make(), {Crash(n2, 500)});
  EXPECT_EQ(Why(r), "");
  uint64_t states = 0, gone_back = 0;
  for (const auto& [node, at, event, m] : FactsOf<Recorded>(r)) {
    if (m.snapshot == kFirst) states += m.amount;
  }
  for (const auto& [node, at, event, m] : FactsOf<Restored>(r)) {
    if (m.epoch != 2) continue;
    EXPECT_EQ(m.snapshot, kFirst);
    ++gone_back;
  }
  EXPECT_EQ(gone_back, 5u);
  EXPECT_EQ(states, 4996u) << "the rest was in transit";
  EXPECT_EQ(RestoredInAll(r, 2), 5000u);
}

TEST(ChandyLamportTest, MessagesOfOlderEpochsAreDropped) {
  // n3's transfer of 1.1 s comes late, after n2's crash has begun another epoch.
  const Scenario s = Make();
  for (const OnChannel& m : SentOnChannels(Story(s))) {
    if (m.from != n3 || m.to != n1 || m.at != AtNanos(0) + 1100ms) continue;
    const RunResult r = Story(
        s, {Crash(n2, 500), At("late n3>n1 #" + std::to_string(m.on_link), 1022, kQuantiles)});
    EXPECT_EQ(Why(r), "");
    EXPECT_EQ(r.faults[Fault::kLate].observed, 1u);
    size_t begun = 0;
    for (const auto& [node, at, event, told] : FactsOf<Restored>(r)) {
      if (node == n1 && told.epoch == 2) begun = event;
    }
    ASSERT_GT(begun, 0u);
    for (size_t i = begun; i < r.timeline.size(); ++i) {
      const Event event = r.timeline[i];
      if (event.kind != Event::Kind::kSend || event.node != n1) continue;
      EXPECT_FALSE(event.message.text().starts_with("SegmentAck(1 ")) << Describe(event);
    }
    return;
  }
  FAIL() << "no such transfer";
}

TEST(ChandyLamportTest, WhatIsSentAgainAfterGoingBackIsReceivedOnce) {
  // The transfers that cross the first markers are recorded as unacknowledged and on the channel.
  const Departures crash = {Crash(n2, 500)};
  EXPECT_EQ(Why(Story(Make(), crash)), "");
  EXPECT_EQ(Story(Make("reinjects-twice"), crash).verdict.oracle, "consistent-cut");
}

TEST(ChandyLamportTest, AnyNodeMayCrashAtAnyCallAndWhatWasDecidedStands) {
  const Scenario s = Make("", 3);
  uint64_t to_start = 0, to_first = 0;
  for (int i = 0; i < 800; ++i) {
    const std::string call = Name(i % 2 == 0 ? n1 : n2) + " #1." + std::to_string(i / 2 + 1);
    const RunResult r = Story(s, {At("crash-at " + call, 1, 2)});
    ASSERT_EQ(Why(r), "") << call;
    const auto decided = FactsNamed(r, "Decided");
    std::map<uint64_t, Time> decided_at;
    for (const auto& [node, at, event, snapshot] : decided) decided_at[snapshot] = at;
    for (const auto& [node, at, event, m] : FactsOf<Restored>(r)) {
      if (m.epoch != 2) continue;
      (m.snapshot == 0 ? to_start : to_first) += 1;
      if (decided_at.contains(kFirst)) {
        EXPECT_GE(m.snapshot, kFirst) << call;
      }
    }
  }
  EXPECT_GT(to_start, 0u);
  EXPECT_GT(to_first, 0u);
}

TEST(ChandyLamportTest, ACrashWhileGoingBackIsGoneBackFromToo) {
  // n2 is back 100 ms after its crash, and all go back from then on.
  const Scenario s = Make();
  uint64_t second = 0, third = 0;
  for (const NodeId node : {n1, n3}) {
    for (uint64_t ms = 601; ms < 625; ++ms) {
      const RunResult r = Story(s, {Crash(n2, 500), Crash(node, ms)});
      const std::string when = Name(node) + " at " + std::to_string(ms);
      ASSERT_EQ(Why(r), "") << when;
      ASSERT_EQ(r.faults[Fault::kCrash].applied, 2u);
      uint64_t last = 0;
      for (const auto& [who, at, event, m] : FactsOf<Restored>(r)) {
        EXPECT_EQ(m.snapshot, m.epoch == 1 ? 0 : kFirst) << when;
        last = std::max(last, m.epoch);
      }
      EXPECT_EQ(RestoredInAll(r, last), 5000u) << when;
      // Who crashed before it came to the second epoch needs no third.
      ASSERT_TRUE(last == 2 || last == 3) << when;
      ++(last == 2 ? second : third);
    }
  }
  EXPECT_GT(second, 0u);
  EXPECT_GT(third, 0u);
}

// Fuzzing.

TEST(ChandyLamportTest, SoundProtocolPasses) {
  for (const auto& [nodes, seeds] : {std::pair(5, 300), {2, 50}, {8, 50}}) {
    const Scenario s = Make("", nodes);
    FaultCounts faults;
    std::map<std::string, uint64_t> facts;
    for (int seed = 1; seed <= seeds; ++seed) {
      const RunResult r = Simulate(s, Choices::FromSeed(static_cast<uint64_t>(seed)));
      ASSERT_EQ(Why(r), "") << nodes << " nodes, seed " << seed;
      faults += r.faults;
      for (const auto& [name, count] : r.facts) facts[name] += count;
    }
    for (size_t i = 0; i < kFaults; ++i) {
      const auto fault = static_cast<Fault>(i);
      if (RateOf(s, fault).num != 0) {
        EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
      }
    }
    const auto n = static_cast<uint64_t>(seeds);
    EXPECT_GT(facts["Decided"], 2 * n) << "complete snapshots";
    EXPECT_GT(facts["Restored"], 4 * n * static_cast<uint64_t>(nodes))
        << "rollbacks, and the start";
    EXPECT_GT(facts["InTransit"], n);
  }
}

TEST(ChandyLamportTest, EachMutantIsFoundByItsOracle) {
  const Family family = ChandyLamport();
  ASSERT_EQ(family.mutants.size(), 7u);
  for (const MutantInfo& mutant : family.mutants) {
    const Scenario s = Make(mutant.name);
    uint64_t found = 0;
    for (uint64_t seed = 1; seed <= 200 && found == 0; ++seed) {
      const RunResult r = Simulate(s, Choices::FromSeed(seed));
      if (r.verdict.failed() && r.verdict.oracle == mutant.oracle) found = seed;
    }
    EXPECT_NE(found, 0u) << mutant.name;
    RecordProperty(mutant.name, static_cast<int>(found));
  }
}

TEST(ChandyLamportTest, EqualSeedsGiveEqualRunsAndSoDoTheirDepartures) {
  const Scenario s = Make();
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult a = Simulate(s, Choices::FromSeed(seed));
    const RunResult b = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(a.digest, b.digest) << "seed " << seed;
    const RunResult c = Simulate(s, Choices::FromDepartures(a.departures()));
    ASSERT_EQ(a.digest, c.digest) << "seed " << seed;
    ASSERT_EQ(c.given, c.given_drawn);
  }
}

}  // namespace
}  // namespace reprise
