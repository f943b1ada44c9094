// What the log and the snapshot store make of disks that fail in the open: no room, and sectors
// that cannot be read.

#include <gtest/gtest.h>

#include "models/world/disks.h"
#include "protocols/blocks/snapshot_store.h"
#include "protocols/blocks/wal.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

// One node, with all disk faults that return errors on the menu.
RunResult Play(const std::function<void(Env&)>& main, const Entries& faults) {
  Scenario s;
  s.name = "disk-errors";
  s.roles = {{.name = "node", .count = 1, .main = main}};
  s.crashes = {.crash = OneIn(2), .down = 100ms, .down_more = 0ms};
  s.disks = models::FailingDisk();
  s.storm = 4s;
  s.calm = 2s;
  RunResult r = Simulate(s, Choices::FromDepartures(List(faults)));
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

TEST(DiskErrors, ALogWithoutRoomAbortsUntilThereIsSome) {
  std::vector<std::string> recovered;
  uint64_t boots = 0, acknowledged = 0;
  const auto main = [&](Env& env) {
    Wal wal(env, "wal", 1024);
    const WalRecovered found = wal.Recover();
    EXPECT_FALSE(found.damaged);
    EXPECT_GE(found.records.size(), acknowledged);
    boots = env.boot();
    while (wal.last() < 40) {
      const uint64_t record = wal.Append(std::string(100, 'x'));
      wal.AwaitDurable(record);
      acknowledged = record;
      env.Sleep(50ms);
    }
  };
  const RunResult r = Play(main, {{"full n1 #1", 512}, {"full-for n1 #1", 511}});
  EXPECT_EQ(acknowledged, 40u);
  EXPECT_GE(boots, 3u);  // It has aborted more than once, and lost nothing.
  EXPECT_EQ(r.faults[Fault::kFull].observed, 1u);
}

TEST(DiskErrors, ALogWithAnUnreadableSectorIsDamaged) {
  for (const uint64_t sector : {0, 1}) {
    std::vector<size_t> records;
    std::vector<bool> damaged;
    const auto main = [&](Env& env) {
      Wal wal(env, "wal", 1024);
      const WalRecovered found = wal.Recover();
      if (env.boot() == 1) {
        for (int i = 0; i < 5; ++i) wal.AwaitDurable(wal.Append(std::string(90, 'x')));
      } else {
        records.push_back(found.records.size());
        damaged.push_back(found.damaged);
      }
      env.Sleep(1h);
    };
    const RunResult r = Play(main, {{"crash n1 #1", 512},
                                    {"crash n1 #2", 512},
                                    {"read-fail n1 #1", 1},
                                    {"read-fail-at n1 #1", sector}});
    // All before that sector is there, and all boots say that there was more. A record is 160
    // bytes.
    EXPECT_EQ(records, std::vector<size_t>(2, sector == 0 ? 0 : 4));
    EXPECT_EQ(damaged, std::vector<bool>(2, true));
    EXPECT_EQ(r.faults[Fault::kReadFail].observed, 1u);
  }
}

TEST(DiskErrors, ASnapshotWithoutRoomLeavesTheOneBefore) {
  absl::Status full, later;
  std::string kept;
  const auto main = [&](Env& env) {
    if (env.boot() == 1) {
      SnapshotStore store(env, "");
      CHECK(store.Save("s", "old").ok());
      env.Sleep(600ms);
      full = store.Save("s", "new");
      CHECK(*store.Load("s") == "old");
      env.Sleep(1h);
    }
    SnapshotStore store(env, "");
    kept = *store.Load("s");
    env.Sleep(2s);
    later = store.Save("s", "newer");
  };
  const Entries faults = {{"full n1 #1", 512}, {"full-for n1 #1", 511}, {"crash n1 #1", 900}};
  const RunResult r = Play(main, faults);
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_EQ(kept, "old");
  EXPECT_TRUE(later.ok());
  EXPECT_EQ(r.faults[Fault::kFull].observed, 1u);
}

TEST(DiskErrors, ASnapshotThatCannotBeReadIsLostUntilTheNext) {
  absl::Status lost, after;
  const auto main = [&](Env& env) {
    SnapshotStore store(env, "");
    CHECK(store.Save("s", "old").ok());
    lost = store.Load("s").status();
    CHECK(store.Save("s", "new").ok());
    after = store.Load("s").status();
  };
  Play(main, {{"read-fail n1 #1", 1}});
  EXPECT_TRUE(absl::IsDataLoss(lost)) << lost;
  EXPECT_TRUE(after.ok()) << after;
}

}  // namespace
}  // namespace reprise
