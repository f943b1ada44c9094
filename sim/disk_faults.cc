// What goes wrong with single reads and writes: sectors that cannot be read, reads of the wrong
// place, writes that land elsewhere or nowhere, and no room.

#include <algorithm>

#include "sim/atlas.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kReadFailAt = Label::Reserved("read-fail-at");
const Label kMisreadAt = Label::Reserved("misread-at");
const Label kMisreadFrom = Label::Reserved("misread-from");
const Label kMiswriteTo = Label::Reserved("miswrite-to");

uint64_t SectorsOf(const std::string& bytes) {
  return (bytes.size() + kSectorBytes - 1) / kSectorBytes;
}

std::string_view SectorOf(std::string_view bytes, uint64_t sector) {
  return bytes.substr(std::min<uint64_t>(sector * kSectorBytes, bytes.size()), kSectorBytes);
}

}  // namespace

uint64_t SimDisk::Draw(Label label, const Address& cause, uint64_t bound) {
  return world_.choices().Draw({{label, node_.self()}, cause.ordinal, cause.sub}, bound);
}

bool SimDisk::MayDamage(const Inode& inode, uint64_t sector) const {
  return MayDamageCopy(world_, *this, inode.path, sector);
}

void SimDisk::Mishap(std::string_view what, const std::string& path, uint64_t where) {
  world_.Note(Event::Kind::kMishap, node_.self(), kNobody, where, nullptr,
              std::string(what) + (path.empty() ? "" : " ") + path);
}

SimDisk::Copy SimDisk::CopyOf(std::string_view path, uint64_t sector) const {
  const auto at = durable_entries_.find(path);
  // What the node has removed it counts on no more, though a crash may bring it back.
  if (at == durable_entries_.end() || !entries_.contains(path)) return Copy::kNone;
  const Inode& inode = inodes_[at->second];
  if (sector >= SectorsOf(inode.durable)) return Copy::kNone;
  return inode.scars.contains(sector) ? Copy::kDamaged : Copy::kGood;
}

// A name that is not durable yet may become so, and its file counts as a copy then.
std::vector<SimDisk::Place> SimDisk::Damaged() const {
  std::vector<Place> places;
  for (const auto* entries : {&durable_entries_, &entries_}) {
    for (const auto& [path, inode] : *entries) {
      for (const auto& [sector, scar] : inodes_[inode].scars) places.push_back({path, sector});
    }
  }
  return places;
}

// A file whose name is not durable yet can be read all the same. What a crash has torn is not
// damage.
bool SimDisk::IsDamaged() const {
  const auto scarred = [&](const auto& entry) {
    return std::ranges::any_of(inodes_[entry.second].scars,
                               [](const auto& scar) { return scar.second.fault != Fault::kTorn; });
  };
  return std::ranges::any_of(durable_entries_, scarred) || std::ranges::any_of(entries_, scarred);
}

// Once for each spell.
absl::Status SimDisk::NoRoom() {
  if (!full_met_) ++world_.count(Fault::kFull).observed;
  full_met_ = true;
  return absl::ResourceExhaustedError("no room on the disk");
}

bool SimDisk::NotWrittenBack(const Inode& inode, uint64_t sector) {
  return std::ranges::any_of(inode.pending, [&](const Write& write) {
    return sector >= write.first_sector && sector < write.first_sector + write.sectors();
  });
}

std::vector<SimDisk::Sector> SimDisk::Elsewhere(Sector place) const {
  std::vector<Sector> out;
  for (uint64_t s = 0; s < SectorsOf(inodes_[place.inode].durable); ++s) {
    if (s != place.sector) out.push_back({place.inode, s});
  }
  for (const auto& [path, inode] : durable_entries_) {
    if (inode == place.inode || place.sector >= SectorsOf(inodes_[inode].durable)) continue;
    out.push_back({inode, place.sector});
  }
  return out;
}

void SimDisk::DrawMishap(Write& write) {
  write.ordinal = ++writes_;
  for (Fault fault : {Fault::kLostWrite, Fault::kMiswrite}) {
    if (world_.Strike(fault, node_.self(), kNobody, write.ordinal, 0, 2) == 0) continue;
    if (!write.mishap) write.mishap = fault;
  }
}

void SimDisk::Land(uint32_t file, const Write& write, std::vector<Sector>& hurt) {
  if (write.mishap && LandBadly(file, write, hurt)) return;
  Inode& inode = inodes_[file];
  Apply(write, inode.durable);
  if (inode.scars.empty()) return;
  std::erase_if(inode.scars, [&](const auto& entry) {
    const auto& [sector, scar] = entry;
    const bool whole = sector >= write.whole_from && sector < write.whole_to;
    // A disk that cannot read a sector takes another one for what is written there.
    const bool remapped = scar.fault == Fault::kReadFail && sector >= write.first_sector &&
                          sector < write.first_sector + write.sectors();
    return whole || remapped || sector >= SectorsOf(inode.durable);
  });
}

