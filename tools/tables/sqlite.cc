// sqlite: what each mode of SQLite loses when the power fails, against what its documentation says
// that it may lose. Runs are those of the family `sqlite`, from the seeds 1, 2, 3...; a run ends
// with the first loss or damage that is found.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocols.h"
#include "sim/check.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr uint64_t kSeeds = 200;

enum Journal { kDelete, kTruncate, kPersist, kWal };
constexpr const char* kJournals[] = {"DELETE", "TRUNCATE", "PERSIST", "WAL"};
enum Synchronous { kOff, kNormal, kFull, kExtra };
constexpr const char* kSynchronous[] = {"OFF", "NORMAL", "FULL", "EXTRA"};
enum class DiskIs { kHonest, kNamesAtOnce, kLying };

// Of runs in which something happens: none, any number, or one at least, because the documentation
// says that it may happen, and a disk that never makes it happen is not ours.
enum class Promise { kNone, kAny, kSome };

// https://www.sqlite.org/pragma.html#pragma_synchronous:
//   EXTRA   "is like FULL with the addition that the directory containing a rollback journal is
//           synced after that journal is unlinked to commit a transaction in DELETE mode".
//   FULL    "will not corrupt the database"; and what EXTRA adds is all that DELETE lacks.
//   NORMAL  "WAL mode is safe from corruption with synchronous=NORMAL [...] but WAL mode does lose
//           durability". With a rollback journal "there is a very small (though non-zero) chance"
//           of corruption.
//   OFF     "the database might become corrupted if the operating system crashes".
Promise Lost(Journal journal, Synchronous synchronous, DiskIs disk) {
  if (disk == DiskIs::kLying) return Promise::kSome;
  switch (synchronous) {
    case kExtra: return Promise::kNone;
    case kFull:
      return journal == kDelete && disk == DiskIs::kHonest ? Promise::kSome : Promise::kNone;
    case kNormal: return journal == kWal ? Promise::kSome : Promise::kAny;
    case kOff: return Promise::kAny;
  }
  return Promise::kAny;
}

Promise Damaged(Journal journal, Synchronous synchronous, DiskIs disk) {
  if (disk == DiskIs::kLying) return Promise::kAny;
  switch (synchronous) {
    case kExtra:
    case kFull: return Promise::kNone;
    case kNormal: return journal == kWal ? Promise::kNone : Promise::kAny;
    case kOff: return Promise::kSome;
  }
  return Promise::kAny;
}

TableRow Row(const std::string& what, Promise promise, uint64_t runs) {
  TableRow row{.what = what,
               .simulation = static_cast<double>(runs),
               .tolerance = 0,
               .relative = false,
               .digits = 0};
  if (promise != Promise::kAny) row.model = promise == Promise::kSome ? 1 : 0;
  row.at_least = promise == Promise::kSome;
  return row;
}

void AddRows(Journal journal, Synchronous synchronous, DiskIs disk, std::vector<TableRow>& rows) {
  Catalogue catalogue;
  catalogue.Add(Sqlite());
  const auto scenario =
      catalogue.Make("sqlite", {{"journal", std::to_string(journal)},
                                {"synchronous", std::to_string(synchronous)},
                                {"names", disk == DiskIs::kNamesAtOnce ? "1" : "0"},
                                {"lies", disk == DiskIs::kLying ? "1" : "0"}});
  CHECK(scenario.ok());
  uint64_t lost = 0, damaged = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Verdict verdict = Simulate(*scenario, Choices::FromSeed(seed)).verdict;
    if (!verdict.failed()) continue;
    const bool loses = verdict.oracle == "durable-prefix";
    CHECK(loses || verdict.oracle == "sound-database");
    ++(loses ? lost : damaged);
  }
  std::string what = std::string(kJournals[journal]) + ", " + kSynchronous[synchronous];
  if (disk == DiskIs::kNamesAtOnce) what += ", names durable at once";
  if (disk == DiskIs::kLying) what += ", a disk that lies";
  rows.push_back(Row(what + ": commits lost", Lost(journal, synchronous, disk), lost));
  rows.push_back(Row(what + ": damaged", Damaged(journal, synchronous, disk), damaged));
}

std::vector<TableRow> Rows() {
  constexpr Journal kAll[] = {kDelete, kTruncate, kPersist, kWal};
  std::vector<TableRow> rows;
  for (const DiskIs disk : {DiskIs::kHonest, DiskIs::kNamesAtOnce}) {
    for (const Synchronous synchronous : {kExtra, kFull, kNormal, kOff}) {
      for (const Journal journal : kAll) AddRows(journal, synchronous, disk, rows);
    }
  }
  for (const Journal journal : kAll) AddRows(journal, kExtra, DiskIs::kLying, rows);
  return rows;
}

}  // namespace

Table SqliteModes() {
  return {.id = "sqlite",
          .about = "runs of 200 in which SQLite lost commits, or was damaged",
          .source = "sqlite.org/pragma.html, synchronous: 0 where it may not, 1 where it may",
          .cost = "about 60 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
