// Disks over seeds, against a model that knows every state that a crash may leave; and bits that
// rot.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/disk.h"
#include "sim/scenario.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

const Label kOp("op");

std::string Padded(std::string sector) {
  sector.resize(kSectorBytes);
  return sector;
}

// One file, as far as a program that wrote it can know.
struct FileModel {
  std::string content, durable;
  std::map<uint64_t, std::set<std::string>> versions;  // Of sectors, since the last sync.
  std::set<uint64_t> sizes;
  bool named = false;   // Durably.
  bool failed = false;  // A sync has, so that later ones prove nothing until the next crash.

  void Touch(uint64_t from_byte, uint64_t to_byte) {
    sizes.insert(content.size());
    for (uint64_t s = from_byte / kSectorBytes; s * kSectorBytes < to_byte; ++s) {
      const uint64_t at = s * kSectorBytes;
      versions[s].insert(Padded(at < content.size() ? content.substr(at, kSectorBytes) : ""));
    }
  }
  void Write(uint64_t offset, const std::string& bytes) {
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    content.replace(offset, bytes.size(), bytes);
    Touch(offset, offset + bytes.size());
  }
  void Truncate(uint64_t bytes) {
    const uint64_t before = content.size();
    content.resize(bytes);
    Touch(bytes, before);
  }
  void Synced() {
    if (failed) return;
    durable = content;
    versions.clear();
    sizes.clear();
  }
  // Empty where a crash may leave the file like this.
  std::string Complaint(const std::string& found) const {
    if (!sizes.contains(found.size()) && found.size() != durable.size()) {
      return "a size that it never had: " + std::to_string(found.size());
    }
    for (uint64_t at = 0; at < found.size(); at += kSectorBytes) {
      const std::string sector = found.substr(at, kSectorBytes);
      std::set<std::string> legal;
      if (const auto v = versions.find(at / kSectorBytes); v != versions.end()) legal = v->second;
      legal.insert(Padded(at < durable.size() ? durable.substr(at, kSectorBytes) : ""));
      bool some = false;
      // Where a truncation was lost in a failed sync, the next size may do its work late.
      const size_t last = failed ? sector.find_last_not_of('\0') + 1 : sector.size();
      for (const std::string& version : legal) some |= version.starts_with(sector.substr(0, last));
      if (!some) return "a sector that it never had, at " + std::to_string(at);
    }
    return "";
  }
  void Recovered(const std::string& found) {
    content = found;
    failed = false;
    Synced();
  }
};

struct Model {
  bool failed = false;  // The directory's sync, likewise.
  std::map<std::string, FileModel> files;
  uint64_t crashes = 0, lost = 0, operations = 0;
  std::vector<std::string> complaints;
};

void Check(Env& env, Model& model) {
  ++model.crashes;
  model.failed = false;
  for (auto& [path, file] : model.files) {
    const auto opened = env.disk().Open(path, OpenMode::kExisting);
    if (!opened.ok()) {
      if (file.named) model.complaints.push_back(path + " is gone");
      file = {};
      continue;
    }
    const std::string found = *opened->ReadAt(0, 1 << 20);
    if (const std::string why = file.Complaint(found); !why.empty()) {
      model.complaints.push_back(path + " has " + why);
    }
    model.lost += found != file.content ? 1 : 0;
    file.Recovered(found);
  }
}

// What the caller of Env does not know to be done must be allowed for before the call is made: a
// crash may come in the middle of it.
void Operate(Env& env, Model& model) {
  const std::string path = env.Random(kOp, 2) == 0 ? "a" : "b";
  FileModel& file = model.files[path];
  File f = *env.disk().Open(path, OpenMode::kCreateIfMissing);
  const uint64_t what = env.Random(kOp, 8);
  const std::string bytes(1 + env.Random(kOp, 1500), static_cast<char>('a' + env.Random(kOp, 26)));
  ++model.operations;
  if (what < 4) {
    const uint64_t offset = what == 0 ? file.content.size() : env.Random(kOp, 3000);
    file.Write(offset, bytes);
    EXPECT_TRUE(f.WriteAt(offset, bytes).ok());
  } else if (what == 4) {
    const uint64_t size = env.Random(kOp, 3000);
    file.Truncate(size);
    EXPECT_TRUE(f.Truncate(size).ok());
  } else if (what < 7) {
    f.Sync().ok() ? file.Synced() : void(file.failed = true);
  } else {
    std::set<std::string> there;
    for (const auto& [name, unused] : model.files) {
      if (env.disk().Open(name, OpenMode::kExisting).ok()) there.insert(name);
    }
    if (!env.disk().SyncDir("").ok()) {
      model.failed = true;
    } else if (!model.failed) {
      for (const std::string& name : there) model.files[name].named = true;
    }
  }
  EXPECT_EQ(*f.ReadAt(0, 1 << 20), file.content);
}

Scenario Random(Model& model) {
  Scenario s;
  s.name = "random-disk";
  s.roles = {{.name = "node", .count = 1, .main = [&model](Env& env) {
                if (env.boot() > 1) Check(env, model);
                for (;;) {
                  Operate(env, model);
                  env.Sleep(1ms);
                }
              }}};
  s.crashes = {.crash_at = OneIn(60), .down = 1ms, .down_more = 1ms};
  s.disks = {.slow_sync = OneIn(8), .unsynced = OneIn(3), .torn = OneIn(3), .sync_fail = OneIn(16)};
  s.storm = 1s;
  s.calm = 10ms;
  return s;
}

