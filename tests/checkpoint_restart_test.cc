// Periodic checkpoint and restart: the rules, the models of how long it takes, and what fuzzing
// finds, and does not.

#include "protocols/dataflow/checkpoint_restart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "models/spec/durable_progress.h"
#include "models/theory/checkpoint_interval.h"
#include "protocols/protocols.h"
#include "sim/nemesis.h"
#include "tests/fact_helper.h"

namespace reprise {
namespace {

using models::Dumped;
using models::Dumping;
using models::DumpLoaded;
using models::DurableProgress;
using models::Finished;
using models::RestartCost;
using models::Working;

constexpr NodeId kJob{1};

Scenario Make(const std::string& mutant = "") {
  Catalogue catalogue;
  catalogue.Add(CheckpointRestart());
  return *catalogue.Make("checkpoint-restart" + (mutant.empty() ? "" : ":" + mutant));
}

std::string Why(const RunResult& r) {
  return r.verdict.kind == Verdict::Kind::kPass ? "" : r.verdict.oracle + ": " + r.verdict.reason;
}

template <class Fact>
std::vector<std::pair<Time, Fact>> FactsOf(const RunResult& r) {
  std::vector<std::pair<Time, Fact>> told;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact) continue;
    if (auto fact = event.As<Fact>()) told.emplace_back(event.at, *fact);
  }
  return told;
}

RunResult Story(const Scenario& s, const Departures& departures = {}) {
  return Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
}

// The oracles.

uint64_t Sum(uint64_t progress) { return 3 * progress; }
DurableProgress Oracle() { return DurableProgress(10, Sum); }

TEST(DurableProgressTest, AcceptsAJobThatGoesOnFromItsLastDurableDump) {
  DurableProgress oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, DumpLoaded{0, 0, 0}));
  EXPECT_FALSE(Tell(oracle, Dumping{1, 4}));
  EXPECT_FALSE(Tell(oracle, Dumped{1}));
  EXPECT_FALSE(Tell(oracle, Dumping{2, 8}));
  EXPECT_FALSE(Tell(oracle, DumpLoaded{1, 4, 12}));
  EXPECT_FALSE(Tell(oracle, Dumping{2, 8}));
  EXPECT_FALSE(Tell(oracle, Dumped{2}));
  EXPECT_FALSE(Tell(oracle, Finished{10, 30}));
  EXPECT_FALSE(oracle.AtEnd());
}

TEST(DurableProgressTest, ADumpThatWasNotKnownToBeDurableMayBeAsWell) {
  DurableProgress oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Dumping{1, 4}));
  EXPECT_FALSE(Tell(oracle, Dumped{1}));
  EXPECT_FALSE(Tell(oracle, Dumping{2, 8}));
  EXPECT_FALSE(Tell(oracle, DumpLoaded{2, 8, 24}));
}

TEST(DurableProgressTest, RejectsAnOlderDump) {
  DurableProgress oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Dumping{1, 4}));
  EXPECT_FALSE(Tell(oracle, Dumped{1}));
  EXPECT_FALSE(Tell(oracle, Dumping{2, 8}));
  EXPECT_FALSE(Tell(oracle, Dumped{2}));
  EXPECT_EQ(Tell(oracle, DumpLoaded{1, 4, 12}), "goes on from dump 1, and dump 2 was durable");
}

TEST(DurableProgressTest, RejectsWorkThatIsCountedTwiceOrNotAtAll) {
  DurableProgress oracle = Oracle();
  EXPECT_FALSE(Tell(oracle, Dumping{1, 4}));
  EXPECT_EQ(Tell(oracle, DumpLoaded{1, 4, 15}), "dump 1 has sum 15, and its progress 12");
  EXPECT_EQ(Tell(oracle, DumpLoaded{1, 5, 15}), "dump 1 was of progress 4, and is restored as 5");
  EXPECT_EQ(Tell(oracle, DumpLoaded{3, 5, 15}), "dump 3 was never made");
  EXPECT_EQ(Tell(oracle, Finished{10, 33}),
            "finished with progress 10 and sum 33, where 10 has 30");
}

