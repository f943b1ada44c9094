// A story of faults, told in advance: who crashes when, which message is lost, which clock stands
// still. A story is a list of departures and nothing else, so that its run is a run like any other:
//
//   const Departures story = Nemesis(scenario)
//                                .At(3s, Fault::kCrash, n1)
//                                .With("unsynced", 1, kQuantiles)
//                                .Nth(Fault::kDrop, n1, n2, 7)
//                                .departures();
//   Simulate(scenario, Choices::FromDepartures(story));
//
// Faults strike whether the scenario has them on its menu or not, but never beyond its budget.
// Choices::FromSeed(seed, story) has the story happen in the midst of that seed's other faults.

#pragma once

#include <string_view>

#include "sim/scenario.h"

namespace reprise {

class Nemesis {
 public:
  explicit Nemesis(const Scenario& scenario) : scenario_(scenario) {}

  // A fault that is drawn by slots, at that time since the beginning, to a 1,024th of its slot. Of
  // that node, where nodes have it one by one. REQUIRES: it is drawn by slots, and the storm lasts
  // longer than that.
  Nemesis& At(Duration when, Fault fault, NodeId node = kNobody);
  // A fault of the nth message on a link, or of the nth of what is counted for a node.
  Nemesis& Nth(Fault fault, NodeId node, NodeId peer, uint64_t nth, uint64_t value = 1,
               uint64_t bound = 2);
  // The crash of a node at a call into Env, of that boot.
  Nemesis& CrashAt(NodeId node, uint64_t boot, uint64_t call);
  // What belongs to the fault that was told last, by the name of its label: "cut-how", "cut-for",
  // "unsynced". Of that node, where the fault was not already one of a node. REQUIRES: there is
  // such a label.
  Nemesis& With(std::string_view detail, uint64_t value, uint64_t bound, uint64_t sub = 0,
                NodeId node = kNobody);

  Departures departures() const;

 private:
  const Scenario& scenario_;
  Departures told_;
  Address last_{{LabelOf(Fault::kDrop)}, 0};
};

}  // namespace reprise
