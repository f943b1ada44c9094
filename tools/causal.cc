#include "tools/causal.h"

#include <algorithm>
#include <map>
#include <set>

namespace reprise {
namespace {

using Kind = Event::Kind;

}  // namespace

std::vector<Course> CoursesOf(const Timeline& timeline) {
  using Fate = Course::Fate;
  std::vector<Course> courses;
  std::map<uint64_t, size_t> of_id;  // The first copy of each message.
  const auto end = [&](const Event& event, Fate fate) {
    const auto at = of_id.find(event.id);
    if (at == of_id.end()) return;
    Course& first = courses[at->second];
    if (first.fate == Fate::kUnderway) {
      first.fate = fate;
      first.end = event.index;
    } else {
      courses.push_back({fate, first.send, event.index});
    }
  };
  for (size_t i = 0; i < timeline.size(); ++i) {
    const Event event = timeline[i];
    switch (event.kind) {
      case Kind::kSend:
        of_id[event.id] = courses.size();
        courses.push_back({Fate::kUnderway, event.index, 0});
        break;
      case Kind::kDeliver: end(event, Fate::kDelivered); break;
      case Kind::kDuplicate: end(event, Fate::kDuplicate); break;
      case Kind::kDamage: end(event, Fate::kDamaged); break;
      case Kind::kStale: end(event, Fate::kStale); break;
      case Kind::kDrop: end(event, Fate::kDropped); break;
      case Kind::kCutOff: end(event, Fate::kCutOff); break;
      case Kind::kNobodyUp: end(event, Fate::kNobodyUp); break;
      default: break;
    }
  }
  std::ranges::sort(courses, [](const Course& a, const Course& b) {
    return a.send != b.send ? a.send < b.send : a.end < b.end;
  });
  return courses;
}

std::vector<bool> CausalPast(const Timeline& timeline, size_t last, NodeId node) {
  last = std::min(last, timeline.size());
  std::vector<bool> past(timeline.size() + 1, false);
  std::set<NodeId> nodes;       // All that they did up to here counts,
  std::set<uint64_t> arrivals;  // and so do the sends of these messages.
  if (node != kNobody) nodes.insert(node);
  for (size_t i = last; i > 0; --i) {
    const Event event = timeline[i - 1];
    // Nobody learns that a message was lost, though its end carries a node's name.
    const bool lost =
        event.kind == Kind::kDrop || event.kind == Kind::kCutOff || event.kind == Kind::kNobodyUp;
    const bool sent = event.kind == Kind::kSend && arrivals.contains(event.id);
    if (node != kNobody && !sent && (lost || !nodes.contains(event.node))) continue;
    past[i] = true;
    if (event.node != kNobody) nodes.insert(event.node);
    if (event.kind == Kind::kDeliver || event.kind == Kind::kDuplicate ||
        event.kind == Kind::kDamage || event.kind == Kind::kStale) {
      arrivals.insert(event.id);
    }
  }
  return past;
}

}  // namespace reprise
