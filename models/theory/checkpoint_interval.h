// How often a job should dump its state, and how long it then takes: the models of Young, Daly, and
// what is exact.
//
// A job with solve time T_s dumps after each segment of tau; a dump takes delta, a restart takes R,
// and the mean time between failures is M. All times are in one unit, whichever it is.
//
//   J. W. Young, "A First Order Approximation to the Optimum Checkpoint Interval", CACM 17(9),
//   1974. J. T. Daly, "A Higher Order Estimate of the Optimum Checkpoint Interval for Restart
//   Dumps", FGCS 22(3), 2006.

#pragma once

#include <cmath>
#include <functional>

namespace reprise::theory {

struct CheckpointCosts {
  double dump = 0;     // delta.
  double restart = 0;  // R.
  double mtbf = 1;     // M.
};

// The principal branch of Lambert's W: w e^w = x. REQUIRES: -1/e <= x <= 0.
inline double LambertW(double x) {
  // From the branch point on, where w = -1, by the series there; then Halley's method.
  const double p = std::sqrt(std::fmax(0.0, 2 * (std::exp(1.0) * x + 1)));
  double w = -1 + p - p * p / 3 + 11 * p * p * p / 72;
  for (int i = 0; i < 50; ++i) {
    const double e = std::exp(w);
    const double f = w * e - x;
    if (std::fabs(f) < 1e-16 || w == -1) break;
    w -= f / (e * (w + 1) - (w + 2) * f / (2 * w + 2));
  }
  return w;
}

// The best tau: to first order,
inline double YoungInterval(const CheckpointCosts& c) { return std::sqrt(2 * c.dump * c.mtbf); }
// by Daly's estimate of a higher order (his equation for delta < 2 M),
inline double DalyInterval(const CheckpointCosts& c) {
  if (c.dump >= 2 * c.mtbf) return c.mtbf;
  const double x = c.dump / (2 * c.mtbf);
  return std::sqrt(2 * c.dump * c.mtbf) * (1 + std::sqrt(x) / 3 + x / 9) - c.dump;
}
// and exactly: where the derivative of ExpectedTime is zero.
inline double ExactInterval(const CheckpointCosts& c) {
  return c.mtbf * (1 + LambertW(-std::exp(-c.dump / c.mtbf - 1)));
}

// How long the job takes, where failures are a Poisson process and may strike dumps and restarts.
inline double ExpectedTime(double solve, double tau, const CheckpointCosts& c) {
  return c.mtbf * std::exp(c.restart / c.mtbf) * std::expm1((tau + c.dump) / c.mtbf) * solve / tau;
}

// The same where each failure renews the machine, whose life then has any distribution with that
// mean: `survival` is the chance that it lasts longer. In a life of length x the job gains
// tau * floor((x - R) / (tau + delta)); that is, in the long run, tau * sum of survival(R + j (tau
// + delta)) over j = 1, 2... for each M.
inline double RenewalTime(double solve, double tau, const CheckpointCosts& c,
                          const std::function<double(double)>& survival) {
  double segments = 0;
  for (int64_t j = 1; j < 10'000'000; ++j) {
    const double more = survival(c.restart + static_cast<double>(j) * (tau + c.dump));
    segments += more;
    if (more < 1e-14) break;
  }
  return solve * c.mtbf / (tau * segments);
}

// The tau that makes RenewalTime least, between the two, to one part in a million.
inline double RenewalInterval(double least, double most, const CheckpointCosts& c,
                              const std::function<double(double)>& survival) {
  const double golden = (std::sqrt(5.0) - 1) / 2;
  while (most - least > 1e-6 * most) {
    const double a = most - golden * (most - least), b = least + golden * (most - least);
    if (RenewalTime(1, a, c, survival) < RenewalTime(1, b, c, survival)) {
      most = b;
    } else {
      least = a;
    }
  }
  return (least + most) / 2;
}

// Weibull's distribution with that shape and mean; shape 1 is the exponential one.
struct Weibull {
  double shape = 1;
  double mean = 1;

  double scale() const { return mean / std::tgamma(1 + 1 / shape); }
  double Survival(double t) const { return std::exp(-std::pow(t / scale(), shape)); }
  // What a part p of all lives, in (0, 1), is shorter than.
  double Quantile(double p) const { return scale() * std::pow(-std::log1p(-p), 1 / shape); }
};

}  // namespace reprise::theory
