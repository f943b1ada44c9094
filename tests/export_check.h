// What other people's formats demand: each check says what is wrong with a text, or nothing.

#pragma once

#include <string>

namespace reprise {

// Chrome's trace-event JSON: known phases with the fields that they need; on each track slices
// begin in order and do not overlap but by nesting; each flow begins once and ends once, not before
// it began, and each end of it lies in a slice of its track; asynchronous slices are paired.
std::string WrongWithPerfetto(const std::string& text);

// ShiViz: the first line is an expression, the second a delimiter; each event is a host, its vector
// clock and a line of text; a clock names its own host, whose entry begins with 1 and grows by 1,
// no entry of a host ever falls, and none is ahead of the host that it is about.
std::string WrongWithShiviz(const std::string& text);

// Mermaid's sequence diagrams, as far as we write them: participants before they are used, arrows,
// and notes over one or two participants; no text with a ';' or a '#' that is no escape.
std::string WrongWithMermaid(const std::string& text);

// JSON lines of events: numbered from 1, times that do not fall, known kinds.
std::string WrongWithJsonLines(const std::string& text);

}  // namespace reprise
