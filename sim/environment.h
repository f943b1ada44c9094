// What the world around a protocol is like: how long things take, what goes wrong, how often, and
// how much of it the protocol claims to survive. Plain data; models/world has ready ones.
//
// Rates are those of a run with intensity 1 (see "Swarm" in scenario.h). A fault whose rate is zero
// is not on the scenario's menu at all. *Slots* are stretches of virtual time, counted from 1: a
// fault that is drawn by slot strikes at most once in each, at a moment that does not depend on any
// other fault.

#pragma once

#include <cstdint>

#include "sim/choices.h"
#include "sim/time.h"

namespace reprise {

// Quantities such as delays are drawn as one of this many quantiles, so that a trace holds
// integers.
inline constexpr uint64_t kQuantiles = 1024;

// The part of `most` that a quantile stands for: nothing at 0, nearly all at kQuantiles - 1.
constexpr Duration Share(Duration most, uint64_t quantile) {
  return most * static_cast<int64_t>(quantile) / static_cast<int64_t>(kQuantiles);
}

// Messages, one by one, and the links they travel on.
struct LinkModel {
  Duration delay = 1ms;  // The least delay, which is the calm one.
  Ratio late = {};       // How often a message takes longer, and by how much at each quantile.
  Duration (*late_by)(uint64_t quantile) = nullptr;
  Ratio drop = {};
  Ratio duplicate = {};
  bool fifo = false;  // Whether messages never overtake on one link. Many papers assume it.

  Ratio corrupt = {};   // A bit of the message flips.
  Ratio truncate = {};  // Its end is missing.
  // Whether the receiver's network notices damage, and drops what is damaged, as TCP and Ethernet
  // nearly always do.
  bool checksum = true;
  Ratio stale = {};  // Another copy is kept, and arrives once its receiver has restarted.

  // Bursts of losses (Gilbert and Elliott): in each slot of each link, which then loses messages at
  // another rate, for up to that long.
  Ratio burst = {};
  Duration burst_slot = 250ms;
  Duration burst_most = 1s;
  Ratio burst_loss = {1, 2};

  // In each slot, of all links: for a while one type of message vanishes on all links into a node.
  Ratio blackhole = {};
  // One link carries few bytes a second for a while, and what waits comes later.
  Ratio bandwidth = {};
  uint64_t bandwidth_least = 2'000;   // Bytes a second,
  uint64_t bandwidth_most = 100'000;  // when it strikes.
  // One link holds few messages for a while, from 1 to that many, and drops what comes then.
  Ratio queue = {};
  uint64_t queue_most = 4;
  Duration weather_slot = 1s;  // Of the three above, and how long they last at most.
  Duration weather_most = 3s;

  // Whether the two directions between two nodes are a connection, which can break: all that is
  // under way is lost, and both ends are told (Disconnected, in message form), or only one.
  bool connected = false;
  Ratio reset = {};      // In each slot, of all connections: a pair.
  Ratio half_open = {};  // The same, but one end is not told.
};

// Partitions: links that carry nothing for a while. Each in its own slots, of all nodes.
struct CutModel {
  Ratio cut = {};     // One node off, one deaf, one mute, one direction of a link, or two halves.
  Ratio groups = {};  // Three or more groups.
  Ratio bridge = {};  // Two groups that only one node reaches, from both.
  Ratio ring = {};    // Each node reaches its two neighbours only.
  Ratio flap = {};    // A node is off and on again, several times.
  Duration slot = 1s;
  Duration shortest = 100ms;
  Duration longest = 3s;
  bool clients = true;  // Whether clients may be cut off as well, as they are in half of the cuts.
};

// Links that hold what is sent and release it later, in its order.
struct ClogModel {
  Ratio clog = {};     // Into a node, out of it, or between two.
  Ratio swizzle = {};  // Several nodes, one after another, and released in another order.
  Duration slot = 1s;
  Duration shortest = 50ms;
  Duration longest = 2s;
};

// Where nodes stand: the mortal ones are dealt out over all racks, in turn.
struct PlacementModel {
  int zones = 1;
  int racks = 1;  // Of each zone.
};

struct CrashModel {
  Ratio crash = {};  // In each slot of each mortal node.
  Duration slot = 1s;
  Ratio crash_at = {};         // At each call into Env.
  int down_at_most = 1;        // How many nodes may be down at once: the protocol's f.
  int holders_at_least = 1;    // Of those named last by a HeldBy (holders.h), if there was one.
  Duration down = 100ms;       // The least time down,
  Duration down_more = 900ms;  // and up to this much more.

