// A node's clock: integer arithmetic that must be its own inverse.

#include "sim/clock.h"

#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace reprise {
namespace {

struct Lcg {
  uint64_t state;
  uint64_t operator()(uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 11) % bound;
  }
};

// World(local) is the first moment at which the clock shows `local` or more.
void ExpectInverse(const NodeClock& clock, Time local) {
  const int64_t t = clock.World(local, 0);
  EXPECT_GE(clock.Monotonic(t), local);
  EXPECT_LT(clock.Monotonic(t - 1), local);
}

// Around the moment from which on a clock calculates in 128 bits.
TEST(NodeClock, IsExactForHoursAndForDays) {
  constexpr int64_t kHours = 4'000'000'000'000;
  for (const int64_t ppm : {200, -200, 7, -333'333, 999'999}) {
    NodeClock clock;
    clock.Set(5, ppm);
    for (const int64_t at : {kHours / 3, kHours - 1, kHours, kHours + 1, 1000 * kHours}) {
      const auto drifted = static_cast<int64_t>(static_cast<__int128>(at) * ppm / 1'000'000);
      const Time shown = clock.Monotonic(at);
      EXPECT_EQ(Nanos(shown), at + 5 + drifted);
      EXPECT_EQ(clock.Monotonic(clock.World(shown, at)), shown);
      EXPECT_LT(clock.Monotonic(clock.World(shown, at) - 1), shown);
    }
  }
}

TEST(NodeClock, ConversionsAreInverseForSmallTimes) {
  for (const int64_t ppm : {0, 1, -1, 2, 500, -500, 200'000, -200'000, 500'000, -500'000}) {
    for (const int64_t offset : {0, 1, 7, 1'000'003}) {
      NodeClock clock;
      clock.Set(offset, ppm);
      for (int64_t local = offset - 20; local < offset + 3000; ++local) {
        ASSERT_NO_FATAL_FAILURE(ExpectInverse(clock, AtNanos(local))) << ppm << " " << offset;
      }
    }
  }
}

TEST(NodeClock, ConversionsAreInverseForRandomTimes) {
  Lcg random{3};
  for (int i = 0; i < 20'000; ++i) {
    NodeClock clock;
    const auto offset = static_cast<int64_t>(random(uint64_t{1} << (1 + random(50))));
    clock.Set(offset, static_cast<int64_t>(random(2001)) - 1000);
    const auto local = static_cast<int64_t>(random(uint64_t{1} << (1 + random(52))));
    ExpectInverse(clock, AtNanos(offset + local));
  }
}

