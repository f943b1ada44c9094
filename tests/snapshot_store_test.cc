#include "protocols/blocks/snapshot_store.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/scenario.h"

namespace reprise {
namespace {

constexpr uint64_t kSaves = 3;  // In each boot.

struct Loaded {
  uint64_t value;
};
struct Saving {
  uint64_t value;
};
struct Saved {
  uint64_t value;
};

// The value as some sectors of bytes, each of which tells.
std::string Big(uint64_t value) {
  return std::string(2000 + 100 * (value % 3), static_cast<char>('a' + value % 26));
}

// The value that these bytes are; none where they are a mixture.
uint64_t ValueOf(const std::string& bytes, uint64_t at_most) {
  for (uint64_t value = 0; value <= at_most; ++value) {
    if (Big(value) == bytes) return value;
  }
  return ~uint64_t{0};
}

void Main(Env& env) {
  SnapshotStore store(env, "store");
  uint64_t value = 0;
  for (int twice = 0; twice < 2; ++twice) {
    const auto bytes = store.Load("x");
    CHECK(bytes.ok() || absl::IsNotFound(bytes.status()));
    value = bytes.ok() ? ValueOf(*bytes, 25) : 0;
    env.Report(Loaded{value});
  }
  for (uint64_t i = 0; i < kSaves; ++i) {
    env.Report(Saving{++value});
    if (!store.Save("x", Big(value)).ok()) break;
    env.Report(Saved{value});
  }
  CHECK(store.Names().size() <= 1);
}

// What is loaded is what was saved last, or what was being saved, and stays so.
class Atomic final : public Oracle {
 public:
  std::string name() const override { return "atomic"; }
  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Saving& m) { saving_ = m.value; },
                [&](const Saved& m) { saved_ = m.value; },
                [&](const Loaded& m) {
                  if (m.value != saved_ && m.value != saving_) {
                    complaint = "loaded " + std::to_string(m.value) + " after saving " +
                                std::to_string(saved_);
                  }
                  saved_ = saving_ = m.value;
                });
    return complaint;
  }

 private:
  uint64_t saved_ = 0, saving_ = 0;
};

Scenario OneDisk() {
  Scenario s;
  s.name = "store";
  s.roles = {{.name = "disk", .count = 1, .main = Main}};
  s.crashes = {.crash_at = OneIn(1'000'000)};
  s.disks = {.unsynced = OneIn(1'000'000), .torn = OneIn(1'000'000)};
  s.storm = 5s;
  s.oracles = JudgedBy(Atomic());
  return s;
}

Departure At(const std::string& address, uint64_t value, uint64_t bound) {
  return {*ParseAddress(address), value, bound};
}

TEST(SnapshotStoreTest, ACrashAtAnyCallLeavesTheOldValueOrTheNewOne) {
  const Scenario s = OneDisk();
  uint64_t crashes = 0, lost = 0, torn = 0;
  for (int call = 1;; ++call) {
    const std::string at = " n1 #1." + std::to_string(call);
    const Departure crash = At("crash-at" + at, 1, 2);
    const RunResult plain = Simulate(s, Choices::FromDepartures({crash}));
    if (plain.faults[Fault::kCrashAt].applied == 0) break;
    ++crashes;
    EXPECT_EQ(plain.verdict.reason, "") << at;
    for (uint64_t kept = 0; kept < kQuantiles; kept += 64) {  // Of what was not synced, in order.
      const RunResult r =
          Simulate(s, Choices::FromDepartures({crash, At("unsynced" + at, kept + 1, kQuantiles)}));
      EXPECT_EQ(r.verdict.reason, "") << at << ", kept " << kept;
      lost += r.faults[Fault::kUnsynced].observed;
    }
    for (uint64_t seed = 1; seed <= 16; ++seed) {  // Which says how each sector fares.
      const RunResult r = Simulate(s, Choices::FromSeed(seed, {crash, At("torn" + at, 1, 2)}));
      EXPECT_EQ(r.verdict.reason, "") << at << ", seed " << seed;
      torn += r.faults[Fault::kTorn].observed;
    }
  }
  EXPECT_GT(crashes, kSaves * 6);
  EXPECT_GT(lost, 100u);
  EXPECT_GT(torn, 100u);
}

TEST(SnapshotStoreTest, AfterAFailedSyncASaveMayBeTriedAgain) {
  Scenario s = OneDisk();
  s.roles[0].main = [](Env& env) {
    SnapshotStore store(env, "");
    if (env.boot() == 1) {
      int failed = 0;
      while (!store.Save("x", Big(1)).ok()) ++failed;
      CHECK(failed == 1);
      env.Sleep(1s);
    }
    CHECK(*store.Load("x") == Big(1));
    env.Sleep(10s);
  };
  s.oracles = nullptr;
  s.disks.sync_fail = OneIn(1'000'000);
  s.crashes.crash = OneIn(1'000'000);
  for (const char* sync : {"sync-fail n1 #1", "sync-fail n1 #2"}) {  // Of the file; its directory.
    const RunResult r =
        Simulate(s, Choices::FromDepartures({At(sync, 1, 2), At("crash n1 #1", 500, kQuantiles),
                                             At("unsynced n1 #1", 1, kQuantiles)}));
    EXPECT_EQ(r.verdict.reason, "") << sync;
    EXPECT_EQ(r.given_drawn, 3u);
  }
}

TEST(SnapshotStoreTest, ADamagedValueIsDataLossNeverAnotherValue) {
  Scenario s = OneDisk();
  s.roles[0].main = [](Env& env) {
    SnapshotStore store(env, "");
    CHECK(store.Save("x", "all is well").ok());
    const std::string good = *env.disk().Open("x", OpenMode::kExisting)->ReadAt(0, 1000);
    for (size_t i = 0; i < good.size() * 8; ++i) {
      std::string bad = good;
      bad[i / 8] = static_cast<char>(bad[i / 8] ^ 1 << i % 8);
      CHECK(env.disk().Open("x", OpenMode::kExisting)->WriteAt(0, bad).ok());
      CHECK(absl::IsDataLoss(store.Load("x").status()));
    }
    CHECK(env.disk().Open("x", OpenMode::kExisting)->WriteAt(0, good).ok());
    CHECK(*store.Load("x") == "all is well");
    for (size_t size = 0; size < good.size(); ++size) {
      CHECK(env.disk().Open("x", OpenMode::kExisting)->Truncate(size).ok());
      CHECK(absl::IsDataLoss(store.Load("x").status()));
      CHECK(env.disk().Open("x", OpenMode::kExisting)->WriteAt(0, good).ok());
    }
  };
  s.oracles = nullptr;
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.reason, "");
}

TEST(SnapshotStoreTest, ChecksumIsCrc32c) {  // RFC 3720, B.4.
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43);
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  EXPECT_EQ(Crc32c(rising), 0x46dd794e);
}

}  // namespace
}  // namespace reprise
