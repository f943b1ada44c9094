// What Raft servers say to one another, and what their logs are made of.
//
// Fields are in the order of Figure 2 and Figure 13 of the paper. Two were added to each request
// and are echoed in its reply, so that a reply is matched to what it answers: `session`, which
// numbers the leader's dealings with one server, afresh when that server joins again; and `round`,
// which numbers the leader's heartbeats, for reads and leases.

#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "protocols/workloads/store.h"
#include "sim/time.h"

namespace reprise::raft {

// A set of servers, one bit for each. REQUIRES: their numbers are below 64.
struct ServerSet {
  uint64_t bits = 0;

  static ServerSet Of(NodeId server) { return {uint64_t{1} << Index(server)}; }
  bool Has(NodeId server) const { return (bits & Of(server).bits) != 0; }
  void Add(NodeId server) { bits |= Of(server).bits; }
  int Count() const { return std::popcount(bits); }
  bool empty() const { return bits == 0; }
  template <class F>
  void ForEach(F visit) const {
    for (uint64_t rest = bits; rest != 0; rest &= rest - 1) {
      visit(NodeId{static_cast<uint32_t>(std::countr_zero(rest))});
    }
  }
  friend ServerSet operator|(ServerSet a, ServerSet b) { return {a.bits | b.bits}; }
  friend ServerSet operator&(ServerSet a, ServerSet b) { return {a.bits & b.bits}; }
  friend ServerSet operator^(ServerSet a, ServerSet b) { return {a.bits ^ b.bits}; }
  friend ServerSet operator-(ServerSet a, ServerSet b) { return {a.bits & ~b.bits}; }
  friend bool operator==(ServerSet, ServerSet) = default;
};

// Who votes. While a change by joint consensus is under way, `old_voters` are C_old and `voters`
// are C_new; else there are no old ones.
struct Configuration {
  ServerSet voters, old_voters;

  bool joint() const { return !old_voters.empty(); }
  ServerSet all() const { return voters | old_voters; }
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

enum class EntryKind : uint8_t { kNoOp, kCommand, kConfiguration };

struct Entry {
  uint64_t term = 0;
  EntryKind kind = EntryKind::kNoOp;
  NodeId client = kNobody;           // Of kCommand,
  store::Request request = {};       // with its session's sequence number.
  Configuration configuration = {};  // Of kConfiguration.
};

// Where an entry stands.
struct Position {
  uint64_t index = 0, term = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

struct RequestVote {
  uint64_t term;
  Position last;     // Of the candidate's log.
  bool transferred;  // The leader has asked for this election (dissertation, 3.10).
};
struct Vote {
  uint64_t term;
  bool granted;
};

struct RequestPreVote {  // Dissertation, 9.6: would you vote for me in that term?
  uint64_t term;
  Position last;
};
struct PreVote {
  uint64_t term;   // Of the voter.
  uint64_t asked;  // The term that was asked about.
  bool granted;
};

struct AppendEntries {
  uint64_t term;
  Position previous;
  std::vector<Entry> entries;
  uint64_t commit;
  uint64_t session, round;
};
struct Appended {
  uint64_t term;
  bool success;
  // With success, the last entry known to be the leader's; without, where the leader should go on.
  uint64_t index;
  uint64_t session, round;
};

struct InstallSnapshot {
  uint64_t term;
  Position last;  // What the snapshot replaces, up to and with this.
  uint64_t offset;
  std::string data;
  bool done;  // This is the last of it.
  uint64_t session, round;
};
struct SnapshotReceived {
  uint64_t term;
  Position last;      // Of which snapshot,
  uint64_t received;  // so many bytes;
  bool installed;     // or all of it, and it is durable.
  uint64_t session, round;
};

struct TimeoutNow {  // Leader: begin an election at once (dissertation, 3.10).
  uint64_t term;
};

// From an operator, to whoever leads.
struct TransferLeadership {
  NodeId to;
};
struct ChangeMembership {  // Those that vote shall not, and those that do not shall.
  ServerSet toggled;
};

}  // namespace reprise::raft
