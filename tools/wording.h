// Text for people: short, valid UTF-8, one line, and the same whatever the locale.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/time.h"

namespace reprise {

// Valid UTF-8 without control characters, whatever the bytes: a reason may quote what a node read
// from a rotten disk, and one bad byte makes an SVG unreadable. Bad bytes become U+FFFD.
std::string Clean(std::string_view bytes);

// How many characters, not bytes. REQUIRES: clean text.
size_t Length(std::string_view text);

// At most so many characters, the last of them "…" where something is missing. REQUIRES: clean
// text.
std::string Shorten(std::string_view text, size_t length_most);

// "3,410".
std::string Thousands(uint64_t n);

// Two or three digits and a unit: "2.1 s", "312 ms". For lengths of time, where that is enough.
std::string Roughly(Duration length);

// Every digit that is not a trailing zero: "412.5 ms", "1.25 s". For moments, which must be true.
std::string Exactly(Time at);

// With so many decimals, and a point whatever the locale.
std::string Fixed(double value, int decimals = 1);

}  // namespace reprise
