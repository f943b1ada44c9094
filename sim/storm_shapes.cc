// Partitions of more than two parts, or of parts that overlap, and those that come and go.

#include <string>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace reprise {
namespace {

const Label kGroupsClients = Label::Reserved("groups-clients");
const Label kGroupsCount = Label::Reserved("groups-count");
const Label kGroupsSide = Label::Reserved("groups-side");
const Label kGroupsFor = Label::Reserved("groups-for");
const Label kBridgeClients = Label::Reserved("bridge-clients");
const Label kBridgeNode = Label::Reserved("bridge-node");
const Label kBridgeSide = Label::Reserved("bridge-side");
const Label kBridgeFor = Label::Reserved("bridge-for");
const Label kRingClients = Label::Reserved("ring-clients");
const Label kRingPlace = Label::Reserved("ring-place");
const Label kRingFor = Label::Reserved("ring-for");
const Label kFlapClients = Label::Reserved("flap-clients");
const Label kFlapNode = Label::Reserved("flap-node");
const Label kFlapTimes = Label::Reserved("flap-times");
const Label kFlapFor = Label::Reserved("flap-for");

using Groups = std::vector<std::vector<NodeId>>;

// All links between different groups.
std::vector<Link> Between(const Groups& groups) {
  std::vector<Link> links;
  for (const auto& a : groups) {
    for (const auto& b : groups) {
      if (&a == &b) continue;
      for (NodeId from : a) {
        for (NodeId to : b) links.push_back({from, to});
      }
    }
  }
  return links;
}

// "n1 n2 | n3".
std::string TextOf(const Groups& groups) {
  std::string text;
  for (const auto& group : groups) {
    if (group.empty()) continue;
    if (!text.empty()) text += " |";
    for (NodeId node : group) text += (text.empty() ? "" : " ") + Name(node);
  }
  return text;
}

}  // namespace

void World::StrikeGroups(Fault fault, const Address& cause) {
  const std::vector<NodeId> members = CutMembers(kGroupsClients, cause.ordinal);
  if (members.size() < 3) return;
  // Zero is three groups, dealt out in turn.
  const uint64_t count = 3 + choices_.Draw({{kGroupsCount}, cause.ordinal}, members.size() - 2);
  Groups groups(count);
  for (size_t i = 0; i < members.size(); ++i) {
    const uint64_t side = choices_.Draw({{kGroupsSide}, cause.ordinal, i + 1}, count);
    groups[(i + side) % count].push_back(members[i]);
  }
  const std::vector<Link> links = Between(groups);
  if (links.empty()) return;
  const Duration lasts = CutFor(kGroupsFor, cause.ordinal);
  Begin(Sever(fault, cause, "groups " + TextOf(groups), links), lasts);
}

void World::StrikeBridge(Fault fault, const Address& cause) {
  std::vector<NodeId> members = CutMembers(kBridgeClients, cause.ordinal);
  if (members.size() < 3) return;
  const uint64_t at = choices_.Draw({{kBridgeNode}, cause.ordinal}, members.size());
  const NodeId bridge = members[at];
  std::erase(members, bridge);
  Groups sides(2);
  for (size_t i = 0; i < members.size(); ++i) {
    const uint64_t side = choices_.Draw({{kBridgeSide}, cause.ordinal, i + 1}, 2);
    sides[(i + side) % 2].push_back(members[i]);
  }
  const std::vector<Link> links = Between(sides);
  if (links.empty()) return;
  const Duration lasts = CutFor(kBridgeFor, cause.ordinal);
  Begin(Sever(fault, cause, "bridge " + Name(bridge) + " of " + TextOf(sides), links), lasts);
}

void World::StrikeRing(Fault fault, const Address& cause) {
  std::vector<NodeId> ring = CutMembers(kRingClients, cause.ordinal);
  const size_t size = ring.size();
  if (size < 4) return;  // In a ring of three all are neighbours.
  std::string text = "ring";
  for (size_t i = 0; i < size; ++i) {
    const uint64_t further = choices_.Draw({{kRingPlace}, cause.ordinal, i + 1}, size - i);
    std::swap(ring[i], ring[i + further]);
    text += " " + Name(ring[i]);
  }
  std::vector<Link> links;
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) {
      const size_t apart = (j + size - i) % size;
      if (apart > 1 && apart < size - 1) links.push_back({ring[i], ring[j]});
    }
  }
  const Duration lasts = CutFor(kRingFor, cause.ordinal);
  Begin(Sever(fault, cause, text, links), lasts);
}

// Off and on for equal times, from twice to five times.
void World::StrikeFlap(Fault fault, const Address& cause) {
  std::vector<NodeId> members = CutMembers(kFlapClients, cause.ordinal);
  if (members.size() < 2) return;
  const uint64_t at = choices_.Draw({{kFlapNode}, cause.ordinal}, members.size());
  const NodeId node = members[at];
  const auto times = static_cast<int64_t>(2 + choices_.Draw({{kFlapTimes}, cause.ordinal}, 4));
  const Duration lasts = CutFor(kFlapFor, cause.ordinal);
  std::erase(members, node);
  const std::vector<Link> links = Between({{node}, members});
  for (int64_t k = 0; k < times; ++k) {
    Spell off = Sever(fault, cause, "flap " + Name(node) + " | the rest", links);
    off.lasts = lasts / (2 * times - 1);
    BeginLater(off.lasts * 2 * k, std::move(off));
  }
}

}  // namespace reprise
