// The blob store's runs: what must happen in them, so that "no complaint" says something, and what
// must not happen where nothing goes wrong.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "models/spec/intact.h"
#include "protocols/placement/blob_files.h"
#include "protocols/protocols.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

uint64_t Count(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

TEST(BlobStoreTest, InTheCalmRunNobodyIsSuspectedAndNothingMoves) {
  const RunResult calm = Simulate(*AllProtocols().Make("blob-store"), Choices::Calm());
  EXPECT_EQ(calm.verdict.kind, Verdict::Kind::kPass) << calm.verdict.reason;
  EXPECT_GT(Count(calm, "BlobWritten"), 0u);
  EXPECT_GT(Count(calm, "Trimmed"), 0u) << "older versions go";
  for (const char* fact : {"Suspected", "FoundBad", "Leaving", "BlobUnanswered"}) {
    EXPECT_EQ(Count(calm, fact), 0u) << fact;
  }
  EXPECT_EQ(Count(calm, "Settled"), 0u) << "the members never change";
}

TEST(BlobStoreTest, StormsHaveAllThatItHealsFrom) {
  const Scenario scenario = *AllProtocols().Make("blob-store");
  std::map<std::string, uint64_t> sum;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunResult run = Simulate(scenario, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << seed << ": " << run.verdict.reason;
    for (const auto& [name, count] : run.facts) sum[name] += count;
  }
  for (const char* fact : {"Suspected", "Trusted", "Leaving", "Settled", "FoundBad", "Fetch",
                           "Copied", "Trimmed", "BlobWritten", "BlobRead", "Stored", "Recovered"}) {
    EXPECT_GT(sum[fact], 0u) << fact;
  }
}

TEST(BlobStoreTest, WholeZonesAreLostAndDisksWithThem) {
  const Scenario scenario = *AllProtocols().Make("blob-store");
  uint64_t zones = 0, wipes = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const RunResult run = Simulate(scenario, Choices::FromSeed(seed));
    zones += run.faults[Fault::kZone].applied;
    wipes += run.faults[Fault::kWipe].applied;
    for (const Metric metric : {Metric::kAvailability, Metric::kAmplification}) {
      EXPECT_GT(run.metrics[metric].count, 0u) << seed;
    }
  }
  EXPECT_GT(zones, 10u);
  EXPECT_GT(wipes, 10u);
}

// HA-M2: a list of virtual nodes may be one store's, and then the blob is lost with its disk. Here
// nobody judges the placement.
TEST(BlobStoreTest, ListsOfVirtualNodesLoseBlobs) {
  Scenario scenario = *AllProtocols().Make("blob-store:HA-M2");
  scenario.oracles = JudgedBy(models::Intact());
  bool lost = false;
  for (uint64_t seed = 1; seed <= 200 && !lost; ++seed) {
    lost = Simulate(scenario, Choices::FromSeed(seed)).verdict.oracle == "intact";
  }
  EXPECT_TRUE(lost);
}

// The sync of the directory fails, and the next one succeeds; then a crash loses all that was not
// durable. Seed 17827 found this, once in 100,000 runs.
TEST(BlobFilesTest, ANameWhoseSyncFailedIsMadeAnew) {
  constexpr uint64_t kBlob = 3, kVersion = 257;
  bool written = false, found = false;
  Scenario s;
  s.name = "files";
  s.roles = {{.name = "node", .count = 1, .main = [&](Env& env) {
                blobs::BlobFiles files(env);
                files.Open();
                if (env.boot() == 1) {
                  const auto bytes = models::BlobBytes(kBlob, kVersion, blobs::kBlobBytes);
                  files.Write(kBlob, kVersion, bytes);
                  written = true;
                } else {
                  found = files.HasGood(kBlob, kVersion);
                }
                env.Sleep(1h);
              }}};
  s.crashes = {.crash = OneIn(2)};
  s.disks = {.unsynced = OneIn(2), .sync_fail = OneIn(2)};
  s.storm = 5s;
  s.calm = 1s;
  // The superblock takes the first two syncs, and the blob's bytes the third.
  const RunResult run =
      Simulate(s, Choices::FromDepartures(
                      List({{"sync-fail n1 #4", 1}, {"crash n1 #2", 512}, {"unsynced n1 #2", 1}})));
  EXPECT_EQ(run.faults[Fault::kSyncFail].applied, 1u);
  EXPECT_EQ(run.faults[Fault::kCrash].applied, 1u);
  EXPECT_TRUE(written);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace reprise
