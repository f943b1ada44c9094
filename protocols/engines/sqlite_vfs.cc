#include "protocols/engines/sqlite_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "sim/check.h"
#include "sim/choices.h"

namespace reprise::engines {

struct SqliteVfs {
  sqlite3_vfs base = {};
};

namespace {

constexpr int64_t kJulianMs = 210'866'760'000'000;  // The epoch of Unix, as SQLite counts.
constexpr int64_t kStart = 1'700'000'000'000;       // Where our time begins, in November 2023.

SqliteDisk& DiskOf(sqlite3_vfs* vfs) { return *static_cast<SqliteDisk*>(vfs->pAppData); }

// Calls into Env may let other nodes and fibers run SQLite; afterwards it works for us again.
template <class Call>
auto Turn(SqliteDisk& disk, const Call& call) {
  auto result = call();
  disk.boot().Enter();
  return result;
}

// An open file. SQLite gives the memory, and takes it back without a word when a crash strikes; so
// it must not own what a destructor would have to free.
struct OpenFile {
  sqlite3_file base;
  SqliteDisk* disk;
  SqliteDisk::Shared* shared;
  File file;
  uint64_t number;
  char* path;  // SQLite's own copy, which lives as long as the file.
  int lock;    // The level that this handle has.
  // Of a journal that may be new: its name is to be synced with its content. Like the unix VFS we
  // do this once for each handle, as another connection may have created it and not synced it yet.
  bool sync_name;
  bool maps;  // The WAL's index.
  uint16_t shared_slots, exclusive_slots;
};

OpenFile& Of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

int Code(const absl::Status& status, int otherwise) {
  if (status.ok()) return SQLITE_OK;
  if (absl::IsResourceExhausted(status)) return SQLITE_FULL;
  return otherwise;
}

int Close(sqlite3_file* file) {
  OpenFile& f = Of(file);
  f.shared->locks.erase(f.number);
  return SQLITE_OK;
}

int ReadAt(sqlite3_file* file, void* out, int bytes, sqlite3_int64 offset) {
  OpenFile& f = Of(file);
  const auto size = static_cast<size_t>(bytes);
  const auto read =
      Turn(*f.disk, [&] { return f.file.ReadAt(static_cast<uint64_t>(offset), size); });
  if (!read.ok()) return SQLITE_IOERR_READ;
  std::memcpy(out, read->data(), read->size());
  if (read->size() == size) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + read->size(), 0, size - read->size());
  return SQLITE_IOERR_SHORT_READ;
}

int WriteAt(sqlite3_file* file, const void* in, int bytes, sqlite3_int64 offset) {
  OpenFile& f = Of(file);
  const std::string_view all(static_cast<const char*>(in), static_cast<size_t>(bytes));
  return Code(Turn(*f.disk, [&] { return f.file.WriteAt(static_cast<uint64_t>(offset), all); }),
              SQLITE_IOERR_WRITE);
}

int Truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  OpenFile& f = Of(file);
  return Code(Turn(*f.disk, [&] { return f.file.Truncate(static_cast<uint64_t>(bytes)); }),
              SQLITE_IOERR_TRUNCATE);
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

int SyncDirectory(SqliteDisk& disk, const std::string& path) {
  return Code(Turn(disk, [&] { return disk.env().disk().SyncDir(DirectoryOf(path)); }),
              SQLITE_IOERR_DIR_FSYNC);
}

// What the kernel does on a disk that is mounted with dirsync.
int SyncNames(SqliteDisk& disk, const std::string& path) {
  return disk.names() == SqliteDisk::Names::kDurableAtOnce ? SyncDirectory(disk, path) : SQLITE_OK;
}

int Sync(sqlite3_file* file, int) {
  OpenFile& f = Of(file);
  const absl::Status synced = Turn(*f.disk, [&] { return f.file.Sync(); });
  if (!synced.ok()) return SQLITE_IOERR_FSYNC;
  if (!f.sync_name) return SQLITE_OK;
  f.sync_name = false;
  return SyncDirectory(*f.disk, f.path);
}

int FileSize(sqlite3_file* file, sqlite3_int64* bytes) {
  *bytes = static_cast<sqlite3_int64>(Of(file).file.Size());
  return SQLITE_OK;
}

// The five levels of https://www.sqlite.org/lockingv3.html.
int Lock(sqlite3_file* file, int level) {
  OpenFile& f = Of(file);
  if (f.lock >= level) return SQLITE_OK;
  auto& locks = f.shared->locks;
  int highest = SQLITE_LOCK_NONE;
  for (const auto& [handle, has] : locks) {
    if (handle != f.number) highest = std::max(highest, has);
  }
  const auto become = [&](int is) { locks[f.number] = f.lock = is; };
  if (level == SQLITE_LOCK_SHARED) {
    if (highest >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
  } else if (highest >= SQLITE_LOCK_RESERVED) {
    return SQLITE_BUSY;
  } else if (level == SQLITE_LOCK_EXCLUSIVE && highest > SQLITE_LOCK_NONE) {
    become(SQLITE_LOCK_PENDING);  // No new readers, until those that are there have gone.
    return SQLITE_BUSY;
  }
  become(level);
  return SQLITE_OK;
}

int Unlock(sqlite3_file* file, int level) {
  OpenFile& f = Of(file);
  f.shared->locks[f.number] = f.lock = level;
  return SQLITE_OK;
}

int IsReserved(sqlite3_file* file, int* result) {
  const auto& locks = Of(file).shared->locks;
  *result = std::ranges::any_of(
      locks, [](const auto& entry) { return entry.second >= SQLITE_LOCK_RESERVED; });
  return SQLITE_OK;
}

int Control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return kSectorBytes; }
int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// The WAL's index is memory that connections share: https://www.sqlite.org/walformat.html. Nobody
// else has the file open after a crash, so that it begins empty.
int MapShared(sqlite3_file* file, int region, int bytes, int extend, void volatile** out) {
  auto& memory = Of(file).shared->memory;
  const auto index = static_cast<size_t>(region);
  CHECK(bytes == 32768);
  *out = nullptr;
  if (!Of(file).maps) ++Of(file).shared->mapped;
  Of(file).maps = true;
  if (index >= memory.size() && extend == 0) return SQLITE_OK;
  while (memory.size() <= index) {
    memory.push_back(std::make_unique<std::array<char, 32768>>());
    memory.back()->fill(0);
  }
  *out = memory[index]->data();
  return SQLITE_OK;
}

int LockShared(sqlite3_file* file, int first, int count, int flags) {
  OpenFile& f = Of(file);
  auto& exclusive = f.shared->exclusive;
  auto& readers = f.shared->readers;
  const auto begin = static_cast<size_t>(first), end = begin + static_cast<size_t>(count);
  const auto bit = [](size_t slot) { return static_cast<uint16_t>(1u << slot); };
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    for (size_t i = begin; i < end; ++i) {
      if ((f.exclusive_slots & bit(i)) != 0) exclusive[i] = nullptr;
      if ((f.shared_slots & bit(i)) != 0) --readers[i];
      f.exclusive_slots = static_cast<uint16_t>(f.exclusive_slots & ~bit(i));
      f.shared_slots = static_cast<uint16_t>(f.shared_slots & ~bit(i));
    }
    return SQLITE_OK;
  }
  const bool alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (size_t i = begin; i < end; ++i) {
    const int mine = (f.shared_slots & bit(i)) != 0 ? 1 : 0;
    if (exclusive[i] != nullptr && exclusive[i] != &f) return SQLITE_BUSY;
    if (alone && readers[i] > mine) return SQLITE_BUSY;
  }
  for (size_t i = begin; i < end; ++i) {
    if (alone) {
      exclusive[i] = &f;
      f.exclusive_slots |= bit(i);
    } else if ((f.shared_slots & bit(i)) == 0) {
      ++readers[i];
      f.shared_slots |= bit(i);
    }
  }
  return SQLITE_OK;
}

