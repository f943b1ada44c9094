// Campaigns: what they find does not depend on how many workers look for it, and nothing that node
// code does to its process ends them.

#include "sim/search/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "sim/search/isolate.h"
#include "sim/search/twice.h"
#include "tests/toys.h"

namespace reprise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using toys::Numbers;

const Label kDeed("deed");

CampaignResult Fuzz(const Scenario& scenario, const CampaignOptions& options) {
  return RunCampaign(scenario, options, [](const Progress&) { return true; });
}

// Fails where two of these got lost, which is rare.
Scenario Rare() {
  return toys::Stream(
      60, {{"both", [](const Numbers& got) { return !got.contains(7) && !got.contains(20); }}});
}

TEST(Campaign, FindsTheSameWithAnyNumberOfWorkers) {
  for (const bool keep_going : {false, true}) {
    CampaignOptions options{.strategy = Strategy::kAll, .runs_at_most = 3000};
    options.keep_going = keep_going;
    options.failures_to_shrink = 3;
    std::vector<CampaignResult> results;
    for (const int jobs : {1, 2, 4}) {
      options.jobs = jobs;
      results.push_back(Fuzz(Rare(), options));
    }
    for (const CampaignResult& r : results) {
      ASSERT_THAT(r.findings, SizeIs(1));
      const Finding& one = results[0].findings[0];
      const Finding& other = r.findings[0];
      EXPECT_EQ(one.index, other.index);
      EXPECT_EQ(one.seed, other.seed);
      EXPECT_EQ(one.signature, other.signature);
      EXPECT_EQ(one.first.digest, other.first.digest);
      EXPECT_EQ(one.failures, other.failures);
      EXPECT_THAT(one.failures, SizeIs(3));
      EXPECT_EQ(one.failures[0], other.first.departures());
      if (keep_going) {
        EXPECT_EQ(r.progress.runs, 3000u);
        EXPECT_EQ(r.progress.failures, results[0].progress.failures);
      }
    }
  }
}

// What one process counts that makes the runs of the plan one after another.
struct Counted {
  uint64_t events = 0, failures = 0;
  FaultCounts faults;
  std::map<std::string, uint64_t> facts;
};

Counted CountAll(const Scenario& scenario, uint64_t runs) {
  const Plan plan(scenario, Strategy::kAll, 1);
  Counted all;
  for (uint64_t i = 0; i < runs; ++i) {
    const RunResult r = Simulate(scenario, plan.At(i));
    all.events += r.events;
    all.failures += r.verdict.failed();
    all.faults += r.faults;
    for (const auto& [name, count] : r.facts) all.facts[name] += count;
  }
  return all;
}

TEST(Campaign, CountsWhatItsWorkersDid) {
  constexpr uint64_t kRuns = 601;  // Not a whole number of batches.
  const Counted all = CountAll(Rare(), kRuns);
  for (const int jobs : {1, 3}) {
    const CampaignResult r =
        Fuzz(Rare(), {.runs_at_most = kRuns, .jobs = jobs, .keep_going = true});
    EXPECT_EQ(r.progress.runs, kRuns);
    EXPECT_EQ(r.progress.events, all.events);
    EXPECT_EQ(r.progress.failures, all.failures);
    for (size_t i = 0; i < kFaults; ++i) {
      const auto fault = static_cast<Fault>(i);
      EXPECT_EQ(r.faults[fault].attempted, all.faults[fault].attempted) << Info(fault).name;
      EXPECT_EQ(r.faults[fault].applied, all.faults[fault].applied) << Info(fault).name;
      EXPECT_EQ(r.faults[fault].observed, all.faults[fault].observed) << Info(fault).name;
    }
    EXPECT_GT(r.faults[Fault::kDrop].applied, 0u);
    const std::map<std::string, uint64_t> facts(r.facts.begin(), r.facts.end());
    EXPECT_EQ(facts, all.facts);
    EXPECT_GT(facts.at("Got"), 0u);
    EXPECT_EQ(r.unknown + r.skipped, 0u);
  }
}

