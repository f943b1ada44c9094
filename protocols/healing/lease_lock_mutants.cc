#include "protocols/healing/lease_lock.h"

namespace reprise::lease_lock {

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> kMutants = {
      {{"ignores-tokens", "LF-M1", "D1", "fenced",
        "the store applies every write, whatever its token", "Kleppmann 2016; HBASE-2312"},
       [](Decisions& d) {
         d.Accepts = [](uint64_t, const Holder&, uint64_t, const Holder&) { return true; };
       }},
      {{"lease-from-receipt", "LF-M2", "D2", "one-holder",
        "a holder counts its lease from when the grant came, not from when it asked",
        "Gray and Cheriton 1989: a term is effective less the time that its message took"},
       [](Decisions& d) { d.LeaseBegins = [](Time, Time received) { return received; }; }},
      {{"token-of-snapshot", "LF-M4", "D2", "one-holder",
        "after a restart tokens count from the one in the snapshot, not from the log's last",
        "fencing tokens that are reused"},
       [](Decisions& d) { d.NewestToken = [](uint64_t snapshot, uint64_t) { return snapshot; }; }},
      {{"no-drift-margin", "LF-M6", "D2", "one-holder",
        "both sides count the term by their own clocks, as if these ran alike",
        "Gray and Cheriton 1989, section 5: clocks that are fast or slow"},
       [](Decisions& d) { d.DriftAllowed = [](const ClockBounds&) { return int64_t{0}; }; }},
      {{"clock-never-stops", "LF-X1", "D2", "one-holder",
        "a holder leaves no time for a clock that has stood still, as a suspended machine's does",
        "CLOCK_MONOTONIC does not count the time in which a machine is suspended"},
       [](Decisions& d) { d.FrozenAllowed = [](const ClockBounds&) { return Duration(0); }; }},
      {{"deadline-by-wall-clock", "LF-X2", "D1", "converges",
        "the service goes by its own time of day to see whether a request's deadline has passed",
        "gRPC sends timeouts and not deadlines, because clocks are skewed"},
       [](Decisions& d) { d.Lapsed = [](const Wait& w) { return w.wall > w.deadline_wall; }; }},
      {{"forgets-lease", "LF-X3", "D1", "one-holder",
        "after a restart the service takes the lock for free",
        "Gray and Cheriton 1989, section 2: a server that restarts must wait for its leases"},
       [](Decisions& d) { d.KeepsLease = [] { return false; }; }},
      {{"any-release", "LF-X4", "D2", "one-holder",
        "a release frees the lock, whichever grant it gives back",
        "Redis, SET: a lock is deleted only by who knows its random value"},
       [](Decisions& d) { d.MayRelease = [](const Lease&, uint64_t) { return true; }; }},
  };
  return kMutants;
}

}  // namespace reprise::lease_lock
