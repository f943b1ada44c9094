// What libraft's servers say to one another, as plain structs in place of raft.h's, whose entries
// and snapshots are pointers. The fields are those of raft.h, in its order; addresses are left out,
// as a server's is its number.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/workloads/store.h"
#include "sim/time.h"

namespace reprise::libraft {

struct Entry {
  uint64_t term = 0;
  uint16_t type = 0;  // RAFT_COMMAND, RAFT_BARRIER or RAFT_CHANGE.
  std::string data;
};

struct Member {
  uint64_t id;
  uint8_t role;  // RAFT_STANDBY, RAFT_VOTER or RAFT_SPARE.
};

struct Snapshot {
  uint64_t index = 0, term = 0;  // Of the last entry that it replaces; 0 where there is none.
  std::vector<Member> members;   // The latest configuration up to there,
  uint64_t members_index = 0;    // and its entry's index.
  std::string data;
};

struct RequestVote {
  uint64_t term, candidate, last_index, last_term;
  bool disrupt_leader, pre_vote;
};
struct RequestVoteResult {
  uint64_t term;
  bool granted;
  uint8_t pre_vote;  // A raft_tribool.
};
struct AppendEntries {
  uint64_t term, previous_index, previous_term, commit;
  std::vector<Entry> entries;
};
struct AppendEntriesResult {
  uint64_t term, rejected, last_index;
};
struct InstallSnapshot {
  uint64_t term;
  Snapshot snapshot;
};
struct TimeoutNow {
  uint64_t term, last_index, last_term;
};

// The command of an entry of type RAFT_COMMAND.
struct Command {
  NodeId client;
  store::Request request;
};

// From an operator, to whoever leads.
struct TransferLeadership {
  NodeId to;
};
struct ChangeMembership {  // Who votes shall not, and who does not shall.
  NodeId server;
};

}  // namespace reprise::libraft