TEST(Campaign, MakesExactlyAsManyRunsAsItMay) {
  const Scenario sound = toys::Stream(5, {});
  for (const uint64_t runs : {0, 1, 7, 8, 9, 100}) {
    const CampaignResult r =
        Fuzz(sound, {.strategy = Strategy::kSwarm, .runs_at_most = runs, .jobs = 3});
    EXPECT_EQ(r.progress.runs, runs);
    EXPECT_THAT(r.findings, IsEmpty());
    EXPECT_FALSE(r.interrupted);
  }
  const Plan plan(sound, Strategy::kSingle, 1);
  EXPECT_EQ(Fuzz(sound, {.strategy = Strategy::kSingle, .jobs = 2}).progress.runs, *plan.size());
}

TEST(Campaign, EndsWhenItsTimeIsUp) {
  const CampaignResult r =
      Fuzz(toys::Stream(5, {}), {.time_at_most = std::chrono::milliseconds(200), .jobs = 2});
  EXPECT_GE(r.progress.seconds, 0.2);
  EXPECT_GT(r.progress.runs, 0u);
  EXPECT_FALSE(r.interrupted);
}

// An oracle whose complaints are of two kinds, told apart by their words and not by their numbers.
Scenario TwoBugs() {
  Scenario s = toys::Stream(20, {});
  class Two final : public Oracle {
   public:
    std::string name() const override { return "two"; }
    Complaint OnFact(const Event& event) override {
      event.Match([this](const toys::Got& m) { got_.insert(m.n); });
      return std::nullopt;
    }
    Complaint AtEnd() override {
      const std::string numbers = " 1 2 " + std::to_string(got_.size());
      if (!got_.contains(3)) return "red" + numbers;
      if (!got_.contains(4)) return "green" + numbers;
      return std::nullopt;
    }

   private:
    Numbers got_;
  };
  s.oracles = JudgedBy(Two());
  return s;
}

TEST(Campaign, KeepsGoingAndTellsKindsApart) {
  const CampaignResult r =
      Fuzz(TwoBugs(),
           {.strategy = Strategy::kSwarm, .runs_at_most = 1000, .jobs = 2, .keep_going = true});
  ASSERT_THAT(r.findings, SizeIs(2));
  EXPECT_LT(r.findings[0].index, r.findings[1].index);
  for (const Finding& f : r.findings) {
    EXPECT_THAT(f.failures, SizeIs(15));
    EXPECT_EQ(f.seed, f.index + 1);
    EXPECT_TRUE(f.first.verdict.failed());
    EXPECT_EQ(SignatureOf(f.first.verdict), f.signature);
  }
  EXPECT_THAT((std::vector{r.findings[0].signature, r.findings[1].signature}),
              testing::UnorderedElementsAre("two: red #", "two: green #"));
  EXPECT_THAT(Fuzz(TwoBugs(), {.strategy = Strategy::kSwarm, .runs_at_most = 1000}).findings,
              SizeIs(1));
}

TEST(Campaign, LooksForTheFailuresOfOneOracleOnly) {
  const auto with = [](const std::string& oracle) {
    return Fuzz(
        TwoBugs(),
        {.strategy = Strategy::kSwarm, .runs_at_most = 1000, .keep_going = true, .oracle = oracle});
  };
  EXPECT_THAT(with("two").findings, SizeIs(2));
  const CampaignResult none = with("three");
  EXPECT_THAT(none.findings, IsEmpty());
  EXPECT_EQ(none.progress.runs, 1000u);
}

TEST(Signature, IsTheReasonWithoutItsNumbers) {
  const auto of = [](const std::string& reason) {
    return SignatureOf({.kind = Verdict::Kind::kFail,
                        .oracle = "o",
                        .reason = reason,
                        .event = 7,
                        .at = {},
                        .node = kNobody});
  };
  EXPECT_EQ(of("key 12 of n3 is gone"), "o: key # of n# is gone");
  EXPECT_EQ(of("list [1 22 333]"), of("list [4]"));
  EXPECT_NE(of("red"), of("green"));
  EXPECT_EQ(of(""), "o: ");
}

