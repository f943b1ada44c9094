// What a program may not do: each of these ends the run with a verdict that names the call. And how
// a program ends itself.

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>

#include "sim/guard.h"
#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

constexpr char kNetwork[] = "env.Send() and env.Receive()";
constexpr char kProcess[] = "another role of the scenario";
constexpr char kLoading[] = "a library that is linked, or was loaded before the run";
constexpr char kEvents[] = "threads of the process, and their conditions";

// The text of the exception that is being handled, where std::terminate() called abort().
void DescribeException(char* to, size_t room) {
  if (std::current_exception() == nullptr) return;
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& failure) {
    snprintf(to, room, "abort(), after an exception that nobody caught: %s", failure.what());
  } catch (...) {
    snprintf(to, room, "abort(), after an exception that nobody caught");
  }
}

}  // namespace

#define REFUSED(type, name, parameters, arguments, instead)       \
  POSIX_CALL(type, name, parameters, arguments) {                 \
    Escape(#name, nullptr, instead, __builtin_return_address(0)); \
  }

// The guard judges the first of a kind (socket, fork, system, popen...) by itself.
REFUSED(int, socketpair, (int a, int b, int c, int* d), (a, b, c, d), kNetwork)
REFUSED(int, connect, (int fd, const void* to, unsigned size), (fd, to, size), kNetwork)
REFUSED(int, bind, (int fd, const void* to, unsigned size), (fd, to, size), kNetwork)
REFUSED(int, listen, (int fd, int most), (fd, most), kNetwork)
REFUSED(int, accept, (int fd, void* from, unsigned* size), (fd, from, size), kNetwork)
REFUSED(ssize_t, send, (int fd, const void* from, size_t size, int flags), (fd, from, size, flags),
        kNetwork)
REFUSED(ssize_t, recv, (int fd, void* to, size_t size, int flags), (fd, to, size, flags), kNetwork)
REFUSED(int, getaddrinfo, (const char* a, const char* b, const void* c, void* d), (a, b, c, d),
        kNetwork)
REFUSED(int, pipe, (int* fds), (fds), kEvents)
REFUSED(int, pipe2, (int* fds, int flags), (fds, flags), kEvents)
REFUSED(int, poll, (void* fds, unsigned long count, int timeout), (fds, count, timeout), kEvents)
REFUSED(int, select, (int n, void* r, void* w, void* e, void* t), (n, r, w, e, t), kEvents)
REFUSED(int, epoll_create1, (int flags), (flags), kEvents)
REFUSED(int, eventfd, (unsigned value, int flags), (value, flags), kEvents)
REFUSED(int, timerfd_create, (int clock, int flags), (clock, flags), kEvents)
REFUSED(int, inotify_init1, (int flags), (flags), kEvents)
REFUSED(int, vfork, (), (), kProcess)
REFUSED(int, execve, (const char* path, char* const* argv, char* const* env), (path, argv, env),
        kProcess)
REFUSED(int, kill, (pid_t id, int signal), (id, signal), kProcess)
REFUSED(int, raise, (int signal), (signal), kProcess)
REFUSED(int, pthread_kill, (pthread_t id, int signal), (id, signal), kProcess)
REFUSED(int, pthread_cancel, (pthread_t id), (id), "a flag that the thread looks at")
REFUSED(int, pthread_getattr_np, (pthread_t id, void* to), (id, to), "no look at the stack")
REFUSED(unsigned, alarm, (unsigned seconds), (seconds), kEvents)
REFUSED(void*, dlopen, (const char* path, int flags), (path, flags), kLoading)
REFUSED(void*, shmat, (int id, const void* at, int flags), (id, at, flags), "memory of its own")
REFUSED(int, shm_open, (const char* name, int flags, mode_t mode), (name, flags, mode),
        "memory of its own")
REFUSED(int, memfd_create, (const char* name, unsigned flags), (name, flags), "memory of its own")
REFUSED(void*, mremap, (void* at, size_t old, size_t size, int flags), (at, old, size, flags),
        "another mapping")
REFUSED(int, mkstemp, (char* path), (path), "a name of its own choice")
REFUSED(int, dup2, (int from, int to), (from, to), "dup()")

// Nothing was ever set in the environment, and there is one user.
GUARDED_CALL(char*, getenv, (const char* name), (name)) { return nullptr; }
GUARDED_CALL(char*, secure_getenv, (const char* name), (name)) { return nullptr; }
GUARDED_CALL(int, gethostname, (char* to, size_t room), (to, room)) {
  snprintf(to, room, "n%u", Index(Me().process->env.self()));
  return 0;
}
POSIX_CALL(uid_t, getuid, (), ()) { return 1000; }
POSIX_CALL(uid_t, geteuid, (), ()) { return 1000; }
POSIX_CALL(gid_t, getgid, (), ()) { return 1000; }
POSIX_CALL(gid_t, getegid, (), ()) { return 1000; }
POSIX_CALL(int, getpagesize, (), ()) { return 4096; }
POSIX_CALL(long, sysconf, (int which), (which)) {
  switch (which) {
    case _SC_PAGESIZE: return 4096;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return Me().process->options.processors;
    case _SC_OPEN_MAX: return 1024;
    case _SC_PHYS_PAGES:
    case _SC_AVPHYS_PAGES: return 1 << 20;
    case _SC_CLK_TCK: return 100;
    case _SC_GETPW_R_SIZE_MAX: return 1024;
    case _SC_IOV_MAX: return 1024;
    default: return -1;
  }
}

// Destructors of static variables would run when the real process ends, when all that they refer to
// is gone.
int Interposed_cxa_atexit(void (*job)(void*), void* with, void* library) __asm__("__cxa_atexit");
[[gnu::visibility("default"), gnu::used]] int Interposed_cxa_atexit(void (*job)(void*), void* with,
                                                                    void* library) {
  if (InProgram()) return 0;
  static constinit void* next = nullptr;
  using Real = int (*)(void (*)(void*), void*, void*);
  return reinterpret_cast<Real>(Next(next, "__cxa_atexit"))(job, with, library);
}

POSIX_CALL(void, abort, (), ()) {
  char why[400] = "abort()";
  DescribeException(why, sizeof why);
  GiveUp(Me(), "abort", why);
}
POSIX_CALL(void, __assert_fail, (const char* what, const char* file, unsigned line, const char* in),
           (what, file, line, in)) {
  char why[400];
  snprintf(why, sizeof why, "assertion %s in %s, line %u", what, file, line);
  GiveUp(Me(), "abort", why);
}
static void EndAll(Thread& me, const char* call, int status) {
  if (status != 0) {
    char why[64];
    snprintf(why, sizeof why, "%s(%d)", call, status);
    GiveUp(me, "abort", why);
  }
  InKernel(me, [&] { me.process->over = true; });
}
POSIX_CALL(void, exit, (int status), (status)) { EndAll(Me(), "exit", status); }
POSIX_CALL(void, _exit, (int status), (status)) { EndAll(Me(), "_exit", status); }
POSIX_CALL(void, quick_exit, (int status), (status)) { EndAll(Me(), "quick_exit", status); }

void LinkRefusals() {}

}  // namespace reprise::posix
