// The protocol of protocols/durability/write_ahead_log.cc: it is sound, its mutants are not, and
// group commit takes as long as it should.

#include <gtest/gtest.h>

#include "models/world/arrivals.h"
#include "protocols/blocks/wal.h"
#include "protocols/protocols.h"
#include "sim/sync.h"

namespace reprise {
namespace {

Scenario Make(const std::string& mutant = "",
              const std::vector<std::pair<std::string, std::string>>& options = {}) {
  Catalogue catalogue;
  catalogue.Add(WriteAheadLog());
  return *catalogue.Make("write-ahead-log" + (mutant.empty() ? "" : ":" + mutant), options);
}

TEST(WriteAheadLogTest, CalmRunsAcknowledgeAll) {
  for (const char* clients : {"1", "3", "8"}) {
    const RunResult run = Simulate(Make("", {{"clients", clients}}), Choices::Calm());
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass);
    EXPECT_TRUE(run.taken.empty());
    const std::vector<std::pair<std::string, uint64_t>> facts = {
        {"LogRecovered", 1},
        {"RecordAcknowledged", 50 * std::stoull(clients)},
        {"RecordAppended", 50 * std::stoull(clients)}};
    EXPECT_EQ(run.facts, facts);
  }
}

TEST(WriteAheadLogTest, IsSound) {
  const Scenario s = Make();
  FaultCounts faults;
  uint64_t events = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass)
        << "seed " << seed << ": " << run.verdict.reason;
    faults += run.faults;
    events += run.events;
  }
  for (Fault fault : {Fault::kCrash, Fault::kCrashAt, Fault::kUnsynced, Fault::kTorn,
                      Fault::kSyncFail, Fault::kSlowSync, Fault::kRot, Fault::kLate}) {
    EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
  }
  EXPECT_LT(events / 300, 3000u);
}

TEST(WriteAheadLogTest, CrashesAloneAreNeverTakenForCorruption) {
  Scenario s = Make();
  s.disks.rot = s.disks.read_fail = {};
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << "seed " << seed;
    for (const auto& [fact, count] : run.facts) ASSERT_NE(fact, "CorruptionReported");
  }
}

TEST(WriteAheadLogTest, EachMutantIsFound) {
  const Family family = WriteAheadLog();
  EXPECT_EQ(family.mutants.size(), 8u);
  for (const MutantInfo& mutant : family.mutants) {
    const Scenario s = Make(mutant.id);
    const uint64_t seeds = mutant.difficulty == "D1" ? 200 : 20'000;
    uint64_t seed = 1;
    RunResult run = Simulate(s, Choices::FromSeed(seed));
    while (!run.verdict.failed() && seed < seeds) run = Simulate(s, Choices::FromSeed(++seed));
    ASSERT_TRUE(run.verdict.failed()) << mutant.name << " was not found in " << seeds << " seeds";
    EXPECT_EQ(run.verdict.oracle, mutant.oracle) << mutant.name << ": " << run.verdict.reason;
    const RunResult again = Simulate(s, Choices::FromDepartures(run.departures()));
    EXPECT_EQ(again.digest, run.digest) << mutant.name;
  }
}

TEST(WriteAheadLogTest, EqualChoicesGiveEqualRuns) {
  const Scenario s = Make();
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult a = Simulate(s, Choices::FromSeed(seed));
    EXPECT_EQ(Simulate(s, Choices::FromSeed(seed)).digest, a.digest) << "seed " << seed;
    const RunResult b = Simulate(s, Choices::FromDepartures(a.departures()));
    EXPECT_EQ(b.digest, a.digest) << "seed " << seed;
    EXPECT_EQ(b.given, b.given_drawn) << "seed " << seed;
  }
}

// How long acknowledgements took, together.
struct Latencies {
  uint64_t records = 0;
  Duration sum{};
};

constexpr Duration kSync = 10ms;
constexpr int kRecords = 20'000;

// Poisson arrivals with that mean gap, at a log whose segment is there already.
void Arrivals(Env& env, Duration mean_gap) {
  Wal wal(env, "wal", 4 << 20);
  ASSERT_FALSE(wal.Recover().damaged);
  wal.AwaitDurable(wal.Append("so that there is a segment"));
  Channel<Time> appended(env);
  env.Spawn([&] {
    for (int i = 0; i < kRecords; ++i) {
      env.Sleep(models::PoissonGap(mean_gap, env.Random(kQuantiles)));
      wal.Append("x");
      appended.Push(env.Now());
    }
  });
  Latencies latencies;
  for (uint64_t record = 2; record <= kRecords + 1; ++record) {
    const Time at = *appended.Pop();
    wal.AwaitDurable(record);
    latencies.sum += env.Now() - at;
    ++latencies.records;
  }
  env.Report(latencies);
}

// The mean time to an acknowledgement, in syncs. Nothing goes wrong: there is no fault on the menu.
double MeanLatency(Duration mean_gap, uint64_t seed) {
  Scenario s;
  s.name = "group-commit";
  s.roles = {{.name = "node", .count = 1, .main = [=](Env& env) { Arrivals(env, mean_gap); }}};
  s.disks = {.sync = kSync};
  s.storm = 2 * kRecords * mean_gap;
  const RunResult run = Simulate(s, Choices::FromSeed(seed), {.keep_events = true});
  EXPECT_FALSE(run.verdict.failed()) << run.verdict.reason;
  for (size_t i = run.timeline.size(); i-- > 0;) {
    if (const auto m = run.timeline[i].As<Latencies>()) {
      EXPECT_EQ(m->records, uint64_t{kRecords});
      return static_cast<double>(m->sum.count()) / kRecords / static_cast<double>(kSync.count());
    }
  }
  ADD_FAILURE() << "no latencies were reported";
  return 0;
}

TEST(WriteAheadLogTest, GroupCommitTakesOneAndAHalfSyncsUnderLoad) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_NEAR(MeanLatency(kSync / 100, seed), 1.5, 0.03 * 1.5);  // A hundred arrivals in a sync.
    EXPECT_NEAR(MeanLatency(kSync / 10, seed), 1.5, 0.03 * 1.5);
  }
}

TEST(WriteAheadLogTest, GroupCommitTakesOneSyncWhereArrivalsAreRare) {
  EXPECT_NEAR(MeanLatency(kSync * 100, 1), 1, 0.01);
}

TEST(WriteAheadLogTest, GroupCommitIsBetweenOneSyncAndTwo) {
  for (const Duration gap : {kSync * 10, kSync * 3, kSync, kSync / 3}) {
    const double mean = MeanLatency(gap, 1);
    EXPECT_GE(mean, 1);
    EXPECT_LE(mean, 2);
  }
}

}  // namespace
}  // namespace reprise
