// A node's disk: a file system as real programs see one.
//
// What a program may rely on after a crash is little, and exactly this:
//   - what File::Sync() covered before it returned OK is there;
//   - a file that was created, renamed or removed is so only once SyncDir() of its directory
//     returned OK: syncing the file itself does not make its name durable;
//   - of all else any part may be there, 512-byte sector by sector, in any order, with the file's
//     size following or not; but a size changes in one step, so that what a truncation cut off is
//     there whole where the truncation was lost.
// Reads see earlier writes of the same boot. Errors: kNotFound, kAlreadyExists, kDataLoss (a sector
// that cannot be read until it is written), kResourceExhausted (no room to write or create),
// kInternal (a sync that failed: what it was to make durable may be gone, and a later sync that
// succeeds says nothing of it). Paths are relative, with '/'; directories need no making.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reprise {

inline constexpr size_t kSectorBytes = 512;

class Disk;

// An open file. Copies are the same file; it needs no closing, and ends with the node's boot.
class File {
 public:
  File() = default;
  File(Disk* disk, uint32_t number) : disk_(disk), number_(number) {}

  // At most `bytes` bytes from the offset on; fewer, or none, at the end of the file.
  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t bytes) const;
  // Writes all of it; a hole before the offset reads as zeros.
  absl::Status WriteAt(uint64_t offset, std::string_view bytes);
  absl::Status Append(std::string_view bytes);
  absl::Status Truncate(uint64_t bytes);
  // Blocks until all writes that returned before this call are durable. Other fibers run meanwhile.
  absl::Status Sync();
  uint64_t Size() const;

 private:
  Disk* disk_ = nullptr;
  uint32_t number_ = 0;
};

enum class OpenMode {
  kExisting,  // kNotFound where there is none.
  kCreate,    // kAlreadyExists where there is one.
  kCreateIfMissing,
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual absl::StatusOr<File> Open(std::string_view path, OpenMode mode) = 0;
  virtual absl::Status Rename(std::string_view from, std::string_view to) = 0;  // Replaces `to`.
  virtual absl::Status Remove(std::string_view path) = 0;
  // The names in the directory ("" is the root), sorted, without those in directories below it.
  virtual std::vector<std::string> List(std::string_view directory) = 0;
  // Blocks until the directory's entries are durable as they were when this was called.
  virtual absl::Status SyncDir(std::string_view directory) = 0;

 protected:
  friend class File;
  virtual absl::StatusOr<std::string> ReadFile(uint32_t file, uint64_t offset, size_t bytes) = 0;
  virtual absl::Status WriteFile(uint32_t file, uint64_t offset, std::string_view bytes) = 0;
  virtual absl::Status TruncateFile(uint32_t file, uint64_t bytes) = 0;
  virtual absl::Status SyncFile(uint32_t file) = 0;
  virtual uint64_t SizeOf(uint32_t file) = 0;
};

inline absl::StatusOr<std::string> File::ReadAt(uint64_t offset, size_t bytes) const {
  return disk_->ReadFile(number_, offset, bytes);
}
inline absl::Status File::WriteAt(uint64_t offset, std::string_view bytes) {
  return disk_->WriteFile(number_, offset, bytes);
}
inline absl::Status File::Append(std::string_view bytes) {
  return disk_->WriteFile(number_, disk_->SizeOf(number_), bytes);
}
inline absl::Status File::Truncate(uint64_t bytes) { return disk_->TruncateFile(number_, bytes); }
inline absl::Status File::Sync() { return disk_->SyncFile(number_); }
inline uint64_t File::Size() const { return disk_->SizeOf(number_); }

}  // namespace reprise
