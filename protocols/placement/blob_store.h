// Messages, configurations and decisions of the self-healing blob store; its story is told in
// blob_store.cc.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocols/healing/phi_detector.h"
#include "protocols/placement/hash_ring.h"
#include "sim/env.h"

namespace reprise::blobs {

inline constexpr size_t kCopies = 3;  // N: of each blob.
inline constexpr size_t kWrites = 2;  // W: so many have stored it when a write is done.
inline constexpr size_t kReads = 2;   // R: so many are asked; R + W > N.

// A disk in a node: a node whose disk is lost comes back as another member. Disks are named by the
// boot of the node in which they were set up.
struct Member {
  NodeId node = kNobody;
  uint64_t disk = 0;
  friend auto operator<=>(const Member&, const Member&) = default;
};

// Who holds what, as of one epoch. While members change there are two sets: those that were relied
// upon so far, and those that will be once they hold everything. Otherwise they are equal.
struct Config {
  uint64_t epoch = 0;
  std::vector<Member> before, now;
  bool Settled() const { return before == now; }
};

// clang-format off
struct Held { uint64_t blob, version; bool good; };          // One copy; bad, where it is damaged.

// The metadata service.
struct Beat {                                                // I am alive,
  healing::Heartbeat beat;
  uint64_t disk;                                             // with this disk,
  uint64_t complete;                                         // which holds what it should as of
  uint64_t copies, first;                                    // this epoch; so many, and of so many
};                                                           // the first of its list.
struct WhatConfig {};
struct ConfigIs { uint64_t boot; Config config; };           // In answer to that boot's heartbeat.

// Clients and stores. Whatever carries an older epoch than a store knows is refused.
struct Ask { uint64_t round, epoch, blob; };                 // What do you hold?
struct Have {
  uint64_t round, disk, version;                             // 0: nothing.
  std::optional<std::string> bytes;                          // Where they are what they should be.
};
struct Put { uint64_t round, epoch, blob, version; std::string bytes; };
struct Kept { uint64_t round, disk; };                       // It, or a newer one, is on my disk.
struct Refused { uint64_t round; };                          // You live in the past.

// Stores among each other.
struct List { uint64_t round, epoch; };                      // What do you hold of everything?
struct Listed { uint64_t round, epoch, disk; std::vector<Held> held; };
struct Confirm { uint64_t round, epoch, blob, version; };     // Look: is it on your disk, or newer?
struct Confirmed { uint64_t round, epoch, disk; };           // It is, and verified.
struct Fetch { uint64_t blob, version; };                    // Give me that one.
struct Fetched { uint64_t blob, version; std::string bytes; };

// The operator, who watches from outside.
struct Inspect { uint64_t round; };
struct Inspected { uint64_t round; std::vector<Held> held; };  // As read from disk just now.

// Facts. What clients ask for and get, for whoever measures:
struct Operation { bool writes; };                           // Or reads.
struct Result { uint64_t version; };                         // That was written or read.
struct Settled { uint64_t epoch, members; };                 // A new set of members is relied upon.
struct Copied { uint64_t blob, version; };                   // Fetched, from a verified copy.
struct FoundBad { uint64_t blob, version; };
struct Trimmed { uint64_t blob, version; };
struct Leaving { NodeId node; };                             // Decommissioned, and in good health.
struct Replicated { uint64_t zones, bad; };                  // In how many zones, at least, good
// clang-format on                                           // copies are; how many are bad.

// What a node is to the metadata service.
enum class Standing { kMember, kLeaving, kSilent };

// Where the store decides. Each is a pure function, and these are the right ones.
struct Decisions {
  placement::RingDecisions ring;
  healing::PhiDecisions phi;
  // Whether other stores are given what is on the disk.
  bool (*MayGive)(bool) = [](bool verified) { return verified; };
  // Of versions that a store holds of one blob, which one is kept when the others are removed.
  uint64_t (*Keeps)(const std::set<uint64_t>&) = [](const std::set<uint64_t>& versions) {
    return *versions.rbegin();
  };
  // Whether a store removes a copy that is not its business any more, where all of the list are
  // known to have that version or a newer one, and where so many others have any.
  bool (*MayTrim)(bool list_has_it, size_t others) = [](bool list_has_it, size_t) {
    return list_has_it;
  };
  // Whether a copy counts as one of the N where it is on a node that is not in the blob's list.
  bool (*CountsElsewhere)() = [] { return false; };
  // Whether a store answers for a write that it began in one epoch when it is in another. What it
  // has told of in the later one was without that write, and others rely on it.
  bool (*MayAcknowledge)(uint64_t begun, uint64_t now) = [](uint64_t begun, uint64_t now) {
    return begun == now;
  };
  // Whether a fetch that fails counts against the round of repair that is under way by then.
  bool (*CountsLateFailure)() = [] { return true; };
  // How long a store waits after each copy that it has fetched.
  Duration (*Pause)(Duration throttle) = [](Duration throttle) { return throttle; };
};

struct Plan {
  uint64_t blobs = 16;
  uint32_t zones = 3;
  uint64_t vnodes = 16;
  Duration throttle = 20ms;  // Between the copies that one stream fetches.
  int streams = 1;           // Of copies fetched side by side, by each store.
  Duration scrub = 800ms;    // The period in which each copy is looked at once.
  Duration leave = 1s;       // Each so long the operator may decommission a node,
  Duration away = 1500ms;    // for so long at least.
  Duration slot = 100ms;     // Of each client, for one operation.
  Duration last = 4s;        // When the last slot begins, and the last node leaves.
  Duration finale = 5s;      // When every blob is read.
};

// Stores are dealt out over the zones in turn, as CrashModel::placement has it.
inline uint32_t ZoneOf(NodeId store, uint32_t zones) { return (Index(store) - 1) % zones; }

// Whether these stand in so many zones that each list has its copies in as many.
inline bool Spread(const std::vector<Member>& members, uint32_t zones) {
  std::set<uint32_t> there;
  for (const Member& member : members) there.insert(ZoneOf(member.node, zones));
  return there.size() >= kCopies;
}

// Whether those of `members` that are not among `present` are one of each list at most: one store,
// or, where lists are spread, stores of one zone. Then whatever W of a list have, one of `present`
// has.
bool MeetEachQuorum(const std::vector<Member>& members, const std::set<Member>& present,
                    uint32_t zones);

// The list of a blob among these members: the first N of the ring, each in another node, and in
// another zone as far as there are so many.
class Placement {
 public:
  Placement(const Plan& plan, const Decisions& decide)
      : blobs_(plan.blobs), zones_(plan.zones), ring_(plan.vnodes, decide.ring) {}

