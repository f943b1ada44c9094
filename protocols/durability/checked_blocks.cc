#include "protocols/durability/checked_blocks.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/crc32c.h"

namespace reprise {
namespace {

constexpr Duration kAgain = 20ms;  // After what failed, such as for want of room.

struct Superblock {
  NodeId node = kNobody;
  uint64_t boot = 0;
};

struct StoredEntry {
  uint64_t version = 0;
  uint32_t sum = 0;
};

// Data and, behind it, its entry.
std::string SealedBlock(std::string_view bytes, uint64_t version, uint32_t sum) {
  std::string sector = std::string(bytes) + Encode(StoredEntry{version, sum});
  sector.resize(kSectorBytes);
  return sector;
}

// A whole sector, since only a write of all of it mends what a disk has damaged.
std::string SectorOf(uint64_t version, uint32_t sum) {
  std::string sector = Encode(StoredEntry{version, sum});
  sector.resize(kSectorBytes);
  return sector;
}

}  // namespace

uint32_t BlockSum(uint64_t address, uint64_t version, std::string_view bytes) {
  return Crc32c(Encode(address) + Encode(version) + std::string(bytes));
}

CheckedBlocks::CheckedBlocks(Env& env, const std::string& directory, uint64_t count, Sum sum)
    : env_(env),
      directory_(directory),
      sum_(sum),
      superblock_(env, directory + "/super"),
      table_(count) {}

CheckedBlocks::Found CheckedBlocks::Open() {
  Found found;
  if (const auto bytes = superblock_.Load("block"); bytes.ok()) {
    const auto owner = Decode<Superblock>(*bytes);
    found.anything = owner.has_value();
    found.mine = owner && owner->node == env_.self();
    found.last_boot = found.mine && owner->boot + 1 == env_.boot();
  }
  OpenFile("blocks", blocks_);
  OpenFile("sums", sums_);
  Fill(blocks_, false);
  Fill(sums_, true);
  while (!env_.disk().SyncDir(directory_).ok()) env_.Sleep(kAgain);
  for (uint64_t k = 0; k < count(); ++k) {
    // A second look, as a read may have been of the wrong place.
    if (!Load(k) && !Load(k)) found.bad.push_back(k);
  }
  const std::string mine = Encode(Superblock{env_.self(), env_.boot()});
  while (!superblock_.Save("block", mine).ok()) env_.Sleep(kAgain);
  return found;
}

// Where there is no such file, a crash has taken its name, or there never was one.
void CheckedBlocks::OpenFile(const std::string& name, File& file) {
  for (;;) {
    const auto opened = env_.disk().Open(directory_ + "/" + name, OpenMode::kCreateIfMissing);
    if (opened.ok()) {
      file = *opened;
      return;
    }
    env_.Sleep(kAgain);
  }
}

// Appends what is missing, so that writes never need room.
void CheckedBlocks::Fill(File& file, bool sums) {
  const std::string zeros(kBlockBytes, '\0');
  while (file.Size() < count() * kSectorBytes) {
    const uint64_t first = file.Size() / kSectorBytes;
    std::string rest;
    for (uint64_t k = first; k < count(); ++k) {
      const uint32_t sum = sum_(k, 0, zeros);
      rest += sums ? SectorOf(0, sum) : SealedBlock(zeros, 0, sum);
    }
    while (!file.WriteAt(first * kSectorBytes, rest).ok() || !file.Sync().ok()) env_.Sleep(kAgain);
  }
}

bool CheckedBlocks::Load(uint64_t address) {
  const auto sector = sums_.ReadAt(address * kSectorBytes, kSectorBytes);
  return (sector.ok() && Believe(address, *sector)) || LoadOwn(address);
}

// By the copy that lies with the block.
bool CheckedBlocks::LoadOwn(uint64_t address) {
  const auto block = blocks_.ReadAt(address * kSectorBytes, kSectorBytes);
  return block.ok() && Believe(address, block->substr(std::min(kBlockBytes, block->size())));
}

// Whether the entry that these bytes begin with is that of what is on the disk. It is, from now on.
bool CheckedBlocks::Believe(uint64_t address, std::string_view bytes) {
  Entry& entry = table_[address] = {};
  const auto stored = Decode<StoredEntry>(bytes.substr(0, EncodedSize(StoredEntry{})));
  if (!stored) return false;
  entry = {stored->version, stored->sum, true};
  if (Read(address).ok()) return true;
  entry = {};
  return false;
}

absl::StatusOr<std::string> CheckedBlocks::Read(uint64_t address) const {
  const Entry& entry = table_[address];
  auto bytes = blocks_.ReadAt(address * kSectorBytes, kBlockBytes);
  if (!bytes.ok()) return bytes.status();
  if (!entry.known || sum_(address, entry.version, *bytes) != entry.sum) {
    return absl::DataLossError("block " + std::to_string(address) + " is not what was written");
  }
  return bytes;
}

std::string CheckedBlocks::ReadUnverified(uint64_t address) const {
  auto bytes = blocks_.ReadAt(address * kSectorBytes, kBlockBytes);
  std::string block = bytes.ok() ? *std::move(bytes) : std::string();
  block.resize(kBlockBytes);
  return block;
}

bool CheckedBlocks::SumIsGood(uint64_t address) const {
  const Entry& entry = table_[address];
  const auto sector = sums_.ReadAt(address * kSectorBytes, kSectorBytes);
  return entry.known && sector.ok() && *sector == SectorOf(entry.version, entry.sum);
}

// Nothing blocks before memory and page cache agree again, so no other fiber sees them differ.
void CheckedBlocks::Write(uint64_t address, uint64_t version, std::string_view bytes) {
  CHECK(bytes.size() == kBlockBytes);
  table_[address] = {version, sum_(address, version, bytes), true};
  WriteUntilSynced(true, address, bytes);
}

void CheckedBlocks::RewriteSum(uint64_t address) { WriteUntilSynced(false, address, {}); }

void CheckedBlocks::WriteUntilSynced(bool data, uint64_t address, std::string_view bytes) {
  const Entry entry = table_[address];
  const std::string sector = SectorOf(entry.version, entry.sum);
  const std::string block = SealedBlock(bytes, entry.version, entry.sum);
  for (;;) {
    absl::Status status;
    if (data) status = blocks_.WriteAt(address * kSectorBytes, block);
    if (status.ok()) status = sums_.WriteAt(address * kSectorBytes, sector);
    if (status.ok() && data) status = blocks_.Sync();
    if (status.ok()) status = sums_.Sync();
    if (status.ok()) return;
    env_.Sleep(kAgain);
  }
}

}  // namespace reprise
