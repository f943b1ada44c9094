#include "sim/posix/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sim/posix/clocks.h"
#include "sim/posix/thread.h"

namespace reprise::posix {
namespace {

// The node's disk has files only. A directory is an empty file beside its content, so that its name
// too is durable when the directory above it was synced.
constexpr std::string_view kDirectory = ":directory";

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

// Without "." and "..", double and final slashes.
std::string Normal(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string normal;
  for (const std::string_view part : parts) {
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  return normal;
}

}  // namespace

int ErrorOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk: return 0;
    case absl::StatusCode::kNotFound: return -ENOENT;
    case absl::StatusCode::kAlreadyExists: return -EEXIST;
    case absl::StatusCode::kResourceExhausted: return -ENOSPC;
    default: return -EIO;
  }
}

std::optional<std::string> FileTable::Resolve(int at, std::string_view path) const {
  std::string whole;
  if (path.starts_with('/')) {
    whole = Normal(path);
  } else if (at == AT_FDCWD) {
    whole = Normal(options_.root + "/" + std::string(path));
  } else {
    const Description* directory = Find(at);
    if (directory == nullptr) return std::nullopt;
    whole = Normal(options_.root + "/" + directory->path + "/" + std::string(path));
  }
  const std::string root = Normal(options_.root);
  if (whole == root) return "";
  if (!whole.starts_with(root + "/")) return std::nullopt;
  return whole.substr(root.size() + 1);
}

bool FileTable::IsFile(const std::string& path) {
  return process_.env.disk().Open(path, OpenMode::kExisting).ok();
}

bool FileTable::IsDirectory(const std::string& path) {
  if (path.empty() || IsFile(path + std::string(kDirectory))) return true;
  return !process_.env.disk().List(path).empty();
}

FileTable::Description* FileTable::Find(int fd) const {
  const auto found = open_.find(fd);
  return found == open_.end() ? nullptr : found->second.get();
}

FileTable::Description* FileTable::FindFile(int fd) const {
  Description* found = Find(fd);
  return found != nullptr && found->kind == Description::Kind::kFile ? found : nullptr;
}

int FileTable::Add(Description description) {
  int fd = kFirst;
  while (open_.contains(fd)) ++fd;
  open_[fd] = std::make_shared<Description>(std::move(description));
  return fd;
}

// Files of the system that programs look at. /proc and /sys are empty but for what is here.
int FileTable::OpenSpecial(std::string_view path) {
  using Kind = Description::Kind;
  if (path == "/dev/urandom" || path == "/dev/random") return Add({.kind = Kind::kChance});
  if (path == "/dev/null") return Add({.kind = Kind::kNothing});
  if (path == "/proc/sys/kernel/random/uuid") {
    constexpr std::string_view kHex = "0123456789abcdef";
    char bytes[16];
    FillInKernel(process_, bytes, sizeof bytes);
    std::string text;
    for (size_t i = 0; i < sizeof bytes; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      text += kHex[static_cast<unsigned char>(bytes[i]) >> 4];
      text += kHex[static_cast<unsigned char>(bytes[i]) & 15];
    }
    return Add({.kind = Kind::kText, .path = text + "\n"});
  }
  return path.starts_with("/proc/") || path.starts_with("/sys/") ? -ENOENT : kOutside;
}

