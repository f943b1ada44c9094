// Partitions: how the network falls apart, and for how long.

#include <string>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace reprise {
namespace {

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
  Cutter(World& world, const Address& cause, std::vector<NodeId> members)
      : world_(world), cause_(cause), members_(std::move(members)) {}

  // What is cut, and a text that says it.
  std::vector<Link> Links() {
    if (members_.size() < 2) return {};
    const uint64_t how = Draw(kCutHow, kCutHows);
    if (how == kHalves) return Halves();
    const NodeId node = members_[Draw(kCutNode, members_.size())];
    if (how == kOneLink) return OneLink(node);
    std::vector<Link> links;
    for (NodeId other : members_) {
      if (other == node) continue;
      if (how != kMute) links.push_back({other, node});
      if (how != kDeaf) links.push_back({node, other});
    }
    text_ = Name(node) + (how == kDeaf ? " deaf" : how == kMute ? " mute" : " | the rest");
    return links;
  }
  const std::string& text() const { return text_; }

 private:
  uint64_t Draw(Label label, uint64_t bound, uint64_t sub = 0) {
    return world_.choices().Draw({{label}, cause_.ordinal, sub}, bound);
  }

  std::vector<Link> OneLink(NodeId node) {
    std::vector<NodeId> others = members_;
    std::erase(others, node);
    const NodeId peer = others[Draw(kCutPeer, others.size())];
    text_ = Name(node) + " to " + Name(peer);
    return {{node, peer}};
  }

  std::vector<Link> Halves() {
    std::vector<NodeId> sides[2];
    for (size_t i = 0; i < members_.size(); ++i) {
      sides[Draw(kCutSide, 2, static_cast<uint32_t>(i + 1))].push_back(members_[i]);
    }
    std::vector<Link> links;
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
  const std::vector<NodeId> members_;
  std::string text_;
};

}  // namespace

// Clients that reach both sides show a split brain; clients that are cut off together with a
// server show that it is out of date. So each cut draws which it is, where there is a choice.
std::vector<NodeId> World::CutMembers(Label clients, uint64_t ordinal) {
  std::vector<NodeId> members;
  const auto add = [&](bool client) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].role_data().client == client) members.push_back(nodes_[i].self());
    }
  };
  add(false);
  if (scenario_.cuts.clients &&
      (members.size() < 2 || choices_.Draw({{clients}, ordinal}, 2) != 0)) {
    add(true);
  }
  return members;
}

Duration World::CutFor(Label label, uint64_t ordinal) {
  const CutModel& model = scenario_.cuts;
  return model.shortest +
         Share(model.longest - model.shortest, choices_.Draw({{label}, ordinal}, kQuantiles));
}

Spell World::Sever(Fault fault, const Address& cause, std::string text, std::vector<Link> links) {
  return {.partition = true,
          .number = cause.ordinal,
          .text = std::move(text),
          .undo =
              [this, fault, links] {
                for (const Link& link : links) network_->Cut(fault, link, -1);
              },
          .start =
              [this, fault, links] {
                for (const Link& link : links) network_->Cut(fault, link, 1);
              }};
}

void World::StrikeCut(Fault fault, const Address& cause) {
  Cutter cutter(*this, cause, CutMembers(kCutClients, cause.ordinal));
  const std::vector<Link> links = cutter.Links();
  if (links.empty()) return;
  const Duration lasts = CutFor(kCutFor, cause.ordinal);
  Begin(Sever(fault, cause, cutter.text(), links), lasts);
}

}  // namespace reprise
