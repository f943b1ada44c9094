// The phi accrual failure detector: how suspicious the silence of one node is.
//
// After N. Hayashibara, X. Defago, R. Yared and T. Katayama, "The phi Accrual Failure Detector",
// SRDS 2004. A node sends heartbeats; whoever receives them keeps the last inter-arrival times in a
// window, and takes them for normally distributed. After so long a silence,
//
//   phi = -log10 P(the next heartbeat comes later still),
//
// so that who suspects at phi = 3 is wrong once in a thousand heartbeats. It knows nothing of
// truth, and protocols must stay safe where it lies. What it promises:
//   - between two heartbeats phi never falls, and it reaches every threshold in the end;
//   - times are those of the receiver's monotonic clock, and of no other;
//   - a silence that was an outage is not taken for how heartbeats come, so that after it the next
//     one is noticed as soon;
//   - heartbeats carry the incarnation of their sender, and those of earlier ones, or older than
//     the last, are ignored.
//
// All in integers, since it decides what happens in a run: phi is in units of 10^-6, from a table
// of the normal distribution. models/theory/detection.h has the closed forms that tests compare
// with.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "sim/time.h"

namespace reprise::healing {

inline constexpr uint64_t kPhi = 1'000'000;  // The unit: phi = 8 is 8 * kPhi.

// -log10 of the probability that a normal variable exceeds its mean by that many standard
// deviations, in units of kPhi; these are in units of 2^-10.
uint64_t PhiOfDeviations(int64_t deviations_1024);

struct PhiConfig {
  Duration interval = 100ms;  // How often heartbeats are sent: what is expected at first.
  Duration least_deviation = 20ms;
  Duration outage = 400ms;  // A longer silence is none between two heartbeats.
  size_t window = 32;       // Inter-arrival times that are kept.
};

// The decisions of the detector, and these are the right ones.
struct PhiDecisions {
  // Whether an inter-arrival time goes into the window.
  bool (*Keeps)(Duration silence, Duration outage) = [](Duration silence, Duration outage) {
    return silence <= outage;
  };
  // How many are kept at most.
  size_t (*WindowOf)(size_t window) = [](size_t window) { return window; };
  // When a heartbeat arrived: by the receiver's monotonic clock, or by what its sender says.
  Time (*ArrivalOf)(Time received, Time sent_wall) = [](Time received, Time) { return received; };
  // What counts as the standard deviation, of that which was found and the least.
  Duration (*DeviationOf)(Duration found, Duration least) = [](Duration found, Duration least) {
    return found < least ? least : found;
  };
};

struct Heartbeat {
  uint64_t incarnation = 0, number = 0;  // Of the sender's life; of the heartbeat in it, from 1.
  Time sent_wall{};                      // For no purpose but to be distrusted.
};

class PhiDetector {
 public:
  explicit PhiDetector(const PhiConfig& config = {}, const PhiDecisions& decide = {});

  // False where it is older than what was heard already.
  bool Hear(const Heartbeat& beat, Time now);
  // In units of kPhi. 0 where nothing was ever heard: then there is nobody to suspect.
  uint64_t Phi(Time now) const;

  uint64_t incarnation() const { return last_.incarnation; }
  Duration Mean() const;
  Duration Deviation() const;  // As found, without the least.

 private:
  void Keep(Duration silence);
  void Count(int64_t us, int64_t times);

  PhiConfig config_;
  PhiDecisions decide_;
  Heartbeat last_;
  Time arrived_{};
  std::deque<int64_t> silences_us_;      // Microseconds, so that squares fit.
  int64_t sum_us_ = 0, squares_us_ = 0;  // Of these.
};

}  // namespace reprise::healing
