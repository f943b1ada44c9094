// How evenly consistent hashing spreads keys. Closed forms, from the distribution of spacings: a
// node's V points cut V of the n V + 1 equal-in-law gaps of a circle, so that its share is
// Beta(V, n V - V) distributed, and for many nodes n times the share is Gamma(V) / V.

#pragma once

#include <cmath>

namespace reprise::theory {

// The standard deviation of a node's share, relative to its mean 1 / n. Karger et al., STOC 1997,
// bound it; this is the exact one, of a Beta distribution.
inline double RelativeShareDeviation(double nodes, double vnodes) {
  return std::sqrt((nodes - 1) / (nodes * vnodes + 1));
}

// P(Gamma(shape, 1) <= x): the regularised lower incomplete gamma function, by its series.
inline double GammaCdf(double shape, double x) {
  if (x <= 0) return 0;
  double term = 1 / shape, sum = term;
  for (double k = shape + 1; term > sum * 1e-16; k += 1) {
    term *= x / k;
    sum += term;
  }
  return std::exp(-x + shape * std::log(x) - std::lgamma(shape)) * sum;
}

// The share, in units of its mean, below which a node's share is with that probability: for many
// nodes, a quantile of Gamma(V) / V.
inline double ShareQuantile(double vnodes, double probability) {
  double low = 0, high = vnodes + 40 * std::sqrt(vnodes) + 40;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (GammaCdf(vnodes, middle) < probability ? low : high) = middle;
  }
  return low / vnodes;
}

}  // namespace reprise::theory
