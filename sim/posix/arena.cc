#include "sim/posix/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/check.h"

namespace reprise::posix {
namespace {

constexpr uint32_t kAllocated = 0xa110ca7e, kFreed = 0xf4eef4ee;
// What a boot has touched is cleared by writing zeros up to here, and given back beyond.
constexpr size_t kClearedAtMost = 16 << 20;

constinit size_t loaded = 0;  // Bytes of memory of the time of loading.
constinit bool mapped[Arena::kArenas];
constinit bool taken[Arena::kArenas];

// Sizes grow by 16 bytes up to 128, and then by a quarter of the power of two below.
size_t ClassOf(size_t bytes) {
  if (bytes <= 128) return (bytes + 15) / 16;
  const auto power = static_cast<size_t>(std::bit_width(bytes - 1)) - 1;  // 2^power < bytes.
  return 8 + (power - 7) * 4 + ((bytes - 1) >> (power - 2)) - 3;
}
size_t SizeOfClass(size_t number) {
  if (number <= 8) return number * 16;
  const size_t power = (number - 9) / 4 + 7, quarter = (number - 9) % 4 + 1;
  return (size_t{1} << power) + (quarter << (power - 2));
}

}  // namespace

// What stands before each piece of memory.
struct alignas(16) Arena::Block {
  uint32_t state;
  uint32_t number;  // Of its class.
  char* start;      // Which lies before this where an alignment was asked for.

  static Block* Of(const void* memory) {
    return reinterpret_cast<Block*>(const_cast<void*>(memory)) - 1;
  }
  size_t size() {
    return SizeOfClass(number) - static_cast<size_t>(reinterpret_cast<char*>(this + 1) - start);
  }
};

Arena::Arena(size_t wanted) : number_(wanted % kArenas) {
  for (size_t i = 0; i < kArenas && taken[number_]; ++i) number_ = (number_ + 1) % kArenas;
  CHECK(!taken[number_]);
  taken[number_] = true;
  void* const at = reinterpret_cast<void*>(kBase + number_ * kBytes);
  if (!mapped[number_]) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    CHECK(mmap(at, kBytes, PROT_READ | PROT_WRITE, flags, -1, 0) == at);
    mapped[number_] = true;
  }
  base_ = top_ = static_cast<char*>(at);
}

Arena::~Arena() {
  const size_t kept = std::min(used(), kClearedAtMost);
  std::memset(base_, 0, kept);
  if (used() > kept) madvise(base_ + kept, used() - kept, MADV_DONTNEED);
  taken[number_] = false;
}

void* Arena::Allocate(size_t bytes, size_t alignment) {
  if (bytes > kBytes / 2 || alignment > kBytes / 4) return nullptr;
  const size_t lead = alignment <= 16 ? sizeof(Block) : alignment + sizeof(Block);
  const size_t number = ClassOf(bytes + lead);
  const size_t size = SizeOfClass(number);
  char* start = nullptr;
  if (Gap* gap = free_[number]; gap != nullptr) {
    free_[number] = gap->next;
    start = reinterpret_cast<char*>(gap);
  } else {
    if (size > kBytes - used()) return nullptr;
    start = top_;
    top_ += size;
  }
  auto memory = reinterpret_cast<uintptr_t>(start) + sizeof(Block);
  if (alignment > 16) memory = (memory + alignment - 1) / alignment * alignment;
  Block* block = reinterpret_cast<Block*>(memory) - 1;
  *block = {kAllocated, static_cast<uint32_t>(number), start};
  return block + 1;
}

void* Arena::AllocateAtLoad(size_t bytes, size_t alignment) {
  if (loaded == 0) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void* const at = reinterpret_cast<void*>(kLoadBase);
    if (mmap(at, kBytes, PROT_READ | PROT_WRITE, flags, -1, 0) != at) return nullptr;
  }
  uintptr_t memory = kLoadBase + loaded + sizeof(Block);
  memory = (memory + alignment - 1) / alignment * alignment;
  Block* block = reinterpret_cast<Block*>(memory) - 1;
  const size_t number = ClassOf(bytes + sizeof(Block));
  *block = {kAllocated, static_cast<uint32_t>(number), reinterpret_cast<char*>(block)};
  loaded = memory + SizeOfClass(number) - kLoadBase;
  return block + 1;
}

size_t Arena::used_at_load() { return loaded; }

void* Arena::AllocateZeros(size_t bytes, size_t alignment) {
  const char* const fresh = top_;
  void* memory = Allocate(bytes, alignment);
  if (memory != nullptr && memory < fresh) std::memset(memory, 0, bytes);
  return memory;
}

void* Arena::Reallocate(void* memory, size_t bytes) {
  const size_t size = SizeOf(memory);
  if (bytes <= size && bytes > size / 2) return memory;
  void* moved = Allocate(bytes);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, std::min(size, bytes));
  Free(memory);
  return moved;
}

bool Arena::Free(void* memory) {
  if (reinterpret_cast<uintptr_t>(memory) < kBase) return true;  // Of the time of loading.
  Block* block = Block::Of(memory);
  if (block->state != kAllocated) return false;
  block->state = kFreed;
  const uint32_t number = block->number;
  // Over the block, or over what lies before it because of an alignment.
  auto* gap = reinterpret_cast<Gap*>(block->start);
  gap->next = free_[number];
  free_[number] = gap;
  return true;
}

size_t Arena::SizeOf(const void* memory) { return Block::Of(memory)->size(); }

}  // namespace reprise::posix
