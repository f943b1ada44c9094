#include "sim/atlas.h"

#include "sim/world.h"

namespace reprise {
namespace {

// Of all disks but that one.
int GoodCopies(const World& world, const SimDisk& but, std::string_view path, uint64_t sector) {
  int good = 0;
  for (uint32_t i = 1; i <= world.nodes(); ++i) {
    SimNode& node = world.node(NodeId{i});
    const SimDisk* disk = node.disk_if_used();
    if (!node.mortal() || disk == nullptr || disk == &but) continue;
    good += disk->CopyOf(path, sector) == SimDisk::Copy::kGood ? 1 : 0;
  }
  return good;
}

// Whether that disk is one of those that are damaged, or may become one.
bool MayDamageDisk(const World& world, const SimDisk& disk) {
  const int most = world.scenario().disks.damaged_at_most;
  if (most == 0) return true;
  int damaged = 0;
  for (uint32_t i = 1; i <= world.nodes(); ++i) {
    const SimDisk* other = world.node(NodeId{i}).disk_if_used();
    damaged += other != nullptr && other != &disk && other->IsDamaged() ? 1 : 0;
  }
  return damaged < most;
}

}  // namespace

bool IsDamaged(const World& world, NodeId node) {
  const SimDisk* disk = world.node(node).disk_if_used();
  return world.scenario().disks.damaged_at_most != 0 && disk != nullptr && disk->IsDamaged();
}

bool MayDamageCopy(const World& world, const SimDisk& disk, std::string_view path,
                   uint64_t sector) {
  if (!MayDamageDisk(world, disk)) return false;
  const int promised = world.scenario().disks.good_copies;
  return promised == 0 || disk.CopyOf(path, sector) == SimDisk::Copy::kDamaged ||
         GoodCopies(world, disk, path, sector) >= promised;
}

bool MayLoseCopies(const World& world, const SimDisk& disk) {
  const int promised = world.scenario().disks.good_copies;
  if (promised == 0) return true;
  for (uint32_t i = 1; i <= world.nodes(); ++i) {
    SimNode& node = world.node(NodeId{i});
    const SimDisk* other = node.disk_if_used();
    if (!node.mortal() || other == nullptr || other == &disk) continue;
    for (const auto& [path, sector] : other->Damaged()) {
      if (disk.CopyOf(path, sector) == SimDisk::Copy::kGood &&
          GoodCopies(world, disk, path, sector) < promised) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace reprise
