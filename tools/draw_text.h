// A run as text for a terminal: time runs down, one column for each node.

#pragma once

#include <string>

#include "tools/picture.h"

namespace reprise {

std::string DrawText(const Picture& picture);
std::string DrawText(const Scenario& scenario, const RunResult& result, const DrawOptions& options);

}  // namespace reprise
