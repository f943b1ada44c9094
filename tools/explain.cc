// reprise explain: why the run of a trace failed.

#include <cstdio>
#include <optional>
#include <utility>

#include "sim/search/isolate.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/explain_table.h"
#include "tools/explain_text.h"
#include "tools/reporter.h"

namespace reprise {
namespace {

// A run that kills its process is made in another, and has no events.
absl::StatusOr<Remade> RemakeAnyhow(const Catalogue& catalogue, const std::string& path,
                                    bool lenient) {
  const auto trace = LoadTrace(path, lenient);
  if (!trace.ok()) return trace.status();
  if (!KillsTheProcess(trace->oracle)) return Remake(catalogue, path, lenient);
  auto scenario = catalogue.Make(trace->scenario, trace->options);
  if (!scenario.ok()) {
    return absl::InvalidArgumentError(path + ": " + std::string(scenario.status().message()));
  }
  Remade made{path, *std::move(scenario), {}};
  made.run = SimulateIsolated(made.scenario, Choices::FromDepartures(trace->departures));
  if (made.run.verdict.oracle != trace->oracle) {
    return absl::DataLossError(path + ": this is not the recorded run any more");
  }
  return made;
}

ExplainOptions OptionsOf(const ExplainArgs& args) {
  return {.runs_at_most = args.runs, .futures = args.futures, .jobs = args.jobs};
}

int ExplainOne(const Catalogue& catalogue, const ExplainArgs& args) {
  const std::string& path = args.traces.front();
  const auto failing = RemakeAnyhow(catalogue, path, args.lenient);
  if (!failing.ok()) return Complain("explain", failing.status());
  if (!failing->run.verdict.failed()) {
    return Complain("explain", absl::InvalidArgumentError(
                                   path + ": does not fail, so there is nothing to explain"));
  }
  const Explanation explanation = Explain(failing->scenario, failing->run, OptionsOf(args));
  const auto passing = NearestPassing(catalogue, *failing, explanation);
  Why why{.failing = *failing,
          .explanation = explanation,
          .passing = passing.ok() ? &*passing : nullptr,
          .beside = {},
          .story = {},
          .path = path};
  if (passing.ok() && failing->run.timeline.size() != 0) {
    why.beside = Align(passing->run, failing->run);
  }
  why.story =
      TellWhy(failing->scenario, failing->run, why.beside ? &*why.beside : nullptr, args.sentences);
  if (args.json) {
    PrintJson(WhyJson(why));
  } else {
    std::printf("%s", WhyText(why).c_str());
  }
  return kOk;
}

int ExplainTable(const Catalogue& catalogue, const ExplainArgs& args) {
  std::vector<NeedRow> rows;
  for (const std::string& path : args.traces) {
    const auto failing = RemakeAnyhow(catalogue, path, args.lenient);
    if (!failing.ok()) return Complain("explain", failing.status());
    if (!failing->run.verdict.failed()) continue;
    ExplainOptions options = OptionsOf(args);
    options.values = options.curve = false;
    const Explanation explanation = Explain(failing->scenario, failing->run, options);
    rows.push_back(RowOf(catalogue, *failing, explanation));
  }
  if (args.json) {
    PrintJson(NeedRowsJson(rows));
  } else {
    std::printf("%s", NeedRowsMarkdown(rows).c_str());
  }
  return kOk;
}

}  // namespace

int ExplainCommand(const Catalogue& catalogue, const ExplainArgs& args) {
  if (args.table) return ExplainTable(catalogue, args);
  if (args.traces.size() > 1) {
    return Complain("explain", absl::InvalidArgumentError(
                                   "\"" + args.traces[1] +
                                   "\" is one argument too many; --table takes several traces"));
  }
  return ExplainOne(catalogue, args);
}

}  // namespace reprise
