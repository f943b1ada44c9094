// What a disk promises, and each way in which it keeps no more than that.

#include "sim/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/scenario.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Body = std::function<void(Env&)>;

// One node: boot 1 runs `before` and then waits to crash, at 1.5 s by "crash n1 #2"; boot 2 runs
// `after`. All disk faults are on the menu.
Scenario CrashOnce(Body before, Body after) {
  Scenario s;
  s.name = "crash-once";
  s.roles = {{.name = "node", .count = 1, .main = [before, after](Env& env) {
                if (env.boot() == 1) before(env);
                if (env.boot() == 2) after(env);
                env.Sleep(1h);
              }}};
  s.crashes = {.crash = OneIn(2), .crash_at = OneIn(1000)};
  s.disks = {.slow_sync = OneIn(2),
             .unsynced = OneIn(2),
             .torn = OneIn(2),
             .sync_fail = OneIn(2),
             .rot = OneIn(2)};
  s.storm = 4s;
  s.calm = 1s;
  return s;
}

RunResult Play(Body before, Body after, std::vector<std::pair<std::string, uint64_t>> faults) {
  faults.emplace_back("crash n1 #2", 512);
  RunResult r = Simulate(CrashOnce(std::move(before), std::move(after)),
                         Choices::FromDepartures(List(faults)));
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

const std::pair<std::string, uint64_t> kLoseAll = {"unsynced n1 #2", 1};
const std::pair<std::string, uint64_t> kTear = {"torn n1 #2", 1};

TEST(Disk, ReadsSeeWrites) {
  Play(
      [](Env& env) {
        File f = Open(env, "f", OpenMode::kCreate);
        EXPECT_EQ(f.Size(), 0u);
        EXPECT_TRUE(f.WriteAt(600, "abc").ok());
        EXPECT_EQ(f.Size(), 603u);
        EXPECT_EQ(*f.ReadAt(598, 100), std::string("\0\0abc", 5));  // A hole, and a short read.
        EXPECT_TRUE(f.Append("def").ok());
        EXPECT_EQ(*f.ReadAt(600, 6), "abcdef");
        EXPECT_EQ(*f.ReadAt(606, 6), "");
        EXPECT_EQ(*f.ReadAt(9999, 6), "");
        EXPECT_TRUE(f.Truncate(602).ok());
        EXPECT_TRUE(f.Truncate(604).ok());
        EXPECT_EQ(*f.ReadAt(600, 6), std::string("ab\0\0", 4));
        EXPECT_EQ(*Open(env, "f", OpenMode::kExisting).ReadAt(600, 2), "ab");
      },
      [](Env&) {}, {});
}

TEST(Disk, Names) {
  Play(
      [](Env& env) {
        Disk& disk = env.disk();
        EXPECT_TRUE(absl::IsNotFound(disk.Open("f", OpenMode::kExisting).status()));
        Open(env, "f", OpenMode::kCreate);
        EXPECT_TRUE(absl::IsAlreadyExists(disk.Open("f", OpenMode::kCreate).status()));
        EXPECT_TRUE(absl::IsNotFound(disk.Rename("g", "h")));
        EXPECT_TRUE(absl::IsNotFound(disk.Remove("g")));
        Open(env, "d/b");
        Open(env, "d/a");
        Open(env, "d/e/c");
        EXPECT_THAT(disk.List(""), ElementsAre("f"));
        EXPECT_THAT(disk.List("d"), ElementsAre("a", "b"));
        EXPECT_THAT(disk.List("none"), IsEmpty());
        EXPECT_TRUE(Open(env, "f").Append("of f").ok());
        EXPECT_TRUE(disk.Rename("f", "d/a").ok());  // Replaces it.
        EXPECT_EQ(ReadAll(env, "d/a"), "of f");
        EXPECT_EQ(ReadAll(env, "f"), "(none)");
        EXPECT_TRUE(disk.Rename("d/a", "d/a").ok());
        EXPECT_EQ(ReadAll(env, "d/a"), "of f");
        EXPECT_TRUE(disk.Remove("d/a").ok());
        EXPECT_THAT(disk.List("d"), ElementsAre("b"));
      },
      [](Env&) {}, {});
}

void WriteUnsynced(Env& env) {
  File f = Open(env, "f");
  CHECK(f.Append(Sectors("ab")).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
  CHECK(f.WriteAt(0, Sectors("x")).ok());
  CHECK(f.WriteAt(2 * kSectorBytes, Sectors("yz")).ok());
  CHECK(f.WriteAt(kSectorBytes, Sectors("w")).ok());
}

std::string After(Body before, std::vector<std::pair<std::string, uint64_t>> faults) {
  std::string letters;
  Play(
      std::move(before), [&](Env& env) { letters = Letters(ReadAll(env, "f")); },
      std::move(faults));
  return letters;
}

TEST(Disk, InTheCalmACrashLosesNothing) { EXPECT_EQ(After(WriteUnsynced, {}), "xwyz"); }

TEST(Disk, AllThatWasNotSyncedIsLost) { EXPECT_EQ(After(WriteUnsynced, {kLoseAll}), "ab"); }

TEST(Disk, APrefixOfWhatWasNotSyncedIsKept) {
  EXPECT_EQ(After(WriteUnsynced, {{"unsynced n1 #2", 1 + 1024 * 1 / 3 + 1}}), "xb");
  EXPECT_EQ(After(WriteUnsynced, {{"unsynced n1 #2", 1 + 1024 * 2 / 3 + 1}}), "xbyz");
}

TEST(Disk, SectorsAreTornApart) {
  // 1 is the size; then sectors 0, 1, 2, 3. A draw says how many versions back.
  EXPECT_EQ(After(WriteUnsynced, {kTear}), "xwyz");
  EXPECT_EQ(After(WriteUnsynced, {kTear, {"torn-sector n1 #2.2", 1}}), "awyz");
  EXPECT_EQ(After(WriteUnsynced, {kTear, {"torn-sector n1 #2.3", 1}}), "xbyz");
  EXPECT_EQ(After(WriteUnsynced, {kTear, {"torn-sector n1 #2.4", 1}}), "xw0z");
  EXPECT_EQ(After(WriteUnsynced, {kTear, {"torn-sector n1 #2.1", 3}}), "xw");
  EXPECT_EQ(After(WriteUnsynced, {kTear, {"torn-sector n1 #2.1", 3}, {"torn-sector n1 #2.2", 1}}),
            "aw");
}

// Truncating is writing zeros: a torn crash without further departures keeps it as it was.
TEST(Disk, TornButWhole) {
  const auto truncate_and_grow = [](Env& env) {
    File f = Open(env, "f");
    CHECK(f.Append(Sectors("abcd")).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    CHECK(f.Truncate(10).ok());
    CHECK(f.WriteAt(3 * kSectorBytes, Sectors("x")).ok());
  };
  const std::string whole = After(truncate_and_grow, {});
  EXPECT_EQ(whole, "?00x");
  EXPECT_EQ(After(truncate_and_grow, {kTear}), whole);
  EXPECT_EQ(After(truncate_and_grow, {kTear, {"torn-sector n1 #2.3", 1}}), "?b0x");
}

// File systems change a size in one step: what was cut off is there whole, or not at all.
TEST(Disk, ATruncationIsLostWholeOrNotAtAll) {
  const auto truncate = [](Env& env) {
    File f = Open(env, "f");
    CHECK(f.Append(Sectors("abcd")).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    CHECK(f.WriteAt(kSectorBytes, Sectors("x")).ok());
    CHECK(f.Truncate(10).ok());
  };
  EXPECT_EQ(After(truncate, {kTear}), "a");  // Ten bytes of it.
  EXPECT_EQ(After(truncate, {kTear, {"torn-sector n1 #2.3", 1}}), "a");
  EXPECT_EQ(After(truncate, {kTear, {"torn-sector n1 #2.1", 1}}), "axcd");
  EXPECT_EQ(After(truncate, {kTear, {"torn-sector n1 #2.1", 1}, {"torn-sector n1 #2.3", 2}}),
            "abcd");
  EXPECT_EQ(After(truncate, {kTear, {"torn-sector n1 #2.1", 2}}), "axcd");
}

TEST(Disk, ASectorIsWrittenWholeOrNotAtAll) {
  // A short file overwrites a long sector: its end must not show through.
  const auto shorten = [](Env& env) {
    File f = Open(env, "f");
    CHECK(f.Append(Sectors("a")).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    CHECK(f.Truncate(0).ok());
    CHECK(f.Append("xxx").ok());
  };
  for (uint64_t size = 0; size <= 2; ++size) {
    for (uint64_t back = 0; back <= 2; ++back) {
      std::string content;
      Play(shorten, [&](Env& env) { content = ReadAll(env, "f"); },
           {kTear, {"torn-sector n1 #2.1", size}, {"torn-sector n1 #2.2", back}});
      const std::string x = "xxx" + std::string(kSectorBytes - 3, '\0');
      const std::string versions[] = {x, std::string(kSectorBytes, '\0'), Sectors("a")};
      const size_t sizes[] = {3, 0, kSectorBytes};
      // Where the size is the first one, nothing was cut off.
      const size_t version = size == 2 && back == 1 ? 2 : back;
      EXPECT_EQ(content, versions[version].substr(0, sizes[size])) << size << " " << back;
    }
  }
}

TEST(Disk, ASyncedFileWithoutItsNameIsGone) {
  const auto create = [](Env& env) {
    File f = Open(env, "d/f");
    CHECK(f.Append("x").ok() && f.Sync().ok());
    CHECK(env.disk().SyncDir("").ok());  // Another directory.
  };
  std::string content;
  const auto read = [&](Env& env) { content = ReadAll(env, "d/f"); };
  Play(create, read, {});
  EXPECT_EQ(content, "x");
  Play(create, read, {kLoseAll});
  EXPECT_EQ(content, "(none)");
  Play(create, read, {kTear, {"torn-entry n1 #2.1", 1}});
  EXPECT_EQ(content, "(none)");
  Play([&](Env& env) { create(env), CHECK(env.disk().SyncDir("d").ok()); }, read, {kLoseAll});
  EXPECT_EQ(content, "x");
}

TEST(Disk, ARenameIsAtomicAndDurableWithItsDirectory) {
  const auto replace = [](Env& env) {
    for (const auto& [path, text] : {std::pair("f", "old"), std::pair("f.tmp", "new")}) {
      File f = Open(env, path);
      CHECK(f.Append(text).ok() && f.Sync().ok());
    }
    CHECK(env.disk().SyncDir("").ok());
    CHECK(env.disk().Rename("f.tmp", "f").ok());
  };
  std::string content, temporary;
  const auto read = [&](Env& env) {
    content = ReadAll(env, "f");
    temporary = ReadAll(env, "f.tmp");
  };
  Play(replace, read, {kLoseAll});
  EXPECT_EQ(content + " " + temporary, "old new");
  Play(replace, read, {kTear, {"torn-entry n1 #2.1", 1}});
  EXPECT_EQ(content + " " + temporary, "old new");
  Play(replace, read, {});
  EXPECT_EQ(content + " " + temporary, "new (none)");
  Play([&](Env& env) { replace(env), CHECK(env.disk().SyncDir("").ok()); }, read, {kLoseAll});
  EXPECT_EQ(content + " " + temporary, "new (none)");
}

TEST(Disk, ARenameIntoAnotherDirectoryLeavesNoSecondName) {
  std::string from, to;
  const auto read = [&](Env& env) {
    from = ReadAll(env, "a/f");
    to = ReadAll(env, "b/f");
  };
  const auto move = [](Env& env) {
    CHECK(Open(env, "a/f").Append("x").ok() && Open(env, "a/f").Sync().ok());
    CHECK(env.disk().Rename("a/f", "b/f").ok());
    CHECK(env.disk().SyncDir("b").ok());
  };
  Play(move, read, {});
  EXPECT_EQ(from + " " + to, "(none) x");
  // A name made durable after the file under it was moved away stays.
  const auto move_and_create = [](Env& env) {
    File f = Open(env, "a/f");
    CHECK(f.Append("x").ok() && f.Sync().ok() && env.disk().SyncDir("a").ok());
    CHECK(env.disk().Rename("a/f", "b/f").ok());
    File g = Open(env, "a/f", OpenMode::kCreate);
    CHECK(g.Append("y").ok() && g.Sync().ok() && env.disk().SyncDir("a").ok());
  };
  Play(move_and_create, read, {});
  EXPECT_EQ(from + " " + to, "y x");
  Play(move_and_create, read, {kLoseAll});
  EXPECT_EQ(from + " " + to, "y x");
}

TEST(Disk, RemovingIsDurableWithItsDirectory) {
  const auto remove = [](Env& env) {
    File f = Open(env, "f");
    CHECK(f.Append("x").ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    CHECK(env.disk().Remove("f").ok());
  };
  std::string content;
  const auto read = [&](Env& env) { content = ReadAll(env, "f"); };
  Play(remove, read, {});
  EXPECT_EQ(content, "(none)");
  Play(remove, read, {kLoseAll});
  EXPECT_EQ(content, "x");
  Play([&](Env& env) { remove(env), CHECK(env.disk().SyncDir("").ok()); }, read, {kLoseAll});
  EXPECT_EQ(content, "(none)");
}

TEST(Disk, AFailedSyncLosesWhatALaterOneClaims) {
  absl::Status first, second;
  const auto write = [&](Env& env) {
    File f = Open(env, "f");
    CHECK(env.disk().SyncDir("").ok());
    CHECK(f.Append(Sectors("a")).ok());
    first = f.Sync();
    CHECK(f.Append(Sectors("b")).ok());
    second = f.Sync();
    EXPECT_EQ(Letters(ReadAll(env, "f")), "ab");  // The page cache has it still.
  };
  EXPECT_EQ(After(write, {{"sync-fail n1 #2", 1}}), "0b");
  EXPECT_EQ(first.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(second.ok());
  const auto create = [&](Env& env) {
    Open(env, "f");
    first = env.disk().SyncDir("");
    second = env.disk().SyncDir("");
    EXPECT_EQ(ReadAll(env, "f"), "");
  };
  std::string content;
  const RunResult r =
      Play(create, [&](Env& env) { content = ReadAll(env, "f"); }, {{"sync-fail n1 #1", 1}});
  EXPECT_FALSE(first.ok());
  EXPECT_TRUE(second.ok());
  EXPECT_EQ(content, "(none)");
  EXPECT_EQ(r.faults[Fault::kSyncFail].attempted, 1u);
  EXPECT_EQ(r.faults[Fault::kSyncFail].applied, 1u);
  EXPECT_EQ(r.faults[Fault::kSyncFail].observed, 1u);
}

TEST(Disk, ASyncCoversWhatWasWrittenBeforeItBegan) {
  const auto write = [](Env& env) {
    File f = Open(env, "f");
    CHECK(env.disk().SyncDir("").ok());
    CHECK(f.Append(Sectors("a")).ok());
    env.Spawn([&env, f]() mutable {  // While the sync is under way.
      CHECK(f.Append(Sectors("b")).ok());
      CHECK(f.WriteAt(0, Sectors("c")).ok());
      Open(env, "g");
    });
    CHECK(f.Sync().ok());
  };
  EXPECT_EQ(After(write, {}), "cb");
  EXPECT_EQ(After(write, {kLoseAll}), "a");
}

TEST(Disk, ASlowSyncTakesItsTime) {
  std::vector<int64_t> took;
  const auto write = [&](Env& env) {
    File f = Open(env, "f");
    for (int i = 0; i < 2; ++i) {
      const Time before = env.Now();
      CHECK(f.Append("x").ok() && f.Sync().ok());
      took.push_back((env.Now() - before).count());
    }
  };
  Play(write, [](Env&) {}, {{"slow-sync n1 #2", 512}});
  EXPECT_THAT(took, ElementsAre(2'000'000, 102'000'000));
}

TEST(Disk, ACrashInTheMiddleOfASyncMayLoseIt) {
  bool returned = false;
  const auto write = [&](Env& env) {
    File f = Open(env, "f");
    CHECK(env.disk().SyncDir("").ok());
    env.Sleep(1497ms);  // The crash comes 1 ms into a sync that takes 2.
    CHECK(f.Append(Sectors("ab")).ok());
    CHECK(f.Sync().ok());
    returned = true;
  };
  EXPECT_EQ(After(write, {kLoseAll}), "");
  EXPECT_EQ(After(write, {}), "ab");
  EXPECT_EQ(After(write, {kTear, {"torn-sector n1 #2.2", 1}}), "0b");
  EXPECT_FALSE(returned);
}

}  // namespace
}  // namespace reprise
