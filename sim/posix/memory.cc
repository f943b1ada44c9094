// malloc() and its relatives, for simulated threads out of their process's arena. libstdc++'s
// operator new calls malloc(), so that C++ needs no more.
//
// Memory knows whose it is by its address: whoever frees it, it goes back to where it came from.

#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>

#include <cstring>

#include "sim/posix/interpose.h"

extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void* memory);
}

namespace reprise::posix {
namespace {

// The constructors of shared libraries run before any of the program's own.
constinit bool loading = true;
[[gnu::constructor(101)]] void EndLoading() { loading = false; }

void* Or(Thread& me, void* memory) {
  if (memory == nullptr) *me.error = ENOMEM;
  return memory;
}

void* AtLoad(size_t bytes, size_t alignment) {
  void* memory = Arena::AllocateAtLoad(bytes, alignment);
  return memory != nullptr ? memory : __libc_memalign(alignment, bytes);
}

void Free(void* memory) {
  if (memory == nullptr) return;
  if (!Arena::Has(memory)) {
    if (!InProgram()) return __libc_free(memory);
    // Libc's allocator keeps things in thread-locals, which must not be a simulated thread's.
    return InKernel(Me(), [memory] { __libc_free(memory); });
  }
  // After its process's end it is gone anyway.
  if (!InProgram()) return;
  Thread& me = Me();
  if (!me.process->arena.Free(memory)) {
    GiveUp(me, "abort", "it freed what is not allocated, or is free already");
  }
}

}  // namespace

#define DEFINE(type, name, parameters)              \
  type Interposed_##name parameters __asm__(#name); \
  [[gnu::visibility("default"), gnu::used]] type Interposed_##name parameters

DEFINE(void*, malloc, (size_t bytes)) {
  if (!InProgram()) [[likely]]
    return loading ? AtLoad(bytes, 16) : __libc_malloc(bytes);
  Thread& me = Me();
  return Or(me, me.process->arena.Allocate(bytes));
}

DEFINE(void, free, (void* memory)) { Free(memory); }
DEFINE(void, cfree, (void* memory)) { Free(memory); }

DEFINE(void*, calloc, (size_t count, size_t bytes)) {
  if (!InProgram()) [[likely]]
    return loading ? AtLoad(count * bytes, 16) : __libc_calloc(count, bytes);
  Thread& me = Me();
  size_t all = 0;
  if (__builtin_mul_overflow(count, bytes, &all)) return Or(me, nullptr);
  return Or(me, me.process->arena.AllocateZeros(all));
}

DEFINE(void*, realloc, (void* memory, size_t bytes)) {
  if (!InProgram() && !Arena::Has(memory) && !loading) [[likely]]
    return __libc_realloc(memory, bytes);
  if (!InProgram()) {  // Memory of a process that the simulator goes on with, or of loading.
    void* moved = loading ? AtLoad(bytes, 16) : __libc_malloc(bytes);
    if (memory == nullptr || !Arena::Has(memory)) return moved;
    if (moved != nullptr) std::memcpy(moved, memory, std::min(bytes, Arena::SizeOf(memory)));
    return moved;
  }
  Thread& me = Me();
  Arena& arena = me.process->arena;
  if (memory == nullptr) return Or(me, arena.Allocate(bytes));
  if (Arena::Has(memory)) return Or(me, arena.Reallocate(memory, bytes));
  void* moved = arena.Allocate(bytes);
  if (moved != nullptr) std::memcpy(moved, memory, std::min(bytes, malloc_usable_size(memory)));
  Free(memory);
  return Or(me, moved);
}

static void* Aligned(size_t alignment, size_t bytes) {
  if (!InProgram()) [[likely]]
    return loading ? AtLoad(bytes, alignment) : __libc_memalign(alignment, bytes);
  Thread& me = Me();
  return Or(me, me.process->arena.Allocate(bytes, alignment));
}
DEFINE(void*, memalign, (size_t alignment, size_t bytes)) { return Aligned(alignment, bytes); }
DEFINE(void*, aligned_alloc, (size_t alignment, size_t bytes)) { return Aligned(alignment, bytes); }
DEFINE(void*, valloc, (size_t bytes)) { return Aligned(4096, bytes); }
DEFINE(int, posix_memalign, (void** to, size_t alignment, size_t bytes)) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* memory = Aligned(alignment, bytes);
  if (memory == nullptr) return ENOMEM;
  *to = memory;
  return 0;
}

DEFINE(size_t, malloc_usable_size, (void* memory)) {
  if (Arena::Has(memory)) return Arena::SizeOf(memory);
  static constinit void* next = nullptr;
  return reinterpret_cast<size_t (*)(void*)>(Next(next, "malloc_usable_size"))(memory);
}

void LinkMemory() {}

}  // namespace reprise::posix
