// models/theory against numbers that others computed, and against simulations of the same thing.
// Statistics are of fixed seeds, and so large that three standard errors are below half the
// tolerance.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "models/theory/absorption.h"
#include "models/theory/detection.h"
#include "models/theory/election.h"
#include "models/theory/placement.h"

namespace reprise::theory {
namespace {

// Tests may use what protocols may not; the engine's numbers are the same everywhere.
class Random {
 public:
  double Uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) * 0x1p-53; }
  double Exponential(double rate) { return -std::log(Uniform()) / rate; }
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::acos(-1.0) * Uniform());
  }

 private:
  std::mt19937_64 engine_{7};
};

void ExpectWithin(double found, double expected, double tolerance) {
  EXPECT_LE(std::abs(found - expected), tolerance * std::abs(expected))
      << found << " is not within " << 100 * tolerance << " % of " << expected;
}

TEST(Election, SplitVotesAreThoseOfTheDissertation) {
  EXPECT_NEAR(SplitVote(5, 4, .01), .000592, 1e-6);
  EXPECT_NEAR(SplitVote(5, 4, .1), .0523, 1e-4);
  EXPECT_NEAR(SplitVote(5, 4, .2), .1808, 1e-4);
  EXPECT_NEAR(SplitVote(9, 5, .1), .410, 1e-3);
  EXPECT_EQ(SplitVote(5, 4, 0), 0);
}

TEST(Election, DowntimeAfterALeadersCrash) {
  EXPECT_NEAR(MeanDowntime(5, 4, 150, .5, 0), 143.5, .05);
}

// One life of copies that fail and are repaired, until fewer than needed are left.
double LifeOf(Random& random, int copies, int needed, double failure, double repair,
              Repairs repairs) {
  double at = 0;
  for (int failed = 0; copies - failed >= needed;) {
    const double out = (copies - failed) * failure;
    const double back = failed == 0                       ? 0
                        : repairs == Repairs::kOneAtATime ? repair
                                                          : failed * repair;
    at += random.Exponential(out + back);
    failed += random.Uniform() * (out + back) < out ? 1 : -1;
  }
  return at;
}

TEST(Absorption, MeanTimesToLossAreTheKnownOnes) {
  using enum Repairs;
  EXPECT_NEAR(MeanTimeToLoss(2, 1, .01, 1, kOneAtATime), 5150, 1);
  EXPECT_NEAR(MeanTimeToLoss(3, 1, .01, 1, kOneAtATime), 173'517, 1);
  EXPECT_NEAR(MeanTimeToLoss(3, 1, .01, 1, kParallel), 345'183, 1);
  EXPECT_NEAR(MeanTimeToLoss(6, 4, .01, 1, kOneAtATime), 9228, 1);
  EXPECT_NEAR(MeanTimeToLoss(6, 4, .01, 1, kParallel), 18'062, 1);
  EXPECT_NEAR(MeanTimeToLoss(9, 6, .01, 1, kOneAtATime), 38'639, 1);
  EXPECT_NEAR(MeanTimeToLoss(9, 6, .01, 1, kParallel), 221'503, 1);
}

TEST(Absorption, SimulatedLivesAreAsLong) {
  struct Code {
    int copies, needed;
  };
  for (const Code code : {Code{2, 1}, Code{6, 4}}) {
    for (const Repairs repairs : {Repairs::kOneAtATime, Repairs::kParallel}) {
      constexpr int kLives = 25'000;
      Random random;
      double sum = 0;
      for (int i = 0; i < kLives; ++i) {
        sum += LifeOf(random, code.copies, code.needed, .01, 1, repairs);
      }
      ExpectWithin(sum / kLives, MeanTimeToLoss(code.copies, code.needed, .01, 1, repairs), .04);
    }
  }
}

TEST(Absorption, TwoScrubbedReplicas) {
  EXPECT_NEAR(MeanTimeToScrubLoss(1e-3, 24), 42'677, 1);
  Random random;
  constexpr double kRate = .01, kPeriod = 24;  // More often, so that it is soon over.
  double sum = 0;
  constexpr int kLives = 25'000;
  for (int i = 0; i < kLives; ++i) {
    int periods = 1;
    while (random.Exponential(kRate) > kPeriod || random.Exponential(kRate) > kPeriod) ++periods;
    sum += periods * kPeriod;
  }
  ExpectWithin(sum / kLives, MeanTimeToScrubLoss(kRate, kPeriod), .04);
}

TEST(Detection, ThresholdsOfNormalArrivals) {
  EXPECT_NEAR(NormalThreshold(1, 1, .1), 1.128, .001);
  EXPECT_NEAR(NormalThreshold(2, 1, .1), 1.233, .001);
  EXPECT_NEAR(NormalThreshold(3, 1, .1), 1.309, .001);
  EXPECT_NEAR(NormalThreshold(8, 1, .1), 1.561, .001);
  EXPECT_NEAR(ExponentialThreshold(8, 1), 18.42, .01);
  EXPECT_NEAR(MeanDetection(NormalThreshold(8, 1, .1), 1), 1.061, .001);
  for (const double phi : {.5, 1.0, 8.0}) {
    EXPECT_NEAR(NormalPhi(NormalThreshold(phi, 3, .2), 3, .2), phi, 1e-6);
    EXPECT_NEAR(ExponentialPhi(ExponentialThreshold(phi, 3), 3), phi, 1e-12);
  }
}

TEST(Detection, WrongSuspicionsAreAsRareAsPhiSays) {
  Random random;
  constexpr int kHeartbeats = 500'000;
  for (const double phi : {1.0, 2.0}) {
    const double threshold = NormalThreshold(phi, 1, .1);
    int wrong = 0;
    for (int i = 0; i < kHeartbeats; ++i) wrong += 1 + .1 * random.Normal() > threshold ? 1 : 0;
    ExpectWithin(wrong / static_cast<double>(kHeartbeats), std::pow(10, -phi), .1);
  }
}

TEST(Placement, SharesOfARing) {
  EXPECT_NEAR(RelativeShareDeviation(100, 1), .990, .001);
  EXPECT_NEAR(RelativeShareDeviation(100, 10), .3145, .0005);
  EXPECT_NEAR(RelativeShareDeviation(100, 100), .0995, .0005);
  EXPECT_NEAR(ShareQuantile(1, .005), .005, .0001);  // Of an exponential distribution.
  EXPECT_NEAR(ShareQuantile(1, .995), -std::log(.005), .0001);
  EXPECT_NEAR(ShareQuantile(10, .005), .372, .001);
  EXPECT_NEAR(ShareQuantile(100, .995), 1.277, .001);
  EXPECT_NEAR(GammaCdf(1, 2), 1 - std::exp(-2), 1e-12);
}

}  // namespace
}  // namespace reprise::theory
