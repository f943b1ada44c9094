// pthread_create() and what belongs to it: a thread is a fiber of the node.

#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <cstdlib>
#include <exception>

#include "sim/node.h"
#include "sim/posix/interpose.h"
#include "sim/world.h"

namespace reprise::posix {
namespace {

const Label kPreempt("preempt");

// Operations on locks and threads come in windows, and what happens in each is one draw: at which
// operation of it a thread is held up, if at any, and for how long.
constexpr uint32_t kWindow = 64;
constexpr int64_t kHoldUps[] = {0, 0, 1'000, 10'000, 100'000, 1'000'000, 5'000'000, 20'000'000};

// Destructors of thread-specific values, by key. Keys are the whole program's, as libc's are.
using KeyDestructor = void (*)(void*);
constinit KeyDestructor destructors[PTHREAD_KEYS_MAX];
constinit Process* key_owners[PTHREAD_KEYS_MAX];

Thread* Find(Process& process, pthread_t id) {
  const auto found = process.threads.find(static_cast<uint32_t>(id));
  return found == process.threads.end() ? nullptr : found->second.get();
}

void OpenWindow(Process& process) {
  SimNode& node = process.node;
  constexpr uint64_t kBound = 1 + kWindow * std::size(kHoldUps);
  const Address address{{kPreempt, node.self()}, node.NextDraw(kPreempt)};
  const uint64_t value = process.world.choices().Rarely(address, process.options.preempt, kBound);
  process.until_preempt = kWindow;
  process.window_left = 0;
  process.preempt_for = -1;
  if (value == 0) return;
  process.until_preempt = static_cast<uint32_t>((value - 1) % kWindow) + 1;
  process.window_left = kWindow + 1 - process.until_preempt;
  process.preempt_for = kHoldUps[(value - 1) / kWindow];
}

}  // namespace

void Preempt(Thread& me) {
  Process& process = *me.process;
  InKernel(me, [&] {
    const int64_t held_up = process.preempt_for;
    if (held_up < 0) return OpenWindow(process);
    process.preempt_for = -1;
    process.until_preempt = process.window_left;
    process.env.SleepUntil(process.env.Now() + Duration(held_up));
  });
}

void CallKeyDestructors() {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool any = false;
    for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key) {
      if (destructors[key] == nullptr) continue;
      void* value = pthread_getspecific(key);
      if (value == nullptr) continue;
      pthread_setspecific(key, nullptr);
      destructors[key](value);
      any = true;
    }
    if (!any) return;
  }
}

void ForgetKeys(Process& process) {
  for (pthread_key_t key = 0; key < PTHREAD_KEYS_MAX; ++key) {
    if (key_owners[key] == &process) pthread_key_delete(key);
  }
}

static int CreateKey(pthread_key_t* key, KeyDestructor destructor, Process* owner) {
  static constinit void* next = nullptr;
  using Real = int (*)(pthread_key_t*, KeyDestructor);
  // The values' destructors are called by us: libc does not see our threads end.
  const int error = reinterpret_cast<Real>(Next(next, "pthread_key_create"))(key, destructor);
  if (error == 0) {
    destructors[*key] = destructor;
    key_owners[*key] = owner;
  }
  return error;
}
int Interposed_pthread_key_create(pthread_key_t* key,
                                  KeyDestructor destructor) __asm__("pthread_key_create");
[[gnu::visibility("default"), gnu::used]] int Interposed_pthread_key_create(
    pthread_key_t* key, KeyDestructor destructor) {
  return CreateKey(key, destructor, InProgram() ? Me().process : nullptr);
}
int Interposed_pthread_key_delete(pthread_key_t key) __asm__("pthread_key_delete");
[[gnu::visibility("default"), gnu::used]] int Interposed_pthread_key_delete(pthread_key_t key) {
  static constinit void* next = nullptr;
  if (key < PTHREAD_KEYS_MAX) destructors[key] = nullptr, key_owners[key] = nullptr;
  return reinterpret_cast<int (*)(pthread_key_t)>(Next(next, "pthread_key_delete"))(key);
}

