// Plain structs to bytes, back, and to text for people.
//
// The form is fixed: integers little-endian in their own width, bool one byte, Duration and Time
// eight, strings and containers a 32-bit count and then their elements, optional a bool and then
// the value, variant a byte and then the alternative. It is the same on every machine, because
// digests run over these bytes. Reading never trusts them: a corrupted message is nothing, or
// another message, and never undefined behaviour.

#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/fields.h"
#include "sim/time.h"

namespace reprise {
namespace internal {

template <class T>
inline constexpr bool kIsSequence = false;
template <class T, class A>
inline constexpr bool kIsSequence<std::vector<T, A>> = true;

template <class T>
inline constexpr bool kIsOrdered = false;  // Containers in order of their keys.
template <class... A>
inline constexpr bool kIsOrdered<std::map<A...>> = true;
template <class... A>
inline constexpr bool kIsOrdered<std::set<A...>> = true;

template <class T>
inline constexpr bool kIsArray = false;
template <class T, size_t N>
inline constexpr bool kIsArray<std::array<T, N>> = true;

template <class T>
inline constexpr bool kIsVariant = false;
template <class... A>
inline constexpr bool kIsVariant<std::variant<A...>> = true;

template <class T>
inline constexpr bool kIsTuple = false;
template <class... A>
inline constexpr bool kIsTuple<std::tuple<A...>> = true;
template <class A, class B>
inline constexpr bool kIsTuple<std::pair<A, B>> = true;

template <class T>
concept Scalar = std::integral<T> || std::is_enum_v<T>;

template <class T>
concept Moment = std::same_as<T, Duration> || std::same_as<T, Time>;

inline int64_t Count(Duration d) { return d.count(); }
inline int64_t Count(Time t) { return Nanos(t); }

// Map elements have const keys; they are read as what they are without it.
template <class T>
struct Element {
  using type = typename T::value_type;
};
template <class K, class V, class... A>
struct Element<std::map<K, V, A...>> {
  using type = std::pair<K, V>;
};

template <class T>
constexpr bool IsLittle(const T&) {
  return std::endian::native == std::endian::little;
}

// Fields of structs, tuples and pairs alike.
template <class T, class F>
decltype(auto) WithParts(T& v, F&& f) {
  if constexpr (kIsTuple<std::remove_const_t<T>>) {
    return std::apply(f, v);
  } else {
    static_assert(!std::is_floating_point_v<T>,
                  "no floating point in messages: it is not portable");
    static_assert(!std::is_pointer_v<T>, "no pointer crosses nodes");
    return WithFields(v, f);
  }
}

}  // namespace internal

// How many bytes Write will write.
template <class T>
constexpr size_t EncodedSize(const T& v) {
  if constexpr (internal::Scalar<T>) {
    return sizeof(T);
  } else if constexpr (internal::Moment<T>) {
    return 8;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return 4 + v.size();
  } else if constexpr (internal::kIsSequence<T> || internal::kIsOrdered<T>) {
    size_t size = 4;
    for (const auto& e : v) size += EncodedSize(static_cast<const typename T::value_type&>(e));
    return size;
  } else if constexpr (internal::kIsArray<T>) {
    size_t size = 0;
    for (const auto& e : v) size += EncodedSize(e);
    return size;
  } else if constexpr (internal::kIsOptional<T>) {
    return v ? 1 + EncodedSize(*v) : 1;
  } else if constexpr (internal::kIsVariant<T>) {
    return 1 + std::visit([](const auto& e) { return EncodedSize(e); }, v);
  } else {
    return internal::WithParts(v,
                               [](const auto&... f) { return (size_t{0} + ... + EncodedSize(f)); });
  }
}

// Writes v at p and returns the end. REQUIRES: EncodedSize(v) bytes of room.
template <class T>
char* Write(char* p, const T& v) {
  if constexpr (std::is_same_v<T, bool>) {
    *p = v ? 1 : 0;
    return p + 1;
  } else if constexpr (internal::Scalar<T>) {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(p, &v, sizeof(T));
    } else {
      for (size_t i = 0; i < sizeof(T); ++i) {
        p[i] = static_cast<char>(static_cast<uint64_t>(v) >> (8 * i));
      }
    }
    return p + sizeof(T);
  } else if constexpr (internal::Moment<T>) {
    return Write(p, internal::Count(v));
  } else if constexpr (std::is_same_v<T, std::string>) {
    p = Write(p, static_cast<uint32_t>(v.size()));
    std::memcpy(p, v.data(), v.size());
    return p + v.size();
  } else if constexpr (internal::kIsSequence<T> || internal::kIsOrdered<T>) {
    p = Write(p, static_cast<uint32_t>(v.size()));
    for (const auto& e : v) p = Write(p, static_cast<const typename T::value_type&>(e));
    return p;
  } else if constexpr (internal::kIsArray<T>) {
    for (const auto& e : v) p = Write(p, e);
    return p;
  } else if constexpr (internal::kIsOptional<T>) {
    p = Write(p, v.has_value());
    return v ? Write(p, *v) : p;
  } else if constexpr (internal::kIsVariant<T>) {
    p = Write(p, static_cast<uint8_t>(v.index()));
    return std::visit([p](const auto& e) { return Write(p, e); }, v);
  } else {
    internal::WithParts(v, [&p](const auto&... f) { ((p = Write(p, f)), ...); });
    return p;
  }
}

