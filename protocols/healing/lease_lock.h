// What the lock service, the store and the holders of lease_lock.cc have in common: their
// messages, how long a lease is for either side, and what they decide.

#pragma once

#include <cstdint>
#include <vector>

#include "sim/family.h"
#include "sim/holders.h"
#include "sim/scenario.h"
#include "sim/time.h"

namespace reprise::lease_lock {

// What the clocks may do wrong, and no more, or the promise does not hold.
struct ClockBounds {
  int64_t drift_ppm;  // How fast or slow one may be.
  Duration frozen;    // How long one may have stood still, in all, within any lease.
};

constexpr Duration kShort = 10s;     // The terms that holders ask for.
constexpr Duration kLong = 30s;      //
constexpr Duration kRenew = 3s;      // A holder that wants more asks for it so often.
constexpr Duration kPatience = 10s;  // Nobody waits longer for the answer to one request.

// The grant of a lock: its token is larger than those of all grants before it.
struct Lease {
  uint64_t token = 0;
  Holder owner;  // Nobody, where it was released.
  Duration term{};
};

// Messages.
struct Acquire {  // Holder: I want the lock, for so long.
  uint64_t boot;
  Duration term;
  Time sent;           // By my monotonic clock.
  Time deadline_wall;  // I shall not wait longer than kPatience, which is until then by my time of
                       // day.
};
struct Renew {  // Holder: I want to keep it.
  uint64_t boot, token;
  Time sent;
};
struct Granted {  // Service: that request was granted.
  uint64_t boot, token;
  Duration term;
  Time sent;  // When it was sent, as it said.
};
struct Release {  // Holder: I need it no more.
  uint64_t boot, token;
};
struct Write {  // Holder: with this token, write.
  uint64_t boot, token, sequence;
  uint64_t store_boot;  // In which life of the store: a copy that comes later means nothing.
};
struct Written {  // Store: it is durable.
  uint64_t boot, sequence;
};
struct Refused {  // Store: it is not, and will not be.
  uint64_t boot, sequence;
  uint64_t store_boot;  // This is the life that I am in,
  bool fenced;          // or somebody has written with a larger token.
};

// When a request was sent, came, and is handled.
struct Wait {
  Time arrived, now;         // By the service's monotonic clock.
  Time deadline_wall, wall;  // By the sender's time of day, and the service's.
};

// Where the protocol decides.
struct Decisions {
  // Holder: from when on its term counts.
  Time (*LeaseBegins)(Time, Time) = [](Time sent, Time) { return sent; };
  // Both: what is allowed for clocks that are fast or slow,
  int64_t (*DriftAllowed)(const ClockBounds&) = [](const ClockBounds& b) { return b.drift_ppm; };
  // and by the holder for one that stood still.
  Duration (*FrozenAllowed)(const ClockBounds&) = [](const ClockBounds& b) { return b.frozen; };
  // Service: whether a request is left out, because nobody waits for it any more.
  bool (*Lapsed)(const Wait&) = [](const Wait& w) { return w.now - w.arrived > kPatience; };
  // Service: whether the lock is free, by a release of that token.
  bool (*MayRelease)(const Lease&, uint64_t) = [](const Lease& lease, uint64_t token) {
    return lease.token == token;
  };
  // Service: the newest token, of its snapshot's and its log's.
  uint64_t (*NewestToken)(uint64_t, uint64_t) = [](uint64_t snapshot, uint64_t log) {
    return log > snapshot ? log : snapshot;
  };
  // Service: whether a lease that was granted before a restart holds after it.
  bool (*KeepsLease)() = [] { return true; };
  // Store: whether a write may be applied after the one that was applied last.
  bool (*Accepts)(uint64_t, const Holder&, uint64_t, const Holder&) =
      [](uint64_t last_token, const Holder& last, uint64_t token, const Holder& holder) {
        return token > last_token || (token == last_token && holder == last);
      };
};

// How long a lease is. One that is granted for a term T ends, by the service's own clock, T (1 +
// rho) after it was granted, and by its holder's own clock, T / (1 + rho) after it was asked for,
// less the time for which that clock may have stood still. Then the holder's end comes first in
// true time, where clocks run at rates from 1 / (1 + rho) to 1 + rho. Ours run at rates from 1 - d
// to 1 + d; so rho is a little more than d: 1 / (1 + rho) = 1 - d.
constexpr int64_t kMillion = 1'000'000;
inline Duration HolderTerm(Duration term, const Decisions& decide, const ClockBounds& bounds) {
  const int64_t slow = kMillion - decide.DriftAllowed(bounds);
  return term / kMillion * slow - decide.FrozenAllowed(bounds);
}
inline Duration GrantorTerm(Duration term, const Decisions& decide, const ClockBounds& bounds) {
  const int64_t slow = kMillion - decide.DriftAllowed(bounds);
  return (term / slow + 1ns) * kMillion;
}

const std::vector<Mutant<Decisions>>& Mutants();

}  // namespace reprise::lease_lock

namespace reprise {

struct LeaseTimes {
  Duration term = 10s, renew = 3s, poll = 1s;
  Duration delay = 1ms;  // Of each message.
  int64_t drift_ppm = 0;
};

// A holder, n3, that keeps the lock for ever, and a waiter, n4; nothing goes wrong but what is
// told: a crash of the holder in one of its first renewals, say. For those who measure how long
// nobody has the lock then: the next models::Uses is the waiter's.
Scenario CrashingHolder(const LeaseTimes& times);

}  // namespace reprise
