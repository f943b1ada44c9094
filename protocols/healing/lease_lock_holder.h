// A holder of lease_lock.cc: it gets the lock, works under it, and gives it back or lets it run
// out, again and again.

#pragma once

#include <cstdint>
#include <optional>

#include "models/spec/history.h"
#include "protocols/healing/lease_lock.h"
#include "sim/env.h"
#include "sim/sync.h"

namespace reprise::lease_lock {

struct Work {
  Duration term = kShort;     // What the holder asks for,
  Duration poll = 250ms;      // and how often.
  Duration renew = kRenew;    // How often it asks for more.
  bool lets_lapse = true;     // Whether it lets a lease run out now and then.
  uint64_t writes_least = 6;  // How many it makes each time that it has the lock,
  uint64_t writes_more = 8;   // and up to how many more than that.
};

class LockHolder {
 public:
  LockHolder(Env& env, const Decisions& decide, const ClockBounds& bounds, const Work& work)
      : env_(env), decide_(decide), bounds_(bounds), work_(work), granted_(env), answered_(env) {}

  void Run();

 private:
  enum class Answer { kNone, kWritten, kOtherBoot, kFenced, kTooLate };

  void Listen();
  void OnGranted(const Granted& m);
  void OnRefused(const Refused& m);

  void GetLock();
  void WorkUnderLock();
  void KeepRenewing(uint64_t token);
  void KeepUsing(uint64_t token);
  bool WriteOnce();
  Answer TryWrite();
  void GiveBack();

  // Asked at each use: the node may have stood still since it asked last.
  bool Holds(uint64_t token) { return token_ == token && env_.Now() < ends_; }

  Env& env_;
  const Decisions decide_;
  const ClockBounds bounds_;
  const Work work_;
  Condition granted_, answered_;

  bool wants_ = false;   // It waits for the lock.
  uint64_t token_ = 0;   // Of the lease; 0 where there is none.
  Time ends_{};          // The lease, by our clock.
  bool renews_ = false;  // It is to be kept for longer.
  uint64_t newest_ = 0;  // The largest token that we were granted. No other is worth anything.

  uint64_t store_boot_ = 1;        // As far as we know.
  uint64_t sequence_ = 0;          // Of the last write,
  Answer answer_ = Answer::kNone;  // and what has become of it.
};

}  // namespace reprise::lease_lock
