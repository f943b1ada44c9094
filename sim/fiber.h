// One thread of control inside the simulation, on a stack of its own (Boost.Context).
//
// Fibers are never preempted: one runs until it calls SwitchTo(), so between two switches node code
// is atomic, and a run has one order, not many. Any context may switch straight to any other; who
// runs next is the world's business, not this file's.
//
// Three things must go with every switch, and all happen in SwitchTo(): the C++ runtime's exception
// state (16 bytes that Boost before 1.88 leaves behind, so that one fiber would see the exception
// that another is handling), the sanitizer's idea of the current stack, and the context itself.

#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>
#ifdef REPRISE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace reprise {

// A stack from the pool. Below its last page lies a page that faults when touched, as far as the
// kernel allows so many mappings; a canary word is checked in any case.
struct Stack {
  char* bottom = nullptr;  // The lowest usable byte.
  size_t size = 0;
  bool guarded = false;
};

// What cxxabi.h keeps to itself: the layout that the Itanium ABI fixes for __cxa_get_globals().
struct ExceptionState {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// Pools stacks of one size, so that spawning costs no system call. The most recently freed is the
// next to be used, because it is still in the cache.
Stack TakeStack(size_t size);
void GiveStack(const Stack& stack);

// Something that can be switched to: a fiber, or the thread that the simulation runs on.
class Context {
 public:
  using Entry = void (*)(void* argument);

  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Prepares to run entry(argument) on the stack when first switched to. The entry must end in
  // Leave(), and no exception may leave it.
  void Start(const Stack& stack, Entry entry, void* argument);

  // Leaves this context, which must be the running one, and goes on where `to` was left; returns
  // when somebody switches back.
  void SwitchTo(Context& to);

  // The same, and never comes back: this context's stack may be given away once `to` runs.
  [[noreturn]] void Leave(Context& to);

  // Fetches what switching here will touch first.
  void Prefetch() const {
    const char* top = static_cast<const char*>(handle_);
    for (int line = 0; line < 6; ++line) __builtin_prefetch(top + 64 * line);
  }

  bool started() const { return handle_ != nullptr; }
  void Forget() { handle_ = nullptr; }
  const Stack& stack() const { return stack_; }
  // False where the stack's canary was overwritten.
  bool intact() const;

 private:
  // Who is leaving and who is arriving, in the one switch under way.
  struct Passage {
    Context* from;
    Context* to;
  };

  static void Trampoline(boost::context::detail::transfer_t from);
  // Runs first thing on arrival, whether by a first entry or a return.
  static void Arrived(boost::context::detail::transfer_t from) {
    const Passage passage = *static_cast<Passage*>(from.data);
    passage.from->handle_ = from.fctx;
#ifdef REPRISE_ASAN
    __sanitizer_finish_switch_fiber(passage.to->fake_stack_, &passage.from->asan_bottom_,
                                    &passage.from->asan_size_);
#endif
  }
  static ExceptionState& FindExceptionState();
  // This thread's. Found once, because the library's own way to it is a call.
  static ExceptionState& TheExceptionState() {
    static constinit thread_local ExceptionState* found = nullptr;
    if (found == nullptr) [[unlikely]]
      found = &FindExceptionState();
    return *found;
  }

  boost::context::detail::fcontext_t handle_ = nullptr;
  ExceptionState exceptions_;  // While this context is not running.
  Stack stack_;
  Entry entry_ = nullptr;
  void* argument_ = nullptr;
#ifdef REPRISE_ASAN
  void* fake_stack_ = nullptr;
  const void* asan_bottom_ = nullptr;
  size_t asan_size_ = 0;
#endif
};

inline void Context::SwitchTo(Context& to) {
  ExceptionState& state = TheExceptionState();
  exceptions_ = state;
  state = to.exceptions_;
  Passage passage{this, &to};
#ifdef REPRISE_ASAN
  __sanitizer_start_switch_fiber(&fake_stack_, to.asan_bottom_, to.asan_size_);
#endif
  Arrived(boost::context::detail::jump_fcontext(to.handle_, &passage));
}

// Makes a stack overflow print what happened and abort, rather than die without a word. Idempotent.
// `describe` says which fiber is running; it is called from a signal handler.
void ReportStackOverflows(const char* (*describe)());

}  // namespace reprise
