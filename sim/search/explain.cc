#include "sim/search/explain.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/isolate.h"
#include "sim/search/map.h"
#include "sim/search/reseed.h"
#include "sim/search/wire.h"

namespace reprise {
namespace {

constexpr uint64_t kAllValues = 16;  // Of so few values, all are tried.
constexpr uint64_t kEvenly = 6;      // Of more, so many in even steps, and the ends by bisection.
constexpr size_t kNearestAtMost = 64;
constexpr uint64_t kSteps = 4;  // The curve begins with so many.

struct WireOutcome {
  uint8_t kind = 0;
  std::string oracle;
};

Departures Without(Departures departures, const Address& address) {
  std::erase_if(departures, [&](const Departure& d) { return d.address == address; });
  return departures;
}

Departures With(Departures departures, const Address& address, uint64_t value) {
  for (Departure& d : departures) {
    if (d.address == address) d.value = value;
  }
  return departures;
}

// The first event, by number, that is not the same; zero where all are.
uint64_t FirstDifferent(const Timeline& a, const Timeline& b) {
  size_t i = 0;
  const auto same = [&] {
    const Event x = a[i], y = b[i];
    return x.kind == y.kind && x.at == y.at && x.node == y.node && x.peer == y.peer &&
           x.id == y.id && x.message.bytes() == y.message.bytes();
  };
  while (i < a.size() && i < b.size() && same()) ++i;
  return i == a.size() && i == b.size() ? 0 : i + 1;
}

class Explainer {
 public:
  Explainer(const Scenario& scenario, const RunResult& run, const ExplainOptions& options)
      : scenario_(scenario), run_(run), options_(options), departures_(run.departures()) {}

  Explanation Run() {
    CHECK(run_.verdict.failed());
    TakeAway();
    FindNearest();
    if (options_.values) TryValues();
    if (options_.curve && !KillsTheProcess(run_.verdict.oracle)) DrawCurve();
    return std::move(out_);
  }

 private:
  bool Spend(uint64_t runs) {
    if (out_.runs + runs > options_.runs_at_most) {
      out_.out_of_runs = true;
      return false;
    }
    out_.runs += runs;
    return true;
  }

  Outcome OutcomeOf(const RunResult& result) const {
    using Kind = Outcome::Kind;
    const Verdict& v = result.verdict;
    if (v.failed()) {
      return {v.oracle == run_.verdict.oracle ? Kind::kFails : Kind::kFailsOtherwise, v.oracle};
    }
    return {v.kind == Verdict::Kind::kUnknown ? Kind::kUndecided : Kind::kPasses, ""};
  }

  // In children, one after another of what would kill one.
  std::vector<Outcome> Try(const std::vector<Departures>& variations) const {
    const auto answers = MapInChildren(
        variations.size(), {.jobs = options_.jobs},
        [&](size_t i) {
          const Outcome o = OutcomeOf(Simulate(scenario_, Choices::FromDepartures(variations[i])));
          return Encode(WireOutcome{static_cast<uint8_t>(o.kind), o.oracle});
        },
        [] { return true; });
    std::vector<Outcome> out;
    for (const auto& answer : answers) {
      const auto wire = answer ? Decode<WireOutcome>(*answer) : std::nullopt;
      // A child that died has met a crash, or hung; which of the two it was is not asked again.
      const bool alike = KillsTheProcess(run_.verdict.oracle);
      out.push_back(wire ? Outcome{static_cast<Outcome::Kind>(wire->kind), wire->oracle}
                         : Outcome{alike ? Outcome::Kind::kFails : Outcome::Kind::kFailsOtherwise,
                                   alike ? run_.verdict.oracle : "crash"});
    }
    return out;
  }

