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

TEST(Holders, MoreThanOneMayBeNeeded) {
  EXPECT_EQ(Crashes(Holding({kFirst, kSecond}, 2), {"crash n1 #2", "crash n2 #2"}), 0u);
}

}  // namespace
}  // namespace reprise