TEST(DurableProgressTest, AFlippedBitCostsOneDumpAndNotTwo) {
  const auto told = [](bool both, bool next_begun) {
    DurableProgress oracle = Oracle();
    for (uint64_t n = 1; n <= 3; ++n) {
      EXPECT_FALSE(Tell(oracle, Dumping{n, n}));
      EXPECT_FALSE(Tell(oracle, Dumped{n}));
    }
    Event rot;
    rot.kind = Event::Kind::kRot;
    for (const std::string_view path : {"dump-1", "dump-0"}) {
      rot.message = MessageView(nullptr, path);
      if (path == "dump-1" || both) {
        EXPECT_FALSE(oracle.OnEvent(rot));
      }
    }
    if (next_begun) {
      EXPECT_FALSE(Tell(oracle, Dumping{4, 4}));
    }
    return oracle;
  };
  DurableProgress one = told(false, false);
  EXPECT_FALSE(Tell(one, DumpLoaded{2, 2, 6}));
  DurableProgress lost = told(false, false);
  EXPECT_EQ(Tell(lost, DumpLoaded{0, 0, 0}), "goes on from dump 0, and dump 2 was durable");
  DurableProgress overwritten = told(false, true);
  EXPECT_FALSE(Tell(overwritten, DumpLoaded{0, 0, 0})) << "the other was being written over";
  DurableProgress both = told(true, false);
  EXPECT_FALSE(Tell(both, DumpLoaded{0, 0, 0}));
}

TEST(DurableProgressTest, AJobMustEnd) {
  DurableProgress oracle = Oracle();
  EXPECT_EQ(oracle.AtEnd(), "the job has not finished, and is at dump 0");
}

TEST(RestartCostTest, EachRestartCostsAllOfIt) {
  RestartCost oracle(100ms);
  const auto boot = [&](uint64_t id, Time at) {
    Event event;
    event.kind = Event::Kind::kBoot;
    event.node = kJob;
    event.id = id;
    event.at = at;
    return oracle.OnEvent(event);
  };
  EXPECT_FALSE(boot(1, AtNanos(0)));
  EXPECT_FALSE(Tell(oracle, Working{}, kJob, AtNanos(0))) << "it begins, and does not restart";
  EXPECT_FALSE(boot(2, AtNanos(0) + 1s));
  EXPECT_FALSE(Tell(oracle, Working{}, kJob, AtNanos(0) + 1100ms));
  EXPECT_FALSE(boot(3, AtNanos(0) + 2s));
  EXPECT_FALSE(boot(4, AtNanos(0) + 2050ms));
  EXPECT_EQ(Tell(oracle, Working{}, kJob, AtNanos(0) + 2100ms),
            "n1 works 50.000 ms after its restart began, which takes 100.000 ms");
}

// The rules.

TEST(CheckpointRestartTest, DumpsGoToTwoFilesInTurn) {
  const RunResult r = Story(Make());
  EXPECT_EQ(Why(r), "");
  std::vector<std::string> written;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind == Event::Kind::kSync) written.emplace_back(event.message.bytes());
  }
  ASSERT_EQ(written.size(), 13u);
  for (size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(written[i], i % 2 == 0 ? "dump-1" : "dump-0");
  }
}

TEST(CheckpointRestartTest, ACrashInADumpLosesItsSegmentOnly) {
  // The third dump is written from 1240 to 1260 ms or so, after two dumps and their syncs.
  const Scenario s = Make();
  const auto dumping = FactsOf<Dumping>(Story(s));
  for (int ms = 1; ms < 20; ms += 2) {
    const Duration when = dumping[2].first.time_since_epoch() + ms * 1ms;
    const RunResult r = Story(s, Nemesis(s).At(when, Fault::kCrash, kJob).departures());
    EXPECT_EQ(Why(r), "") << ms;
    ASSERT_EQ(FactsOf<DumpLoaded>(r).size(), 2u);
    EXPECT_EQ(FactsOf<DumpLoaded>(r)[1].second.sequence, 2u) << ms;
  }
}

