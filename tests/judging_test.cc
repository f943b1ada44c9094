// How oracles judge a run, and that a run depends on its scenario and choices alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/world/disks.h"
#include "models/world/links.h"
#include "sim/scenario.h"
#include "sim/sync.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const Label kNewSite("new-site");

struct Step {
  uint64_t n = 0;
};
struct Beat {
  uint64_t n = 0;
};

File OpenLog(Env& env, const std::string& path) {
  for (;;) {
    auto file = env.disk().Open(path, OpenMode::kCreateIfMissing);
    if (file.ok()) return *file;
    env.Sleep(10ms);  // The disk is full.
  }
}

// Four nodes that talk, write, lock and sleep, in a storm of everything. `more` is for what a
// later version of the protocol might draw.
Scenario Everything(std::function<void(Env&)> more = nullptr) {
  Scenario s;
  s.name = "everything";
  s.roles = {{.name = "node", .count = 4, .main = [more](Env& env) {
                Beat exposed;
                const Env::Exposed<Beat> to_memory_faults(env, exposed);
                Mutex mutex(env);
                File file = OpenLog(env, "log");
                OpenLog(env, "other");
                env.Spawn([&] {
                  for (uint64_t n = 1;; ++n) {
                    const Lock lock(mutex);
                    static_cast<void>(file.Append(Encode(Beat{n})));
                    static_cast<void>(file.Sync());
                    if (env.Random(3) == 0) static_cast<void>(env.disk().SyncDir(""));
                    env.Broadcast(Beat{n});
                    env.Sleep(20ms);
                  }
                });
                env.Report(Step{file.Size()});
                for (;;) {
                  const auto mail = env.Receive(100ms);
                  env.WallNow();
                  static_cast<void>(file.ReadAt(0, 1 << 20));
                  if (more) more(env);
                  if (!mail) continue;
                  const Lock lock(mutex);
                  if (const auto beat = mail->As<Beat>()) env.Report(Step{beat->n});
                }
              }}};
  s.links = models::HarshConnections();
  s.cuts = models::HarshPartitions();
  s.clogs = models::Clogs();
  s.crashes = {.crash = OneIn(4),
               .crash_at = OneIn(200),
               .down_at_most = 3,
               .again = OneIn(8),
               .several = OneIn(16),
               .zone = OneIn(16),
               .rack = OneIn(16),
               .placement = {.zones = 2, .racks = 2},
               .wipe = OneIn(8),
               .disks_lost_at_most = 1,
               .churn = OneIn(40),
               .churn_most = 1s};
  s.processes = {.pause = OneIn(16), .slow = OneIn(16), .memory = OneIn(8)};
  s.disks = models::StormyDisk();
  s.disks.hung_for = 200ms;
  s.disks.misread = OneIn(20);
  s.clocks = {.offset = OneIn(2),
              .drift = OneIn(2),
              .jump = OneIn(8),
              .freeze = OneIn(8),
              .late_timer = OneIn(100)};
  s.order = OneIn(10);
  s.storm = 3s;
  s.calm = 1s;
  return s;
}

Scenario Reporting(std::function<Oracles()> oracles) {
  Scenario s;
  s.name = "reporting";
  s.roles = {{.name = "node", .count = 2, .main = [](Env& env) {
                for (uint64_t n = 1; n <= 3; ++n) {
                  env.Sleep(10ms);
                  env.Report(Step{n});
                  if (n == 2) env.Report(Beat{n});
                }
              }}};
  s.storm = 1s;
  s.calm = 1s;
  s.oracles = std::move(oracles);
  return s;
}

// An oracle made of functions.
struct Script : Oracle {
  std::function<Complaint(const Event&)> on_fact, on_event;
  std::function<Complaint()> at_end;
  std::function<std::optional<std::string>()> undecided;
  bool all = false;
  Time deadline = Time::max();  // From the first fact on.
  bool heard = false;

  std::string name() const override { return "script"; }
  Time Deadline() const override { return heard ? deadline : Time::max(); }
  EventKinds Watches() const override { return all ? kAllEvents : 0; }
  Complaint OnFact(const Event& e) override {
    heard = true;
    return on_fact ? on_fact(e) : std::nullopt;
  }
  Complaint OnEvent(const Event& e) override { return on_event ? on_event(e) : std::nullopt; }
  Complaint AtEnd() override { return at_end ? at_end() : std::nullopt; }
  std::optional<std::string> Undecided() const override {
    return undecided ? undecided() : std::nullopt;
  }
};

