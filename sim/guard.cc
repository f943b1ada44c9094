#include "sim/guard.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "sim/world.h"

namespace reprise {
namespace {

// Of a thread and not of the process: other threads may ask what they like.
constinit thread_local World* watched = nullptr;
constinit thread_local int looking_away = 0;
// Who judges the threads of a simulated program, which have thread-locals of their own.
constinit thread_local LeakJudge judge = nullptr;

constexpr const char* kClock = "env.Now() or env.WallNow()";
constexpr const char* kSleep = "env.Sleep(), or a timeout of env.Receive()";
constexpr const char* kChance = "env.Random(label, bound)";
constexpr const char* kThread = "env.Spawn(), which starts a fiber of the same node";
constexpr const char* kProcess = "another role of the scenario, or env.Spawn()";
constexpr const char* kSelf = "env.self() and env.boot()";
constexpr const char* kMachine = "an option of the scenario, which is read before the run";
constexpr const char* kFile = "env.disk(), or read it before the run";
constexpr const char* kNetwork = "env.Send() and env.Receive()";

// The function that a call would reach without us: a sanitizer's, where it has one, else the
// library's.
void* Next(const char* name) {
  char interceptor[64];
  std::snprintf(interceptor, sizeof interceptor, "__interceptor_%s", name);
  void* next = dlsym(RTLD_DEFAULT, interceptor);
  if (next == nullptr) next = dlsym(RTLD_NEXT, name);
  if (next == nullptr) {
    std::fprintf(stderr, "reprise: the system's libraries have no function %s\n", name);
    std::abort();
  }
  return next;
}

// True where node code is who asks; then the run has failed. `caller` is where the call returns to.
bool Leaks(const char* call, const char* about, const char* instead, void* caller) {
  if (judge != nullptr && instead != nullptr) [[unlikely]]
    judge(call, about, instead, caller);
  World* const world = watched;
  if (world == nullptr || world->running() == nullptr || instead == nullptr) [[likely]]
    return false;
  if (looking_away != 0) return false;
  const int error = errno;
  world->Leak(call, about, instead, caller);
  errno = error;
  return true;
}

// A file that is only written, such as somebody's log, tells a node nothing.
const char* FileToRead(int flags) { return (flags & O_ACCMODE) == O_WRONLY ? nullptr : kFile; }
const char* FileToRead(const char* mode) {
  return std::strchr(mode, 'r') == nullptr && std::strchr(mode, '+') == nullptr ? nullptr : kFile;
}

}  // namespace

void JudgeLeaksBy(LeakJudge by) { judge = by; }

void GuardAgainstLeaks(World* world) {
  // The first stack that is ever taken loads a library, for which a fiber may have no room.
  static void* frame = nullptr;
  if (frame == nullptr) backtrace(&frame, 1);
  watched = world;
}

LookAway::LookAway() { ++looking_away; }
LookAway::~LookAway() { --looking_away; }

// Each function below has a symbol of its own, and libc's as a weak other name, so that it does not
// meet the declarations in headers, which differ between versions in what they promise, and so that
// sim/posix can put itself in front.
//
// Where node code asks, most of them answer all the same, and truly: the run is over, nothing that
// the node does with the answer is written down, and code that waits for a clock to move, or draws
// until it likes what it gets, would never end on a constant. What would take time or start
// something is refused.
#define GUARD_AS(symbol, call, type, name, parameters, arguments, about, instead, refusal) \
  type Guarded_##name parameters __asm__("reprise_guarded_" symbol);                       \
  [[gnu::visibility("default"), gnu::used, gnu::weak,                                      \
    gnu::alias("reprise_guarded_" symbol)]] type Weak_##name parameters __asm__(symbol);   \
  [[gnu::visibility("default"), gnu::used]] type Guarded_##name parameters {               \
    static constinit void* next = nullptr;                                                 \
    if (Leaks(call, about, instead, __builtin_return_address(0))) [[unlikely]]             \
      refusal;                                                                             \
    void* real = __atomic_load_n(&next, __ATOMIC_RELAXED);                                 \
    if (real == nullptr) [[unlikely]]                                                      \
      __atomic_store_n(&next, real = Next(symbol), __ATOMIC_RELAXED);                      \
    return reinterpret_cast<type(*) parameters>(real) arguments;                           \
  }
#define GUARD(type, name, ...) GUARD_AS(#name, #name, type, name, __VA_ARGS__)
#define ANSWERS static_cast<void>(0)
#define REFUSES(value) return (errno = EAGAIN, value)

// clang-format off
GUARD(int, clock_gettime, (clockid_t id, void* now), (id, now), nullptr, kClock, ANSWERS)
GUARD(int, gettimeofday, (void* now, void* zone), (now, zone), nullptr, kClock, ANSWERS)
GUARD(time_t, time, (time_t* now), (now), nullptr, kClock, ANSWERS)
GUARD(clock_t, clock, (), (), nullptr, kClock, ANSWERS)
GUARD(clock_t, times, (void* now), (now), nullptr, kClock, ANSWERS)
GUARD(int, timespec_get, (void* now, int base), (now, base), nullptr, kClock, ANSWERS)
GUARD(int, ftime, (void* now), (now), nullptr, kClock, ANSWERS)
GUARD(int, getrusage, (int who, void* usage), (who, usage), nullptr, kClock, ANSWERS)

