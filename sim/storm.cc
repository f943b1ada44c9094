// The faults of a run that are drawn by slots of virtual time, before it begins. A slot's fault has
// its own moment, so that taking one away moves no other. Some strike and are done; others last for
// a *spell*, and end with the storm at the latest.

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/check.h"
#include "sim/slots.h"
#include "sim/world.h"

namespace reprise {
// The faults that are drawn by slots, in the order in which they are.
const World::Slotted World::kSlotted[] = {
    {Fault::kCut, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeCut},
    {Fault::kGroups, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeGroups},
    {Fault::kBridge, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeBridge},
    {Fault::kRing, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeRing},
    {Fault::kFlap, false, [](const Scenario& s) { return s.cuts.slot; }, &World::StrikeFlap},
    {Fault::kClog, false, [](const Scenario& s) { return s.clogs.slot; }, &World::StrikeClog},
    {Fault::kSwizzle, false, [](const Scenario& s) { return s.clogs.slot; }, &World::StrikeSwizzle},
    {Fault::kBlackhole, false, [](const Scenario& s) { return s.links.weather_slot; },
     &World::StrikeBlackhole},
    {Fault::kBandwidth, false, [](const Scenario& s) { return s.links.weather_slot; },
     &World::StrikeBandwidth},
    {Fault::kQueue, false, [](const Scenario& s) { return s.links.weather_slot; },
     &World::StrikeQueue},
    {Fault::kReset, false, [](const Scenario& s) { return s.links.weather_slot; },
     &World::StrikeReset},
    {Fault::kHalfOpen, false, [](const Scenario& s) { return s.links.weather_slot; },
     &World::StrikeReset},
    {Fault::kSeveral, false, [](const Scenario& s) { return s.crashes.slot; },
     &World::StrikeSeveral},
    {Fault::kZone, false, [](const Scenario& s) { return s.crashes.slot; }, &World::StrikeSeveral},
    {Fault::kRack, false, [](const Scenario& s) { return s.crashes.slot; }, &World::StrikeSeveral},
    {Fault::kCrash, true, [](const Scenario& s) { return s.crashes.slot; }, &World::StrikeCrash},
    {Fault::kChurn, true, [](const Scenario& s) { return s.crashes.slot; }, &World::StrikeChurn},
    {Fault::kPause, true, [](const Scenario& s) { return s.processes.slot; }, &World::StrikePause},
    {Fault::kSlow, true, [](const Scenario& s) { return s.processes.slot; }, &World::StrikeSlow},
    {Fault::kMemory, true, [](const Scenario& s) { return s.processes.slot; },
     &World::StrikeMemory},
    {Fault::kRot, true, [](const Scenario& s) { return s.disks.rot_slot; }, &World::StrikeRot},
    {Fault::kFull, true, [](const Scenario& s) { return s.disks.full_slot; }, &World::StrikeFull},
    {Fault::kJump, true, [](const Scenario& s) { return s.clocks.jump_slot; }, &World::StrikeJump},
    {Fault::kFreeze, true, [](const Scenario& s) { return s.clocks.jump_slot; },
     &World::StrikeFreeze},
};

std::optional<Duration> SlotOf(const Scenario& scenario, Fault fault) {
  for (const World::Slotted& slotted : World::kSlotted) {
    if (slotted.fault == fault) return slotted.slot(scenario);
  }
  return std::nullopt;
}

Address DetailsOf(Fault fault, const Address& cause) {
  constexpr Fault kKinds[] = {Fault::kCrash, Fault::kSeveral, Fault::kZone, Fault::kRack,
                              Fault::kChurn};
  const auto kind = std::ranges::find(kKinds, fault);
  Address details = cause;
  if (kind != std::end(kKinds)) {
    details.ordinal += static_cast<uint64_t>(kind - kKinds) * 1'000'000;
  }
  return details;
}

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
  if (spell.start != nullptr) std::exchange(spell.start, nullptr)();
  Note(spell.partition ? Event::Kind::kCut : Event::Kind::kStrike, spell.node, kNobody,
       spell.number, nullptr, spell.text);
  Push(now_ + lasts.count(), What::kOver, static_cast<uint32_t>(spells_.size()));
  spells_.push_back(std::move(spell));
}

void World::BeginLater(Duration wait, Spell spell) {
  CHECK(spell.start != nullptr);
  Push(now_ + wait.count(), What::kOver, static_cast<uint32_t>(spells_.size()));
  spells_.push_back(std::move(spell));
}

void World::Turn(uint32_t index) {
  Spell& spell = spells_[index];
  if (spell.start == nullptr) {
    End(spell);
  } else if (storm_) {
    std::exchange(spell.start, nullptr)();
    Note(spell.partition ? Event::Kind::kCut : Event::Kind::kStrike, spell.node, kNobody,
         spell.number, nullptr, spell.text);
    Push(now_ + spell.lasts.count(), What::kOver, index);
  }
}

void World::End(Spell& spell) {
  // It has ended already, with the storm, or it never began.
  if (spell.undo == nullptr || spell.start != nullptr) return;
  std::exchange(spell.undo, nullptr)();
  Note(spell.partition ? Event::Kind::kHeal : Event::Kind::kOver, spell.node, kNobody, spell.number,
       nullptr, spell.text);
}

// What was held is released into a network that is whole again.
void World::EndSpells() {
  for (const bool partition : {true, false}) {
    for (Spell& spell : spells_) {
      if (spell.partition == partition) End(spell);
    }
  }
}

}  // namespace reprise
