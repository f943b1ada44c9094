// LevelDB under simulation: the library of this machine, unmodified, with its own threads, locks
// and files, in a process on a node whose disk crashes (key_value.h says what is asked of it).
//
// LevelDB counts on a file system that journals (docs/real-code.md): it never syncs the directory
// for the name of a new log, and removes files that it no longer needs without asking whether the
// rename before is durable. The sound scenario has such a disk; that POSIX promises less, and what
// then is lost, is one of the modes.

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "protocols/engines/key_value.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using engines::KeyValueSettings;

class Store final : public engines::KeyValueStore {
 public:
  explicit Store(leveldb::DB* db) : db_(db) {}

  std::string Write(const engines::Batch& batch, bool sync) override {
    leveldb::WriteBatch all;
    for (const auto& [key, value] : batch) all.Put(key, value);
    leveldb::WriteOptions options;
    options.sync = sync;
    const leveldb::Status status = db_->Write(options, &all);
    return status.ok() ? "" : status.ToString();
  }

  std::string ReadAll(std::map<std::string, std::string>& all) override {
    leveldb::ReadOptions options;
    options.verify_checksums = true;
    const std::unique_ptr<leveldb::Iterator> it(db_->NewIterator(options));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      all[it->key().ToString()] = it->value().ToString();
    }
    return it->status().ok() ? "" : it->status().ToString();
  }

 private:
  const std::unique_ptr<leveldb::DB> db_;
};

std::string Open(const std::string& path, std::unique_ptr<engines::KeyValueStore>& store) {
  leveldb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 64 << 10;  // The least: a few seconds bring many compactions.
  options.max_file_size = 1 << 20;
  options.compression = leveldb::kNoCompression;
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, path, &db);
  if (!status.ok()) return status.ToString();
  store = std::make_unique<Store>(db);
  return "";
}

const std::vector<Mutant<KeyValueSettings>>& Mutants() {
  static const std::vector<Mutant<KeyValueSettings>> kMutants = {
      {{.name = "lying-sync",
        .id = "LDB-X1",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "a disk that says it has synced, and has not",
        .origin = "the proof that the simulated disk bites"},
       [](KeyValueSettings& s) { s.sync_lie = OneIn(4); }},
      {{.name = "posix-names",
        .id = "LDB-X2",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "names become durable in any order, and only by a sync of their directory",
        .origin = "Pillai et al., All File Systems Are Not Created Equal, OSDI 2014"},
       [](KeyValueSettings& s) { s.journaled = false, s.torn = true; }},
      {{.name = "no-directory-sync",
        .id = "LDB-X3",
        .difficulty = "D1",
        .oracle = "durable-prefix",
        .about = "the same, and a sync of a directory does nothing",
        .origin = "Pillai et al., All File Systems Are Not Created Equal, OSDI 2014"},
       [](KeyValueSettings& s) { s.journaled = s.directories_sync = false, s.torn = true; }},
      {{.name = "mixed-sync",
        .id = "LDB-X4",
        .difficulty = "D2",
        .oracle = "durable-prefix",
        .about = "some writes are not synced, and are counted on once a later one is: but LevelDB "
                 "does not sync a log that it is done with",
        .origin = "found here; doc/index.md, Synchronous Writes, counts on it too"},
       [](KeyValueSettings& s) { s.unsynced = true; }},
      {{.name = "torn-sectors",
        .id = "LDB-X5",
        .difficulty = "D2",
        .oracle = "sound-database",
        .about = "of a write that was not synced, any sectors may be there: a torn record at the "
                 "end of the MANIFEST keeps the database from opening",
        .origin = "found here, in 1.23"},
       [](KeyValueSettings& s) { s.torn = true; }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  KeyValueSettings settings;
  if (!mutant.empty()) settings = DecisionsOf(Mutants(), mutant);
  settings.writers = static_cast<uint64_t>(options["writers"]);
  settings.unsynced |= options["unsynced"] != 0;
  settings.open = Open;
  settings.libraries = {"libleveldb"};
  return engines::KeyValueScenario(settings);
}

}  // namespace

Family LevelDb() {
  return {.name = "leveldb",
          .about = "LevelDB itself, unmodified, with its threads: what its writes survive",
          .source = "github.com/google/leveldb: doc/index.md, doc/impl.md",
          .options = {{"writers", "threads that write", 1, 8, 3},
                      {"unsynced", "1: some writes are not synced", 0, 1, 0}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
