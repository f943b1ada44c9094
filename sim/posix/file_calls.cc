// Files, by descriptors and by paths.

#include "sim/posix/file_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

constexpr char kBelow[] = "a file below the process's root";

// The result of a call: what the job returned, or -1 with errno set where that is an error.
template <class Job>
int64_t Call(Thread& me, const char* call, const char* path, void* caller, Job&& job) {
  int64_t result = 0;
  InKernel(me, [&] { result = job(me.process->files); });
  if (result == FileTable::kOutside) Escape(call, path, kBelow, caller);
  return result < 0 ? me.Fail(static_cast<int>(-result)) : result;
}

// Of a descriptor. One that is not simulated is the real process's: only its output may be written.
bool IsReal(Thread& me, int fd) { return fd >= 0 && !me.process->files.Has(fd); }

[[noreturn]] void EscapeBy(const char* call, int fd, void* caller) {
  char about[32];
  __builtin_snprintf(about, sizeof about, "descriptor %d", fd);
  Escape(call, about, kBelow, caller);
}

std::string Joined(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  return all;
}

}  // namespace

#define CALLER __builtin_return_address(0)
// A call on a descriptor: the expression, of `files`, inside the gate.
#define ON_FD(call, fd, expression)               \
  Thread& me = Me();                              \
  if (IsReal(me, fd)) EscapeBy(call, fd, CALLER); \
  return Call(me, call, nullptr, CALLER,          \
              [&]([[maybe_unused]] FileTable& files) -> int64_t { return expression; })
#define ON_PATH(call, path, expression) \
  Thread& me = Me();                    \
  return static_cast<int>(              \
      Call(me, call, path, CALLER, [&](FileTable& files) -> int64_t { return expression; }))

int OpenFile(Thread& me, const char* call, int at, const char* path, int flags, void* caller) {
  return static_cast<int>(Call(me, call, path, caller, [&](FileTable& files) -> int64_t {
    return files.Open(at, path, flags);
  }));
}
int64_t ReadFile(Thread& me, int fd, void* to, size_t bytes) {
  return Call(me, "read", nullptr, nullptr, [&](FileTable& files) -> int64_t {
    return files.Read(fd, static_cast<char*>(to), bytes, std::nullopt);
  });
}
int64_t WriteFile(Thread& me, int fd, const void* from, size_t bytes) {
  return Call(me, "write", nullptr, nullptr, [&](FileTable& files) -> int64_t {
    return files.Write(fd, {static_cast<const char*>(from), bytes}, std::nullopt);
  });
}
int64_t SeekFile(Thread& me, int fd, int64_t offset, int whence) {
  return Call(me, "lseek", nullptr, nullptr,
              [&](FileTable& files) -> int64_t { return files.Seek(fd, offset, whence); });
}
int CloseFile(Thread& me, int fd) {
  return static_cast<int>(Call(me, "close", nullptr, nullptr,
                               [&](FileTable& files) -> int64_t { return files.Close(fd); }));
}

GUARDED_CALL(int, open, (const char* path, int flags, mode_t mode), (path, flags, mode)) {
  return OpenFile(Me(), "open", AT_FDCWD, path, flags, CALLER);
}
GUARDED_CALL(int, open64, (const char* path, int flags, mode_t mode), (path, flags, mode)) {
  return OpenFile(Me(), "open", AT_FDCWD, path, flags, CALLER);
}
GUARDED_CALL(int, openat, (int at, const char* path, int flags, mode_t mode),
             (at, path, flags, mode)) {
  return OpenFile(Me(), "openat", at, path, flags, CALLER);
}
GUARDED_CALL(int, openat64, (int at, const char* path, int flags, mode_t mode),
             (at, path, flags, mode)) {
  return OpenFile(Me(), "openat", at, path, flags, CALLER);
}
GUARDED_CALL(int, __open_2, (const char* path, int flags), (path, flags)) {
  return OpenFile(Me(), "open", AT_FDCWD, path, flags, CALLER);
}
GUARDED_CALL(int, __open64_2, (const char* path, int flags), (path, flags)) {
  return OpenFile(Me(), "open", AT_FDCWD, path, flags, CALLER);
}
POSIX_CALL(int, creat, (const char* path, mode_t mode), (path, mode)) {
  return OpenFile(Me(), "creat", AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, CALLER);
}

POSIX_CALL(int, close, (int fd), (fd)) {
  Thread& me = Me();
  if (IsReal(me, fd)) return me.Fail(EBADF);
  return CloseFile(me, fd);
}
POSIX_CALL(int, dup, (int fd), (fd)) { ON_FD("dup", fd, files.Duplicate(fd)); }

