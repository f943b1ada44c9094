// The blob store as a scenario, and its known bugs.

#include <vector>

#include "models/spec/bounded_rate.h"
#include "models/spec/converges.h"
#include "models/spec/intact.h"
#include "models/spec/minimal_movement.h"
#include "models/spec/recovery.h"
#include "models/spec/zones_apart.h"
#include "models/world/disks.h"
#include "models/world/weather.h"
#include "protocols/placement/blob_store.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using blobs::Decisions;
using blobs::Plan;
using blobs::Replicated;
using placement::RingDecisions;

uint64_t Oldest(const std::set<uint64_t>& versions) { return *versions.begin(); }
bool TrimsByCount(bool list_has_it, size_t others) {
  return list_has_it || others >= blobs::kCopies;
}

using MutantList = std::vector<Mutant<Decisions>>;

// What HA-M2 does is lose blobs when one store loses its disk, as blob_store_test.cc shows; here
// the placement is judged before that happens.
MutantList OfPlacement() {
  return {
      {{.name = "places-by-index",
        .id = "HA-M1",
        .difficulty = "D1",
        .oracle = "minimal-movement",
        .about = "virtual nodes lie where the member's place among all members puts them",
        .origin = "Karger et al., STOC 1997: positions depend on names"},
       [](Decisions& d) {
         d.ring.Position = [](NodeId, uint64_t index, uint64_t vnode) {
           return RingDecisions::Hash((index + 1) * 0x9e3779b97f4a7c15 + vnode);
         };
       }},
      {{.name = "lists-virtual-nodes",
        .id = "HA-M2",
        .difficulty = "D1",
        .oracle = "zones-apart",
        .about = "a list is of virtual nodes, of which several may be one store's",
        .origin = "DeCandia et al., Dynamo, SOSP 2007, section 4.3"},
       [](Decisions& d) { d.ring.CountsVirtualNodes = [] { return true; }; }},
      {{.name = "lists-one-zone",
        .id = "PL-X1",
        .difficulty = "D1",
        .oracle = "zones-apart",
        .about = "a list is of different stores, which may all stand in one zone",
        .origin = "GFS, SOSP 2003, section 4.2: replicas across racks"},
       [](Decisions& d) { d.ring.SpreadsOverZones = [] { return false; }; }},
  };
}

MutantList OfRepair() {
  return {
      {{.name = "source-not-verified",
        .id = "PL-M1",
        .difficulty = "D1",
        .oracle = "intact",
        .about = "a store gives others its copy as it is, and they sum up what they get",
        .origin = "GFS, SOSP 2003, section 5.2"},
       [](Decisions& d) { d.MayGive = [](bool) { return true; }; }},
      {{.name = "trims-by-count",
        .id = "PL-M2",
        .difficulty = "D2",
        .oracle = "intact",
        .about = "a copy is surplus where three others have the blob, in whichever version",
        .origin = "GFS, SOSP 2003, section 4.5: chunk versions"},
       [](Decisions& d) { d.MayTrim = TrimsByCount; }},
      {{.name = "trims-any-version",
        .id = "PL-X2",
        .difficulty = "D1",
        .oracle = "intact",
        .about = "of several versions a store keeps the first, whichever that is",
        .origin = "GFS, SOSP 2003, section 4.5: chunk versions"},
       [](Decisions& d) { d.Keeps = Oldest; }},
      {{.name = "counts-leaving",
        .id = "PL-M3",
        .difficulty = "D1",
        .oracle = "converges",
        .about = "copies on stores that were decommissioned or are silent count as copies",
        .origin = "GFS, SOSP 2003, section 4.3: replication goals"},
       [](Decisions& d) { d.CountsElsewhere = [] { return true; }; }},
      {{.name = "acknowledges-later",
        .id = "PL-X3",
        .difficulty = "D3",
        .oracle = "intact",
        .about = "a write that began in one epoch is acknowledged in a later one",
        .origin = "ours, until 100,000 seeds found it",
        .story = "traces/blob-store/acknowledges-later.trace"},
       [](Decisions& d) { d.MayAcknowledge = [](uint64_t, uint64_t) { return true; }; }},
      {{.name = "forgets-late-failure",
        .id = "PL-X4",
        .difficulty = "D3",
        .oracle = "intact",
        .about = "a fetch that fails when the next round of repair has begun is forgotten",
        .origin = "ours, until 100,000 seeds found it",
        .story = "traces/blob-store/forgets-late-failure.trace"},
       [](Decisions& d) { d.CountsLateFailure = [] { return false; }; }},
      {{.name = "no-throttle",
        .id = "PL-M5",
        .difficulty = "D1",
        .oracle = "bounded-rate",
        .about = "a store fetches all that it lacks as fast as it can",
        .origin = "GFS, SOSP 2003, section 4.3: clients must not starve"},
       [](Decisions& d) { d.Pause = [](Duration) { return Duration{}; }; }},
  };
}

