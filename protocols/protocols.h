// Every protocol we ship. To add one, add a file and a line in each of the two lists.

#pragma once

#include "sim/family.h"

namespace reprise {

// checkpointing/
Family ChandyLamport();
// dataflow/
Family BarrierSnapshots();
Family CheckpointRestart();
// durability/
Family ScrubbedStore();
Family WriteAheadLog();
// engines/, as far as their libraries were there when this was configured
Family Libraft();
Family Sqlite();
// healing/
Family DijkstraRing();
Family LeaseLock();
Family PhiAccrual();
// placement/
Family BlobStore();
Family BoundedRing();
// replication/
Family PrimaryBackup();
Family Raft();
Family SlidingWindow();

inline Catalogue AllProtocols() {
  Catalogue all;
  all.Add(BarrierSnapshots());
  all.Add(BlobStore());
  all.Add(BoundedRing());
  all.Add(ChandyLamport());
  all.Add(CheckpointRestart());
  all.Add(DijkstraRing());
  all.Add(LeaseLock());
#ifndef REPRISE_WITHOUT_LIBRAFT
  all.Add(Libraft());
#endif
  all.Add(PhiAccrual());
  all.Add(PrimaryBackup());
  all.Add(Raft());
  all.Add(ScrubbedStore());
  all.Add(SlidingWindow());
#ifndef REPRISE_WITHOUT_SQLITE
  all.Add(Sqlite());
#endif
  all.Add(WriteAheadLog());
  return all;
}

}  // namespace reprise
