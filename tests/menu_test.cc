// The scenarios that we ship have the whole menu between them: every fault there is, met by a node.

#include <gtest/gtest.h>

#include <string>

#include "protocols/protocols.h"
#include "sim/search/campaign.h"

namespace reprise {
namespace {

TEST(Menu, EveryFaultIsObservedInAShortCampaignOverAllScenarios) {
  FaultCounts faults;
  const Catalogue all = AllProtocols();
  for (const Family& family : all.families()) {
    const CampaignResult campaign = RunCampaign(
        *all.Make(family.name), {.strategy = Strategy::kSwarm, .runs_at_most = 150, .jobs = 2},
        [](const Progress&) { return true; });
    EXPECT_TRUE(campaign.findings.empty()) << family.name;
    faults += campaign.faults;
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_GT(faults[fault].attempted, 0u) << Info(fault).name;
    EXPECT_GT(faults[fault].applied, 0u) << Info(fault).name;
    EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
  }
}

}  // namespace
}  // namespace reprise
