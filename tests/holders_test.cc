// The crash budget of protocols whose state is in memory.

#include "sim/holders.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {
namespace {

// Two nodes that say at the start who holds the state, and never again.
Scenario Holding(std::vector<Holder> holders, int at_least = 1) {
  Scenario s;
  s.roles = {{.name = "node", .count = 2, .main = [=](Env& env) {
                const bool first = env.self() == NodeId{1} && env.boot() == 1;
                if (first) env.Report(HeldBy{holders});
                env.Sleep(1h);
              }}};
  s.crashes = {.crash = OneIn(2), .down_at_most = 2, .holders_at_least = at_least};
  s.storm = 10s;
  s.calm = 1s;
  return s;
}

uint64_t Crashes(const Scenario& s, const std::vector<std::string>& at) {
  Departures departures;
  for (const std::string& text : at) departures.push_back({*ParseAddress(text), 1, kQuantiles});
  Sort(departures);
  const RunResult run = Simulate(s, Choices::FromDepartures(departures));
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  EXPECT_EQ(run.faults[Fault::kCrash].attempted, at.size());
  return run.faults[Fault::kCrash].applied;
}

const Holder kFirst{NodeId{1}, 1};
const Holder kSecond{NodeId{2}, 1};

TEST(Holders, WithoutAReportAnybodyMayCrash) {
  EXPECT_EQ(Crashes(Holding({}), {"crash n1 #2", "crash n2 #2"}), 2u);
}

TEST(Holders, TheLastHolderMayNotCrash) {
  const Scenario s = Holding({kFirst, kSecond});
  EXPECT_EQ(Crashes(s, {"crash n1 #2", "crash n2 #2"}), 1u);
  EXPECT_EQ(Crashes(s, {"crash n2 #2", "crash n1 #3"}), 1u);
}

TEST(Holders, WhoHoldsNothingMayCrash) {
  EXPECT_EQ(Crashes(Holding({kFirst}), {"crash n2 #2", "crash n2 #4", "crash n1 #6"}), 2u);
}

TEST(Holders, AHolderInItsNextLifeHoldsNothing) {
  // n1 is back, and may crash again; n2 may not, though both are up.
  const Scenario s = Holding({kFirst, kSecond});
  EXPECT_EQ(Crashes(s, {"crash n1 #2", "crash n1 #5", "crash n2 #7"}), 2u);
}

TEST(Holders, AReportThatReliesOnTheDeadIsIgnored) {
  Scenario s = Holding({kFirst});
  s.roles[0].main = [](Env& env) {
    if (env.self() == NodeId{1}) env.Report(HeldBy{{kFirst, kSecond}});
    if (env.self() == NodeId{2}) env.Sleep(3s), env.Report(HeldBy{{kFirst}});
    env.Sleep(1h);
  };
  EXPECT_EQ(Crashes(s, {"crash n1 #2", "crash n2 #6"}), 1u);
  EXPECT_EQ(Crashes(s, {"crash n2 #6"}), 1u);
}

// Four nodes in two zones, n1 and n3 in one; n1 says who holds everything, and again after 3.5 s.
Scenario InZones(std::vector<Holder> at_first, std::vector<Holder> later) {
  Scenario s = Holding({});
  s.roles[0] = {.name = "node", .count = 4, .main = [=](Env& env) {
                  if (env.self() == NodeId{4} && env.boot() == 1) {
                    env.Report(HeldInZones{at_first});
                    env.Sleep(3500ms);
                    env.Report(HeldInZones{later});
                  }
                  env.Sleep(1h);
                }};
  s.crashes.down_at_most = 4;
  s.crashes.placement.zones = 2;
  return s;
}

TEST(Holders, CrashesStrikeOneZoneAtATime) {
  const Holder n1{NodeId{1}, 1}, n2{NodeId{2}, 1}, n3{NodeId{3}, 1}, n4{NodeId{4}, 1};
  const std::vector<Holder> all = {n1, n2, n3, n4};
  EXPECT_EQ(Crashes(InZones(all, all), {"crash n1 #2", "crash n3 #2"}), 2u);
  EXPECT_EQ(Crashes(InZones(all, all), {"crash n1 #2", "crash n2 #2"}), 1u);
  // n1 is back, and has lost what it held.
  EXPECT_EQ(Crashes(InZones(all, all), {"crash n1 #2", "crash n2 #6"}), 1u);
  EXPECT_EQ(Crashes(InZones(all, all), {"crash n1 #2", "crash n1 #6", "crash n3 #7"}), 3u);
  // Or it holds everything again.
  const std::vector<Holder> again = {{NodeId{1}, 2}, n2, n3, n4};
  EXPECT_EQ(Crashes(InZones(all, again), {"crash n1 #2", "crash n2 #6"}), 2u);
  EXPECT_EQ(Crashes(InZones({}, {}), {"crash n1 #2", "crash n2 #3"}), 0u) << "nobody holds all";
}

TEST(Holders, MoreThanOneMayBeNeeded) {
  EXPECT_EQ(Crashes(Holding({kFirst, kSecond}, 2), {"crash n1 #2", "crash n2 #2"}), 0u);
}

}  // namespace
}  // namespace reprise
