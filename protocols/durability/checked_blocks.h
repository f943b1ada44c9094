// A file of fixed-size blocks that notices what a disk does to them.
//
//   CheckedBlocks blocks(env, "store", 8);
//   const CheckedBlocks::Found found = blocks.Open();   // Once, before all else.
//   blocks.Write(3, version, bytes);                    // Returns when it is durable.
//   const auto bytes = blocks.Read(3);                  // The bytes written, or kDataLoss.
//
// On disk, in a directory of its own:
//   blocks      block k in sector k: its data, and behind that a copy of its entry;
//   sums        in sector k the entry of block k: its version, and the CRC32C over address, version
//               and data. Entries are kept apart from the blocks, as the write that loses one
//               should not lose the other; and each has a sector of its own, the least that a disk
//               damages. The copy that lies with the block counts only where the entry does not
//               match: it may be an older block, but one that was written here;
//   superblock  whose disk this is: the node, and the boot in which it was opened last.
//
// What users may rely on:
//   1. Read gives what was last written to that address in this boot, or else what Open found to
//      match its entry; never anything else, but for collisions of CRC32C. Where address, version
//      and data disagree with the entry it fails, and the next Read looks again.
//   2. Reads go to the disk each time. There is no cache here to hide what happened to a sector.
//   3. In one boot the table of entries is in memory, and the disk's copy is only looked at by Open
//      and SumIsGood. So within a boot, a write that the disk has lost is always noticed.
//   4. Write returns when syncs of both files that began after it have returned OK. Where a sync
//      fails, all is written again: pages that it did not write count as clean, and another sync
//      would say OK of nothing.
//
// What it cannot notice, on one disk: that disk, as a whole, is as it was some time ago (sync-lie,
// rollback), is empty (wipe), or was another node's (swap). Open says what the superblock tells,
// and nobody should rely on more than "these bytes were once written here under this version".
//
// Downsides: a sector of checksum for a sector of data, and two syncs for each write.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "protocols/blocks/snapshot_store.h"
#include "sim/env.h"

namespace reprise {

// CRC32C over all three.
uint32_t BlockSum(uint64_t address, uint64_t version, std::string_view bytes);

class CheckedBlocks {
 public:
  static constexpr size_t kBlockBytes = kSectorBytes - 16;
  using Sum = uint32_t (*)(uint64_t address, uint64_t version, std::string_view bytes);

  // That many blocks, which begin as zeros of version 0.
  CheckedBlocks(Env& env, const std::string& directory, uint64_t count, Sum sum = BlockSum);

  struct Found {
    bool anything = false;      // There was a superblock.
    bool mine = false;          // It names this node,
    bool last_boot = false;     // and its last boot: nothing says that this is an older disk.
    std::vector<uint64_t> bad;  // Blocks that match neither their entries nor the copies.
  };
  // Makes what is missing, and takes possession. Where there is no room, waits until there is.
  [[nodiscard]] Found Open();

  uint64_t count() const { return table_.size(); }
  // What the block was last known to be. 0 where Open found it bad, until it is written.
  uint64_t version(uint64_t address) const { return table_[address].version; }

  // kDataLoss where the bytes are not what they should be.
  absl::StatusOr<std::string> Read(uint64_t address) const;
  // Whatever is there, for what it is worth.
  std::string ReadUnverified(uint64_t address) const;
  // Whether the entry is on disk as it is in memory.
  bool SumIsGood(uint64_t address) const;

  // REQUIRES: bytes is one block; one fiber writes at a time.
  void Write(uint64_t address, uint64_t version, std::string_view bytes);
  void RewriteSum(uint64_t address);

 private:
  struct Entry {
    uint64_t version = 0;
    uint32_t sum = 0;
    bool known = false;  // False where Open found it bad.
  };

  bool Load(uint64_t address);
  bool LoadOwn(uint64_t address);
  bool Believe(uint64_t address, std::string_view bytes);
  void OpenFile(const std::string& name, File& file);
  void Fill(File& file, bool sums);
  void WriteUntilSynced(bool data, uint64_t address, std::string_view bytes);

  Env& env_;
  const std::string directory_;
  const Sum sum_;
  SnapshotStore superblock_;
  File blocks_, sums_;
  std::vector<Entry> table_;
};

}  // namespace reprise
