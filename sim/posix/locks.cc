// Mutexes, reader-writer locks and conditions, in the very objects that libc has them in: what is
// free in libc's eyes is free in ours, so that an object which was initialised, or used, outside of
// a process needs no more, and pthread_mutex_init() and the like can stay libc's.

#include <pthread.h>
#include <time.h>

#include <cerrno>

#include "sim/posix/clocks.h"
#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

constexpr char kMutex[] = "a mutex";
constexpr char kLock[] = "a reader-writer lock";
constexpr char kCondition[] = "a condition";

auto& Of(pthread_mutex_t* mutex) { return mutex->__data; }
int TypeOf(pthread_mutex_t* mutex) { return Of(mutex).__kind & 3; }

void Take(Thread& me, pthread_mutex_t* mutex) {
  Of(mutex).__lock = 1;
  Of(mutex).__owner = static_cast<int>(me.id);
}

// Without a look at others first.
int LockNow(Thread& me, pthread_mutex_t* mutex, Time deadline) {
  auto& data = Of(mutex);
  if (data.__lock != 0 && data.__owner == static_cast<int>(me.id)) {
    if (TypeOf(mutex) == PTHREAD_MUTEX_RECURSIVE) return ++data.__count, 0;
    if (TypeOf(mutex) == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
  }
  while (data.__lock != 0) {
    ++data.__nusers;  // Of them, those that wait.
    const bool woken = Wait(me, mutex, kMutex, deadline, &data.__owner);
    --data.__nusers;
    if (!woken && data.__lock != 0) return ETIMEDOUT;
  }
  Take(me, mutex);
  return 0;
}

int Lock(Thread& me, pthread_mutex_t* mutex, Time deadline) {
  SchedulingPoint(me);
  if (Of(mutex).__lock == 0) [[likely]] {
    Take(me, mutex);
    return 0;
  }
  return LockNow(me, mutex, deadline);
}

void UnlockNow(Thread& me, pthread_mutex_t* mutex) {
  auto& data = Of(mutex);
  data.__lock = 0;
  data.__owner = 0;
  if (data.__nusers != 0) [[unlikely]]
    Wake(me, mutex, 1);
}

// In a condition: how many wait. Libc's own count stays zero, and it holds the clock's bit.
unsigned& WaitersOf(pthread_cond_t* condition) { return condition->__data.__g1_orig_size; }
clockid_t ClockOf(pthread_cond_t* condition) {
  return (condition->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int WaitFor(pthread_cond_t* condition, pthread_mutex_t* mutex, Time deadline) {
  Thread& me = Me();
  const unsigned count = Of(mutex).__count;
  Of(mutex).__count = 0;
  UnlockNow(me, mutex);
  ++WaitersOf(condition);
  const bool woken = Wait(me, condition, kCondition, deadline);
  --WaitersOf(condition);
  LockNow(me, mutex, kForever);
  Of(mutex).__count = count;
  return woken ? 0 : ETIMEDOUT;
}

int Signal(pthread_cond_t* condition, int most) {
  Thread& me = Me();
  SchedulingPoint(me);
  if (WaitersOf(condition) != 0) Wake(me, condition, most);
  return 0;
}

// In fields that are zero while libc's lock is free: how many read, who writes, how many wait.
unsigned& Readers(pthread_rwlock_t* lock) { return lock->__data.__pad3; }
unsigned& Waiting(pthread_rwlock_t* lock) { return lock->__data.__pad4; }
int& Writer(pthread_rwlock_t* lock) { return lock->__data.__cur_writer; }

bool TryRead(pthread_rwlock_t* lock) {
  if (Writer(lock) != 0) return false;
  ++Readers(lock);
  return true;
}
bool TryWrite(Thread& me, pthread_rwlock_t* lock) {
  if (Writer(lock) != 0 || Readers(lock) != 0) return false;
  Writer(lock) = static_cast<int>(me.id);
  return true;
}

template <class Try>
int LockBy(Thread& me, pthread_rwlock_t* lock, Time deadline, Try attempt) {
  SchedulingPoint(me);
  while (!attempt()) {
    if (Writer(lock) == static_cast<int>(me.id)) return EDEADLK;
    ++Waiting(lock);
    const bool woken = Wait(me, lock, kLock, deadline, &Writer(lock));
    --Waiting(lock);
    if (!woken) return attempt() ? 0 : ETIMEDOUT;
  }
  return 0;
}
int Read(pthread_rwlock_t* lock, Time deadline) {
  return LockBy(Me(), lock, deadline, [&] { return TryRead(lock); });
}
int Write(pthread_rwlock_t* lock, Time deadline) {
  Thread& me = Me();
  return LockBy(me, lock, deadline, [&] { return TryWrite(me, lock); });
}

}  // namespace

POSIX_CALL(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex)) {
  return Lock(Me(), mutex, kForever);
}
POSIX_CALL(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex)) {
  Thread& me = Me();
  SchedulingPoint(me);
  if (Of(mutex).__lock != 0) {
    const bool mine = Of(mutex).__owner == static_cast<int>(me.id);
    if (!mine || TypeOf(mutex) != PTHREAD_MUTEX_RECURSIVE) return EBUSY;
    ++Of(mutex).__count;
    return 0;
  }
  Take(me, mutex);
  return 0;
}
POSIX_CALL(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until),
           (mutex, until)) {
  Thread& me = Me();
  return Lock(me, mutex, Deadline(me, CLOCK_REALTIME, *until));
}
POSIX_CALL(int, pthread_mutex_clocklock,
           (pthread_mutex_t * mutex, clockid_t clock, const timespec* until),
           (mutex, clock, until)) {
  Thread& me = Me();
  return Lock(me, mutex, Deadline(me, clock, *until));
}
POSIX_CALL(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex)) {
  Thread& me = Me();
  auto& data = Of(mutex);
  if (TypeOf(mutex) != PTHREAD_MUTEX_NORMAL) {
    if (data.__lock == 0 || data.__owner != static_cast<int>(me.id)) {
      if (TypeOf(mutex) != PTHREAD_MUTEX_ADAPTIVE_NP) return EPERM;
    }
    if (data.__count != 0) return --data.__count, 0;
  }
  UnlockNow(me, mutex);
  SchedulingPoint(me);
  return 0;
}