TEST(Judging, FactsAreSeenAsTheyHappenAndOnlyTheseUnlessAsked) {
  std::vector<std::string> facts;
  int events = 0;
  Script script;
  script.on_fact = [&](const Event& e) -> Complaint {
    EXPECT_EQ(e.kind, Event::Kind::kFact);
    facts.push_back(Name(e.node) + " " + e.message.text() + " " + Millis(e.at));
    return std::nullopt;
  };
  script.on_event = [&](const Event& e) -> Complaint {
    EXPECT_NE(e.kind, Event::Kind::kFact);
    ++events;
    return std::nullopt;
  };
  const RunResult r = Simulate(Reporting(JudgedBy(script)), Choices::Calm());
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass);
  EXPECT_THAT(facts,
              ElementsAre("n1 Step(1) 10.000 ms", "n2 Step(1) 10.000 ms", "n1 Step(2) 20.000 ms",
                          "n1 Beat(2) 20.000 ms", "n2 Step(2) 20.000 ms", "n2 Beat(2) 20.000 ms",
                          "n1 Step(3) 30.000 ms", "n2 Step(3) 30.000 ms"));
  EXPECT_THAT(r.facts, ElementsAre(Pair("Beat", 2), Pair("Step", 6)));
  EXPECT_EQ(events, 0);
  script.all = true;
  const RunResult watched = Simulate(Reporting(JudgedBy(script)), Choices::Calm());
  EXPECT_EQ(events, static_cast<int>(watched.events) - 8 - 1);  // All but facts and the verdict.
  EXPECT_EQ(watched.digest, r.digest);                          // Watching changes nothing.
}

// The nodes wake at 10, 20 and 30 ms, and report after each.
TEST(Judging, WhatComesAfterADeadlineIsSeenWhateverItIs) {
  std::vector<std::string> seen;
  Script script;
  script.deadline = AtNanos(10'000'000);
  script.on_event = [&](const Event& e) -> Complaint {
    seen.push_back(std::string(KindName(e.kind)) + " " + Millis(e.at));
    return seen.size() == 2 ? Complaint("two") : Complaint();
  };
  const RunResult r = Simulate(Reporting(JudgedBy(script, Script())), Choices::Calm());
  EXPECT_EQ(r.verdict.reason, "two");
  EXPECT_THAT(seen, ElementsAre("wake 20.000 ms", "wake 20.000 ms"));
  script.deadline = AtNanos(9'000'000);  // Has passed when it is first said.
  seen.clear();
  Simulate(Reporting(JudgedBy(script)), Choices::Calm());
  EXPECT_THAT(seen, ElementsAre("wake 10.000 ms", "wake 20.000 ms"));
}

TEST(Judging, AComplaintEndsTheRunThereAndThen) {
  Script script;
  bool ended = false;
  script.on_fact = [](const Event& e) -> Complaint {
    return e.As<Step>() && e.As<Step>()->n == 2 && e.node == NodeId{2} ? Complaint("two")
                                                                       : Complaint();
  };
  script.at_end = [&]() -> Complaint { return ended = true, std::nullopt; };
  const RunResult r = Simulate(Reporting(JudgedBy(script)), Choices::Calm(), {.keep_events = true});
  EXPECT_TRUE(r.verdict.failed());
  EXPECT_EQ(r.verdict.oracle, "script");
  EXPECT_EQ(r.verdict.reason, "two");
  EXPECT_EQ(r.verdict.node, NodeId{2});
  EXPECT_EQ(Nanos(r.verdict.at), 20'000'000);
  const Event event = r.timeline[r.verdict.event - 1];
  EXPECT_EQ(event.As<Step>()->n, 2u);
  EXPECT_EQ(event.node, NodeId{2});
  EXPECT_EQ(Nanos(r.end), 20'000'000);
  EXPECT_FALSE(ended);
  EXPECT_EQ(r.timeline[r.timeline.size() - 1].message.bytes(), "fail script: two");
}

TEST(Judging, AtEndAndUndecided) {
  Script complains;
  complains.at_end = [] { return "never happened"; };
  Script unsure;
  unsure.undecided = [] { return "out of budget"; };
  const RunResult fails = Simulate(Reporting(JudgedBy(unsure, complains)), Choices::Calm());
  EXPECT_TRUE(fails.verdict.failed());
  EXPECT_EQ(fails.verdict.reason, "never happened");
  const RunResult unknown = Simulate(Reporting(JudgedBy(Script(), unsure)), Choices::Calm());
  EXPECT_EQ(unknown.verdict.kind, Verdict::Kind::kUnknown);
  EXPECT_EQ(unknown.verdict.reason, "out of budget");
  EXPECT_NE(unknown.digest, fails.digest);  // The verdict is part of the run.
}

TEST(Judging, ABrokenOracleIsAVerdictAndNotACrash) {
  std::vector<Script> scripts(5);
  scripts[0].on_fact = [](const Event&) -> Complaint { throw std::runtime_error("broken"); };
  scripts[1].on_fact = [](const Event&) -> Complaint { throw 7; };
  scripts[2].at_end = []() -> Complaint { throw std::runtime_error("broken"); };
  scripts[3].undecided = []() -> std::optional<std::string> { throw std::runtime_error("broken"); };
  scripts[4].on_event = [](const Event& e) -> Complaint {
    CHECK(e.kind != Event::Kind::kWake);
    return std::nullopt;
  };
  scripts[4].all = true;
  for (const Script& script : scripts) {
    const RunResult r = Simulate(Reporting(JudgedBy(script)), Choices::Calm());
    EXPECT_TRUE(r.verdict.failed());
    EXPECT_EQ(r.verdict.oracle, "broken-oracle");
    EXPECT_THAT(r.verdict.reason, HasSubstr("script threw"));
  }
}

