// A simulated disk: what the page cache holds, what the platter holds, and what of the difference
// survives a crash. Private to sim/.
//
// Every write leaves the image of each sector it touched in a list of what is not durable yet. A
// sync takes the list's beginning to the platter; a crash takes what the choices say: all of it
// (the calm answer, luck), nothing, a prefix in order of writing, or sector by sector any of its
// versions.
//
// One rule for all damage to what is stored (rot, misdirected and lost writes, sectors that cannot
// be read): it shows at once, but for sectors that are not written back yet, which reads find in
// the page cache. So a lost write is seen until a sync has it written back, and then no more. A
// real cache would hide some damage for longer, and a node that restarts would meet it then; we
// keep no clean pages, since what they hide is met later all the same, in a run that is longer.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
  // There is no room from now on, or again; spells may overlap.
  void Fill() { ++full_, full_met_ = false; }
  void Drain() { --full_; }

  // For the atlas (atlas.h): what is stored there, as the last crash or sync left it.
  enum class Copy { kNone, kGood, kDamaged };
  Copy CopyOf(std::string_view path, uint64_t sector) const;
  struct Place {
    std::string path;
    uint64_t sector = 0;
  };
  std::vector<Place> Damaged() const;
  bool IsDamaged() const;  // Anything that it has under a name, durable or not.
  // Whether it was wiped or taken back. Goes with the disk where it is swapped.
  bool lost() const { return lost_; }

 private:
  struct Write {  // Or a truncation, whose image is the sector it cuts, if it cuts one.
    uint64_t sequence = 0;
    uint64_t size_after = 0;
    uint64_t first_sector = 0;
    std::string image;  // Of so many sectors, the last of which may be cut short.
    bool lied = false;  // A sync said that this is durable.
    // What goes wrong when it is written back, if anything: kMiswrite or kLostWrite.
    std::optional<Fault> mishap = {};
    uint64_t ordinal = 0;                   // Of the write, on this disk, for that.
    uint64_t whole_from = 0, whole_to = 0;  // The sectors that it writes as a whole.

    uint64_t sectors() const { return (image.size() + kSectorBytes - 1) / kSectorBytes; }
  };
  struct Scar {
    Fault fault{};
    bool met = false;  // A read has found it.
  };
  struct Inode {
    std::string path;     // The last name it had, for events.
    std::string content;  // What reads see.
    std::string durable;
    std::vector<Write> pending;
    std::vector<uint64_t> rotten;    // Offsets of flipped bits.
    std::map<uint64_t, Scar> scars;  // What is wrong with stored sectors.
  };
  struct Change {  // Of a directory.
    enum class Kind { kLink, kUnlink, kRename };
    uint64_t sequence = 0;
    Kind kind{};
    std::string path, from;
    uint32_t inode = 0;
    bool lied = false;
  };
  using Entries = std::map<std::string, uint32_t, std::less<>>;
  struct Stored {  // All of the platter.
    std::vector<std::string> files;
    Entries entries;
  };
  struct Sector {
    uint32_t inode = 0;
    uint64_t sector = 0;
  };
  enum class Sync { kDone, kFails, kLies };

  absl::StatusOr<std::string> ReadFile(uint32_t file, uint64_t offset, size_t bytes) override;
  absl::Status WriteFile(uint32_t file, uint64_t offset, std::string_view bytes) override;
  absl::Status TruncateFile(uint32_t file, uint64_t bytes) override;
  absl::Status SyncFile(uint32_t file) override;
  uint64_t SizeOf(uint32_t file) override;

  // Which of pending_ a sync of the directory makes durable.
  std::vector<bool> CoveredBySync(std::string_view directory, uint64_t until) const;
  // Ends a sync of that directory's names; of all names, where the disk has a journal.
  void SyncNames(std::string_view directory, uint64_t until, Sync outcome);
  // Takes as long as a sync does, and says how it ends.
  Sync WaitForSync(uint64_t* ordinal);
  absl::Status Failed(const std::string& what, uint64_t ordinal);
  static void Apply(const Write& write, std::string& to);
  static void Apply(const Change& change, Entries& to);
  void KeepPrefix(uint64_t share);
  void Tear(const Address& cause);
  void TearFile(Inode& inode, const Address& cause, uint64_t& sub);
  void Lost(Fault fault, const std::string& path, uint64_t where);
  void Met();  // The node has looked at what a crash left.

  // disk_faults.cc
  uint64_t Draw(Label label, const Address& cause, uint64_t bound);
  bool MayDamage(const Inode& inode, uint64_t sector) const;
  void Mishap(std::string_view what, const std::string& path, uint64_t where);
  absl::Status NoRoom();
  static bool NotWrittenBack(const Inode& inode, uint64_t sector);
  // The other stored sectors of the file, and that sector of all others.
  std::vector<Sector> Elsewhere(Sector place) const;
  void DrawMishap(Write& write);
  // Writes it back, if need be to the wrong place. The sectors that were damaged go to `hurt`.
  void Land(uint32_t file, const Write& write, std::vector<Sector>& hurt);
  bool LandBadly(uint32_t file, const Write& write, std::vector<Sector>& hurt);
  void Overwrite(Sector place, std::string_view image);
  // Has reads see what is stored in these sectors.
  void Show(const std::vector<Sector>& hurt);
  absl::Status FailRead(uint32_t file, uint64_t offset, uint64_t end, uint64_t ordinal);
  void MeetScars(Inode& inode, uint64_t first, uint64_t last);
  void Misread(uint32_t file, uint64_t offset, std::string& bytes, uint64_t ordinal);

  // disk_lost.cc
  void Remember();  // The platter, as it is before a sync changes it.
  // Whether a disk may be lost in this run: so many were promised, and enough good copies.
  bool MayLose() const;
  bool Wipe(const Address& cause);
  bool Rollback(const Address& cause);
  void Swap(const Address& cause);
  void LoseNames(const Address& cause);
  void LoseLies();
  void Settle();  // All that is not durable yet becomes so, as after a restart.

  World& world_;
  SimNode& node_;
  std::vector<Inode> inodes_;
  Entries entries_;
  Entries durable_entries_;
  std::vector<Change> pending_;
  uint64_t sequence_ = 0;
  uint64_t syncs_ = 0, reads_ = 0, writes_ = 0;
  std::vector<Fault> unmet_;  // Losses that the node has not seen yet.
  int full_ = 0;
  bool full_met_ = false;
  bool lost_ = false;
  std::vector<Stored> older_;  // The newest last, where rollback is on the menu.
  static constexpr size_t kOlderMost = 8;
};

}  // namespace reprise
