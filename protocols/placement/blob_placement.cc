#include <algorithm>

#include "protocols/placement/blob_store.h"

namespace reprise::blobs {

bool MeetEachQuorum(const std::vector<Member>& members, const std::set<Member>& present,
                    uint32_t zones) {
  std::vector<Member> missing;
  for (const Member& member : members) {
    if (!present.contains(member)) missing.push_back(member);
  }
  if (missing.size() <= 1) return true;
  const uint32_t zone = ZoneOf(missing.front().node, zones);
  return Spread(members, zones) && std::ranges::all_of(missing, [&](const Member& member) {
           return ZoneOf(member.node, zones) == zone;
         });
}

void Placement::Reset(const std::vector<Member>& members) {
  std::set<NodeId> nodes;
  for (const Member& member : members) nodes.insert(member.node);
  ring_.Reset(nodes);
  lists_.assign(blobs_, {});
  for (uint64_t blob = 0; blob < blobs_; ++blob) {
    const auto zone_of = [this](NodeId node) { return ZoneOf(node, zones_); };
    for (const NodeId node : ring_.PreferenceList(blob, kCopies, zone_of)) {
      lists_[blob].push_back(*std::ranges::find(members, node, &Member::node));
    }
  }
}

}  // namespace reprise::blobs