const MutantList& Mutants() {
  static const MutantList kMutants = [] {
    MutantList all = OfPlacement();
    for (const auto& mutant : OfRepair()) all.push_back(mutant);
    return all;
  }();
  return kMutants;
}

// All that a disk can do, but for what several of them cannot make up for: see the budget.
DiskModel Disks() {
  DiskModel disks = models::RottingDisk(1);
  disks.rot = OneIn(2);
  disks.rot_slot = 250ms;
  disks.miswrite = disks.lost_write = OneIn(30);
  disks.hung = OneIn(400);
  disks.hung_for = 1s;
  disks.sync_fail = OneIn(100);
  disks.full = OneIn(20);
  disks.full_slot = 500ms;
  disks.full_most = 1s;
  return disks;
}

CrashModel Crashes(int stores, int zones) {
  return {.crash = OneIn(10),
          .slot = 500ms,
          .crash_at = OneIn(4000),
          .down_at_most = (stores + zones - 1) / zones,
          .down = 50ms,
          .down_more = 800ms,
          .again = OneIn(8),
          .zone = OneIn(10),
          .placement = {.zones = zones},
          .wipe = OneIn(3),
          .disks_lost_at_most = stores,
          .churn = OneIn(50),
          .churn_most = 2s};
}

Scenario Make(const Options& options, const std::string& mutant) {
  const auto stores = static_cast<int>(options["stores"]);
  const auto clients = static_cast<int>(options["clients"]);
  const auto zones = static_cast<int>(options["zones"]);
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  Scenario s;
  s.storm = 4s;
  // Syncs of the storm take a second at most. Then members are found out about, and the store is
  // full again after the disk's share of all copies was fetched, in turn with what was missing.
  const Duration whole = 4s;
  const Plan plan{.blobs = static_cast<uint64_t>(options["blobs"]),
                  .zones = static_cast<uint32_t>(zones),
                  .last = 4s,
                  .finale = s.storm + 300ms};
  s.calm = whole + 1s;
  s.roles = {
      {.name = "store", .count = stores, .main = blobs::Store(plan, decide)},
      {.name = "metadata", .count = 1, .main = blobs::Metadata(plan, decide), .mortal = false},
      {.name = "client",
       .count = clients,
       .main = blobs::Client(plan, decide),
       .mortal = false,
       .client = true},
      {.name = "inspector",
       .count = 1,
       .main = blobs::Inspector(s.storm, plan.zones),
       .mortal = false,
       .client = true}};
  models::SetMildWeather(s);
  s.clocks = {.offset = OneIn(4), .drift = OneIn(4), .jump = OneIn(40)};
  s.crashes = Crashes(stores, zones);
  s.disks = Disks();
  std::vector<NodeId> drivers;
  for (int i = 1; i <= clients; ++i) {
    drivers.push_back(NodeId{static_cast<uint32_t>(stores + 1 + i)});
  }
  constexpr Duration kWindow = 100ms;
  const auto most = static_cast<size_t>(kWindow / plan.throttle + 2 * plan.streams);
  const auto zone_of = [n = plan.zones](NodeId node) { return blobs::ZoneOf(node, n); };
  s.oracles =
      JudgedBy(models::Intact(), models::MinimalMovement(), models::ZonesApart(zone_of),
               models::BoundedRate<blobs::Fetch>(kWindow, most, "fetched copies"),
               models::Converges<Replicated>(
                   whole, "found every blob on disks in three zones", {},
                   [](const Replicated& m) { return m.zones >= blobs::kCopies && m.bad == 0; }),
               models::Converges<models::Progress>(whole, "read every blob", drivers),
               models::RecoveryMeter(true));
  return s;
}

}  // namespace

Family BlobStore() {
  return {.name = "blob-store",
          .about = "sharded and replicated blobs that repair themselves, whoever comes and goes",
          .source = "GFS, SOSP 2003; Dynamo, SOSP 2007; Karger et al., STOC 1997",
          .options = {{"stores", "how many there are", 5, 16, 6},
                      {"blobs", "how many there are", 2, 256, 16},
                      {"clients", "how many read and write", 1, 8, 3},
                      {"zones", "that the stores stand in", 3, 5, 3}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
