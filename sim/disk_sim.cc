#include "sim/disk_sim.h"

#include <algorithm>
#include <set>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

std::string_view DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<File> SimDisk::Open(std::string_view path, OpenMode mode) {
  if (!node_.Enter()) return absl::CancelledError("the node has crashed");
  Met();
  const auto at = entries_.find(path);
  if (at != entries_.end()) {
    if (mode == OpenMode::kCreate) return absl::AlreadyExistsError(std::string(path));
    return File(this, at->second);
  }
  if (mode == OpenMode::kExisting) return absl::NotFoundError(std::string(path));
  if (full_ > 0) return NoRoom();
  const auto number = static_cast<uint32_t>(inodes_.size());
  inodes_.emplace_back().path = std::string(path);
  entries_.emplace(path, number);
  pending_.push_back({++sequence_, Change::Kind::kLink, std::string(path), "", number});
  world_.Note(Event::Kind::kCreate, node_.self(), kNobody, 0, nullptr, path);
  return File(this, number);
}

absl::Status SimDisk::Rename(std::string_view from, std::string_view to) {
  if (!node_.Enter()) return absl::OkStatus();
  const auto at = entries_.find(from);
  if (at == entries_.end()) return absl::NotFoundError(std::string(from));
  if (full_ > 0) return NoRoom();
  const uint32_t inode = at->second;
  entries_.erase(at);
  entries_.insert_or_assign(std::string(to), inode);
  inodes_[inode].path = std::string(to);
  pending_.push_back(
      {++sequence_, Change::Kind::kRename, std::string(to), std::string(from), inode});
  world_.Note(Event::Kind::kRename, node_.self(), kNobody, 0, nullptr,
              std::string(from) + " to " + std::string(to));
  return absl::OkStatus();
}

absl::Status SimDisk::Remove(std::string_view path) {
  if (!node_.Enter()) return absl::OkStatus();
  const auto at = entries_.find(path);
  if (at == entries_.end()) return absl::NotFoundError(std::string(path));
  pending_.push_back({++sequence_, Change::Kind::kUnlink, std::string(path), "", at->second});
  entries_.erase(at);
  world_.Note(Event::Kind::kRemove, node_.self(), kNobody, 0, nullptr, path);
  return absl::OkStatus();
}

std::vector<std::string> SimDisk::List(std::string_view directory) {
  std::vector<std::string> names;
  if (!node_.Enter()) return names;
  Met();
  for (const auto& [path, inode] : entries_) {
    if (DirectoryOf(path) != directory) continue;
    names.push_back(directory.empty() ? path : path.substr(directory.size() + 1));
  }
  return names;
}

SimDisk::Sync SimDisk::WaitForSync(uint64_t* ordinal) {
  const DiskModel& model = world_.scenario().disks;
  *ordinal = ++syncs_;
  int64_t until = world_.now() + model.sync.count();
  const uint64_t slow =
      world_.Strike(Fault::kSlowSync, node_.self(), kNobody, *ordinal, 0, kQuantiles);
  if (slow != 0) {
    ++world_.count(Fault::kSlowSync).applied;
    until += Share(model.slow_sync_most, slow).count();
  }
  const bool hung = world_.Strike(Fault::kHung, node_.self(), kNobody, *ordinal, 0, 2) != 0;
  if (hung) {
    ++world_.count(Fault::kHung).applied;
    until += model.hung_for.count();
    Mishap("hung sync", "", *ordinal);
  }
  const bool fails = world_.Strike(Fault::kSyncFail, node_.self(), kNobody, *ordinal, 0, 2) != 0;
  const bool lies = world_.Strike(Fault::kSyncLie, node_.self(), kNobody, *ordinal, 0, 2) != 0;
  // A node has met a slow sync when it is over, and a hung one once it has waited in vain.
  if (hung) ++world_.count(Fault::kHung).observed;
  node_.WaitAmong(nullptr, until);
  if (slow != 0) ++world_.count(Fault::kSlowSync).observed;
  return fails ? Sync::kFails : lies ? Sync::kLies : Sync::kDone;
}

