#include "sim/search/twice.h"

#include <algorithm>
#include <functional>

namespace reprise {
namespace {

constexpr size_t kContext = 4;

bool Same(const Event& a, const Event& b) {
  return a.kind == b.kind && a.at == b.at && a.node == b.node && a.peer == b.peer && a.id == b.id &&
         a.message.name() == b.message.name() && a.message.bytes() == b.message.bytes();
}

using Again = std::function<RunResult(const RunOptions&)>;

// A run with more events than this is kept only where its digest differs.
constexpr uint64_t kKeptAtMost = 3'000'000;

// Holds another run against the first one. The first difference may be gone at a second look.
std::optional<Divergence> Compare(const RunResult& first, const Again& again) {
  RunResult other = again({.keep_events = first.events <= kKeptAtMost});
  if (other.digest == first.digest) return std::nullopt;
  if (first.events > kKeptAtMost) other = again({.keep_events = true});
  if (auto difference = FirstDifference(first.timeline, other.timeline)) return difference;
  return Divergence{.event = 0, .before = {}, .one = "", .other = ""};
}

std::optional<Divergence> CheckAgain(const Scenario& scenario, const Choices& choices,
                                     uint64_t another) {
  const RunResult first = Simulate(scenario, choices, {.keep_events = true});
  const Departures departures = first.departures();
  const Again run = [&](const RunOptions& o) { return Simulate(scenario, choices, o); };
  const Again after_another = [&](const RunOptions& o) {
    Simulate(scenario, Choices::FromSeed(another));
    return Simulate(scenario, choices, o);
  };
  const Again from_departures = [&](const RunOptions& o) {
    return Simulate(scenario, Choices::FromDepartures(departures), o);
  };
  for (const Again& again : {run, after_another, from_departures}) {
    if (auto difference = Compare(first, again)) return difference;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Divergence> FirstDifference(const Timeline& one, const Timeline& other) {
  const size_t shorter = std::min(one.size(), other.size());
  size_t i = 0;
  while (i < shorter && Same(one[i], other[i])) ++i;
  if (i == one.size() && i == other.size()) return std::nullopt;
  Divergence d{.event = i + 1, .before = {}, .one = "", .other = ""};
  for (size_t k = i > kContext ? i - kContext : 0; k < i; ++k) {
    d.before.push_back(Describe(one[k]));
  }
  if (i < one.size()) d.one = Describe(one[i]);
  if (i < other.size()) d.other = Describe(other[i]);
  return d;
}

std::optional<Divergence> CheckTwice(const Scenario& scenario, uint64_t seed) {
  return CheckAgain(scenario, Choices::FromSeed(seed), seed + 1);
}

std::optional<Divergence> CheckCalmTwice(const Scenario& scenario) {
  return CheckAgain(scenario, Choices::Calm(), 1);
}

std::string Describe(const Divergence& divergence) {
  if (divergence.event == 0) return "the digests differ, and at a second look no event does\n";
  std::string out = "first difference at event " + std::to_string(divergence.event) + "\n";
  for (const std::string& line : divergence.before) out += "       both  " + line + "\n";
  const auto or_end = [](const std::string& s) { return s.empty() ? std::string("(ended)") : s; };
  out += "  >>    one  " + or_end(divergence.one) + "\n";
  return out + "  >>  other  " + or_end(divergence.other) + "\n";
}

}  // namespace reprise
