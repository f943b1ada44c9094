// A threaded C++20 program that knows nothing of simulation: of the simulator it includes nothing,
// and it is a shared library of its own. posix_program_test.cc runs it in simulated processes.

#pragma once

#include <functional>
#include <string>

namespace posix_program {

// Where it writes a line.
using Say = std::function<void(const std::string& line)>;

// Uses all that the standard library has for threads, and says what it finds.
void Everything(const Say& say);

// Two threads take two locks; where `planted`, not in the same order.
void TwoLocks(bool planted);

// Threads add to a counter under a lock; where `planted`, one reads it outside. Returns what is
// missing in the end.
int Counting(bool planted);

// How often it was called, says a static variable.
int Count();

}  // namespace posix_program
