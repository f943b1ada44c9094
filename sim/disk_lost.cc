// What a crash does to a disk as a whole: it comes back empty, as it was some syncs ago, or in
// another node; without the names that were not synced; without what a sync lied about.

#include <algorithm>
#include <utility>

#include "sim/atlas.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kSwapWith = Label::Reserved("swap-with");

}  // namespace

void SimDisk::Remember() {
  if (!world_.on(Fault::kRollback) || !world_.storm()) return;
  if (older_.size() == kOlderMost) older_.erase(older_.begin());
  Stored& stored = older_.emplace_back();
  for (const Inode& inode : inodes_) stored.files.push_back(inode.durable);
  stored.entries = durable_entries_;
}

bool SimDisk::MayLose() const {
  if (!MayLoseCopies(world_, *this)) return false;
  if (lost_) return true;
  int lost = 0;
  for (uint32_t i = 1; i <= world_.nodes(); ++i) {
    const SimDisk* disk = world_.node(NodeId{i}).disk_if_used();
    lost += disk != nullptr && disk->lost_ ? 1 : 0;
  }
  return lost < world_.scenario().crashes.disks_lost_at_most;
}

// The inodes stay, empty: their numbers are not used again.
bool SimDisk::Wipe(const Address& cause) {
  if (world_.Strike(Fault::kWipe, node_.self(), kNobody, cause.ordinal, cause.sub, 2) == 0) {
    return false;
  }
  if ((durable_entries_.empty() && pending_.empty()) || !MayLose()) return false;
  lost_ = true;
  for (Inode& inode : inodes_) inode = Inode();
  durable_entries_.clear();
  pending_.clear();
  older_.clear();
  ++world_.count(Fault::kWipe).applied;
  unmet_.push_back(Fault::kWipe);
  Mishap("wiped", "", 0);
  return true;
}

bool SimDisk::Rollback(const Address& cause) {
  const uint64_t syncs = world_.Strike(Fault::kRollback, node_.self(), kNobody, cause.ordinal,
                                       cause.sub, kOlderMost + 1);
  if (syncs == 0 || older_.empty() || !MayLose()) return false;
  const size_t back = std::min<size_t>(syncs, older_.size());
  Stored stored = std::move(older_[older_.size() - back]);
  older_.resize(older_.size() - back);
  lost_ = true;
  for (size_t i = 0; i < inodes_.size(); ++i) {
    Inode& inode = inodes_[i];
    inode.pending.clear();
    inode.durable = i < stored.files.size() ? std::move(stored.files[i]) : std::string();
    std::erase_if(inode.scars, [&](const auto& scar) {
      return scar.first * kSectorBytes >= inode.durable.size();
    });
  }
  pending_.clear();
  durable_entries_ = std::move(stored.entries);
  ++world_.count(Fault::kRollback).applied;
  unmet_.push_back(Fault::kRollback);
  Mishap("rolled back", "", back);
  return true;
}

// With that of another mortal node that is down. What either had not written back, it has now.
void SimDisk::Swap(const Address& cause) {
  if (world_.Strike(Fault::kSwap, node_.self(), kNobody, cause.ordinal, cause.sub, 2) == 0) return;
  std::vector<SimDisk*> others;
  for (uint32_t i = 1; i <= world_.nodes(); ++i) {
    SimNode& node = world_.node(NodeId{i});
    SimDisk* disk = node.disk_if_used();
    if (disk != nullptr && disk != this && node.mortal() && node.down()) others.push_back(disk);
  }
  if (others.empty()) return;
  SimDisk& other = *others[Draw(kSwapWith, cause, others.size())];
  other.Settle();
  std::swap(inodes_, other.inodes_);
  std::swap(entries_, other.entries_);
  std::swap(durable_entries_, other.durable_entries_);
  std::swap(sequence_, other.sequence_);
  std::swap(older_, other.older_);
  std::swap(lost_, other.lost_);
  ++world_.count(Fault::kSwap).applied;
  unmet_.push_back(Fault::kSwap);
  Mishap("swapped with " + Name(other.node_.self()), "", 0);
}

// Keeps the first share of the names that were not durable, in their order.
void SimDisk::LoseNames(const Address& cause) {
  const uint64_t lost =
      world_.Strike(Fault::kEntries, node_.self(), kNobody, cause.ordinal, cause.sub, kQuantiles);
  if (lost == 0) return;
  const size_t kept = pending_.size() * (lost - 1) / kQuantiles;
  for (size_t i = kept; i < pending_.size(); ++i) Lost(Fault::kEntries, pending_[i].path, 0);
  pending_.resize(kept);
}

void SimDisk::LoseLies() {
  if (!world_.on(Fault::kSyncLie)) return;
  for (Inode& inode : inodes_) {
    std::erase_if(inode.pending, [&](const Write& write) {
      if (write.lied) Lost(Fault::kSyncLie, inode.path, write.first_sector);
      return write.lied;
    });
  }
  std::erase_if(pending_, [&](const Change& change) {
    if (change.lied) Lost(Fault::kSyncLie, change.path, 0);
    return change.lied;
  });
}

void SimDisk::Settle() {
  std::vector<Sector> hurt;
  for (uint32_t i = 0; i < inodes_.size(); ++i) {
    for (const Write& write : inodes_[i].pending) Land(i, write, hurt);
    inodes_[i].pending.clear();
  }
  for (Inode& inode : inodes_) inode.content = inode.durable;
  for (const Change& change : pending_) Apply(change, durable_entries_);
  pending_.clear();
  entries_ = durable_entries_;
  std::vector<bool> named(inodes_.size());
  for (const auto& [path, inode] : entries_) {
    inodes_[inode].path = path;
    named[inode] = true;
  }
  for (size_t i = 0; i < inodes_.size(); ++i) {
    if (!named[i]) inodes_[i] = Inode();  // Nobody can open it any more.
  }
}

}  // namespace reprise
