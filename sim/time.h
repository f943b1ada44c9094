// Moments, durations and node names: the three words every other file needs.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace reprise {

using namespace std::chrono_literals;  // So that a protocol can say 300ms.

// Simulated time in integer nanoseconds. It starts at zero and moves only when the world moves it;
// there is no now() here on purpose, because only a world knows what time it is.
struct SimClock {
  using duration = std::chrono::duration<int64_t, std::nano>;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SimClock>;
  static constexpr bool is_steady = true;
};

using Duration = SimClock::duration;
using Time = SimClock::time_point;

inline constexpr Time kForever = Time::max();

constexpr int64_t Nanos(Time t) { return t.time_since_epoch().count(); }
constexpr Time AtNanos(int64_t ns) { return Time(Duration(ns)); }

// The name of a node: 1, 2, 3... Zero names nobody.
enum class NodeId : uint32_t {};

inline constexpr NodeId kNobody{0};

constexpr uint32_t Index(NodeId node) { return static_cast<uint32_t>(node); }
inline std::string Name(NodeId node) { return "n" + std::to_string(Index(node)); }

// "312.000 ms", for people. Exact to the microsecond, rounded towards zero.
inline std::string Millis(int64_t ns) {
  const int64_t us = ns < 0 ? -(ns / 1000) : ns / 1000;
  const std::string fraction = std::to_string(us % 1000);
  return (ns < 0 ? "-" : "") + std::to_string(us / 1000) + "." +
         std::string(3 - fraction.size(), '0') + fraction + " ms";
}
inline std::string Millis(Time t) { return Millis(Nanos(t)); }

}  // namespace reprise
