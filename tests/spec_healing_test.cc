// Oracles of what heals itself: a detector's promises, a throttle, and what a ring may move. Each
// with histories that it rejects, and legal ones that look odd.

#include <gtest/gtest.h>

#include "models/spec/bounded_rate.h"
#include "models/spec/detects.h"
#include "models/spec/minimal_movement.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4};

Complaint Crash(Oracle& oracle, NodeId node, Time at) {
  return Show(oracle, Event::Kind::kCrash, at, node);
}
Complaint Boot(Oracle& oracle, NodeId node, Time at) {
  return Show(oracle, Event::Kind::kBoot, at, node);
}

TEST(DetectsTest, AcceptsWhoIsSuspectedInTimeAndWhoIsBackBefore) {
  Detects oracle(2s, {n1, n2});
  EXPECT_FALSE(Crash(oracle, n1, Time{1s}));
  EXPECT_FALSE(Tell(oracle, Suspected{n1}, n3, Time{3s}));
  EXPECT_FALSE(Boot(oracle, n1, Time{9s}));
  EXPECT_FALSE(Crash(oracle, n2, Time{10s}));
  EXPECT_FALSE(Boot(oracle, n2, Time{12s})) << "nobody need notice a short absence";
  EXPECT_FALSE(Crash(oracle, n3, Time{12s})) << "not watched";
  EXPECT_FALSE(Boot(oracle, n3, Time{20s}));
}

TEST(DetectsTest, RejectsWhoIsDownUnsuspected) {
  Detects at_boot(2s, {n1});
  EXPECT_FALSE(Crash(at_boot, n1, Time{1s}));
  EXPECT_TRUE(Boot(at_boot, n1, Time{4s}));
  Detects late(2s, {n1});
  EXPECT_FALSE(Crash(late, n1, Time{1s}));
  EXPECT_TRUE(Tell(late, Suspected{n1}, n3, Time{4s}));
  Detects trusted_again(2s, {n1});
  EXPECT_FALSE(Crash(trusted_again, n1, Time{1s}));
  EXPECT_FALSE(Tell(trusted_again, Suspected{n1}, n3, Time{2s}));
  EXPECT_FALSE(Tell(trusted_again, Trusted{n1}, n3, Time{3s}));
  EXPECT_TRUE(Boot(trusted_again, n1, Time{9s}));
}

TEST(DetectsTest, FalseAlarmsAreForgivenInTheStormOnly) {
  Detects oracle(2s, {n1});
  EXPECT_FALSE(Tell(oracle, Suspected{n1}, n3, Time{1s})) << "detectors may lie";
  EXPECT_FALSE(Show(oracle, Event::Kind::kCalm, Time{10s}));
  EXPECT_FALSE(Tell(oracle, Trusted{n1}, n3, Time{11s}));
  EXPECT_TRUE(Tell(oracle, Suspected{n1}, n3, Time{13s}));
  Detects for_ever(2s, {n1});
  EXPECT_FALSE(Tell(for_ever, Suspected{n1}, n3, Time{1s}));
  EXPECT_FALSE(Show(for_ever, Event::Kind::kCalm, Time{10s}));
  EXPECT_FALSE(Tell(for_ever, Trusted{n2}, n3, Time{13s}));
  EXPECT_TRUE(for_ever.AtEnd());
}

TEST(BoundedRateTest, CountsInAnyWindowOfEachNode) {
  BoundedRate<Trusted> oracle(100ms, 2, "trusted");
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n1, Time{0ms}));
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n1, Time{90ms}));
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n2, Time{91ms})) << "another node";
  EXPECT_FALSE(Tell(oracle, Suspected{n4}, n1, Time{92ms})) << "another fact";
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n1, Time{100ms})) << "the first is out of the window";
  const Complaint complaint = Tell(oracle, Trusted{n4}, n1, Time{189ms});
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "n1 has trusted 3 times within 100.000 ms, and 2 are allowed");
}

TEST(BoundedRateTest, ALifeBeginsAnew) {
  BoundedRate<Trusted> oracle(100ms, 1, "trusted");
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n1, Time{0ms}));
  EXPECT_FALSE(Boot(oracle, n1, Time{10ms}));
  EXPECT_FALSE(Tell(oracle, Trusted{n4}, n1, Time{20ms}));
  EXPECT_TRUE(Tell(oracle, Trusted{n4}, n1, Time{30ms}));
}

TEST(MinimalMovementTest, AcceptsWhoJoinsAndWhoTakesTheirPlaceWhoLeft) {
  MinimalMovement oracle;
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3}, {{n1, n2}, {n2, n3}}}));
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3, n4}, {{n4, n1}, {n2, n3}}})) << "n4 joined";
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3}, {{n2, n1}, {n2, n3}}})) << "and left";
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n4}, {{n4, n1}, {n2, n1}}})) << "both at once";
}

TEST(MinimalMovementTest, RejectsWhatNeedNotHaveMoved) {
  MinimalMovement oracle;
  EXPECT_FALSE(Tell(oracle, Placed{{n1, n2, n3}, {{n1, n2}, {n2, n3}}}));
  EXPECT_EQ(*Tell(oracle, Placed{{n1, n2, n3, n4}, {{n3, n1}, {n2, n3}}}),
            "object 0 moved to 1 members that were there before, and 0 of its holders left");
}

}  // namespace
}  // namespace reprise::models
