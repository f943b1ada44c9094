#include "protocols/blocks/wal.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace reprise {
namespace {

// "wal/00000012": names in order of their numbers.
std::string SegmentName(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits;
}

// What comes before the first sector that cannot be read.
std::string ReadUpToLoss(const File& file) {
  std::string bytes;
  while (bytes.size() < file.Size()) {
    const auto sector = file.ReadAt(bytes.size(), kSectorBytes);
    if (!sector.ok()) break;
    bytes += *sector;
  }
  return bytes;
}

}  // namespace

Wal::Wal(Env& env, std::string directory, size_t segment_bytes, const WalDecisions& decisions)
    : env_(env),
      directory_(std::move(directory)),
      segment_bytes_(segment_bytes),
      decisions_(decisions),
      appended_(env),
      progress_(env) {}

WalRecovered Wal::Recover() {
  bool readable = true;
  WalContents found = ReadWal(ReadSegments(readable), decisions_);
  if (!readable || decisions_.OnBadRecord(found.next) == WalDecisions::OnBad::kReport) {
    return {std::move(found.records), true};
  }
  // Every opening begins a segment of its own, when it first needs one. Its number tells later
  // records from those that a torn end may have left behind.
  epoch_ = static_cast<uint32_t>(segment_) + 1;
  last_ = written_ = found.records.size();
  durable_ = std::min(decisions_.DurableAtOpening(found.durable, last_), last_);
  // What nobody vouches for may be in the page cache only, and even a sync would not change that
  // where an earlier one has failed. So it is written again, somewhere else.
  waiting_.assign(found.records.begin() + static_cast<int64_t>(durable_), found.records.end());
  if (!waiting_.empty()) Commit();
  env_.Spawn([this] {
    for (;;) {
      appended_.Await([&] { return !waiting_.empty(); });
      Commit();
    }
  });
  return {std::move(found.records), false};
}

std::vector<std::string> Wal::ReadSegments(bool& readable) {
  std::vector<std::string> segments;
  for (const std::string& name : env_.disk().List(directory_)) {
    auto file = env_.disk().Open(directory_ + "/" + name, OpenMode::kExisting);
    MustWork(file.status());
    auto bytes = file->ReadAt(0, file->Size());
    if (absl::IsDataLoss(bytes.status())) {
      // Nobody knows what was there: taken for the end of the log, it might be acknowledged
      // records that are lost.
      readable = !decisions_.UnreadableIsDamage();
      bytes = ReadUpToLoss(*file);
    }
    MustWork(bytes.status());
    segments.push_back(*std::move(bytes));
    segment_ = std::stoull(name);
  }
  return segments;
}

uint64_t Wal::Append(std::string payload) {
  CHECK(epoch_ != 0);
  waiting_.push_back({++last_, epoch_, std::move(payload)});
  appended_.NotifyOne();
  return last_;
}

void Wal::AwaitDurable(uint64_t record) {
  progress_.Await([&] { return decisions_.MayAcknowledge(record, written_, durable_); },
                  decisions_.PatienceEnds(env_.Now()));
}

// Writes and syncs all that waits now; what is appended meanwhile is for the next time.
void Wal::Commit() {
  std::string group;
  for (const WalRecord& record : waiting_) group += EncodeWalRecord(record, durable_, decisions_);
  const uint64_t last = waiting_.back().sequence;
  waiting_.clear();
  if (end_ + group.size() > room_) {
    const absl::Status begun = BeginSegment(std::max(segment_bytes_, group.size()));
    if (absl::IsResourceExhausted(begun) && !decisions_.StopsWithoutRoom()) return;
    MustWork(begun);
  }
  MustWork(file_.WriteAt(end_, group));
  end_ += group.size();
  written_ = last;
  progress_.NotifyAll();
  Must([&] { return file_.Sync(); });
  durable_ = decisions_.DurableAfterSync(last, last_);
  progress_.NotifyAll();
}

// Allocated, zeroed and durable, with its name, before the first record is written to it.
absl::Status Wal::BeginSegment(size_t bytes) {
  const std::string path = directory_ + "/" + SegmentName(++segment_);
  auto file = env_.disk().Open(path, OpenMode::kCreate);
  if (!file.ok()) return file.status();
  const absl::Status allocated = file->WriteAt(0, std::string(bytes, '\0'));
  if (!allocated.ok()) return allocated;
  file_ = *file;
  end_ = 0;
  room_ = bytes;
  Must([&] { return file_.Sync(); });
  if (decisions_.SyncsDirectory()) Must([&] { return env_.disk().SyncDir(directory_); });
  return absl::OkStatus();
}

template <class Operation>
void Wal::Must(Operation operation) {
  absl::Status status = operation();
  while (!status.ok() && decisions_.OnSyncError() == WalDecisions::OnError::kRetry) {
    status = operation();
  }
  MustWork(status);
}

void Wal::MustWork(const absl::Status& status) {
  if (!status.ok()) env_.Abort(status.ToString());
}

}  // namespace reprise
