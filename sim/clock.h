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
  // From now on it shows the same time, until it thaws; then it runs on from there.
  void Freeze(int64_t world) {
    if (!frozen()) frozen_at_ = world;
  }
  void Thaw(int64_t world) {
    if (!frozen()) return;
    lost_ += world - frozen_at_;
    frozen_at_ = kNotFrozen;
  }

  bool wrong() const { return offset_ != 0 || ppm_ != 0; }
  bool drifts() const { return ppm_ != 0; }
  bool stepped() const { return step_ != 0; }
  bool frozen() const { return frozen_at_ != kNotFrozen; }
  bool has_frozen() const { return frozen() || lost_ != 0; }
  int64_t offset() const { return offset_; }

  Time Monotonic(int64_t world) const { return AtNanos(Local(world)); }
  Time Wall(int64_t world) const { return AtNanos(Local(world) + step_); }

  // The world's first moment at which the monotonic clock shows at least `local`, were it not to
  // freeze from now on: timers run on while a clock stands still. What no run can live to see, or
  // lies as long before it, is the end or the beginning of time.
  int64_t World(Time local, int64_t now) const {
    if (Nanos(local) > kHorizon) return Nanos(kForever);
    if (Nanos(local) < -kHorizon) return 0;
    const int64_t stood_still = lost_ + (frozen() ? now - frozen_at_ : 0);
    return Running(local) + stood_still;
  }

 private:
  static constexpr int64_t kHorizon = INT64_MAX / 4;  // 73 years.
  static constexpr int64_t kNotFrozen = -1;
  static constexpr int64_t kMillion = 1'000'000;

  // a * b / c, toward zero, for b and c of about a million. Most runs are shorter than an hour, and
  // 64 bits are then enough for the product: dividing 128 takes ten times as long.
  static int64_t TimesOver(int64_t a, int64_t b, int64_t c) {
    constexpr int64_t kHours = 4'000'000'000'000;
    if (-kHours < a && a < kHours && -2 * kMillion < b && b < 2 * kMillion) return a * b / c;
    return static_cast<int64_t>(static_cast<__int128>(a) * b / c);
  }

  // The first moment at which a clock that never froze shows at least `local`.
  int64_t Running(Time local) const {
    const int64_t target = Nanos(local) - offset_;
    if (ppm_ == 0) return target;
    int64_t t = TimesOver(target, kMillion, kMillion + ppm_);
    while (Shown(t) >= Nanos(local)) --t;
    while (Shown(t) < Nanos(local)) ++t;
    return t;
  }

  int64_t Local(int64_t world) const { return Shown((frozen() ? frozen_at_ : world) - lost_); }

  int64_t Shown(int64_t ran) const {
    if (ppm_ == 0) return ran + offset_;
    return ran + offset_ + TimesOver(ran, ppm_, kMillion);
  }

  int64_t offset_ = 0;
  int64_t ppm_ = 0;
  int64_t step_ = 0;
  int64_t frozen_at_ = kNotFrozen;
  int64_t lost_ = 0;  // How long it has stood still, before that.
};

}  // namespace reprise
