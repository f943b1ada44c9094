// The memory of one process: all that its threads allocate, dropped as a whole when its boot ends.
// Private to sim/posix.
//
// Arenas lie at addresses that do not differ between runs, between processes of this machine or
// between machines, and begin as zeros: a program that looks at its addresses, or at memory that it
// never wrote, finds the same there every time.

#pragma once

#include <cstddef>
#include <cstdint>

namespace reprise::posix {

class Arena {
 public:
  static constexpr uintptr_t kBase = 0x1000'0000'0000;
  static constexpr size_t kBytes = size_t{1} << 32;
  static constexpr size_t kArenas = 1024;

  // Takes the arena of that number, or the next that is free. REQUIRES: one is.
  explicit Arena(size_t wanted);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Whether some arena has that address, or it is memory of the time of loading.
  static bool Has(const void* memory) {
    return reinterpret_cast<uintptr_t>(memory) - kLoadBase < kBytes * (kArenas + 1);
  }

  // What shared libraries allocate while the program is loaded, before its own first line runs,
  // belongs to their global variables (images.h). It lies by itself, and is never freed.
  static constexpr uintptr_t kLoadBase = kBase - kBytes;
  static void* AllocateAtLoad(size_t bytes, size_t alignment = 16);
  static size_t used_at_load();

  // Null where there is no room. The alignment is a power of two.
  void* Allocate(size_t bytes, size_t alignment = 16);
  void* AllocateZeros(size_t bytes, size_t alignment = 16);
  void* Reallocate(void* memory, size_t bytes);
  // False where this is no memory that was allocated and not freed.
  bool Free(void* memory);
  static size_t SizeOf(const void* memory);

  size_t used() const { return static_cast<size_t>(top_ - base_); }

 private:
  struct Block;
  struct Gap {
    Gap* next;
  };
  static constexpr size_t kClasses = 128;

  size_t number_;
  char* base_;
  char* top_;                 // Nothing at or above it was ever allocated: it is zero.
  Gap* free_[kClasses] = {};  // By size, the last that was freed first.
};

}  // namespace reprise::posix
