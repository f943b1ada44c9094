#include "protocols/placement/blob_files.h"

#include <charconv>

#include "protocols/durability/checked_blocks.h"
#include "sim/check.h"
#include "sim/codec.h"

namespace reprise::blobs {
namespace {

constexpr Duration kAgain = 20ms;  // After what failed, such as for want of room.
constexpr std::string_view kDirectory = "blobs";

struct Superblock {
  NodeId node = kNobody;
  uint64_t disk = 0, boot = 0;
};

struct Content {
  uint64_t blob = 0, version = 0;
  uint32_t sum = 0;
  std::string bytes;
};

std::string PathOf(uint64_t blob, uint64_t version) {
  return std::string(kDirectory) + "/" + std::to_string(blob) + "." + std::to_string(version);
}

std::string SectorOf(uint64_t blob, uint64_t version, const std::string& bytes) {
  std::string sector = Encode(Content{blob, version, BlockSum(blob, version, bytes), bytes});
  CHECK(sector.size() <= kSectorBytes);
  sector.resize(kSectorBytes);
  return sector;
}

std::optional<std::pair<uint64_t, uint64_t>> Parse(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return std::nullopt;
  uint64_t blob = 0, version = 0;
  const char* const begin = name.data();
  const char* const end = begin + name.size();
  if (std::from_chars(begin, begin + dot, blob).ptr != begin + dot) return std::nullopt;
  if (std::from_chars(begin + dot + 1, end, version).ptr != end) return std::nullopt;
  return std::pair(blob, version);
}

}  // namespace

uint64_t BlobFiles::Open() {
  for (const std::string& name : env_.disk().List(kDirectory)) {
    const auto parsed = Parse(name);
    if (!parsed) continue;
    held_[parsed->first][parsed->second] = true;
    Read(parsed->first, parsed->second);
  }
  Superblock super{env_.self(), env_.boot(), env_.boot()};
  const auto found = superblock_.LoadAs<Superblock>("disk");
  if (found.ok() && found->node == env_.self() && found->boot + 1 == env_.boot()) {
    super.disk = found->disk;
  }
  while (!superblock_.SaveAs("disk", super).ok()) env_.Sleep(kAgain);
  return super.disk;
}

std::vector<Held> BlobFiles::List() const {
  std::vector<Held> list;
  for (const auto& [blob, versions] : held_) {
    for (const auto& [version, good] : versions) list.push_back({blob, version, good});
  }
  return list;
}

size_t BlobFiles::copies() const {
  size_t copies = 0;
  for (const auto& [blob, versions] : held_) copies += versions.size();
  return copies;
}

uint64_t BlobFiles::Newest(uint64_t blob) const {
  const auto at = held_.find(blob);
  return at == held_.end() || at->second.empty() ? 0 : at->second.rbegin()->first;
}

bool BlobFiles::IsThere(uint64_t blob, uint64_t version) const {
  const auto at = held_.find(blob);
  return at != held_.end() && at->second.contains(version);
}

bool BlobFiles::HasGood(uint64_t blob, uint64_t version) const {
  const auto at = held_.find(blob);
  if (at == held_.end()) return false;
  const auto copy = at->second.find(version);
  return copy != at->second.end() && copy->second;
}

std::optional<std::string> BlobFiles::ReadOnce(uint64_t blob, uint64_t version) const {
  const auto file = env_.disk().Open(PathOf(blob, version), OpenMode::kExisting);
  if (!file.ok()) return std::nullopt;
  const auto sector = file->ReadAt(0, kSectorBytes);
  if (!sector.ok()) return std::nullopt;
  // All blobs are of one size, and so is what stands before the padding.
  static const size_t kSize = EncodedSize(Content{0, 0, 0, std::string(kBlobBytes, ' ')});
  auto content = Decode<Content>(sector->substr(0, kSize));
  if (!content || content->blob != blob || content->version != version) return std::nullopt;
  if (BlockSum(blob, version, content->bytes) != content->sum) return std::nullopt;
  return std::move(content->bytes);
}

bool BlobFiles::IsGood(uint64_t blob, uint64_t version) const {
  return ReadOnce(blob, version) || ReadOnce(blob, version);
}

std::optional<std::string> BlobFiles::Read(uint64_t blob, uint64_t version) {
  auto bytes = ReadOnce(blob, version);
  if (!bytes) bytes = ReadOnce(blob, version);
  if (const auto at = held_.find(blob); at != held_.end() && at->second.contains(version)) {
    bool& good = at->second[version];
    if (good && !bytes) env_.Report(FoundBad{blob, version});
    good = bytes.has_value();
  }
  return bytes;
}

std::string BlobFiles::ReadUnverified(uint64_t blob, uint64_t version) {
  const auto file = env_.disk().Open(PathOf(blob, version), OpenMode::kExisting);
  if (!file.ok()) return std::string(kBlobBytes, '\0');
  const auto sector = file->ReadAt(0, kSectorBytes);
  const size_t before = EncodedSize(Content{});
  std::string bytes = sector.ok() && sector->size() > before ? sector->substr(before) : "";
  bytes.resize(kBlobBytes);
  return bytes;
}

// A file that is held has a name that is durable. A new one has not, and where a sync of the
// directory fails nobody will write that name any more: it must be made anew, or the next sync,
// which succeeds, says nothing of it.
void BlobFiles::Write(uint64_t blob, uint64_t version, const std::string& bytes) {
  const std::string sector = SectorOf(blob, version, bytes);
  const std::string path = PathOf(blob, version);
  for (;; env_.Sleep(kAgain)) {
    auto file = env_.disk().Open(path, OpenMode::kCreateIfMissing);
    if (!file.ok() || !file->WriteAt(0, sector).ok() || !file->Sync().ok()) continue;
    if (IsThere(blob, version) || env_.disk().SyncDir(kDirectory).ok()) break;
    env_.disk().Remove(path).IgnoreError();
  }
  held_[blob][version] = true;
}

// A crash may bring it back, which does no harm.
void BlobFiles::Remove(uint64_t blob, uint64_t version) {
  env_.disk().Remove(PathOf(blob, version)).IgnoreError();
  held_[blob].erase(version);
  if (held_[blob].empty()) held_.erase(blob);
}

}  // namespace reprise::blobs
