// The files that a process has open, on its node's disk. Private to sim/posix; all of it is called
// inside the gate, and what fails returns a negative error number.

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk.h"
#include "sim/env.h"
#include "sim/posix/process.h"

namespace reprise::posix {

struct Process;

class FileTable {
 public:
  FileTable(Process& process, const ProcessOptions& options)
      : process_(process), options_(options) {}
  FileTable(const FileTable&) = delete;
  FileTable& operator=(const FileTable&) = delete;

  // Numbers of simulated files begin here: those of the real process are far below.
  static constexpr int kFirst = 1 << 16;
  // Returned for a path that is not the process's to have.
  static constexpr int kOutside = -100'000;

  bool Has(int fd) const { return open_.contains(fd); }

  int Open(int at, std::string_view path, int flags);
  int Close(int fd);
  int Duplicate(int fd);
  int64_t Read(int fd, char* to, size_t bytes, std::optional<int64_t> offset);
  int64_t Write(int fd, std::string_view bytes, std::optional<int64_t> offset);
  int64_t Seek(int fd, int64_t offset, int whence);
  int Sync(int fd);
  int Truncate(int fd, int64_t bytes);
  int Reserve(int fd, int64_t bytes);  // Makes the file at least so large.
  int Lock(int fd, int operation);     // As flock() does; never blocks.
  int Flags(int fd) const;
  void SetFlags(int fd, int flags);
  int Stat(int fd, struct stat& to);

  int StatPath(int at, std::string_view path, struct stat& to);
  int Rename(std::string_view from, std::string_view to);
  int Remove(int at, std::string_view path, bool directory);
  int MakeDirectory(int at, std::string_view path);
  // The names in it, with those of directories ending in '/'.
  int List(int at, std::string_view path, std::vector<std::string>& names);
  // The path below the root, where it is below.
  std::optional<std::string> Resolve(int at, std::string_view path) const;

 private:
  struct Description {  // What several descriptors may share.
    enum class Kind { kFile, kDirectory, kChance, kText, kNothing } kind = Kind::kFile;
    File file = {};
    std::string path = {};  // Below the root; of a kText, what is in it.
    uint64_t offset = 0;
    int flags = 0;
  };
  struct Locks {
    const Description* exclusive = nullptr;
    std::vector<const Description*> shared;
  };

  int Add(Description description);
  Description* Find(int fd) const;
  Description* FindFile(int fd) const;
  int OpenSpecial(std::string_view path);
  bool IsFile(const std::string& path);
  bool IsDirectory(const std::string& path);
  void Unlock(const Description& description);
  void Fill(const std::string& path, bool directory, uint64_t size, struct stat& to) const;

  Process& process_;
  const ProcessOptions& options_;
  std::map<int, std::shared_ptr<Description>> open_;
  std::map<std::string, Locks> locks_;
};

// The error number that a program sees for it, negative.
int ErrorOf(const absl::Status& status);

}  // namespace reprise::posix