TEST(Campaign, KeepsWhatItFoundWhenInterrupted) {
  int reports = 0;
  const CampaignResult r =
      RunCampaign(TwoBugs(), {.jobs = 2, .keep_going = true},
                  [&](const Progress& p) { return ++reports < 3 || p.failures < 5; });
  EXPECT_TRUE(r.interrupted);
  EXPECT_GE(r.findings.size(), 1u);
  EXPECT_GE(r.progress.failures, 5u);
}

// Node code that now and then does to its process what kills it.
enum Deed : uint64_t { kNothing, kSegfault, kAbort, kOverflow, kExit, kHang, kThrow, kDeeds };

[[gnu::noinline]] uint64_t Overflow(uint64_t n) {
  volatile char frame[512];
  frame[n % 512] = static_cast<char>(n);
  if (n == 0) return 0;
  return Overflow(n + 1) + static_cast<uint64_t>(frame[n % 256]);
}

void Do(uint64_t deed) {
  switch (deed) {
    case kSegfault: raise(SIGSEGV); break;
    case kAbort: std::abort();
    case kOverflow: Overflow(1); break;
    case kExit: std::exit(3);
    case kHang:
      for (;;) pause();
    case kThrow: throw 1;
    default: break;
  }
}

// Does the deed once it has heard the numbers 3 and 5, at one in so many seeds.
Scenario Deadly(uint64_t deed, uint64_t one_in) {
  Scenario s = toys::Stream(10, {});
  s.roles[1].main = [deed, one_in](Env& env) {
    const bool now = env.Random(kDeed, one_in) == one_in - 1;
    Numbers got;
    for (;;) {
      env.Receive().Match([&](const toys::Number& m) { got.insert(m.n); });
      env.Report(toys::Got{got.size()});
      if (now && got.contains(3) && got.contains(5)) Do(deed);
    }
  };
  return s;
}

// Short for what really hangs; for what dies, a sanitizer's last words may take long.
std::chrono::milliseconds LimitOf(uint64_t deed) {
  return deed == kHang ? std::chrono::milliseconds(300) : std::chrono::seconds(60);
}

TEST(Campaign, GoesOnAfterEveryDeath) {
  const std::map<uint64_t, std::string> ends = {{kSegfault, "crash"},
                                                {kAbort, "crash"},
                                                {kOverflow, "crash"},
                                                {kExit, "crash"},
                                                {kHang, "hang"}};
  for (const auto& [deed, oracle] : ends) {
    const Scenario s = Deadly(deed, 20);
    uint64_t expected = 0, first = 0;
    for (uint64_t i = 0; i < 60; ++i) {  // At which seeds is told by the same draws elsewhere.
      const RunResult r = Simulate(Deadly(kThrow, 20), Choices::FromSeed(i + 1));
      if (r.verdict.failed() && expected++ == 0) first = i;
    }
    ASSERT_GT(expected, 0u);
    const CampaignResult r = Fuzz(s, {.strategy = Strategy::kSwarm,
                                      .runs_at_most = 60,
                                      .jobs = 2,
                                      .keep_going = true,
                                      .run_limit = LimitOf(deed)});
    EXPECT_EQ(r.progress.runs, 60u);
    EXPECT_EQ(r.progress.failures, expected);
    ASSERT_THAT(r.findings, SizeIs(1)) << oracle;
    const Finding& finding = r.findings[0];
    EXPECT_EQ(finding.first.verdict.oracle, oracle);
    EXPECT_EQ(finding.index, first);
    EXPECT_TRUE(finding.kills);
    const Shrunk shrunk = ShrinkFinding(s, finding);
    EXPECT_EQ(shrunk.result.verdict.oracle, oracle);
    EXPECT_TRUE(shrunk.twice);
    ASSERT_THAT(shrunk.departures, SizeIs(1)) << oracle;
    EXPECT_EQ(Describe(shrunk.departures[0].address), "deed n2 #1");
    EXPECT_EQ(shrunk.departures[0].value, 19u);
  }
}

TEST(Campaign, OfAScenarioThatAlwaysDies) {
  Scenario s = Deadly(kSegfault, 1);
  const CampaignResult r = Fuzz(s, {.jobs = 2});
  ASSERT_THAT(r.findings, SizeIs(1));
  EXPECT_EQ(r.findings[0].index, 0u);
  EXPECT_EQ(r.findings[0].seed, std::nullopt);
  EXPECT_THAT(r.findings[0].failures, ElementsAre(IsEmpty()));
}

