// The scrubbed store as a scenario: all that can happen to a disk, and its mutants.

#include <utility>

#include "models/spec/converges.h"
#include "models/spec/intact.h"
#include "models/spec/never_falls.h"
#include "models/spec/recovery.h"
#include "models/world/disks.h"
#include "models/world/weather.h"
#include "protocols/durability/scrubbed_store.h"
#include "protocols/protocols.h"
#include "sim/codec.h"
#include "sim/crc32c.h"

namespace reprise {
namespace {

using scrubbed::Decisions;
using Found = CheckedBlocks::Found;

std::vector<Mutant<Decisions>> MutantsOfBlocks() {
  return {
      {{.name = "address-not-summed",
        .id = "SC-M1",
        .difficulty = "D1",
        .oracle = "intact",
        .about = "the checksum is over version and data, so that a block may pass for another",
        .origin = "Bairavasundaram et al., FAST 2008: misdirected writes"},
       [](Decisions& d) {
         d.Sum = [](uint64_t, uint64_t version, std::string_view bytes) {
           return BlockSum(0, version, bytes);
         };
       }},
      {{.name = "source-not-verified",
        .id = "SC-M2",
        .difficulty = "D1",
        .oracle = "intact",
        .about = "a replica gives others its block as it is, and they sum up what they get",
        .origin = "GFS, SOSP 2003, section 5.2"},
       [](Decisions& d) { d.MayGive = [](bool) { return true; }; }},
      {{.name = "scrub-reads-cache",
        .id = "SC-M3",
        .difficulty = "D1",
        .oracle = "converges",
        .about = "the scrubber finds what is in the cache to be good",
        .origin = "Schwarz et al., MASCOTS 2004"},
       [](Decisions& d) { d.ScrubReadsMedium = [] { return false; }; }},
      {{.name = "read-not-verified",
        .id = "SC-X1",
        .difficulty = "D1",
        .oracle = "intact",
        .about = "clients are given what is on the disk"},
       [](Decisions& d) { d.MayAnswer = [](bool) { return true; }; }},
      {{.name = "repair-without-compare",
        .id = "SC-X4",
        .difficulty = "D2",
        .oracle = "never-falls",
        .about = "what was fetched is installed, though a newer version has come meanwhile"},
       [](Decisions& d) { d.MayRepair = [](uint64_t, uint64_t, bool) { return true; }; }},
  };
}

// Of what a replica takes for its state when it comes back.
std::vector<Mutant<Decisions>> MutantsOfRecovery() {
  return {
      {{.name = "trusts-any-disk",
        .id = "SC-X2",
        .difficulty = "D2",
        .oracle = "intact",
        .about = "a replica that restarts takes what is on its disk for all that it had",
        .origin = "Michael et al., DISC 2017"},
       [](Decisions& d) { d.TrustsDisk = [](const Found&) { return true; }; }},
      {{.name = "trusts-own-disk",
        .id = "SC-X3",
        .difficulty = "D2",
        .oracle = "intact",
        .about = "it does where the superblock names it and its last boot, and all blocks are good",
        .origin = "disks whose syncs lie, and images of them that are restored"},
       [](Decisions& d) {
         d.TrustsDisk = [](const Found& found) { return found.last_boot && found.bad.empty(); };
       }},
      {{.name = "read-without-write-back",
        .id = "SC-X5",
        .difficulty = "D2",
        .oracle = "intact",
        .about = "a reader gives a version that a quorum need not hold, and a later one an older",
        .origin = "Attiya, Bar-Noy and Dolev, JACM 1995"},
       [](Decisions& d) { d.ReadWritesBack = [] { return false; }; }},
      {{"trusts-empty-disk", "SC-X6", "D2", "intact",
        "a replica that finds its disk empty takes itself for a new one, which has lost nothing"},
       [](Decisions& d) { d.TrustsDisk = [](const Found& found) { return !found.anything; }; }},
      {{.name = "trusts-older-disk",
        .id = "SC-X7",
        .difficulty = "D2",
        .oracle = "intact",
        .about = "a replica that finds another's disk, or its own as it was, takes it for its own",
        .origin =
            "a machine that is restored from an image, or its disks put back in another order"},
       [](Decisions& d) {
         d.TrustsDisk = [](const Found& found) { return found.anything && !found.last_boot; };
       }},
  };
}

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> kMutants = [] {
    auto all = MutantsOfBlocks();
    for (auto& mutant : MutantsOfRecovery()) all.push_back(std::move(mutant));
    return all;
  }();
  return kMutants;
}

constexpr Duration kInspection = 100ms;

// Has all replicas look at their disks, again and again, once the storm is over.
void Inspector(Env& env, Duration storm) {
  env.Sleep(storm);
  for (;;) {
    env.Broadcast(scrubbed::Inspect{});
    env.Sleep(kInspection);
  }
}

// All that a disk can do.
DiskModel Disks(int good_copies) {
  DiskModel disks = models::StormyDisk(good_copies);
  disks.hung_for = 1s;
  disks.rot = OneIn(4);
  disks.hung = OneIn(400);
  disks.sync_fail = OneIn(100);
  disks.sync_lie = OneIn(30);
  disks.miswrite = OneIn(12);
  disks.lost_write = OneIn(30);
  disks.rot_slot = disks.full_slot = 500ms;
  disks.full_most = 1s;
  return disks;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const auto replicas = static_cast<int>(options["replicas"]);
  const auto clients = static_cast<int>(options["clients"]);
  const bool within = options["budget"] != 0;
  const int f = (replicas - 3) / 2;
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  Scenario s;
  s.storm = 4s;
  // Syncs of the storm take at most hung_for and slow_sync_most; then each block is scrubbed once,
  // and fetched: in one turn for each replica that may be asked in vain, and written after those
  // that clients write.
  const scrubbed::Plan plan{
      .blocks = static_cast<uint64_t>(options["blocks"]), .last = 4s, .finale = s.storm + 300ms};
  const Duration repaired = 1200ms + plan.scrub + 400ms;
  s.calm = repaired + 1s;
  s.roles = {{.name = "replica", .count = replicas, .main = scrubbed::Replica(plan, decide)},
             {.name = "client",
              .count = clients,
              .main = scrubbed::Client(plan, decide),
              .mortal = false,
              .client = true},
             {.name = "inspector",
              .count = 1,
              .main = [storm = s.storm](Env& env) { Inspector(env, storm); },
              .mortal = false,
              .client = true}};
  models::SetMildWeather(s);
  s.crashes = {.crash = OneIn(20),
               .slot = 500ms,
               .crash_at = OneIn(2000),
               .down_at_most = within ? f : replicas,
               .holders_at_least = within ? replicas - f : 0,
               .down = 50ms,
               .down_more = 400ms,
               .again = OneIn(8),
               .several = f < 2 ? Ratio{} : OneIn(40),
               .zone = f < 2 ? Ratio{} : OneIn(40),
               .placement = {.zones = 3},
               .wipe = OneIn(12),
               .disks_lost_at_most = replicas,
               .churn = OneIn(100),
               .churn_most = 2s};
  s.disks = Disks(within ? replicas - 1 : 0);
  if (!within) {
    s.oracles =
        JudgedBy(models::Intact(true), models::NeverFalls("block"), models::RecoveryMeter(true));
    return s;
  }
  s.calms = {.core = s.calm, .quiesce = 500ms};
  std::vector<NodeId> stores, drivers;
  for (int i = 1; i <= replicas; ++i) stores.push_back(NodeId{static_cast<uint32_t>(i)});
  for (int i = 1; i <= clients; ++i) {
    drivers.push_back(NodeId{static_cast<uint32_t>(replicas + i)});
  }
  s.oracles = JudgedBy(
      models::Intact(), models::NeverFalls("block"),
      models::Converges<scrubbed::Inspected>(repaired, "found all of its disk good", stores,
                                             [](const auto& m) { return m.bad == 0; }),
      models::Converges<models::Progress>(repaired + 1s, "read every block", drivers),
      models::RecoveryMeter(true));
  return s;
}

}  // namespace

Family ScrubbedStore() {
  return {.name = "scrubbed-store",
          .about =
              "replicated blocks with checksums, scrubbed and repaired, on disks that do "
              "their worst",
          .source =
              "Schwarz et al., MASCOTS 2004; Bairavasundaram et al., FAST 2008; GFS, SOSP "
              "2003",
          .options = {{"budget",
                       "whether faults leave what can be survived; else blocks may be "
                       "lost, if the store says so",
                       0, 1, 1},
                      {"replicas", "how many there are, an odd number being best", 5, 9, 7},
                      {"blocks", "how many there are", 2, 64, 4},
                      {"clients", "how many read and write", 1, 8, 3}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
