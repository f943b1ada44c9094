// Run results as plain structs, to go from a worker process to the one that started it.

#pragma once

#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

struct WireTaken {
  std::string label;
  uint32_t node = 0, peer = 0;
  uint64_t ordinal = 0;
  uint64_t sub = 0;
  uint64_t value = 0, bound = 0, event = 0;
};

struct WireCount {
  uint64_t attempted = 0, applied = 0, observed = 0, given = 0, expected = 0;
};

struct WireQuotient {
  uint64_t sum = 0, count = 0, most = 0;
};

struct WireResult {
  uint8_t kind = 0;
  std::string oracle, reason;
  uint64_t event = 0;
  Time at{}, end{};
  NodeId node{};
  uint64_t digest = 0, events = 0, dispatched = 0;
  std::vector<WireTaken> taken;
  std::vector<WireCount> faults;
  std::vector<WireQuotient> metrics;
  std::vector<std::pair<std::string, uint64_t>> facts;
  std::vector<std::pair<uint64_t, uint64_t>> milestones;
  std::vector<std::string> stack;
  uint64_t given = 0, given_drawn = 0;
};

inline WireTaken ToWire(const Departure& d, uint64_t event) {
  const Address& a = d.address;
  return {a.site.label.name(),
          Index(a.site.node),
          Index(a.site.peer),
          a.ordinal,
          a.sub,
          d.value,
          d.bound,
          event};
}

inline Departure FromWire(const WireTaken& t) {
  return {{{Label(t.label), NodeId{t.node}, NodeId{t.peer}}, t.ordinal, t.sub}, t.value, t.bound};
}

inline std::vector<WireTaken> ToWire(const Departures& departures) {
  std::vector<WireTaken> out;
  for (const Departure& d : departures) out.push_back(ToWire(d, 0));
  return out;
}

inline Departures FromWire(const std::vector<WireTaken>& departures) {
  Departures out;
  for (const WireTaken& t : departures) out.push_back(FromWire(t));
  return out;
}

inline WireResult ToWire(const RunResult& r) {
  WireResult w{.kind = static_cast<uint8_t>(r.verdict.kind),
               .oracle = r.verdict.oracle,
               .reason = r.verdict.reason,
               .event = r.verdict.event,
               .at = r.verdict.at,
               .end = r.end,
               .node = r.verdict.node,
               .digest = r.digest,
               .events = r.events,
               .dispatched = r.dispatched,
               .taken = {},
               .faults = {},
               .metrics = {},
               .facts = r.facts,
               .milestones = {},
               .stack = r.stack,
               .given = r.given,
               .given_drawn = r.given_drawn};
  for (const Taken& t : r.taken) w.taken.push_back(ToWire(t.departure, t.event));
  for (size_t i = 0; i < kFaults; ++i) {
    const FaultCount& c = r.faults[static_cast<Fault>(i)];
    w.faults.push_back({c.attempted, c.applied, c.observed, c.given, c.expected});
  }
  for (const Quotient& q : r.metrics.values) w.metrics.push_back({q.sum, q.count, q.most});
  for (const Milestone& m : r.milestones) w.milestones.emplace_back(m.events, m.digest);
  return w;
}

inline RunResult FromWire(const WireResult& w) {
  RunResult r;
  r.verdict = {static_cast<Verdict::Kind>(w.kind), w.oracle, w.reason, w.event, w.at, w.node};
  r.end = w.end;
  r.digest = w.digest;
  r.events = w.events;
  r.dispatched = w.dispatched;
  for (const WireTaken& t : w.taken) r.taken.push_back({FromWire(t), t.event});
  for (size_t i = 0; i < w.faults.size() && i < kFaults; ++i) {
    r.faults[static_cast<Fault>(i)] = {w.faults[i].attempted, w.faults[i].applied,
                                       w.faults[i].observed, w.faults[i].given,
                                       w.faults[i].expected};
  }
  for (size_t i = 0; i < w.metrics.size() && i < kMetrics; ++i) {
    r.metrics.values[i] = {w.metrics[i].sum, w.metrics[i].count, w.metrics[i].most};
  }
  r.facts = w.facts;
  for (const auto& [events, digest] : w.milestones) r.milestones.push_back({events, digest});
  r.stack = w.stack;
  r.given = w.given;
  r.given_drawn = w.given_drawn;
  return r;
}

}  // namespace reprise