POSIX_CALL(ssize_t, read, (int fd, void* to, size_t bytes), (fd, to, bytes)) {
  ON_FD("read", fd, files.Read(fd, static_cast<char*>(to), bytes, std::nullopt));
}
POSIX_CALL(ssize_t, __read_chk, (int fd, void* to, size_t bytes, size_t room),
           (fd, to, bytes, room)) {
  return Simulated_read(fd, to, bytes);
}
POSIX_CALL(ssize_t, pread, (int fd, void* to, size_t bytes, off_t at), (fd, to, bytes, at)) {
  ON_FD("pread", fd, files.Read(fd, static_cast<char*>(to), bytes, at));
}
POSIX_CALL(ssize_t, pread64, (int fd, void* to, size_t bytes, off_t at), (fd, to, bytes, at)) {
  return Simulated_pread(fd, to, bytes, at);
}
// What is written to the real standard output and error tells the program nothing.
POSIX_CALL(ssize_t, write, (int fd, const void* from, size_t bytes), (fd, from, bytes)) {
  if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
    ssize_t written = 0;
    InKernel(Me(), [&] { written = ::write(fd, from, bytes); });
    return written;
  }
  ON_FD("write", fd, files.Write(fd, {static_cast<const char*>(from), bytes}, std::nullopt));
}
POSIX_CALL(ssize_t, pwrite, (int fd, const void* from, size_t bytes, off_t at),
           (fd, from, bytes, at)) {
  ON_FD("pwrite", fd, files.Write(fd, {static_cast<const char*>(from), bytes}, at));
}
POSIX_CALL(ssize_t, pwrite64, (int fd, const void* from, size_t bytes, off_t at),
           (fd, from, bytes, at)) {
  return Simulated_pwrite(fd, from, bytes, at);
}
POSIX_CALL(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  ON_FD("writev", fd, files.Write(fd, Joined(parts, count), std::nullopt));
}
POSIX_CALL(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at),
           (fd, parts, count, at)) {
  ON_FD("pwritev", fd, files.Write(fd, Joined(parts, count), at));
}
static int64_t ReadParts(FileTable& files, int fd, const iovec* parts, int count,
                         std::optional<int64_t> at) {
  int64_t all = 0;
  for (int i = 0; i < count; ++i) {
    const int64_t one = files.Read(fd, static_cast<char*>(parts[i].iov_base), parts[i].iov_len, at);
    if (one < 0) return all == 0 ? one : all;
    all += one;
    if (at) *at += one;
    if (one < static_cast<int64_t>(parts[i].iov_len)) break;
  }
  return all;
}
POSIX_CALL(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count)) {
  ON_FD("readv", fd, ReadParts(files, fd, parts, count, std::nullopt));
}
POSIX_CALL(ssize_t, preadv, (int fd, const iovec* parts, int count, off_t at),
           (fd, parts, count, at)) {
  ON_FD("preadv", fd, ReadParts(files, fd, parts, count, at));
}
POSIX_CALL(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence)) {
  ON_FD("lseek", fd, files.Seek(fd, offset, whence));
}
POSIX_CALL(off_t, lseek64, (int fd, off_t offset, int whence), (fd, offset, whence)) {
  return Simulated_lseek(fd, offset, whence);
}

#define ON_FD_INT(call, fd, expression)           \
  Thread& me = Me();                              \
  if (IsReal(me, fd)) EscapeBy(call, fd, CALLER); \
  return static_cast<int>(                        \
      Call(me, call, nullptr, CALLER,             \
           [&]([[maybe_unused]] FileTable& files) -> int64_t { return expression; }))

POSIX_CALL(int, fsync, (int fd), (fd)) { ON_FD_INT("fsync", fd, files.Sync(fd)); }
POSIX_CALL(int, fdatasync, (int fd), (fd)) { ON_FD_INT("fdatasync", fd, files.Sync(fd)); }
// It promises nothing of what a crash leaves, says its manual page.
POSIX_CALL(int, sync_file_range, (int fd, off_t from, off_t bytes, unsigned flags),
           (fd, from, bytes, flags)) {
  ON_FD_INT("sync_file_range", fd, 0);
}
POSIX_CALL(int, ftruncate, (int fd, off_t bytes), (fd, bytes)) {
  ON_FD_INT("ftruncate", fd, files.Truncate(fd, bytes));
}
POSIX_CALL(int, ftruncate64, (int fd, off_t bytes), (fd, bytes)) {
  return Simulated_ftruncate(fd, bytes);
}
POSIX_CALL(int, fallocate, (int fd, int mode, off_t from, off_t bytes), (fd, mode, from, bytes)) {
  // Files have no blocks that could be there beyond their end.
  ON_FD_INT("fallocate", fd, mode == 0 ? files.Reserve(fd, from + bytes) : -EOPNOTSUPP);
}
POSIX_CALL(int, posix_fallocate, (int fd, off_t from, off_t bytes), (fd, from, bytes)) {
  Thread& me = Me();
  int64_t result = 0;
  InKernel(me, [&] { result = me.process->files.Reserve(fd, from + bytes); });
  return static_cast<int>(-result);
}
POSIX_CALL(int, posix_fadvise, (int fd, off_t from, off_t bytes, int advice),
           (fd, from, bytes, advice)) {
  return 0;
}
POSIX_CALL(ssize_t, readahead, (int fd, off_t from, size_t bytes), (fd, from, bytes)) { return 0; }
POSIX_CALL(int, flock, (int fd, int operation), (fd, operation)) {
  ON_FD_INT("flock", fd, files.Lock(fd, operation));
}

