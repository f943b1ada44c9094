// SQLite under simulation: its modes are really in use, its VFS keeps the rules that they rely on,
// and each loses what it may and nothing else.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/sound_database.h"
#include "protocols/engines/sqlite_connection.h"
#include "protocols/protocols.h"
#include "sim/search/explore.h"
#include "tests/fact_helper.h"

namespace reprise {
namespace {

using engines::SqliteConnection;
using engines::SqliteDisk;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr int kBusy = 5;  // SQLITE_BUSY.

using Given = std::vector<std::pair<std::string, std::string>>;

Scenario Make(const std::string& mutant = "", const Given& options = {}) {
  Catalogue catalogue;
  catalogue.Add(Sqlite());
  return *catalogue.Make("sqlite" + (mutant.empty() ? "" : ":" + mutant), options);
}

// Runs it on one node, on which nothing goes wrong; a sync takes 2 ms.
void OnANode(const NodeMain& main) {
  engines::SetUpSqlite();
  Scenario s;
  s.name = "sqlite-test";
  s.roles = {{.name = "node", .count = 1, .main = main}};
  s.disks = {.sync = 2ms};
  s.storm = 1s;
  s.stack_bytes = 256 << 10;
  const RunResult run = Simulate(s, Choices::Calm());
  EXPECT_FALSE(run.verdict.failed()) << run.verdict.reason;
}

std::string Value(SqliteConnection& db, const std::string& sql) {
  const auto result = db.Run(sql);
  EXPECT_TRUE(result.ok()) << sql << ": " << db.error();
  return result.rows.empty() ? "" : result.rows[0][0];
}

void Must(SqliteConnection& db, const std::string& sql) {
  EXPECT_TRUE(db.Run(sql).ok()) << sql << ": " << db.error();
}

constexpr const char* kWrites = "BEGIN IMMEDIATE; INSERT INTO t VALUES(1); COMMIT";

// A database in that mode, with a table t and a row in it.
SqliteConnection InMode(SqliteDisk& disk, const std::string& journal, const std::string& sync) {
  SqliteConnection db(disk, "a.db");
  Must(db, "PRAGMA synchronous=" + sync);
  Must(db, "PRAGMA journal_mode=" + journal);
  Must(db, "CREATE TABLE t(x)");
  Must(db, kWrites);
  return db;
}

TEST(SqliteModes, AreThoseThatSqliteSaysItIsIn) {
  const std::pair<const char*, const char*> journals[] = {
      {"DELETE", "delete"}, {"TRUNCATE", "truncate"}, {"PERSIST", "persist"}, {"WAL", "wal"}};
  const char* const levels[] = {"OFF", "NORMAL", "FULL", "EXTRA"};
  for (const auto& journal : journals) {
    for (size_t level = 0; level < std::size(levels); ++level) {
      OnANode([&](Env& env) {
        SqliteDisk disk(env);
        SqliteConnection db = InMode(disk, journal.first, levels[level]);
        EXPECT_EQ(Value(db, "PRAGMA journal_mode"), journal.second);
        EXPECT_EQ(Value(db, "PRAGMA synchronous"), std::to_string(level));
      });
    }
  }
}

std::vector<std::string> FilesInMode(const std::string& journal) {
  std::vector<std::string> files;
  OnANode([&](Env& env) {
    SqliteDisk disk(env);
    InMode(disk, journal, "FULL");
    for (const std::string& name : env.disk().List("")) {
      const bool empty = env.disk().Open(name, OpenMode::kExisting)->Size() == 0;
      files.push_back(name + (empty ? " empty" : ""));
    }
  });
  return files;
}

TEST(SqliteModes, LeaveTheFilesThatTheyShould) {
  EXPECT_THAT(FilesInMode("DELETE"), ElementsAre("a.db"));
  EXPECT_THAT(FilesInMode("TRUNCATE"), UnorderedElementsAre("a.db", "a.db-journal empty"));
  EXPECT_THAT(FilesInMode("PERSIST"), UnorderedElementsAre("a.db", "a.db-journal"));
  EXPECT_THAT(FilesInMode("WAL"), UnorderedElementsAre("a.db", "a.db-wal"));
}

// How many syncs, of 2 ms each, a transaction waits for.
int64_t SyncsOfACommit(const std::string& journal, const std::string& sync,
                       SqliteDisk::Names names = SqliteDisk::Names::kSyncedByCaller) {
  int64_t syncs = 0;
  OnANode([&](Env& env) {
    SqliteDisk disk(env, names);
    SqliteConnection db = InMode(disk, journal, sync);
    const Time begin = env.Now();
    Must(db, kWrites);
    syncs = (env.Now() - begin) / 2ms;
  });
  return syncs;
}

// Of a journal: its content and then its header, its name, the database; and what makes the commit.
TEST(SqliteVfs, SyncsAsOftenAsEachModeAsksFor) {
  EXPECT_EQ(SyncsOfACommit("DELETE", "OFF"), 0);
  EXPECT_EQ(SyncsOfACommit("DELETE", "FULL"), 4);
  EXPECT_EQ(SyncsOfACommit("DELETE", "EXTRA"), 5) << "the directory is synced after the removal";
  EXPECT_EQ(SyncsOfACommit("WAL", "OFF"), 0);
  EXPECT_EQ(SyncsOfACommit("WAL", "NORMAL"), 0);
  EXPECT_EQ(SyncsOfACommit("WAL", "FULL"), 1);
}

TEST(SqliteVfs, AMountWithDirsyncSyncsNamesOfItsOwnAccord) {
  const auto names = SqliteDisk::Names::kDurableAtOnce;
  EXPECT_EQ(SyncsOfACommit("DELETE", "OFF", names), 2);  // A journal comes, and goes.
  EXPECT_EQ(SyncsOfACommit("WAL", "OFF", names), 0);
}

TEST(SqliteVfs, OneConnectionWritesAtATime) {
  for (const char* journal : {"DELETE", "WAL"}) {
    OnANode([&](Env& env) {
      SqliteDisk disk(env);
      SqliteConnection one = InMode(disk, journal, "FULL"), two(disk, "a.db");
      Must(one, "BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
      EXPECT_EQ(two.Run("BEGIN IMMEDIATE").code, kBusy);
      EXPECT_EQ(Value(two, "SELECT count(*) FROM t"), "1") << "what is not committed is not read";
      Must(one, "COMMIT");
      EXPECT_EQ(Value(two, "SELECT count(*) FROM t"), "2");
      Must(two, kWrites);
    });
  }
}

TEST(SqliteVfs, AReaderHoldsUpACommitWithoutAWalAndNotWithOne) {
  for (const char* journal : {"DELETE", "WAL"}) {
    OnANode([&](Env& env) {
      const bool wal = std::string(journal) == "WAL";
      SqliteDisk disk(env);
      SqliteConnection one = InMode(disk, journal, "FULL"), two(disk, "a.db"), three(disk, "a.db");
      Must(two, "BEGIN; SELECT * FROM t");
      Must(one, "BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
      EXPECT_EQ(one.Run("COMMIT").code, wal ? 0 : kBusy);
      // Who waits to commit lets nobody in any more (PENDING); so it will not wait for ever.
      EXPECT_EQ(three.Run("SELECT * FROM t").code, wal ? 0 : kBusy);
      EXPECT_EQ(Value(two, "SELECT count(*) FROM t"), "1");
      Must(two, "COMMIT");
      if (!wal) Must(one, "COMMIT");
      EXPECT_EQ(Value(three, "SELECT count(*) FROM t"), "2");
    });
  }
}

TEST(SqliteVfs, MemoryGoesWithTheBoot) {
  OnANode([](Env& env) {
    SqliteDisk disk(env);
    const size_t before = disk.boot().bytes();
    SqliteConnection db = InMode(disk, "WAL", "FULL");
    EXPECT_GT(disk.boot().bytes(), before + 10'000);
    db.Close();
    EXPECT_LT(disk.boot().bytes(), before + 2'000);
  });
}

TEST(Sqlite, CalmRunsLoseNothing) {
  for (const char* journal : {"0", "1", "2", "3"}) {
    const RunResult run = Simulate(Make("", {{"journal", journal}}), Choices::Calm());
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
    EXPECT_TRUE(run.taken.empty());
    uint64_t acknowledged = 0;
    for (const auto& [fact, count] : run.facts) {
      if (fact == "RecordAcknowledged") acknowledged = count;
    }
    EXPECT_GT(acknowledged, 150u);
  }
}

TEST(Sqlite, LosesNothingWhereItSaysSo) {
  const Scenario s = Make();
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass)
        << "seed " << seed << ": " << run.verdict.reason;
    faults += run.faults;
  }
  for (const Fault fault : {Fault::kCrash, Fault::kCrashAt, Fault::kCrashAgain, Fault::kUnsynced,
                            Fault::kTorn, Fault::kEntries, Fault::kFull}) {
    EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
  }
}

TEST(Sqlite, WithNamesThatAreDurableAtOnceFullLosesNothing) {
  const Scenario s = Make("", {{"journal", "0"}, {"synchronous", "2"}, {"names", "1"}});
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass)
        << "seed " << seed << ": " << run.verdict.reason;
  }
}

// Calls into Env of a short run, and two of the disks that each crash may leave.
TEST(Sqlite, SurvivesACrashAtEachPoint) {
  const Given shortly = {{"storm", "100"}, {"journal", "0"}, {"writers", "1"}};
  const ExploreResult sound =
      Explore(Make("", shortly), {.images_at_most = 2}, [](const Progress&) { return true; });
  EXPECT_TRUE(sound.complete);
  EXPECT_TRUE(sound.campaign.findings.empty());
  ASSERT_EQ(sound.levels.size(), 1u);
  EXPECT_GT(sound.levels[0].points, 100u);
  EXPECT_EQ(sound.levels[0].points, sound.levels[0].points_run);
  EXPECT_GT(sound.levels[0].images, 10 * sound.levels[0].points);
}

TEST(SoundDatabase, ComplainsOfWhatWasFoundAndOfNothingElse) {
  models::SoundDatabase oracle;
  EXPECT_FALSE(Tell(oracle, models::DatabaseChecked{""}));
  EXPECT_FALSE(Tell(oracle, models::DatabaseChecked{""})) << "checked twice, which is odd";
  EXPECT_EQ(*Tell(oracle, models::DatabaseChecked{"money came or went"}),
            "n1's database is not sound: money came or went");
}

}  // namespace
}  // namespace reprise
