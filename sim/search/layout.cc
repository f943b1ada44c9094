#include "sim/search/layout.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/check.h"
#include "sim/choices.h"
#include "sim/stacks.h"

namespace reprise {
namespace {

// How many blocks of each size are laid out: more than a toy needs, few enough to cost less than
// a millisecond. What a node allocates beyond that comes from wherever it came before.
struct Sizes {
  size_t from, to, step;
  size_t blocks;
};
constexpr Sizes kSizes[] = {{24, 264, 16, 128}, {280, 1032, 16, 32}, {1048, 4120, 64, 8}};
constexpr size_t kSmallMost = 120;  // Of what glibc calls fast.

// Of a stack, what the outermost functions of a node use; and of how many stacks.
constexpr size_t kStackBytes = 16 << 10;
constexpr size_t kStacks = 64;

uintptr_t AddressOf(const void* block) { return reinterpret_cast<uintptr_t>(block); }

// In which order glibc hands out n blocks of one size that are freed in the order 0 to n - 1, and
// then sorted into bins: first the seven that it keeps at hand, the newest first; then the others
// in groups of eight, because it takes one and puts seven more at hand. Of small blocks the newest
// comes first, of others the oldest. Another allocator gives some other order, as good as mixed.
std::vector<size_t> HandedOut(size_t n, bool small) {
  constexpr size_t kAtHand = 7;
  std::vector<size_t> out, others;
  for (size_t i = std::min(n, kAtHand); i-- > 0;) out.push_back(i);
  for (size_t i = kAtHand; i < n; ++i) others.push_back(i);
  if (small) std::ranges::reverse(others);
  for (size_t from = 0; from < others.size(); from += kAtHand + 1) {
    const size_t to = std::min(others.size(), from + kAtHand + 1);
    out.push_back(others[from]);
    for (size_t i = to; i-- > from + 1;) out.push_back(others[i]);
  }
  return out;
}

// Puts items, which are sorted by address, into the order in which they are to be handed out.
template <class Item>
void Arrange(Layout::Order order, std::vector<Item>& rising) {
  if (order == Layout::Order::kUp) return;
  std::ranges::reverse(rising);
  if (order == Layout::Order::kDown) return;
  for (size_t i = rising.size(); i > 1; --i) {
    const uint64_t noise = Choices::Mix(i + uint64_t{static_cast<uint32_t>(order)} * 0x9e3779b9);
    std::swap(rising[i - 1], rising[noise % i]);
  }
}

void ArrangeStacks(const Layout& layout, std::vector<Stack>& free) {
  std::ranges::sort(free, {}, [](const Stack& s) { return AddressOf(s.bottom); });
  Arrange(layout.order, free);
  std::ranges::reverse(free);  // The last is taken first.
  for (size_t i = free.size(); i > 0 && i + kStacks > free.size(); --i) {
    const Stack& stack = free[i - 1];
    const size_t bytes = std::min(kStackBytes, stack.size / 2);
    std::memset(stack.bottom + stack.size - bytes, layout.fill, bytes);
  }
}

// A block that fits nowhere has glibc join small ones that are free, and sort the others into bins.
void SortWhatIsFree() {
  void* volatile large = std::malloc(100 << 10);
  std::free(large);
}

// What oracles find on the stack that they run on.
[[gnu::noinline]] void FillOwnStack(unsigned char fill) {
  char below[64 << 10];
  std::memset(below, fill, sizeof below);
  __asm__ volatile("" : : "r"(below) : "memory");
}

}  // namespace

LaidOut::LaidOut(Layout layout) {
  MakeShelves();
  SortWhatIsFree();
  for (Shelf& shelf : shelves_) {
    for (void*& block : shelf.all) {
      block = std::malloc(shelf.size);
      CHECK(block != nullptr);
      std::memset(block, layout.fill, shelf.size);
    }
  }
  for (Shelf& shelf : shelves_) {
    // Every other one is freed, so that no two that are free lie side by side: they would be
    // joined.
    std::ranges::sort(shelf.all, {}, AddressOf);
    for (size_t i = 0; i < shelf.blocks.size(); ++i) {
      shelf.blocks[i] = std::exchange(shelf.all[2 * i], nullptr);
    }
    Arrange(layout.order, shelf.blocks);
    for (size_t i = 0; i < shelf.blocks.size(); ++i) {
      shelf.to_free[shelf.handed_out[i]] = shelf.blocks[i];
    }
    for (void* block : shelf.to_free) std::free(block);
  }
  SortWhatIsFree();
  ForEachPool([&](std::vector<Stack>& pool) { ArrangeStacks(layout, pool); });
  FillOwnStack(layout.fill);
}

// All that the constructor needs to remember, before there is a block: whatever it allocates or
// frees later would mix with them.
void LaidOut::MakeShelves() {
  for (const Sizes& sizes : kSizes) {
    for (size_t size = sizes.from; size <= sizes.to; size += sizes.step) {
      const std::vector<void*> none(sizes.blocks, nullptr);
      shelves_.push_back({.size = size,
                          .handed_out = HandedOut(sizes.blocks, size <= kSmallMost),
                          .all = std::vector<void*>(2 * sizes.blocks, nullptr),
                          .blocks = none,
                          .to_free = none});
    }
  }
}

LaidOut::~LaidOut() {
  for (const Shelf& shelf : shelves_) {
    for (void* block : shelf.all) std::free(block);
  }
  SortWhatIsFree();
}

}  // namespace reprise
