// Feeds oracles histories that were written by hand.

#pragma once

#include "sim/message.h"
#include "sim/oracle.h"

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

}  // namespace reprise
