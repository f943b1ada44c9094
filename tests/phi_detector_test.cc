// The phi accrual detector beside its closed forms, and what its paper promises of it.

#include "protocols/healing/phi_detector.h"

#include <gtest/gtest.h>

#include "models/theory/detection.h"

namespace reprise::healing {
namespace {

constexpr Time kStart{100s};

// Inter-arrival times of mean 1 s and standard deviation 100 ms.
PhiDetector Learned() {
  PhiDetector detector({.interval = 1s, .least_deviation = 1ms, .outage = 4s, .window = 1000});
  Time at = kStart;
  for (uint64_t k = 1; k <= 1001; ++k) {
    EXPECT_TRUE(detector.Hear({.incarnation = 1, .number = k}, at));
    at += k % 2 == 0 ? 900ms : 1100ms;
  }
  return detector;
}
constexpr Time kLast = kStart + 1000s;

// How long a silence it takes, to the tenth of a millisecond.
double ThresholdOf(const PhiDetector& detector, uint64_t phi) {
  Time now = kLast;
  while (detector.Phi(now) < phi * kPhi) now += 100us;
  return static_cast<double>((now - kLast).count()) / 1e9;
}

TEST(PhiDetectorTest, TheTableIsTheNormalDistributionWithinOnePerCent) {
  for (int64_t z = 0; z <= 10 * 1024; z += 7) {
    const double expected = theory::NormalPhi(static_cast<double>(z) / 1024, 0, 1) * 1e6;
    ASSERT_NEAR(static_cast<double>(PhiOfDeviations(z)), expected, expected * .01) << z;
  }
}

TEST(PhiDetectorTest, ThresholdsAreThoseOfTheNormalDistribution) {
  const PhiDetector detector = Learned();
  EXPECT_NEAR(static_cast<double>(detector.Mean().count()), 1e9, 1e6);
  EXPECT_NEAR(static_cast<double>(detector.Deviation().count()), 1e8, 1e6);
  EXPECT_NEAR(ThresholdOf(detector, 1), 1.128, .002);
  EXPECT_NEAR(ThresholdOf(detector, 2), 1.233, .002);
  EXPECT_NEAR(ThresholdOf(detector, 3), 1.309, .002);
  EXPECT_NEAR(ThresholdOf(detector, 8), 1.561, .002);
}

// A crash at any moment between two heartbeats, in a thousand steps.
TEST(PhiDetectorTest, MeanDetectionLatencyIsAsTheoryHasIt) {
  const double late = ThresholdOf(Learned(), 8);
  double sum = 0;
  for (int step = 0; step < 1000; ++step) sum += late - (step + .5) / 1000;
  EXPECT_NEAR(sum / 1000, theory::MeanDetection(theory::NormalThreshold(8, 1, .1), 1), .002);
  EXPECT_NEAR(sum / 1000, 1.061, .002);
}

TEST(PhiDetectorTest, PhiNeverFallsBetweenHeartbeatsAndReachesEveryThreshold) {
  const PhiDetector detector = Learned();
  uint64_t before = 0;
  for (Time now = kLast; now < kLast + 10s; now += 1ms) {
    const uint64_t phi = detector.Phi(now);
    ASSERT_GE(phi, before);
    before = phi;
  }
  EXPECT_GT(before, 300 * kPhi);
}

TEST(PhiDetectorTest, AnOutageIsNotHowHeartbeatsCome) {
  PhiDetector detector = Learned();
  const double before = ThresholdOf(detector, 8);
  const Duration mean = detector.Mean();
  EXPECT_TRUE(detector.Hear({.incarnation = 1, .number = 1002}, kLast + 60s));
  EXPECT_EQ(detector.Mean(), mean);
  EXPECT_LT(detector.Phi(kLast + 61s), kPhi);
  EXPECT_GT(detector.Phi(kLast + 62s), 8 * kPhi);
  EXPECT_NEAR(before, 1.561, .002);

  // FD-M1.
  PhiDecisions keeps;
  keeps.Keeps = [](Duration, Duration) { return true; };
  PhiDetector mutant({.interval = 1s, .window = 32}, keeps);
  mutant.Hear({.incarnation = 1, .number = 1}, kStart);
  mutant.Hear({.incarnation = 1, .number = 2}, kStart + 60s);
  EXPECT_LT(mutant.Phi(kStart + 62s), kPhi);
}

TEST(PhiDetectorTest, OldHeartbeatsAndThoseOfEarlierLivesAreIgnored) {
  PhiDetector detector;
  EXPECT_EQ(detector.Phi(kStart), 0u) << "nobody was heard of yet";
  EXPECT_TRUE(detector.Hear({.incarnation = 2, .number = 5}, kStart));
  EXPECT_FALSE(detector.Hear({.incarnation = 2, .number = 5}, kStart + 1ms));
  EXPECT_FALSE(detector.Hear({.incarnation = 2, .number = 4}, kStart + 1ms));
  EXPECT_FALSE(detector.Hear({.incarnation = 1, .number = 9}, kStart + 1ms));
  EXPECT_TRUE(detector.Hear({.incarnation = 3, .number = 1}, kStart + 1ms));
  EXPECT_EQ(detector.incarnation(), 3u);
}

TEST(PhiDetectorTest, HeartbeatsLikeClockworkHaveADeviationAllTheSame) {
  PhiDecisions none;
  none.DeviationOf = [](Duration found, Duration) { return found; };
  const PhiConfig config{.window = 8};
  PhiDetector sound(config), mutant(config, none);  // The latter is FD-M3.
  Time at = kStart;
  for (uint64_t k = 1; k <= 20; ++k, at += 100ms) {
    sound.Hear({.incarnation = 1, .number = k}, at);
    mutant.Hear({.incarnation = 1, .number = k}, at);
  }
  EXPECT_EQ(sound.Deviation(), 0ns);
  EXPECT_GT(sound.Phi(at + 1s), 8 * kPhi);
  EXPECT_EQ(mutant.Phi(at + 1h), 0u);
}

}  // namespace
}  // namespace reprise::healing
