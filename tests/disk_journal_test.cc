// Names on a disk with a journal: they become durable in the order of their changes, and with a
// sync of whatever it is; on a disk without one, neither.

#include <gtest/gtest.h>

#include "sim/disk.h"
#include "sim/scenario.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

constexpr int kFilesPerBoot = 12;

struct Made {
  uint64_t file = 0;
  bool synced = false;  // And with it all before.
};
struct Seen {
  std::vector<uint64_t> files;
};

struct NamesInOrder final : Oracle {
  std::string name() const override { return "names"; }
  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match(
        [&](const Made& m) {
          made = m.file + 1;
          if (m.synced) durable = made;
        },
        [&](const Seen& m) {
          for (size_t i = 0; i < m.files.size(); ++i) {
            if (m.files[i] != i) complaint = "a gap at " + std::to_string(i);
          }
          if (m.files.size() < durable) complaint = "lost " + std::to_string(m.files.size());
          made = durable = m.files.size();
        });
    return complaint;
  }
  uint64_t made = 0, durable = 0;
};

std::string NameOf(uint64_t file) { return "f" + std::to_string(1000 + file); }

void Main(Env& env) {
  Seen seen;
  for (const std::string& name : env.disk().List("")) {
    if (name == "g") continue;  // On its way.
    seen.files.push_back(std::stoull(name.substr(1)) - 1000);
  }
  env.Report(seen);
  uint64_t next = seen.files.size();
  for (int i = 0; i < kFilesPerBoot; ++i, ++next) {
    // Every other one gets its name by a rename.
    File file = Open(env, next % 2 == 0 ? NameOf(next) : "g");
    if (next % 2 != 0) CHECK(env.disk().Rename("g", NameOf(next)).ok());
    env.Report(Made{next});
    if (i % 4 == 3) {
      CHECK(file.Sync().ok());  // Of the file only.
      env.Report(Made{next, true});
    }
    env.Sleep(5ms);
  }
  env.SleepUntil(kForever);
}

Scenario Disk(bool journaled) {
  Scenario s;
  s.name = "names";
  s.roles = {{.name = "node", .count = 1, .main = Main}};
  s.crashes = {.crash = OneIn(2), .slot = 100ms, .down = 10ms, .down_more = 10ms};
  s.disks = {.journaled = journaled, .unsynced = OneIn(4), .torn = OneIn(4), .entries = OneIn(4)};
  s.storm = 1s;
  s.calm = 100ms;
  s.oracles = JudgedBy(NamesInOrder());
  return s;
}

int Failures(bool journaled) {
  int failures = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    failures += Simulate(Disk(journaled), Choices::FromSeed(seed)).verdict.failed() ? 1 : 0;
  }
  return failures;
}

TEST(DiskJournal, KeepsNamesInTheirOrderAndASyncKeepsAllBefore) { EXPECT_EQ(Failures(true), 0); }
TEST(DiskJournal, OrPosixPromisesNeither) { EXPECT_GT(Failures(false), 20); }

}  // namespace
}  // namespace reprise
