// Feeds oracles histories that were written by hand, and reads the facts of runs.

#pragma once

#include "sim/message.h"
#include "sim/oracle.h"
#include "sim/scenario.h"

namespace reprise {

// Shows the oracle what `node` would have reported at that moment, as the world would.
template <class Fact>
Complaint Tell(Oracle& oracle, const Fact& fact, NodeId node = NodeId{1}, Time at = {}) {
  const Message message = Message::Of(fact);  // The event looks into it.
  Event event;
  event.kind = Event::Kind::kFact;
  event.at = at;
  event.node = node;
  event.message = message.view();
  return oracle.OnFact(event);
}

// Shows it an event of another kind.
inline Complaint Show(Oracle& oracle, Event::Kind kind, Time at, NodeId node = kNobody) {
  Event event;
  event.kind = kind;
  event.at = at;
  event.node = node;
  return oracle.OnEvent(event);
}

// Calls see(event, fact) for each fact of that kind.
template <class Fact, class See>
void ForEachFact(const RunResult& run, See see) {
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.kind != Event::Kind::kFact) continue;
    if (const auto fact = e.As<Fact>()) see(e, *fact);
  }
}

}  // namespace reprise
