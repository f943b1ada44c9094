// Two runs as one picture: one above the other, along the same axis of time; grey is what both
// have, green only the first, red only the second.

#pragma once

#include <string>

#include "tools/alignment.h"
#include "tools/nearest.h"

namespace reprise {

// The drawing as DOT (see render.h). `messages` is about how many of each run are shown.
std::string DrawDiff(const Remade& one, const Remade& other, const Alignment& alignment,
                     size_t messages);

}  // namespace reprise
