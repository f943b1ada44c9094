// Who holds what must not be lost: the budget of a protocol that keeps its state in memory.
//
// Such a protocol survives a crash as long as somebody still holds the state, and the next one only
// when what was lost has been copied again. A number of nodes that may be down at once cannot say
// that: a node that has come back empty is up, and holds nothing. So whoever decides upon whom the
// protocol relies reports it as a fact, each time that it changes:
//
//   env.Report(HeldBy{{{primary, its boot}, {backup, its boot}}});
//
// From then on no crash strikes that would leave fewer than CrashModel::holders_at_least of them. A
// holder is a node in one of its lives, so one that has crashed does not count when it is back.
//
// A report may be out of date. Where fewer than so many of those that it names are alive, it is
// ignored, and those named before stay protected: a protocol that relies upon the dead is shown to
// be wrong, and cannot excuse itself with a last copy that was lost meanwhile.

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

// Where every piece of the state is held in several zones (CrashModel::placement) the protocol
// survives the loss of any one of them, and no number of nodes says that either. Whoever decides
// reports who holds all that it should:
//
//   env.Report(HeldInZones{{{store, its boot}, ...}});
//
// From then on all mortal nodes that are down, or are none of these, stand in one zone: a crash
// that would add another zone does not strike.
struct HeldInZones {
  std::vector<Holder> holders;
};

}  // namespace reprise
