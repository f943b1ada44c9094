// The mean time until data is lost: birth-death Markov chains in which copies fail and are
// repaired, and the state without enough copies absorbs. After G. Gibson and D. Patterson; exact,
// by the recurrence for first passage times, and not the usual approximation for rare failures.

#pragma once

#include <cmath>

namespace reprise::theory {

enum class Repairs { kOneAtATime, kParallel };

// `copies` of something, of which `needed` must be left. Each fails at `failure` and each repair
// ends at `repair` (rates in the same unit). The mean time from all copies to the loss, in 1 /
// unit: 2 replicas: copies 2, needed 1; RS(4, 2): copies 6, needed 4.
inline double MeanTimeToLoss(int copies, int needed, double failure, double repair,
                             Repairs repairs) {
  // up[k]: the mean time from k failed copies to k + 1 failed ones.
  double total = 0, up = 0;
  for (int failed = 0; failed <= copies - needed; ++failed) {
    const double out = (copies - failed) * failure;
    const double back = failed == 0                       ? 0
                        : repairs == Repairs::kOneAtATime ? repair
                                                          : failed * repair;
    up = 1 / out + back / out * up;
    total += up;
  }
  return total;
}

// Two replicas that are scrubbed at the same moments, every `period`; each is corrupted at `rate`.
// A block is lost where both are within one period. Schwarz et al., MASCOTS 2004, exact.
inline double MeanTimeToScrubLoss(double rate, double period) {
  const double both = std::pow(1 - std::exp(-rate * period), 2);
  return period / both;
}

}  // namespace reprise::theory
