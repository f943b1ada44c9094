// Objects of one kind, side by side, kEach to an allocation, at addresses that never change.

#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace reprise {

template <class T, size_t kEach = 64>
class Slab {
 public:
  Slab() = default;
  Slab(Slab&& o) noexcept : chunks_(std::move(o.chunks_)), size_(std::exchange(o.size_, 0)) {}
  Slab& operator=(Slab&& o) noexcept {
    std::swap(chunks_, o.chunks_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~Slab() { Shrink(0); }

  T& operator[](size_t i) const {
    return *reinterpret_cast<T*>(chunks_[i / kEach].get() + i % kEach);
  }
  size_t size() const { return size_; }

  template <class... Args>
  T& Add(Args&&... args) {
    if (size_ % kEach == 0) chunks_.push_back(std::make_unique_for_overwrite<Room[]>(kEach));
    void* room = chunks_.back().get() + size_ % kEach;
    T* added = ::new (room) T(std::forward<Args>(args)...);
    ++size_;
    return *added;
  }

  // Destroys all but the first `size` objects.
  void Shrink(size_t size) {
    while (size_ > size) (*this)[--size_].~T();
    chunks_.resize((size_ + kEach - 1) / kEach);
  }

 private:
  struct alignas(T) Room {
    std::byte bytes[sizeof(T)];
  };

  std::vector<std::unique_ptr<Room[]>> chunks_;
  size_t size_ = 0;
};

}  // namespace reprise