TEST(Campaign, DoesNotWaitForHangsOnceItIsOver) {
  const CampaignResult r = Fuzz(Deadly(kHang, 1), {.strategy = Strategy::kSwarm,
                                                   .time_at_most = std::chrono::milliseconds(50)});
  EXPECT_THAT(r.findings, IsEmpty());
  EXPECT_LT(r.progress.seconds, 20);
}

TEST(SimulateIsolated, IsLikeSimulate) {
  const Scenario s = Rare();
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const RunResult here = Simulate(s, Choices::FromSeed(seed));
    const RunResult there = SimulateIsolated(s, Choices::FromSeed(seed));
    EXPECT_EQ(here.verdict.kind, there.verdict.kind);
    EXPECT_EQ(here.verdict.reason, there.verdict.reason);
    EXPECT_EQ(here.digest, there.digest);
    EXPECT_EQ(here.events, there.events);
    EXPECT_EQ(here.dispatched, there.dispatched);
    EXPECT_EQ(here.end, there.end);
    EXPECT_EQ(here.departures(), there.departures());
    EXPECT_EQ(here.facts, there.facts);
    EXPECT_EQ(here.milestones, there.milestones);
    ASSERT_EQ(here.taken.size(), there.taken.size());
    for (size_t i = 0; i < here.taken.size(); ++i) {
      EXPECT_EQ(here.taken[i].departure, there.taken[i].departure);
      EXPECT_EQ(here.taken[i].event, there.taken[i].event);
    }
  }
}

TEST(SimulateIsolated, TellsWhatWasDrawnUntilDeath) {
  const Departures instead = {{{{kDeed, NodeId{2}}, 1}, 1, 2}};
  uint64_t seed = 1;
  const auto choices = [&] { return Choices::FromSeed(seed, instead); };
  while (!Simulate(Deadly(kThrow, 2), choices()).verdict.failed()) ++seed;
  const RunResult thrown = Simulate(Deadly(kThrow, 2), choices());
  for (const uint64_t deed : {kSegfault, kAbort, kOverflow, kExit, kHang}) {
    const RunResult died = SimulateIsolated(Deadly(deed, 2), choices(), {.limit = LimitOf(deed)});
    EXPECT_TRUE(KillsTheProcess(died.verdict.oracle));
    EXPECT_EQ(died.departures(), thrown.departures()) << deed;
    EXPECT_GT(died.taken.size(), 1u);
  }
  const RunResult died =
      SimulateIsolated(Deadly(kExit, 1), Choices::Calm(), {.limit = std::chrono::seconds(10)});
  EXPECT_THAT(died.verdict.reason, testing::StartsWith("the process exited with "));
}

TEST(SimulateIsolated, SurvivesSignals) {
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = [](int) {};
  sigaction(SIGALRM, &ignore, &before);
  ualarm(1000, 1000);
  for (int i = 0; i < 20; ++i) {
    const RunResult r = SimulateIsolated(Rare(), Choices::FromSeed(1));
    EXPECT_FALSE(KillsTheProcess(r.verdict.oracle)) << r.verdict.reason;
  }
  ualarm(0, 0);
  sigaction(SIGALRM, &before, nullptr);
}

TEST(InChild, BringsWordsBackOrNothing) {
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(InChild([&] { return large; }, std::chrono::seconds(30)), large);
  const auto dies = [](auto job) {
    return InChild([&]() -> std::string { return job(), ""; }, std::chrono::milliseconds(200));
  };
  EXPECT_EQ(dies([] { std::abort(); }), std::nullopt);
  EXPECT_EQ(dies([] { throw 1; }), std::nullopt);  // Which nobody here catches.
  EXPECT_EQ(dies([] { _exit(1); }), std::nullopt);
  EXPECT_EQ(dies([] { Do(kHang); }), std::nullopt);
}

