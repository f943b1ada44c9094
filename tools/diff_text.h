// Two runs side by side as text, and as JSON.

#pragma once

#include <string>

#include "tools/alignment.h"
#include "tools/nearest.h"
#include "tools/report.h"

namespace reprise {

// What differs, in order of time, with a little of what does not. At most so many differing events.
std::string DiffText(const Remade& one, const Remade& other, const Alignment& alignment,
                     size_t events);

// {"schema": "reprise.diff/1", ...}.
Json DiffJson(const Remade& one, const Remade& other, const Alignment& alignment, size_t events);

// "event 41, t = 128 ms": where they differ first, with both events on lines of their own.
std::string FirstDifferenceText(const Remade& one, const Remade& other, const Alignment& alignment);

}  // namespace reprise
