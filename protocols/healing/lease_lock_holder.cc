#include "protocols/healing/lease_lock_holder.h"

#include <algorithm>

#include "models/spec/converges.h"
#include "models/spec/one_holder.h"
#include "models/spec/recovery.h"

namespace reprise::lease_lock {
namespace {

const Label kStartLabel("start");
const Label kLapseLabel("lapse");
const Label kWritesLabel("writes");
const Label kIdleLabel("idle");

constexpr Duration kUse = 50ms;  // How often the lock is used, while it is held.
// From the decision to write something until that is sent: it has to be made ready.
constexpr Duration kReady = 300ms;
constexpr Duration kBetween = 100ms;  // Writes.
constexpr Duration kAnswer = 500ms;   // How long one waits for an answer before one asks again.
// How much of the lease there must be for a write: then the message is not under way any more when
// the lease is over, unless something stood still. The fence is for what stood still.
constexpr Duration kToWrite = 4s;
constexpr Duration kIdle = 2s;  // And up to twice as long without the lock.

struct Done {  // The operations of the history: a write with that token.
  uint64_t token;
};

}  // namespace

void LockHolder::Run() {
  env_.Spawn([this] { Listen(); });
  env_.Report(models::Recovered{0});
  env_.Sleep(Share(work_.poll, env_.Random(kStartLabel, kQuantiles)));
  for (;;) {
    GetLock();
    WorkUnderLock();
    env_.Sleep(kIdle + Share(kIdle, env_.Random(kIdleLabel, kQuantiles)));
  }
}

void LockHolder::Listen() {
  for (;;) {
    const Envelope mail = env_.Receive();
    mail.Match([&](const Granted& m) { OnGranted(m); },
               [&](const Written& m) {
                 if (m.boot != env_.boot() || m.sequence != sequence_) return;
                 answer_ = Answer::kWritten;
                 answered_.NotifyAll();
               },
               [&](const Refused& m) { OnRefused(m); });
  }
}

// The lease.

void LockHolder::GetLock() {
  wants_ = true;
  while (token_ == 0) {
    const Time sent = env_.Now();
    const Time deadline_wall = env_.WallNow() + kPatience;
    env_.Send(env_.nodes("lock-service")[0], Acquire{env_.boot(), work_.term, sent, deadline_wall});
    granted_.Await([&] { return token_ != 0; }, sent + work_.poll);
  }
  wants_ = false;
}

void LockHolder::OnGranted(const Granted& m) {
  if (m.boot != env_.boot()) return;  // To an earlier life of ours.
  const Time now = env_.Now();
  const Time ends = decide_.LeaseBegins(m.sent, now) + HolderTerm(m.term, decide_, bounds_);
  if (m.token == token_) {
    ends_ = std::max(ends_, ends);
  } else if (m.token > newest_) {
    newest_ = m.token;
    if (wants_ && now < ends) {
      token_ = m.token;
      ends_ = ends;
      granted_.NotifyAll();
    } else {  // By a copy of a request, say.
      env_.Send(env_.nodes("lock-service")[0], Release{env_.boot(), m.token});
    }
  }
}

void LockHolder::KeepRenewing(uint64_t token) {
  for (;;) {
    env_.Sleep(work_.renew);
    if (token_ != token || !renews_) return;
    const Time sent = env_.Now();
    env_.Send(env_.nodes("lock-service")[0], Renew{env_.boot(), token, sent});
  }
}

void LockHolder::GiveBack() {
  env_.Send(env_.nodes("lock-service")[0], Release{env_.boot(), token_});
}

// The work.

void LockHolder::WorkUnderLock() {
  const uint64_t token = token_;
  const bool lapses = work_.lets_lapse && env_.Random(kLapseLabel, 3) == 2;
  const uint64_t writes = work_.writes_least + env_.Random(kWritesLabel, work_.writes_more);
  renews_ = !lapses;
  env_.Spawn([this, token] { KeepUsing(token); });
  if (renews_) env_.Spawn([this, token] { KeepRenewing(token); });
  bool whole = true;
  for (uint64_t i = 0; whole && i < writes; ++i) {
    whole = WriteOnce();
    env_.Sleep(kBetween);
  }
  renews_ = false;
  if (whole && !lapses) {
    GiveBack();
  } else {
    while (Holds(token)) env_.SleepUntil(ends_);
  }
  token_ = 0;
}

// What is done without a message is done at once, or not at all.
void LockHolder::KeepUsing(uint64_t token) {
  while (Holds(token)) {
    env_.Report(models::Uses{token, env_.boot()});
    env_.Sleep(kUse);
  }
}

// False where the lease was over before it was known that the write is durable.
bool LockHolder::WriteOnce() {
  ++sequence_;
  const models::OpId op{env_.self(), env_.boot() << 32 | sequence_};
  env_.Report(models::Invoked{op, 0, Done{token_}});
  for (;;) {
    switch (TryWrite()) {
      case Answer::kWritten:
        env_.Report(models::Returned{op, Done{token_}});
        env_.Report(models::Progress{});
        return true;
      // What was sent before may have been applied all the same, and not be known to be.
      case Answer::kFenced: env_.Report(models::InDoubt{op}); return false;
      case Answer::kTooLate: env_.Report(models::InDoubt{op}); return false;
      case Answer::kOtherBoot:  // The store has restarted. A write that is made twice does no harm.
      case Answer::kNone: break;
    }
  }
}

LockHolder::Answer LockHolder::TryWrite() {
  if (env_.Now() + kToWrite >= ends_) return Answer::kTooLate;
  answer_ = Answer::kNone;
  env_.Sleep(kReady);
  const Write write{env_.boot(), token_, sequence_, store_boot_};
  env_.Send(env_.nodes("store")[0], write);
  answered_.Await([&] { return answer_ != Answer::kNone; }, env_.After(kAnswer));
  return answer_;
}

void LockHolder::OnRefused(const Refused& m) {
  store_boot_ = std::max(store_boot_, m.store_boot);
  if (m.boot != env_.boot() || m.sequence != sequence_) return;
  answer_ = m.fenced ? Answer::kFenced : Answer::kOtherBoot;
  answered_.NotifyAll();
}

}  // namespace reprise::lease_lock
