// The faults of a run that are drawn by slots of virtual time, before it begins. A slot's fault has
// its own moment, so that taking one away moves no other. Some strike and are done; others last for
// a *spell*, and end with the storm at the latest.

#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {

// The faults that are drawn by slots, in the order in which they are.
const World::Slotted World::kSlotted[] = {
    {Fault::kCut, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeCut},
    {Fault::kCrash, true, [](const Scenario& s) { return s.crashes.slot; }, &World::StrikeCrash},
    {Fault::kRot, true, [](const Scenario& s) { return s.disks.rot_slot; }, &World::StrikeRot},
    {Fault::kFull, true, [](const Scenario& s) { return s.disks.full_slot; }, &World::StrikeFull},
    {Fault::kJump, true, [](const Scenario& s) { return s.clocks.jump_slot; }, &World::StrikeJump},
};

void World::PlanSlots(const Slotted& slotted, NodeId node) {
  if (!on(slotted.fault)) return;
  const Duration slot = slotted.slot(scenario_);
  CHECK(slot > Duration(0));
  const auto slots = static_cast<uint64_t>(scenario_.storm / slot);
  for (uint64_t k = 1; k <= slots; ++k) {
    // The value is the moment in the slot.
    const uint64_t value = Strike(slotted.fault, node, kNobody, k, 0, kQuantiles);
    if (value == 0) continue;
    const Duration at = slot * static_cast<int64_t>(k - 1) + Share(slot, value);
    Push(at.count(), What::kPlanned, static_cast<uint32_t>(planned_.size()));
    planned_.push_back({&slotted, {{LabelOf(slotted.fault), node}, k}});
  }
}

void World::PlanStorm() {
  for (const Slotted& slotted : kSlotted) {
    if (!slotted.each_node) PlanSlots(slotted, kNobody);
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].mortal()) continue;
    for (const Slotted& slotted : kSlotted) {
      if (slotted.each_node) PlanSlots(slotted, nodes_[i].self());
    }
  }
}

void World::StrikePlanned(const Planned& planned) {
  (this->*planned.slotted->strike)(planned.slotted->fault, planned.address);
}

void World::Begin(Spell spell, Duration lasts) {
  Note(spell.partition ? Event::Kind::kCut : Event::Kind::kStrike, spell.node, kNobody,
       spell.number, nullptr, spell.text);
  Push(now_ + lasts.count(), What::kOver, static_cast<uint32_t>(spells_.size()));
  spells_.push_back(std::move(spell));
}

void World::End(Spell& spell) {
  if (spell.undo == nullptr) return;  // It has ended already, with the storm.
  std::exchange(spell.undo, nullptr)();
  Note(spell.partition ? Event::Kind::kHeal : Event::Kind::kOver, spell.node, kNobody, spell.number,
       nullptr, spell.text);
}

void World::BeginCalm() {
  storm_ = false;
  for (Spell& spell : spells_) End(spell);
  Note(Event::Kind::kCalm, kNobody);
}

}  // namespace reprise
