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
Family WriteAheadLog();
// healing/
Family DijkstraRing();
// replication/
Family PrimaryBackup();

inline Catalogue AllProtocols() {
  Catalogue all;
  all.Add(BarrierSnapshots());
  all.Add(ChandyLamport());
  all.Add(CheckpointRestart());
  all.Add(DijkstraRing());
  all.Add(PrimaryBackup());
  all.Add(WriteAheadLog());
  return all;
}

}  // namespace reprise