static int64_t Control(FileTable& files, int fd, int command, long argument) {
  switch (command) {
    // Locks between processes: each node has a disk, and one process on it.
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW: return 0;
    case F_GETLK: reinterpret_cast<struct flock*>(argument)->l_type = F_UNLCK; return 0;
    case F_GETFD:
    case F_SETFD: return 0;
    case F_GETFL: return files.Flags(fd);
    case F_SETFL: files.SetFlags(fd, static_cast<int>(argument)); return 0;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return files.Duplicate(fd);
    default: return -EINVAL;
  }
}
POSIX_CALL(int, fcntl, (int fd, int command, long argument), (fd, command, argument)) {
  ON_FD_INT("fcntl", fd, Control(files, fd, command, argument));
}
POSIX_CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument)) {
  return Simulated_fcntl(fd, command, argument);
}
POSIX_CALL(int, ioctl, (int fd, unsigned long request, long argument), (fd, request, argument)) {
  ON_FD_INT("ioctl", fd, -ENOTTY);
}
POSIX_CALL(int, isatty, (int fd), (fd)) {
  *Me().error = ENOTTY;
  return 0;
}

POSIX_CALL(int, fstat, (int fd, struct stat* to), (fd, to)) {
  ON_FD_INT("fstat", fd, files.Stat(fd, *to));
}
POSIX_CALL(int, fstat64, (int fd, struct stat* to), (fd, to)) { return Simulated_fstat(fd, to); }
POSIX_CALL(int, stat, (const char* path, struct stat* to), (path, to)) {
  ON_PATH("stat", path, files.StatPath(AT_FDCWD, path, *to));
}
POSIX_CALL(int, stat64, (const char* path, struct stat* to), (path, to)) {
  return Simulated_stat(path, to);
}
POSIX_CALL(int, lstat, (const char* path, struct stat* to), (path, to)) {
  return Simulated_stat(path, to);
}
POSIX_CALL(int, lstat64, (const char* path, struct stat* to), (path, to)) {
  return Simulated_stat(path, to);
}
POSIX_CALL(int, fstatat, (int at, const char* path, struct stat* to, int flags),
           (at, path, to, flags)) {
  ON_PATH("fstatat", path, files.StatPath(at, path, *to));
}
POSIX_CALL(int, fstatat64, (int at, const char* path, struct stat* to, int flags),
           (at, path, to, flags)) {
  return Simulated_fstatat(at, path, to, flags);
}
POSIX_CALL(int, access, (const char* path, int mode), (path, mode)) {
  struct stat found;
  return Simulated_stat(path, &found);
}
POSIX_CALL(int, rename, (const char* from, const char* to), (from, to)) {
  ON_PATH("rename", from, files.Rename(from, to));
}
POSIX_CALL(int, unlink, (const char* path), (path)) {
  ON_PATH("unlink", path, files.Remove(AT_FDCWD, path, false));
}
POSIX_CALL(int, unlinkat, (int at, const char* path, int flags), (at, path, flags)) {
  ON_PATH("unlinkat", path, files.Remove(at, path, (flags & AT_REMOVEDIR) != 0));
}
POSIX_CALL(int, rmdir, (const char* path), (path)) {
  ON_PATH("rmdir", path, files.Remove(AT_FDCWD, path, true));
}
POSIX_CALL(int, remove, (const char* path), (path)) {
  struct stat found;
  if (Simulated_stat(path, &found) != 0) return -1;
  return S_ISDIR(found.st_mode) ? Simulated_rmdir(path) : Simulated_unlink(path);
}
POSIX_CALL(int, mkdir, (const char* path, mode_t mode), (path, mode)) {
  ON_PATH("mkdir", path, files.MakeDirectory(AT_FDCWD, path));
}
POSIX_CALL(int, truncate, (const char* path, off_t bytes), (path, bytes)) {
  Thread& me = Me();
  const int fd = OpenFile(me, "truncate", AT_FDCWD, path, O_RDWR, CALLER);
  if (fd < 0) return -1;
  const int result = Simulated_ftruncate(fd, bytes);
  CloseFile(me, fd);
  return result;
}
// There are no links.
POSIX_CALL(int, link, (const char* from, const char* to), (from, to)) {
  return Me().Fail(EOPNOTSUPP);
}
POSIX_CALL(int, symlink, (const char* from, const char* to), (from, to)) {
  return Me().Fail(EOPNOTSUPP);
}
POSIX_CALL(ssize_t, readlink, (const char* path, char* to, size_t room), (path, to, room)) {
  return Me().Fail(EINVAL);
}
POSIX_CALL(int, chmod, (const char* path, mode_t mode), (path, mode)) { return 0; }
POSIX_CALL(int, fchmod, (int fd, mode_t mode), (fd, mode)) { return 0; }
POSIX_CALL(char*, getcwd, (char* to, size_t room), (to, room)) {
  Thread& me = Me();
  const std::string& root = me.process->options.root;
  if (to != nullptr && room <= root.size()) return me.Fail(ERANGE), nullptr;
  if (to == nullptr) to = static_cast<char*>(me.process->arena.Allocate(root.size() + 1 + room));
  return std::strcpy(to, root.c_str());
}
POSIX_CALL(char*, realpath, (const char* path, char* to), (path, to)) {
  struct stat found;
  if (Simulated_stat(path, &found) != 0) return nullptr;
  Thread& me = Me();
  char whole[4096];
  InKernel(me, [&] {
    const std::string text =
        me.process->options.root + "/" + me.process->files.Resolve(AT_FDCWD, path).value_or("");
    std::strncpy(whole, text.c_str(), sizeof whole - 1);
    whole[sizeof whole - 1] = 0;
  });
  if (to == nullptr) to = static_cast<char*>(me.process->arena.Allocate(std::strlen(whole) + 1));
  return std::strcpy(to, whole);
}