  Ratio again = {};  // In each boot but the first: at one of its first calls into Env, in recovery.
  uint64_t again_within = 32;  // So many calls are in question.
  // In each slot, of all nodes: so many at one moment as may be down, and
  Ratio several = {};
  Ratio zone = {};  // all that stand in one zone,
  Ratio rack = {};  // or in one rack.
  PlacementModel placement = {};
  // At a crash: the node comes back with an empty disk. So many disks may be lost or taken back to
  // an older state in a run.
  Ratio wipe = {};
  int disks_lost_at_most = 0;
  Ratio churn = {};  // In each slot of each mortal node: it leaves for long, and comes back.
  Duration churn_most = 10s;
};

// Nodes that run on, but not as they should. In each slot of each mortal node.
struct ProcessModel {
  Ratio pause = {};   // It stands still for a while: nothing runs, and time goes on.
  Ratio slow = {};    // All that it does takes longer for a while.
  Ratio memory = {};  // A bit of the state that it exposed (Env::Expose) flips.
  Duration slot = 1s;
  Duration pause_most = 3s;
  Duration slow_most = 3s;
  Duration slow_by = 20ms;  // Each step, at most.
};

struct DiskModel {
  // As ext4, XFS and btrfs do: changes to names become durable in their order, and a sync, of
  // whatever it is, makes all of them durable that came before. POSIX promises neither.
  bool journaled = false;
  Duration sync = 2ms;
  Ratio slow_sync = {};             // How often a sync takes longer,
  Duration slow_sync_most = 200ms;  // and by how much at most.
  Ratio hung = {};                  // How often it takes so long that programs give up.
  Duration hung_for = 10s;
  Ratio unsynced = {};  // At a crash: all that was not synced is lost, or the end of it.
  Ratio torn = {};      // At a crash: each sector that was not synced fares by itself.
  Ratio sync_fail = {};
  Ratio sync_lie = {};  // It says that it is done, and nothing is durable before the next one.
  Ratio entries = {};  // At a crash: names that were not synced are lost, though the data is there.
  Ratio rollback = {};  // At a crash: the disk is as it was some syncs ago.
  Ratio swap = {};      // At a crash: the disk comes back in another node that is down.

  Ratio read_fail = {};   // Of each read: a sector cannot be read until it is written again.
  Ratio misread = {};     // Of each read: it gives what is stored elsewhere.
  Ratio miswrite = {};    // Of each write: it lands elsewhere.
  Ratio lost_write = {};  // Of each write: it never reaches the disk.
  Ratio rot = {};         // In each slot of each node: a stored bit flips.
  Duration rot_slot = 1s;
  Ratio full = {};  // In each slot of each node: there is no room for a while.
  Duration full_slot = 1s;
  Duration full_most = 2s;

  // Of what is stored in the same sector of a file of the same name on several mortal nodes, so
  // many copies stay good: damage (rot, miswrite, lost_write, read_fail) beyond that does not
  // strike. 0 promises nothing: then a protocol may lose data, and must say so.
  int good_copies = 0;
  // The same damage lies on at most so many disks at once: for protocols that do without a node
  // whose disk is damaged. In a calm with a core only (CalmModel) those nodes are among the ones
  // left out. 0 promises nothing.
  int damaged_at_most = 0;
};

struct ClockModel {
  Ratio offset = {};
  Duration offset_most = 1h;
  Ratio drift = {};
  int64_t drift_ppm_most = 500;  // From 1 to 500,000.
  Ratio jump = {};               // Of the wall clock, in each slot of each node: forward or back.
  Duration jump_slot = 1s;
  Duration jump_most = 10s;
  // In each slot of each node both clocks stand still for a while, and run on from there. Timers
  // go on.
  Ratio freeze = {};
  Duration freeze_most = 1s;
  Ratio late_timer = {};  // Of each wait: it ends later than it should.
  Duration late_timer_most = 200ms;
};

}  // namespace reprise