absl::Status SimDisk::Failed(const std::string& what, uint64_t ordinal) {
  ++world_.count(Fault::kSyncFail).applied;
  ++world_.count(Fault::kSyncFail).observed;
  world_.Note(Event::Kind::kSyncFail, node_.self(), kNobody, ordinal, nullptr, what);
  return absl::InternalError("sync of " + what + " failed");
}

// The changes to its entries, a move in or out among them, and all earlier changes to names that
// those have: else what came first could be redone on top of what came last.
std::vector<bool> SimDisk::CoveredBySync(std::string_view directory, uint64_t until) const {
  std::vector<bool> covered(pending_.size());
  std::set<std::string_view> names;
  for (size_t i = pending_.size(); i-- > 0;) {
    const Change& change = pending_[i];
    const bool moves = change.kind == Change::Kind::kRename;
    covered[i] =
        change.sequence <= until &&
        (world_.scenario().disks.journaled || DirectoryOf(change.path) == directory ||
         names.contains(change.path) ||
         (moves && (DirectoryOf(change.from) == directory || names.contains(change.from))));
    if (!covered[i]) continue;
    names.insert(change.path);
    if (moves) names.insert(change.from);
  }
  return covered;
}

void SimDisk::SyncNames(std::string_view directory, uint64_t until, Sync outcome) {
  const std::vector<bool> covered = CoveredBySync(directory, until);
  std::vector<Change> rest;
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (outcome == Sync::kLies) pending_[i].lied |= covered[i];
    if (!covered[i] || outcome == Sync::kLies) {
      rest.push_back(std::move(pending_[i]));
    } else if (outcome == Sync::kDone) {
      Apply(pending_[i], durable_entries_);
    }
  }
  pending_ = std::move(rest);
}

absl::Status SimDisk::SyncDir(std::string_view directory) {
  if (!node_.Enter()) return absl::OkStatus();
  const std::string name(directory);
  const uint64_t until = sequence_;
  uint64_t ordinal = 0;
  const Sync outcome = WaitForSync(&ordinal);
  if (outcome == Sync::kDone) Remember();
  SyncNames(name, until, outcome);
  if (outcome == Sync::kLies) {
    Mishap("sync lied of directory", name, ordinal);
    return absl::OkStatus();
  }
  if (outcome == Sync::kFails) return Failed("directory " + name, ordinal);
  world_.Note(Event::Kind::kSyncDir, node_.self(), kNobody, ordinal, nullptr, name);
  return absl::OkStatus();
}

absl::Status SimDisk::SyncFile(uint32_t file) {
  if (!node_.Enter()) return absl::OkStatus();
  const uint64_t covered = sequence_;
  uint64_t ordinal = 0;
  const Sync outcome = WaitForSync(&ordinal);
  Inode& inode = inodes_[file];
  if (outcome == Sync::kLies) {
    for (Write& write : inode.pending) write.lied |= write.sequence <= covered;
    if (world_.scenario().disks.journaled) SyncNames("", covered, outcome);
    Mishap("sync lied of", inode.path, ordinal);
    return absl::OkStatus();
  }
  const bool ok = outcome == Sync::kDone;
  if (ok) Remember();
  std::vector<Sector> hurt;
  size_t done = 0;
  while (done < inode.pending.size() && inode.pending[done].sequence <= covered) {
    // Where the sync fails, the pages count as clean all the same: nothing will write them again.
    if (ok) Land(file, inode.pending[done], hurt);
    ++done;
  }
  inode.pending.erase(inode.pending.begin(), inode.pending.begin() + static_cast<int64_t>(done));
  if (!ok) return Failed(inode.path, ordinal);
  if (world_.scenario().disks.journaled) SyncNames("", covered, outcome);
  Show(hurt);
  world_.Note(Event::Kind::kSync, node_.self(), kNobody, ordinal, nullptr, inode.path);
  return absl::OkStatus();
}

