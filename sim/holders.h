// Who holds what must not be lost: the budget of a protocol that keeps its state in memory.
//
// Such a protocol survives a crash as long as somebody still holds the state, and the next one only
// when what was lost has been copied again. A number of nodes that may be down at once cannot say
// that: a node that has come back empty is up, and holds nothing. So whoever decides in the protocol
// upon whom it relies reports it as a fact, each time that it changes:
//
//   env.Report(HeldBy{{{primary, its boot}, {backup, its boot}}});
//
// From then on no crash strikes that would leave fewer than CrashModel::holders_at_least of them. A
// holder is a node in one of its lives, so that one which has crashed counts no more when it is back.
// What is reported may be out of date: where fewer than so many of those named are alive, the report
// is ignored, and those named before stay protected. A protocol that relies on the dead is thus
// shown to be wrong, instead of losing the last copy for a reason that was not its fault.

#pragma once

#include <cstdint>
#include <vector>

#include "sim/time.h"

namespace reprise {

struct Holder {
  NodeId node = kNobody;
  uint64_t boot = 0;
  friend bool operator==(const Holder&, const Holder&) = default;
};

struct HeldBy {
  std::vector<Holder> holders;
};

}  // namespace reprise
