// Partitions: how the network falls apart, and for how long.

#include <string>
#include <vector>

#include "sim/world.h"

namespace reprise {
namespace {

// One direction of a link.
struct Severed {
  NodeId from, to;
};

const Label kCutHow = Label::Reserved("cut-how");
const Label kCutClients = Label::Reserved("cut-clients");
const Label kCutNode = Label::Reserved("cut-node");
const Label kCutPeer = Label::Reserved("cut-peer");
const Label kCutSide = Label::Reserved("cut-side");
const Label kCutFor = Label::Reserved("cut-for");

// How a network can fall apart. The first is the simplest.
enum CutHow : uint64_t { kIsolate, kDeaf, kMute, kOneLink, kHalves, kCutHows };

class Cutter {
 public:
  // Clients that reach both sides show a split brain; clients that are cut off together with a
  // server show that it is out of date. So each cut draws which it is, where there is a choice.
  Cutter(World& world, const Address& cause) : world_(world), cause_(cause) {
    const bool clients = world.scenario().cuts.clients;
    AddMembers(false);
    if (clients && (members_.size() < 2 || Draw(kCutClients, 2) != 0)) AddMembers(true);
  }

  // What is cut, and a text that says it.
  std::vector<Severed> Links() {
    if (members_.size() < 2) return {};
    const uint64_t how = Draw(kCutHow, kCutHows);
    if (how == kHalves) return Halves();
    const NodeId node = members_[Draw(kCutNode, members_.size())];
    if (how == kOneLink) return OneLink(node);
    std::vector<Severed> links;
    for (NodeId other : members_) {
      if (other == node) continue;
      if (how != kMute) links.push_back({other, node});
      if (how != kDeaf) links.push_back({node, other});
    }
    text_ = Name(node) + (how == kDeaf ? " deaf" : how == kMute ? " mute" : " | the rest");
    return links;
  }
  const std::string& text() const { return text_; }

  Duration For() {
    const CutModel& model = world_.scenario().cuts;
    return model.shortest + Share(model.longest - model.shortest, Draw(kCutFor, kQuantiles));
  }

 private:
  void AddMembers(bool clients) {
    for (uint32_t i = 1; i <= world_.nodes(); ++i) {
      if (world_.node(NodeId{i}).role_data().client == clients) members_.push_back(NodeId{i});
    }
  }

  uint64_t Draw(Label label, uint64_t bound, uint64_t sub = 0) {
    return world_.choices().Draw({{label}, cause_.ordinal, sub}, bound);
  }

  std::vector<Severed> OneLink(NodeId node) {
    std::vector<NodeId> others = members_;
    std::erase(others, node);
    const NodeId peer = others[Draw(kCutPeer, others.size())];
    text_ = Name(node) + " to " + Name(peer);
    return {{node, peer}};
  }

  std::vector<Severed> Halves() {
    std::vector<NodeId> sides[2];
    for (size_t i = 0; i < members_.size(); ++i) {
      sides[Draw(kCutSide, 2, static_cast<uint32_t>(i + 1))].push_back(members_[i]);
    }
    std::vector<Severed> links;
    for (NodeId a : sides[0]) {
      for (NodeId b : sides[1]) {
        links.push_back({a, b});
        links.push_back({b, a});
      }
    }
    for (const auto& side : sides) {
      if (&side != sides) text_ += " |";
      for (NodeId n : side) text_ += (text_.empty() ? "" : " ") + Name(n);
    }
    return links;
  }

  World& world_;
  const Address cause_;
  std::vector<NodeId> members_;
  std::string text_;
};

}  // namespace

void World::StrikeCut(Fault, const Address& cause) {
  Cutter cutter(*this, cause);
  const std::vector<Severed> links = cutter.Links();
  if (links.empty()) return;
  for (const Severed& link : links) network_->Cut(link.from, link.to, 1);
  const auto mend = [this, links] {
    for (const Severed& link : links) network_->Cut(link.from, link.to, -1);
  };
  Begin({.partition = true, .number = cause.ordinal, .text = cutter.text(), .undo = mend},
        cutter.For());
}

}  // namespace reprise