TEST(CheckpointRestartTest, AFailureDuringARestartRepeatsIt) {
  const Scenario s = Make();
  const Departures twice =
      Nemesis(s).At(1490ms, Fault::kCrash, kJob).At(1550ms, Fault::kCrash, kJob).departures();
  const RunResult r = Story(s, twice);
  EXPECT_EQ(Why(r), "");
  EXPECT_EQ(r.faults[Fault::kCrash].applied + r.faults[Fault::kCrashAt].applied, 2u);
  EXPECT_EQ(FactsOf<DumpLoaded>(r).size(), 2u) << "the first restart did not come to its end";
  EXPECT_EQ(Story(Make("restart-cut-short"), twice).verdict.oracle, "restart-cost");
}

TEST(CheckpointRestartTest, AtWhateverCallItCrashesNothingDurableIsLost) {
  const Scenario s = Make();
  for (uint64_t call = 1; call <= 250; ++call) {
    for (const bool torn : {false, true}) {
      Nemesis nemesis(s);
      nemesis.CrashAt(kJob, 1, call);
      if (torn) nemesis.With("unsynced", 1, kQuantiles);
      ASSERT_EQ(Why(Story(s, nemesis.departures())), "") << "call " << call;
    }
  }
}

// The models.

theory::CheckpointCosts Costs(double mtbf) { return {.dump = 5, .restart = 10, .mtbf = mtbf}; }

TEST(CheckpointIntervalTest, DalysFigures) {
  EXPECT_NEAR(theory::DalyInterval(Costs(1440)), 116.69, 0.005);
  EXPECT_NEAR(theory::DalyInterval(Costs(360)), 56.71, 0.005);
  EXPECT_NEAR(theory::DalyInterval(Costs(15)), 9.14, 0.005);
  EXPECT_NEAR(theory::ExactInterval(Costs(1440)), 116.69, 0.005);
  EXPECT_NEAR(theory::ExactInterval(Costs(360)), 56.71, 0.005);
  EXPECT_NEAR(theory::ExactInterval(Costs(15)), 9.17, 0.005);
  EXPECT_EQ(theory::DalyInterval(Costs(2)), 2) << "where a dump takes longer than 2 M";
}

TEST(CheckpointIntervalTest, TheExpectedTimeIsLeastAtTheExactInterval) {
  for (const double mtbf : {1440.0, 360.0, 15.0, 3.0}) {
    const double tau = theory::ExactInterval(Costs(mtbf));
    const double least = theory::ExpectedTime(1, tau, Costs(mtbf));
    EXPECT_GT(theory::ExpectedTime(1, 1.01 * tau, Costs(mtbf)), least);
    EXPECT_GT(theory::ExpectedTime(1, 0.99 * tau, Costs(mtbf)), least);
  }
  const auto ratio = [](double mtbf, double tau) {
    return theory::ExpectedTime(1, tau, Costs(mtbf));
  };
  EXPECT_NEAR(ratio(1440, theory::DalyInterval(Costs(1440))), 1.0958, 5e-5);
  EXPECT_NEAR(ratio(360, theory::DalyInterval(Costs(360))), 1.2204, 5e-5);
  const double daly = ratio(15, theory::DalyInterval(Costs(15)));
  EXPECT_NEAR(daly, 5.0083, 5e-4);
  EXPECT_NEAR(ratio(15, theory::YoungInterval(Costs(15))) / daly, 1.027, 0.001);
}

