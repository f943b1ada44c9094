// What the meter of recovery measures, in histories that were written by hand.

#include <gtest/gtest.h>

#include "models/spec/append_list.h"
#include "models/spec/durable.h"
#include "models/spec/recovery.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId kServer{1}, kClient{2}, kOther{3};
constexpr OpId Op(uint64_t sequence) { return {kClient, sequence}; }
Time At(int64_t ms) { return Time(ms * 1ms); }

void Happen(Oracle& oracle, Event::Kind kind, int64_t ms, uint64_t id = 0) {
  Event event;
  event.kind = kind;
  event.at = At(ms);
  event.node = kServer;
  event.id = id;
  EXPECT_FALSE(oracle.OnEvent(event));
}

class RecoveryTest : public testing::Test {
 protected:
  void Ask(uint64_t op, int64_t ms) {
    Tell(meter_, Invoked{Op(op), 1, AppendList::Append(op)}, kClient, At(ms));
  }
  void Succeed(uint64_t op, int64_t ms) {
    Tell(meter_, Returned{Op(op), AppendList::Done()}, kClient, At(ms));
  }
  Metrics Measured(int64_t end = 1000) const {
    Metrics metrics;
    meter_.Measure({At(end), At(1000), 60}, metrics);
    return metrics;
  }
  RecoveryMeter meter_{true};
};

TEST_F(RecoveryTest, OfARunWithoutACrashThereIsOnlyAvailability) {
  Ask(1, 10);
  Succeed(1, 20);
  Ask(2, 500);
  const Metrics m = Measured();
  EXPECT_EQ(m[Metric::kFirstSuccess].count, 0u);
  EXPECT_EQ(m[Metric::kAvailability].sum, 1u);
  EXPECT_EQ(m[Metric::kAvailability].count, 2u);
  EXPECT_EQ(m[Metric::kAmplification].sum, 60u);
  EXPECT_EQ(m[Metric::kAmplification].count, 1u);
  EXPECT_EQ(m[Metric::kRecovering].sum, 0u);
  EXPECT_EQ(m.over_time[0].sum, 1u);
  EXPECT_EQ(m.over_time[20].sum, 0u);
  EXPECT_EQ(m.over_time[20].count, 1u);
}

TEST_F(RecoveryTest, MeasuresEachPartOfARecovery) {
  Ask(1, 90);
  Happen(meter_, Event::Kind::kBoot, 0, 1);
  Tell(meter_, Recovered{5}, kServer, At(1));  // Of the first boot: it counts for nothing.
  Happen(meter_, Event::Kind::kCrash, 100, 1);
  Tell(meter_, Suspected{kServer}, kOther, At(130));
  Tell(meter_, Suspected{kServer}, kOther, At(140));  // Once is enough.
  Happen(meter_, Event::Kind::kBoot, 200, 2);
  Tell(meter_, Recovered{4}, kServer, At(240));
  Succeed(1, 300);
  Ask(2, 310);
  Succeed(2, 320);
  const Metrics m = Measured();
  EXPECT_EQ(m[Metric::kDetection].sum, 30'000'000u);
  EXPECT_EQ(m[Metric::kDetection].count, 1u);
  EXPECT_EQ(m[Metric::kRestart].sum, 100'000'000u);
  EXPECT_EQ(m[Metric::kRecovery].most, 40'000'000u);
  EXPECT_EQ(m[Metric::kObjects].sum, 4u);
  EXPECT_EQ(m[Metric::kObjectTime].sum, 40'000'000u);
  EXPECT_EQ(m[Metric::kObjectTime].count, 4u);
  EXPECT_EQ(m[Metric::kFirstSuccess].sum, 200'000'000u);
  EXPECT_EQ(m[Metric::kFirstSuccess].count, 1u);
  EXPECT_EQ(m[Metric::kRecovering].sum, 140'000'000u);
  EXPECT_EQ(m[Metric::kRecovering].count, 1'000'000'000u);
}

TEST_F(RecoveryTest, ACrashInRecoveryIsOneStretchOfRecovering) {
  Happen(meter_, Event::Kind::kCrash, 100, 1);
  Happen(meter_, Event::Kind::kBoot, 200, 2);
  Happen(meter_, Event::Kind::kCrash, 210, 2);
  Happen(meter_, Event::Kind::kBoot, 300, 3);
  const Metrics m = Measured(400);  // And it has not recovered yet.
  EXPECT_EQ(m[Metric::kRestart].count, 2u);
  EXPECT_EQ(m[Metric::kRecovery].count, 0u);
  EXPECT_EQ(m[Metric::kRecovering].sum, 300'000'000u);
  EXPECT_EQ(m[Metric::kRecovering].count, 400'000'000u);
}

TEST_F(RecoveryTest, BytesStoredAreThoseLastReported) {
  Tell(meter_, Stored{100, 200}, kServer, At(1));
  Tell(meter_, Stored{100, 300}, kServer, At(2));
  EXPECT_EQ(Measured()[Metric::kRedundancy].sum, 300u);
  EXPECT_EQ(Measured()[Metric::kRedundancy].count, 100u);
}

TEST_F(RecoveryTest, OfThoseWhoGoBackTogetherItMeasuresFromTheFirstSuspicion) {
  Tell(meter_, Resumed{7}, kServer, At(10));  // The first time there was nothing to go back to.
  Tell(meter_, Suspected{kServer}, kOther, At(100));
  Tell(meter_, Suspected{kOther}, kOther, At(130));
  Tell(meter_, Resumed{4}, kServer, At(180));
  Tell(meter_, Resumed{4}, kServer, At(190));
  const Metrics m = Measured();
  EXPECT_EQ(m[Metric::kRecovery].sum, 80'000'000u);
  EXPECT_EQ(m[Metric::kRecovery].count, 1u);
  EXPECT_EQ(m[Metric::kObjects].sum, 4u);
  EXPECT_EQ(m[Metric::kObjectTime].count, 4u);
}

TEST(RecoveryMeterTest, ThatThingsGoOnMayBeSeenByAnotherFact) {
  RecoveryMeter named(false, "OpId");
  Happen(named, Event::Kind::kCrash, 100, 1);
  Tell(named, Op(1), kServer, At(170));
  Tell(named, Op(2), kServer, At(180));
  Metrics m;
  named.Measure({At(1000), At(1000), 60}, m);
  EXPECT_EQ(m[Metric::kFirstSuccess].sum, 70'000'000u);
  EXPECT_EQ(m[Metric::kFirstSuccess].count, 1u);
  EXPECT_EQ(m[Metric::kAvailability].count, 0u);
}

TEST(DurableTest, MeasuresWhatWasLost) {
  Durable oracle;
  for (uint64_t element : {1, 2, 3}) {
    Tell(oracle, Invoked{Op(element), 1, AppendList::Append(element)});
    Tell(oracle, Returned{Op(element), AppendList::Done()});
  }
  Tell(oracle, Invoked{Op(4), 1, AppendList::Read()});
  Tell(oracle, Returned{Op(4), AppendList::Got({3, 1})});
  Metrics metrics;
  oracle.Measure({}, metrics);
  EXPECT_EQ(metrics[Metric::kLost].sum, 1u);
  EXPECT_EQ(metrics[Metric::kLost].count, 3u);
}

}  // namespace
}  // namespace reprise::models
