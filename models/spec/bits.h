// A set of small numbers that grows as needed.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reprise::models {

class Bits {
 public:
  bool Has(size_t i) const { return (Word(i / 64) >> i % 64 & 1) != 0; }
  void Add(size_t i) {
    if (i / 64 >= words_.size()) words_.resize(i / 64 + 1);
    words_[i / 64] |= uint64_t{1} << i % 64;
  }
  void Remove(size_t i) {
    if (i / 64 < words_.size()) words_[i / 64] &= ~(uint64_t{1} << i % 64);
  }
  size_t Count() const {
    size_t n = 0;
    for (uint64_t word : words_) n += static_cast<size_t>(__builtin_popcountll(word));
    return n;
  }

  // Whether all of this is in other, and nothing that other has besides is in `but`.
  bool IsPartOf(const Bits& other, const Bits& but) const {
    const size_t n = std::max(words_.size(), other.words_.size());
    for (size_t i = 0; i < n; ++i) {
      const uint64_t mine = Word(i), its = other.Word(i);
      if ((mine & ~its) != 0 || (its & ~mine & but.Word(i)) != 0) return false;
    }
    return true;
  }

 private:
  uint64_t Word(size_t i) const { return i < words_.size() ? words_[i] : 0; }

  std::vector<uint64_t> words_;
};

}  // namespace reprise::models
