// reprise run: one run of a scenario, by its seed.

#include <chrono>
#include <cstdio>

#include "sim/search/plan.h"
#include "sim/search/twice.h"
#include "sim/trace.h"
#include "tools/again.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/event_log.h"
#include "tools/report.h"

namespace reprise {
namespace {

int StatusOf(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kPass: return kOk;
    case Verdict::Kind::kFail: return kViolation;
    default: return kUndecided;
  }
}

}  // namespace

int RunCommand(const Catalogue& catalogue, const RunArgs& args) {
  const auto scenario = catalogue.Make(args.scenario.name, args.scenario.options);
  if (!scenario.ok()) return Complain("run", scenario.status());
  std::vector<Fault> without;
  if (args.faults.given()) {
    const auto left_out = FaultsLeftOut({*scenario}, args.faults);
    if (!left_out.ok()) return Complain("run", left_out.status());
    without = *left_out;
  }
  const Choices choices = args.seed ? SeedWithout(*args.seed, without) : Choices::Calm();
  const auto started = std::chrono::steady_clock::now();
  const RunResult result = Simulate(*scenario, choices, {.keep_events = !args.events.empty()});
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (args.json) {
    std::printf("%s\n", Dump(RunJson(*scenario, result, args.seed), 2).c_str());
  } else {
    std::printf("%s", RunText(*scenario, result, args.seed, seconds).c_str());
  }
  if (!args.trace.empty()) {
    const absl::Status saved =
        SaveFile(args.trace, FormatTrace(TraceOf(*scenario, result, args.seed)));
    if (!saved.ok()) return Complain("run", saved);
  }
  if (!args.events.empty()) {
    const absl::Status saved = SaveEvents(args.events, result.timeline);
    if (!saved.ok()) return Complain("run", saved);
  }
  if (args.twice) {
    const TwiceOptions twice = InAnotherProcess(*scenario, args.seed);
    const auto difference =
        args.seed ? CheckTwice(*scenario, *args.seed, twice) : CheckCalmTwice(*scenario, twice);
    if (difference) {
      std::fprintf(stderr,
                   "NOT DETERMINISTIC  %s: two runs of it differ\n%ssee docs/determinism.md\n",
                   scenario->FullName().c_str(), Describe(*difference).c_str());
      return kDiverged;
    }
    if (!args.json) {
      std::printf("      twice    the same run: again, after another, from departures%s\n",
                  twice.arguments.empty() ? "" : ", in another process");
    }
  }
  return StatusOf(result.verdict);
}

}  // namespace reprise
