#include "sim/fiber.h"

#include <cxxabi.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "sim/check.h"
#include "sim/stacks.h"

#ifdef REPRISE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace reprise {
namespace {

namespace ctx = boost::context::detail;

constexpr size_t kPage = 4096;
constexpr size_t kSlabBytes = 8 << 20;
// The kernel allows 65,530 mappings to a process by default, and a guard page costs two.
constexpr size_t kGuardsAtMost = 15000;
constexpr uint64_t kCanary = 0x5eed5eed5eed5eed;

struct Pool {
  size_t size;
  std::vector<Stack> free;
};

struct Pools {
  std::vector<Pool> pools;
  size_t guards = 0;
  size_t made = 0;

  Pool& OfSize(size_t size) {
    for (Pool& pool : pools) {
      if (pool.size == size) return pool;
    }
    return pools.emplace_back(Pool{size, {}});
  }
};

Pools& ThePools() {
  static Pools* pools = new Pools;  // Never destroyed: fibers may outlive static objects.
  return *pools;
}

void AddSlab(Pools& pools, Pool& pool) {
  const size_t each = pool.size + kPage;
  const size_t count = each > kSlabBytes ? 1 : kSlabBytes / each;
  void* slab = mmap(nullptr, each * count, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(slab != MAP_FAILED);
  madvise(slab, each * count, MADV_NOHUGEPAGE);  // Or a fiber costs two megabytes.
  for (size_t i = count; i-- > 0;) {
    char* low = static_cast<char*>(slab) + i * each;
    const bool guarded = pools.guards < kGuardsAtMost && mprotect(low, kPage, PROT_NONE) == 0;
    if (guarded) ++pools.guards;
    // Stacks at equal distances all fall on the same few cache sets, so each begins elsewhere.
    const size_t colour = (pools.made++ % 24) * 64;
    pool.free.push_back({low + kPage, pool.size - colour, guarded});
  }
}

}  // namespace

Stack TakeStack(size_t size) {
  size = (size + kPage - 1) / kPage * kPage;
  Pools& pools = ThePools();
  Pool& pool = pools.OfSize(size);
  if (pool.free.empty()) AddSlab(pools, pool);
  const Stack stack = pool.free.back();
  pool.free.pop_back();
  if (!stack.guarded) std::memcpy(stack.bottom, &kCanary, sizeof kCanary);
  return stack;
}

void GiveStack(const Stack& stack) {
#ifdef REPRISE_ASAN
  __asan_unpoison_memory_region(stack.bottom, stack.size);
#endif
  ThePools().OfSize((stack.size + kPage - 1) / kPage * kPage).free.push_back(stack);
}

void ForEachPool(absl::FunctionRef<void(std::vector<Stack>&)> arrange) {
  for (Pool& pool : ThePools().pools) arrange(pool.free);
}

void Context::Start(const Stack& stack, Entry entry, void* argument) {
  stack_ = stack;
  entry_ = entry;
  argument_ = argument;
  exceptions_ = {};
#ifdef REPRISE_ASAN
  fake_stack_ = nullptr;
  asan_bottom_ = stack.bottom;
  asan_size_ = stack.size;
#endif
  handle_ = ctx::make_fcontext(stack.bottom + stack.size, stack.size, &Context::Trampoline);
}

ExceptionState& Context::FindExceptionState() {
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

void Context::Trampoline(ctx::transfer_t from) {
  Context* self = static_cast<Passage*>(from.data)->to;
  Arrived(from);
  self->entry_(self->argument_);
  std::abort();  // An entry ends in Leave().
}

void Context::Leave(Context& to) {
  TheExceptionState() = to.exceptions_;
  Passage passage{this, &to};
#ifdef REPRISE_ASAN
  __sanitizer_start_switch_fiber(nullptr, to.asan_bottom_, to.asan_size_);
#endif
  ctx::jump_fcontext(to.handle_, &passage);
  std::abort();
}

bool Context::intact() const {
  return stack_.bottom == nullptr || stack_.guarded ||
         std::memcmp(stack_.bottom, &kCanary, sizeof kCanary) == 0;
}

namespace {

const char* (*describe_fiber)() = nullptr;
struct sigaction before;

void Say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// An overflow touches the page below the stack that the stack pointer is about to leave.
[[maybe_unused]] void OnFault(int number, siginfo_t* info, void* context) {
#ifdef __x86_64__
  const auto sp = reinterpret_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP];
  const auto at = reinterpret_cast<intptr_t>(info->si_addr);
  const bool overflow = at > sp - 64 * 1024 && at < sp + 64 * 1024;
#else
  static_cast<void>(context);
  const bool overflow = false;
#endif
  const char* where = describe_fiber == nullptr ? nullptr : describe_fiber();
  if (overflow && where != nullptr) {
    Say("reprise: stack overflow in ");
    Say(where);
    Say(": recurse less, or raise Scenario::stack_bytes\n");
  } else if (where != nullptr) {
    Say("reprise: memory fault in ");
    Say(where);
    Say("\n");
  }
  // Returning runs into the same fault, now fatally; what was sent must be sent again.
  sigaction(number, &before, nullptr);
  if (info->si_code <= 0) raise(number);
}

}  // namespace

void ReportStackOverflows(const char* (*describe)()) {
  if (describe_fiber != nullptr) return;
  describe_fiber = describe;
#ifndef REPRISE_ASAN  // The sanitizer has a handler of its own, which says more.
  static char alternate[64 * 1024];
  stack_t stack{};
  stack.ss_sp = alternate;
  stack.ss_size = sizeof alternate;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &before);
#endif
}

}  // namespace reprise
