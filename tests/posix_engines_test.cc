// LevelDB and RocksDB, unmodified, on simulated nodes: what their scenarios must show.

#include <gtest/gtest.h>
#include <stdio.h>

#include <algorithm>
#include <string>
#include <vector>

#include "protocols/protocols.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

std::vector<Family> Engines() {
  std::vector<Family> all;
#ifdef REPRISE_LEVELDB
  all.push_back(LevelDb());
#endif
#ifdef REPRISE_ROCKSDB
  all.push_back(RocksDb());
#endif
  return all;
}

Scenario Named(const Family& family, const std::string& mutant = "") {
  Catalogue all;
  all.Add(family);
  return *all.Make(mutant.empty() ? family.name : family.name + ":" + mutant);
}

uint64_t Facts(const RunResult& result, const std::string& name) {
  for (const auto& [fact, count] : result.facts) {
    if (fact == name) return count;
  }
  return 0;
}

TEST(PosixEngines, AreThere) {
  if (Engines().empty()) GTEST_SKIP() << "neither libleveldb-dev nor librocksdb-dev was found";
  EXPECT_FALSE(Engines().empty());
}

TEST(PosixEngines, LoseNothingThatWasSynced) {
  for (const Family& engine : Engines()) {
    const Scenario scenario = Named(engine);
    uint64_t recoveries = 0, synced = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const RunResult result = Simulate(scenario, Choices::FromSeed(seed));
      ASSERT_EQ(result.verdict.kind, Verdict::Kind::kPass)
          << engine.name << " seed " << seed << ": " << result.verdict.reason;
      recoveries += Facts(result, "DatabaseChecked") - 1;
      synced += Facts(result, "RecordAcknowledged");
    }
    EXPECT_GT(recoveries, 60u) << engine.name;
    EXPECT_GT(synced, 2000u) << engine.name;
  }
}

// But not where POSIX, or the disk, does not keep it.
TEST(PosixEngines, LoseWhatTheDiskLost) {
  for (const Family& engine : Engines()) {
    for (const std::string mutant : {"lying-sync", "no-directory-sync"}) {
      const Scenario scenario = Named(engine, mutant);
      const auto fails = [&](uint64_t seed) {
        return Simulate(scenario, Choices::FromSeed(seed)).verdict.oracle == "durable-prefix";
      };
      bool found = false;
      for (uint64_t seed = 1; seed <= 40 && !found; ++seed) found = fails(seed);
      EXPECT_TRUE(found) << engine.name << ":" << mutant;
    }
  }
}

std::string Digests() {
  std::string text;
  for (const Family& engine : Engines()) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
      const uint64_t digest = Simulate(Named(engine), Choices::FromSeed(seed)).digest;
      text += "digest " + engine.name + " " + std::to_string(digest) + "\n";
    }
  }
  return text;
}

TEST(PosixEngines, RunTheSameTwiceInOneProcess) { EXPECT_EQ(Digests(), Digests()); }

TEST(PosixEngines, DISABLED_PrintDigests) { fputs(Digests().c_str(), stdout); }

// Where libraries and stacks lie elsewhere.
TEST(PosixEngines, RunTheSameInAnotherProcess) {
  FILE* other = popen(
      "/proc/$PPID/exe --gtest_also_run_disabled_tests --gtest_filter=PosixEngines.DISABLED_Print*",
      "r");
  ASSERT_NE(other, nullptr);
  std::string text;
  char line[256];
  while (fgets(line, sizeof line, other) != nullptr) {
    if (std::string(line).starts_with("digest ")) text += line;
  }
  EXPECT_EQ(pclose(other), 0);
  EXPECT_EQ(text, Digests());
}

}  // namespace
}  // namespace reprise