TEST(Judging, OraclesThatCannotBeMadeAreTheCallersProblem) {
  const Scenario bad = Reporting([]() -> Oracles { throw std::runtime_error("no oracle"); });
  EXPECT_THROW(Simulate(bad, Choices::Calm()), std::runtime_error);
  Scenario none = Reporting(nullptr);
  none.cuts.cut = OneIn(2);
  none.cuts.slot = 0s;
  EXPECT_ANY_THROW(Simulate(none, Choices::FromDepartures({{*ParseAddress("cut #1"), 1, 2}})));
  // And leave the testbed as it was.
  EXPECT_EQ(Simulate(Reporting(nullptr), Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
}

TEST(Judging, EachRunHasOraclesOfItsOwn) {
  struct Once : Oracle {
    std::string name() const override { return "once"; }
    Complaint OnFact(const Event&) override {
      return ++facts > 8 ? Complaint("an oracle that was used before") : Complaint();
    }
    int facts = 0;
  };
  const Scenario s = Reporting(JudgedBy(Once()));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(Simulate(s, Choices::Calm()).verdict.failed());
}

TEST(Runs, AreIndependentOfOneAnother) {
  const Scenario s = Everything();
  const Scenario other = Reporting(nullptr);
  std::vector<uint64_t> digests, again;
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.oracle << r.verdict.reason;
    digests.push_back(r.digest);
    faults += r.faults;
  }
  for (uint64_t seed = 100; seed >= 1; --seed) {
    Simulate(other, Choices::FromSeed(seed), {.keep_events = seed % 2 == 0});
    const RunResult r =
        Simulate(s, Choices::FromSeed(seed),
                 {.keep_events = seed % 3 == 0, .find_opportunities = seed % 5 == 0});
    again.insert(again.begin(), r.digest);
    const RunResult replayed = Simulate(s, Choices::FromDepartures(r.departures()));
    ASSERT_EQ(replayed.digest, r.digest) << seed;
    ASSERT_EQ(replayed.given, replayed.given_drawn) << seed;
  }
  EXPECT_EQ(digests, again);
  for (size_t i = 0; i < kFaults; ++i) {  // Or this tests less than it seems to.
    EXPECT_GT(faults[static_cast<Fault>(i)].observed, 0u) << Info(static_cast<Fault>(i)).name;
  }
}

TEST(Runs, NoTwoDrawsHaveOneAddress) {
  const Scenario s = Everything();
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const Departures all = Simulate(s, Choices::FromSeed(seed)).departures();
    for (size_t i = 1; i < all.size(); ++i) {
      ASSERT_FALSE(all[i].address == all[i - 1].address) << Describe(all[i].address);
    }
  }
}

TEST(Runs, ANewSiteMovesNoOtherDeparture) {
  const Scenario before = Everything();
  const Scenario after = Everything([](Env& env) { env.Random(kNewSite, 1000); });
  size_t drawn = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const Departures a = Simulate(before, Choices::FromSeed(seed)).departures();
    Departures b = Simulate(after, Choices::FromSeed(seed)).departures();
    drawn += std::erase_if(b, [](const Departure& d) { return d.address.site.label == kNewSite; });
    ASSERT_EQ(a, b) << "seed " << seed;
  }
  EXPECT_GT(drawn, 1000u);
}

TEST(Runs, OpportunitiesReplayAsDepartures) {
  const Scenario s = Everything();
  const RunResult calm = Simulate(s, Choices::Calm(), {.find_opportunities = true});
  EXPECT_EQ(calm.digest, Simulate(s, Choices::Calm()).digest);
  ASSERT_GT(calm.opportunities.size(), 1000u);
  for (size_t i = 0; i < calm.opportunities.size(); i += 97) {
    const Opportunity& o = calm.opportunities[i];
    const RunResult r = Simulate(s, Choices::FromDepartures({{o.address, o.bound - 1, o.bound}}));
    EXPECT_EQ(r.given_drawn, 1u) << Describe(o.address);
  }
}

TEST(Runs, TheVerdictIsInTheDigest) {
  Script script;
  script.at_end = [] { return "one"; };
  const uint64_t one = Simulate(Reporting(JudgedBy(script)), Choices::Calm()).digest;
  script.at_end = [] { return "two"; };
  EXPECT_NE(Simulate(Reporting(JudgedBy(script)), Choices::Calm()).digest, one);
  EXPECT_NE(Simulate(Reporting(nullptr), Choices::Calm()).digest, one);
}

}  // namespace
}  // namespace reprise
