// A node's idea of time: integer arithmetic on the world's. Private to sim/.

#pragma once

#include <cstdint>

#include "sim/time.h"

namespace reprise {

class NodeClock {
 public:
  // Drift is in parts per million of the world's time: 200 runs fast, -200 runs slow.
  void Set(int64_t offset_ns, int64_t drift_ppm) {
    offset_ = offset_ns;
    ppm_ = drift_ppm;
  }
  void Step(int64_t ns) { step_ += ns; }

  bool wrong() const { return offset_ != 0 || ppm_ != 0; }
  bool drifts() const { return ppm_ != 0; }
  bool stepped() const { return step_ != 0; }
  int64_t offset() const { return offset_; }

  Time Monotonic(int64_t world) const { return AtNanos(Local(world)); }
  Time Wall(int64_t world) const { return AtNanos(Local(world) + step_); }

  // The world's first moment at which the monotonic clock shows at least `local`. What no run can
  // live to see, or lies as long before it, is the end or the beginning of time.
  int64_t World(Time local) const {
    if (Nanos(local) > kHorizon) return Nanos(kForever);
    if (Nanos(local) < -kHorizon) return 0;
    const int64_t target = Nanos(local) - offset_;
    if (ppm_ == 0) return target;
    auto t = static_cast<int64_t>(static_cast<__int128>(target) * 1'000'000 / (1'000'000 + ppm_));
    while (Local(t) >= Nanos(local)) --t;
    while (Local(t) < Nanos(local)) ++t;
    return t;
  }

 private:
  static constexpr int64_t kHorizon = INT64_MAX / 4;  // 73 years.

  int64_t Local(int64_t world) const {
    if (ppm_ == 0) return world + offset_;
    return world + offset_ + static_cast<int64_t>(static_cast<__int128>(world) * ppm_ / 1'000'000);
  }

  int64_t offset_ = 0;
  int64_t ppm_ = 0;
  int64_t step_ = 0;
};

}  // namespace reprise
