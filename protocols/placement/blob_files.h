// Immutable blobs on one disk: a file of one sector for each version of each blob.
//
// Since a version is never overwritten, its checksum need not lie apart from it: there is no older
// content of the same file that could pass for it. The sector names blob and version, so that what
// was written elsewhere by mistake does not pass for it either; a write that was lost leaves zeros,
// which have no checksum. One sector, because it is the least that a disk damages: then a copy is
// either good or bad.
//
// The name is made durable after the content, and whoever reports a copy does so after both. A file
// that is there and does not verify is a *bad copy*: damaged, or never finished. It is kept by
// name, as this version may exist nowhere else under a name, and mended by a write of all of it.
//
// A superblock says whose disk this is and in which boot it was last opened. Where it does not say
// that this is the disk of this node's last boot, the disk counts as new: it was wiped, or taken
// back. What is on it stays, for each copy can be verified by itself.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocols/blocks/snapshot_store.h"
#include "protocols/placement/blob_store.h"
#include "sim/env.h"

namespace reprise::blobs {

inline constexpr size_t kBlobBytes = 448;

class BlobFiles {
 public:
  explicit BlobFiles(Env& env) : env_(env), superblock_(env, "super") {}

  // Finds what is there. Returns the disk's name.
  uint64_t Open();

  const std::map<uint64_t, std::map<uint64_t, bool>>& held() const { return held_; }
  std::vector<Held> List() const;
  size_t copies() const;
  // Of the versions that are there, good or bad; 0 where there is none.
  uint64_t Newest(uint64_t blob) const;
  bool IsThere(uint64_t blob, uint64_t version) const;  // Good or bad.
  bool HasGood(uint64_t blob, uint64_t version) const;

  // Looks at the disk, and again where it is wrong, as a read may have been of the wrong place.
  // What it finds is remembered.
  std::optional<std::string> Read(uint64_t blob, uint64_t version);
  // Whatever is there.
  std::string ReadUnverified(uint64_t blob, uint64_t version);
  // As Read, and remembers nothing.
  bool IsGood(uint64_t blob, uint64_t version) const;

  // Returns when it is durable. REQUIRES: one fiber writes and removes at a time.
  void Write(uint64_t blob, uint64_t version, const std::string& bytes);
  void Remove(uint64_t blob, uint64_t version);

 private:
  std::optional<std::string> ReadOnce(uint64_t blob, uint64_t version) const;

  Env& env_;
  SnapshotStore superblock_;
  std::map<uint64_t, std::map<uint64_t, bool>> held_;  // By blob and version: whether it is good.
};

}  // namespace reprise::blobs
