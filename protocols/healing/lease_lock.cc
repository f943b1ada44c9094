// A lock service with leases, and a store with fencing tokens.
//
// After Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File
// Cache Consistency" (SOSP 1989); the tokens are the sequencers of Burrows, "The Chubby Lock
// Service for Loosely-Coupled Distributed Systems" (OSDI 2006), and why they are needed says
// Kleppmann, "How to do distributed locking" (2016).
//
//   Grants.  The service grants the lock to one holder at a time, for a term, with a token that is
//            larger than all before it and durable before anybody hears of it. Who wants to keep
//            the lock renews it; who needs it no more releases it, or lets it run out.
//   Terms.   The holder counts its term from when it *sent* the request, the service from when it
//            granted it; the holder by less than the term, the service by more, for clocks that are
//            fast or slow. The holder leaves out as well how long its clock may have stood still.
//            So in true time it knows first that the lease is over. Nothing is concluded from the
//            time of day.
//   Restart. The service finds the last grant on its disk, but not when that was renewed last. So
//            it takes it as renewed when it restarts.
//   Line.    Who waits asks again and again; the lock goes to whoever has waited longest.
//   Fence.   A node may stand still between its look at the clock and its deed. What it does by
//            itself it does at the moment of the look. What it sends may come too late, whatever
//            the clocks say: so writes carry the token, and the store, which knows the largest
//            that it has seen, refuses smaller ones.
//
// What is promised: the fence holds, whatever happens; and where clocks drift by at most
// `drift-ppm` and stand still for at most kFrozen within a lease, no two nodes use the lock at the
// same time. Both promises need the service's disk: it keeps what it has synced.
//
// A lease that is long suffers from drift, a short one from a clock that stands still; so there are
// holders of both. Messages are late by less than kToWrite of lease_lock_holder.cc: then a write
// that comes when the lease is over was sent by a node that stood still.

#include "protocols/healing/lease_lock.h"

#include <vector>

#include "models/spec/converges.h"
#include "models/spec/fenced.h"
#include "models/spec/one_holder.h"
#include "models/spec/recovery.h"
#include "protocols/healing/lease_lock_holder.h"
#include "protocols/healing/lease_lock_service.h"
#include "protocols/healing/lease_lock_store.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using lease_lock::ClockBounds;
using lease_lock::Decisions;
using lease_lock::kLong;
using lease_lock::kShort;
using lease_lock::Mutants;
using lease_lock::Work;

constexpr Duration kStorm = 80s;
constexpr Duration kFrozen = 700ms;
constexpr Duration kHung = 11s;

Duration SomewhatLate(uint64_t quantile) { return Share(1500ms, quantile); }

