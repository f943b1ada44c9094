// Memory laid out otherwise: where the next objects will lie, and what stands in memory that nobody
// has initialised. Private to sim/search.
//
// Two runs in one process may well get the same addresses, in the same order, with the same bytes
// left in them, so that a run which depends on any of that looks the same twice. CheckTwice gives
// each of its runs another layout, so that it does not.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reprise {

struct Layout {
  // In which order blocks of one size, and stacks, come out of the allocator: with rising
  // addresses, with falling ones, or in one of many mixed orders. Up and down are each other's
  // mirror, so that of any two objects the order is another.
  enum class Order : uint32_t { kUp, kDown, kMixed };  // Mixed orders go on: kMixed + 1, ...
  Order order = Order::kUp;
  unsigned char fill = 0;  // What memory holds that was never written.

  static Order Mixed(uint32_t which) {
    return static_cast<Order>(static_cast<uint32_t>(Order::kMixed) + which);
  }
};

// Lays out memory, for as long as it lives.
class LaidOut {
 public:
  explicit LaidOut(Layout layout);
  ~LaidOut();
  LaidOut(const LaidOut&) = delete;
  LaidOut& operator=(const LaidOut&) = delete;

 private:
  struct Shelf {
    size_t size = 0;
    std::vector<size_t> handed_out;  // See HandedOut in layout.cc.
    std::vector<void*> all;          // Those that stay keep others from being joined.
    std::vector<void*> blocks;       // Those that are free, in the order in which to hand them out,
    std::vector<void*> to_free;      // and in which to free them, so that they are.
  };
  void MakeShelves();

  std::vector<Shelf> shelves_;
};

}  // namespace reprise