TEST(DiskCrash, LeavesOnlyWhatItMay) {
  uint64_t crashes = 0, lost = 0;
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Model model;
    const RunResult r = Simulate(Random(model), Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
    ASSERT_THAT(model.complaints, ::testing::IsEmpty()) << "seed " << seed;
    crashes += model.crashes;
    lost += model.lost;
    faults += r.faults;

    Model again;  // Torn sectors replay like all else.
    const RunResult replayed = Simulate(Random(again), Choices::FromDepartures(r.departures()));
    ASSERT_EQ(replayed.digest, r.digest) << "seed " << seed;
  }
  EXPECT_GT(crashes, 500u);
  EXPECT_GT(lost, 100u);
  for (Fault fault : {Fault::kUnsynced, Fault::kTorn, Fault::kSyncFail, Fault::kSlowSync}) {
    EXPECT_GT(faults[fault].applied, 10u) << Info(fault).name;
    EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
    EXPECT_LE(faults[fault].applied, faults[fault].attempted) << Info(fault).name;
  }
}

TEST(DiskCrash, WithoutDiskFaultsNothingIsLost) {
  uint64_t crashes = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Model model;
    Scenario s = Random(model);
    s.disks = {};
    Simulate(s, Choices::FromSeed(seed));
    ASSERT_THAT(model.complaints, ::testing::IsEmpty());
    // The one write that was under way may be missing: it is in the model before it is made.
    EXPECT_LE(model.lost, model.crashes);
    crashes += model.crashes;
  }
  EXPECT_GT(crashes, 100u);
}

// A write at each of many calls: no two draws of a run may have one address, or replay goes wrong.
TEST(DiskCrash, EveryDrawHasAnAddressOfItsOwn) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Model model;
    const Departures all = Simulate(Random(model), Choices::FromSeed(seed)).departures();
    for (size_t i = 1; i < all.size(); ++i) {
      ASSERT_FALSE(all[i].address == all[i - 1].address) << Describe(all[i].address);
    }
  }
}

// One node that writes "f", lets it rot at 1.5 s, and looks at it at 1.8 s and after a crash.
struct Rotting {
  std::string first, second;
  RunResult result;
};
Rotting Rot(const std::function<void(Env&)>& prepare,
            const std::vector<std::pair<std::string, uint64_t>>& entries) {
  Rotting rotting;
  Scenario s;
  s.roles = {{.name = "node", .count = 1, .main = [&](Env& env) {
                if (env.boot() == 1) {
                  prepare(env);
                  env.Sleep(1800ms);
                  rotting.first = *env.disk().Open("f", OpenMode::kExisting)->ReadAt(0, 4096);
                } else {
                  rotting.second = *env.disk().Open("f", OpenMode::kExisting)->ReadAt(0, 4096);
                }
                env.Sleep(1h);
              }}};
  s.crashes = {.crash = OneIn(2)};
  s.disks = {.unsynced = OneIn(2), .rot = OneIn(2)};
  Departures list = List(entries);
  for (Departure& d : List({{"rot n1 #2", 512}, {"crash n1 #4", 512}})) list.push_back(d);
  rotting.result = Simulate(s, Choices::FromDepartures(list));
  EXPECT_EQ(rotting.result.verdict.kind, Verdict::Kind::kPass);
  return rotting;
}

TEST(DiskRot, FlipsExactlyOneBit) {
  const std::string written(1000, 'x');
  const auto write = [&](Env& env) {
    File f = *env.disk().Open("f", OpenMode::kCreate);
    CHECK(f.Append(written).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
  };
  const Rotting rotting = Rot(write, {{"rot-at n1 #2", 700}, {"rot-bit n1 #2", 3}});
  std::string expected = written;
  expected[700] = static_cast<char>(expected[700] ^ 8);
  EXPECT_EQ(rotting.first, expected);
  EXPECT_EQ(rotting.second, expected);
  EXPECT_EQ(rotting.result.faults[Fault::kRot].applied, 1u);
  EXPECT_EQ(rotting.result.faults[Fault::kRot].observed, 1u);
}

TEST(DiskRot, UnderWhatIsNotWrittenBackShowsAfterACrashOnly) {
  const auto write = [](Env& env) {
    File f = *env.disk().Open("f", OpenMode::kCreate);
    CHECK(f.Append("old").ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    CHECK(f.WriteAt(0, "new").ok());
  };
  const Rotting lost = Rot(write, {{"unsynced n1 #4", 1}});
  EXPECT_EQ(lost.first, "new");
  EXPECT_EQ(lost.second, "nld");  // 'o' with its lowest bit flipped.
  EXPECT_EQ(lost.result.faults[Fault::kRot].applied, 1u);
  const Rotting kept = Rot(write, {});
  EXPECT_EQ(kept.first, "new");
  EXPECT_EQ(kept.second, "new");
}

TEST(DiskRot, IsRepairedByAWriteAndThenNotObserved) {
  const auto write = [](Env& env) {
    File f = *env.disk().Open("f", OpenMode::kCreate);
    CHECK(f.Append("old").ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
    env.Spawn([&env, f]() mutable {
      env.Sleep(1700ms);
      CHECK(f.WriteAt(0, "new").ok());
    });
  };
  const Rotting rotting = Rot(write, {});
  EXPECT_EQ(rotting.first, "new");
  EXPECT_EQ(rotting.result.faults[Fault::kRot].applied, 1u);
  EXPECT_EQ(rotting.result.faults[Fault::kRot].observed, 0u);
}

TEST(DiskRot, NothingToRotIsNoFault) {
  const Rotting rotting =
      Rot([](Env& env) { CHECK(env.disk().Open("f", OpenMode::kCreate).ok()); }, {});
  EXPECT_EQ(rotting.result.faults[Fault::kRot].attempted, 1u);
  EXPECT_EQ(rotting.result.faults[Fault::kRot].applied, 0u);
}

}  // namespace
}  // namespace reprise
