// Messages and decisions of the scrubbed store; what it does is in scrubbed_store.cc.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocols/durability/checked_blocks.h"
#include "protocols/durability/crash_quorum.h"

namespace reprise::scrubbed {

// clang-format off
// A client and a replica.
struct Ask { uint64_t round, block; bool bytes; };           // What do you hold?
struct Have {                                                // This version; without bytes where
  uint64_t round, version;                                   // they were not asked for, or do not
  std::optional<std::string> bytes;                          // match their checksum.
  CrashVector boots;
};
struct Put { uint64_t round, block, version; std::string bytes; };  // Keep this.
struct Stored { uint64_t round; CrashVector boots; };        // That, or a newer one, is on my disk.
struct Inspect {};                                           // Look at all of your disk.

// Replicas.
struct Recover { uint64_t boot; };                           // I have restarted.
struct Versions {                                            // What I hold, and whom I know.
  uint64_t boot;
  std::vector<uint64_t> versions;
  CrashVector boots, live;
};
struct Live { uint64_t boot; };                              // I have caught up.
struct Fetch { uint64_t block, least; };                     // Mine is bad, or too old.
struct Fetched { uint64_t block, version; std::string bytes; };

// Facts.
struct FoundDisk { bool anything, mine; uint64_t bad; };     // Whose, and how many bad blocks.
struct FoundBad { uint64_t block; };
struct Repaired { uint64_t block, version; };
struct Inspected { uint64_t bad; };                          // So many blocks or entries.
// clang-format on

// Compare and swap: whether a version that arrives takes the place of the one that is there.
inline bool IsBetter(uint64_t there, uint64_t arrives, bool bad) {
  return arrives > there || (bad && arrives == there);
}

// Where the protocol decides.
struct Decisions {
  // What the checksum of a block is over.
  CheckedBlocks::Sum Sum = BlockSum;
  // Whether a replica that has restarted takes what it finds on its disk for all that it had.
  bool (*TrustsDisk)(const CheckedBlocks::Found&) = [](const CheckedBlocks::Found&) {
    return false;
  };
  // Whether a client may be given the bytes, and another replica may.
  bool (*MayAnswer)(bool) = [](bool verified) { return verified; };
  bool (*MayGive)(bool) = [](bool verified) { return verified; };
  // Whether the scrubber reads the disk also where the block is in the cache.
  bool (*ScrubReadsMedium)() = [] { return true; };
  // Whether what was fetched takes the place of what is there.
  bool (*MayRepair)(uint64_t, uint64_t, bool) = IsBetter;
  CountsAnswerRule CountsAnswer = IsCrashConsistent;
  // Whether a reader has a quorum hold what it gives.
  bool (*ReadWritesBack)() = [] { return true; };
};

struct Plan {
  uint64_t blocks = 4;
  Duration scrub = 800ms;  // The period S, in which each block is looked at once.
  Duration slot = 100ms;   // Of each client, for one operation.
  Duration last = 4s;      // When the last slot begins.
  Duration finale = 5s;    // When every block is read.
};

// Of n replicas so many are a quorum: any two of them share a replica.
constexpr size_t QuorumOf(size_t n) { return n / 2 + 1; }

NodeMain Replica(Plan plan, Decisions decide);
// Reads and writes, and reports it in the words of models/spec/intact.h; and Progress
// (models/spec/converges.h) when all blocks were read at the end.
NodeMain Client(Plan plan, Decisions decide);

}  // namespace reprise::scrubbed