// The file's size is written elsewhere, and follows all the same. False where it would change
// nothing, or too few good copies would be left.
bool SimDisk::LandBadly(uint32_t file, const Write& write, std::vector<Sector>& hurt) {
  Inode& inode = inodes_[file];
  std::string good = inode.durable;
  Apply(write, good);
  std::string bad = inode.durable;
  bad.resize(write.size_after);
  if (good == bad) return false;
  std::vector<uint64_t> wrong;
  for (uint64_t i = 0; i < write.sectors(); ++i) {
    const uint64_t sector = write.first_sector + i;
    if (SectorOf(good, sector) != SectorOf(bad, sector)) wrong.push_back(sector);
  }
  for (uint64_t sector : wrong) {
    if (!MayDamage(inode, sector)) return false;
  }
  const Fault fault = *write.mishap;
  std::optional<Sector> to;
  if (fault == Fault::kMiswrite) {
    const std::vector<Sector> places = Elsewhere({file, write.first_sector});
    if (!places.empty()) {
      const Address cause{{LabelOf(fault), node_.self()}, write.ordinal};
      to = places[Draw(kMiswriteTo, cause, places.size())];
      if (!MayDamage(inodes_[to->inode], to->sector)) return false;
    }
  }
  inode.durable = std::move(bad);
  for (uint64_t sector : wrong) {
    inode.scars[sector] = {fault};
    hurt.push_back({file, sector});
  }
  ++world_.count(fault).applied;
  Mishap(fault == Fault::kMiswrite ? "miswrite" : "lost write", inode.path,
         write.first_sector * kSectorBytes);
  if (to) {
    Overwrite(*to, write.image.substr(0, kSectorBytes));
    hurt.push_back(*to);
  }
  return true;
}

void SimDisk::Overwrite(Sector place, std::string_view image) {
  Inode& inode = inodes_[place.inode];
  const uint64_t at = place.sector * kSectorBytes;
  if (at >= inode.durable.size()) return;
  image = image.substr(0, inode.durable.size() - at);
  inode.durable.replace(at, image.size(), image);
  inode.scars[place.sector] = {Fault::kMiswrite};
  Mishap("overwritten", inode.path, at);
}

void SimDisk::Show(const std::vector<Sector>& hurt) {
  for (const auto& [number, sector] : hurt) {
    Inode& inode = inodes_[number];
    const uint64_t at = sector * kSectorBytes;
    if (NotWrittenBack(inode, sector) || at >= inode.content.size()) continue;
    std::string image(SectorOf(inode.durable, sector));
    image.resize(std::min<uint64_t>(kSectorBytes, inode.content.size() - at));
    inode.content.replace(at, image.size(), image);
  }
}

absl::Status SimDisk::FailRead(uint32_t file, uint64_t offset, uint64_t end, uint64_t ordinal) {
  Inode& inode = inodes_[file];
  const uint64_t first = offset / kSectorBytes, last = (end - 1) / kSectorBytes;
  const Address cause{{LabelOf(Fault::kReadFail), node_.self()}, ordinal};
  if (world_.Strike(Fault::kReadFail, node_.self(), kNobody, ordinal, 0, 2) != 0) {
    const uint64_t sector = first + Draw(kReadFailAt, cause, last - first + 1);
    if (sector < SectorsOf(inode.durable) && !NotWrittenBack(inode, sector) &&
        MayDamage(inode, sector)) {
      inode.scars[sector] = {Fault::kReadFail};
      ++world_.count(Fault::kReadFail).applied;
      Mishap("unreadable", inode.path, sector * kSectorBytes);
    }
  }
  for (auto at = inode.scars.lower_bound(first); at != inode.scars.end() && at->first <= last;
       ++at) {
    if (at->second.fault != Fault::kReadFail || NotWrittenBack(inode, at->first)) continue;
    if (!at->second.met) ++world_.count(Fault::kReadFail).observed;
    at->second.met = true;
    return absl::DataLossError(inode.path + " cannot be read at " +
                               std::to_string(at->first * kSectorBytes));
  }
  return absl::OkStatus();
}

// Rot is met bit by bit, in ReadFile; and what was torn, when the node looks at its disk again.
void SimDisk::MeetScars(Inode& inode, uint64_t first, uint64_t last) {
  for (auto at = inode.scars.lower_bound(first); at != inode.scars.end() && at->first <= last;
       ++at) {
    Scar& scar = at->second;
    if (scar.met || NotWrittenBack(inode, at->first)) continue;
    if (scar.fault == Fault::kRot || scar.fault == Fault::kTorn) continue;
    scar.met = true;
    ++world_.count(scar.fault).observed;
  }
}

void SimDisk::Misread(uint32_t file, uint64_t offset, std::string& bytes, uint64_t ordinal) {
  if (world_.Strike(Fault::kMisread, node_.self(), kNobody, ordinal, 0, 2) == 0) return;
  const Address cause{{LabelOf(Fault::kMisread), node_.self()}, ordinal};
  const Inode& inode = inodes_[file];
  const uint64_t first = offset / kSectorBytes;
  const uint64_t last = (offset + bytes.size() - 1) / kSectorBytes;
  const uint64_t sector = first + Draw(kMisreadAt, cause, last - first + 1);
  const std::vector<Sector> places = Elsewhere({file, sector});
  if (places.empty() || NotWrittenBack(inode, sector)) return;
  const Sector from = places[Draw(kMisreadFrom, cause, places.size())];
  std::string image(SectorOf(inodes_[from.inode].durable, from.sector));
  image.resize(kSectorBytes);
  bool changed = false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if ((offset + i) / kSectorBytes != sector) continue;
    const char other = image[(offset + i) % kSectorBytes];
    changed |= bytes[i] != other;
    bytes[i] = other;
  }
  if (!changed) return;
  ++world_.count(Fault::kMisread).applied;
  ++world_.count(Fault::kMisread).observed;
  Mishap("misread", inode.path, sector * kSectorBytes);
}

}  // namespace reprise
