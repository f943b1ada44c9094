// Every protocol we ship. To add one, add a file and a line in each of the two lists.

#pragma once

#include "sim/family.h"

namespace reprise {

// checkpointing/
Family ChandyLamport();
// durability/
Family WriteAheadLog();
// healing/
Family DijkstraRing();
// replication/
Family PrimaryBackup();
Family Raft();

inline Catalogue AllProtocols() {
  Catalogue all;
  all.Add(ChandyLamport());
  all.Add(DijkstraRing());
  all.Add(PrimaryBackup());
  all.Add(Raft());
  all.Add(WriteAheadLog());
  return all;
}

}  // namespace reprise
