// Elections with random timeouts: how often votes are split, and how long there is no leader. After
// D. Ongaro, "Consensus: Bridging Theory and Practice", Stanford, 2014, chapter 9 (9.1, 9.2).

#pragma once

#include <cmath>

namespace reprise::theory {

inline double Binomial(int n, int k) {
  return std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0));
}

// The probability that an election of a cluster of n servers, s of which take part, is split: that
// so many of them time out before the first one's requests reach them that none has a majority.
// `latency` is one way, in units of the range of the timeouts.
inline double SplitVote(int servers, int taking_part, double latency) {
  const int candidates = taking_part - servers / 2 + 1;  // With so many there is no majority.
  double split = 0;
  for (int k = candidates - 1; k <= taking_part; ++k) {
    split +=
        Binomial(taking_part, k) * std::pow(latency, k) * std::pow(1 - latency, taking_part - k);
  }
  return split;
}

// The mean time without a leader after a leader's crash, in the units of `least`: timeouts are
// uniform in [least, 2 least]; a heartbeat every least / 2; one-way latency `latency`; each server
// takes `write` to make its vote durable. The crash is uniform between two heartbeats.
inline double MeanDowntime(int servers, int taking_part, double least, double latency,
                           double write) {
  const double l = latency / least, w = write / least;
  const double retry = 1 / (1 - SplitVote(servers, taking_part, l));
  return least * (retry * (1 + 1.0 / (taking_part + 1) + l) + l + w - 0.25);
}

}  // namespace reprise::theory
