#include "sim/tape.h"

#include <cstring>
#include <type_traits>
#include <utility>

#include "sim/check.h"

namespace reprise {
namespace {

constexpr size_t kSpareAtMost = 4096;  // 64 MiB.

// Takes as many bytes as x has off the front; false where there are too few.
template <class T>
bool TakeBytes(std::string_view& bytes, T& x) {
  if (bytes.size() < sizeof x) return false;
  std::memcpy(static_cast<void*>(&x), bytes.data(), sizeof x);
  bytes.remove_prefix(sizeof x);
  return true;
}

}  // namespace

std::vector<Tape::Block>& Tape::Spare() {
  static auto* spare = new std::vector<Block>;  // Never destroyed: static tapes may outlive it.
  return *spare;
}

void Tape::AddBlock() {
  auto& spare = Spare();
  if (spare.empty()) spare.push_back(std::make_unique_for_overwrite<Packed[]>(kEach));
  next_ = spare.back().get();
  limit_ = next_ + kEach;
  blocks_.push_back(std::move(spare.back()));
  spare.pop_back();
}

Tape::~Tape() {
  auto& spare = Spare();
  // The first one, which is the most used, will be the next to be taken.
  for (; !blocks_.empty(); blocks_.pop_back()) {
    if (spare.size() < kSpareAtMost) spare.push_back(std::move(blocks_.back()));
  }
}

Tape::Tape(const Tape& o) {
  for (const Taken& taken : o) push_back(taken);
}

void Tape::Swap(Tape& o) noexcept {
  std::swap(next_, o.next_);
  std::swap(limit_, o.limit_);
  blocks_.swap(o.blocks_);
  wide_.swap(o.wide_);
}

Tape::Packed Tape::AddWide(const Taken& taken) {
  wide_.push_back(taken);
  Packed packed{};
  packed.ordinal = static_cast<uint32_t>(wide_.size() - 1);
  packed.event_and_label = kWide;
  return packed;
}

Taken Tape::operator[](size_t i) const {
  CHECK(i < size());
  const Packed& p = blocks_[i / kEach][i % kEach];
  const auto label = static_cast<uint16_t>(p.event_and_label);
  if (label == kWide) return wide_[p.ordinal];
  return {{{{Label::At(label), p.node, p.peer}, p.ordinal, p.sub}, p.value, p.bound},
          p.event_and_label >> 16};
}

Tape Tape::FromBlocks(std::string_view bytes) {
  static_assert(std::is_trivially_copyable_v<Taken>);
  uint64_t count = 0, wide_count = 0;
  if (!TakeBytes(bytes, count) || !TakeBytes(bytes, wide_count)) return {};
  if (count > bytes.size() || wide_count > bytes.size()) return {};
  if (bytes.size() != count * sizeof(Packed) + wide_count * sizeof(Taken)) return {};
  std::string_view wides = bytes.substr(count * sizeof(Packed));
  Tape tape;
  for (uint64_t i = 0; i < count; ++i) {
    Packed packed;
    TakeBytes(bytes, packed);
    const auto label = static_cast<uint16_t>(packed.event_and_label);
    if (label != kWide && label >= Label::count()) continue;
    if (label == kWide) {
      Taken wide{{{{Label::At(0)}}}};
      if (!TakeBytes(wides, wide) || wide.departure.address.site.label.index() >= Label::count())
        continue;
      tape.push_back(wide);
      continue;
    }
    if (tape.next_ == tape.limit_) tape.AddBlock();
    *tape.next_++ = packed;
  }
  return tape;
}

}  // namespace reprise
