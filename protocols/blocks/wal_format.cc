#include "protocols/blocks/wal_format.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "sim/codec.h"
#include "sim/crc32c.h"
#include "sim/disk.h"

namespace reprise {
namespace {

constexpr char kPadding = '\xa5';

struct Fields {
  uint32_t length;
  uint32_t epoch;
  uint64_t sequence;
  uint64_t durable;
};
struct Sums {
  uint32_t head, body;
};
constexpr size_t kFieldBytes = 24, kHeaderBytes = 32;
static_assert(kHeaderBytes <= kWalUnitBytes && kSectorBytes % kWalUnitBytes == 0,
              "no header crosses a sector");

size_t RecordBytes(uint32_t length) {
  return kHeaderBytes + (size_t{length} / kWalUnitBytes + 1) * kWalUnitBytes;
}

uint32_t HeadSum(std::string_view fields, const WalDecisions& decisions) {
  return Crc32c(decisions.ChecksumCovers(fields));
}

uint32_t BodySum(std::string_view fields, std::string_view rest, const WalDecisions& decisions) {
  return Crc32c(decisions.ChecksumCovers(fields), rest);
}

// Each byte is as the one before it, and the first is zero.
bool IsBlank(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Whether some sector's part of these bytes is as it was allocated. What is past the end of the
// file was never written either.
bool HasBlankSector(std::string_view segment, size_t begin, size_t end) {
  if (end > segment.size()) return true;
  for (size_t at = begin; at < end;) {
    const size_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    if (IsBlank(segment.substr(at, next - at))) return true;
    at = next;
  }
  return false;
}

// What one segment holds from its beginning on.
struct Scan {
  std::vector<WalRecord> records;
  uint64_t durable = 0;
  bool damaged = false;              // What comes after the records was written, and is no record.
  std::vector<uint64_t> past_holes;  // Of the records, the first after each hole.
};

Scan ScanSegment(std::string_view segment, const WalDecisions& decisions) {
  Scan scan;
  size_t offset = 0;
  bool hole = false;
  WalPlace place = InspectWal(segment, 0, decisions);
  for (; offset < segment.size(); place = InspectWal(segment, offset, decisions)) {
    if (place.kind == WalPlace::Kind::kRecord) {
      const uint64_t sequence = place.record.sequence;
      const bool follows = scan.records.empty() || sequence == scan.records.back().sequence + 1;
      if (!follows && !hole) break;
      if (std::exchange(hole, false)) scan.past_holes.push_back(sequence);
      scan.durable = std::max(scan.durable, place.durable);
      scan.records.push_back(std::move(place.record));
      offset += place.bytes;
    } else if (place.kind != WalPlace::Kind::kDamaged && decisions.ReadsOnPastHoles()) {
      hole = true;
      offset += kWalUnitBytes;
    } else {
      break;
    }
  }
  scan.damaged = place.kind == WalPlace::Kind::kDamaged;
  // What comes later cannot be recovered, but it may know what is missing here.
  if (offset < segment.size() && IsBlank(segment.substr(offset))) return scan;
  for (; offset < segment.size(); offset += kWalUnitBytes) {
    const WalPlace later = InspectWal(segment, offset, decisions);
    if (later.kind == WalPlace::Kind::kRecord) scan.durable = std::max(scan.durable, later.durable);
  }
  return scan;
}

}  // namespace

std::string EncodeWalRecord(const WalRecord& record, uint64_t durable,
                            const WalDecisions& decisions) {
  const auto length = static_cast<uint32_t>(record.payload.size());
  const Fields fields{length, record.epoch, record.sequence, durable};
  std::string out(RecordBytes(length), kPadding);
  Write(out.data(), fields);
  record.payload.copy(out.data() + kHeaderBytes, length);
  const std::string_view head(out.data(), kFieldBytes);
  const std::string_view rest(out.data() + kHeaderBytes, out.size() - kHeaderBytes);
  Write(out.data() + kFieldBytes, Sums{HeadSum(head, decisions), BodySum(head, rest, decisions)});
  return out;
}

WalPlace InspectWal(std::string_view segment, size_t offset, const WalDecisions& decisions) {
  using Kind = WalPlace::Kind;
  if (offset >= segment.size()) return {};
  const std::string_view header = segment.substr(offset, kHeaderBytes);
  if (IsBlank(header)) return {};
  WalPlace place;
  place.kind = Kind::kTorn;
  if (header.size() < kHeaderBytes) return place;
  const std::string_view fields_bytes = header.substr(0, kFieldBytes);
  const auto fields = *Decode<Fields>(fields_bytes);
  const auto sums = *Decode<Sums>(header.substr(kFieldBytes));
  if (sums.head != HeadSum(fields_bytes, decisions) || fields.sequence == 0) {
    place.kind = Kind::kDamaged;
    return place;
  }
  const size_t bytes = RecordBytes(fields.length);
  if (bytes <= segment.size() - offset) {
    const std::string_view rest = segment.substr(offset + kHeaderBytes, bytes - kHeaderBytes);
    if (sums.body == BodySum(fields_bytes, rest, decisions)) {
      return {.kind = Kind::kRecord,
              .record = {fields.sequence, fields.epoch, std::string(rest.substr(0, fields.length))},
              .durable = fields.durable,
              .bytes = bytes};
    }
  }
  if (!HasBlankSector(segment, offset, offset + bytes)) place.kind = Kind::kDamaged;
  return place;
}

WalContents ReadWal(const std::vector<std::string>& segments, const WalDecisions& decisions) {
  WalContents contents;
  std::vector<Scan> scans;
  std::map<uint64_t, WalRecord> newest;  // By sequence.
  std::set<uint64_t> past_holes;
  for (const std::string& segment : segments) {
    Scan& scan = scans.emplace_back(ScanSegment(segment, decisions));
    contents.durable = std::max(contents.durable, scan.durable);
    past_holes.insert(scan.past_holes.begin(), scan.past_holes.end());
    for (WalRecord& record : scan.records) {
      WalRecord& other = newest[record.sequence];
      if (record.epoch >= other.epoch) other = std::move(record);
    }
  }
  uint32_t epoch = 0;
  uint64_t last = 0;
  for (auto& [sequence, record] : newest) {
    const bool follows = sequence == last + 1 || past_holes.contains(sequence);
    if (!follows || record.epoch < epoch) break;
    last = sequence;
    epoch = record.epoch;
    contents.records.push_back(std::move(record));
  }
  const uint64_t next = contents.records.size() + 1;
  contents.next.vouched = contents.durable >= next;
  // The next record was written to the last segment that begins no later, or to one after it.
  for (size_t i = scans.size(); i-- > 0;) {
    contents.next.damaged |= scans[i].damaged;
    if (!scans[i].records.empty() && scans[i].records.front().sequence <= next) break;
  }
  return contents;
}

}  // namespace reprise