  void Reset(const std::vector<Member>& members);
  // REQUIRES: it was Reset.
  const std::vector<Member>& ListOf(uint64_t blob) const { return lists_[blob % blobs_]; }
  bool Lists(const Member& member, uint64_t blob) const {
    return std::ranges::count(ListOf(blob), member) > 0;
  }

 private:
  uint64_t blobs_;
  uint32_t zones_;
  placement::HashRing ring_;
  std::vector<std::vector<Member>> lists_;  // By blob.
};

// Both lists of a blob, and what quorums of them are. Answers of a disk that is not the one listed
// count for nothing.
struct Lists {
  std::vector<Member> before, now;

  // A set of members in which each list has a quorum of that many.
  static size_t Among(const std::vector<Member>& list, const std::set<Member>& members) {
    // Entries, and not members: who is twice in a list answers for both.
    return static_cast<size_t>(
        std::ranges::count_if(list, [&](const Member& m) { return members.contains(m); }));
  }
  bool Read(const std::set<Member>& members) const { return Among(before, members) >= kReads; }
  bool Written(const std::set<Member>& members) const {
    return Among(before, members) >= kWrites && Among(now, members) >= kWrites;
  }
};

NodeMain Metadata(Plan plan, Decisions decide);
NodeMain Store(Plan plan, Decisions decide);
NodeMain Client(Plan plan, Decisions decide);
// Has all stores look at their disks again and again, from `after` on, and reports Replicated.
NodeMain Inspector(Duration after, uint32_t zones);

}  // namespace reprise::blobs
