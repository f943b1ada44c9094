// The recovery metrics: what a run says of how well the protocol recovers. All are quotients of
// integers, which add up over runs and are divided by whoever prints them.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "sim/time.h"

namespace reprise {

enum class Metric : uint8_t {
  kLost,           // RPO: acknowledged operations that were lost, of those acknowledged.
  kFirstSuccess,   // RTO: from a crash to the first operation that succeeds after it.
  kDetection,      // From a crash to the first node that suspects the crashed one.
  kRestart,        // From a crash to the node's next boot.
  kRecovery,       // From that boot until the node has recovered.
  kRecovering,     // R = T_f / T_t: time in which some node was down or recovering, of all time.
  kObjects,        // T_r: objects that one recovery had to recover.
  kObjectTime,     // T_p: time that a recovery took for each of its objects.
  kRedundancy,     // Bytes stored, of bytes that users gave to be stored.
  kAvailability,   // Operations that succeeded, of those that were asked for.
  kAmplification,  // Messages sent, of operations that succeeded.
};
inline constexpr size_t kMetrics = static_cast<size_t>(Metric::kAmplification) + 1;

struct MetricInfo {
  std::string_view name, about;
  enum class Unit { kTime, kShare, kNumber } unit;
};
const MetricInfo& Info(Metric metric);

struct Quotient {
  uint64_t sum = 0;    // Nanoseconds, where it is a time.
  uint64_t count = 0;  // Of what the sum is shared by; where it is zero there is no value.
  uint64_t most = 0;   // The largest single sample, where there are samples.

  void Sample(uint64_t value) {
    sum += value;
    ++count;
    most = std::max(most, value);
  }
  void Share(uint64_t part, uint64_t whole) {
    sum += part;
    count += whole;
  }
  Quotient& operator+=(const Quotient& o) {
    sum += o.sum;
    count += o.count;
    most = std::max(most, o.most);
    return *this;
  }
};

struct Metrics {
  std::array<Quotient, kMetrics> values{};

  // Operations that succeeded, of those that were asked for in each stretch of the run.
  static constexpr size_t kStretches = 40;
  std::array<Quotient, kStretches> over_time{};

  Quotient& operator[](Metric m) { return values[static_cast<size_t>(m)]; }
  const Quotient& operator[](Metric m) const { return values[static_cast<size_t>(m)]; }

  Metrics& operator+=(const Metrics& o) {
    for (size_t i = 0; i < kMetrics; ++i) values[i] += o.values[i];
    for (size_t i = 0; i < kStretches; ++i) over_time[i] += o.over_time[i];
    return *this;
  }
};

// What a run knows of itself when it is measured.
struct RunTotals {
  Time end{};             // When it ended,
  Time planned{};         // and when it would have, without a complaint.
  uint64_t messages = 0;  // Sent.
};

}  // namespace reprise
