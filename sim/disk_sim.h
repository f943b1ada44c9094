// A simulated disk: what the page cache holds, what the platter holds, and what of the difference
// survives a crash. Private to sim/.
//
// Every write leaves the image of each sector it touched in a list of what is not durable yet. A
// sync takes the list's beginning to the platter; a crash takes what the choices say: all of it
// (the calm answer, luck), nothing, a prefix in order of writing, or sector by sector any of its
// versions.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/choices.h"
#include "sim/disk.h"
#include "sim/faults.h"

namespace reprise {

class SimNode;
class World;

class SimDisk final : public Disk {
 public:
  SimDisk(World& world, SimNode& node) : world_(world), node_(node) {}

  absl::StatusOr<File> Open(std::string_view path, OpenMode mode) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Remove(std::string_view path) override;
  std::vector<std::string> List(std::string_view directory) override;
  absl::Status SyncDir(std::string_view directory) override;

  // Decides what survives, under the address of the crash.
  void Crash(const Address& cause);
  // Flips a stored bit, of a place drawn under the address.
  void Rot(const Address& cause);

 private:
  struct Write {  // Or a truncation, whose image is the sector it cuts.
    uint64_t sequence = 0;
    uint64_t size_after = 0;
    uint64_t first_sector = 0;
    std::vector<std::string> images;
  };
  struct Inode {
    std::string path;     // The last name it had, for events.
    std::string content;  // What reads see.
    std::string durable;
    std::vector<Write> pending;
    std::vector<uint64_t> rotten;  // Offsets of flipped bits.
  };
  struct Change {  // Of a directory.
    enum class Kind { kLink, kUnlink, kRename };
    uint64_t sequence = 0;
    Kind kind{};
    std::string path, from;
    uint32_t inode = 0;
  };
  using Entries = std::map<std::string, uint32_t, std::less<>>;

  absl::StatusOr<std::string> ReadFile(uint32_t file, uint64_t offset, size_t bytes) override;
  absl::Status WriteFile(uint32_t file, uint64_t offset, std::string_view bytes) override;
  absl::Status TruncateFile(uint32_t file, uint64_t bytes) override;
  absl::Status SyncFile(uint32_t file) override;
  uint64_t SizeOf(uint32_t file) override;

  // Which of pending_ a sync of the directory makes durable.
  std::vector<bool> CoveredBySync(std::string_view directory, uint64_t until) const;
  // Takes as long as a sync does; false where it fails.
  bool WaitForSync(uint64_t* ordinal);
  absl::Status Failed(const std::string& what, uint64_t ordinal);
  static void Apply(const Write& write, std::string& to);
  static void Apply(const Change& change, Entries& to);
  void KeepPrefix(uint64_t share);
  void Tear(const Address& cause);
  void TearFile(Inode& inode, const Address& cause, uint64_t& sub);
  void Lost(Fault fault, const std::string& path, uint64_t where);
  void Met();  // The node has looked at what a crash left.

  World& world_;
  SimNode& node_;
  std::vector<Inode> inodes_;
  Entries entries_;
  Entries durable_entries_;
  std::vector<Change> pending_;
  uint64_t sequence_ = 0;
  uint64_t syncs_ = 0;
  std::vector<Fault> unmet_;  // Losses that the node has not seen yet.
};

}  // namespace reprise
