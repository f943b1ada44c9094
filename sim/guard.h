// The leak guard: while node code runs, asking the real world for time, chance, a thread, a file or
// who one is ends the run, with a verdict that says what to use instead. Private to sim/, but
// for LookAway.
//
// A run is a pure function of its scenario and its choices as long as node code has no other way to
// learn anything. The tidy test reads words, and only our own; the guard looks at calls, in
// whatever library they are made. It defines the functions of libc that ask for such things, so
// that the dynamic linker finds these first, in the program that this library is linked into.
// Outside node code -- oracles, searching, tools, tests -- they do nothing but pass the call on.
//
// What is no call of a function goes unseen: the processor's own instructions (rdtsc, rdrand), raw
// system calls, addresses, memory that nobody initialised, globals. Those are left to CheckTwice
// (search/twice.h). Not seen either is a call from libc's own inside, which is bound there.

#pragma once

namespace reprise {

class World;

// From now on the guard judges this thread by what that world runs; by nothing, where it is null.
void GuardAgainstLeaks(World* world);

// The same, for a thread of a simulated program (sim/posix): it is judged by that function, which
// does not return. Set where that thread's thread-locals are the current ones.
using LeakJudge = void (*)(const char* call, const char* about, const char* instead, void* caller);
void JudgeLeaksBy(LeakJudge by);

// While it lives, the guard looks away: for a library of others that asks the real world for what
// no run depends on, such as whether to print a log of its own. It must not live across a call into
// Env.
class LookAway {
 public:
  LookAway();
  ~LookAway();
  LookAway(const LookAway&) = delete;
  LookAway& operator=(const LookAway&) = delete;
};

}  // namespace reprise
