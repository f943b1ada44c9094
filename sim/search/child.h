// A forked process and the pipe through which it speaks. Private to sim/search.

#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace reprise {

struct Child {
  pid_t pid = 0;
  int fd = -1;  // What it writes can be read here.
};

// Starts a process that runs the body, which writes to the file descriptor, and then ends. It ends
// with this process at the latest, and never returns from here: what the body throws kills it.
// `quiet` closes its standard error: what node code says a thousand times is noise.
Child StartChild(bool quiet, absl::FunctionRef<void(int fd)> body);

// In a child: writes all of it; where nobody listens any more, the child ends.
void WriteAll(int fd, std::string_view words);

// Adds what the child says to `out`, until it ends; false where it does not end in time.
bool ReadAll(const Child& child, std::chrono::milliseconds limit, std::string& out);

// Waits for its end, and returns its status as waitpid has it.
int Reap(const Child& child);

// "the process died: Segmentation fault".
std::string HowItEnded(int status);

}  // namespace reprise
