// Large arrays of zeros.

#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "sim/check.h"

namespace reprise {

// Frees what Zeros() allocated.
struct FreeZeros {
  void* mapped = nullptr;  // Null where it is from calloc.
  size_t bytes = 0;
  void operator()(void* start) const {
    mapped == nullptr ? std::free(start) : static_cast<void>(munmap(mapped, bytes));
  }
};

template <class T>
using ZeroedArray = std::unique_ptr<T[], FreeZeros>;

// So many zeros. Large ones are huge pages: access at random would miss the TLB each time
// otherwise, which costs more than the cache miss. They take no memory until they are touched.
template <class T>
ZeroedArray<T> Zeros(size_t count) {
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t bytes = count * sizeof(T);
  if (bytes < kHugePage / 4) {
    auto* start = static_cast<T*>(std::calloc(count, sizeof(T)));
    CHECK(start != nullptr || count == 0);
    return ZeroedArray<T>(start);
  }
  const size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  const size_t mapped_bytes = whole + kHugePage;  // So that there is an aligned part of that size.
  void* mapped =
      mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mapped != MAP_FAILED);
  void* start = mapped;
  size_t room = mapped_bytes;
  CHECK(std::align(kHugePage, whole, start, room) != nullptr);
  madvise(start, whole, MADV_HUGEPAGE);
  return ZeroedArray<T>(static_cast<T*>(start), FreeZeros{mapped, mapped_bytes});
}

}  // namespace reprise