// How large the disk is, nobody knows.
template <class T>
static int FillSpace(T* to) {
  std::memset(to, 0, sizeof *to);
  to->f_bsize = 4096;
  to->f_blocks = to->f_bfree = to->f_bavail = 1 << 24;
  return 0;
}
POSIX_CALL(int, statfs, (const char* path, struct statfs* to), (path, to)) { return FillSpace(to); }
POSIX_CALL(int, fstatfs, (int fd, struct statfs* to), (fd, to)) { return FillSpace(to); }
POSIX_CALL(int, statvfs, (const char* path, struct statvfs* to), (path, to)) {
  return FillSpace(to);
}

POSIX_CALL(void*, mmap, (void* at, size_t bytes, int protection, int flags, int fd, off_t offset),
           (at, bytes, protection, flags, fd, offset)) {
  Thread& me = Me();
  if ((flags & MAP_FIXED) != 0) Unsimulated(me, "mmap", " with MAP_FIXED");
  const bool anonymous = (flags & MAP_ANONYMOUS) != 0;
  if (!anonymous && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
    Unsimulated(me, "mmap", " to write to a file through memory");
  }
  if (!anonymous && IsReal(me, fd)) EscapeBy("mmap", fd, CALLER);
  void* memory = me.process->arena.AllocateZeros(bytes, 4096);
  if (memory == nullptr) return me.Fail(ENOMEM), MAP_FAILED;
  if (anonymous) return memory;
  // A picture of the file, as it is now.
  const int64_t read = Call(me, "mmap", nullptr, CALLER, [&](FileTable& files) -> int64_t {
    return files.Read(fd, static_cast<char*>(memory), bytes, offset);
  });
  return read < 0 ? MAP_FAILED : memory;
}
POSIX_CALL(void*, mmap64, (void* at, size_t bytes, int protection, int flags, int fd, off_t offset),
           (at, bytes, protection, flags, fd, offset)) {
  return Simulated_mmap(at, bytes, protection, flags, fd, offset);
}
POSIX_CALL(int, munmap, (void* memory, size_t bytes), (memory, bytes)) {
  Thread& me = Me();
  if (!Arena::Has(memory)) Unsimulated(me, "munmap", " on memory that is not its own");
  if (bytes > 4096 * 4096) madvise(memory, bytes, MADV_DONTNEED);
  me.process->arena.Free(memory);
  return 0;
}
POSIX_CALL(int, msync, (void* memory, size_t bytes, int flags), (memory, bytes, flags)) {
  return 0;
}
POSIX_CALL(int, mlock, (const void* memory, size_t bytes), (memory, bytes)) { return 0; }
POSIX_CALL(int, munlock, (const void* memory, size_t bytes), (memory, bytes)) { return 0; }
POSIX_CALL(int, posix_madvise, (void* memory, size_t bytes, int advice), (memory, bytes, advice)) {
  return 0;
}

POSIX_CALL(int, getrlimit, (int which, struct rlimit* limit), (which, limit)) {
  limit->rlim_cur = limit->rlim_max = which == RLIMIT_NOFILE ? 1024 : RLIM_INFINITY;
  return 0;
}

void LinkFileCalls() {}

}  // namespace reprise::posix
