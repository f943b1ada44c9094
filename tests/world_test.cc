// Runs: crashes and restarts, storms and calms, verdicts, and that one run leaves nothing to the
// next.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "models/world/links.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const Label kDice("dice");
const Label kCrashLabel("crash");

struct Put {
  uint64_t value = 0;
};
struct Acked {
  uint64_t value = 0;
};
struct Found {
  uint64_t value = 0;
};

Departures List(const std::vector<std::pair<std::string, uint64_t>>& entries) {
  Departures out;
  for (const auto& [text, value] : entries) {
    const auto address = ParseAddress(text);
    EXPECT_TRUE(address.has_value()) << text;
    if (address) out.push_back({*address, value, 1 << 20});
  }
  return out;
}

Scenario OneNode(NodeMain main) {
  Scenario s;
  s.name = "one-node";
  s.roles = {{.name = "node", .count = 1, .main = std::move(main)}};
  s.storm = 2s;
  s.calm = 2s;
  return s;
}

// What was acknowledged must be found by every later boot.
class Durable : public Oracle {
 public:
  std::string name() const override { return "durable"; }
  Complaint OnFact(const Event& event) override {
    if (const auto acked = event.As<Acked>()) acked_ = acked->value;
    const auto found = event.As<Found>();
    if (found && found->value < acked_) return "lost " + std::to_string(acked_);
    return std::nullopt;
  }

 private:
  uint64_t acked_ = 0;
};

// A counter on disk, which its node raises; `sync` is the protocol, and leaving it out the bug.
Scenario Counter(bool sync) {
  Scenario s = OneNode([sync](Env& env) {
    File file = *env.disk().Open("counter", OpenMode::kCreateIfMissing);
    uint64_t value = Decode<uint64_t>(*file.ReadAt(0, 8)).value_or(0);
    env.Report(Found{value});
    for (int i = 0; i < 5; ++i) {
      static_cast<void>(file.WriteAt(0, Encode(++value)));
      if (sync && !(file.Sync().ok() && env.disk().SyncDir("").ok())) return;
      env.Report(Acked{value});
      env.Sleep(1ms);
    }
    env.Sleep(1h);
  });
  s.crashes = {.crash_at = OneIn(10), .down = 10ms};
  s.disks = {.unsynced = OneIn(2)};
  s.oracles = JudgedBy(Durable());
  return s;
}

TEST(World, ACrashAtEveryCallIsSurvivedBySoundCodeAndFindsTheBug) {
  for (const bool sync : {true, false}) {
    int failed = 0, calls = 0;
    for (int call = 1; call <= 60; ++call) {
      const std::string at = " n1 #1." + std::to_string(call);
      const RunResult r =
          Simulate(Counter(sync),
                   Choices::FromDepartures(List({{"crash-at" + at, 1}, {"unsynced" + at, 1}})));
      EXPECT_LE(r.faults[Fault::kCrashAt].applied, 1u);
      if (r.faults[Fault::kCrashAt].applied == 0) break;  // No such call.
      ++calls;
      failed += r.verdict.failed() ? 1 : 0;
      EXPECT_EQ(r.faults[Fault::kCrashAt].attempted, 1u);
      if (!r.verdict.failed()) {
        EXPECT_EQ(r.faults[Fault::kCrashAt].observed, 1u);
        EXPECT_EQ(r.facts.back(), (std::pair<std::string, uint64_t>("Found", call <= 2 ? 1 : 2)));
      }
    }
    EXPECT_EQ(calls, sync ? 23 : 13);
    EXPECT_EQ(failed > 0, !sync);
  }
}

