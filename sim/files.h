// Whole files, for traces, event logs and pictures.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reprise {

// Writes all of it or nothing: a file that is there is replaced at once, at the end. Devices, pipes
// and links are written to, and "-" is the standard output. Error: kUnavailable, naming the path.
absl::Status SaveFile(const std::string& path, const std::string& content);

// Errors: kUnavailable where it cannot be read, kInvalidArgument where it is longer than that. Both
// name the path.
absl::StatusOr<std::string> LoadFile(const std::string& path, size_t bytes_at_most);

// Makes the directory, and those above it, where there are none. Error: kUnavailable, naming it.
absl::Status MakeDirectory(const std::string& path);

}  // namespace reprise
