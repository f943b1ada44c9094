// Every protocol we ship. To add one, add a file and a line in each of the two lists.

#pragma once

#include <string>

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
#ifdef REPRISE_LEVELDB
Family LevelDb();
#endif
Family Libraft();
#ifdef REPRISE_ROCKSDB
Family RocksDb();
#endif
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

// Why a family of an engine may be left out.
inline std::string Needs(const std::string& package) {
  return package + " was not installed when this was configured; install it, and configure again";
}
inline std::string NeedsProcesses(const std::string& package) {
  return "it needs simulated processes, which are on x86-64 Linux and without sanitizers only, "
         "and " +
         package + ", when this is configured";
}

inline Catalogue AllProtocols() {
  Catalogue all;
  all.Add(BarrierSnapshots());
  all.Add(BlobStore());
  all.Add(BoundedRing());
  all.Add(ChandyLamport());
  all.Add(CheckpointRestart());
  all.Add(DijkstraRing());
  all.Add(LeaseLock());
#ifdef REPRISE_LEVELDB
  all.Add(LevelDb());
#else
  all.LeaveOut("leveldb", NeedsProcesses("libleveldb-dev"));
#endif
#ifndef REPRISE_WITHOUT_LIBRAFT
  all.Add(Libraft());
#else
  all.LeaveOut("libraft", Needs("libraft-dev"));
#endif
  all.Add(PhiAccrual());
  all.Add(PrimaryBackup());
  all.Add(Raft());
#ifdef REPRISE_ROCKSDB
  all.Add(RocksDb());
#else
  all.LeaveOut("rocksdb", NeedsProcesses("librocksdb-dev"));
#endif
  all.Add(ScrubbedStore());
  all.Add(SlidingWindow());
#ifndef REPRISE_WITHOUT_SQLITE
  all.Add(Sqlite());
#else
  all.LeaveOut("sqlite", Needs("libsqlite3-dev"));
#endif
  all.Add(WriteAheadLog());
  return all;
}

}  // namespace reprise
