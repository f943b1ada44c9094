// A simulated process and its threads, as the functions that stand in for libc's see them. Private
// to sim/posix.
//
// Each thread has thread-local storage of its own, as the dynamic linker lays it out, and the
// processor's FS register points to it while the program's code runs. The simulator's code runs
// with the storage of the thread that the simulation is on. So a call goes through a gate, as into
// a kernel: InKernel() sets FS, does the call, and sets FS again; and whether it is a simulated
// thread that calls is asked of a thread-local. What holds for kernels holds here: nothing that the
// program allocated is kept after it is gone, and no code of the program runs inside.
//
// The compiler must not keep an address of a thread-local over a gate: functions that pass one
// touch no thread-locals but `running` (which is read by one instruction), and errno by Thread.

#pragma once

#include <setjmp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sim/env.h"
#include "sim/posix/arena.h"
#include "sim/posix/files.h"
#include "sim/posix/images.h"
#include "sim/posix/process.h"

namespace reprise {
class SimNode;
class World;
}  // namespace reprise

namespace reprise::posix {

struct Process;

struct Thread {
  Process* process = nullptr;
  uint32_t id = 0;       // From 1, which is the main thread's; its pthread_t.
  uintptr_t fs = 0;      // Where its thread-local storage is.
  int* error = nullptr;  // Its errno.
  jmp_buf base;          // Where it goes when it is dropped.

  void* (*entry)(void*) = nullptr;  // What it runs, with its argument.
  void* argument = nullptr;
  void* result = nullptr;
  bool done = false, detached = false;
  bool killed = false;  // It was dropped because its fiber was.

  Waiters parked;  // Itself alone, while it waits.
  bool woken = false;
  bool for_ever = false;  // It waits, and nothing but a thread of its process can wake it.
  // What it waits for, for the report of a deadlock; and where the id of the thread is that has it.
  const char* waits_for = nullptr;
  const int* holder = nullptr;

  // Of a thread that ended by an exception.
  enum class Failure { kNone, kCheck, kException } failure = Failure::kNone;
  char what[512] = "";

  int Fail(int code) {  // For functions that return -1 and set errno.
    *error = code;
    return -1;
  }
};

struct Process : std::enable_shared_from_this<Process> {
  Process(Env& env, const ProcessOptions& options);
  ~Process();

  Env& env;
  SimNode& node;
  World& world;
  const ProcessOptions options;
  Arena arena;
  Image image;
  FileTable files;
  bool over = false;  // Its threads end at their next call.

  std::map<uint32_t, std::unique_ptr<Thread>> threads;
  uint32_t threads_made = 0;
  uint32_t alive = 0, waiting_for_ever = 0;
  std::map<uintptr_t, std::vector<Thread*>> queues;  // By the object that is waited for.
  struct OpenStream {
    void* cookie;
    int fd;
  };
  std::map<uintptr_t, OpenStream> streams;  // By their addresses.
  std::unique_ptr<Env> inner;               // What the program has for an Env.

  uint32_t until_preempt = 1;  // Operations until somebody looks at what comes next.
  uint32_t window_left = 0;    // Of them, those after that.
  int64_t preempt_for = -1;    // How long a thread is held up then; negative for not at all.

  int64_t looked_at = -1;  // When a clock was last read,
  uint32_t looks = 0;      // and how often at that moment.
};

// The simulated thread that runs. Null while the simulator's own code runs, and in all threads
// that are no simulated ones.
extern constinit thread_local Thread* running;

inline bool InProgram() { return running != nullptr; }
inline Thread& Me() { return *running; }

// Does the job as the simulator. Does not return where the job ends the thread: by a crash, or
// because the process is over; the thread is then dropped.
void InKernel(Thread& me, absl::FunctionRef<void()> job);

// Ends the run, because the program asked the real world by that call. For GuardAgainstLeaks, too.
[[noreturn]] void Escape(const char* call, const char* about, const char* instead, void* caller);
// The same for calls of which only part is simulated.
[[noreturn]] void Unsimulated(Thread& me, const char* call, const std::string& what);
// Ends the run because the program gave up: "abort".
[[noreturn]] void GiveUp(Thread& me, const char* how, const std::string& why);

// Starts a thread; null where there is no room for it. In the program.
Thread* StartThread(Thread& me, void* (*entry)(void*), void* argument, bool detached);
// Inside the gate, of a thread that is done and that nobody will join.
void ForgetThread(Thread& thread);

// What pthread_exit() throws.
struct ThreadExit {
  void* result;
};

// Blocks among those that wait for the object; false where the deadline came first. In the program.
bool Wait(Thread& me, const void* object, const char* what, Time deadline,
          const int* holder = nullptr);
// Wakes at most so many of them; returns how many.
int Wake(Thread& me, const void* object, int most);
// The same two inside the gate.
bool WaitInKernel(Thread& me, const void* object, const char* what, Time deadline,
                  const int* holder);
int WakeInKernel(Process& process, const void* object, int most);

// An operation at which other threads may come first.
void Preempt(Thread& me);
inline void SchedulingPoint(Thread& me) {
  if (--me.process->until_preempt == 0) [[unlikely]]
    Preempt(me);
}

// tls.cc: storage for a thread, in which `running` is that thread.
uintptr_t MakeStorage(Thread& thread);
void FreeStorage(uintptr_t fs);
// Whether threads can have storage at all; learns where the simulation's own is.
std::string_view PrepareStorage();
extern constinit uintptr_t simulator_fs;
extern constinit bool has_wrfsbase;
void SetFsSlowly(uintptr_t fs);
inline void SetFs(uintptr_t fs) {
#ifdef __x86_64__
  if (has_wrfsbase) [[likely]] {
    __asm__ volatile("wrfsbase %0" : : "r"(fs) : "memory");
    return;
  }
#endif
  SetFsSlowly(fs);
}
// In the program: what a new thread does first, and last.
void EnterThread();
void CallThreadLocalDestructors();
// threads.cc: of pthread_key_create().
void CallKeyDestructors();
void ForgetKeys(Process& process);

// streams.cc: of those that are open. Outside of the program.
void CloseStreams(Process& process);

// Named by process.cc, so that who links it links all files that define functions of libc.
void LinkCalls();

}  // namespace reprise::posix