// Nothing but pauses makes anything later than a few seconds.
void SetWeather(Scenario& s) {
  s.links = {.delay = 1ms,
             .late = OneIn(32),
             .late_by = SomewhatLate,
             .drop = OneIn(200),
             .duplicate = OneIn(200),
             .corrupt = OneIn(800),
             .truncate = OneIn(800),
             .stale = OneIn(100),
             .burst = OneIn(800),
             .blackhole = OneIn(160),
             .bandwidth = OneIn(160),
             .queue = OneIn(160),
             .weather_most = 1s};
  s.cuts = {.cut = OneIn(80),
            .groups = OneIn(320),
            .bridge = OneIn(320),
            .ring = OneIn(320),
            .flap = OneIn(320),
            .slot = 2s,
            .longest = 4s};
  s.clogs = {.clog = OneIn(80), .swizzle = OneIn(160), .slot = 2s, .longest = 500ms};
  s.crashes = {.crash = OneIn(160),
               .slot = 2s,
               .crash_at = OneIn(20'000),
               .down_at_most = s.nodes(),
               .again = OneIn(16),
               .several = OneIn(400),
               .zone = OneIn(800),
               .rack = OneIn(800),
               .placement = {.zones = 2, .racks = 2},
               .churn = OneIn(1600),
               .churn_most = 8s};
  s.processes = {
      .pause = OneIn(40), .slow = OneIn(80), .slot = 4s, .pause_most = 20s, .slow_most = 1s};
  s.disks = {.slow_sync = OneIn(20),
             .hung = OneIn(1000),
             .hung_for = kHung,
             .unsynced = OneIn(3),
             .torn = OneIn(3),
             .sync_fail = OneIn(100),
             .entries = OneIn(8),
             .full = OneIn(400)};
  s.order = OneIn(50);
}

// Each clock stands still at most once, and for kFrozen at most, as there is one slot; and its time
// of day jumps as often.
void SetClocks(Scenario& s, int64_t drift_ppm) {
  s.clocks = {.offset = OneIn(2),
              .drift = OneIn(drift_ppm > 0 ? 2 : 1),
              .drift_ppm_most = drift_ppm,
              .jump = OneIn(4),
              .jump_slot = kStorm,
              .jump_most = 500ms,
              .freeze = OneIn(4),
              .freeze_most = kFrozen,
              .late_timer = OneIn(200),
              .late_timer_most = 100ms};
  if (drift_ppm == 0) s.clocks.drift = {};
}

// From the beginning of the calm until each holder has written something. At first the service may
// hang, and somebody who is gone may have a long lease, as if renewed when the service restarted.
// Then come those who have waited longer, one of them with a long lease again; and the store may
// hang as well.
Duration Bound(int64_t holders) {
  const Duration others = (holders - 1) * (kShort + 2s) + 2s;
  return 2 * kHung + 2 * (kLong + 1s) + others + 5s;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  const ClockBounds bounds{options["drift-ppm"], kFrozen};
  const auto short_ones = static_cast<int>(options["holders"]);
  const auto holder = [=](Duration term) {
    const Work work{.term = term,
                    .poll = options["poll-ms"] * 1ms,
                    .writes_least = static_cast<uint64_t>(options["writes"])};
    return [=](Env& env) { lease_lock::LockHolder(env, decide, bounds, work).Run(); };
  };
  Scenario s;
  s.roles = {{.name = "lock-service",
              .count = 1,
              .main = [=](Env& env) { lease_lock::LockService(env, decide, bounds).Run(); }},
             {.name = "store",
              .count = 1,
              .main = [=](Env& env) { lease_lock::FencedStore(env, decide).Run(); }},
             {.name = "holders", .count = short_ones, .main = holder(kShort)},
             {.name = "long-holders", .count = 1, .main = holder(kLong)}};
  SetWeather(s);
  SetClocks(s, options["drift-ppm"]);
  s.storm = kStorm;
  const Duration bound = Bound(short_ones);
  s.calm = bound + 1s;
  std::vector<NodeId> holders;
  for (uint32_t i = 3; i <= static_cast<uint32_t>(s.nodes()); ++i) holders.push_back(NodeId{i});
  s.oracles =
      JudgedBy(models::Fenced(), models::OneHolder(),
               models::Converges<models::Progress>(bound, "written under the lock", holders),
               models::RecoveryMeter(true));
  return s;
}

}  // namespace

Scenario CrashingHolder(const LeaseTimes& times) {
  const Decisions decide;
  const ClockBounds bounds{times.drift_ppm, {}};
  const Work work{.term = times.term,
                  .poll = times.poll,
                  .renew = times.renew,
                  .lets_lapse = false,
                  .writes_least = 1'000'000};
  Scenario s;
  s.name = "crashing-holder";
  s.roles = {{.name = "lock-service",
              .count = 1,
              .main = [=](Env& env) { lease_lock::LockService(env, decide, bounds).Run(); }},
             {.name = "store",
              .count = 1,
              .main = [=](Env& env) { lease_lock::FencedStore(env, decide).Run(); }},
             {.name = "holder",
              .count = 1,
              .main = [=](Env& env) { lease_lock::LockHolder(env, decide, bounds, work).Run(); }},
             {.name = "waiter", .count = 1, .main = [=](Env& env) {
                env.Sleep(3 * work.poll);
                lease_lock::LockHolder(env, decide, bounds, work).Run();
              }}};
  s.links = {.delay = times.delay};
  s.disks = {.sync = 0ms};
  s.crashes = {.slot = times.renew, .down = 10 * times.term};
  s.storm = 6 * times.renew + times.poll;
  s.calm = 2 * times.term;
  s.oracles = JudgedBy(models::Fenced(), models::OneHolder());
  return s;
}

Family LeaseLock() {
  return {
      .name = "lease-lock",
      .about = "a lock service with leases, and a store that fences off whoever lost the lock",
      .source = "Gray and Cheriton, SOSP 1989; Burrows, OSDI 2006; Kleppmann 2016",
      .options = {{"holders", "how many want the lock for short; one wants it for long", 1, 8, 2},
                  {"drift-ppm", "how fast or slow clocks are at most", 0, 20'000, 20'000},
                  {"poll-ms", "how often who waits for it asks", 10, 1000, 250},
                  {"writes", "how many a holder makes at least each time", 1, 10, 6}},
      .mutants = InfoOf(Mutants()),
      .make = Make};
}

}  // namespace reprise