TEST(CheckpointIntervalTest, RenewalsOfExponentialLivesAreDalysModel) {
  for (const double mtbf : {1440.0, 360.0, 15.0}) {
    const theory::Weibull lives{1, mtbf};
    const auto survival = [&](double t) { return lives.Survival(t); };
    EXPECT_NEAR(theory::RenewalTime(1, 20, Costs(mtbf), survival) /
                    theory::ExpectedTime(1, 20, Costs(mtbf)),
                1, 1e-9);
    EXPECT_NEAR(
        theory::RenewalInterval(1, 500, Costs(mtbf), survival) / theory::ExactInterval(Costs(mtbf)),
        1, 1e-3);
  }
}

TEST(CheckpointIntervalTest, WeibullLives) {
  const theory::Weibull lives{0.5, 360};
  double mean = 0;
  constexpr int kParts = 1'000'000;
  for (int i = 0; i < kParts; ++i) {
    const double p = (i + 0.5) / kParts;
    mean += lives.Quantile(p) / kParts;
    if (i % 1000 == 0) {
      EXPECT_NEAR(lives.Survival(lives.Quantile(p)), 1 - p, 1e-9);
    }
  }
  EXPECT_NEAR(mean, 360, 0.5);
  const auto ratio = [](double shape, double tau) {
    const theory::Weibull weibull{shape, 360};
    return theory::RenewalTime(1, tau, Costs(360), [&](double t) { return weibull.Survival(t); });
  };
  EXPECT_NEAR(ratio(0.7, 60), 1.2085, 0.005 * 1.2085);
  EXPECT_NEAR(ratio(0.5, 70), 1.188, 0.005 * 1.188);
}

TEST(CheckpointIntervalTest, LambertW) {
  for (const double w : {-1.0, -0.999, -0.9, -0.5, -0.1, -1e-6}) {
    EXPECT_NEAR(theory::LambertW(w * std::exp(w)), w, 1e-7) << w;
  }
}

// How long the job itself takes, in hours and minutes of virtual time. `reprise tables T06` does
// the same with more runs and other numbers.
TEST(CheckpointRestartTest, TheJobTakesAsLongAsTheModelsSay) {
  for (const auto& [shape, tau] : {std::pair(1.0, 57.0), {0.7, 60.0}}) {
    const theory::Weibull lives{shape, 360};
    constexpr double kMinute = 60e9;
    constexpr double kRuns = 60, kSolve = 30'000;
    BatchJob job;
    job.unit = 1min;
    job.units = 30'000;
    job.segment = static_cast<uint64_t>(tau);
    job.dump = 5min;
    job.parts = 1;
    job.restart = 10min;
    job.sync = 0ns;
    job.lifetime = [lives](uint64_t draw) {
      const double part = (static_cast<double>(draw) - 0.5) / 4294967296.0;
      return Duration(static_cast<int64_t>(lives.Quantile(part) * kMinute));
    };
    const Scenario s = FailingJob(job, 100'000h);
    double minutes = 0;
    for (uint64_t seed = 1; seed <= kRuns; ++seed) {
      const RunResult r = Simulate(s, Choices::FromSeed(seed), {.keep_events = true});
      ASSERT_EQ(Why(r), "");
      minutes += static_cast<double>(Nanos(FactsOf<Finished>(r).front().first)) / kMinute;
    }
    const double model =
        theory::RenewalTime(kSolve, tau, Costs(360), [&](double t) { return lives.Survival(t); });
    EXPECT_NEAR(minutes / kRuns / model, 1, 0.015) << "shape " << shape;
  }
}

// Fuzzing.

TEST(CheckpointRestartTest, SoundProtocolPassesAndMeetsEveryFault) {
  const Scenario s = Make();
  FaultCounts faults;
  std::map<std::string, uint64_t> facts;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(Why(r), "") << "seed " << seed;
    faults += r.faults;
    for (const auto& [name, count] : r.facts) facts[name] += count;
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(s, fault).num != 0) {
      EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
    }
  }
  EXPECT_GT(facts["DumpLoaded"], 4000u);
}

}  // namespace
}  // namespace reprise