GUARDED_CALL(int, pthread_create,
             (void* thread, const void* attributes, void* (*body)(void*), void* argument),
             (thread, attributes, body, argument)) {
  Thread& me = Me();
  int detach = PTHREAD_CREATE_JOINABLE;
  const auto* given = static_cast<const pthread_attr_t*>(attributes);
  if (given != nullptr) pthread_attr_getdetachstate(given, &detach);
  // The name must be there before the thread, which may run first.
  Thread* made = StartThread(me, body, argument, detach == PTHREAD_CREATE_DETACHED);
  if (made == nullptr) return EAGAIN;
  *static_cast<pthread_t*>(thread) = made->id;
  return 0;
}

POSIX_CALL(int, pthread_join, (pthread_t id, void** result), (id, result)) {
  Thread& me = Me();
  SchedulingPoint(me);
  int error = 0;
  InKernel(me, [&] {
    Thread* thread = Find(*me.process, id);
    if (thread == nullptr || thread->detached) {
      error = thread == nullptr ? ESRCH : EINVAL;
      return;
    }
    while (!thread->done) WaitInKernel(me, thread, "the end of a thread", kForever, nullptr);
    if (result != nullptr) *result = thread->result;
    ForgetThread(*thread);
  });
  return error;
}

POSIX_CALL(int, pthread_detach, (pthread_t id), (id)) {
  Thread& me = Me();
  int error = 0;
  InKernel(me, [&] {
    Thread* thread = Find(*me.process, id);
    if (thread == nullptr) {
      error = ESRCH;
    } else if (thread->done) {
      ForgetThread(*thread);
    } else {
      thread->detached = true;
    }
  });
  return error;
}

POSIX_CALL(pthread_t, pthread_self, (), ()) { return Me().id; }
POSIX_CALL(int, pthread_equal, (pthread_t a, pthread_t b), (a, b)) { return a == b; }

// As an exception, so that destructors run. C code without unwind tables ends by abort().
POSIX_CALL(void, pthread_exit, (void* result), (result)) { throw ThreadExit{result}; }

GUARDED_CALL(pid_t, gettid, (), ()) { return 1000 + static_cast<pid_t>(Me().id); }
GUARDED_CALL(pid_t, getpid, (), ()) { return 1000; }
GUARDED_CALL(pid_t, getppid, (), ()) { return 1; }
GUARDED_CALL(int, sched_getcpu, (), ()) { return 0; }
GUARDED_CALL(int, get_nprocs, (), ()) { return static_cast<int>(Me().process->options.processors); }

// It takes a microsecond, so that who waits for others by yielding to them waits.
POSIX_CALL(int, sched_yield, (), ()) {
  Thread& me = Me();
  InKernel(me, [&] {
    Env& env = me.process->env;
    env.SleepUntil(env.Now() + 1us);
  });
  return 0;
}
POSIX_CALL(int, pthread_yield, (), ()) { return Simulated_sched_yield(); }

// What changes nothing here.
POSIX_CALL(int, pthread_setname_np, (pthread_t id, const char* name), (id, name)) { return 0; }
POSIX_CALL(int, pthread_getname_np, (pthread_t id, char* name, size_t size), (id, name, size)) {
  if (size < 8) return ERANGE;
  __builtin_strcpy(name, "thread");
  return 0;
}
POSIX_CALL(int, pthread_setaffinity_np, (pthread_t id, size_t size, const void* set),
           (id, size, set)) {
  return 0;
}
POSIX_CALL(int, pthread_setschedparam, (pthread_t id, int policy, const void* parameter),
           (id, policy, parameter)) {
  return 0;
}
POSIX_CALL(int, sched_setscheduler, (pid_t id, int policy, const void* parameter),
           (id, policy, parameter)) {
  return 0;
}
POSIX_CALL(int, setpriority, (int which, unsigned who, int value), (which, who, value)) {
  return 0;
}
POSIX_CALL(int, pthread_sigmask, (int how, const void* set, void* old), (how, set, old)) {
  return 0;
}
POSIX_CALL(int, pthread_atfork, (void (*prepare)(), void (*parent)(), void (*child)()),
           (prepare, parent, child)) {
  return 0;
}
POSIX_CALL(int, pthread_setcancelstate, (int state, int* old), (state, old)) {
  if (old != nullptr) *old = PTHREAD_CANCEL_ENABLE;
  return 0;
}

void LinkThreads() {}

}  // namespace reprise::posix