POSIX_CALL(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex),
           (condition, mutex)) {
  return WaitFor(condition, mutex, kForever);
}
POSIX_CALL(int, pthread_cond_timedwait,
           (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* until),
           (condition, mutex, until)) {
  return WaitFor(condition, mutex, Deadline(Me(), ClockOf(condition), *until));
}
POSIX_CALL(int, pthread_cond_clockwait,
           (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock,
            const timespec* until),
           (condition, mutex, clock, until)) {
  return WaitFor(condition, mutex, Deadline(Me(), clock, *until));
}
POSIX_CALL(int, pthread_cond_signal, (pthread_cond_t * condition), (condition)) {
  return Signal(condition, 1);
}
POSIX_CALL(int, pthread_cond_broadcast, (pthread_cond_t * condition), (condition)) {
  return Signal(condition, INT32_MAX);
}

POSIX_CALL(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock)) {
  return Read(lock, kForever);
}
POSIX_CALL(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock)) {
  return Write(lock, kForever);
}
POSIX_CALL(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock), (lock)) {
  SchedulingPoint(Me());
  return TryRead(lock) ? 0 : EBUSY;
}
POSIX_CALL(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * lock), (lock)) {
  Thread& me = Me();
  SchedulingPoint(me);
  return TryWrite(me, lock) ? 0 : EBUSY;
}
POSIX_CALL(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t * lock, const timespec* until),
           (lock, until)) {
  return Read(lock, Deadline(Me(), CLOCK_REALTIME, *until));
}
POSIX_CALL(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t * lock, const timespec* until),
           (lock, until)) {
  return Write(lock, Deadline(Me(), CLOCK_REALTIME, *until));
}
POSIX_CALL(int, pthread_rwlock_clockrdlock,
           (pthread_rwlock_t * lock, clockid_t clock, const timespec* until),
           (lock, clock, until)) {
  return Read(lock, Deadline(Me(), clock, *until));
}
POSIX_CALL(int, pthread_rwlock_clockwrlock,
           (pthread_rwlock_t * lock, clockid_t clock, const timespec* until),
           (lock, clock, until)) {
  return Write(lock, Deadline(Me(), clock, *until));
}
POSIX_CALL(int, pthread_rwlock_unlock, (pthread_rwlock_t * lock), (lock)) {
  Thread& me = Me();
  if (Writer(lock) != 0) {
    Writer(lock) = 0;
  } else if (Readers(lock) != 0) {
    --Readers(lock);
  }
  if (Waiting(lock) != 0 && Readers(lock) == 0) Wake(me, lock, INT32_MAX);
  SchedulingPoint(me);
  return 0;
}

void LinkLocks() {}

}  // namespace reprise::posix
