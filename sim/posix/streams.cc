// Files as streams (FILE*) and directories (DIR*).
//
// A stream is libc's own, on functions of ours. Libc has all streams in one list, so that one that
// a crash leaves is closed by the simulator when its process ends.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>

#include <cstring>
#include <new>

#include "sim/posix/file_calls.h"
#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

// What a stream has for a cookie. In the simulator's memory.
struct Stream {
  Process* process;
  FILE* file;
  int fd;
};

Stream& Of(void* cookie) { return *static_cast<Stream*>(cookie); }

// Outside of the program a stream is being closed, and what it still had is lost.
ssize_t ReadStream(void* cookie, char* to, size_t bytes) {
  return InProgram() ? ReadFile(Me(), Of(cookie).fd, to, bytes) : 0;
}
ssize_t WriteStream(void* cookie, const char* from, size_t bytes) {
  if (!InProgram()) return static_cast<ssize_t>(bytes);
  const int64_t written = WriteFile(Me(), Of(cookie).fd, from, bytes);
  return written < 0 ? 0 : written;
}
int SeekStream(void* cookie, off64_t* offset, int whence) {
  if (!InProgram()) return 0;
  const int64_t at = SeekFile(Me(), Of(cookie).fd, *offset, whence);
  if (at < 0) return -1;
  *offset = at;
  return 0;
}
int CloseStream(void* cookie) {
  if (!InProgram()) return 0;
  Thread& me = Me();
  const int result = CloseFile(me, Of(cookie).fd);
  InKernel(me, [&] {
    me.process->streams.erase(reinterpret_cast<uintptr_t>(Of(cookie).file));
    delete &Of(cookie);
  });
  return result;
}

FILE* MakeStream(Thread& me, int fd, const char* mode) {
  FILE* file = nullptr;
  InKernel(me, [&] {
    auto* stream = new Stream{me.process, nullptr, fd};
    file = fopencookie(stream, mode, {ReadStream, WriteStream, SeekStream, CloseStream});
    if (file == nullptr) {
      delete stream;
      return;
    }
    stream->file = file;
    // Its functions never let another thread come in between, and a lock would outlive a crash.
    __fsetlocking(file, FSETLOCKING_BYCALLER);
    me.process->streams[reinterpret_cast<uintptr_t>(file)] = {stream, fd};
  });
  return file;
}

int FlagsOf(const char* mode) {
  const bool both = std::strchr(mode, '+') != nullptr;
  if (mode[0] == 'r') return both ? O_RDWR : O_RDONLY;
  return (both ? O_RDWR : O_WRONLY) | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
}

FILE* OpenStream(const char* path, const char* mode, void* caller) {
  Thread& me = Me();
  const int fd = OpenFile(me, "fopen", AT_FDCWD, path, FlagsOf(mode), caller);
  return fd < 0 ? nullptr : MakeStream(me, fd, mode);
}

// In the program's memory.
struct Directory {
  char path[512];
  size_t next = 0, count = 0;
  int fd = -1;
  dirent* entries = nullptr;
};

// Null, with errno set, where it cannot be read.
Directory* OpenDirectory(Thread& me, int at, const char* path, void* caller) {
  std::vector<std::string>* names = nullptr;
  int error = 0;
  size_t count = 0;
  InKernel(me, [&] {
    names = new std::vector<std::string>{"./", "../"};
    error = me.process->files.List(at, path, *names);
    count = names->size();
    if (error != 0) delete names;
  });
  if (error == FileTable::kOutside) {
    Escape("opendir", path, "a directory below the process's root", caller);
  }
  if (error != 0) return me.Fail(-error), nullptr;
  auto* directory = new Directory;
  directory->entries = new dirent[count]{};
  directory->count = count;
  InKernel(me, [&] {
    std::strncpy(directory->path, path, sizeof directory->path - 1);
    for (size_t i = 0; i < count; ++i) {
      std::string& name = (*names)[i];
      dirent& entry = directory->entries[i];
      const bool is_directory = name.ends_with('/');
      if (is_directory) name.pop_back();
      std::strncpy(entry.d_name, name.c_str(), sizeof entry.d_name - 1);
      entry.d_type = is_directory ? DT_DIR : DT_REG;
      entry.d_ino = i + 1;
      entry.d_reclen = sizeof entry;
    }
    delete names;
  });
  return directory;
}

}  // namespace

void CloseStreams(Process& process) {
  for (const auto& [address, stream] : process.streams) {
    fclose(reinterpret_cast<FILE*>(address));
    delete static_cast<Stream*>(stream.cookie);
  }
  process.streams.clear();
}

GUARDED_CALL(void*, fopen, (const char* path, const char* mode), (path, mode)) {
  return OpenStream(path, mode, __builtin_return_address(0));
}
GUARDED_CALL(void*, fopen64, (const char* path, const char* mode), (path, mode)) {
  return OpenStream(path, mode, __builtin_return_address(0));
}
POSIX_CALL(FILE*, fdopen, (int fd, const char* mode), (fd, mode)) {
  Thread& me = Me();
  if (!me.process->files.Has(fd)) return me.Fail(EBADF), nullptr;
  return MakeStream(me, fd, mode);
}
POSIX_CALL(FILE*, freopen, (const char* path, const char* mode, FILE* file), (path, mode, file)) {
  Unsimulated(Me(), "freopen", "");
}
POSIX_CALL(FILE*, tmpfile, (), ()) { Unsimulated(Me(), "tmpfile", ""); }
POSIX_CALL(int, fileno, (FILE * file), (file)) {
  Thread& me = Me();
  if (file == stdin || file == stdout || file == stderr) return file->_fileno;
  const auto found = me.process->streams.find(reinterpret_cast<uintptr_t>(file));
  return found == me.process->streams.end() ? me.Fail(EBADF) : found->second.fd;
}

GUARDED_CALL(void*, opendir, (const char* path), (path)) {
  return OpenDirectory(Me(), AT_FDCWD, path, __builtin_return_address(0));
}
POSIX_CALL(void*, fdopendir, (int fd), (fd)) {
  Directory* directory = OpenDirectory(Me(), fd, ".", __builtin_return_address(0));
  if (directory != nullptr) directory->fd = fd;
  return directory;
}
// By void*: a type of this file's own would keep the function from being exported.
POSIX_CALL(dirent*, readdir, (void* opened), (opened)) {
  auto* directory = static_cast<Directory*>(opened);
  return directory->next < directory->count ? &directory->entries[directory->next++] : nullptr;
}
POSIX_CALL(dirent*, readdir64, (void* opened), (opened)) { return Simulated_readdir(opened); }
POSIX_CALL(void, rewinddir, (void* opened), (opened)) { static_cast<Directory*>(opened)->next = 0; }
POSIX_CALL(int, dirfd, (void* opened), (opened)) {
  auto* directory = static_cast<Directory*>(opened);
  if (directory->fd < 0) {
    directory->fd =
        OpenFile(Me(), "dirfd", AT_FDCWD, directory->path, O_RDONLY, __builtin_return_address(0));
  }
  return directory->fd;
}
POSIX_CALL(int, closedir, (void* opened), (opened)) {
  auto* directory = static_cast<Directory*>(opened);
  if (directory->fd >= 0) CloseFile(Me(), directory->fd);
  delete[] directory->entries;
  delete directory;
  return 0;
}

void LinkStreams() {}

}  // namespace reprise::posix
