// What follows the storm: nothing new goes wrong, and what was wrong heals, or part of it, or
// nothing. Which of the scenario's calms a run has is a draw.

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/atlas.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kCalmHow = Label::Reserved("calm-how");
const Label kCalmOut = Label::Reserved("calm-out");

}  // namespace

void World::BeginCalm() {
  storm_ = false;
  std::vector<std::pair<Calm, Duration>> calms = {{Calm::kHeal, scenario_.calm}};
  if (scenario_.calms.core.count() != 0) calms.emplace_back(Calm::kCore, scenario_.calms.core);
  if (scenario_.calms.quiesce.count() != 0) {
    calms.emplace_back(Calm::kQuiesce, scenario_.calms.quiesce);
  }
  const uint64_t how = calms.size() == 1 ? 0 : choices_.Draw({{kCalmHow}, 1}, calms.size());
  const auto& [calm, lasts] = calms[how];
  end_ = (scenario_.storm + lasts).count();
  if (calm != Calm::kQuiesce) EndSpells();
  Note(Event::Kind::kCalm, kNobody, kNobody, static_cast<uint64_t>(calm));
  if (calm == Calm::kCore) LeaveOut();
}

// So many mortal nodes as the protocol claims to do without are gone from now on: those whose disks
// are damaged, where that costs it the node, and others stand still: those that are down, or else
// random ones, but nobody whom MayCrash protects.
void World::LeaveOut() {
  std::vector<NodeId> mortal = MortalIn(-1, -1);
  const auto damaged = std::erase_if(mortal, [&](NodeId id) { return IsDamaged(*this, id); });
  const auto without = static_cast<size_t>(std::max(0, scenario_.crashes.down_at_most));
  const size_t most = without - std::min(without, damaged);
  std::vector<NodeId> out;
  for (NodeId id : mortal) {
    if (!node(id).up() && out.size() < most) out.push_back(id);
  }
  std::erase_if(mortal, [&](NodeId id) { return !node(id).up(); });
  for (uint64_t k = 1; out.size() < most && !mortal.empty(); ++k) {
    const uint64_t which = choices_.Draw({{kCalmOut}, k}, mortal.size());
    const NodeId id = mortal[which];
    std::erase(mortal, id);
    if (!MayCrash(id)) continue;
    out.push_back(id);
    CountDown(1);
  }
  for (NodeId id : out) {
    node(id).hold().left_out = true;
    CountHeld(1);
    Note(Event::Kind::kLeftOut, id);
  }
}

}  // namespace reprise
