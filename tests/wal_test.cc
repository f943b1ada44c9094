// Stories of one node with a write-ahead log: crashes at each of its calls, torn sectors, syncs
// that fail, bits that rot.

#include "protocols/blocks/wal.h"

#include <gtest/gtest.h>

#include <functional>

#include "models/spec/durable_prefix.h"
#include "sim/crc32c.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using models::CorruptionReported;
using models::LogRecovered;
using models::RecordAcknowledged;
using models::RecordAppended;

constexpr size_t kSegmentBytes = 1024;  // Small, so that there are several.

struct Synced {
  uint64_t record;
  Time appended, acknowledged;
};

// True where the log may be used.
bool Recover(Env& env, Wal& wal) {
  const WalRecovered found = wal.Recover();
  if (found.damaged) {
    const uint64_t next = found.records.size() + 1;
    env.Report(CorruptionReported{1, next, UINT64_MAX - next});
    return false;
  }
  std::vector<uint64_t> hashes;
  for (const WalRecord& record : found.records) hashes.push_back(Crc32c(record.payload));
  env.Report(LogRecovered{1, 1, hashes});
  return true;
}

uint64_t Append(Env& env, Wal& wal, size_t bytes) {
  const std::string payload(bytes, static_cast<char>('a' + (wal.last() + 5 * env.boot()) % 26));
  const uint64_t record = wal.Append(payload);
  env.Report(RecordAppended{1, record, Crc32c(payload)});
  return record;
}

void Await(Env& env, Wal& wal, uint64_t record) {
  wal.AwaitDurable(record);
  env.Report(RecordAcknowledged{1, record});
}

// In each boot: six groups of one to three records, each awaited before the next.
void Writer(Env& env) {
  Wal wal(env, "wal", kSegmentBytes);
  const size_t groups = Recover(env, wal) ? 6 : 0;
  for (size_t group = 0; group < groups; ++group) {
    for (size_t i = 0; i <= group % 3; ++i) Append(env, wal, 30 + 150 * i + 97 * group);
    Await(env, wal, wal.last());
  }
  env.Sleep(1s);
}

Scenario OneLog(NodeMain main) {
  Scenario s;
  s.name = "one-log";
  s.roles = {{.name = "node", .count = 1, .main = std::move(main)}};
  s.crashes = {.crash = OneIn(2), .slot = 100ms, .crash_at = OneIn(2), .down = 1ms};
  s.disks = {.sync = 1ms,
             .unsynced = OneIn(2),
             .torn = OneIn(2),
             .sync_fail = OneIn(2),
             .rot = OneIn(2),
             .rot_slot = 100ms};
  s.storm = 500ms;
  s.calm = 500ms;
  s.oracles = JudgedBy(models::DurablePrefix());
  return s;
}

// "crash-at n1 #1.7": every value is 1, but for those given.
Departure Depart(const std::string& address, uint64_t value = 1) {
  return {*ParseAddress(address), value, value + 1};
}

