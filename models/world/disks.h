// How disks behave, from honest to hopeless. Set `good_copies` to what the protocol can repair.

#pragma once

#include "sim/scenario.h"

namespace reprise::models {

// Takes its time, and a crash loses nothing, synced or not.
inline DiskModel HonestDisk() { return {}; }

// Keeps its promises and no more, which is what every program should stand: a crash loses what was
// not synced, in any way, and a sync may be slow.
inline DiskModel CrashingDisk() {
  return {.slow_sync = OneIn(20), .unsynced = OneIn(3), .torn = OneIn(3), .entries = OneIn(8)};
}

// Keeps what it has, and fails in the open: syncs, reads and writes return errors, or take long.
inline DiskModel FailingDisk() {
  DiskModel model = CrashingDisk();
  model.hung = OneIn(500);
  model.sync_fail = OneIn(50);
  model.read_fail = OneIn(200);
  model.full = OneIn(20);
  return model;
}

// Damages what is stored, one sector at a time and without a word, but for so many good copies.
inline DiskModel RottingDisk(int good_copies) {
  DiskModel model = CrashingDisk();
  model.read_fail = OneIn(200);
  model.misread = OneIn(200);
  model.miswrite = OneIn(200);
  model.lost_write = OneIn(200);
  model.rot = OneIn(8);
  model.good_copies = good_copies;
  return model;
}

// All that a disk can do. No protocol survives it without others that have copies, and few do then.
inline DiskModel StormyDisk(int good_copies = 0) {
  DiskModel model = RottingDisk(good_copies);
  model.hung = OneIn(200);
  model.sync_fail = OneIn(50);
  model.sync_lie = OneIn(50);
  model.rollback = OneIn(20);
  model.swap = OneIn(4);
  model.full = OneIn(20);
  return model;
}

}  // namespace reprise::models
