// From DOT to a file that people look at, by way of the program neato.
//
// The program and not the library libgvc: it writes the same bytes, leaks nothing into this
// process, and where it is not installed all other formats still work.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/selection.h"

namespace reprise {

enum class Format { kDot, kSvg, kPng, kPdf, kText, kHtml };

// By the extension: dot, svg, png, pdf, txt or html. "-" is text. Error: kInvalidArgument.
absl::StatusOr<Format> FormatOf(const std::string& path);

// The picture as that format has it. Errors: kInvalidArgument where neato does not make it,
// kUnavailable without Graphviz, kInternal where it failed.
absl::StatusOr<std::string> RenderDot(const std::string& dot, Format format);

// DOT to the file, in the format of its name.
absl::Status Render(const std::string& dot, const std::string& path);

// The run to the file, in the format of its name.
absl::Status Draw(const Scenario& scenario, const RunResult& result, const DrawOptions& options,
                  const std::string& path);

}  // namespace reprise
