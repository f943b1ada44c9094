// Where on paper a moment of virtual time lies.
//
// Linear where that is readable. But a run may have hours of silence between bursts of
// microseconds; then time is compressed, gap by gap: later is always further right, each gap is at
// least a few points wide and none is wider than a hundred. Ticks stand at true times either
// way, and a silence that is folded away is a break in the axis that says how long it was.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/time.h"

namespace reprise {

class Axis {
 public:
  struct Tick {
    double x;
    std::string text;
  };
  struct Fold {
    Time from, to;
    double x_from, x_to;
  };

  // For things that happen at those moments. `typical` is how long one step of the story takes,
  // such as a message on its way. REQUIRES: typical > 0.
  Axis(std::vector<Time> moments, Duration typical);

  double X(Time at) const;
  double width() const { return x_.back(); }
  bool linear() const { return linear_; }
  std::vector<Tick> Ticks() const;
  const std::vector<Fold>& folds() const { return folds_; }

 private:
  bool LayLinear(Duration typical);
  void LayCompressed(Duration typical);
  void Stretch(double factor);
  Time TimeAt(double x) const;
  std::vector<Tick> EvenTicks() const;

  std::vector<Time> moments_;  // Sorted, each once, never empty.
  std::vector<double> x_;      // Of each.
  bool linear_ = true;
  std::vector<Fold> folds_;
};

}  // namespace reprise
