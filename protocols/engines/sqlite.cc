// SQLite under simulation: the library of this machine, unmodified, on a disk that crashes.
//
// An application keeps a ledger in a database of its own. Several connections write to it; each
// transaction enters a line, changes some values and moves money between two accounts. After a
// crash the application opens the database, which makes SQLite recover, and looks at all of it:
//
//   - `PRAGMA integrity_check` finds nothing;
//   - no transaction is there by half: a writer's lines have no gap, values are those of its last
//     line, and accounts add up to nothing;
//   - every transaction is there whose COMMIT returned, and none that was never tried.
//
// What SQLite promises depends on two settings (https://www.sqlite.org/pragma.html):
//
//   synchronous=EXTRA   nothing is lost: this is what the sound scenario has, in each journal mode.
//   synchronous=FULL    as safe in the journal modes TRUNCATE, PERSIST and WAL. In DELETE a commit
//                       is the removal of the journal, whose name comes back where the directory
//                       was not synced; then recovery takes the last transaction back.
//   synchronous=NORMAL  in WAL mode the last transactions may be lost, and nothing else.
//   synchronous=OFF     a crash may damage the database.
//
// The weaker ones are the mutants: where SQLite says that it may lose something, the simulated disk
// must make it lose it. So it is shown that the disk bites.

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/durable_prefix.h"
#include "models/spec/recovery.h"
#include "models/spec/sound_database.h"
#include "protocols/engines/sqlite_connection.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using engines::SqliteConnection;
using engines::SqliteDisk;

constexpr char kPath[] = "ledger.db";
constexpr uint64_t kAccounts = 8;
constexpr uint64_t kKeys = 24;
constexpr uint64_t kChanges = 4;  // Values that each transaction changes.
constexpr Duration kSlot = 50ms;  // Each writer begins a transaction in each.
constexpr Duration kBusy = 3ms;   // Where another one writes, it tries again after so long.
constexpr int kBusyCode = 5, kFullCode = 13;  // SQLITE_BUSY, SQLITE_FULL.

const Label kJournal("journal-mode");

enum class Journal : uint64_t { kDelete, kTruncate, kPersist, kWal, kDrawn };
constexpr const char* kJournals[] = {"DELETE", "TRUNCATE", "PERSIST", "WAL"};
enum class Synchronous : uint64_t { kOff, kNormal, kFull, kExtra };
constexpr const char* kSynchronous[] = {"OFF", "NORMAL", "FULL", "EXTRA"};

struct Settings {
  Journal journal = Journal::kDrawn;  // Drawn anew in each boot: it may change at any opening.
  Synchronous synchronous = Synchronous::kExtra;
  SqliteDisk::Names names = SqliteDisk::Names::kSyncedByCaller;
};

// What transaction q of writer w does: all of it follows from these two numbers.
uint64_t Noise(uint64_t w, uint64_t q, uint64_t what) {
  return Choices::Mix((w * 1'000'003 + q) * 64 + what);
}
uint64_t HashOf(uint64_t w, uint64_t q) { return Noise(w, q, 63) >> 1; }

std::string TransactionOf(uint64_t w, uint64_t q) {
  const std::string writer = std::to_string(w), number = std::to_string(q);
  std::string sql = "INSERT INTO lines VALUES(" + writer + "," + number + "," +
                    std::to_string(HashOf(w, q)) + ");";
  for (uint64_t i = 0; i < kChanges; ++i) {
    const std::string key = std::to_string(Noise(w, q, i) % kKeys);
    const std::string size = std::to_string(100 + Noise(w, q, 16 + i) % 900);
    sql += "INSERT OR REPLACE INTO state VALUES(" + writer + "," + key + "," + number +
           ",zeroblob(" + size + "));";
  }
  const std::string amount = std::to_string(1 + Noise(w, q, 32) % 100);
  const std::string from = std::to_string(Noise(w, q, 33) % kAccounts);
  const std::string to = std::to_string(Noise(w, q, 34) % kAccounts);
  sql += "UPDATE accounts SET money=money-" + amount + " WHERE id=" + from + ";";
  sql += "UPDATE accounts SET money=money+" + amount + " WHERE id=" + to + ";";
  return sql;
}

class Application {
 public:
  Application(Env& env, uint64_t writers, const Settings& settings)
      : env_(env),
        writers_(writers),
        settings_(settings),
        disk_(env, settings.names),
        done_(writers) {}

  [[noreturn]] void Run() {
    const uint64_t drawn = env_.Random(kJournal, std::size(kJournals));
    journal_ =
        kJournals[settings_.journal == Journal::kDrawn ? drawn
                                                       : static_cast<uint64_t>(settings_.journal)];
    SqliteConnection db = Open();
    Must(db, Schema());
    Look(db);
    for (uint64_t w = 0; w < writers_; ++w) {
      env_.Spawn([this, w] { Write(w); });
    }
    env_.SleepUntil(kForever);
    std::abort();
  }