uint64_t CountOf(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

std::string Why(const RunResult& run) {
  std::string why = run.verdict.oracle + ": " + run.verdict.reason + "; after";
  for (const Departure& d : run.departures()) why += " " + Describe(d.address);
  return why;
}

void ExpectSound(const RunResult& run) { ASSERT_FALSE(run.verdict.failed()) << Why(run); }

TEST(WalTest, KeepsWhatItAcknowledged) {
  const RunResult run = Simulate(OneLog(Writer), Choices::Calm());
  ExpectSound(run);
  EXPECT_EQ(CountOf(run, "RecordAppended"), 12u);
  EXPECT_EQ(CountOf(run, "RecordAcknowledged"), 6u);
}

// What becomes of the disk in the crash at that call.
using AtCrash = std::function<Departures(uint64_t boot, uint64_t call)>;

// Crashes at each call of the first boot, and then, after a crash midway, at each of the second.
// Returns how many crashes there were.
int CrashEverywhere(const AtCrash& disk, const std::function<void(const RunResult&)>& judge) {
  const Scenario s = OneLog(Writer);
  int crashes = 0;
  for (uint64_t boot = 1; boot <= 2; ++boot) {
    for (uint64_t call = 1;; ++call) {
      Departures list = disk(boot, call);
      list.push_back(Depart("crash-at n1 #" + std::to_string(boot) + "." + std::to_string(call)));
      if (boot == 2) list.push_back(Depart("crash-at n1 #1.20"));
      const RunResult run = Simulate(s, Choices::FromDepartures(list));
      if (run.faults[Fault::kCrashAt].applied < boot) break;
      ++crashes;
      judge(run);
    }
  }
  return crashes;
}

Departure AtPlace(const std::string& site, uint64_t ordinal, uint64_t sub, uint64_t value = 1) {
  return Depart(site + " n1 #" + std::to_string(ordinal) + "." + std::to_string(sub), value);
}

TEST(WalTest, SurvivesACrashAtEachCall) {
  for (uint64_t kept : {1, 300, 600, 1023}) {  // Of what was not synced.
    const auto disk = [&](uint64_t boot, uint64_t call) -> Departures {
      return {AtPlace("unsynced", boot, call, kept)};
    };
    const int crashes = CrashEverywhere(disk, [](const RunResult& run) {
      ExpectSound(run);
      ASSERT_EQ(CountOf(run, "CorruptionReported"), 0u) << Why(run);
      ASSERT_GE(CountOf(run, "LogRecovered"), 1u) << Why(run);
    });
    EXPECT_GT(crashes, 60);
  }
}

TEST(WalTest, ATornEndIsNeverTakenForCorruption) {
  for (uint32_t lost = 1; lost < 32; ++lost) {
    const auto disk = [&](uint64_t boot, uint64_t call) {
      Departures torn = {AtPlace("torn", boot, call)};
      for (uint32_t i = 0; i < 5; ++i) {  // A file's size comes first, then its sectors.
        if ((lost >> i & 1) != 0) torn.push_back(AtPlace("torn-sector", boot, call * 4096 + i + 1));
      }
      return torn;
    };
    CrashEverywhere(disk, [](const RunResult& run) {
      ExpectSound(run);
      ASSERT_EQ(CountOf(run, "CorruptionReported"), 0u) << Why(run);
    });
  }
}

TEST(WalTest, RestartsWhereASyncFailsAndTrustsNothing) {
  const Scenario s = OneLog(Writer);
  for (int sync = 1; sync <= 12; ++sync) {
    const Departure fails = Depart("sync-fail n1 #" + std::to_string(sync));
    const RunResult once = Simulate(s, Choices::FromDepartures({fails}));
    ExpectSound(once);
    ASSERT_EQ(CountOf(once, "LogRecovered"), 2u) << "it did not restart";
    // Then the machine crashes, and what the page cache pretended is gone.
    for (uint64_t call = 1; call < 200; ++call) {
      const RunResult twice = Simulate(
          s, Choices::FromDepartures({fails, Depart("crash-at n1 #2." + std::to_string(call)),
                                      Depart("unsynced n1 #2." + std::to_string(call))}));
      ExpectSound(twice);
      ASSERT_EQ(CountOf(twice, "CorruptionReported"), 0u) << Why(twice);
      if (twice.given_drawn < twice.given) break;
    }
  }
}

TEST(WalTest, RotIsReportedAndNothingTruncated) {
  const Scenario s = OneLog(Writer);
  uint64_t reported = 0;
  for (uint64_t file = 0; file < 4; ++file) {
    for (uint64_t at = 0; at < kSegmentBytes; at += 3) {
      Departures list = {Depart("rot n1 #2"), Depart("crash n1 #3"), Depart("crash n1 #4")};
      if (file != 0) list.push_back(Depart("rot-file n1 #2", file));
      if (at != 0) list.push_back(Depart("rot-at n1 #2", at));
      const RunResult run = Simulate(s, Choices::FromDepartures(list));
      ExpectSound(run);
      ASSERT_EQ(run.faults[Fault::kCrash].observed, 2u);
      const uint64_t times = CountOf(run, "CorruptionReported");
      ASSERT_TRUE(times == 0 || times == 2) << "it does not heal by itself";
      reported += times / 2;
    }
  }
  EXPECT_GT(reported, 500u);  // Most of what is in the segments is records.
}

TEST(WalTest, OneSyncIsInFlightAndAcknowledgesAllThatCameBeforeIt) {
  Scenario s = OneLog([](Env& env) {
    Wal wal(env, "wal", 4096);
    Recover(env, wal);
    for (int i = 0; i < 5; ++i) {  // At 0, 400, 800, 1,200 and 1,600 microseconds.
      env.Spawn([&env, &wal] {
        const Time appended = env.Now();
        const uint64_t record = Append(env, wal, 10);
        Await(env, wal, record);
        env.Report(Synced{record, appended, env.Now()});
      });
      env.Sleep(400us);
    }
    env.Sleep(1s);
  });
  const RunResult run = Simulate(s, Choices::Calm(), {.keep_events = true});
  ExpectSound(run);
  std::vector<Time> at;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    if (const auto m = run.timeline[i].As<Synced>()) at.push_back(m->acknowledged);
  }
  // The first waits for its segment to be allocated and named as well: three syncs of 1 ms. All
  // others come during these, and share the next.
  const Time zero = AtNanos(0);
  EXPECT_EQ(at, (std::vector<Time>{zero + 3ms, zero + 4ms, zero + 4ms, zero + 4ms, zero + 4ms}));
}

}  // namespace
}  // namespace reprise
