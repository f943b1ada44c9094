// What an accrual failure detector says, and how soon. After N. Hayashibara, X. Defago, R. Yared
// and T. Katayama, "The phi Accrual Failure Detector", SRDS 2004; the exponential variant as in
// Cassandra.

#pragma once

#include <cmath>

namespace reprise::theory {

// phi, where a heartbeat is so late after the last one: -log10 of the probability that one comes
// later still. Inter-arrival times are normal, or exponential. All in one unit of time.
inline double NormalPhi(double late, double mean, double deviation) {
  return -std::log10(0.5 * std::erfc((late - mean) / deviation / std::sqrt(2.0)));
}
inline double ExponentialPhi(double late, double mean) { return late / mean / std::log(10.0); }

// How late a heartbeat is when phi reaches the threshold.
inline double NormalThreshold(double phi, double mean, double deviation) {
  double low = mean - 10 * deviation, high = mean + 30 * deviation;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (NormalPhi(middle, mean, deviation) < phi ? low : high) = middle;
  }
  return low;
}
inline double ExponentialThreshold(double phi, double mean) { return phi * mean * std::log(10.0); }

// From a crash at a uniform moment between two heartbeats until phi reaches the threshold, where it
// is `late` at which it does: half a period has passed since the last heartbeat, on average.
inline double MeanDetection(double late, double mean) { return late - mean / 2; }

}  // namespace reprise::theory