int FileTable::Open(int at, std::string_view path, int flags) {
  const auto below = Resolve(at, path);
  if (!below) return OpenSpecial(path);
  Disk& disk = process_.env.disk();
  auto file = disk.Open(*below, OpenMode::kExisting);
  if (!file.ok() && IsDirectory(*below)) {
    if ((flags & O_ACCMODE) != O_RDONLY) return -EISDIR;
    return Add({.kind = Description::Kind::kDirectory, .path = *below, .flags = flags});
  }
  if (file.ok() && (flags & O_DIRECTORY) != 0) return -ENOTDIR;
  if (file.ok() && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
  if (!file.ok()) {
    if ((flags & O_CREAT) == 0 || !IsDirectory(std::string(ParentOf(*below)))) return -ENOENT;
    file = disk.Open(*below, OpenMode::kCreateIfMissing);
    if (!file.ok()) return ErrorOf(file.status());
  }
  if ((flags & O_TRUNC) != 0 && file->Size() != 0) {
    if (const int error = ErrorOf(file->Truncate(0)); error != 0) return error;
  }
  return Add({.file = *file, .path = *below, .flags = flags});
}

void FileTable::Unlock(const Description& description) {
  for (auto& [path, locks] : locks_) {
    if (locks.exclusive == &description) locks.exclusive = nullptr;
    std::erase(locks.shared, &description);
  }
}

int FileTable::Close(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return -EBADF;
  if (found->second.use_count() == 1) Unlock(*found->second);
  open_.erase(found);
  return 0;
}

int FileTable::Duplicate(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return -EBADF;
  const int made = Add({});
  open_[made] = found->second;
  return made;
}

int64_t FileTable::Read(int fd, char* to, size_t bytes, std::optional<int64_t> offset) {
  Description* d = Find(fd);
  if (d == nullptr) return -EBADF;
  if (d->kind == Description::Kind::kDirectory) return -EISDIR;
  if (d->kind == Description::Kind::kNothing) return 0;
  if (d->kind == Description::Kind::kChance) {
    FillInKernel(process_, to, bytes);
    return static_cast<int64_t>(bytes);
  }
  if (offset && *offset < 0) return -EINVAL;
  const uint64_t from = offset ? static_cast<uint64_t>(*offset) : d->offset;
  std::string found;
  if (d->kind == Description::Kind::kText) {
    found = d->path.substr(std::min<uint64_t>(from, d->path.size()), bytes);
  } else {
    auto read = d->file.ReadAt(from, bytes);
    if (!read.ok()) return ErrorOf(read.status());
    found = *std::move(read);
  }
  std::memcpy(to, found.data(), found.size());
  if (!offset) d->offset = from + found.size();
  return static_cast<int64_t>(found.size());
}

int64_t FileTable::Write(int fd, std::string_view bytes, std::optional<int64_t> offset) {
  Description* d = Find(fd);
  if (d == nullptr || (d->flags & O_ACCMODE) == O_RDONLY) {
    const bool any = d != nullptr && d->kind == Description::Kind::kNothing;
    return any ? static_cast<int64_t>(bytes.size()) : -EBADF;
  }
  if (offset && *offset < 0) return -EINVAL;
  const bool appends = (d->flags & O_APPEND) != 0;
  const uint64_t at =
      appends ? d->file.Size() : (offset ? static_cast<uint64_t>(*offset) : d->offset);
  if (const int error = ErrorOf(d->file.WriteAt(at, bytes)); error != 0) return error;
  if (!offset) d->offset = at + bytes.size();
  if ((d->flags & O_DSYNC) != 0) {
    if (const int error = ErrorOf(d->file.Sync()); error != 0) return error;
  }
  return static_cast<int64_t>(bytes.size());
}

int64_t FileTable::Seek(int fd, int64_t offset, int whence) {
  Description* d = Find(fd);
  if (d == nullptr) return -EBADF;
  int64_t from = 0;
  switch (whence) {
    case SEEK_SET: break;
    case SEEK_CUR: from = static_cast<int64_t>(d->offset); break;
    case SEEK_END:
      if (d->kind == Description::Kind::kFile) from = static_cast<int64_t>(d->file.Size());
      break;
    default: return -EINVAL;
  }
  if (from + offset < 0) return -EINVAL;
  d->offset = static_cast<uint64_t>(from + offset);
  return from + offset;
}

int FileTable::Sync(int fd) {
  const auto found = open_.find(fd);
  if (found == open_.end()) return -EBADF;
  // Which stays open until the sync is over, whoever closes it meanwhile.
  const std::shared_ptr<Description> d = found->second;
  if (d->kind == Description::Kind::kFile) return ErrorOf(d->file.Sync());
  if (d->kind != Description::Kind::kDirectory) return -EINVAL;
  if (!options_.directories_sync) return 0;
  return ErrorOf(process_.env.disk().SyncDir(d->path));
}

int FileTable::Truncate(int fd, int64_t bytes) {
  Description* d = FindFile(fd);
  if (d == nullptr) return Has(fd) ? -EINVAL : -EBADF;
  if (bytes < 0) return -EINVAL;
  return ErrorOf(d->file.Truncate(static_cast<uint64_t>(bytes)));
}

int FileTable::Reserve(int fd, int64_t bytes) {
  Description* d = FindFile(fd);
  if (d == nullptr) return Has(fd) ? -EINVAL : -EBADF;
  if (static_cast<uint64_t>(bytes) <= d->file.Size()) return 0;
  return Truncate(fd, bytes);
}

int FileTable::Lock(int fd, int operation) {
  Description* d = Find(fd);
  if (d == nullptr) return -EBADF;
  Unlock(*d);
  Locks& locks = locks_[d->path];
  switch (operation & ~LOCK_NB) {
    case LOCK_UN: return 0;
    case LOCK_SH:
      if (locks.exclusive != nullptr) return -EWOULDBLOCK;
      locks.shared.push_back(d);
      return 0;
    default:
      if (locks.exclusive != nullptr || !locks.shared.empty()) return -EWOULDBLOCK;
      locks.exclusive = d;
      return 0;
  }
}

int FileTable::Flags(int fd) const {
  const Description* d = Find(fd);
  return d == nullptr ? -EBADF : d->flags;
}

void FileTable::SetFlags(int fd, int flags) {
  constexpr int kSettable = O_APPEND | O_NONBLOCK;
  Description* d = Find(fd);
  if (d != nullptr) d->flags = (d->flags & ~kSettable) | (flags & kSettable);
}

void FileTable::Fill(const std::string& path, bool directory, uint64_t size,
                     struct stat& to) const {
  to = {};
  to.st_dev = 1;
  to.st_nlink = 1;
  to.st_blksize = 4096;
  to.st_mode = directory ? S_IFDIR | 0755 : S_IFREG | 0644;
  to.st_size = static_cast<off_t>(size);
  to.st_blocks = static_cast<blkcnt_t>((size + kSectorBytes - 1) / kSectorBytes);
  uint64_t number = 0;  // The same for the same path: enough to tell files apart.
  for (const char c : path) number = Choices::Mix(number + static_cast<unsigned char>(c) + 1);
  to.st_ino = number;
}

int FileTable::Stat(int fd, struct stat& to) {
  const Description* d = Find(fd);
  if (d == nullptr) return -EBADF;
  const bool file = d->kind == Description::Kind::kFile;
  Fill(d->path, d->kind == Description::Kind::kDirectory, file ? d->file.Size() : 0, to);
  return 0;
}

int FileTable::StatPath(int at, std::string_view path, struct stat& to) {
  const auto below = Resolve(at, path);
  if (!below) {
    const bool known = path.starts_with("/proc/") || path.starts_with("/sys/");
    return known ? -ENOENT : kOutside;
  }
  const auto file = process_.env.disk().Open(*below, OpenMode::kExisting);
  if (!file.ok() && !IsDirectory(*below)) return -ENOENT;
  Fill(*below, !file.ok(), file.ok() ? file->Size() : 0, to);
  return 0;
}

int FileTable::Rename(std::string_view from, std::string_view to) {
  const auto source = Resolve(AT_FDCWD, from), target = Resolve(AT_FDCWD, to);
  if (!source || !target) return kOutside;
  const int error = ErrorOf(process_.env.disk().Rename(*source, *target));
  if (error != 0) return error == -ENOENT && IsDirectory(*source) ? -EXDEV : error;
  for (auto& [fd, d] : open_) {
    if (d->kind == Description::Kind::kFile && d->path == *source) d->path = *target;
  }
  return 0;
}

int FileTable::Remove(int at, std::string_view path, bool directory) {
  const auto below = Resolve(at, path);
  if (!below) return kOutside;
  Disk& disk = process_.env.disk();
  if (!directory) {
    const int error = ErrorOf(disk.Remove(*below));
    return error == -ENOENT && IsDirectory(*below) ? -EISDIR : error;
  }
  if (!disk.List(*below).empty()) return -ENOTEMPTY;
  return ErrorOf(disk.Remove(*below + std::string(kDirectory)));
}

int FileTable::MakeDirectory(int at, std::string_view path) {
  const auto below = Resolve(at, path);
  if (!below) return kOutside;
  if (IsDirectory(*below) || IsFile(*below)) return -EEXIST;
  if (!IsDirectory(std::string(ParentOf(*below)))) return -ENOENT;
  const auto made =
      process_.env.disk().Open(*below + std::string(kDirectory), OpenMode::kCreateIfMissing);
  return ErrorOf(made.status());
}

int FileTable::List(int at, std::string_view path, std::vector<std::string>& names) {
  const auto below = Resolve(at, path);
  if (!below) return kOutside;
  if (!IsDirectory(*below)) return IsFile(*below) ? -ENOTDIR : -ENOENT;
  for (std::string& name : process_.env.disk().List(*below)) {
    if (name.ends_with(kDirectory)) {
      name.resize(name.size() - kDirectory.size());
      name += '/';
    }
    names.push_back(std::move(name));
  }
  return 0;
}

}  // namespace reprise::posix