// Takes a T off the front of [p, end) and returns the rest; null where the bytes are no T.
template <class T>
const char* Read(const char* p, const char* end, T& v);

namespace internal {

template <class T>
const char* ReadContainer(const char* p, const char* end, T& v) {
  static_assert(!std::is_empty_v<typename T::value_type>, "a container of nothings: send a count");
  uint32_t count = 0;
  p = Read(p, end, count);
  // Every element has a byte at least, or a flipped count would ask for gigabytes.
  if (p == nullptr || count > static_cast<size_t>(end - p)) return nullptr;
  v.clear();
  for (uint32_t i = 0; i < count && p != nullptr; ++i) {
    typename Element<T>::type e{};
    p = Read(p, end, e);
    v.insert(v.end(), std::move(e));
  }
  return p;
}

template <class T, size_t I = 0>
const char* ReadAlternative(const char* p, const char* end, T& v, uint8_t index) {
  if constexpr (I == std::variant_size_v<T>) {
    return nullptr;
  } else {
    if (index != I) return ReadAlternative<T, I + 1>(p, end, v, index);
    return Read(p, end, v.template emplace<I>());
  }
}

}  // namespace internal

template <class T>
const char* Read(const char* p, const char* end, T& v) {
  if (p == nullptr) return nullptr;
  if constexpr (std::is_same_v<T, bool>) {
    if (p == end || static_cast<uint8_t>(*p) > 1) return nullptr;
    v = *p == 1;
    return p + 1;
  } else if constexpr (internal::Scalar<T>) {
    if (static_cast<size_t>(end - p) < sizeof(T)) return nullptr;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&v, p, sizeof(T));
    } else {
      uint64_t bits = 0;
      for (size_t i = 0; i < sizeof(T); ++i)
        bits |= uint64_t{static_cast<uint8_t>(p[i])} << (8 * i);
      v = static_cast<T>(bits);
    }
    return p + sizeof(T);
  } else if constexpr (internal::Moment<T>) {
    int64_t count = 0;
    p = Read(p, end, count);
    v = T(Duration(count));
    return p;
  } else if constexpr (std::is_same_v<T, std::string>) {
    uint32_t size = 0;
    p = Read(p, end, size);
    if (p == nullptr || size > static_cast<size_t>(end - p)) return nullptr;
    v.assign(p, size);
    return p + size;
  } else if constexpr (internal::kIsSequence<T> || internal::kIsOrdered<T>) {
    return internal::ReadContainer(p, end, v);
  } else if constexpr (internal::kIsArray<T>) {
    for (auto& e : v) p = Read(p, end, e);
    return p;
  } else if constexpr (internal::kIsOptional<T>) {
    bool some = false;
    p = Read(p, end, some);
    v.reset();
    return some ? Read(p, end, v.emplace()) : p;
  } else if constexpr (internal::kIsVariant<T>) {
    uint8_t index = 0;
    p = Read(p, end, index);
    return p == nullptr ? nullptr : internal::ReadAlternative(p, end, v, index);
  } else {
    internal::WithParts(v, [&](auto&... f) { ((p = Read(p, end, f)), ...); });
    return p;
  }
}

// Appends v for people: "(3 17 (3 2 5))".
template <class T>
void Print(std::string& out, const T& v) {
  if constexpr (std::is_same_v<T, NodeId>) {
    out += Name(v);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += v ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    out += std::to_string(static_cast<std::underlying_type_t<T>>(v));
  } else if constexpr (std::is_integral_v<T>) {
    out += std::to_string(v);
  } else if constexpr (internal::Moment<T>) {
    out += Millis(internal::Count(v));
  } else if constexpr (std::is_same_v<T, std::string>) {
    for (char c : v.substr(0, 32)) out += c >= ' ' && c <= '~' ? c : '.';
    if (v.size() > 32) out += "...(" + std::to_string(v.size()) + ")";
  } else if constexpr (internal::kIsSequence<T> || internal::kIsOrdered<T> ||
                       internal::kIsArray<T>) {
    out += '[';
    const char* space = "";
    for (const auto& e : v) out += std::exchange(space, " "), Print(out, e);
    out += ']';
  } else if constexpr (internal::kIsOptional<T>) {
    v ? Print(out, *v) : void(out += "none");
  } else if constexpr (internal::kIsVariant<T>) {
    std::visit(
        [&out]<class E>(const E& e) {
          if constexpr (std::is_aggregate_v<E>) out += TypeName<E>();  // Which one it is.
          Print(out, e);
        },
        v);
  } else {
    out += '(';
    [[maybe_unused]] const char* space = "";
    internal::WithParts(
        v, [&](const auto&... f) { ((out += std::exchange(space, " "), Print(out, f)), ...); });
    out += ')';
  }
}

template <class T>
std::string Encode(const T& v) {
  std::string out(EncodedSize(v), '\0');
  Write(out.data(), v);
  return out;
}

// The T whose whole encoding `bytes` is; nothing where they are something else.
template <class T>
std::optional<T> Decode(std::string_view bytes) {
  std::optional<T> v(std::in_place);
  const char* begin = bytes.empty() ? "" : bytes.data();  // Null would mean an error.
  const char* end = begin + bytes.size();
  if (Read(begin, end, *v) != end) v.reset();
  return v;
}

}  // namespace reprise