TEST(World, BootsAreNumberedAndMemoryIsNew) {
  std::vector<uint64_t> boots;
  Scenario s = OneNode([&](Env& env) {
    boots.push_back(env.boot());
    for (int local = 0;; ++local) {
      EXPECT_LT(local, 2800);
      env.Sleep(1ms);
    }
  });
  s.crashes = {.crash = OneIn(2), .slot = 500ms, .down = 10ms};
  const RunResult r =
      Simulate(s, Choices::FromDepartures(
                      List({{"crash n1 #1", 512}, {"crash n1 #2", 512}, {"crash n1 #3", 512}})));
  EXPECT_THAT(boots, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(r.faults[Fault::kCrash].observed, 3u);
}

// The most nodes down at once, counted from events.
class DownAtOnce : public Oracle {
 public:
  explicit DownAtOnce(int& most) : most_(most) {}
  std::string name() const override { return "down-at-once"; }
  EventKinds Watches() const override { return kAllEvents; }
  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kCrash) most_ = std::max(most_, ++down_);
    if (event.kind == Event::Kind::kBoot && event.id > 1) --down_;
    if (event.kind == Event::Kind::kCalm) calm_ = event.at;
    if (event.kind == Event::Kind::kCrash && calm_ != Time{}) return "a crash in the calm";
    return std::nullopt;
  }
  Complaint AtEnd() override {
    return down_ == 0 ? Complaint() : "not all nodes came back in the calm";
  }

 private:
  int& most_;
  int down_ = 0;
  Time calm_{};
};

TEST(World, NoMoreNodesAreDownThanPromisedAndAllComeBack) {
  for (const int at_most : {0, 1, 2}) {
    int most = 0;
    Scenario s = OneNode([](Env& env) {
      for (;;) env.Sleep(20ms);
    });
    s.roles[0].count = 4;
    s.roles.push_back({.name = "immortal", .count = 1, .main = s.roles[0].main, .mortal = false});
    s.crashes = {.crash = OneIn(2),
                 .slot = 200ms,
                 .crash_at = OneIn(50),
                 .down_at_most = at_most,
                 .down = 300ms,
                 .down_more = 5s};
    s.oracles = JudgedBy(DownAtOnce(most));
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const RunResult r = Simulate(s, Choices::FromSeed(seed));
      ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
      EXPECT_LE(r.faults[Fault::kCrash].applied, r.faults[Fault::kCrash].attempted);
    }
    EXPECT_EQ(most, at_most);
  }
}

