// Campaigns in which some faults may not strike: --only and --without.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/protocols.h"
#include "sim/search/audit.h"
#include "sim/search/campaign.h"
#include "sim/trace.h"
#include "tests/command_helper.h"
#include "tools/fault_names.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Scenario Shipped(const std::string& name) { return *AllProtocols().Make(name); }

std::vector<Fault> Menu(const Scenario& s) {
  std::vector<Fault> menu;
  for (size_t i = 0; i < kFaults; ++i) {
    if (RateOf(s, static_cast<Fault>(i)).num != 0) menu.push_back(static_cast<Fault>(i));
  }
  return menu;
}

TEST(SeedWithout, AFaultOfNoIntensityNeverStrikesAndTheOthersAreDrawnAsBefore) {
  const Scenario s = Shipped("dijkstra-ring");
  for (Fault without : Menu(s)) {
    FaultCounts faults;
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const RunResult all = Simulate(s, Choices::FromSeed(seed));
      const RunResult r = Simulate(s, SeedWithout(seed, {without}));
      faults += r.faults;
      for (Fault other : Menu(s)) {  // The others' intensities are drawn by addresses of their own.
        const Address swarm{{SwarmLabelOf(other)}, 1};
        const auto of = [&](const RunResult& run) -> uint64_t {
          for (const Taken& t : run.taken) {
            if (t.departure.address == swarm) return t.departure.value;
          }
          return 0;
        };
        EXPECT_EQ(of(r), other == without ? 0 : of(all)) << Info(other).name;
      }
    }
    EXPECT_EQ(faults[without].attempted, 0u) << Info(without).name;
    EXPECT_EQ(faults[without].applied, 0u) << Info(without).name;
    EXPECT_EQ(faults[without].expected, 0u) << Info(without).name;  // So the audit asks for none.
  }
}

TEST(SeedWithout, ItsRunIsTheRunOfItsDepartures) {
  const Scenario s = Shipped("write-ahead-log");
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const RunResult r = Simulate(s, SeedWithout(seed, {Fault::kCrash, Fault::kRot}));
    EXPECT_EQ(Simulate(s, Choices::FromDepartures(r.departures())).digest, r.digest);
  }
}

TEST(SeedWithout, WithoutAnyFaultOnlyWorkloadsDepart) {
  const Scenario s = Shipped("primary-backup");
  const RunResult r = Simulate(s, SeedWithout(7, Menu(s)));
  for (const Taken& t : r.taken) {
    EXPECT_THAT(t.departure.address.site.label.name(), HasSubstr("client-"));
  }
  for (Fault fault : Menu(s)) EXPECT_EQ(r.faults[fault].attempted, 0u) << Info(fault).name;
}

TEST(CampaignWithout, SinglesAndSeedsLeaveThemOutAndTheAuditIsContent) {
  const Scenario s = Shipped("write-ahead-log");
  for (const Strategy strategy : {Strategy::kSingle, Strategy::kSwarm}) {
    const CampaignResult r = RunCampaign(
        s,
        {.strategy = strategy, .without = {Fault::kCrash, Fault::kUnsynced}, .runs_at_most = 2000},
        [](const Progress&) { return true; });
    EXPECT_THAT(r.findings, IsEmpty());
    EXPECT_EQ(r.faults[Fault::kCrash].attempted, 0u);
    EXPECT_EQ(r.faults[Fault::kUnsynced].attempted, 0u);
    EXPECT_GT(r.faults[Fault::kDrop].attempted, 0u);
    EXPECT_THAT(AuditFaults(s, r.faults), IsEmpty());
  }
}

TEST(FaultNames, AreFaultsOrAreas) {
  const std::vector<Scenario> wal = {Shipped("write-ahead-log")};
  EXPECT_THAT(*FaultsLeftOut(wal, {.without = {"rot", "crash"}}),
              UnorderedElementsAre(Fault::kRot, Fault::kCrash));
  EXPECT_THAT(*FaultsLeftOut(wal, {.without = {"node"}}),
              UnorderedElementsAre(Fault::kCrash, Fault::kCrashAt));
  EXPECT_THAT(*FaultsLeftOut(wal, {.only = {"network", "disk", "crash"}}),
              ElementsAre(Fault::kCrashAt));
  // Both: those that are left of the first when the second are gone.
  EXPECT_THAT(*FaultsLeftOut(wal, {.only = {"network", "node"}, .without = {"node"}}),
              ::testing::IsSupersetOf({Fault::kCrash, Fault::kRot}));
  // Of several scenarios it is enough if one has it.
  EXPECT_TRUE(FaultsLeftOut({wal[0], Shipped("primary-backup")}, {.only = {"jump"}}).ok());
}