void Barrier(sqlite3_file*) {}

int UnmapShared(sqlite3_file* file, int) {
  OpenFile& f = Of(file);
  if (!f.maps) return SQLITE_OK;
  f.maps = false;
  if (--f.shared->mapped == 0) f.shared->memory.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    2,           Close,      ReadAt,  WriteAt,    Truncate,        Sync,      FileSize,   Lock,
    Unlock,      IsReserved, Control, SectorSize, Characteristics, MapShared, LockShared, Barrier,
    UnmapShared, nullptr,    nullptr};

int OpenPath(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
  SqliteDisk& disk = DiskOf(vfs);
  file->pMethods = nullptr;                     // Until it is open, it is not to be closed.
  if (path == nullptr) return SQLITE_CANTOPEN;  // Temporary files are to be in memory.
  auto opened = Turn(disk, [&] { return disk.env().disk().Open(path, OpenMode::kExisting); });
  const bool created = !opened.ok() && (flags & SQLITE_OPEN_CREATE) != 0;
  if (created) {
    opened = Turn(disk, [&] { return disk.env().disk().Open(path, OpenMode::kCreateIfMissing); });
  }
  if (!opened.ok()) return Code(opened.status(), SQLITE_CANTOPEN);
  if (created && SyncNames(disk, path) != SQLITE_OK) return SQLITE_CANTOPEN;
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL;
  auto* f = new (file)
      OpenFile{.base = {&kMethods},
               .disk = &disk,
               .shared = &disk.shared(path),
               .file = *opened,
               .number = ++disk.shared(path).handles,
               .path = const_cast<char*>(path),
               .lock = SQLITE_LOCK_NONE,
               .sync_name = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0,
               .maps = false,
               .shared_slots = 0,
               .exclusive_slots = 0};
  (void)f;
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  SqliteDisk& disk = DiskOf(vfs);
  const absl::Status removed = Turn(disk, [&] { return disk.env().disk().Remove(path); });
  if (absl::IsNotFound(removed)) return SQLITE_IOERR_DELETE_NOENT;
  if (!removed.ok()) return Code(removed, SQLITE_IOERR_DELETE);
  return sync_directory != 0 ? SyncDirectory(disk, path) : SyncNames(disk, path);
}

