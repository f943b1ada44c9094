#include "sim/faults.h"

#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {
namespace {

// The rate of a fault, by where the scenario has it.
#define RATE(member) [](const Scenario& s) { return s.member; }

constexpr FaultInfo kInfo[kFaults] = {
    {"drop", "network", "a message is lost", RATE(links.drop)},
    {"duplicate", "network", "a message arrives twice, the second time later",
     RATE(links.duplicate)},
    {"late", "network", "a message takes longer, and may be overtaken", RATE(links.late)},
    {"corrupt", "network", "a bit of a message flips", RATE(links.corrupt)},
    {"truncate", "network", "the end of a message is missing", RATE(links.truncate)},
    {"stale", "network", "a copy of a message arrives after its receiver has restarted",
     RATE(links.stale)},
    {"burst", "network", "one direction of a link loses much for a while", RATE(links.burst)},
    {"blackhole", "network", "one type of message to a node vanishes for a while",
     RATE(links.blackhole)},
    {"bandwidth", "network", "a link carries few bytes a second for a while",
     RATE(links.bandwidth)},
    {"queue", "network", "a link holds few messages for a while, and drops the others",
     RATE(links.queue)},
    {"reset", "network", "a connection breaks, and both ends are told", RATE(links.reset)},
    {"half-open", "network", "a connection breaks, and only one end is told",
     RATE(links.half_open)},
    {"cut", "network", "a partition: one node off, two halves, or one direction of a link",
     RATE(cuts.cut)},
    {"groups", "network", "a partition into three groups or more", RATE(cuts.groups)},
    {"bridge", "network", "a partition into two groups that one node reaches, from both",
     RATE(cuts.bridge)},
    {"ring", "network", "a partition in which each node reaches its two neighbours only",
     RATE(cuts.ring)},
    {"flap", "network", "a node is cut off and reached again, several times", RATE(cuts.flap)},
    {"clog", "network", "a link or a node holds messages for a while, then releases them",
     RATE(clogs.clog)},
    {"swizzle", "network", "several nodes are clogged in turn, and released in another order",
     RATE(clogs.swizzle)},
    {"order", "node", "of things that happen at the same moment, one comes later", RATE(order)},
    {"crash", "node", "a node stops at a moment of a time slot", RATE(crashes.crash)},
    {"crash-at", "node", "a node stops at one of its calls into Env", RATE(crashes.crash_at)},
    {"crash-again", "node", "a node that has restarted stops again at one of its first calls",
     RATE(crashes.again)},
    {"several", "node", "several nodes stop at one moment", RATE(crashes.several)},
    {"zone", "node", "all nodes of a zone stop at one moment", RATE(crashes.zone)},
    {"rack", "node", "all nodes of a rack stop at one moment", RATE(crashes.rack)},
    {"wipe", "node", "a node comes back from a crash with an empty disk", RATE(crashes.wipe)},
    {"churn", "node", "a node leaves for long, and comes back", RATE(crashes.churn)},
    {"pause", "node", "a node stands still for a while, and knows nothing of it",
     RATE(processes.pause)},
    {"slow", "node", "all that a node does takes longer for a while", RATE(processes.slow)},
    {"memory", "node", "a bit of the state that a node exposed flips", RATE(processes.memory)},
    {"unsynced", "disk", "a crash loses all of what was not synced, or the end of it",
     RATE(disks.unsynced)},
    {"torn", "disk",
     "a crash keeps some sectors of what was not synced and loses others, in any order",
     RATE(disks.torn)},
    {"entries", "disk", "a crash loses names that were not synced, and keeps the data",
     RATE(disks.entries)},
    {"slow-sync", "disk", "a sync takes longer", RATE(disks.slow_sync)},
    {"hung", "disk", "a sync takes so long that programs give up", RATE(disks.hung)},
    {"sync-fail", "disk", "a sync fails, and what it was to make durable is gone",
     RATE(disks.sync_fail)},
    {"sync-lie", "disk", "a sync says that it is done, and made nothing durable",
     RATE(disks.sync_lie)},
    {"full", "disk", "there is no room for a while, and writes fail", RATE(disks.full)},
    {"read-fail", "disk", "a sector cannot be read until it is written again",
     RATE(disks.read_fail)},
    {"rot", "disk", "a stored bit flips", RATE(disks.rot)},
    {"misread", "disk", "a read gives what is stored elsewhere", RATE(disks.misread)},
    {"miswrite", "disk", "a write lands elsewhere", RATE(disks.miswrite)},
    {"lost-write", "disk", "a write never reaches the disk", RATE(disks.lost_write)},
    {"rollback", "disk", "a node comes back with its disk as it was some syncs ago",
     RATE(disks.rollback)},
    {"swap", "disk", "two nodes come back with the disks swapped", RATE(disks.swap)},
    {"offset", "clock", "a node's clock starts at another time", RATE(clocks.offset)},
    {"drift", "clock", "a node's clock runs fast or slow", RATE(clocks.drift)},
    {"jump", "clock", "a node's wall clock steps forward or back", RATE(clocks.jump)},
    {"freeze", "clock", "a node's clocks stand still for a while", RATE(clocks.freeze)},
    {"late-timer", "clock", "a node's sleep or wait ends later than it should",
     RATE(clocks.late_timer)},
};

#undef RATE

std::vector<Label> MakeLabels(const std::string& before) {
  std::vector<Label> labels;
  for (const FaultInfo& info : kInfo)
    labels.push_back(Label::Reserved(before + std::string(info.name)));
  return labels;
}

const std::vector<Label> kLabels = MakeLabels("");
const std::vector<Label> kSwarmLabels = MakeLabels("swarm-");

}  // namespace

const FaultInfo& Info(Fault fault) { return kInfo[static_cast<size_t>(fault)]; }
Label LabelOf(Fault fault) { return kLabels[static_cast<size_t>(fault)]; }
Label SwarmLabelOf(Fault fault) { return kSwarmLabels[static_cast<size_t>(fault)]; }

}  // namespace reprise
