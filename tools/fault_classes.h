// Faults of one kind, as the field speaks of them: "a message is lost" is many faults of the menu.

#pragma once

#include <string_view>
#include <vector>

#include "sim/faults.h"

namespace reprise {

struct FaultClass {
  std::string_view name;
  std::vector<Fault> faults;
  // Whether it is made of other classes, for bugs that any of these can find.
  bool wide = false;
};

// Each fault is in one class that is not wide, and perhaps in a wide one.
const std::vector<FaultClass>& FaultClasses();

}  // namespace reprise
