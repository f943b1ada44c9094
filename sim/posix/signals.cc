// What threads tell each other with besides locks: semaphores, barriers, things done once, futexes.

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>

#include <cstdint>

#include "sim/posix/clocks.h"
#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

constexpr char kSemaphore[] = "a semaphore";
constexpr char kBarrier[] = "a barrier";
constexpr char kOnce[] = "what is done once";
constexpr char kStatic[] = "a static variable to be initialised";
constexpr char kFutex[] = "a futex";

// As libc has them, so that sem_init() and sem_getvalue() can stay libc's.
struct Semaphore {
  unsigned value, waiting;
};
struct Barrier {
  unsigned in, round, count;
};
Semaphore& Of(sem_t* semaphore) { return *reinterpret_cast<Semaphore*>(semaphore); }

int Acquire(Thread& me, sem_t* semaphore, Time deadline) {
  SchedulingPoint(me);
  Semaphore& s = Of(semaphore);
  while (s.value == 0) {
    ++s.waiting;
    const bool woken = Wait(me, semaphore, kSemaphore, deadline);
    --s.waiting;
    if (!woken && s.value == 0) return me.Fail(ETIMEDOUT);
  }
  --s.value;
  return 0;
}

// How far something is that is done once, by whoever comes first.
enum : int { kToDo = 0, kDoing = 1, kDone = 2 };

}  // namespace

POSIX_CALL(int, sem_wait, (sem_t * semaphore), (semaphore)) {
  return Acquire(Me(), semaphore, kForever);
}
POSIX_CALL(int, sem_timedwait, (sem_t * semaphore, const timespec* until), (semaphore, until)) {
  Thread& me = Me();
  return Acquire(me, semaphore, Deadline(me, CLOCK_REALTIME, *until));
}
POSIX_CALL(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const timespec* until),
           (semaphore, clock, until)) {
  Thread& me = Me();
  return Acquire(me, semaphore, Deadline(me, clock, *until));
}
POSIX_CALL(int, sem_trywait, (sem_t * semaphore), (semaphore)) {
  Thread& me = Me();
  SchedulingPoint(me);
  if (Of(semaphore).value == 0) return me.Fail(EAGAIN);
  --Of(semaphore).value;
  return 0;
}
POSIX_CALL(int, sem_post, (sem_t * semaphore), (semaphore)) {
  Thread& me = Me();
  ++Of(semaphore).value;
  if (Of(semaphore).waiting != 0) Wake(me, semaphore, 1);
  SchedulingPoint(me);
  return 0;
}

POSIX_CALL(int, pthread_barrier_wait, (pthread_barrier_t * barrier), (barrier)) {
  Thread& me = Me();
  SchedulingPoint(me);
  auto& b = *reinterpret_cast<Barrier*>(barrier);
  if (++b.in == b.count) {
    b.in = 0;
    ++b.round;
    Wake(me, barrier, INT_MAX);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  const unsigned round = b.round;
  while (b.round == round) Wait(me, barrier, kBarrier, kForever);
  return 0;
}

POSIX_CALL(int, pthread_once, (pthread_once_t * once, void (*job)()), (once, job)) {
  Thread& me = Me();
  SchedulingPoint(me);
  while (*once == kDoing) Wait(me, once, kOnce, kForever);
  if (*once == kDone) return 0;
  struct Doing {
    Thread& me;
    pthread_once_t* once;
    int then = kToDo;  // Where it throws, another may try.
    Doing(Thread& me, pthread_once_t* once) : me(me), once(once) { *once = kDoing; }
    ~Doing() {
      *once = then;
      Wake(me, once, INT_MAX);
    }
  } doing(me, once);
  job();
  doing.then = kDone;
  return 0;
}

// Static variables of functions. The first byte says that one is initialised, and is read without
// us; the second, that somebody is at it.
POSIX_CALL(int, __cxa_guard_acquire, (char* guard), (guard)) {
  Thread& me = Me();
  while (guard[0] == 0 && guard[1] != 0) Wait(me, guard, kStatic, kForever);
  if (guard[0] != 0) return 0;
  guard[1] = 1;
  return 1;
}
POSIX_CALL(void, __cxa_guard_release, (char* guard), (guard)) {
  Thread& me = Me();
  guard[0] = 1;
  guard[1] = 0;
  Wake(me, guard, INT_MAX);
}
POSIX_CALL(void, __cxa_guard_abort, (char* guard), (guard)) {
  Thread& me = Me();
  guard[1] = 0;
  Wake(me, guard, INT_MAX);
}

// std::atomic's wait(), std::latch, std::counting_semaphore and futures are made of these.
static long Futex(Thread& me, long address, long operation, long value, long timeout) {
  auto* const word = reinterpret_cast<int*>(address);
  const auto* const span = reinterpret_cast<const timespec*>(timeout);
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      SchedulingPoint(me);
      if (*word != static_cast<int>(value)) return me.Fail(EAGAIN);
      Time deadline = kForever;
      if (span != nullptr && (operation & FUTEX_CMD_MASK) == FUTEX_WAIT) {
        deadline = After(me, *span);
      } else if (span != nullptr) {
        const bool wall = (operation & FUTEX_CLOCK_REALTIME) != 0;
        deadline = Deadline(me, wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, *span);
      }
      // Others may have come first while the clock was looked at.
      if (*word != static_cast<int>(value)) return me.Fail(EAGAIN);
      return Wait(me, word, kFutex, deadline) ? 0 : me.Fail(ETIMEDOUT);
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: {
      const int woken = Wake(me, word, static_cast<int>(value));
      SchedulingPoint(me);
      return woken;
    }
    default: Unsimulated(me, "futex", " with operation " + std::to_string(operation));
  }
}

POSIX_CALL(long, syscall, (long number, long a, long b, long c, long d, long e, long f),
           (number, a, b, c, d, e, f)) {
  Thread& me = Me();
  switch (number) {
    case SYS_futex: return Futex(me, a, b, c, d);
    case SYS_gettid: return 1000 + static_cast<long>(me.id);
    case SYS_getrandom: return FillByChance(me, reinterpret_cast<void*>(a), static_cast<size_t>(b));
    default: Unsimulated(me, "syscall", ", number " + std::to_string(number));
  }
}

void LinkSignals() {}

}  // namespace reprise::posix
