// Nodes that send each other ticks and tocks, and report what they get: what tests of networks look
// at.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/connection.h"
#include "sim/scenario.h"

namespace reprise::ticking {

struct Tick {
  uint64_t n = 0;
};
struct Tock {
  uint64_t n = 0;
};
struct Got {
  uint64_t from = 0, n = 0;
};
struct GotTock {
  uint64_t from = 0, n = 0;
};
struct Unreadable {
  uint64_t from = 0;
};
struct Broken {
  uint64_t peer = 0, from = 0;
};

inline Departures List(const std::vector<std::pair<const char*, uint64_t>>& entries) {
  Departures out;
  for (const auto& [text, value] : entries) {
    const auto address = ParseAddress(text);
    EXPECT_TRUE(address.has_value()) << text;
    if (address) out.push_back({*address, value, 1 << 20});
  }
  Sort(out);
  return out;
}

inline constexpr uint64_t kTicks = 10;

// Each node sends ten ticks to each other, one each 100 ms and a tock 1 ms after it, and reports
// what it gets.
inline Scenario Ticking(int nodes) {
  Scenario s;
  s.name = "ticking";
  s.roles = {{.name = "node", .count = nodes, .main = [](Env& env) {
                env.Spawn([&env] {
                  for (uint64_t n = 1; n <= kTicks && env.boot() == 1; ++n) {
                    env.Broadcast(Tick{n});
                    env.Sleep(1ms);
                    env.Broadcast(Tock{n});
                    env.Sleep(99ms);
                  }
                });
                for (;;) {
                  const Envelope mail = env.Receive();
                  const bool known = mail.Match(
                      [&](const Tick& m) {
                        env.Report(Got{Index(mail.from), m.n});
                      },
                      [&](const Tock& m) {
                        env.Report(GotTock{Index(mail.from), m.n});
                      },
                      [&](const Disconnected& m) {
                        env.Report(Broken{Index(m.peer), Index(mail.from)});
                      });
                  if (!known) env.Report(Unreadable{Index(mail.from)});
                }
              }}};
  s.links = {.delay = 2ms,
             .late_by = [](uint64_t q) { return Duration(1ms) * static_cast<int64_t>(q); }};
  s.storm = 1s;
  s.calm = 2s;
  return s;
}

struct Seen {
  uint64_t n;
  int64_t micros;
  bool operator==(const Seen&) const = default;
  friend void PrintTo(const Seen& seen, std::ostream* out) {
    *out << "{" << seen.n << ", " << seen.micros << "}";
  }
};

inline RunResult Play(const Scenario& s, const Departures& departures) {
  RunResult r = Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

// What `to` got from `from`, and when.
template <class Fact = Got>
std::vector<Seen> SeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<Seen> seen;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    const auto got = event.As<Fact>();
    if (event.kind != Event::Kind::kFact || event.node != NodeId{to} || !got) continue;
    if (got->from == from) seen.push_back({got->n, Nanos(event.at) / 1000});
  }
  return seen;
}

template <class Fact = Got>
std::vector<uint64_t> NumbersSeenBy(const RunResult& r, uint32_t from, uint32_t to) {
  std::vector<uint64_t> numbers;
  for (const Seen& seen : SeenBy<Fact>(r, from, to)) numbers.push_back(seen.n);
  return numbers;
}

inline std::vector<uint64_t> AllBut(std::vector<uint64_t> missing) {
  std::vector<uint64_t> numbers;
  for (uint64_t n = 1; n <= kTicks; ++n) {
    if (std::ranges::find(missing, n) == missing.end()) numbers.push_back(n);
  }
  return numbers;
}

// The events of that kind, as lines without their times.
inline std::vector<std::string> Lines(const RunResult& r, Event::Kind kind) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind == kind) lines.push_back(Name(event.node) + " " + What(event));
  }
  return lines;
}

inline void ExpectCounts(const RunResult& r, Fault fault, uint64_t attempted, uint64_t applied,
                         uint64_t observed) {
  EXPECT_EQ(r.faults[fault].attempted, attempted) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].applied, applied) << Info(fault).name;
  EXPECT_EQ(r.faults[fault].observed, observed) << Info(fault).name;
}

}  // namespace reprise::ticking
