// What the primary-backup protocol decides, and what its mutants decide otherwise. The protocol is
// in primary_backup.cc.

#pragma once

#include <cstdint>
#include <vector>

#include "sim/family.h"
#include "sim/holders.h"

namespace reprise::primary_backup {

using Member = Holder;  // A server in one of its lives. Its next life is another member.

struct View {
  uint64_t number = 0;
  Member primary, backup;  // Of nobody, where there is none.
};

struct Clocks {
  Time monotonic, wall;
};

// Where the protocol decides.
struct Decisions {
  // View service: whether a view with another primary may follow, or only with another backup.
  bool (*MayAdvanceView)(bool, bool) = [](bool acknowledged, bool same_primary) {
    return acknowledged || same_primary;
  };
  // View service: whether that server, which is alive, may take over from the dead primary.
  bool (*MayPromote)(const View&, const Member&) = [](const View& view, const Member& server) {
    return view.number == 0 || server == view.backup;
  };
  bool (*AnswersBeforeBackupAck)() = [] { return false; };
  // Server: whether the view that it hears of takes the place of its own.
  bool (*Adopts)(uint64_t, uint64_t) = [](uint64_t heard, uint64_t mine) { return heard > mine; };
  bool (*AcceptsForwarded)(uint64_t, uint64_t) = [](uint64_t mine, uint64_t tagged) {
    return mine == tagged;
  };
  bool (*LeaseValid)(const Clocks&, const Clocks&) = [](const Clocks& now, const Clocks& until) {
    return now.monotonic < until.monotonic;
  };
};

const std::vector<Mutant<Decisions>>& Mutants();

}  // namespace reprise::primary_backup