TEST(NodeClock, NeverRunsBackwards) {
  NodeClock clock;
  clock.Set(5, -500'000);
  for (int64_t t = 0; t < 3'000'000; ++t) {
    ASSERT_LE(clock.Monotonic(t), clock.Monotonic(t + 1));
  }
}

TEST(NodeClock, ForeverIsForeverAndTheEndsOfTimeDoNotOverflow) {
  for (const int64_t ppm : {0, 500, -500, -500'000}) {
    NodeClock clock;
    clock.Set(Nanos(AtNanos(0) + 1h), ppm);
    EXPECT_EQ(clock.World(kForever, 0), Nanos(kForever));
    EXPECT_GT(clock.World(kForever - Duration(1), 0), Nanos(AtNanos(0) + 10'000h));
    EXPECT_LE(clock.World(Time::min(), 0), 0);
  }
}

TEST(NodeClock, OnlyTheWallClockSteps) {
  NodeClock clock;
  clock.Set(100, 0);
  clock.Step(-30);
  clock.Step(5);
  EXPECT_EQ(Nanos(clock.Monotonic(1000)), 1100);
  EXPECT_EQ(Nanos(clock.Wall(1000)), 1075);
}

struct Slept {
  Time before, until, after;
};

// A node that sleeps by its own clock, and reports what that clock said.
Scenario Sleepers() {
  Scenario s;
  s.name = "sleepers";
  s.roles = {{.name = "node", .count = 3, .main = [](Env& env) {
                for (;;) {
                  const Time before = env.Now();
                  const Time until = before + Duration(1 + env.Random(5'000'000));
                  env.SleepUntil(until);
                  env.WallNow();
                  env.Report(Slept{before, until, env.Now()});
                }
              }}};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2), .drift_ppm_most = 3, .jump = OneIn(4)};
  s.storm = 3s;
  s.calm = 1s;
  return s;
}

class NeverEarly : public Oracle {
 public:
  std::string name() const override { return "never-early"; }
  Complaint OnFact(const Event& event) override {
    const auto fact = event.As<Slept>();
    if (!fact) return std::nullopt;
    if (fact->after < fact->until) return "woke early";
    if (fact->after > fact->until + 1us) return "woke late";
    return std::nullopt;
  }
};

TEST(NodeClock, TimersNeverFireEarlyByTheNodesOwnClock) {
  Scenario s = Sleepers();
  s.oracles = JudgedBy(NeverEarly());
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << seed << " " << r.verdict.reason;
    faults += r.faults;
  }
  for (Fault fault : {Fault::kOffset, Fault::kDrift, Fault::kJump}) {
    EXPECT_GT(faults[fault].attempted, 0u) << Info(fault).name;
    EXPECT_EQ(faults[fault].applied, faults[fault].attempted) << Info(fault).name;
    EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
  }
}

// The drift that a departure asks for, in parts per million: seen after a thousand seconds.
int64_t DriftOf(uint64_t value, int64_t most) {
  int64_t ppm = 0;
  Scenario s;
  s.roles = {{.name = "node",
              .count = 1,
              .main =
                  [&ppm](Env& env) {
                    // The first answer from the other, which has no clock to speak of, is at 1000
                    // s.
                    env.Receive();
                    ppm = (Nanos(env.Now()) - 1'000'000'000'000) / 1'000'000;
                  }},
             {.name = "pacer",
              .count = 1,
              .main =
                  [](Env& env) {
                    env.Sleep(1000s);
                    env.Send(env.nodes("node")[0], Slept{});
                  },
              .mortal = false}};
  s.links.delay = 0ns;
  s.clocks = {.drift = OneIn(2), .drift_ppm_most = most};
  s.storm = 1500s;
  const Address drift = *ParseAddress("drift n1 #1");
  const RunResult r = Simulate(s, Choices::FromDepartures({{drift, value, 1 << 20}}));
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  return ppm;
}

TEST(NodeClock, DriftStaysWithinTheModel) {
  EXPECT_EQ(DriftOf(0, 500), 0);
  EXPECT_EQ(DriftOf(1, 500), 1);
  EXPECT_EQ(DriftOf(2, 500), -1);
  EXPECT_EQ(DriftOf(1 << 19, 500), -500);  // Beyond the domain: the largest value.
  EXPECT_EQ(DriftOf(999, 500), 500);
  EXPECT_EQ(DriftOf(1 << 19, 1), -1);
}

TEST(NodeClock, AJumpIsOfTheWallClock) {
  int64_t wall = 0, monotonic = 0;
  Scenario s;
  s.roles = {{.name = "node", .count = 1, .main = [&](Env& env) {
                env.Sleep(1500ms);
                wall = Nanos(env.WallNow());
                monotonic = Nanos(env.Now());
              }}};
  s.clocks = {.jump = OneIn(2), .jump_most = 1024s};
  const auto at = [](const char* text) { return *ParseAddress(text); };
  const Departures jump = {{at("jump n1 #1"), 512, kQuantiles},
                           {at("jump-by n1 #1"), 2 * 9 + 1, 2 * kQuantiles}};
  const RunResult r = Simulate(s, Choices::FromDepartures(jump));
  EXPECT_EQ(monotonic, 1'500'000'000);
  EXPECT_EQ(wall, 1'500'000'000 - 10'000'000'000);
  EXPECT_EQ(r.faults[Fault::kJump].attempted, 1u);
  EXPECT_EQ(r.faults[Fault::kJump].applied, 1u);
  EXPECT_EQ(r.faults[Fault::kJump].observed, 1u);
}

}  // namespace
}  // namespace reprise
