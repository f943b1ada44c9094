// Visits the fields of a plain struct, so that a protocol's messages need no boilerplate:
//
//   struct Prepare { uint64_t view; Register reg; };
//
// is counted, taken apart and rebuilt as it stands. Up to 24 fields to a struct. What is done with
// the fields -- writing them as bytes, reading them back, printing them -- is in codec.h.

#pragma once

#include <any>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

namespace reprise::internal {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// These exist to be named in requirements, and are never called. They have bodies because clang
// warns of functions without one, where their type is local to a file, as messages often are.

// Converts to anything but Not: `S{AnythingBut<S>{}}` must mean "the first field of S", never a
// copy.
template <class Not>
struct AnythingBut {
  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Not>) operator T() const { std::abort(); }
};

// Converts to an optional only. An optional<int> can be made from anything that makes an int, so
// that AnythingBut would be ambiguous for it.
struct AnyOptional {
  template <class T>
  requires kIsOptional<T>
  operator T() const { std::abort(); }
};

// Counts by trying: as long as one more initialiser fits, there is one more field.
template <class T, class... Found>
consteval size_t FieldCount() {
  if constexpr (requires { T{Found{}..., AnythingBut<T>{}}; }) {
    return FieldCount<T, Found..., AnythingBut<T>>();
  } else if constexpr (requires { T{Found{}..., AnyOptional{}}; }) {
    return FieldCount<T, Found..., AnyOptional>();
  } else {
    return sizeof...(Found);
  }
}

// Calls visit with references to all fields of object, in order of declaration.
template <class T, class F>
constexpr decltype(auto) WithFields(T& object, F&& visit) {
  using S = std::remove_const_t<T>;
  static_assert(std::is_aggregate_v<S>, "a message is a plain struct: no constructors, no bases");
  constexpr size_t n = FieldCount<S>();
  static_assert(n <= 24, "more than 24 fields: nest some of them in a struct of their own");
  // clang-format off
  if constexpr (n == 1) {
    auto& [a] = object;
    return visit(a);
  } else if constexpr (n == 2) {
    auto& [a, b] = object;
    return visit(a, b);
  } else if constexpr (n == 3) {
    auto& [a, b, c] = object;
    return visit(a, b, c);
  } else if constexpr (n == 4) {
    auto& [a, b, c, d] = object;
    return visit(a, b, c, d);
  } else if constexpr (n == 5) {
    auto& [a, b, c, d, e] = object;
    return visit(a, b, c, d, e);
  } else if constexpr (n == 6) {
    auto& [a, b, c, d, e, f] = object;
    return visit(a, b, c, d, e, f);
  } else if constexpr (n == 7) {
    auto& [a, b, c, d, e, f, g] = object;
    return visit(a, b, c, d, e, f, g);
  } else if constexpr (n == 8) {
    auto& [a, b, c, d, e, f, g, h] = object;
    return visit(a, b, c, d, e, f, g, h);
  } else if constexpr (n == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = object;
    return visit(a, b, c, d, e, f, g, h, i);
  } else if constexpr (n == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = object;
    return visit(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (n == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (n == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (n == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (n == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (n == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (n == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  } else if constexpr (n == 17) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
  } else if constexpr (n == 18) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
  } else if constexpr (n == 19) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  } else if constexpr (n == 20) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
  } else if constexpr (n == 21) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
  } else if constexpr (n == 22) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
  } else if constexpr (n == 23) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
  } else if constexpr (n == 24) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = object;
    return visit(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
  } else {
    return visit();
  }
  // clang-format on
}

}  // namespace reprise::internal

namespace reprise {

// The unqualified name of T: "Prepare".
template <class T>
constexpr std::string_view TypeName() {
  std::string_view s = __PRETTY_FUNCTION__;
  s = s.substr(s.find("T = ") + 4);
  s = s.substr(0, s.find_first_of(";]"));
  if (const size_t angle = s.find('<'); angle != s.npos) s = s.substr(0, angle);
  return s.substr(s.rfind(':') + 1);  // rfind gives npos + 1 == 0 where nothing qualifies it.
}

}  // namespace reprise