// As the unix VFS: a file that is there and empty does not count as there.
int Access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  SqliteDisk& disk = DiskOf(vfs);
  const auto opened = Turn(disk, [&] { return disk.env().disk().Open(path, OpenMode::kExisting); });
  *result = opened.ok() && opened->Size() > 0;
  return SQLITE_OK;
}

int FullPath(sqlite3_vfs*, const char* path, int bytes, char* out) {
  std::snprintf(out, static_cast<size_t>(bytes), "%s", path);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* vfs, int bytes, char* out) {
  for (int i = 0; i < bytes; ++i) out[i] = static_cast<char>(DiskOf(vfs).NextRandom() >> 32);
  return bytes;
}

int Sleep(sqlite3_vfs* vfs, int us) {
  SqliteDisk& disk = DiskOf(vfs);
  return Turn(disk, [&] {
    disk.env().Sleep(std::chrono::microseconds(us));
    return us;
  });
}

int TimeNow(sqlite3_vfs* vfs, sqlite3_int64* ms) {
  SqliteDisk& disk = DiskOf(vfs);
  const Time now = Turn(disk, [&] { return disk.env().WallNow(); });
  *ms = kJulianMs + kStart +
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return SQLITE_OK;
}

int LastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

void SetUpSqlite() {
  static const bool kReady = [] {
    // SQLite wants sizes in multiples of eight, and never asks for none.
    static sqlite3_mem_methods methods = {
        [](int bytes) { return BootMemory::Allocate(static_cast<size_t>(bytes)); },
        BootMemory::Free,
        [](void* memory, int bytes) {
          return BootMemory::Reallocate(memory, static_cast<size_t>(bytes));
        },
        [](void* memory) { return static_cast<int>(BootMemory::SizeOf(memory)); },
        [](int bytes) { return (bytes + 7) & ~7; },
        [](void*) { return SQLITE_OK; },
        [](void*) {},
        nullptr};
    CHECK(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    CHECK(sqlite3_initialize() == SQLITE_OK);
    return true;
  }();
  CHECK(kReady);
}

SqliteDisk::SqliteDisk(Env& env, Names names)
    : env_(env),
      names_(names),
      name_("reprise-" + std::to_string(Index(env.self()))),
      vfs_(std::make_unique<SqliteVfs>()),
      random_(Choices::Mix(Index(env.self()) * 65536 + env.boot())) {
  sqlite3_vfs& vfs = vfs_->base;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 256;
  vfs.zName = name_.c_str();
  vfs.pAppData = this;
  vfs.xOpen = OpenPath;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPath;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xGetLastError = LastError;
  vfs.xCurrentTimeInt64 = TimeNow;
  // SQLite's own generator takes its seed from the default VFS, and keeps it over boots and runs.
  CHECK(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
  sqlite3_randomness(0, nullptr);
  char first;
  sqlite3_randomness(1, &first);
}

SqliteDisk::~SqliteDisk() { sqlite3_vfs_unregister(&vfs_->base); }

uint64_t SqliteDisk::NextRandom() { return random_ = Choices::Mix(random_ + 1); }

}  // namespace reprise::engines
