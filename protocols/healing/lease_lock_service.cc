#include "protocols/healing/lease_lock_service.h"

#include <algorithm>
#include <utility>

#include "models/spec/converges.h"
#include "models/spec/recovery.h"
#include "sim/check.h"
#include "sim/codec.h"

namespace reprise::lease_lock {
namespace {

// Who waits and has not asked for so long has given up.
constexpr Duration kGivenUp = 2500ms;
constexpr size_t kSegmentBytes = 4 << 10;

struct Saved {  // In state/current.
  uint64_t log;
  Lease lease;
};

std::string Directory(uint64_t number) { return "log-" + std::to_string(number); }

}  // namespace

std::optional<LeaseStorage::Found> LeaseStorage::Recover() {
  Saved saved{};
  const auto found = snapshots_.LoadAs<Saved>("current");
  if (found.ok()) {
    saved = *found;
    // An earlier boot may have ended because the directory could not be synced. Then this is what
    // the page cache shows, and not what is durable; so it is saved again before it is acted upon.
    const absl::Status again = snapshots_.SaveAs("current", saved);
    if (!again.ok()) env_.Abort(again.ToString());
  } else if (!absl::IsNotFound(found.status())) {
    return std::nullopt;
  }
  number_ = saved.log;
  RemoveLog(number_ + 1);  // What an earlier boot left unfinished.
  log_ = std::make_unique<Wal>(env_, Directory(number_), kSegmentBytes);
  const WalRecovered recovered = log_->Recover();
  if (recovered.damaged) return std::nullopt;
  Found result{saved.lease, saved.lease.token, recovered.records.size()};
  for (const WalRecord& record : recovered.records) {
    const auto lease = Decode<Lease>(record.payload);
    CHECK(lease.has_value());  // Its checksum was right.
    result.lease = *lease;
  }
  return result;
}

void LeaseStorage::Save(const Lease& lease) {
  const uint64_t record = log_->Append(Encode(lease));
  log_->AwaitDurable(record);
  if (record >= kChanges) BeginLog(lease);
}

void LeaseStorage::SaveSoon(const Lease& lease) { log_->Append(Encode(lease)); }

void LeaseStorage::BeginLog(const Lease& lease) {
  auto next = std::make_unique<Wal>(env_, Directory(number_ + 1), kSegmentBytes);
  const WalRecovered recovered = next->Recover();
  CHECK(recovered.records.empty() && !recovered.damaged);
  const absl::Status status = snapshots_.SaveAs("current", Saved{number_ + 1, lease});
  if (!status.ok()) env_.Abort(status.ToString());
  RemoveLog(number_);
  ++number_;
  retired_.push_back(std::exchange(log_, std::move(next)));
}

void LeaseStorage::RemoveLog(uint64_t number) {
  for (const std::string& name : env_.disk().List(Directory(number))) {
    env_.disk().Remove(Directory(number) + "/" + name).IgnoreError();
  }
}

// Requests are noted when they come, and handled one after another, each when those before it are
// done with the disk.
void LockService::Run() {
  env_.Spawn([this] {
    for (;;) {
      Envelope mail = env_.Receive();
      requests_.Push({env_.Now(), std::move(mail)});
    }
  });
  Recover();
  for (;;) {
    const std::optional<Request> request = requests_.Pop();
    const NodeId from = request->mail.from;
    request->mail.Match([&](const Acquire& m) { OnAcquire(from, m, request->arrived); },
                        [&](const Renew& m) { OnRenew(from, m); },
                        [&](const Release& m) { OnRelease(from, m); });
  }
}

// Nobody knows when the lease was renewed last, so it may have been just before the crash.
void LockService::Recover() {
  const auto found = storage_.Recover();
  if (!found) {
    env_.Report(models::Halted{});
    for (;;) env_.Sleep(1h);
  }
  token_ = decide_.NewestToken(found->snapshot_token, found->lease.token);
  if (decide_.KeepsLease()) lease_ = found->lease;
  ends_ = env_.Now() + GrantorTerm(lease_.term, decide_, bounds_);
  env_.Report(models::Recovered{found->changes});
}

void LockService::OnAcquire(NodeId from, const Acquire& m, Time arrived) {
  const Time now = env_.Now();
  const Time wall = env_.WallNow();
  if (decide_.Lapsed({arrived, now, m.deadline_wall, wall})) return;
  if (!IsOfNewest(from, m.boot)) return;
  const Holder asker{from, m.boot};
  if (lease_.owner == asker && !IsFree(now)) {
    Tell();  // It has not heard of it, or has let it run out and wants another.
    return;
  }
  if (!IsFirst(from, now) || !IsFree(now)) return;
  Grant(asker, m.term);
  Extend(m.sent);
}

void LockService::OnRenew(NodeId from, const Renew& m) {
  if (lease_.owner == Holder{from, m.boot} && lease_.token == m.token) Extend(m.sent);
}

void LockService::OnRelease(NodeId, const Release& m) {
  if (lease_.owner == Holder{} || !decide_.MayRelease(lease_, m.token)) return;
  lease_.owner = {};
  storage_.SaveSoon(lease_);
}

void LockService::Grant(const Holder& asker, Duration term) {
  lease_ = {++token_, asker, term};
  sent_.reset();
  line_.erase(asker.node);
  storage_.Save(lease_);
}

void LockService::Extend(Time sent) {
  ends_ = env_.Now() + GrantorTerm(lease_.term, decide_, bounds_);
  sent_ = std::max(sent, sent_.value_or(sent));
  Tell();
}

void LockService::Tell() {
  if (!sent_) return;
  env_.Send(lease_.owner.node, Granted{lease_.owner.boot, lease_.token, lease_.term, *sent_});
}

// The lock goes to whoever has waited for it longest.
bool LockService::IsFirst(NodeId asker, Time now) {
  Waiting& mine = line_.try_emplace(asker, Waiting{now, now}).first->second;
  if (mine.last + kGivenUp < now) mine.since = now;
  mine.last = now;
  return std::ranges::none_of(line_, [&](const auto& entry) {
    const auto& [node, other] = entry;
    return node != asker && other.last + kGivenUp >= now && other.since < mine.since;
  });
}

bool LockService::IsOfNewest(NodeId from, uint64_t boot) {
  uint64_t& newest = boots_[from];
  newest = std::max(newest, boot);
  return boot == newest;
}

}  // namespace reprise::lease_lock
