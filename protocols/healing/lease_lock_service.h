// The lock service of lease_lock.cc, and what it must not forget.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocols/blocks/snapshot_store.h"
#include "protocols/blocks/wal.h"
#include "protocols/healing/lease_lock.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise::lease_lock {

// The lease that was granted last, on disk: a snapshot and the log that follows it.
//
//   state/current    a lease, and the number of the log
//   log-3/...        each change since then: a lease granted, or released
//
// After kChanges of them a new log is begun: it is empty and durable before `current` names it.
class LeaseStorage {
 public:
  struct Found {
    Lease lease;                  // The last change that is durable,
    uint64_t snapshot_token = 0;  // and the token in the snapshot before it.
    size_t changes = 0;           // In the log.
  };

  explicit LeaseStorage(Env& env) : env_(env), snapshots_(env, "state") {}
  LeaseStorage(const LeaseStorage&) = delete;
  LeaseStorage& operator=(const LeaseStorage&) = delete;

  // What was saved; nothing where the disk is damaged.
  std::optional<Found> Recover();

  // Returns when the lease is durable.
  void Save(const Lease& lease);
  // The same, some time later.
  void SaveSoon(const Lease& lease);

 private:
  static constexpr size_t kChanges = 6;

  void BeginLog(const Lease& lease);
  void RemoveLog(uint64_t number);

  Env& env_;
  SnapshotStore snapshots_;
  uint64_t number_ = 0;
  std::unique_ptr<Wal> log_;
  // Their fibers refer to logs for as long as the service lives.
  std::vector<std::unique_ptr<Wal>> retired_;
};

class LockService {
 public:
  LockService(Env& env, const Decisions& decide, const ClockBounds& bounds)
      : env_(env), decide_(decide), bounds_(bounds), storage_(env), requests_(env) {}

  void Run();

 private:
  struct Request {
    Time arrived;
    Envelope mail;
  };
  struct Waiting {
    Time since, last;  // It has asked first, and last.
  };

  void Recover();
  void OnAcquire(NodeId from, const Acquire& m, Time arrived);
  void OnRenew(NodeId from, const Renew& m);
  void OnRelease(NodeId from, const Release& m);
  void Grant(const Holder& asker, Duration term);
  // The owner's lease runs anew, from now on.
  void Extend(Time sent);
  // Tells its owner of the lease, as it is.
  void Tell();
  bool IsFree(Time now) const { return lease_.owner == Holder{} || now >= ends_; }
  bool IsFirst(NodeId asker, Time now);
  // False where it is from an earlier life of its sender than we have heard of.
  bool IsOfNewest(NodeId from, uint64_t boot);

  Env& env_;
  const Decisions decide_;
  const ClockBounds bounds_;
  LeaseStorage storage_;
  Channel<Request> requests_;

  Lease lease_;
  Time ends_{};               // The lease, by our clock.
  std::optional<Time> sent_;  // The newest request that was granted; unknown after a restart.
  uint64_t token_ = 0;        // The newest that was granted.
  std::map<NodeId, Waiting> line_;
  std::map<NodeId, uint64_t> boots_;
};

}  // namespace reprise::lease_lock