GUARD(int, nanosleep, (const void* span, void* left), (span, left), nullptr, kSleep, return 0)
GUARD(int, clock_nanosleep, (clockid_t id, int flags, const void* span, void* left),
      (id, flags, span, left), nullptr, kSleep, return 0)
GUARD(int, usleep, (useconds_t span), (span), nullptr, kSleep, return 0)
GUARD(unsigned, sleep, (unsigned span), (span), nullptr, kSleep, return 0)

GUARD(ssize_t, getrandom, (void* to, size_t size, unsigned flags), (to, size, flags), nullptr,
      kChance, ANSWERS)
GUARD(int, getentropy, (void* to, size_t size), (to, size), nullptr, kChance, ANSWERS)
GUARD(int, rand, (), (), nullptr, kChance, ANSWERS)
GUARD(long, random, (), (), nullptr, kChance, ANSWERS)
GUARD(double, drand48, (), (), nullptr, kChance, ANSWERS)
GUARD(long, lrand48, (), (), nullptr, kChance, ANSWERS)
GUARD(long, mrand48, (), (), nullptr, kChance, ANSWERS)
GUARD(uint32_t, arc4random, (), (), nullptr, kChance, ANSWERS)
GUARD(uint32_t, arc4random_uniform, (uint32_t bound), (bound), nullptr, kChance, ANSWERS)
GUARD(void, arc4random_buf, (void* to, size_t size), (to, size), nullptr, kChance, ANSWERS)

GUARD(int, pthread_create, (void* thread, const void* attributes, void* (*body)(void*), void* with),
      (thread, attributes, body, with), nullptr, kThread, return EAGAIN)
GUARD(pid_t, fork, (), (), nullptr, kProcess, REFUSES(-1))
GUARD(int, system, (const char* command), (command), command, kProcess, REFUSES(-1))
GUARD(void*, popen, (const char* command, const char* mode), (command, mode), command, kProcess,
      REFUSES(nullptr))
GUARD(int, posix_spawn, (void* pid, const char* path, const void* actions, const void* attributes,
                         void* argv, void* environment),
      (pid, path, actions, attributes, argv, environment), path, kProcess, return EAGAIN)
GUARD(int, posix_spawnp, (void* pid, const char* file, const void* actions, const void* attributes,
                          void* argv, void* environment),
      (pid, file, actions, attributes, argv, environment), file, kProcess, return EAGAIN)

GUARD(pid_t, getpid, (), (), nullptr, kSelf, ANSWERS)
GUARD(pid_t, getppid, (), (), nullptr, kSelf, ANSWERS)
GUARD(pid_t, gettid, (), (), nullptr, kSelf, ANSWERS)
GUARD(int, gethostname, (char* to, size_t size), (to, size), nullptr, kSelf, ANSWERS)
GUARD(int, uname, (void* to), (to), nullptr, kSelf, ANSWERS)
GUARD(int, get_nprocs, (), (), nullptr, kMachine, ANSWERS)
GUARD(int, sched_getcpu, (), (), nullptr, kMachine, ANSWERS)
GUARD(char*, getenv, (const char* name), (name), name, kMachine, ANSWERS)
GUARD(char*, secure_getenv, (const char* name), (name), name, kMachine, ANSWERS)

GUARD(int, socket, (int domain, int type, int protocol), (domain, type, protocol), nullptr,
      kNetwork, REFUSES(-1))

// The mode that follows is there or not; it is handed on as it comes, and asked for by nobody where
// it is not there.
GUARD(int, open, (const char* path, int flags, mode_t mode), (path, flags, mode), path,
      FileToRead(flags), ANSWERS)
GUARD(int, open64, (const char* path, int flags, mode_t mode), (path, flags, mode), path,
      FileToRead(flags), ANSWERS)
GUARD(int, openat, (int at, const char* path, int flags, mode_t mode), (at, path, flags, mode),
      path, FileToRead(flags), ANSWERS)
GUARD(int, openat64, (int at, const char* path, int flags, mode_t mode), (at, path, flags, mode),
      path, FileToRead(flags), ANSWERS)
GUARD(int, __open_2, (const char* path, int flags), (path, flags), path, FileToRead(flags), ANSWERS)
GUARD(int, __open64_2, (const char* path, int flags), (path, flags), path, FileToRead(flags),
      ANSWERS)
GUARD(void*, fopen, (const char* path, const char* mode), (path, mode), path, FileToRead(mode),
      ANSWERS)
GUARD(void*, fopen64, (const char* path, const char* mode), (path, mode), path, FileToRead(mode),
      ANSWERS)
GUARD(void*, opendir, (const char* path), (path), path, kFile, ANSWERS)

// libstdc++'s std::random_device asks the processor, and no function of libc. Weak, for programs
// into which that library is linked statically: there it stands already.
#define GETVAL "_ZNSt13random_device9_M_getvalEv"
GUARD_AS(GETVAL, "std::random_device", unsigned, random_device, (void* device), (device), nullptr,
         kChance, ANSWERS)
// clang-format on

}  // namespace reprise