  void TakeAway() {
    std::vector<Departures> variations;
    for (const Taken& t : run_.taken) {
      if (!Spend(1)) break;
      out_.departures.push_back({.departure = t.departure,
                                 .without = {},
                                 .tried = {},
                                 .from = t.departure.value,
                                 .to = t.departure.value});
      variations.push_back(Without(departures_, t.departure.address));
    }
    const std::vector<Outcome> outcomes = Try(variations);
    for (size_t i = 0; i < outcomes.size(); ++i) {
      Necessity& n = out_.departures[i];
      n.without = outcomes[i];
      n.tried.push_back({n.departure.value, {Outcome::Kind::kFails, run_.verdict.oracle}});
      if (outcomes[i].passes()) {
        Pass(std::move(variations[i]), "without " + Describe(n.departure.address));
      }
    }
    if (passing_.empty() && !departures_.empty()) TakeAwayMany();
  }

  // Where each does what another does as well, no single one is missed. Then the last ones go
  // first, until it passes.
  void TakeAwayMany() {
    std::vector<Departures> variations;
    Departures fewer;
    for (const Taken& t : run_.taken) {
      variations.push_back(fewer);
      fewer.push_back(t.departure);
      Sort(fewer);
      if (!Spend(1)) break;
    }
    const std::vector<Outcome> outcomes = Try(variations);
    for (size_t i = outcomes.size(); i-- > 0;) {
      if (!outcomes[i].passes()) continue;
      Pass(variations[i],
           i == 0 ? "the calm run"
                  : "without the last " + std::to_string(departures_.size() - i) + " departures");
      return;
    }
  }

  void Pass(Departures departures, std::string how) {
    passing_.push_back({std::move(departures), std::move(how), 0});
  }

  // Of each departure, what other values do, in rounds, so that workers have something to do.
  void TryValues() {
    TryAll([](const Necessity& n) {
      std::vector<uint64_t> values;
      const uint64_t bound = n.departure.bound;
      if (bound <= kAllValues) {
        for (uint64_t v = 1; v < bound; ++v) values.push_back(v);
      } else {
        for (uint64_t i = 0; i <= kEvenly; ++i) {
          values.push_back(
              1 + static_cast<uint64_t>(static_cast<unsigned __int128>(bound - 2) * i / kEvenly));
        }
      }
      return values;
    });
    for (bool more = true; more;) {
      more = TryAll([](const Necessity& n) {
        std::vector<uint64_t> values;
        const auto [below, above] = Neighbours(n);
        if (below && n.from - *below > 1) values.push_back(*below + (n.from - *below) / 2);
        if (above && *above - n.to > 1) values.push_back(n.to + (*above - n.to) / 2);
        return values;
      });
    }
  }

  // The nearest values on either side of the range that fails of which it is known that they do
  // not. Below there is always one where the departure is needed: zero.
  static std::pair<std::optional<uint64_t>, std::optional<uint64_t>> Neighbours(
      const Necessity& n) {
    std::optional<uint64_t> below, above;
    if (n.needed()) below = 0;
    for (const TriedValue& t : n.tried) {
      if (t.outcome.fails()) continue;
      if (t.value < n.from) below = t.value;
      if (t.value > n.to && !above) above = t.value;
    }
    return {below, above};
  }

  template <class F>
  bool TryAll(F values_of) {
    std::vector<Departures> variations;
    std::vector<std::pair<size_t, uint64_t>> which;
    for (size_t i = 0; i < out_.departures.size(); ++i) {
      const Necessity& n = out_.departures[i];
      for (uint64_t value : values_of(n)) {
        const bool known = std::ranges::find(n.tried, value, &TriedValue::value) != n.tried.end();
        if (known || !Spend(1)) continue;
        which.emplace_back(i, value);
        variations.push_back(With(departures_, n.departure.address, value));
      }
    }
    const std::vector<Outcome> outcomes = Try(variations);
    for (size_t k = 0; k < outcomes.size(); ++k) {
      const auto [i, value] = which[k];
      Necessity& n = out_.departures[i];
      n.tried.push_back({value, outcomes[k]});
    }
    for (Necessity& n : out_.departures) SetRange(n);
    return !outcomes.empty();
  }

