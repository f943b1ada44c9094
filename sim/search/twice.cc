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

// Events are kept only once digests differ, because keeping them costs memory.
std::optional<Divergence> Compare(const Again& one, const Again& other) {
  if (one({}).digest == other({}).digest) return std::nullopt;
  const RunOptions keep{.keep_events = true};
  const RunResult a = one(keep), b = other(keep);
  if (auto difference = FirstDifference(a.timeline, b.timeline)) return difference;
  return Divergence{.event = 0, .before = {}, .one = "", .other = ""};  // Not even reliably so.
}

std::optional<Divergence> CheckAgain(const Scenario& scenario, const Choices& choices,
                                     uint64_t another) {
  const Again run = [&](const RunOptions& o) { return Simulate(scenario, choices, o); };
  const Again after_another = [&](const RunOptions& o) {
    Simulate(scenario, Choices::FromSeed(another));
    return Simulate(scenario, choices, o);
  };
  const Departures departures = run({}).departures();
  const Again from_departures = [&](const RunOptions& o) {
    return Simulate(scenario, Choices::FromDepartures(departures), o);
  };
  for (const Again& again : {run, after_another, from_departures}) {
    if (auto difference = Compare(run, again)) return difference;
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
  std::string out = "first difference at event " + std::to_string(divergence.event) + "\n";
  for (const std::string& line : divergence.before) out += "       both  " + line + "\n";
  const auto or_end = [](const std::string& s) { return s.empty() ? std::string("(ended)") : s; };
  out += "  >>    one  " + or_end(divergence.one) + "\n";
  return out + "  >>  other  " + or_end(divergence.other) + "\n";
}

}  // namespace reprise
