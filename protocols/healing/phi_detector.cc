#include "protocols/healing/phi_detector.h"

#include <algorithm>
#include <array>

namespace reprise::healing {
namespace {

constexpr int64_t kFirst = -3 * 1024, kStep = 128;  // Of the table: from -3 on, in eighths.

// -10^6 log10(erfc(z / sqrt 2) / 2).
constexpr std::array<int64_t, 105> kTable = {
    587,      878,      1296,     1886,     2705,     3828,     5342,     7355,     9994,
    13406,    17756,    23229,    30029,    38373,    48492,    60628,    75026,    91937,
    111611,   134295,   160231,   189653,   222786,   259844,   301030,   346535,   396538,
    451205,   510692,   575142,   644688,   719451,   799546,   885074,   976131,   1072806,
    1175177,  1283318,  1397298,  1517178,  1643016,  1774864,  1912770,  2056779,  2206932,
    2363267,  2525818,  2694619,  2869699,  3051086,  3238805,  3432881,  3633336,  3840190,
    4053463,  4273172,  4499335,  4731967,  4971082,  5216695,  5468818,  5727464,  5992644,
    6264367,  6542646,  6827488,  7118903,  7416899,  7721485,  8032667,  8350454,  8674850,
    9005864,  9343501,  9687767,  10038667, 10396206, 10760390, 11131223, 11508709, 11892854,
    12283660, 12681132, 13085273, 13496088, 13913579, 14337750, 14768603, 15206143, 15650371,
    16101290, 16558903, 17023213, 17494222, 17971932, 18456345, 18947464, 19445291, 19949828,
    20461076, 20979038, 21503714, 22035108, 22573221, 23118053,
};

int64_t SquareRoot(int64_t square) {
  int64_t root = 0;
  for (int64_t bit = int64_t{1} << 31; bit != 0; bit /= 2) {
    if ((root + bit) <= square / (root + bit)) root += bit;
  }
  return root;
}

int64_t Microseconds(Duration d) { return d.count() / 1000; }

}  // namespace

// Linear between the entries, and on beyond the last.
uint64_t PhiOfDeviations(int64_t deviations_1024) {
  const int64_t at = std::max<int64_t>(0, deviations_1024 - kFirst);
  const auto entry = std::min<size_t>(static_cast<size_t>(at / kStep), kTable.size() - 2);
  const int64_t beyond = at - static_cast<int64_t>(entry) * kStep;
  const int64_t step = kTable[entry + 1] - kTable[entry];
  return static_cast<uint64_t>(kTable[entry] + step * beyond / kStep);
}

// Until more is known, heartbeats are expected to come as they are sent, give or take a quarter.
PhiDetector::PhiDetector(const PhiConfig& config, const PhiDecisions& decide)
    : config_(config), decide_(decide) {
  Keep(config_.interval * 3 / 4);
  Keep(config_.interval * 5 / 4);
}

bool PhiDetector::Hear(const Heartbeat& beat, Time now) {
  if (beat.incarnation < last_.incarnation) return false;
  const bool same_life = beat.incarnation == last_.incarnation;
  if (same_life && beat.number <= last_.number) return false;
  const Time arrived = decide_.ArrivalOf(now, beat.sent_wall);
  // What lies between two lives is no inter-arrival time; nor is a gap in which some were lost, but
  // that the network loses some is as it is, and to be expected again.
  if (last_.incarnation != 0 && decide_.Keeps(arrived - arrived_, config_.outage)) {
    Keep(arrived - arrived_);
  }
  last_ = beat;
  arrived_ = arrived;
  return true;
}

void PhiDetector::Keep(Duration silence) {
  silences_us_.push_back(Microseconds(silence));
  Count(silences_us_.back(), 1);
  while (silences_us_.size() > decide_.WindowOf(config_.window)) {
    Count(silences_us_.front(), -1);
    silences_us_.pop_front();
  }
}

void PhiDetector::Count(int64_t us, int64_t times) {
  sum_us_ += times * us;
  squares_us_ += times * us * us;
}

Duration PhiDetector::Mean() const {
  return Duration(sum_us_ * 1000 / static_cast<int64_t>(silences_us_.size()));
}

Duration PhiDetector::Deviation() const {
  const int64_t mean = Microseconds(Mean());
  const auto size = static_cast<int64_t>(silences_us_.size());
  // The sum of all (us - mean)^2.
  const int64_t squares = squares_us_ - 2 * mean * sum_us_ + size * mean * mean;
  return Duration(SquareRoot(squares / size) * 1000);
}

uint64_t PhiDetector::Phi(Time now) const {
  if (last_.incarnation == 0) return 0;
  const int64_t deviation = Microseconds(decide_.DeviationOf(Deviation(), config_.least_deviation));
  // No number at all, which compares with nothing.
  if (deviation == 0) return 0;
  const int64_t late = Microseconds(now - arrived_) - Microseconds(Mean());
  return PhiOfDeviations(late * 1024 / deviation);
}

}  // namespace reprise::healing
