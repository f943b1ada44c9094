#include "sim/search/fuzz.h"

#include <algorithm>
#include <filesystem>

#include "sim/search/audit.h"
#include "sim/search/campaign.h"
#include "sim/search/isolate.h"
#include "sim/search/twice.h"
#include "sim/trace.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDeparturesShown = 20;
constexpr size_t kEventsShown = 12;
constexpr const char* kIndent = "      ";

std::string Line(const std::string& text) { return kIndent + text + "\n"; }

std::string RightAligned(const std::string& text, size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

// "crash: the process died" and where in the run.
std::string HeadText(const Scenario& scenario, const Verdict& v, const std::string& which) {
  std::string out = "FAIL  " + v.oracle + ": " + v.reason + "\n";
  std::string where = scenario.FullName() + "   " + which;
  if (v.event != 0) where += "   event " + std::to_string(v.event) + ", t = " + Millis(v.at);
  if (v.node != kNobody) where += ", node " + Name(v.node);
  return out + Line(where);
}

// One to a line, in the order drawn, with their times where events were kept.
std::string DeparturesText(const RunResult& run) {
  if (run.taken.empty()) return Line("no departures: it is the calm run that fails");
  std::string out;
  for (size_t i = 0; i < run.taken.size() && i < kDeparturesShown; ++i) {
    const Taken& t = run.taken[i];
    // What was drawn after so many events was drawn at the time of the next.
    const size_t next = std::min<size_t>(t.event, run.timeline.size() - 1);
    const std::string when = run.timeline.size() == 0 ? "" : Millis(run.timeline[next].at);
    const Departure& d = t.departure;
    out +=
        Line(RightAligned(std::to_string(i + 1), 3) + RightAligned(when, 16) + "   " +
             Describe(d.address) + " = " + std::to_string(d.value) + "/" + std::to_string(d.bound));
  }
  if (run.taken.size() > kDeparturesShown) {
    out += Line("   ... and " + std::to_string(run.taken.size() - kDeparturesShown) + " more");
  }
  return out;
}

std::string LastEvents(const Timeline& timeline) {
  if (timeline.size() == 0) return "";
  std::string out = Line("how it ends:");
  const size_t end = timeline.size() - 1;  // The last event is the verdict, which was told.
  for (size_t i = end - std::min(end, kEventsShown); i < end; ++i) {
    out += Line("  " + Describe(timeline[i]));
  }
  return out;
}

class TestFuzzer {
 public:
  TestFuzzer(const Scenario& scenario, const FuzzOptions& options)
      : scenario_(scenario), options_(options) {
    if (scenario_.name.empty()) scenario_.name = options.test.empty() ? "scenario" : options.test;
  }

  Fuzzed Run() {
    if (!options_.trace.empty()) return ReplayTrace();
    if (options_.seed) return RunSeed();
    RunResult calm = SimulateIsolated(scenario_, Choices::Calm());
    if (calm.verdict.failed()) return Fail(FindingOf(std::move(calm), 0), 1);
    if (const std::string difference = Nondeterminism(); !difference.empty()) {
      return {.passed = false,
              .verdict = {},
              .text = "NOT DETERMINISTIC  " + scenario_.FullName() + ": two runs of it differ\n" +
                      difference,
              .trace = ""};
    }
    return RunAll();
  }

 private:
  // Empty where the runs compared are equal.
  std::string Nondeterminism() const {
    return InChild(
               [&] {
                 auto difference = CheckCalmTwice(scenario_);
                 if (!difference) difference = CheckTwice(scenario_, options_.base_seed);
                 return difference ? Describe(*difference) : std::string();
               },
               std::chrono::minutes(2))
        .value_or("");  // What kills the child is found again, as a failure.
  }

  Fuzzed RunAll() {
    const Plan plan(scenario_, Strategy::kAll, options_.base_seed);
    CampaignOptions campaign{.base_seed = options_.base_seed,
                             .runs_at_most = plan.singles() + options_.runs,
                             .time_at_most = {}};
    if (options_.runs == 0) campaign.strategy = Strategy::kSingle;
    const CampaignResult result =
        RunCampaign(scenario_, campaign, [](const Progress&) { return true; });
    if (!result.findings.empty()) return Fail(result.findings.front(), result.progress.runs);
    return Pass(result, plan.singles());
  }

  Fuzzed RunSeed() {
    RunResult run = SimulateIsolated(scenario_, Choices::FromSeed(*options_.seed));
    if (run.verdict.failed()) {
      Finding finding = FindingOf(std::move(run), 0);
      finding.seed = options_.seed;
      return Fail(finding, 1);
    }
    return {.passed = run.verdict.kind == Verdict::Kind::kPass,
            .verdict = run.verdict,
            .text = scenario_.FullName() + ": the run of seed " + std::to_string(*options_.seed) +
                    " ends in " + std::string(KindName(run.verdict.kind)) + " " +
                    run.verdict.reason + "\n",
            .trace = ""};
  }

  static Finding FindingOf(RunResult run, uint64_t index) {
    Finding finding{.signature = SignatureOf(run.verdict),
                    .index = index,
                    .seed = {},
                    .first = {},
                    .failures = {run.departures()},
                    .kills = KillsTheProcess(run.verdict.oracle)};
    finding.first = std::move(run);
    return finding;
  }

  Fuzzed Pass(const CampaignResult& result, uint64_t singles) const {
    const uint64_t unjudged = result.unknown;
    const bool nothing = result.facts.empty() && JudgesFacts();
    std::string text = scenario_.FullName() + ": " + std::to_string(singles - 1) +
                       " single faults and " + std::to_string(result.progress.runs - singles) +
                       " seeds, no violation";
    const std::vector<std::string> wrong = AuditFaults(scenario_, result.faults);
    if (unjudged != 0) text += "; but " + std::to_string(unjudged) + " runs could not be judged";
    if (nothing) text += "; but no node reported a fact, so that nothing was judged";
    for (const std::string& line : wrong) text += "\n  " + line;
    return {.passed = unjudged == 0 && !nothing && wrong.empty(),
            .verdict = {},
            .text = text + "\n",
            .trace = ""};
  }

  // Whether there are oracles, and all that they look at is facts.
  bool JudgesFacts() const {
    if (!scenario_.oracles) return false;
    const Oracles oracles = scenario_.oracles();
    return !oracles.empty() && std::ranges::none_of(oracles, [](const auto& o) {
      return o->Watches() != 0 && !o->Skipped();  // A meter judges nothing.
    });
  }

  // Shrinks, writes the trace, and says all that there is to say.
  Fuzzed Fail(const Finding& finding, uint64_t runs) {
    const Shrunk shrunk = ShrinkFinding(scenario_, finding);
    // Where it does not happen again, there is only what was seen.
    const RunResult& shown = shrunk.result.verdict.failed() ? shrunk.result : finding.first;
    RunResult kept;
    kept.taken = shown.taken;
    if (shrunk.twice && !KillsTheProcess(shown.verdict.oracle)) {
      kept = Simulate(scenario_, Choices::FromDepartures(shrunk.departures), {.keep_events = true});
    }
    const Verdict& v = shown.verdict;
    const std::string which = finding.seed         ? "seed " + std::to_string(*finding.seed)
                              : finding.index == 0 ? "the calm run"
                                                   : "a single fault";
    Fuzzed out{.passed = false, .verdict = v, .text = HeadText(scenario_, v, which), .trace = ""};
    out.text +=
        Line("shrunk: departures " + std::to_string(shrunk.before) + " -> " +
             std::to_string(shrunk.departures.size()) + ", events " +
             std::to_string(shrunk.events_before) + " -> " + std::to_string(shown.events) + "   (" +
             std::to_string(shrunk.runs) + " runs; " + std::to_string(runs) + " to find it)");
    out.text += DeparturesText(kept) + LastEvents(kept.timeline);
    if (!shrunk.twice) out.text += Line("NOT the same when replayed: it is not deterministic");
    out.trace = Save(TraceOf(scenario_, shown, finding.seed), finding, out.text);
    out.text += Commands(finding, out.trace);
    return out;
  }

  // The path of the trace, or nothing and a line of text that says why.
  std::string Save(const Trace& trace, const Finding& finding, std::string& text) const {
    std::string name = options_.test.empty() ? scenario_.name : options_.test;
    if (!scenario_.mutant.empty()) name += "-" + scenario_.mutant;
    std::ranges::replace_if(
        name, [](char c) { return c == '/' || c == ':'; }, '-');
    name += finding.seed ? "-" + std::to_string(*finding.seed)
                         : "-single" + std::to_string(finding.index);
    std::error_code error;
    fs::create_directories(options_.out, error);
    // Absolute, because whoever runs it again may stand somewhere else than the test did.
    const std::string path = (fs::absolute(options_.out, error) / (name + ".trace")).string();
    const absl::Status saved = SaveFile(path, FormatTrace(trace));
    if (saved.ok()) return path;
    text += Line("no trace was written: " + std::string(saved.message()));
    return "";
  }

  std::string Commands(const Finding& finding, const std::string& trace) const {
    const std::string ctest = " ctest -R '^" + options_.test + "$' --output-on-failure";
    std::error_code error;
    const std::string program = fs::read_symlink("/proc/self/exe", error).string();
    std::string out = "\n";
    if (finding.seed) {
      out += Line("reproduce   REPRISE_SEED=" + std::to_string(*finding.seed) + ctest);
    } else if (trace.empty()) {
      out += Line("reproduce  " + ctest);
    }
    if (trace.empty()) return out;
    const std::string as_trace = "REPRISE_TRACE='" + trace + "'";
    out += Line((finding.seed ? "as shrunk   " : "reproduce   ") + as_trace + ctest);
    return out + Line("to debug    " + as_trace + " " + program + " --gtest_filter='" +
                      options_.test + "'");
  }

  Fuzzed ReplayTrace() const {
    const auto complain = [](const std::string& text) {
      return Fuzzed{.passed = false, .verdict = {}, .text = text + "\n", .trace = ""};
    };
    // Lenient, because the code may have changed: what counts is whether it still fails.
    const absl::StatusOr<Trace> trace = LoadTrace(options_.trace, true);
    if (!trace.ok()) return complain(std::string(trace.status().message()));
    if (trace->scenario != scenario_.FullName()) {
      return complain(options_.trace + ": of the scenario " + trace->scenario +
                      ", where this test has " + scenario_.FullName());
    }
    const RunResult run =
        Simulate(scenario_, Choices::FromDepartures(trace->departures), {.keep_events = true});
    const std::string same = run.digest == trace->digest
                                 ? "the same run as recorded, bit for bit"
                                 : "not the run that was recorded: the code has changed since";
    if (!run.verdict.failed()) {
      return {
          .passed = run.verdict.kind == Verdict::Kind::kPass,
          .verdict = run.verdict,
          .text = scenario_.FullName() + ": " + options_.trace + " does not fail; " + same + "\n",
          .trace = ""};
    }
    return {.passed = false,
            .verdict = run.verdict,
            .text = HeadText(scenario_, run.verdict, "a replay") + Line(same) +
                    DeparturesText(run) + LastEvents(run.timeline),
            .trace = ""};
  }

  Scenario scenario_;
  const FuzzOptions options_;
};

}  // namespace

Fuzzed FuzzForTest(const Scenario& scenario, const FuzzOptions& options) {
  return TestFuzzer(scenario, options).Run();
}

}  // namespace reprise
