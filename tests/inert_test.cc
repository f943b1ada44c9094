// That every fault of the menu really strikes, and that the audit would notice if it did not.
//
// Of each fault there is a mutant of the simulator (Scenario::inert): it is drawn and counted as
// attempted, and has no effect. For each, a campaign as it is must pass the audit, and the same
// campaign with the mutant must not, by a message that names the fault.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "protocols/protocols.h"
#include "sim/search/audit.h"

namespace reprise {
namespace {

constexpr const char* kSmall = "";  // The scenario below.

// Where each fault strikes often enough that a short campaign meets it: one of the scenarios that
// we ship, if there is one.
const std::map<Fault, std::string>& Hosts() {
  static const std::map<Fault, std::string> kHosts = {
      {Fault::kDrop, "chandy-lamport"},
      {Fault::kDuplicate, "chandy-lamport"},
      {Fault::kLate, "chandy-lamport"},
      {Fault::kCorrupt, "dijkstra-ring"},
      {Fault::kTruncate, "dijkstra-ring"},
      {Fault::kStale, "dijkstra-ring"},
      {Fault::kBurst, "dijkstra-ring"},
      {Fault::kBlackhole, "dijkstra-ring"},
      {Fault::kBandwidth, "dijkstra-ring"},
      {Fault::kQueue, "dijkstra-ring"},
      {Fault::kReset, "write-ahead-log"},
      {Fault::kHalfOpen, "write-ahead-log"},
      {Fault::kCut, "chandy-lamport"},
      {Fault::kGroups, "dijkstra-ring"},
      {Fault::kBridge, "dijkstra-ring"},
      {Fault::kRing, "dijkstra-ring"},
      {Fault::kFlap, "dijkstra-ring"},
      {Fault::kClog, "dijkstra-ring"},
      {Fault::kSwizzle, "dijkstra-ring"},
      {Fault::kOrder, "primary-backup"},
      {Fault::kCrash, "primary-backup"},
      {Fault::kCrashAt, "write-ahead-log"},
      {Fault::kCrashAgain, "dijkstra-ring"},
      {Fault::kSeveral, "dijkstra-ring"},
      {Fault::kZone, "dijkstra-ring"},
      {Fault::kRack, "dijkstra-ring"},
      {Fault::kWipe, kSmall},
      {Fault::kChurn, "dijkstra-ring"},
      {Fault::kPause, "dijkstra-ring"},
      {Fault::kSlow, "dijkstra-ring"},
      {Fault::kMemory, "dijkstra-ring"},
      {Fault::kUnsynced, "write-ahead-log"},
      {Fault::kTorn, "write-ahead-log"},
      {Fault::kEntries, "write-ahead-log"},
      {Fault::kSlowSync, "write-ahead-log"},
      {Fault::kHung, "write-ahead-log"},
      {Fault::kSyncFail, "write-ahead-log"},
      {Fault::kSyncLie, kSmall},
      {Fault::kFull, "write-ahead-log"},
      {Fault::kReadFail, "write-ahead-log"},
      {Fault::kRot, "write-ahead-log"},
      {Fault::kMisread, kSmall},
      {Fault::kMiswrite, kSmall},
      {Fault::kLostWrite, kSmall},
      {Fault::kRollback, kSmall},
      {Fault::kSwap, kSmall},
      {Fault::kOffset, "primary-backup"},
      {Fault::kDrift, "primary-backup"},
      {Fault::kJump, "primary-backup"},
      {Fault::kFreeze, "dijkstra-ring"},
      {Fault::kLateTimer, "dijkstra-ring"},
  };
  return kHosts;
}

struct Page {
  uint64_t bytes = 0;
};

// Reads all that it has, and writes another page over one of eight, for ever.
void KeepPages(Env& env) {
  auto file = env.disk().Open("pages", OpenMode::kCreateIfMissing);
  if (!file.ok() || !env.disk().SyncDir("").ok()) return;
  for (uint64_t n = env.boot();; ++n) {
    if (const auto bytes = file->ReadAt(0, file->Size()); bytes.ok()) {
      env.Report(Page{bytes->size()});
    }
    const std::string page(kSectorBytes, static_cast<char>('a' + n % 26));
    if (file->WriteAt(n % 8 * kSectorBytes, page).ok()) static_cast<void>(file->Sync());
    env.Sleep(20ms);
  }
}

// Three nodes with a disk, for the faults that no scenario has which we ship: with them, one disk
// alone keeps no promise.
Scenario Pages() {
  Scenario s;
  s.name = "pages";
  s.roles = {{.name = "node", .count = 3, .main = KeepPages}};
  s.crashes = {.crash = OneIn(4),
               .slot = 200ms,
               .down_at_most = 2,
               .wipe = OneIn(8),
               .disks_lost_at_most = 3};
  s.disks = {.sync_lie = OneIn(20),
             .rollback = OneIn(8),
             .swap = OneIn(4),
             .misread = OneIn(20),
             .miswrite = OneIn(20),
             .lost_write = OneIn(20)};
  s.storm = 3s;
  s.calm = 500ms;
  return s;
}

class Inert : public ::testing::TestWithParam<Fault> {};

// The campaign ends when the fault was attempted often enough for the audit to speak of it.
FaultCounts Campaign(const Scenario& scenario, Fault fault) {
  constexpr uint64_t kSeedsAtLeast = 20, kSeedsAtMost = 300;
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= kSeedsAtMost; ++seed) {
    if (seed > kSeedsAtLeast && faults[fault].attempted >= 2 * kOftenEnough) break;
    faults += Simulate(scenario, Choices::FromSeed(seed)).faults;
  }
  return faults;
}

TEST_P(Inert, TheAuditIsContentWithTheFaultAndNamesItWhereItHasNoEffect) {
  const Fault fault = GetParam();
  const std::string name(Info(fault).name);
  const auto host = Hosts().find(fault);
  ASSERT_NE(host, Hosts().end()) << name << " is a new fault: say which scenario shows it";
  Scenario s = host->second == kSmall ? Pages() : *AllProtocols().Make(host->second);
  ASSERT_NE(RateOf(s, fault).num, 0u) << s.name << " does not have it on its menu";

  const FaultCounts sound = Campaign(s, fault);
  EXPECT_GE(sound[fault].attempted, kOftenEnough);
  EXPECT_GT(sound[fault].applied, 0u);
  EXPECT_GT(sound[fault].observed, 0u);
  EXPECT_EQ(AuditFaults(s, sound), std::vector<std::string>());

  s.inert = fault;
  const FaultCounts mutant = Campaign(s, fault);
  EXPECT_EQ(mutant[fault].applied, 0u);
  EXPECT_EQ(mutant[fault].observed, 0u);
  const std::vector<std::string> wrong = AuditFaults(s, mutant);
  ASSERT_EQ(wrong.size(), 1u);  // It, and no other.
  EXPECT_TRUE(wrong[0].starts_with(name + " was attempted ")) << wrong[0];
  EXPECT_TRUE(wrong[0].ends_with("its effect is missing")) << wrong[0];
}

std::vector<Fault> AllFaults() {
  std::vector<Fault> all;
  for (size_t i = 0; i < kFaults; ++i) all.push_back(static_cast<Fault>(i));
  return all;
}

// Names of tests have no hyphens.
std::string NameOf(const ::testing::TestParamInfo<Fault>& fault) {
  std::string name(Info(fault.param).name);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, Inert, ::testing::ValuesIn(AllFaults()), NameOf);

}  // namespace
}  // namespace reprise
