// Memory for libraries in C that run in simulated nodes. What a boot has allocated goes with the
// boot: a crash runs no code of the library's, which therefore frees nothing.
//
// Such a library has one set of allocators for the whole process, and does not say for whom it
// calls them. So whoever runs it says so: each boot has a BootMemory, and enters it when its fiber
// begins to run the library's code, and again whenever a call into Env has given the turn to
// others.

#pragma once

#include <cstddef>

namespace reprise::engines {

class BootMemory {
 public:
  BootMemory() { Enter(); }
  ~BootMemory();  // Frees whatever the library still has of this boot.
  BootMemory(const BootMemory&) = delete;
  BootMemory& operator=(const BootMemory&) = delete;

  // From now on libraries work for this boot.
  void Enter() { current_ = this; }

  size_t bytes() const { return bytes_; }  // That they have now.

  // The allocators. What is allocated while no boot has entered belongs to the process. All of it
  // is aligned as malloc's is, and zero: libraft writes padding to its log that it never set.
  static void* Allocate(size_t bytes);
  static void Free(void* memory);
  static void* Reallocate(void* memory, size_t bytes);
  static size_t SizeOf(void* memory);

 private:
  struct Block;

  // Whose turn it is. Only set between two points at which fibers may switch.
  static inline BootMemory* current_ = nullptr;

  Block* first_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace reprise::engines
