#include "sim/posix/clocks.h"

#include <errno.h>
#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <cstring>

#include "sim/choices.h"
#include "sim/posix/interpose.h"

namespace reprise::posix {
namespace {

const Label kEntropy("entropy");

constexpr int64_t kSecond = 1'000'000'000;
// Where virtual time begins: monotonic clocks count from some boot of the machine, and the time of
// day from 1970; this is in November 2023.
constexpr int64_t kUptime = 1'000'000 * kSecond;
constexpr int64_t kEpoch = 1'700'000'000 * kSecond;
// Who reads a clock so often at one moment waits for it to move.
constexpr uint32_t kLooksAtMost = 1000;

bool IsWall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int64_t Shown(Process& process, clockid_t clock) {
  if (IsWall(clock)) return Nanos(process.env.WallNow()) + kEpoch;
  const int64_t now = Nanos(process.env.Now());
  if (process.looked_at != now) process.looks = 0;
  process.looked_at = now;
  if (++process.looks < kLooksAtMost) return now + kUptime;
  process.looks = 0;
  process.env.SleepUntil(AtNanos(now) + 1us);
  return Nanos(process.env.Now()) + kUptime;
}

int64_t ToNanos(const timespec& time) {
  constexpr int64_t kMost = INT64_MAX / kSecond / 2;
  if (time.tv_sec > kMost) return INT64_MAX / 2;
  return time.tv_sec * kSecond + time.tv_nsec;
}
timespec FromNanos(int64_t ns) {
  timespec time{};
  time.tv_sec = ns / kSecond;
  time.tv_nsec = ns % kSecond;
  return time;
}

int Sleep(Thread& me, Duration span) {
  InKernel(me, [&] { me.process->env.Sleep(std::max(span, Duration(0))); });
  return 0;
}

}  // namespace

timespec Read(Thread& me, clockid_t clock) {
  int64_t now = 0;
  InKernel(me, [&] { now = Shown(*me.process, clock); });
  return FromNanos(now);
}

Time Deadline(Thread& me, clockid_t clock, const timespec& until) {
  Time deadline{};
  InKernel(me, [&] {
    const int64_t left = ToNanos(until) - Shown(*me.process, clock);
    deadline = me.process->env.After(Duration(std::max<int64_t>(left, 0)));
  });
  return deadline;
}

Time After(Thread& me, const timespec& span) {
  Time deadline{};
  InKernel(me, [&] { deadline = me.process->env.After(Duration(ToNanos(span))); });
  return deadline;
}

void FillInKernel(Process& process, char* to, size_t bytes) {
  uint64_t state = process.env.Random(kEntropy, UINT64_MAX);
  const bool calm = state == 0;
  for (size_t i = 0; i < bytes; i += sizeof state) {
    const uint64_t word = calm ? 0 : Choices::Mix(state += 0x9e3779b97f4a7c15);
    std::memcpy(to + i, &word, std::min(sizeof word, bytes - i));
  }
}

long FillByChance(Thread& me, void* to, size_t bytes) {
  InKernel(me, [&] { FillInKernel(*me.process, static_cast<char*>(to), bytes); });
  return static_cast<long>(bytes);
}

uint64_t Chance(Thread& me) {
  uint64_t word = 0;
  FillByChance(me, &word, sizeof word);
  return word;
}

GUARDED_CALL(int, clock_gettime, (clockid_t clock, void* now), (clock, now)) {
  const timespec time = Read(Me(), clock);
  std::memcpy(now, &time, sizeof time);
  return 0;
}
GUARDED_CALL(int, gettimeofday, (void* now, void* zone), (now, zone)) {
  const timespec time = Read(Me(), CLOCK_REALTIME);
  const timeval value{time.tv_sec, time.tv_nsec / 1000};
  std::memcpy(now, &value, sizeof value);
  return 0;
}
GUARDED_CALL(time_t, time, (time_t * now), (now)) {
  const timespec time = Read(Me(), CLOCK_REALTIME);
  if (now != nullptr) *now = time.tv_sec;
  return time.tv_sec;
}
GUARDED_CALL(int, timespec_get, (void* now, int base), (now, base)) {
  const timespec time = Read(Me(), CLOCK_REALTIME);
  std::memcpy(now, &time, sizeof time);
  return base;
}
GUARDED_CALL(clock_t, clock, (), ()) {  // As if the processor had been busy since the boot.
  const timespec time = Read(Me(), CLOCK_MONOTONIC);
  return (time.tv_sec - kUptime / kSecond) * CLOCKS_PER_SEC + time.tv_nsec / 1000;
}
GUARDED_CALL(int, getrusage, (int who, void* usage), (who, usage)) {
  std::memset(usage, 0, 144);  // struct rusage
  return 0;
}
POSIX_CALL(int, clock_getres, (clockid_t clock, timespec* resolution), (clock, resolution)) {
  if (resolution != nullptr) *resolution = FromNanos(1);
  return 0;
}

GUARDED_CALL(int, nanosleep, (const void* span, void* left), (span, left)) {
  return Sleep(Me(), Duration(ToNanos(*static_cast<const timespec*>(span))));
}
GUARDED_CALL(int, clock_nanosleep, (clockid_t clock, int flags, const void* span, void* left),
             (clock, flags, span, left)) {
  Thread& me = Me();
  const auto& time = *static_cast<const timespec*>(span);
  if ((flags & TIMER_ABSTIME) == 0) return Sleep(me, Duration(ToNanos(time)));
  const Time deadline = Deadline(me, clock, time);
  InKernel(me, [&] { me.process->env.SleepUntil(deadline); });
  return 0;
}
GUARDED_CALL(int, usleep, (useconds_t span), (span)) { return Sleep(Me(), span * Duration(1us)); }
GUARDED_CALL(unsigned, sleep, (unsigned span), (span)) {
  return static_cast<unsigned>(Sleep(Me(), span * Duration(1s)));
}

// Where this machine is does not matter: there is one time zone. In the gate, as libc reads the
// zone's file when it is first asked, and keeps what it found.
static tm* Broken(const time_t* time, tm* to) {
  InKernel(Me(), [&] { gmtime_r(time, to); });
  to->tm_zone = "UTC";
  return to;
}
POSIX_CALL(tm*, localtime_r, (const time_t* time, tm* to), (time, to)) { return Broken(time, to); }
POSIX_CALL(tm*, gmtime_r, (const time_t* time, tm* to), (time, to)) { return Broken(time, to); }
POSIX_CALL(tm*, localtime, (const time_t* time), (time)) {
  static thread_local tm result;
  return Broken(time, &result);
}
POSIX_CALL(tm*, gmtime, (const time_t* time), (time)) {
  static thread_local tm result;
  return Broken(time, &result);
}
POSIX_CALL(void, tzset, (), ()) {}

GUARDED_CALL(ssize_t, getrandom, (void* to, size_t bytes, unsigned flags), (to, bytes, flags)) {
  return FillByChance(Me(), to, bytes);
}
GUARDED_CALL(int, getentropy, (void* to, size_t bytes), (to, bytes)) {
  FillByChance(Me(), to, bytes);
  return 0;
}
GUARDED_CALL(int, rand, (), ()) { return static_cast<int>(Chance(Me()) >> 33); }
GUARDED_CALL(long, random, (), ()) { return static_cast<long>(Chance(Me()) >> 33); }
GUARDED_CALL(uint32_t, arc4random, (), ()) { return static_cast<uint32_t>(Chance(Me())); }
GUARDED_CALL(uint32_t, arc4random_uniform, (uint32_t bound), (bound)) {
  return bound < 2 ? 0 : static_cast<uint32_t>(Chance(Me()) % bound);
}
GUARDED_CALL(void, arc4random_buf, (void* to, size_t bytes), (to, bytes)) {
  FillByChance(Me(), to, bytes);
}
GUARDED_CALL_AS("_ZNSt13random_device9_M_getvalEv", unsigned, random_device, (void* device),
                (device)) {
  return static_cast<unsigned>(Chance(Me()));
}

void LinkClocks() {}

}  // namespace reprise::posix
