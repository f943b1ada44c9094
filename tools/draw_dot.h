// A run as DOT for `neato -n2` (see render.h): lanes from left to right, one for each node, and
// messages as arrows between them. Every position is fixed here, so equal runs give equal text.

#pragma once

#include <string>

#include "tools/picture.h"

namespace reprise {

std::string DrawDot(const Picture& picture);
std::string DrawDot(const Scenario& scenario, const RunResult& result, const DrawOptions& options);

}  // namespace reprise
