#include "protocols/engines/boot_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace reprise::engines {

// What comes before each piece of memory. Its size keeps the memory behind it aligned.
struct alignas(16) BootMemory::Block {
  BootMemory* boot;  // Null for what belongs to the process.
  Block *previous, *next;
  size_t bytes;
};

BootMemory::~BootMemory() {
  while (first_ != nullptr) Free(first_ + 1);
  if (current_ == this) current_ = nullptr;
}

void* BootMemory::Allocate(size_t bytes) {
  auto* block = static_cast<Block*>(std::calloc(1, sizeof(Block) + bytes));
  if (block == nullptr) return nullptr;
  *block = {current_, nullptr, nullptr, bytes};
  if (current_ != nullptr) {
    block->next = current_->first_;
    if (block->next != nullptr) block->next->previous = block;
    current_->first_ = block;
    current_->bytes_ += bytes;
  }
  return block + 1;
}

void BootMemory::Free(void* memory) {
  if (memory == nullptr) return;
  Block* block = static_cast<Block*>(memory) - 1;
  if (BootMemory* boot = block->boot; boot != nullptr) {
    (block->previous != nullptr ? block->previous->next : boot->first_) = block->next;
    if (block->next != nullptr) block->next->previous = block->previous;
    boot->bytes_ -= block->bytes;
  }
  std::free(block);
}

void* BootMemory::Reallocate(void* memory, size_t bytes) {
  void* moved = Allocate(bytes);
  if (moved == nullptr || memory == nullptr) return moved;
  std::memcpy(moved, memory, std::min(SizeOf(memory), bytes));
  Free(memory);
  return moved;
}

size_t BootMemory::SizeOf(void* memory) {
  return memory == nullptr ? 0 : (static_cast<Block*>(memory) - 1)->bytes;
}

}  // namespace reprise::engines