  static void SetRange(Necessity& n) {
    std::ranges::sort(n.tried, {}, &TriedValue::value);
    const auto own = std::ranges::find(n.tried, n.departure.value, &TriedValue::value);
    for (auto at = own; at->outcome.fails(); --at) {
      n.from = at->value;
      if (at == n.tried.begin()) break;
    }
    for (auto at = own; at != n.tried.end() && at->outcome.fails(); ++at) n.to = at->value;
  }

  // Of many, those that were drawn last: they are the likeliest to change little.
  void FindNearest() {
    const size_t first = passing_.size() - std::min(passing_.size(), kNearestAtMost);
    for (size_t i = passing_.size(); i-- > first;) {
      PassingRun& passing = passing_[i];
      const RunResult result =
          Simulate(scenario_, Choices::FromDepartures(passing.departures), {.keep_events = true});
      passing.first = FirstDifferent(run_.timeline, result.timeline);
      const auto size = [](const PassingRun& p) { return std::pair(p.first, p.departures.size()); };
      if (!out_.nearest || size(passing) > size(*out_.nearest)) out_.nearest = passing;
    }
  }

  // Even steps, and then bisection where the chance rises most.
  void DrawCurve() {
    const uint64_t last = std::min<uint64_t>(run_.verdict.event, run_.timeline.size());
    if (last < 2) return;
    for (uint64_t i = 0; i <= kSteps; ++i) {
      if (!Ask((last - 1) * i / kSteps)) return FindJump();
    }
    for (FindJump(); out_.after - out_.before > 1; FindJump()) {
      if (!Ask(out_.before + (out_.after - out_.before) / 2)) break;
    }
    FindJump();
  }

  bool Ask(uint64_t event) {
    if (std::ranges::find(out_.curve, event, &CurvePoint::event) != out_.curve.end()) return true;
    if (!Spend(options_.futures)) return false;
    CurvePoint point{.event = event, .runs = 0, .failed = 0, .otherwise = 0};
    std::optional<Reseeder> reseeder;  // Each worker makes its own, once.
    const auto answers = MapInChildren(
        options_.futures, {.jobs = options_.jobs},
        [&](size_t i) {
          if (!reseeder) reseeder.emplace(scenario_, run_, event);
          uint64_t runs = 0;
          const auto result = reseeder->Run(options_.base_seed + i, runs);
          if (!result) return std::string();
          const Outcome o = OutcomeOf(*result);
          return Encode(WireOutcome{static_cast<uint8_t>(o.kind), o.oracle});
        },
        [] { return true; });
    for (const auto& answer : answers) {
      const auto wire = answer ? Decode<WireOutcome>(*answer) : std::nullopt;
      if (!wire) continue;  // No future of this past, or one that killed its process.
      const auto kind = static_cast<Outcome::Kind>(wire->kind);
      ++point.runs;
      point.failed += kind == Outcome::Kind::kFails ? 1 : 0;
      point.otherwise += kind == Outcome::Kind::kFailsOtherwise ? 1 : 0;
    }
    if (point.runs != 0) out_.curve.push_back(point);
    std::ranges::sort(out_.curve, {}, &CurvePoint::event);
    return point.runs != 0;
  }

  void FindJump() {
    int64_t most = 0;
    for (size_t i = 1; i < out_.curve.size(); ++i) {
      const auto jump = static_cast<int64_t>(out_.curve[i].per_mille()) -
                        static_cast<int64_t>(out_.curve[i - 1].per_mille());
      // Of equal jumps the last: what comes before it did not matter as much.
      if (i > 1 && jump < most) continue;
      most = jump;
      out_.before = out_.curve[i - 1].event;
      out_.after = out_.curve[i].event;
    }
  }

  const Scenario& scenario_;
  const RunResult& run_;
  const ExplainOptions& options_;
  const Departures departures_;
  std::vector<PassingRun> passing_;
  Explanation out_;
};

}  // namespace

Explanation Explain(const Scenario& scenario, const RunResult& run, const ExplainOptions& options) {
  return Explainer(scenario, run, options).Run();
}

}  // namespace reprise
