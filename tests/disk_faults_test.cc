// Each way in which a disk breaks its promises, on the least scenario that shows it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/disk.h"
#include "sim/scenario.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Body = std::function<void(Env&)>;

void ExpectCount(const RunResult& r, Fault fault, uint64_t attempted, uint64_t applied,
                 uint64_t observed) {
  EXPECT_EQ(r.faults[fault].attempted, attempted) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].applied, applied) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].observed, observed) << Info(fault).name;
}

// Nodes whose first boot runs `before`, and the later ones `after`. "crash n1 #2" is at 1.5 s.
Scenario Disks(Body before, Body after, int nodes = 1) {
  Scenario s;
  s.name = "disks";
  s.roles = {{.name = "node", .count = nodes, .main = [before, after](Env& env) {
                (env.boot() == 1 ? before : after)(env);
                env.Sleep(1h);
              }}};
  const Ratio half = OneIn(2);
  s.crashes = {
      .crash = half, .down_at_most = nodes, .down = 100ms, .wipe = half, .disks_lost_at_most = 1};
  s.disks = {.hung = half,
             .unsynced = half,
             .sync_lie = half,
             .entries = half,
             .rollback = half,
             .swap = half,
             .read_fail = half,
             .misread = half,
             .miswrite = half,
             .lost_write = half,
             .rot = half,
             .full = half};
  s.storm = 4s;
  s.calm = 1s;
  return s;
}

