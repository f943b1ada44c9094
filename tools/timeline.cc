// reprise timeline: draws the run of a trace.

#include "sim/search/isolate.h"
#include "sim/trace.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/history.h"
#include "tools/page.h"
#include "tools/render.h"

namespace reprise {
namespace {

DrawOptions OptionsOf(const TimelineArgs& args, bool same) {
  DrawOptions options;
  options.title = args.title;
  if (args.messages != 0) options.messages_whole = options.messages_at_most = args.messages;
  options.subtitle = "trace " + args.trace.substr(args.trace.rfind('/') + 1) +
                     (same ? "" : " (the code has changed since)");
  options.cone = args.cone;
  options.dark = args.dark;
  options.vertical = args.vertical;
  return options;
}

absl::Status DrawHistoryOf(const Scenario& scenario, const RunResult& run,
                           const TimelineArgs& args) {
  const auto history = HistoryOf(run);
  if (!history) {
    return absl::InvalidArgumentError(
        args.trace +
        ": no client of this scenario reports operations on a register, a key or a "
        "list, so there is no history to draw");
  }
  const auto format = FormatOf(args.out);
  if (*format == Format::kText) return SaveFile(args.out, HistoryText(scenario, *history));
  return Render(DrawHistory(scenario, *history, args.dark), args.out);
}

// REQUIRES: the file's name says a format.
absl::Status DrawAs(const Scenario& scenario, const RunResult& run, const TimelineArgs& args,
                    const DrawOptions& options) {
  if (args.history) return DrawHistoryOf(scenario, run, args);
  if (*FormatOf(args.out) != Format::kHtml) return Draw(scenario, run, options, args.out);
  return SaveFile(
      args.out, MakePage(scenario, run,
                         {.title = args.title, .subtitle = options.subtitle, .trace = args.trace}));
}

}  // namespace

int TimelineCommand(const Catalogue& catalogue, const TimelineArgs& args) {
  // Before a long run, so that a mistyped name is told at once.
  if (const auto format = FormatOf(args.out); !format.ok()) {
    return Complain("timeline", format.status());
  }
  const auto trace = LoadTrace(args.trace, args.lenient);
  if (!trace.ok()) return Complain("timeline", trace.status());
  const auto scenario = catalogue.Make(trace->scenario, trace->options);
  if (!scenario.ok()) {
    return Complain("timeline", absl::InvalidArgumentError(
                                    args.trace + ": " + std::string(scenario.status().message())));
  }
  if (KillsTheProcess(trace->oracle)) {
    return Complain("timeline", absl::InvalidArgumentError(
                                    args.trace + ": this run ends its process, and leaves nothing "
                                                 "to draw (reprise replay says how it ends)"));
  }
  const RunResult run =
      Simulate(*scenario, Choices::FromDepartures(trace->departures), {.keep_events = true});
  const bool same = run.digest == trace->digest;
  if (!same && !args.lenient) {
    return Complain("timeline", absl::DataLossError(
                                    args.trace + ": this is not the recorded run any more (reprise "
                                                 "replay says where it differs); --lenient draws "
                                                 "the run as it is now"));
  }
  const absl::Status drawn = DrawAs(*scenario, run, args, OptionsOf(args, same));
  if (!drawn.ok()) return Complain("timeline", drawn);
  if (args.out != "-") std::fprintf(stderr, "wrote %s\n", args.out.c_str());
  return kOk;
}

}  // namespace reprise
