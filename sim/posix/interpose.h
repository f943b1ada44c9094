// How this library defines a function of libc. Private to sim/posix.
//
//   POSIX_CALL(int, sched_yield, (), ()) { ...what a simulated thread gets... }
//
// defines sched_yield() for the whole program: the block where a simulated thread calls, and what
// would have been called without us where anybody else does. The function has a name of its own and
// libc's as its symbol, so that it does not meet the declarations in headers, which differ between
// versions in what they promise. GUARDED_CALL is for functions that sim/guard.cc defines as well:
// others than simulated threads go on to that. A block reads Me() once, first of all.

#pragma once

#include "sim/posix/thread.h"

namespace reprise::posix {

// The definition that a call would reach without us.
void* NextDefinition(const char* name);

inline void* Next(void*& known, const char* name) {
  void* next = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (next == nullptr) [[unlikely]]
    __atomic_store_n(&known, next = NextDefinition(name), __ATOMIC_RELAXED);
  return next;
}

}  // namespace reprise::posix

#define POSIX_CALL(type, name, parameters, arguments)                           \
  static type Simulated_##name parameters;                                      \
  type Interposed_##name parameters __asm__(#name);                             \
  [[gnu::visibility("default"), gnu::used]] type Interposed_##name parameters { \
    if (InProgram()) return Simulated_##name arguments;                         \
    static constinit void* next = nullptr;                                      \
    return reinterpret_cast<type(*) parameters>(Next(next, #name)) arguments;   \
  }                                                                             \
  static type Simulated_##name parameters

#define GUARDED_CALL_AS(symbol, type, name, parameters, arguments)              \
  static type Simulated_##name parameters;                                      \
  type Guarded_##name parameters __asm__("reprise_guarded_" symbol);            \
  type Interposed_##name parameters __asm__(symbol);                            \
  [[gnu::visibility("default"), gnu::used]] type Interposed_##name parameters { \
    return InProgram() ? Simulated_##name arguments : Guarded_##name arguments; \
  }                                                                             \
  static type Simulated_##name parameters
#define GUARDED_CALL(type, name, ...) GUARDED_CALL_AS(#name, type, name, __VA_ARGS__)