RunResult Play(const Scenario& s, const Entries& faults) {
  RunResult r = Simulate(s, Choices::FromDepartures(List(faults)));
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

// What the file "f" has in boot 1, once `before` is done, and in boot 2.
struct Seen {
  std::string before, after;
  RunResult result;
};
Seen Look(const Body& before, Entries faults) {
  Seen seen;
  faults.emplace_back("crash n1 #2", 512);
  seen.result = Play(Disks(
                         [&](Env& env) {
                           before(env);
                           seen.before = Letters(ReadAll(env, "f"));
                         },
                         [&](Env& env) { seen.after = Letters(ReadAll(env, "f")); }),
                     faults);
  return seen;
}

// Syncs 1 and 2; write 1.
void Store(Env& env, std::string_view path, const std::string& letters) {
  File f = Open(env, path);
  CHECK(f.WriteAt(0, Sectors(letters)).ok() && f.Sync().ok() && env.disk().SyncDir("").ok());
}

TEST(DiskFaults, AHungSyncEndsAtLast) {
  int64_t took = 0;
  const auto write = [&](Env& env) {
    const Time before = env.Now();
    CHECK(Open(env, "f").Append("x").ok() && Open(env, "f").Sync().ok());
    took = (env.Now() - before).count();
  };
  Scenario s = Disks(write, [](Env&) {});
  s.disks.hung_for = 2s;
  ExpectCount(Play(s, {{"hung n1 #1", 1}}), Fault::kHung, 1, 1, 1);
  EXPECT_EQ(took, 2'002'000'000);
}

TEST(DiskFaults, ALiedSyncIsLostInACrashAndHealedByAnHonestOne) {
  const auto write = [](Env& env) {
    Store(env, "f", "a");
    CHECK(Open(env, "f").WriteAt(0, Sectors("b")).ok() && Open(env, "f").Sync().ok());
  };
  Seen seen = Look(write, {{"sync-lie n1 #3", 1}});
  EXPECT_EQ(seen.before + " " + seen.after, "b a");
  ExpectCount(seen.result, Fault::kSyncLie, 1, 1, 1);
  const auto again = [&](Env& env) { write(env), CHECK(Open(env, "f").Sync().ok()); };
  seen = Look(again, {{"sync-lie n1 #3", 1}});
  EXPECT_EQ(seen.before + " " + seen.after, "b b");
  ExpectCount(seen.result, Fault::kSyncLie, 1, 0, 0);
  // Of a directory: the data is there, the name is not.
  seen = Look(write, {{"sync-lie n1 #2", 1}});
  EXPECT_EQ(seen.before + " " + seen.after, "b (none)");
}

TEST(DiskFaults, ALostWriteIsSeenUntilItIsWrittenBack) {
  std::string unsynced;
  const auto write = [&](Env& env) {
    Store(env, "f", "ab");
    CHECK(Open(env, "f").WriteAt(0, Sectors("xy")).ok());
    unsynced = Letters(ReadAll(env, "f"));
    CHECK(Open(env, "f").Sync().ok());
  };
  const Seen seen = Look(write, {{"lost-write n1 #2", 1}});
  EXPECT_EQ(unsynced + " " + seen.before + " " + seen.after, "xy ab ab");
  EXPECT_EQ(seen.result.faults[Fault::kLostWrite].applied, 1u);
  EXPECT_EQ(seen.result.faults[Fault::kLostWrite].observed, 2u);  // Two sectors.
}

TEST(DiskFaults, AMiswriteHitsWhatIsElsewhere) {
  std::string other;
  const auto write = [&](Env& env) {
    Store(env, "g", "pqr");
    Store(env, "f", "abc");
    CHECK(Open(env, "f").WriteAt(kSectorBytes, Sectors("x")).ok());
    CHECK(Open(env, "f").Sync().ok());
    other = Letters(ReadAll(env, "g"));
  };
  // The other sectors of the file, then the other files.
  Seen seen = Look(write, {{"miswrite n1 #3", 1}});
  EXPECT_EQ(seen.before + " " + seen.after + " " + other, "xbc xbc pqr");
  EXPECT_EQ(seen.result.faults[Fault::kMiswrite].applied, 1u);
  EXPECT_EQ(seen.result.faults[Fault::kMiswrite].observed, 2u);
  seen = Look(write, {{"miswrite n1 #3", 1}, {"miswrite-to n1 #3", 1}});
  EXPECT_EQ(seen.before + " " + seen.after + " " + other, "abx abx pqr");
  seen = Look(write, {{"miswrite n1 #3", 1}, {"miswrite-to n1 #3", 2}});
  EXPECT_EQ(seen.before + " " + seen.after + " " + other, "abc abc pxr");
}

TEST(DiskFaults, DamageUnderWhatIsNotWrittenBackIsCoveredUp) {
  const auto write = [](Env& env) {
    Store(env, "f", "abc");
    CHECK(Open(env, "f").WriteAt(0, Sectors("z")).ok());  // Write 2, lost, and not synced.
  };
  const Seen seen = Look(write, {{"lost-write n1 #2", 1}});
  EXPECT_EQ(seen.before + " " + seen.after, "zbc abc");
}

TEST(DiskFaults, AnUnreadableSectorIsSoUntilItIsWritten) {
  std::vector<std::string> reads;
  const auto read = [&](Env& env) { reads.push_back(Letters(ReadAll(env, "f"))); };
  const auto write = [&](Env& env) {
    Store(env, "f", "abc");
    read(env);
    read(env);
    reads.push_back(Letters(*Open(env, "f").ReadAt(0, kSectorBytes)));
    CHECK(Open(env, "f").WriteAt(kSectorBytes, "x").ok());
    read(env);
  };
  const Seen seen = Look(write, {{"read-fail n1 #1", 1}, {"read-fail-at n1 #1", 1}});
  EXPECT_THAT(reads, ElementsAre("(lost)", "(lost)", "a", "a?c"));
  EXPECT_EQ(seen.after, "a?c");
  ExpectCount(seen.result, Fault::kReadFail, 1, 1, 1);
  const Seen lasting = Look([](Env& env) { Store(env, "f", "abc"); }, {{"read-fail n1 #1", 1}});
  EXPECT_EQ(lasting.before + lasting.after, "(lost)(lost)");
}

TEST(DiskFaults, AMisreadIsOfOneRead) {
  std::vector<std::string> reads;
  const auto write = [&](Env& env) {
    Store(env, "f", "abc");
    for (int i = 0; i < 3; ++i) reads.push_back(Letters(ReadAll(env, "f")));
  };
  const Entries faults = {{"misread n1 #2", 1}, {"misread-at n1 #2", 1}, {"misread-from n1 #2", 1}};
  const Seen seen = Look(write, faults);
  EXPECT_THAT(reads, ElementsAre("abc", "acc", "abc"));
  ExpectCount(seen.result, Fault::kMisread, 1, 1, 1);
}

TEST(DiskFaults, AFullDiskRefusesWhatNeedsRoomForAWhile) {
  std::string full, later;
  const auto write = [&](Env& env) {
    Store(env, "f", "ab");
    env.Sleep(1600ms);  // It is full from 1.5 s on, for half a second.
    const auto add = [](std::string& to, const absl::Status& status) {
      to += status.ok() ? "+" : absl::IsResourceExhausted(status) ? "-" : "?";
    };
    for (std::string* out : {&full, &later}) {
      add(*out, Open(env, "f").Append("x"));
      add(*out, Open(env, "f").WriteAt(0, "x"));
      add(*out, Open(env, "f").Truncate(9999));
      add(*out, env.disk().Open("g", OpenMode::kCreateIfMissing).status());
      add(*out, env.disk().Rename("f", "f"));
      env.Sleep(1s);
    }
  };
  Scenario s = Disks(write, [](Env&) {});
  s.disks.full_most = 1s;
  const RunResult r = Play(s, {{"full n1 #2", 512}, {"full-for n1 #2", 511}});
  EXPECT_EQ(full, "-+---");
  EXPECT_EQ(later, "+++++");
  ExpectCount(r, Fault::kFull, 1, 1, 1);
}

TEST(DiskFaults, NamesAreLostAndTheDataOfOthersIsNot) {
  const auto write = [](Env& env) {
    Store(env, "f", "a");
    CHECK(Open(env, "f").WriteAt(0, Sectors("b")).ok());
    CHECK(Open(env, "g").Append("x").ok() && Open(env, "g").Sync().ok());
    CHECK(Open(env, "h").Append("x").ok() && Open(env, "h").Sync().ok());
  };
  std::vector<std::string> names;
  const auto list = [&](Env& env) { names = env.disk().List(""); };
  const RunResult r =
      Play(Disks(write, list), {{"crash n1 #2", 512}, {"entries n1 #2", 1 + 1024 / 2}});
  EXPECT_THAT(names, ElementsAre("f", "g"));
  ExpectCount(r, Fault::kEntries, 1, 1, 1);
  EXPECT_EQ(Look(write, {{"entries n1 #2", 1}}).after, "b");
}

TEST(DiskFaults, ARollbackGoesSomeSyncsBack) {
  const auto write = [](Env& env) {
    Store(env, "f", "a");
    for (const char* letters : {"b", "c", "d"}) {
      CHECK(Open(env, "f").WriteAt(0, Sectors(letters)).ok() && Open(env, "f").Sync().ok());
    }
  };
  EXPECT_EQ(Look(write, {{"rollback n1 #2", 1}}).after, "c");
  EXPECT_EQ(Look(write, {{"rollback n1 #2", 3}}).after, "a");
  const Seen seen = Look(write, {{"rollback n1 #2", 8}});  // There have been five.
  EXPECT_EQ(seen.after, "(none)");
  ExpectCount(seen.result, Fault::kRollback, 1, 1, 1);
}

// Each of two nodes stores its own letter; what they have in their later boots.
std::vector<std::string> TwoAfter(Entries faults, const std::function<void(Scenario&)>& change,
                                  RunResult* result) {
  std::vector<std::string> after(2);
  const auto store = [](Env& env) { Store(env, "f", Index(env.self()) == 1 ? "a" : "b"); };
  const auto look = [&](Env& env) { after[Index(env.self()) - 1] += Letters(ReadAll(env, "f")); };
  Scenario s = Disks(store, look, 2);
  if (change) change(s);
  *result = Play(s, faults);
  return after;
}

TEST(DiskFaults, SoManyDisksAreLostAsWerePromised) {
  RunResult r;
  const Entries both = {
      {"crash n1 #2", 512}, {"wipe n1 #2", 1}, {"crash n2 #3", 512}, {"wipe n2 #3", 1}};
  EXPECT_THAT(TwoAfter(both, nullptr, &r), ElementsAre("(none)", "b"));
  ExpectCount(r, Fault::kWipe, 2, 1, 1);
  const auto two = [](Scenario& s) { s.crashes.disks_lost_at_most = 2; };
  EXPECT_THAT(TwoAfter(both, two, &r), ElementsAre("(none)", "(none)"));
  const auto none = [](Scenario& s) { s.crashes.disks_lost_at_most = 0; };
  const Entries old = {{"crash n1 #2", 512}, {"rollback n1 #2", 1}};
  EXPECT_THAT(TwoAfter(old, none, &r), ElementsAre("a", ""));
  ExpectCount(r, Fault::kRollback, 1, 0, 0);
}

TEST(DiskFaults, TwoThatAreDownSwapTheirDisks) {
  RunResult r;
  const Entries faults = {{"crash n1 #2", 512}, {"crash n2 #2", 540}, {"swap n2 #2", 1}};
  EXPECT_THAT(TwoAfter(faults, nullptr, &r), ElementsAre("b", "a"));
  ExpectCount(r, Fault::kSwap, 1, 1, 1);
  EXPECT_THAT(TwoAfter({{"crash n2 #2", 540}, {"swap n2 #2", 1}}, nullptr, &r),
              ElementsAre("", "b"));
  ExpectCount(r, Fault::kSwap, 1, 0, 0);
}

// Both nodes' copies of sector 0 rot, at 1.5 s and at 2.5 s; good_copies of 1 keeps the second.
TEST(DiskAtlas, DamageLeavesTheGoodCopiesThatWerePromised) {
  const auto rot_both = [](int good_copies, bool heal) {
    const auto store = [heal](Env& env) {
      Store(env, "f", "a");
      env.Sleep(2s);
      if (heal && env.self() == NodeId{1}) Store(env, "f", "a");
    };
    Scenario s = Disks(
        store, [](Env&) {}, 2);
    s.disks.good_copies = good_copies;
    const RunResult r =
        Simulate(s, Choices::FromDepartures(List({{"rot n1 #2", 512}, {"rot n2 #3", 512}})));
    EXPECT_EQ(r.faults[Fault::kRot].attempted, 2u);
    return r.faults[Fault::kRot].applied;
  };
  EXPECT_EQ(rot_both(0, false), 2u);
  EXPECT_EQ(rot_both(1, false), 1u);
  EXPECT_EQ(rot_both(1, true), 2u);
  EXPECT_EQ(rot_both(2, false), 0u);
}

TEST(DiskAtlas, OtherSectorsAreOtherCopies) {
  Scenario s = Disks([](Env& env) { Store(env, "f", "ab"); }, [](Env&) {}, 2);
  s.disks.good_copies = 1;
  const Entries apart = {{"rot n1 #2", 512}, {"rot n2 #3", 512}, {"rot-at n2 #3", kSectorBytes}};
  EXPECT_EQ(Play(s, apart).faults[Fault::kRot].applied, 2u);
}

TEST(DiskAtlas, EveryKindOfStoredDamageCounts) {
  for (const std::string fault : {"miswrite", "lost-write", "read-fail"}) {
    const auto store = [](Env& env) {
      Store(env, "f", "ab");
      env.Sleep(env.self() == NodeId{1} ? 1s : 2s);
      CHECK(Open(env, "f").WriteAt(0, Sectors("x")).ok() && Open(env, "f").Sync().ok());
      ReadAll(env, "f");
    };
    const std::string ordinal = fault == "read-fail" ? " #1" : " #2";
    for (int good : {0, 1}) {
      Scenario s = Disks(
          store, [](Env&) {}, 2);
      s.disks.good_copies = good;
      const RunResult r =
          Simulate(s, Choices::FromDepartures(
                          List({{fault + " n1" + ordinal, 1}, {fault + " n2" + ordinal, 1}})));
      uint64_t applied = 0;
      for (Fault f : {Fault::kMiswrite, Fault::kLostWrite, Fault::kReadFail})
        applied += r.faults[f].applied;
      EXPECT_EQ(applied, good == 0 ? 2u : 1u) << fault;
    }
  }
}

// Where one copy is damaged, the disk with the last good one is not lost.
TEST(DiskAtlas, ALostDiskCountsToo) {
  RunResult r;
  const auto one = [](Scenario& s) { s.disks.good_copies = 1; };
  const Entries faults = {{"rot n1 #1", 512}, {"crash n2 #2", 512}, {"wipe n2 #2", 1}};
  EXPECT_THAT(TwoAfter(faults, one, &r), ElementsAre("", "b"));
  ExpectCount(r, Fault::kWipe, 1, 0, 0);
  EXPECT_THAT(TwoAfter(faults, nullptr, &r), ElementsAre("", "(none)"));
}

// Its name becomes durable later, and then it would be the only copy.
TEST(DiskAtlas, DamageWhoseNameIsNotDurableYetCountsToo) {
  const auto store = [](Env& env) {
    if (env.self() == NodeId{2}) return Store(env, "f", "a");
    env.Sleep(1s);
    File file = Open(env, "f");
    CHECK(file.WriteAt(0, Sectors("a")).ok() && file.Sync().ok());
    env.Sleep(1h);
  };
  Scenario s = Disks(
      store, [](Env&) {}, 2);
  const Entries faults = {{"lost-write n1 #1", 1}, {"crash n2 #2", 512}, {"wipe n2 #2", 1}};
  for (const int good : {0, 1}) {
    s.disks.good_copies = good;
    const RunResult r = Play(s, faults);
    EXPECT_EQ(r.faults[Fault::kLostWrite].applied, 1u);
    EXPECT_EQ(r.faults[Fault::kWipe].applied, good == 0 ? 1u : 0u);
  }
}

// Whole disks, whatever the files are called: with a bound of one, a second disk stays undamaged
// for as long as the first one is not mended.
TEST(DiskAtlas, DamageStaysOnSoManyDisksAsWerePromised) {
  const auto applied = [](int at_most, bool mend) {
    const auto store = [mend](Env& env) {
      const std::string name = Name(env.self());
      Store(env, name, "ab");
      env.Sleep(2s);
      if (mend && env.self() == NodeId{1}) Store(env, name, "ab");
    };
    Scenario s = Disks(
        store, [](Env&) {}, 3);
    s.disks.damaged_at_most = at_most;
    const Entries rot = {{"rot n1 #2", 512}, {"rot n2 #3", 512}, {"rot n3 #4", 512}};
    return Play(s, rot).faults[Fault::kRot].applied;
  };
  EXPECT_EQ(applied(0, false), 3u);
  EXPECT_EQ(applied(3, false), 3u);
  EXPECT_EQ(applied(2, false), 2u);
  EXPECT_EQ(applied(1, false), 1u);
  EXPECT_EQ(applied(1, true), 2u);
}

TEST(DiskAtlas, ADamagedDiskIsDamagedAgain) {
  Scenario s = Disks([](Env& env) { Store(env, "f", "ab"); }, [](Env&) {}, 2);
  s.disks.damaged_at_most = 1;
  const Entries again = {{"rot n1 #2", 512}, {"rot n1 #3", 512}, {"rot-at n1 #3", kSectorBytes}};
  EXPECT_EQ(Play(s, again).faults[Fault::kRot].applied, 2u);
}

// n1's file gets its name, and then a crash leaves its size and none of its bytes: n2 has the only
// copy.
TEST(DiskAtlas, WhatWasNeverFinishedIsNoCopy) {
  const auto store = [](Env& env) {
    if (env.self() == NodeId{2}) return Store(env, "f", "b");
    File file = Open(env, "f");
    CHECK(env.disk().SyncDir("").ok() && file.WriteAt(0, Sectors("a")).ok());
    env.Sleep(1h);
  };
  const auto rots = [&](uint64_t torn) {
    Scenario s = Disks(
        store, [](Env&) {}, 2);
    s.disks.good_copies = 1;
    Entries faults = {{"crash n1 #1", 512}, {"torn n1 #1", 1}, {"rot n2 #3", 512}};
    if (torn != 0) faults.emplace_back("torn-sector n1 #1.2", torn);
    const RunResult r = Play(s, faults);
    EXPECT_EQ(r.faults[Fault::kRot].attempted, 1u);
    return r.faults[Fault::kRot].applied;
  };
  EXPECT_EQ(rots(0), 1u) << "all was kept";
  EXPECT_EQ(rots(1), 0u);
}

// That n1's file may be there again after a crash does not help n2.
TEST(DiskAtlas, WhatWasRemovedIsNoCopy) {
  for (const bool removes : {false, true}) {
    const auto store = [removes](Env& env) {
      Store(env, "f", "a");
      if (removes && env.self() == NodeId{1}) CHECK(env.disk().Remove("f").ok());
    };
    Scenario s = Disks(
        store, [](Env&) {}, 2);
    s.disks.good_copies = 1;
    EXPECT_EQ(Play(s, {{"rot n2 #3", 512}}).faults[Fault::kRot].applied, removes ? 0u : 1u);
  }
}

constexpr Fault kAll[] = {Fault::kEntries,  Fault::kHung,    Fault::kSyncLie,  Fault::kFull,
                          Fault::kReadFail, Fault::kMisread, Fault::kMiswrite, Fault::kLostWrite,
                          Fault::kRollback, Fault::kSwap,    Fault::kWipe};

Scenario Stormy() {
  const auto work = [](Env& env) {
    for (uint64_t n = 0;; ++n) {
      const std::string path = n % 3 == 0 ? "f" : "g";
      auto file = env.disk().Open(path, OpenMode::kCreateIfMissing);
      if (file.ok()) {
        std::ignore = file->WriteAt(n % 4 * kSectorBytes, std::string(kSectorBytes, 'a' + n % 26));
        if (n % 2 == 0) std::ignore = file->Sync();
        std::ignore = file->ReadAt(0, 1 << 20);
      }
      if (n % 5 == 0) std::ignore = env.disk().SyncDir("");
      env.Sleep(20ms);
    }
  };
  Scenario s = Disks(work, work, 2);
  s.disks.hung_for = 500ms;
  for (Ratio DiskModel::*rate :
       {&DiskModel::hung, &DiskModel::sync_lie, &DiskModel::read_fail, &DiskModel::misread,
        &DiskModel::miswrite, &DiskModel::lost_write}) {
    s.disks.*rate = OneIn(40);
  }
  return s;
}

TEST(DiskFaults, StrikeOverSeedsAndReplay) {
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const RunResult r = Simulate(Stormy(), Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
    const Departures all = r.departures();
    ASSERT_EQ(Simulate(Stormy(), Choices::FromDepartures(all)).digest, r.digest) << seed;
    for (size_t i = 1; i < all.size(); ++i) ASSERT_FALSE(all[i].address == all[i - 1].address);
    faults += r.faults;
  }
  for (Fault fault : kAll) {
    EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
    EXPECT_GT(faults[fault].applied, 0u) << Info(fault).name;
    EXPECT_LE(faults[fault].applied, faults[fault].attempted) << Info(fault).name;
  }
}

TEST(DiskFaults, InTheCalmThereIsNone) {
  const RunResult calm = Simulate(Stormy(), Choices::Calm(), {.find_opportunities = true});
  for (Fault fault : kAll) {
    EXPECT_EQ(calm.faults[fault].attempted, 0u) << Info(fault).name;
    if (Info(fault).area == "disk" && (fault == Fault::kHung || fault == Fault::kMisread)) {
      EXPECT_TRUE(std::ranges::any_of(calm.opportunities, [&](const Opportunity& o) {
        return o.address.site.label == LabelOf(fault);
      })) << Info(fault).name;
    }
  }
  Scenario honest = Stormy();
  honest.disks = {};
  honest.crashes = {};
  EXPECT_EQ(Simulate(honest, Choices::Calm()).digest, calm.digest);
}

}  // namespace
}  // namespace reprise
