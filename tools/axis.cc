#include "tools/axis.h"

#include <algorithm>

#include "tools/wording.h"

namespace reprise {
namespace {

// In points. PNG ends at 32,767 pixels of 3/4 point.
constexpr double kWidthLeast = 620, kWidthMost = 18'000, kLinearWidthMost = 1'500;
constexpr double kTypicalWidth = 48;
constexpr double kGapLeast = 5, kGapMost = 80;
constexpr double kTickGapLeast = 56, kTickGapMost = 110;

double Ratio(Duration a, Duration b) {
  return static_cast<double>(a.count()) / static_cast<double>(b.count());
}

// The roundest moment in [from, to]: a multiple of the largest 1, 2 or 5 times a power of ten.
Time Roundest(Time from, Time to) {
  for (int64_t power = 1'000'000'000'000'000'000; power > 0; power /= 10) {
    for (int64_t times : {5, 2, 1}) {
      const int64_t step = power > 1'000'000'000'000'000'000 / times ? power : power * times;
      const int64_t at = Nanos(to) / step * step;
      if (at >= Nanos(from)) return AtNanos(at);
    }
  }
  return from;
}

}  // namespace

Axis::Axis(std::vector<Time> moments, Duration typical) : moments_(std::move(moments)) {
  if (moments_.empty()) moments_.push_back(Time{});
  std::ranges::sort(moments_);
  moments_.erase(std::unique(moments_.begin(), moments_.end()), moments_.end());
  if (!LayLinear(typical)) LayCompressed(typical);
  if (width() > kWidthMost) Stretch(kWidthMost / width());
  if (width() < kWidthLeast && width() > 0) Stretch(std::min(kWidthLeast / width(), 4.0));
  if (moments_.size() == 1) {
    moments_.push_back(moments_[0] + typical);
    x_.push_back(kWidthLeast);
  }
}

// True where all of it fits and neighbours can be told apart.
bool Axis::LayLinear(Duration typical) {
  const double per_ns = kTypicalWidth / static_cast<double>(typical.count());
  const auto place = [&](Time at) {
    return static_cast<double>((at - moments_[0]).count()) * per_ns;
  };
  size_t close = 0;
  for (size_t i = 0; i < moments_.size(); ++i) {
    x_.push_back(place(moments_[i]));
    close += i > 0 && x_[i] - x_[i - 1] < kGapLeast ? 1 : 0;
  }
  linear_ = width() <= kLinearWidthMost && close * 5 <= moments_.size();
  return linear_;
}

void Axis::LayCompressed(Duration typical) {
  x_.assign(1, 0);
  for (size_t i = 1; i < moments_.size(); ++i) {
    const double gap = Ratio(moments_[i] - moments_[i - 1], typical);
    // Nearly linear for gaps that are shorter than a step of the story, nearly constant above.
    x_.push_back(x_.back() + kGapLeast + (kGapMost - kGapLeast) * gap / (gap + 1.2));
    if (gap > 12) folds_.push_back({moments_[i - 1], moments_[i], x_[i - 1], x_[i]});
  }
}

void Axis::Stretch(double factor) {
  for (double& x : x_) x *= factor;
  for (Fold& fold : folds_) fold.x_from *= factor, fold.x_to *= factor;
}

double Axis::X(Time at) const {
  if (at <= moments_.front()) return 0;
  if (at >= moments_.back()) return width();
  const auto after = std::ranges::upper_bound(moments_, at);
  const auto i = static_cast<size_t>(after - moments_.begin());
  const double part = Ratio(at - moments_[i - 1], moments_[i] - moments_[i - 1]);
  return x_[i - 1] + part * (x_[i] - x_[i - 1]);
}

Time Axis::TimeAt(double x) const {
  const auto after = std::ranges::upper_bound(x_, x);
  if (after == x_.begin()) return moments_.front();
  if (after == x_.end()) return moments_.back();
  const auto i = static_cast<size_t>(after - x_.begin());
  const double part = (x - x_[i - 1]) / (x_[i] - x_[i - 1]);
  const Duration gap = moments_[i] - moments_[i - 1];
  return moments_[i - 1] + Duration(static_cast<int64_t>(part * static_cast<double>(gap.count())));
}

std::vector<Axis::Tick> Axis::Ticks() const {
  if (linear_) return EvenTicks();
  std::vector<Tick> ticks;
  double from = 0;
  for (const Fold& fold : folds_) {
    // No ticks in a fold: a round time there would look as if something happened.
    for (; from < fold.x_from; from = ticks.back().x + kTickGapLeast) {
      const double to = std::min(from + kTickGapMost - kTickGapLeast, fold.x_from);
      const Time at = Roundest(TimeAt(from), TimeAt(to));
      ticks.push_back({std::clamp(X(at), from, to), Exactly(at)});
    }
    from = std::max(from, fold.x_to);
  }
  for (; from <= width(); from = ticks.back().x + kTickGapLeast) {
    const double to = std::min(from + kTickGapMost - kTickGapLeast, width());
    const Time at = Roundest(TimeAt(from), TimeAt(to));
    ticks.push_back({std::clamp(X(at), from, to), Exactly(at)});
  }
  return ticks;
}

std::vector<Axis::Tick> Axis::EvenTicks() const {
  const int64_t length = std::max<int64_t>((moments_.back() - moments_.front()).count(), 1);
  const double per_ns = width() / static_cast<double>(length);
  int64_t step = 1;
  for (int64_t power = 1; static_cast<double>(step) * per_ns < kTickGapLeast; power *= 10) {
    for (int64_t times : {1, 2, 5}) {
      step = power * times;
      if (static_cast<double>(step) * per_ns >= kTickGapLeast) break;
    }
  }
  std::vector<Tick> ticks;
  const int64_t first = Nanos(moments_.front());
  for (int64_t at = (first + step - 1) / step * step; at <= first + length; at += step) {
    ticks.push_back({X(AtNanos(at)), Exactly(AtNanos(at))});
  }
  return ticks;
}

}  // namespace reprise