absl::StatusOr<std::string> SimDisk::ReadFile(uint32_t file, uint64_t offset, size_t bytes) {
  if (!node_.Enter()) return absl::CancelledError("the node has crashed");
  Met();
  Inode& inode = inodes_[file];
  const uint64_t ordinal = ++reads_;
  if (offset >= inode.content.size() || bytes == 0) return std::string();
  const uint64_t end = std::min<uint64_t>(inode.content.size(), offset + bytes);
  if (world_.on(Fault::kReadFail)) {
    const absl::Status status = FailRead(file, offset, end, ordinal);
    if (!status.ok()) return status;
  }
  if (!inode.scars.empty()) MeetScars(inode, offset / kSectorBytes, (end - 1) / kSectorBytes);
  std::erase_if(inode.rotten, [&](uint64_t at) {
    const bool seen = at >= offset && at - offset < bytes;
    if (seen) ++world_.count(Fault::kRot).observed;
    return seen;
  });
  std::string found = inode.content.substr(offset, bytes);
  if (world_.on(Fault::kMisread)) Misread(file, offset, found, ordinal);
  return found;
}

absl::Status SimDisk::WriteFile(uint32_t file, uint64_t offset, std::string_view bytes) {
  if (!node_.Enter() || bytes.empty()) return absl::OkStatus();
  Inode& inode = inodes_[file];
  if (full_ > 0 && inode.content.size() < offset + bytes.size()) return NoRoom();
  if (inode.content.size() < offset + bytes.size()) inode.content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), inode.content.begin() + static_cast<int64_t>(offset));
  std::erase_if(inode.rotten,
                [&](uint64_t at) { return at >= offset && at - offset < bytes.size(); });
  Write write{.sequence = ++sequence_,
              .size_after = inode.content.size(),
              .first_sector = offset / kSectorBytes,
              .image = {}};
  const uint64_t last = (offset + bytes.size() - 1) / kSectorBytes;
  write.image = inode.content.substr(write.first_sector * kSectorBytes,
                                     (last - write.first_sector + 1) * kSectorBytes);
  write.whole_from = (offset + kSectorBytes - 1) / kSectorBytes;
  write.whole_to = offset + bytes.size() == inode.content.size()
                       ? last + 1
                       : (offset + bytes.size()) / kSectorBytes;
  DrawMishap(write);
  inode.pending.push_back(std::move(write));
  world_.Note(Event::Kind::kWrite, node_.self(), kNobody, offset, nullptr,
              inode.path + ": " + std::string(bytes));
  return absl::OkStatus();
}

absl::Status SimDisk::TruncateFile(uint32_t file, uint64_t bytes) {
  if (!node_.Enter()) return absl::OkStatus();
  Inode& inode = inodes_[file];
  if (full_ > 0 && inode.content.size() < bytes) return NoRoom();
  inode.content.resize(bytes);
  std::erase_if(inode.rotten, [&](uint64_t at) { return at >= bytes; });
  Write write{.sequence = ++sequence_,
              .size_after = bytes,
              .first_sector = bytes / kSectorBytes,
              .image = {}};
  if (bytes % kSectorBytes != 0) {
    const uint64_t at = write.first_sector * kSectorBytes;
    write.image = inode.content.substr(at, kSectorBytes);
  }
  inode.pending.push_back(std::move(write));
  world_.Note(Event::Kind::kTruncate, node_.self(), kNobody, bytes, nullptr, inode.path);
  return absl::OkStatus();
}

uint64_t SimDisk::SizeOf(uint32_t file) { return inodes_[file].content.size(); }

void SimDisk::Apply(const Write& write, std::string& to) {
  to.resize(write.size_after);
  const uint64_t at = write.first_sector * kSectorBytes;
  if (at >= to.size()) return;
  const size_t bytes = std::min(write.image.size(), to.size() - at);
  std::copy_n(write.image.begin(), bytes, to.begin() + static_cast<int64_t>(at));
}

void SimDisk::Apply(const Change& change, Entries& to) {
  if (change.kind == Change::Kind::kUnlink) {
    to.erase(change.path);
    return;
  }
  if (change.kind == Change::Kind::kRename) to.erase(change.from);
  to.insert_or_assign(change.path, change.inode);
}

void SimDisk::Met() {
  for (Fault fault : unmet_) ++world_.count(fault).observed;
  unmet_.clear();
}

}  // namespace reprise
