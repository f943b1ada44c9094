// Thread-local storage for simulated threads. The dynamic linker makes it, by functions that it
// keeps for libc's pthread_create; so this file knows a few things of glibc's that no header says,
// and checks what can be checked.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "sim/guard.h"
#include "sim/posix/thread.h"

namespace reprise::posix {

constinit thread_local Thread* running = nullptr;
constinit uintptr_t simulator_fs = 0;
constinit bool has_wrfsbase = false;

namespace {

// Of glibc's struct pthread on x86-64, at which FS points.
constexpr size_t kSelf = 0x10, kCanary = 0x28, kPointerGuard = 0x30;

struct Linker {
  void* (*allocate)(void*);
  void (*deallocate)(void*, bool);
  void (*init_ctype)();
  void (*call_destructors)();
};
constinit Linker linker{};

template <class F>
bool Find(F*& function, const char* name) {
  function = reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name));
  return function != nullptr;
}

uintptr_t CurrentFs() {
  uintptr_t fs = 0;
#ifdef __x86_64__
  __asm__ volatile("mov %%fs:0, %0" : "=r"(fs));  // The first word points to itself.
#endif
  return fs;
}

template <class T>
T& At(uintptr_t fs, size_t offset) {
  return *reinterpret_cast<T*>(fs + offset);
}

}  // namespace

std::string_view Unsupported() {
#if defined(REPRISE_ASAN)
  return "a sanitizer is built in, which knows nothing of simulated threads";
#elif !defined(__x86_64__) || !defined(__GLIBC__)
  return "this is not x86-64 with glibc";
#else
  return "";
#endif
}

std::string_view PrepareStorage() {
  if (const std::string_view why = Unsupported(); !why.empty()) return why;
  simulator_fs = CurrentFs();
  if (linker.allocate != nullptr) return "";
  constexpr unsigned long kFsGsBase = 2;  // HWCAP2_FSGSBASE
  has_wrfsbase = (getauxval(AT_HWCAP2) & kFsGsBase) != 0;
  Linker found{};
  if (!Find(found.allocate, "_dl_allocate_tls") || !Find(found.deallocate, "_dl_deallocate_tls") ||
      !Find(found.init_ctype, "__ctype_init") ||
      !Find(found.call_destructors, "__call_tls_dtors")) {
    return "this glibc does not export what makes thread-local storage";
  }
  linker = found;
  return "";
}

void SetFsSlowly(uintptr_t fs) {
#ifdef __x86_64__
  constexpr long kSetFs = 0x1002;  // ARCH_SET_FS
  long result = SYS_arch_prctl;
  __asm__ volatile("syscall" : "+a"(result) : "D"(kSetFs), "S"(fs) : "rcx", "r11", "memory");
#else
  static_cast<void>(fs);
#endif
}

uintptr_t MakeStorage(Thread& thread) {
  const auto fs = reinterpret_cast<uintptr_t>(linker.allocate(nullptr));
  if (fs == 0) return 0;
  At<uintptr_t>(fs, 0) = At<uintptr_t>(fs, kSelf) = fs;
  At<uintptr_t>(fs, kCanary) = At<uintptr_t>(simulator_fs, kCanary);
  At<uintptr_t>(fs, kPointerGuard) = At<uintptr_t>(simulator_fs, kPointerGuard);
  const auto same = [fs](void* here) {
    return fs + (reinterpret_cast<uintptr_t>(here) - simulator_fs);
  };
  *reinterpret_cast<Thread**>(same(&running)) = &thread;
  thread.error = reinterpret_cast<int*>(same(&errno));
  thread.fs = fs;
  return fs;
}

void FreeStorage(uintptr_t fs) { linker.deallocate(reinterpret_cast<void*>(fs), true); }

// Without it isdigit() and printf() fault: the tables are found by thread-locals.
void EnterThread() {
  linker.init_ctype();
  JudgeLeaksBy(Escape);
}

void CallThreadLocalDestructors() { linker.call_destructors(); }

}  // namespace reprise::posix
