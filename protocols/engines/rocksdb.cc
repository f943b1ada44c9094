// RocksDB under simulation: the library of this machine, unmodified, with its own thread pools,
// locks and files, in a process on a node whose disk crashes (key_value.h says what is asked).
//
// Unlike LevelDB, RocksDB syncs its directory, and the logs before the one that a write is synced
// in; so it may mix synced writes with others.

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "protocols/engines/key_value.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using Settings = engines::KeyValueSettings;

class Store final : public engines::KeyValueStore {
 public:
  explicit Store(rocksdb::DB* db) : db_(db) {}

  std::string Write(const engines::Batch& batch, bool sync) override {
    rocksdb::WriteBatch all;
    for (const auto& [key, value] : batch) all.Put(key, value);
    rocksdb::WriteOptions options;
    options.sync = sync;
    const rocksdb::Status status = db_->Write(options, &all);
    return status.ok() ? "" : status.ToString();
  }

  std::string ReadAll(std::map<std::string, std::string>& all) override {
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      all[it->key().ToString()] = it->value().ToString();
    }
    return it->status().ok() ? "" : it->status().ToString();
  }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
};

// In the file that RocksDB logs to it prints addresses, which differ between processes; and so
// would what is on the disk.
struct NoLog final : rocksdb::Logger {
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

std::string Open(const std::string& path, std::unique_ptr<engines::KeyValueStore>& store) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;  // Small: a few seconds bring many compactions.
  options.arena_block_size = 4096;
  options.target_file_size_base = 64 << 10;
  options.level0_file_num_compaction_trigger = 2;
  options.max_background_jobs = 4;
  options.max_open_files = 100;
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, &db);
  if (!status.ok()) return status.ToString();
  store = std::make_unique<Store>(db);
  return "";
}

const std::vector<Mutant<Settings>>& Mutants() {
  static const std::vector<Mutant<Settings>> kMutants = {
      {{.name = "lying-sync",
        .id = "RDB-X1",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "a disk that says it has synced, and has not",
        .origin = "the proof that the simulated disk bites"},
       [](Settings& s) { s.sync_lie = OneIn(4); }},
      {{.name = "no-directory-sync",
        .id = "RDB-X2",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "names become durable in any order, and a sync of a directory does nothing",
        .origin = "Pillai et al., All File Systems Are Not Created Equal, OSDI 2014"},
       [](Settings& s) { s.journaled = s.directories_sync = false, s.torn = true; }},
      {{.name = "torn-sectors",
        .id = "RDB-X3",
        .difficulty = "D2",
        .oracle = "sound-database",
        .about = "of a write that was not synced, any sectors may be there: a torn record at the "
                 "end of the MANIFEST keeps the store from opening",
        .origin = "found here, in 7.8.3"},
       [](Settings& s) { s.torn = true; }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  Settings settings;
  if (!mutant.empty()) settings = DecisionsOf(Mutants(), mutant);
  settings.writers = static_cast<uint64_t>(options["writers"]);
  settings.unsynced |= options["unsynced"] != 0;
  settings.full = options["full"] != 0;
  settings.open = Open;
  settings.libraries = {"librocksdb"};
  settings.stack_bytes = 1 << 20;
  return engines::KeyValueScenario(settings);
}

}  // namespace

Family RocksDb() {
  return {.name = "rocksdb",
          .about = "RocksDB itself, unmodified, with its thread pools: what its writes survive",
          .source = "github.com/facebook/rocksdb: the wiki's pages on the WAL and on recovery",
          .options = {{"writers", "threads that write", 1, 8, 3},
                      {"unsynced", "1: some writes are not synced", 0, 1, 1},
                      {"full", "whether the disk may be full for a while", 0, 1, 0}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