TEST(Plan, HasTheCalmRunThenSinglesThenSeeds) {
  const Scenario s = toys::Forgetful();
  const Plan plan(s, Strategy::kAll, 77);
  ASSERT_GT(plan.singles(), 1u);
  EXPECT_EQ(plan.size(), std::nullopt);
  EXPECT_THAT(Simulate(s, plan.At(0)).taken, IsEmpty());
  for (uint64_t i = 1; i < plan.singles(); ++i) {
    const size_t departures = Simulate(s, plan.At(i)).taken.size();
    EXPECT_TRUE(departures == 1 || departures == 2) << i;  // Two: a crash, and what it lost.
    EXPECT_EQ(plan.SeedAt(i), std::nullopt);
  }
  EXPECT_EQ(plan.SeedAt(plan.singles()), 77u);
  EXPECT_EQ(plan.SeedAt(plan.singles() + 5), 82u);
  EXPECT_EQ(Simulate(s, plan.At(plan.singles())).digest, Simulate(s, Choices::FromSeed(77)).digest);
  EXPECT_EQ(Plan(s, Strategy::kSingle, 1).size(), plan.singles());
  EXPECT_EQ(Plan(s, Strategy::kSwarm, 5).SeedAt(0), 5u);
}

TEST(Plan, SinglesFindABugOfOneFault) {
  const CampaignResult r = Fuzz(toys::Forgetful(), {.strategy = Strategy::kSingle, .jobs = 2});
  ASSERT_THAT(r.findings, SizeIs(1));
  EXPECT_THAT(r.findings[0].failures[0], SizeIs(2));  // The crash, and what it lost.
  EXPECT_THAT(Fuzz(toys::Stream(20, {{"one", [](const Numbers& got) { return !got.contains(9); }}}),
                   {.strategy = Strategy::kSingle})
                  .findings,
              SizeIs(1));
}

// A counter that outlives the run, as node code must not have one.
Scenario Leaky(uint64_t from_number, bool only_once) {
  Scenario s = toys::Stream(10, {});
  s.roles[1].main = [=, runs = std::make_shared<uint64_t>()](Env& env) {
    ++*runs;
    const uint64_t leak = only_once ? std::min<uint64_t>(*runs, 2) : *runs;
    for (;;) {
      env.Receive().Match([&](const toys::Number& m) {
        env.Report(toys::Got{m.n < from_number ? m.n : 100 + leak});
      });
    }
  };
  return s;
}

TEST(CheckTwice, NamesTheFirstEventThatDiffers) {
  for (const bool only_once : {false, true}) {
    const Scenario s = Leaky(only_once ? 5 : 6, only_once);
    const auto difference = CheckCalmTwice(s);
    ASSERT_TRUE(difference.has_value());
    EXPECT_GT(difference->event, 1u);
    EXPECT_THAT(difference->one, HasSubstr("fact  Got(101)"));
    EXPECT_THAT(difference->other, HasSubstr("fact  Got(102)"));
    ASSERT_THAT(difference->before, SizeIs(4));
    EXPECT_THAT(Describe(*difference), HasSubstr("first difference at event"));
  }
}

TEST(CheckTwice, FindsNothingWhereNothingIs) {
  EXPECT_EQ(CheckTwice(Rare(), 3), std::nullopt);
  EXPECT_EQ(CheckCalmTwice(Rare()), std::nullopt);
}

TEST(CheckTwice, SeesWhatAnotherRunLeaves) {
  static uint64_t leak = 0;
  Scenario s = toys::Stream(10, {});
  s.roles[1].main = [](Env& env) {
    const bool calm = env.Random(kDeed, 1000) == 7;
    if (!calm) ++leak;
    for (;;) {
      env.Receive().Match([&](const toys::Number&) { env.Report(toys::Got{calm ? leak : 0}); });
    }
  };
  uint64_t seed = 1;
  const auto facts = [&] { return Simulate(s, Choices::FromSeed(seed)).taken; };
  const auto draws_seven = [&] {
    for (const Taken& t : facts()) {
      if (t.departure.address.site.label == kDeed) return t.departure.value == 7;
    }
    return false;
  };
  while (!draws_seven()) ++seed;
  EXPECT_TRUE(CheckTwice(s, seed).has_value());  // The same alone, and not after another.
}

}  // namespace
}  // namespace reprise
