// detection: how soon the phi accrual detector suspects, and how often wrongly. The detector that
// the protocols use hears heartbeats whose inter-arrival times are normal, from fixed seeds.

#include "models/theory/detection.h"

#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "protocols/healing/phi_detector.h"
#include "sim/choices.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

using healing::kPhi;
using healing::PhiConfig;
using healing::PhiDetector;

constexpr double kMean = 1, kDeviation = .1;  // Seconds.
constexpr uint64_t kHeartbeats = 4'000'000;   // Three standard errors are 5 % at phi = 3.
constexpr uint64_t kCrashes = 50'000;

double Uniform(uint64_t n) { return (static_cast<double>(Choices::Mix(n) >> 11) + 0.5) * 0x1p-53; }

// The n-th inter-arrival time, by Box and Muller.
Duration Gap(uint64_t n) {
  const double normal = std::sqrt(-2 * std::log(Uniform(2 * n))) *
                        std::cos(2 * std::numbers::pi * Uniform(2 * n + 1));
  return Duration(std::llround((kMean + kDeviation * normal) * 1e9));
}

double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

// Hears one heartbeat after another. Windows are long, so that what the detector has learned is
// what is true.
class Stream {
 public:
  Stream() : detector_(PhiConfig{.interval = 1s, .outage = 10s, .window = 4000}) {
    for (int i = 0; i < 4000; ++i) Next();
  }
  // Returns phi just before it comes.
  uint64_t Next() {
    ++number_;
    now_ += Gap(number_);
    const uint64_t phi = detector_.Phi(now_);
    detector_.Hear({.incarnation = 1, .number = number_}, now_);
    return phi;
  }
  // How long a silence after the last one it takes.
  Duration ThresholdOf(uint64_t phi) const {
    Duration low{}, high = 4s;
    while (high - low > 1us) {
      const Duration middle = (low + high) / 2;
      (detector_.Phi(now_ + middle) < phi ? low : high) = middle;
    }
    return high;
  }

 private:
  PhiDetector detector_;
  uint64_t number_ = 0;
  Time now_{};
};

// Crashes at uniform moments: in a gap of length x, that is x times as likely to be the one, and
// the silence has lasted for half of it on average.
double MeanLatency() {
  Stream stream;
  double sum = 0, weights = 0, threshold = 0;
  for (uint64_t crash = 0; crash < kCrashes; ++crash) {
    if (crash % 100 == 0) threshold = Seconds(stream.ThresholdOf(8 * kPhi));
    const double gap = Seconds(Gap((uint64_t{1} << 40) + crash));
    sum += gap * (threshold - gap * Uniform((uint64_t{1} << 50) + crash));
    weights += gap;
    stream.Next();
  }
  return sum / weights;
}

std::vector<TableRow> Rows() {
  std::vector<TableRow> rows;
  Stream stream;
  for (const int phi : {1, 2, 3, 8}) {
    const auto threshold = stream.ThresholdOf(static_cast<uint64_t>(phi) * kPhi);
    rows.push_back({.what = "phi = " + std::to_string(phi) + ": silence, s",
                    .model = theory::NormalThreshold(phi, kMean, kDeviation),
                    .simulation = Seconds(threshold),
                    .tolerance = .01,
                    .digits = 3});
  }
  std::array<uint64_t, 4> wrong{};
  for (uint64_t i = 0; i < kHeartbeats; ++i) {
    const uint64_t phi = stream.Next();
    for (uint64_t threshold = 1; threshold <= 3; ++threshold) {
      wrong[threshold] += phi >= threshold * kPhi ? 1 : 0;
    }
  }
  for (uint64_t phi = 1; phi <= 3; ++phi) {
    rows.push_back(
        {.what = "phi = " + std::to_string(phi) + ": wrong suspicions, each heartbeat",
         .paper = std::pow(10, -static_cast<double>(phi)),
         .model = std::pow(10, -static_cast<double>(phi)),
         .simulation = static_cast<double>(wrong[phi]) / static_cast<double>(kHeartbeats),
         .tolerance = .1,
         .digits = 5});
  }
  const double late = theory::NormalThreshold(8, kMean, kDeviation);
  rows.push_back({.what = "phi = 8: from a crash until it is suspected, s",
                  .model = theory::MeanDetection(late, kMean),
                  .simulation = MeanLatency(),
                  .tolerance = .02,
                  .digits = 3});
  rows.push_back({.what = "phi = 8, exponential: silence, s (Cassandra)",
                  .paper = 18,
                  .model = theory::ExponentialThreshold(8, kMean),
                  .tolerance = .03,
                  .digits = 2});
  return rows;
}

}  // namespace

Table Detection() {
  return {.id = "detection",
          .about = "how soon a phi accrual detector suspects, and how often wrongly",
          .source = "Hayashibara et al., SRDS 2004: heartbeats each 1 s, with a deviation of 0.1 s",
          .cost = "about 2 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
