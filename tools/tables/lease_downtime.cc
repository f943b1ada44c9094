// lease: how long nobody has a lock whose holder has crashed, against the closed form. What is
// simulated are the service and the holders of `lease-lock`.

#include <optional>
#include <string>
#include <vector>

#include "models/spec/one_holder.h"
#include "models/theory/lease.h"
#include "protocols/healing/lease_lock.h"
#include "sim/check.h"
#include "sim/nemesis.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr NodeId kHolder{3}, kWaiter{4};
constexpr uint64_t kCrashes = 1000;

double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

// From the crash of the holder, told of in the story, to the waiter's first use.
Duration Downtime(const Scenario& scenario, uint64_t seed, const Departures& story) {
  const RunResult run = Simulate(scenario, Choices::FromSeed(seed, story), {.keep_events = true});
  CHECK(run.verdict.kind == Verdict::Kind::kPass);
  std::optional<Time> crashed;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event event = run.timeline[i];
    if (event.kind == Event::Kind::kCrash) crashed = event.at;
    if (event.kind != Event::Kind::kFact || !event.As<models::Uses>()) continue;
    CHECK((event.node == kWaiter) == crashed.has_value());
    if (crashed) return event.at - *crashed;
  }
  CHECK(false);  // The waiter has got the lock.
}

// The mean over crashes that are spread evenly between two renewals; at which moments the waiter
// asks is drawn from the seeds 1, 2, 3...
double MeanDowntime(const LeaseTimes& times) {
  const Scenario scenario = CrashingHolder(times);
  double sum = 0;
  for (uint64_t seed = 1; seed <= kCrashes; ++seed) {
    const auto part = static_cast<int64_t>(2 * (seed * 617 % kCrashes) + 1);
    const Duration when = 4 * times.renew + times.renew * part / static_cast<int64_t>(2 * kCrashes);
    sum += Seconds(
        Downtime(scenario, seed, Nemesis(scenario).At(when, Fault::kCrash, kHolder).departures()));
  }
  return sum / static_cast<double>(kCrashes);
}

TableRow Row(const LeaseTimes& times, const std::string& more) {
  const double drift = static_cast<double>(times.drift_ppm) / 1e6;
  const std::string what = "L = " + std::to_string(times.term / 1s) + " s, renewed every " +
                           std::to_string(times.renew / 1s) + " s, asked for every " +
                           std::to_string(times.poll / 1s) + " s" + more + ": mean, s";
  return {.what = what,
          .model = theory::MeanUnavailability(Seconds(times.term), Seconds(times.renew),
                                              Seconds(times.poll), Seconds(times.delay),
                                              drift / (1 - drift)),
          .simulation = MeanDowntime(times),
          .tolerance = .02,
          .digits = 3};
}

std::vector<TableRow> Rows() {
  return {Row({}, ""), Row({.term = 30s, .renew = 10s, .poll = 2s}, ""),
          Row({.term = 10s, .renew = 3s, .poll = 1s, .drift_ppm = 20'000}, ", clocks 2 % off"),
          Row({.term = 10s, .renew = 3s, .poll = 1s, .delay = 100ms}, ", messages take 0.1 s")};
}

}  // namespace

Table LeaseDowntime() {
  return {.id = "lease",
          .about = "how long nobody has a lock whose holder has crashed",
          .source = "L - r/2 + p/2 + 2d, after Gray and Cheriton, SOSP 1989, section 3.1",
          .cost = "about 2 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
