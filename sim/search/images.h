// What a crash may leave on its node's disk, as departures under that crash.
//
// The disk draws (disk_sim.h), of each file with unsynced writes, one of the sizes that it had; of
// each sector in question, one of its versions; and of each directory entry that is not synced,
// whether it is lost. All combinations are legal. So the legal images of a crash are as many as the
// product of those draws' bounds, each counted as it is drawn: two may be equal in bytes. Whether
// the scenario tears writes at all does not matter, because disk.h promises no more to anybody.
//
// To know which draws there are, the crash is run once with each of them given more than it can be:
// what is given beyond a draw's bound counts as the most that it can be, and the run's departures
// say the bound. So no disk needs to tell anything that it would not tell otherwise.

#pragma once

#include <cstdint>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

struct CrashPoint {
  struct Piece {  // One draw of the disk's under the crash, in their order.
    bool entry = false;
    uint64_t bound = 0;
  };

  Address crash;         // "crash-at n1 #2.57".
  bool strikes = false;  // Not where the scenario's budget refuses a crash there.
  bool known = true;     // Not where looking killed the process.
  std::vector<Piece> pieces;
  uint64_t writes = 0;  // That were not synced, changes of names among them; 0 where not asked for.
  uint64_t looks = 0;   // How many runs it took to know all that.
};

// Runs what the departures say with a crash added there. How many writes there were is looked for
// where there are more legal images than that. REQUIRES: each crash-at among the departures
// strikes.
CrashPoint LookAt(const Scenario& scenario, const Departures& before, const Address& crash,
                  uint64_t images_at_most);

// How many images are legal. At most UINT64_MAX.
uint64_t LegalImages(const CrashPoint& point);

// The crash with each image that is to be tried, the one that keeps all first. All legal ones,
// where there are at most so many. Else a sample: the one that loses all; every prefix of what was
// written; every piece older than it need be, alone; and then pairs of those, in an order that the
// seed decides, until there are so many. Of a point that is not known: the one that keeps all, the
// one that loses all, and the oldest. Each list is sorted.
std::vector<Departures> ImagesOf(const CrashPoint& point, uint64_t images_at_most, uint64_t seed);

}  // namespace reprise