TEST(World, AStormIsFollowedByACalm) {
  Scenario s = OneNode([](Env& env) { env.Sleep(1h); });
  const RunResult r = Simulate(s, Choices::Calm(), {.keep_events = true});
  ASSERT_EQ(r.timeline.size(), 3u);
  EXPECT_EQ(r.timeline[0].kind, Event::Kind::kBoot);
  EXPECT_EQ(r.timeline[1].kind, Event::Kind::kCalm);
  EXPECT_EQ(Nanos(r.timeline[1].at), 2'000'000'000);
  EXPECT_EQ(r.timeline[2].kind, Event::Kind::kVerdict);
  EXPECT_EQ(r.events, 3u);
}

TEST(World, AMainThatReturnsEndsItsNode) {
  int spawned = 0;
  Scenario s = OneNode([&](Env& env) {
    env.Spawn([&] {
      for (;; ++spawned) env.Sleep(10ms);
    });
    env.Sleep(55ms);
  });
  s.crashes.crash = OneIn(2);
  const RunResult r =
      Simulate(s, Choices::FromDepartures(List({{"crash n1 #1", 512}})), {.keep_events = true});
  EXPECT_EQ(spawned, 5);
  EXPECT_EQ(r.timeline[r.timeline.size() - 3].kind, Event::Kind::kExit);
  EXPECT_EQ(r.faults[Fault::kCrash].attempted, 1u);
  EXPECT_EQ(r.faults[Fault::kCrash].applied, 0u);  // It stays away.
}

Verdict VerdictOf(NodeMain main, uint64_t events_at_most = 1'000'000) {
  Scenario s = OneNode([](Env& env) { env.Sleep(1h); });
  s.roles.push_back({.name = "other", .count = 1, .main = std::move(main)});
  s.events_at_most = events_at_most;
  return Simulate(s, Choices::Calm()).verdict;
}

void ExpectFailure(const Verdict& verdict, const std::string& oracle, const std::string& reason) {
  EXPECT_TRUE(verdict.failed());
  EXPECT_EQ(verdict.oracle, oracle);
  EXPECT_THAT(verdict.reason, HasSubstr(reason));
}

TEST(Verdict, OfNodesThatFail) {
  const Verdict check = VerdictOf([](Env& env) {
    env.Sleep(7ms);
    CHECK(env.boot() == 2);
  });
  ExpectFailure(check, "check", "n2 failed world_test.cc:");
  EXPECT_THAT(check.reason, HasSubstr("env.boot() == 2"));
  EXPECT_EQ(check.node, NodeId{2});
  EXPECT_EQ(Nanos(check.at), 7'000'000);
  ExpectFailure(VerdictOf([](Env&) { throw std::runtime_error("oops"); }), "exception",
                "n2 threw oops");
  ExpectFailure(VerdictOf([](Env&) { throw 7; }), "exception", "n2 threw something");
  ExpectFailure(VerdictOf([](Env& env) {
                  env.Spawn([] { CHECK(false); });
                  env.Sleep(1h);
                }),
                "check", "n2 failed");
}

TEST(Verdict, OfLivelocks) {
  const std::string reason = "n2 called Env 1000000 times in one moment";
  ExpectFailure(VerdictOf([](Env& env) {
                  for (;;) env.Receive(0ms);
                }),
                "livelock", reason);
  ExpectFailure(VerdictOf([](Env& env) {
                  while (env.Now() < Time(1s)) continue;  // Time does not pass by itself.
                }),
                "livelock", reason);
  ExpectFailure(VerdictOf([](Env& env) {
                  while (env.Random(6) != 5) continue;  // Zero is calm, for ever.
                }),
                "livelock", reason);
  ExpectFailure(VerdictOf([](Env& env) {
                  for (;;) env.Report(Put{1});
                }),
                "livelock", reason);
  ExpectFailure(VerdictOf(
                    [](Env& env) {
                      for (;;) env.Sleep(0ms);
                    },
                    1000),
                "livelock", "no end after 1000 events");
  EXPECT_FALSE(VerdictOf([](Env& env) {
                 for (int i = 0; i < 100; ++i) env.Sleep(1ms);
               }).failed());
}

TEST(Verdict, ManyNodesAtOneMomentAreNoLivelock) {
  Scenario s = OneNode([](Env& env) {
    for (int i = 0; i < 30'000; ++i) env.Now();
  });
  s.roles[0].count = 50;
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
}

TEST(Verdict, OfNodeCodeThatUsesAnothersEnv) {
  const std::vector<std::function<void(Env&)>> uses = {
      [](Env& env) { env.Broadcast(Put{}); },
      [](Env& env) { env.Report(Put{}); },
      [](Env& env) { env.Sleep(1ms); },
      [](Env& env) { env.Now(); },
      [](Env& env) { env.Random(2); },
      [](Env& env) { static_cast<void>(env.disk().Open("f", OpenMode::kCreate)); }};
  for (const auto& use : uses) {
    Env* other = nullptr;
    Scenario s = OneNode([&](Env& env) {
      if (env.self() == NodeId{1}) other = &env;
      env.Sleep(1ms);
      if (env.self() == NodeId{2}) use(*other);
    });
    s.roles[0].count = 2;
    const RunResult r = Simulate(s, Choices::Calm());
    ExpectFailure(r.verdict, "check", "n2 failed");
    EXPECT_EQ(r.verdict.node, NodeId{2});
  }
}

TEST(Verdict, OfNodeCodeThatDrawsUnderTheTestbedsLabels) {
  ExpectFailure(VerdictOf([](Env& env) { env.Random(kCrashLabel, 2); }), "check", "reserved");
}

TEST(Verdict, OfARunWithinARun) {
  ExpectFailure(VerdictOf([](Env&) { Simulate(OneNode([](Env&) {}), Choices::Calm()); }), "check",
                "n2 failed");
  EXPECT_EQ(Simulate(OneNode([](Env&) {}), Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
}

}  // namespace
}  // namespace reprise
