#include "protocols/engines/sqlite_memory.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/check.h"

namespace reprise::engines {

// What comes before each piece of memory. Its size keeps the memory behind it aligned.
struct alignas(16) SqliteBoot::Block {
  SqliteBoot* boot;  // Null for what belongs to the process.
  Block *previous, *next;
  size_t bytes;
};

struct SqliteAllocator {
  using Block = SqliteBoot::Block;
  // Whose turn it is. Only set between two points at which fibers may switch.
  static inline SqliteBoot* current = nullptr;

  static void* Allocate(int bytes) {
    auto* block = static_cast<Block*>(std::malloc(sizeof(Block) + static_cast<size_t>(bytes)));
    if (block == nullptr) return nullptr;
    *block = {current, nullptr, nullptr, static_cast<size_t>(bytes)};
    if (current != nullptr) {
      block->next = current->first_;
      if (block->next != nullptr) block->next->previous = block;
      current->first_ = block;
      current->bytes_ += block->bytes;
    }
    return block + 1;
  }

  static void Free(void* memory) {
    if (memory == nullptr) return;
    Block* block = BlockOf(memory);
    if (SqliteBoot* boot = block->boot; boot != nullptr) {
      (block->previous != nullptr ? block->previous->next : boot->first_) = block->next;
      if (block->next != nullptr) block->next->previous = block->previous;
      boot->bytes_ -= block->bytes;
    }
    std::free(block);
  }

  static void* Reallocate(void* memory, int bytes) {
    void* moved = Allocate(bytes);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, memory, std::min(BlockOf(memory)->bytes, static_cast<size_t>(bytes)));
    Free(memory);
    return moved;
  }

  static int Size(void* memory) {
    return memory == nullptr ? 0 : static_cast<int>(BlockOf(memory)->bytes);
  }
  static int RoundUp(int bytes) { return (bytes + 7) & ~7; }
  static int Begin(void*) { return SQLITE_OK; }
  static void End(void*) {}

  static Block* BlockOf(void* memory) { return static_cast<Block*>(memory) - 1; }
};

void SetUpSqlite() {
  static const bool kReady = [] {
    using A = SqliteAllocator;
    static sqlite3_mem_methods methods = {A::Allocate, A::Free,  A::Reallocate, A::Size,
                                          A::RoundUp,  A::Begin, A::End,        nullptr};
    CHECK(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    CHECK(sqlite3_initialize() == SQLITE_OK);
    return true;
  }();
  CHECK(kReady);
}

SqliteBoot::~SqliteBoot() {
  while (first_ != nullptr) SqliteAllocator::Free(first_ + 1);
  if (SqliteAllocator::current == this) SqliteAllocator::current = nullptr;
}

void SqliteBoot::Enter() { SqliteAllocator::current = this; }

}  // namespace reprise::engines
