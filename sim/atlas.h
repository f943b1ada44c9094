// Which copies of stored data are good, over all mortal nodes' disks, so that damage leaves as many
// as the scenario promises (DiskModel::good_copies): a protocol can repair a copy from another one,
// and no protocol can repair the last.
//
// A copy of a sector is what a disk has stored under the same file name at the same place. So this
// presumes replicas that keep the same bytes in the same files; where each keeps files of its own,
// as with logs of different histories, promise nothing. By sector and not by file, since protocols
// that repair do so record by record or page by page, and since all but one of a group of large
// files would soon be damaged somewhere: by file, there would be next to no damage. What a crash
// left of a write that was never finished is no copy, and neither is what the node has removed.
//
// Where damage costs the protocol the whole node, for it does not know what else is lost, the
// promise is another one: how many disks are damaged at once (DiskModel::damaged_at_most).
//
// Nothing is kept here. Disks know their own damage, and are asked when some is about to strike.

#pragma once

#include <string_view>

#include "sim/disk_sim.h"

namespace reprise {

class World;

// Whether the copy of that sector on that disk may be damaged, by either promise.
bool MayDamageCopy(const World& world, const SimDisk& disk, std::string_view path, uint64_t sector);
// Whether all that this disk has may be lost: damage elsewhere may already count on it.
bool MayLoseCopies(const World& world, const SimDisk& disk);
// Whether the scenario bounds how many disks are damaged, and this node's is one of them.
bool IsDamaged(const World& world, NodeId node);

}  // namespace reprise
