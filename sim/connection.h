// What a node is told when a connection breaks, on links that are connections
// (LinkModel::connected).

#pragma once

#include "sim/time.h"

namespace reprise {

// Arrives as a message from the peer: all that was under way between the two is lost. What comes
// from the peer after this, it sent after the break. The peer may be told as well, or not.
struct Disconnected {
  NodeId peer = kNobody;
};

}  // namespace reprise
