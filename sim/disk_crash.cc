// What a crash leaves of what was not synced, and how stored bits rot.

#include <algorithm>

#include "sim/disk_sim.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kTornSector = Label::Reserved("torn-sector");
const Label kTornEntry = Label::Reserved("torn-entry");
const Label kRotFile = Label::Reserved("rot-file");
const Label kRotAt = Label::Reserved("rot-at");
const Label kRotBit = Label::Reserved("rot-bit");

}  // namespace

void SimDisk::Lost(Fault fault, const std::string& path, uint64_t where) {
  if (std::ranges::find(unmet_, fault) == unmet_.end()) {
    unmet_.push_back(fault);
    ++world_.count(fault).applied;
  }
  world_.Note(Event::Kind::kLose, node_.self(), kNobody, where, nullptr, path);
}

void SimDisk::Crash(const Address& cause) {
  unmet_.clear();
  if (!Wipe(cause) && !Rollback(cause)) {
    const uint64_t lost = world_.Strike(Fault::kUnsynced, node_.self(), kNobody, cause.ordinal,
                                        cause.sub, kQuantiles);
    const uint64_t torn =
        world_.Strike(Fault::kTorn, node_.self(), kNobody, cause.ordinal, cause.sub, 2);
    LoseLies();
    LoseNames(cause);
    if (lost != 0) KeepPrefix(lost - 1);
    if (torn != 0) Tear(cause);
  }
  Settle();
  Swap(cause);
}

// Keeps the first share (of kQuantiles) of all that was not durable, in order of writing.
void SimDisk::KeepPrefix(uint64_t share) {
  std::vector<uint64_t> sequences;
  for (const Inode& inode : inodes_) {
    for (const Write& write : inode.pending) sequences.push_back(write.sequence);
  }
  for (const Change& change : pending_) sequences.push_back(change.sequence);
  if (sequences.empty()) return;
  std::ranges::sort(sequences);
  const uint64_t first_lost = sequences[sequences.size() * share / kQuantiles];
  for (Inode& inode : inodes_) {
    std::erase_if(inode.pending, [&](const Write& write) {
      if (write.sequence < first_lost) return false;
      Lost(Fault::kUnsynced, inode.path, write.first_sector);
      return true;
    });
  }
  std::erase_if(pending_, [&](const Change& change) {
    if (change.sequence < first_lost) return false;
    Lost(Fault::kUnsynced, change.path, 0);
    return true;
  });
}

// Any sector may fare as it likes, and so may any directory entry. What is drawn is addressed under
// the crash, with room for a million draws before the next call's: "torn-sector n1 #2.7000003" is
// the third draw of a crash at the seventh call of the second boot.
void SimDisk::Tear(const Address& cause) {
  uint64_t sub = cause.sub * 1'000'000;
  for (Inode& inode : inodes_) TearFile(inode, cause, sub);
  if (world_.scenario().disks.journaled) {
    const Address address{{kTornEntry, node_.self()}, cause.ordinal, ++sub};
    const uint64_t lost = world_.choices().Draw(address, pending_.size() + 1);
    const size_t kept = pending_.size() - lost;
    for (size_t i = kept; i < pending_.size(); ++i) Lost(Fault::kTorn, pending_[i].path, 0);
    pending_.resize(kept);
    return;
  }
  std::erase_if(pending_, [&](const Change& change) {
    const Address address{{kTornEntry, node_.self()}, cause.ordinal, ++sub};
    if (world_.choices().Draw(address, 2) == 0) return false;
    Lost(Fault::kTorn, change.path, 0);
    return true;
  });
}

// The file's size is one of those it had, and each sector one of its versions, whole. A draw says
// how many versions back: zero is the newest. What a truncation cut off is zeros where the size is
// one from then on, and else it was never cut off: file systems change a size in one step.
void SimDisk::TearFile(Inode& inode, const Address& cause, uint64_t& sub) {
  if (inode.pending.empty()) return;
  struct Version {
    std::string image;
    size_t size;  // Which of the sizes the file had since then.
    bool truncated;
  };
  std::map<uint64_t, std::vector<Version>> versions;  // Of each sector, oldest first.
  std::vector<uint64_t> sizes = {inode.durable.size()};
  std::string content = inode.durable;
  for (const Write& write : inode.pending) {
    const uint64_t from = write.first_sector;
    uint64_t to = from + write.sectors();
    const bool truncated = write.size_after < content.size();
    if (truncated) {
      to = std::max(to, (content.size() + kSectorBytes - 1) / kSectorBytes);
    }
    Apply(write, content);
    sizes.push_back(content.size());
    for (uint64_t sector = from; sector < to; ++sector) {
      const uint64_t at = sector * kSectorBytes;
      std::string image = at < content.size() ? content.substr(at, kSectorBytes) : "";
      image.resize(kSectorBytes);
      versions[sector].push_back({std::move(image), sizes.size() - 1, truncated});
    }
  }
  const Address of_size{{kTornSector, node_.self()}, cause.ordinal, ++sub};
  const uint64_t older = world_.choices().Draw(of_size, sizes.size());
  const size_t size = sizes.size() - 1 - older;
  if (older != 0) Lost(Fault::kTorn, inode.path, 0);
  const uint64_t had = (inode.durable.size() + kSectorBytes - 1) / kSectorBytes;
  std::string image = inode.durable;
  image.resize((*std::ranges::max_element(sizes) + kSectorBytes - 1) / kSectorBytes * kSectorBytes);
  for (const auto& [sector, images] : versions) {
    const Address address{{kTornSector, node_.self()}, cause.ordinal, ++sub};
    const uint64_t back = world_.choices().Draw(address, images.size() + 1);
    if (back != 0) Lost(Fault::kTorn, inode.path, sector);
    size_t left = images.size() - back;
    while (left > 0 && images[left - 1].truncated && images[left - 1].size > size) --left;
    if (left == 0) {
      // What was durable before stays. Where nothing was, there is a hole, which is no good copy.
      if (sector >= had) inode.scars.try_emplace(sector, Scar{Fault::kTorn});
      continue;
    }
    image.replace(sector * kSectorBytes, kSectorBytes, images[left - 1].image);
  }
  image.resize(sizes[size]);
  inode.durable = std::move(image);
  inode.pending.clear();
}

void SimDisk::Rot(const Address& cause) {
  std::vector<uint32_t> files;
  for (const auto& [path, inode] : durable_entries_) {
    if (!inodes_[inode].durable.empty()) files.push_back(inode);
  }
  if (files.empty()) return;
  const auto draw = [&](Label label, uint64_t bound) {
    return world_.choices().Draw({{label, node_.self()}, cause.ordinal}, bound);
  };
  Inode& inode = inodes_[files[draw(kRotFile, files.size())]];
  const uint64_t at = draw(kRotAt, inode.durable.size());
  const auto bit = static_cast<char>(1 << draw(kRotBit, 8));
  const uint64_t sector = at / kSectorBytes;
  if (!MayDamage(inode, sector)) return;
  inode.durable[at] = static_cast<char>(inode.durable[at] ^ bit);
  inode.scars.try_emplace(sector, Scar{Fault::kRot});
  ++world_.count(Fault::kRot).applied;
  world_.Note(Event::Kind::kRot, node_.self(), kNobody, at, nullptr, inode.path);
  // What is not written back yet covers the damage up; all else is read from the platter.
  if (NotWrittenBack(inode, sector) || at >= inode.content.size()) return;
  inode.content[at] = static_cast<char>(inode.content[at] ^ bit);
  inode.rotten.push_back(at);
}

}  // namespace reprise