TEST(FaultNames, MistakesSayWhatWasMeant) {
  const auto complaint = [](const FaultArgs& args) {
    return std::string(FaultsLeftOut({Shipped("write-ahead-log")}, args).status().message());
  };
  EXPECT_THAT(complaint({.only = {"crahs"}}), HasSubstr("Did you mean \"crash\"?"));
  EXPECT_THAT(complaint({.without = {"netwrok"}}), HasSubstr("Did you mean \"network\"?"));
  EXPECT_THAT(complaint({.without = {"xyzzyx"}}), HasSubstr("no fault \"xyzzyx\".   (reprise"));
  EXPECT_THAT(complaint({.only = {"jump"}}), HasSubstr("never strikes in write-ahead-log"));
  EXPECT_THAT(complaint({.only = {"clock"}}), HasSubstr("not on the menu"));
  EXPECT_THAT(complaint({.only = {"torn", "entries"}}), HasSubstr("only where a node crashes"));
  EXPECT_THAT(complaint({.without = {"network", "node", "disk"}}), HasSubstr("no fault is left"));
  EXPECT_EQ(complaint({.only = {"torn", "crash"}}), "");
}

// Where these strike, a node has crashed: without a crash they have nothing to strike at.
TEST(FaultNames, WhatStrikesAtCrashesNeedsOne) {
  for (const char* name : {"dijkstra-ring", "write-ahead-log"}) {
    const Scenario s = Shipped(name);
    std::vector<Fault> others;
    for (Fault fault : Menu(s)) {
      if (!StrikesAtCrashes(fault)) others.push_back(fault);
    }
    FaultCounts faults;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      faults += Simulate(s, SeedWithout(seed, others)).faults;
    }
    for (Fault fault : Menu(s)) EXPECT_EQ(faults[fault].applied, 0u) << Info(fault).name;
  }
}

TEST(Command, FuzzOnlyAndWithout) {
  const TemporaryFolder folder;
  const std::string out = folder / "out";
  const auto fuzz = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {
        "fuzz", "stream:needs-third", "--runs", "300", "--jobs", "1", "--out", out};
    words.insert(words.end(), more.begin(), more.end());
    return Reprise(words);
  };
  const Output only = fuzz({"--only", "drop", "--strategy", "swarm"});
  EXPECT_EQ(only.status, 1);
  EXPECT_THAT(only.out, HasSubstr("--only drop"));
  EXPECT_THAT(only.out, ::testing::ContainsRegex("or +reprise run .* --seed [0-9]+ --only drop"));
  EXPECT_EQ(fuzz({"--without", "drop"}).status, 0) << "late is not lost";
  ExpectComplaint(fuzz({"--only", "dorp"}), 2, "Did you mean \"drop\"?");
  ExpectComplaint(fuzz({"--without", "disk"}), 2, "not on the menu");
  ExpectComplaint(fuzz({"--without", "-n"}), 2, "is no fault");
  ExpectComplaint({"run", "stream", "--only", "drop"}, 2, "--seed");
  EXPECT_EQ(Reprise({"run", "stream:needs-third", "--seed", "1", "--without", "drop"}).status, 0);
}

TEST(Command, ATraceOfACampaignWithoutSomeFaultsReplaysAsItIs) {
  const TemporaryFolder folder;
  const Output found = Reprise({"fuzz", "stream:needs-third", "--runs", "300", "--only", "drop",
                                "--strategy", "swarm", "--out", folder / "out", "--json"});
  ASSERT_EQ(found.status, 1);
  const size_t at = found.out.find("\"type\":\"failure\"");
  ASSERT_NE(at, found.out.npos);
  const size_t begin = found.out.rfind('\n', at) + 1;
  const auto line =
      nlohmann::json::parse(found.out.substr(begin, found.out.find('\n', begin) - begin));
  const std::string trace = line["trace"];
  EXPECT_EQ(Reprise({"replay", trace, "--expect", "third"}).status, 0);
  const Departures departures = LoadTrace(trace)->departures;
  for (const Departure& d : departures) {
    const std::string label = d.address.site.label.name();
    EXPECT_TRUE(label == "drop" || !label.starts_with("swarm-")) << label;
  }
}

}  // namespace
}  // namespace reprise
