// The same past with another future: a run that is another one's up to some event, and is drawn
// from a seed from there on.
//
// A seed answers at addresses, and an address does not say when it is drawn. So all that was drawn
// up to the event is written down, the zeros too, and the seed answers for the rest. Faults that
// did not strike are told by a run that looks for opportunities and is stopped at the event;
// faults that are planned by slots of time are past where their slot is. Zeros that node code drew
// are not told, so they are found out: a run with another past shows what it drew there, and that
// is made zero, until the past is the same. Whether it is, is checked event by event, of every run.
//
// What struck after the event is drawn anew; but the step in which the event happened is over only
// when its node waits again, and faults that did not strike before that do not strike in the future
// either.

#pragma once

#include <cstdint>
#include <optional>

#include "sim/scenario.h"

namespace reprise {

class Reseeder {
 public:
  // Of that run, from that event on. REQUIRES: its timeline was kept, and 0 <= event <= its size.
  // With event 0 nothing is past.
  Reseeder(const Scenario& scenario, const RunResult& run, uint64_t event);

  // The run with that future. Nothing where no past could be made that is the same, which is
  // seldom. `runs` is raised by how many runs it took.
  std::optional<RunResult> Run(uint64_t seed, uint64_t& runs) const;

  // How many runs it took to write the past down.
  uint64_t runs() const { return runs_; }

 private:
  bool IsFuture(const Address& address) const;
  // Makes zero what that run drew before the event and that one did not; false where there is none.
  bool Learn(const RunResult& other, Departures& past) const;
  bool SamePast(const Timeline& other) const;

  const Scenario& scenario_;
  const RunResult& run_;
  const uint64_t event_;
  Time at_{};
  Departures past_;
  uint64_t runs_ = 0;
};

}  // namespace reprise
