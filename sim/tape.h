// The departures of one run, in the order drawn.
//
// Where every message is late there is one for every message, so they are packed: 32 bytes each, in
// blocks that one tape leaves to the next. The few that do not fit -- their numbers are wider than
// 32 bits -- stand beside them, whole.

#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/address.h"

namespace reprise {

class Tape {
 public:
  using value_type = Taken;

  // Goes through a tape; what it points to is made when it is asked for.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Taken;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Taken;

    const_iterator(const Tape* tape, size_t i) : tape_(tape), i_(i) {}
    Taken operator*() const { return (*tape_)[i_]; }
    const_iterator& operator++() {
      ++i_;
      return *this;
    }
    const_iterator operator++(int) { return {tape_, i_++}; }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    const Tape* tape_;
    size_t i_;
  };
  using iterator = const_iterator;

  Tape() = default;
  Tape(const Tape& o);
  Tape(Tape&& o) noexcept { Swap(o); }
  Tape& operator=(Tape o) noexcept {
    Swap(o);
    return *this;
  }
  ~Tape();

  [[gnu::always_inline]] void Add(const Address& address, uint64_t value, uint64_t bound,
                                  uint64_t event) {
    if (next_ == limit_) [[unlikely]]
      AddBlock();
    *next_++ = (address.ordinal | address.sub | value | bound) >> 32 == 0
                   ? Packed{.node = address.site.node,
                            .peer = address.site.peer,
                            .ordinal = static_cast<uint32_t>(address.ordinal),
                            .sub = static_cast<uint32_t>(address.sub),
                            .value = static_cast<uint32_t>(value),
                            .bound = static_cast<uint32_t>(bound),
                            .event_and_label = event << 16 | address.site.label.index()}
                   : AddWide({{address, value, bound}, event});
  }
  void push_back(const Taken& t) {
    Add(t.departure.address, t.departure.value, t.departure.bound, t.event);
  }

  size_t size() const { return blocks_.size() * kEach - static_cast<size_t>(limit_ - next_); }
  bool empty() const { return size() == 0; }
  Taken operator[](size_t i) const;
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size()}; }

  // Calls f(address, bytes) for all its memory, in an order that FromBlocks understands. It may be
  // called in a signal handler.
  template <class F>
  void ForEachBlock(F f) const {
    const uint64_t sizes[2] = {size(), wide_.size()};
    f(sizes, sizeof sizes);
    size_t left = size();
    for (const auto& block : blocks_) {
      const size_t count = left < kEach ? left : kEach;
      f(block.get(), count * sizeof(Packed));
      left -= count;
    }
    f(wide_.data(), wide_.size() * sizeof(Taken));
  }
  // The tape whose blocks these are, end to end, from a copy of this process; empty where they are
  // not. Departures under labels that this process does not know are left out.
  static Tape FromBlocks(std::string_view bytes);

 private:
  struct Packed {
    NodeId node, peer;
    uint32_t ordinal, sub, value, bound;
    uint64_t event_and_label;  // The label is in the low 16 bits.
  };
  static constexpr uint64_t kWide = 0xffff;  // In place of a label: `ordinal` counts in wide_.
  static constexpr size_t kEach = 512;
  using Block = std::unique_ptr<Packed[]>;

  static std::vector<Block>& Spare();  // Blocks that no tape has.
  void AddBlock();
  Packed AddWide(const Taken& taken);
  void Swap(Tape& o) noexcept;

  Packed* next_ = nullptr;   // In the last block,
  Packed* limit_ = nullptr;  // which ends here.
  std::vector<Block> blocks_;
  std::vector<Taken> wide_;
};

// That of the run under way, for reports of what kills the process; null outside a run. It may be
// called in a signal handler.
const Tape* CurrentTape();

}  // namespace reprise
