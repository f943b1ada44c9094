// T06: how often a job should dump its state, and how long it then takes. Daly, FGCS 22(3), 2006,
// figures 3 to 5: a job of 500 hours whose dump takes 5 minutes and its restart 10.
//
// What is simulated is the job of `checkpoint-restart`, in virtual time: it dumps, it fails, it
// restarts, and its oracle watches that it does no work twice. Its lives are drawn as quantiles of
// the distribution in models/theory, from fixed seeds, the same ones for each interval.

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/durable_progress.h"
#include "models/theory/checkpoint_interval.h"
#include "protocols/dataflow/checkpoint_restart.h"
#include "sim/check.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

using theory::CheckpointCosts;
using theory::Weibull;

constexpr double kSolve = 500 * 60;  // Minutes, as everything here.
constexpr auto kUnit = 10s;

Duration Minutes(double minutes) { return Duration(static_cast<int64_t>(minutes * 60e9)); }

// The time that the job takes to solve what it would solve in a minute, on average over some runs.
double SimulatedRatio(double tau, const CheckpointCosts& costs, double shape, uint64_t runs) {
  const Weibull lives{shape, costs.mtbf};
  BatchJob job;
  job.unit = kUnit;
  job.units = static_cast<uint64_t>(kSolve * 6);
  job.segment = static_cast<uint64_t>(std::llround(tau * 6));
  job.dump = Minutes(costs.dump);
  job.parts = 1;
  job.restart = Minutes(costs.restart);
  job.sync = 0ns;
  job.lifetime = [lives](uint64_t draw) {
    const double p = (static_cast<double>(draw) - 0.5) / static_cast<double>(BatchJob::kLifetimes);
    return Minutes(lives.Quantile(p));
  };
  const Scenario scenario = FailingJob(job, Minutes(100 * kSolve));
  double minutes = 0;
  for (uint64_t seed = 1; seed <= runs; ++seed) {
    const RunResult run = Simulate(scenario, Choices::FromSeed(seed), {.keep_events = true});
    CHECK(run.verdict.kind == Verdict::Kind::kPass);
    for (size_t i = 0; i < run.timeline.size(); ++i) {
      const Event event = run.timeline[i];
      if (event.kind != Event::Kind::kFact || !event.As<models::Finished>()) continue;
      minutes += static_cast<double>(Nanos(event.at)) / 60e9;
    }
  }
  return minutes / (static_cast<double>(runs) * kSolve);
}

// Where a + b tau + c / tau, fitted to these by least squares, is least.
double LeastOf(const std::vector<std::pair<double, double>>& points) {
  std::array<std::array<double, 4>, 3> m{};
  for (const auto& [tau, time] : points) {
    const std::array<double, 3> x = {1, tau, 1 / tau};
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) m[i][j] += x[i] * x[j];
      m[i][3] += x[i] * time;
    }
  }
  for (size_t i = 0; i < 3; ++i) {  // Gauss and Jordan; the matrix is positive definite.
    for (size_t k = 0; k < 3; ++k) {
      if (k == i) continue;
      const double factor = m[k][i] / m[i][i];
      for (size_t j = i; j < 4; ++j) m[k][j] -= factor * m[i][j];
    }
  }
  return std::sqrt((m[2][3] / m[2][2]) / (m[1][3] / m[1][1]));
}

struct Case {
  std::string name;
  double mtbf;
  double paper;    // The interval that is best by the figure.
  uint64_t runs;   // At the best interval,
  uint64_t fewer;  // and at others.
  std::vector<double> factors;
};

void AddCase(const Case& c, std::vector<TableRow>& rows) {
  const CheckpointCosts costs{.dump = 5, .restart = 10, .mtbf = c.mtbf};
  const double daly = theory::DalyInterval(costs), young = theory::YoungInterval(costs);
  const auto ratio = [&](double tau) { return theory::ExpectedTime(1, tau, costs); };
  std::vector<std::pair<double, double>> points;
  for (double factor : c.factors) {
    const double tau = daly * factor;
    points.emplace_back(tau, SimulatedRatio(tau, costs, 1, c.fewer));
  }
  const double least = LeastOf(points);
  const std::string m = "M = " + c.name + ": ";
  rows.push_back({.what = m + "best interval by Daly, min",
                  .paper = c.paper,
                  .model = daly,
                  .tolerance = 0.5,
                  .relative = false,
                  .digits = 2});
  rows.push_back({.what = m + "best interval, min",
                  .paper = c.paper,
                  .model = theory::ExactInterval(costs),
                  .simulation = least,
                  .tolerance = 0.1,
                  .digits = 2});
  rows.push_back({.what = m + "time / solve time there",
                  .model = ratio(daly),
                  .simulation = SimulatedRatio(daly, costs, 1, c.runs),
                  .tolerance = 0.005});
  rows.push_back({.what = m + "the same at Young's " + std::to_string(std::lround(young)) + " min",
                  .model = ratio(young),
                  .simulation = SimulatedRatio(young, costs, 1, c.runs),
                  .tolerance = 0.005});
}

std::vector<TableRow> Rows() {
  std::vector<TableRow> rows;
  AddCase({"24 h", 24 * 60, 117, 400, 400, {0.5, 0.7, 1, 1.4, 2}}, rows);
  AddCase({"6 h", 6 * 60, 57, 300, 200, {0.5, 0.7, 1, 1.4, 2}}, rows);
  AddCase({"15 min", 15, 9.1, 60, 15, {0.6, 0.8, 1, 1.25, 1.6}}, rows);
  const CheckpointCosts costs{.dump = 5, .restart = 10, .mtbf = 6 * 60};
  for (const auto& [shape, tau] : {std::pair(0.7, 60.0), {0.5, 70.0}}) {
    const Weibull lives{shape, costs.mtbf};
    const auto survival = [&](double t) { return lives.Survival(t); };
    const std::string name = "Weibull, shape " + std::to_string(shape).substr(0, 3) + ", M = 6 h: ";
    rows.push_back({.what = name + "best interval, min",
                    .model = theory::RenewalInterval(20, 200, costs, survival),
                    .digits = 1});
    rows.push_back(
        {.what = name + "time / solve time at " + std::to_string(std::lround(tau)) + " min",
         .model = theory::RenewalTime(1, tau, costs, survival),
         .simulation = SimulatedRatio(tau, costs, shape, 600),
         .tolerance = 0.005});
  }
  return rows;
}

}  // namespace

Table CheckpointIntervals() {
  return {.id = "T06",
          .about = "how often to dump, and how long the job takes",
          .source = "Daly, FGCS 22(3), 2006, figures 3 to 5",
          .cost = "about 40 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
