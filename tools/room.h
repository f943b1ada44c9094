// Where on a page there is still room: labels ask before they are placed.

#pragma once

#include <cmath>
#include <map>
#include <vector>

#include "tools/dot.h"

namespace reprise {

class Room {
 public:
  void Claim(XY centre, double width, double height) {
    const Area area{centre.x - width / 2, centre.x + width / 2, centre.y - height / 2,
                    centre.y + height / 2};
    for (long i = Column(area.left); i <= Column(area.right); ++i) columns_[i].push_back(area);
  }

  bool IsFree(XY centre, double width, double height) const {
    const Area area{centre.x - width / 2, centre.x + width / 2, centre.y - height / 2,
                    centre.y + height / 2};
    for (long i = Column(area.left); i <= Column(area.right); ++i) {
      const auto column = columns_.find(i);
      if (column == columns_.end()) continue;
      for (const Area& other : column->second) {
        if (area.left < other.right && other.left < area.right && area.low < other.high &&
            other.low < area.high) {
          return false;
        }
      }
    }
    return true;
  }

  // Claims it and returns true, where it is free.
  bool Take(XY centre, double width, double height) {
    if (!IsFree(centre, width, height)) return false;
    Claim(centre, width, height);
    return true;
  }

 private:
  struct Area {
    double left, right, low, high;
  };
  static long Column(double x) { return std::lround(std::floor(x / 64)); }

  std::map<long, std::vector<Area>> columns_;
};

}  // namespace reprise