 private:
  SqliteConnection Open() {
    SqliteConnection db(disk_, kPath);
    Must(db, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=10; PRAGMA wal_autocheckpoint=20;");
    Must(db, std::string("PRAGMA synchronous=") +
                 kSynchronous[static_cast<uint64_t>(settings_.synchronous)]);
    Must(db, "PRAGMA journal_mode=" + journal_);
    return db;
  }

  std::string Schema() const {
    std::string sql =
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS lines(writer, number, hash, PRIMARY KEY(writer, number));"
        "CREATE TABLE IF NOT EXISTS state(writer, key, number, filling, PRIMARY KEY(writer, key));"
        "CREATE TABLE IF NOT EXISTS accounts(id PRIMARY KEY, money);";
    for (uint64_t i = 0; i < kAccounts; ++i) {
      sql += "INSERT OR IGNORE INTO accounts VALUES(" + std::to_string(i) + ",0);";
    }
    return sql + "COMMIT";
  }

  // Repeats what others are in the way of, or there is no room for. Any other error is one that
  // SQLite must not have on a disk that only crashes.
  SqliteConnection::Result Must(SqliteConnection& db, const std::string& sql) {
    for (;;) {
      auto result = db.Run(sql);
      if (result.ok()) return result;
      if (result.code != kBusyCode && result.code != kFullCode) {
        env_.Report(models::DatabaseChecked{db.error()});
        env_.Abort("SQLite: " + db.error());
      }
      db.Run("ROLLBACK");
      env_.Sleep(kBusy);
    }
  }

  // Of all that is there after a crash.
  void Look(SqliteConnection& db) {
    std::string problems;
    const auto wrong = [&](const std::string& what) {
      problems += (problems.empty() ? "" : "; ") + what;
    };
    const auto check = Must(db, "PRAGMA integrity_check");
    if (check.rows.empty() || check.rows[0][0] != "ok") {
      wrong(check.rows.empty() ? "integrity_check says nothing" : check.rows[0][0]);
    }
    if (Must(db, "SELECT sum(money) FROM accounts").number() != 0) wrong("money came or went");
    std::vector<models::LogRecovered> logs;
    for (uint64_t w = 0; w < writers_; ++w) logs.push_back(LookAt(db, w, wrong));
    // First whether it is sound: of one that is not, nobody need ask what it has lost besides.
    env_.Report(models::DatabaseChecked{problems});
    uint64_t found = 0;
    for (uint64_t w = 0; w < writers_; ++w) {
      done_[w] = logs[w].hashes.size();
      found += done_[w];
      env_.Report(logs[w]);
    }
    env_.Report(models::Recovered{found});
  }

  models::LogRecovered LookAt(SqliteConnection& db, uint64_t w,
                              const std::function<void(const std::string&)>& wrong) {
    const std::string where = " WHERE writer=" + std::to_string(w);
    const auto lines = Must(db, "SELECT number, hash FROM lines" + where + " ORDER BY number");
    std::vector<uint64_t> hashes;
    std::map<uint64_t, uint64_t> state;
    for (uint64_t q = 1; q <= lines.rows.size(); ++q) {
      const auto& row = lines.rows[q - 1];
      if (row[0] != std::to_string(q)) {
        wrong("writer " + std::to_string(w) + " has line " + row[0] + " in place of " +
              std::to_string(q));
        return {w, 1, {}};
      }
      const auto hash = SqliteConnection::Number(row[1]);
      if (!hash) {
        wrong("writer " + std::to_string(w) + "'s line " + row[0] + " has no hash");
        return {w, 1, {}};
      }
      hashes.push_back(static_cast<uint64_t>(*hash));
      for (uint64_t i = 0; i < kChanges; ++i) state[Noise(w, q, i) % kKeys] = q;
    }
    std::map<uint64_t, uint64_t> there;
    for (const auto& row : Must(db, "SELECT key, number FROM state" + where).rows) {
      const auto key = SqliteConnection::Number(row[0]), number = SqliteConnection::Number(row[1]);
      there[static_cast<uint64_t>(key.value_or(-1))] = static_cast<uint64_t>(number.value_or(-1));
    }
    if (state != there) {
      wrong("writer " + std::to_string(w) + "'s values are not those of its " +
            std::to_string(hashes.size()) + " lines");
    }
    return {w, 1, std::move(hashes)};
  }

  // One transaction after another.
  void Write(uint64_t w) {
    SqliteConnection db = Open();
    for (Time slot = env_.Now();; slot += kSlot) {
      env_.SleepUntil(slot + static_cast<int64_t>(w) * kBusy);
      const uint64_t q = done_[w] + 1;
      env_.Report(models::RecordAppended{w, q, HashOf(w, q)});
      Must(db, "BEGIN IMMEDIATE;" + TransactionOf(w, q) + "COMMIT");
      done_[w] = q;
      env_.Report(models::RecordAcknowledged{w, q});
    }
  }

  Env& env_;
  const uint64_t writers_;
  const Settings settings_;
  SqliteDisk disk_;
  std::string journal_;
  std::vector<uint64_t> done_;
};

const std::vector<Mutant<Settings>>& Mutants() {
  static const std::vector<Mutant<Settings>> kMutants = {
      {{.name = "full-delete",
        .id = "SQ-X1",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "synchronous=FULL and journal_mode=DELETE: the journal's removal is not durable",
        .origin = "sqlite.org/pragma.html, synchronous: why there is EXTRA"},
       [](Settings& s) {
         s = {Journal::kDelete, Synchronous::kFull};
       }},
      {{.name = "normal-wal",
        .id = "SQ-X2",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "synchronous=NORMAL and journal_mode=WAL: commits are not synced",
        .origin = "sqlite.org/wal.html: performance considerations"},
       [](Settings& s) {
         s = {Journal::kWal, Synchronous::kNormal};
       }},
      {{.name = "off-delete",
        .id = "SQ-X3",
        .difficulty = "D1",
        .oracle = "sound-database",
        .about = "synchronous=OFF: pages and journal reach the disk in any order",
        .origin = "sqlite.org/howtocorrupt.html, section 3"},
       [](Settings& s) {
         s = {Journal::kDelete, Synchronous::kOff};
       }},
      {{.name = "off-wal",
        .id = "SQ-X4",
        .difficulty = "D1",
        .oracle = "sound-database",
        .about = "synchronous=OFF and journal_mode=WAL: checkpoints are not synced",
        .origin = "sqlite.org/howtocorrupt.html, section 3"},
       [](Settings& s) {
         s = {Journal::kWal, Synchronous::kOff};
       }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  engines::SetUpSqlite();
  Settings settings;
  settings.journal = static_cast<Journal>(options["journal"]);
  settings.synchronous = static_cast<Synchronous>(options["synchronous"]);
  if (!mutant.empty()) settings = DecisionsOf(Mutants(), mutant);
  if (options["names"] != 0) settings.names = SqliteDisk::Names::kDurableAtOnce;
  const auto writers = static_cast<uint64_t>(options["writers"]);
  Scenario s;
  s.roles = {{.name = "application", .count = 1, .main = [=](Env& env) {
                Application(env, writers, settings).Run();
              }}};
  s.crashes = {.crash = OneIn(4),
               .slot = 500ms,
               .crash_at = OneIn(1000),
               .down = 50ms,
               .down_more = 200ms,
               .again = OneIn(8)};
  s.processes = {.pause = OneIn(40), .slow = OneIn(40), .slot = 500ms, .pause_most = 500ms};
  s.disks = {.sync = 2ms,
             .slow_sync = OneIn(40),
             .slow_sync_most = 100ms,
             .hung = OneIn(400),
             .hung_for = 1s,
             .unsynced = OneIn(3),
             .torn = OneIn(3),
             .sync_lie = options["lies"] != 0 ? OneIn(20) : Ratio{},
             .entries = OneIn(8),
             .full = OneIn(20),
             .full_most = 500ms};
  s.clocks = {.offset = OneIn(4), .drift = OneIn(4), .late_timer = OneIn(50)};
  s.order = OneIn(50);
  s.storm = std::chrono::milliseconds(options["storm"]);
  s.calm = 1s;
  s.stack_bytes = 256 << 10;
  s.oracles =
      JudgedBy(models::SoundDatabase(), models::DurablePrefix(), models::RecoveryMeter(true));
  return s;
}

}  // namespace

Family Sqlite() {
  return {.name = "sqlite",
          .about = "SQLite itself, unmodified: what its transactions survive, in every mode",
          .source = "sqlite.org: Atomic Commit, Write-Ahead Logging, PRAGMA synchronous",
          .options = {{"writers", "connections that write", 1, 4, 2},
                      {"journal", "0 DELETE, 1 TRUNCATE, 2 PERSIST, 3 WAL, 4 drawn at each boot", 0,
                       4, 4},
                      {"synchronous", "0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA", 0, 3, 3},
                      {"names", "of files: 0 durable once synced, 1 at once (dirsync)", 0, 1, 0},
                      {"lies", "whether the disk may lie about syncs", 0, 1, 0},
                      {"storm", "how long faults may strike, ms", 100, 10'000, 4000}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
