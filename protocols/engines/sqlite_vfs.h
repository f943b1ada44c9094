// SQLite's view of a node's disk: a VFS over Env, so that the library runs unmodified in
// simulation. https://www.sqlite.org/vfs.html
//
// It promises what the unix VFS does on a disk like ours, and no more:
//   - a sync of a new journal or WAL syncs the directory as well, and SQLite asks for a directory
//     to be synced after deleting a journal only with synchronous=EXTRA;
//   - a write harms nothing beside it (SQLITE_IOCAP_POWERSAFE_OVERWRITE);
//   - locks and the WAL's shared memory are those of one process, and go with the boot.
// On a disk that is mounted so that names are durable at once (mount -o dirsync), each new file and
// each removal syncs the directory, as the kernel would.
// Random bytes are from a counter and the names of node and boot: SQLite needs them to differ from
// journal to journal, and decides nothing by them.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "protocols/engines/boot_memory.h"
#include "sim/env.h"

struct sqlite3;

namespace reprise::engines {

// Sets SQLite up, the first time in this process: single-threaded, as fibers take turns only where
// its files are read and written, and with memory that goes with the boot. To be called before any
// run, because SQLite looks at the environment's variables here.
void SetUpSqlite();

// A boot's databases. It outlives all connections, and all fibers that use them.
class SqliteDisk {
 public:
  enum class Names { kSyncedByCaller, kDurableAtOnce };  // Of files, in their directory.

  explicit SqliteDisk(Env& env, Names names = Names::kSyncedByCaller);
  ~SqliteDisk();
  SqliteDisk(const SqliteDisk&) = delete;
  SqliteDisk& operator=(const SqliteDisk&) = delete;

  Env& env() { return env_; }
  BootMemory& boot() { return boot_; }
  Names names() const { return names_; }
  const std::string& vfs() const { return name_; }  // To open a connection with.

  // Of all connections to one file, for the VFS.
  struct Shared {
    std::map<uint64_t, int> locks;  // By a handle's number: the level it has.
    uint64_t handles = 0;           // That there have been.
    std::vector<std::unique_ptr<std::array<char, 32768>>> memory;
    std::array<const void*, 8> exclusive{};
    std::array<int, 8> readers{};
    int mapped = 0;  // Handles that have the memory mapped.
  };
  Shared& shared(const std::string& path) { return shared_[path]; }
  uint64_t NextRandom();

 private:
  Env& env_;
  const Names names_;
  BootMemory boot_;
  std::string name_;
  std::unique_ptr<struct SqliteVfs> vfs_;
  std::map<std::string, Shared> shared_;
  uint64_t random_;
};

}  // namespace reprise::engines
