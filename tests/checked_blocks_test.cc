// The file of blocks of protocols/durability/checked_blocks.h, and what it notices.

#include "protocols/durability/checked_blocks.h"

#include <gtest/gtest.h>

#include "sim/nemesis.h"
#include "tests/disk_helper.h"

namespace reprise {
namespace {

constexpr NodeId n1{1};

std::string Bytes(char c) { return std::string(CheckedBlocks::kBlockBytes, c); }

// One node that opens four blocks in each boot, and then does that.
using Body = std::function<void(Env&, CheckedBlocks&, const CheckedBlocks::Found&)>;
Scenario One(const Body& body) {
  Scenario s;
  s.name = "blocks";
  s.roles = {{.name = "node", .count = 1, .main = [body](Env& env) {
                CheckedBlocks blocks(env, "store", 4);
                const CheckedBlocks::Found found = blocks.Open();
                body(env, blocks, found);
                env.Sleep(10s);
              }}};
  s.crashes = {.slot = 500ms, .disks_lost_at_most = 1};
  s.storm = 2s;
  s.calm = 100ms;
  return s;
}

void Play(const Scenario& s, const Departures& departures) {
  const RunResult run = Simulate(s, Choices::FromDepartures(departures));
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  EXPECT_EQ(run.given, run.given_drawn) << "an address that the run never came to";
}

// Opening is writes 1 to 3, syncs 1 to 5 and reads 1 to 8 of the first boot.
void WithFault(const Entries& fault, const std::function<void(CheckedBlocks&)>& body) {
  bool ran = false;
  Play(One([&](Env&, CheckedBlocks& blocks, const CheckedBlocks::Found&) {
         blocks.Write(3, 7, Bytes('x'));
         body(blocks);
         ran = true;
       }),
       List(fault));
  EXPECT_TRUE(ran);
}

TEST(CheckedBlocksTest, GivesBackWhatWasWritten) {
  WithFault({}, [](CheckedBlocks& blocks) {
    EXPECT_EQ(*blocks.Read(3), Bytes('x'));
    EXPECT_EQ(blocks.version(3), 7u);
    EXPECT_EQ(*blocks.Read(2), Bytes('\0'));
    EXPECT_EQ(blocks.version(2), 0u);
    for (uint64_t k = 0; k < blocks.count(); ++k) EXPECT_TRUE(blocks.SumIsGood(k));
  });
}

TEST(CheckedBlocksTest, TheSumIsOverAddressVersionAndData) {
  EXPECT_EQ(BlockSum(1, 2, "data"), BlockSum(1, 2, "data"));
  EXPECT_NE(BlockSum(1, 2, "data"), BlockSum(3, 2, "data"));
  EXPECT_NE(BlockSum(1, 2, "data"), BlockSum(1, 3, "data"));
  EXPECT_NE(BlockSum(1, 2, "data"), BlockSum(1, 2, "Data"));
}

TEST(CheckedBlocksTest, NoticesALostWriteAndIsMendedByAnother) {
  WithFault({{"lost-write n1 #4", 1}}, [](CheckedBlocks& blocks) {
    EXPECT_TRUE(absl::IsDataLoss(blocks.Read(3).status()));
    EXPECT_TRUE(blocks.SumIsGood(3));
    blocks.Write(3, 8, Bytes('y'));
    EXPECT_EQ(*blocks.Read(3), Bytes('y'));
  });
}

TEST(CheckedBlocksTest, KnowsTheSumThatTheDiskHasLost) {
  WithFault({{"lost-write n1 #5", 1}}, [](CheckedBlocks& blocks) {
    EXPECT_EQ(*blocks.Read(3), Bytes('x'));
    EXPECT_FALSE(blocks.SumIsGood(3));
    blocks.RewriteSum(3);
    EXPECT_TRUE(blocks.SumIsGood(3));
  });
}

TEST(CheckedBlocksTest, NoticesAMisdirectedWriteAtBothEnds) {
  WithFault({{"miswrite n1 #4", 1}}, [](CheckedBlocks& blocks) {
    EXPECT_FALSE(blocks.Read(3).ok());
    EXPECT_FALSE(blocks.Read(0).ok());
    EXPECT_TRUE(blocks.Read(1).ok());
  });
}

TEST(CheckedBlocksTest, AMisdirectedReadIsOverWithTheNextOne) {
  WithFault({{"misread n1 #9", 1}}, [](CheckedBlocks& blocks) {
    EXPECT_FALSE(blocks.Read(3).ok());
    EXPECT_TRUE(blocks.Read(3).ok());
  });
}

TEST(CheckedBlocksTest, ASectorThatCannotBeReadIsMendedByAWrite) {
  WithFault({{"read-fail n1 #9", 1}}, [](CheckedBlocks& blocks) {
    EXPECT_FALSE(blocks.Read(3).ok());
    EXPECT_FALSE(blocks.Read(3).ok());
    EXPECT_EQ(blocks.ReadUnverified(3), Bytes('\0'));
    blocks.Write(3, 7, Bytes('x'));
    EXPECT_TRUE(blocks.Read(3).ok());
  });
}

// What the second boot finds, where the first wrote block 3 and then crashed in such a way.
struct SecondBoot {
  CheckedBlocks::Found found;
  uint64_t version = 0;
  bool good = false;
};
SecondBoot AfterCrash(const std::string& detail, uint64_t value, uint64_t bound,
                      const Entries& more = {}) {
  SecondBoot second;
  const Scenario s = One([&](Env& env, CheckedBlocks& blocks, const CheckedBlocks::Found& found) {
    if (env.boot() == 1) {
      EXPECT_FALSE(found.anything);
      blocks.Write(3, 7, Bytes('x'));
    } else {
      second = {found, blocks.version(3), blocks.Read(3).ok()};
    }
  });
  Nemesis story(s);
  story.At(700ms, Fault::kCrash, n1).With(detail, value, bound);
  Departures departures = story.departures();
  for (const Departure& departure : List(more)) departures.push_back(departure);
  Sort(departures);
  Play(s, departures);
  return second;
}

TEST(CheckedBlocksTest, WhatWasWrittenSurvivesACrashAlsoAfterASyncThatFailed) {
  for (const Entries& fault : {Entries{}, Entries{{"sync-fail n1 #6", 1}},
                               Entries{{"sync-fail n1 #7", 1}}, Entries{{"sync-fail n1 #1", 1}}}) {
    const SecondBoot second = AfterCrash("unsynced", 1, kQuantiles, fault);
    EXPECT_TRUE(second.found.mine);
    EXPECT_TRUE(second.found.last_boot);
    EXPECT_TRUE(second.found.bad.empty());
    EXPECT_EQ(second.version, 7u);
    EXPECT_TRUE(second.good);
  }
}

TEST(CheckedBlocksTest, AnEmptyDiskIsNobodys) {
  const SecondBoot second = AfterCrash("wipe", 1, 2);
  EXPECT_FALSE(second.found.anything);
  EXPECT_FALSE(second.found.mine);
  EXPECT_EQ(second.version, 0u);
  EXPECT_TRUE(second.good) << "as a new disk";
}

// The copy of the entry that lies with the block tells which version it is, after all.
TEST(CheckedBlocksTest, AWriteThatHasLostItsDataLeavesAnOlderBlockAndItsEntryNothing) {
  for (const auto& [lost, version] :
       {std::pair{"lost-write n1 #4", 0u}, std::pair{"lost-write n1 #5", 7u}}) {
    const SecondBoot second = AfterCrash("unsynced", 1, kQuantiles, {{lost, 1}});
    EXPECT_TRUE(second.found.bad.empty()) << lost;
    EXPECT_TRUE(second.good) << lost;
    EXPECT_EQ(second.version, version) << lost;
  }
}

TEST(CheckedBlocksTest, CannotNoticeWhatTheWholeDiskHasForgotten) {
  const SecondBoot older = AfterCrash("rollback", 2, 9);
  EXPECT_TRUE(older.found.last_boot);
  EXPECT_TRUE(older.found.bad.empty());
  EXPECT_EQ(older.version, 0u);
  const SecondBoot lied =
      AfterCrash("unsynced", 1, kQuantiles, {{"sync-lie n1 #6", 1}, {"sync-lie n1 #7", 1}});
  EXPECT_TRUE(lied.found.last_boot);
  EXPECT_TRUE(lied.found.bad.empty());
  EXPECT_EQ(lied.version, 0u);
}

}  // namespace
}  // namespace reprise
