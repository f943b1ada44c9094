// The faults of a run that are drawn by slots of virtual time, before it begins: crashes,
// partitions, bits that rot, clocks that jump. A slot's fault has its own moment, so that taking
// one away moves no other.

#include <algorithm>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kCutHow = Label::Reserved("cut-how");
const Label kCutClients = Label::Reserved("cut-clients");
const Label kCutNode = Label::Reserved("cut-node");
const Label kCutPeer = Label::Reserved("cut-peer");
const Label kCutSide = Label::Reserved("cut-side");
const Label kCutFor = Label::Reserved("cut-for");
const Label kJumpBy = Label::Reserved("jump-by");

// How a network can fall apart. The first is the simplest.
enum CutHow : uint64_t { kIsolate, kDeaf, kMute, kOneLink, kHalves, kCutHows };

int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) * ((value & 1) != 0 ? -1 : 1);
}

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

void World::SetClocks() {
  const ClockModel& model = scenario_.clocks;
  CHECK(!on(Fault::kDrift) || (model.drift_ppm_most > 0 && model.drift_ppm_most <= 500'000));
  for (size_t i = 0; i < nodes_.size(); ++i) {
    SimNode& node = nodes_[i];
    if (!node.mortal()) continue;
    const uint64_t offset = Strike(Fault::kOffset, node.self(), kNobody, 1, 0, kQuantiles);
    const auto most = static_cast<uint64_t>(model.drift_ppm_most);
    const uint64_t drift = Strike(Fault::kDrift, node.self(), kNobody, 1, 0, 2 * most + 1);
    const int64_t ns = Share(model.offset_most, offset).count();
    // 1 and 2 are the slightest drifts, one each way.
    const int64_t ppm = drift == 0 ? 0 : Unzigzag(drift + 1);
    node.clock().Set(ns, ppm);
    if (offset != 0) ++faults_[Fault::kOffset].applied;
    if (drift != 0) ++faults_[Fault::kDrift].applied;
    if (offset != 0 || drift != 0) Note(Event::Kind::kClock, node.self(), kNobody, offset);
  }
}

void World::PlanSlots(Fault fault, NodeId node, Duration slot) {
  if (!on(fault)) return;
  CHECK(slot > Duration(0));
  const auto slots = static_cast<uint64_t>(scenario_.storm / slot);
  for (uint64_t k = 1; k <= slots; ++k) {
    // The value is the moment in the slot.
    const uint64_t value = Strike(fault, node, kNobody, k, 0, kQuantiles);
    if (value == 0) continue;
    const Duration at = slot * static_cast<int64_t>(k - 1) + Share(slot, value);
    Push(at.count(), What::kPlanned, static_cast<uint32_t>(planned_.size()));
    planned_.push_back({fault, {{LabelOf(fault), node}, k}});
  }
}

void World::PlanStorm() {
  PlanSlots(Fault::kCut, kNobody, scenario_.cuts.slot);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    SimNode& node = nodes_[i];
    if (!node.mortal()) continue;
    PlanSlots(Fault::kCrash, node.self(), scenario_.crashes.slot);
    PlanSlots(Fault::kRot, node.self(), scenario_.disks.rot_slot);
    PlanSlots(Fault::kJump, node.self(), scenario_.clocks.jump_slot);
  }
}

void World::StrikePlanned(const Planned& planned) {
  const NodeId id = planned.address.site.node;
  switch (planned.fault) {
    case Fault::kCut: BeginCut(planned.address); break;
    case Fault::kCrash:
      if (node(id).up() && MayCrash(id)) node(id).Crash(planned.address);
      break;
    case Fault::kRot:
      if (SimDisk* disk = node(id).disk_if_used()) disk->Rot(planned.address);
      break;
    case Fault::kJump: {
      const Address by{{kJumpBy, id}, planned.address.ordinal};
      const uint64_t quantile = choices_.Draw(by, 2 * (kQuantiles - 1));
      const Duration size = Share(scenario_.clocks.jump_most, quantile / 2 + 1);
      node(id).clock().Step((quantile % 2 == 0 ? size : -size).count());
      ++faults_[Fault::kJump].applied;
      Note(Event::Kind::kClock, id, kNobody, quantile);
      break;
    }
    default: CHECK(false);
  }
}

void World::BeginCut(const Address& cause) {
  Cutter cutter(*this, cause);
  Partition cut{cause.ordinal, cutter.Links(), cutter.text()};
  if (cut.links.empty()) return;
  for (const Severed& link : cut.links) network_->Cut(link.from, link.to, 1);
  Note(Event::Kind::kCut, kNobody, kNobody, cut.number, nullptr, cut.text);
  Push(now_ + cutter.For().count(), What::kHeal, static_cast<uint32_t>(partitions_.size()));
  partitions_.push_back(std::move(cut));
}

void World::EndCut(Partition& cut) {
  if (cut.links.empty()) return;  // Healed already, by the calm.
  for (const Severed& link : cut.links) network_->Cut(link.from, link.to, -1);
  cut.links.clear();
  Note(Event::Kind::kHeal, kNobody, kNobody, cut.number, nullptr, cut.text);
}

void World::BeginCalm() {
  storm_ = false;
  for (Partition& cut : partitions_) EndCut(cut);
  Note(Event::Kind::kCalm, kNobody);
}

}  // namespace reprise
