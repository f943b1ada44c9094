// What strikes disks by slots of virtual time, and lasts.

#include "sim/world.h"

namespace reprise {
namespace {

const Label kFullFor = Label::Reserved("full-for");

}  // namespace

void World::StrikeFull(Fault fault, const Address& cause) {
  const NodeId id = cause.site.node;
  SimDisk* const disk = node(id).disk_if_used();
  if (disk == nullptr) return;
  const uint64_t quantile = choices_.Draw({{kFullFor, id}, cause.ordinal}, kQuantiles - 1);
  ++faults_[fault].applied;
  disk->Fill();
  Begin({.node = id,
         .number = cause.ordinal,
         .text = "full " + Name(id),
         .undo = [disk] { disk->Drain(); }},
        Share(scenario_.disks.full_most, quantile + 1));
}

}  // namespace reprise
