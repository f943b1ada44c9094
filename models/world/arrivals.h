// When work arrives. Pure functions of a quantile, in integers: the drawing is done in sim/.

#pragma once

#include <cstdint>

#include "sim/scenario.h"

namespace reprise::models {
namespace internal {

// -log2(n / d) in units of 2^-32, cut off. REQUIRES: 0 < n <= d < 2^31.
constexpr uint64_t MinusLog2(uint64_t n, uint64_t d) {
  uint64_t result = 0;
  while (2 * n <= d) {
    n *= 2;
    result += uint64_t{1} << 32;
  }
  // Here d / n is in [1, 2). Squaring it doubles the logarithm, of which each bit is one overflow.
  uint64_t x = (d << 32) / n;
  for (uint64_t bit = uint64_t{1} << 31; bit != 0; bit /= 2) {
    x = static_cast<uint64_t>((static_cast<unsigned __int128>(x) * x) >> 32);
    if (x >> 33 != 0) {
      x /= 2;
      result += bit;
    }
  }
  return result;
}

}  // namespace internal

// The gap before the next of arrivals that know nothing of each other (a Poisson process): the
// middle of each of kQuantiles equal parts of the exponential distribution. Zero is the shortest;
// the longest is 7.6 times the mean. The mean of all is 0.9997 of it.
constexpr Duration PoissonGap(Duration mean, uint64_t quantile) {
  constexpr uint64_t kLn2 = 2977044472;  // In units of 2^-32.
  const uint64_t log2 = internal::MinusLog2(2 * (kQuantiles - quantile) - 1, 2 * kQuantiles);
  const uint64_t ln = static_cast<uint64_t>((static_cast<unsigned __int128>(log2) * kLn2) >> 32);
  return Duration(static_cast<int64_t>(
      (static_cast<unsigned __int128>(ln) * static_cast<uint64_t>(mean.count())) >> 32));
}

}  // namespace reprise::models
