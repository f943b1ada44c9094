// What happened before what: messages from their send to their end, and the causal past of an
// event, which is all that can have caused it.

#pragma once

#include <cstddef>
#include <vector>

#include "sim/timeline.h"

namespace reprise {

// One copy of a message. Its events are given by their numbers, as in Event::index.
struct Course {
  enum class Fate {
    kDelivered,
    kDuplicate,
    kDamaged,
    kStale,
    kDropped,
    kCutOff,
    kNobodyUp,
    kUnderway
  };
  Fate fate = Fate::kUnderway;
  size_t send = 0;
  size_t end = 0;  // Zero where the run ended before.

  bool arrived() const { return fate == Fate::kDelivered || fate == Fate::kDamaged || extra(); }
  // A copy that comes after the message itself.
  bool extra() const { return fate == Fate::kDuplicate || fate == Fate::kStale; }
};

// All copies of all messages, by the number of their send and then of their end. An end without its
// send, which only a damaged timeline has, is left out.
std::vector<Course> CoursesOf(const Timeline& timeline);

// Lamport's happens-before, backwards: which events, by number, the event `last` at `node` can
// have been caused by: earlier events of the same node, and sends of messages that arrived at an
// event that counts. Where the node is nobody, all of them up to `last`.
std::vector<bool> CausalPast(const Timeline& timeline, size_t last, NodeId node);

}  // namespace reprise
