// reprise replay: makes the run of a trace happen again, and says whether it is the same run.
// reprise shrink: makes a trace's departures fewer.

#include <algorithm>
#include <cstdio>

#include "sim/search/isolate.h"
#include "sim/trace.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/event_log.h"
#include "tools/report.h"
#include "tools/stepper.h"

namespace reprise {
namespace {

// Between which two milestones the run left the recorded one.
std::string Narrow(const Trace& trace, const RunResult& now) {
  uint64_t same = 0;
  for (const Milestone& m : trace.milestones) {
    if (std::ranges::find(now.milestones, m) == now.milestones.end()) {
      return "after event " + Grouped(same) + " and not after event " + Grouped(m.events);
    }
    same = m.events;
  }
  return "after event " + Grouped(same);
}

// The first event that differs from the log beside the trace, with those before it.
std::string FirstDifferent(const std::vector<std::string>& recorded, const Timeline& now) {
  size_t i = 0;
  while (i < recorded.size() && i < now.size() && recorded[i] == EventLine(now[i])) ++i;
  if (i == recorded.size() && i == now.size()) return "";
  const auto text = [](const std::string& line) { return line.substr(0, line.rfind("  #")); };
  std::string out = "DIVERGED at event " + Grouped(i + 1) + " of " + Grouped(recorded.size());
  if (i < now.size()) out += ", t = " + Millis(now[i].at);
  out += "\n\n";
  for (size_t k = i > 3 ? i - 3 : 0; k < i; ++k)
    out += "        both      " + text(recorded[k]) + "\n";
  out += "    >>  recorded  " + (i < recorded.size() ? text(recorded[i]) : "(ended)") + "\n";
  out += "    >>  now       " + (i < now.size() ? Describe(now[i]) : "(ended)") + "\n";
  return out;
}

std::string EventsBeside(const std::string& trace_path) {
  return trace_path.ends_with(".trace") ? trace_path.substr(0, trace_path.size() - 6) + ".events"
                                        : trace_path + ".events";
}

void PrintDivergence(const ReplayArgs& args, const Trace& trace, const RunResult& now) {
  const auto recorded = LoadEvents(EventsBeside(args.trace));
  std::string where = recorded.ok() ? FirstDifferent(*recorded, now.timeline) : "";
  if (KillsTheProcess(trace.oracle)) {
    where = "DIVERGED: the run is recorded as one that ended in a " + trace.oracle + "\n";
  } else if (where.empty()) {
    where = "DIVERGED " + Narrow(trace, now) + "; the run is recorded as " + Grouped(trace.events) +
            " events, digest " + Hex(trace.digest) + ", and has " + Grouped(now.events) +
            ", digest " + Hex(now.digest) + "\n" +
            "      to have the first different event named, keep the .events file beside it\n";
  }
  std::fprintf(stderr,
               "%s\n      the code has changed since, or it is not deterministic: reprise run "
               "--twice tells\n"
               "      to ask only for the verdict: reprise replay --lenient %s\n",
               where.c_str(), args.trace.c_str());
}

void PrintEvents(const Timeline& timeline, uint64_t until) {
  for (size_t i = 0; i < timeline.size() && i < until; ++i) {
    std::printf("%8zu %s\n", i + 1, Describe(timeline[i]).c_str());
  }
}

// Whether the run ended as it is recorded, though it may be another run.
bool EndsAlike(const Trace& trace, const Verdict& verdict) {
  return trace.verdict == KindName(verdict.kind) && trace.oracle == OneLine(verdict.oracle);
}

bool AsExpected(const std::string& expect, const Verdict& verdict) {
  return expect == KindName(verdict.kind) || (verdict.failed() && expect == verdict.oracle);
}

int StatusOf(const ReplayArgs& args, const Verdict& verdict) {
  if (!args.expect.empty()) return AsExpected(args.expect, verdict) ? kOk : kViolation;
  if (verdict.failed()) return kViolation;
  return verdict.kind == Verdict::Kind::kPass ? kOk : kUndecided;
}

void Print(const ReplayArgs& args, const Scenario& scenario, const Trace& trace,
           const RunResult& now, bool same) {
  if (args.json) {
    Json json = RunJson(scenario, now, trace.seed);
    json["same_run"] = same;
    json["departures_matched"] = now.given_drawn;
    json["departures_given"] = now.given + trace.unknown_sites;
    std::printf("%s\n", Dump(json, 2).c_str());
    return;
  }
  std::printf("%s  %s  %s recorded events, %s departures\n", Styled(Style::kBold, "replay").c_str(),
              trace.scenario.c_str(), Grouped(trace.events).c_str(),
              Grouped(trace.departures.size()).c_str());
  const Verdict& v = now.verdict;
  const std::string word = v.failed()                       ? Styled(Style::kRed, "FAIL")
                           : v.kind == Verdict::Kind::kPass ? Styled(Style::kGreen, "PASS")
                                                            : Styled(Style::kYellow, "????");
  std::printf("%s    %s%s%s\n", word.c_str(), v.oracle.c_str(), v.oracle.empty() ? "" : ": ",
              OneLine(v.reason).c_str());
  if (v.failed() && v.event != 0) {
    std::printf("        at event %s, t = %s%s\n", Grouped(v.event).c_str(), Millis(v.at).c_str(),
                v.node == kNobody ? "" : (", node " + Name(v.node)).c_str());
  }
  if (args.lenient) {
    std::printf("        %s of %s departures were drawn again%s\n",
                Grouped(now.given_drawn).c_str(), Grouped(now.given + trace.unknown_sites).c_str(),
                same ? ", and the run is the same" : "");
  } else if (same) {
    std::printf("        the same run as recorded%s\n",
                now.events == 0
                    ? ""
                    : (": " + Grouped(now.events) + " events, digest " + Hex(now.digest)).c_str());
  }
}

}  // namespace

int ReplayCommand(const Catalogue& catalogue, const ReplayArgs& args) {
  const auto trace = LoadTrace(args.trace, args.lenient);
  if (!trace.ok()) return Complain("replay", trace.status());
  const auto scenario = catalogue.Make(trace->scenario, trace->options);
  if (!scenario.ok()) {
    return Complain("replay", absl::InvalidArgumentError(args.trace + ": " +
                                                         std::string(scenario.status().message())));
  }
  const Choices choices = Choices::FromDepartures(trace->departures);
  const bool kills = KillsTheProcess(trace->oracle);
  if (kills && args.interactive) {
    return Complain("replay", absl::InvalidArgumentError(
                                  args.trace + ": this run ends its process, and leaves no events "
                                               "to walk through"));
  }
  const RunResult now =
      kills ? SimulateIsolated(*scenario, choices, {.quiet = false})
            : Simulate(*scenario, choices,
                       {.keep_events = true, .break_at = args.break_at.value_or(0)});
  // A process that died left no digest.
  const bool same = kills ? EndsAlike(*trace, now.verdict) : now.digest == trace->digest;
  if (args.print_events || args.until) PrintEvents(now.timeline, args.until.value_or(UINT64_MAX));
  Print(args, *scenario, *trace, now, same);
  if (args.interactive) StepThrough(*scenario, now);
  if (!args.events.empty()) {
    const absl::Status saved = SaveEvents(args.events, now.timeline);
    if (!saved.ok()) return Complain("replay", saved);
  }
  if (!same && !args.lenient) {
    PrintDivergence(args, *trace, now);
    return kDiverged;
  }
  if (args.lenient && args.expect.empty() && !EndsAlike(*trace, now.verdict)) {
    std::fprintf(stderr, "reprise replay: it does not end as it is recorded: %s %s\n",
                 trace->verdict.c_str(), trace->oracle.c_str());
    return kDiverged;
  }
  return StatusOf(args, now.verdict);
}

int ShrinkCommand(const Catalogue& catalogue, const ShrinkArgs& args) {
  const auto trace = LoadTrace(args.trace, true);
  if (!trace.ok()) return Complain("shrink", trace.status());
  const auto scenario = catalogue.Make(trace->scenario, trace->options);
  if (!scenario.ok()) {
    return Complain("shrink", absl::InvalidArgumentError(args.trace + ": " +
                                                         std::string(scenario.status().message())));
  }
  Finding finding{.signature = "",
                  .index = 0,
                  .seed = trace->seed,
                  .first = {},
                  .failures = {trace->departures},
                  .kills = KillsTheProcess(trace->oracle)};
  if (!SimulateIsolated(*scenario, Choices::FromDepartures(trace->departures)).verdict.failed()) {
    return Complain("shrink", absl::InvalidArgumentError(
                                  args.trace + ": does not fail, so there is nothing to shrink"));
  }
  const Shrunk shrunk = ShrinkFinding(*scenario, finding, {.runs_at_most = args.runs_at_most});
  const absl::Status saved =
      SaveFile(args.out, FormatTrace(TraceOf(*scenario, shrunk.result, trace->seed)));
  if (!saved.ok()) return Complain("shrink", saved);
  if (args.json) {
    Json json = RunJson(*scenario, shrunk.result, trace->seed);
    json["departures_before"] = shrunk.before;
    json["shrink_runs"] = shrunk.runs;
    json["trace"] = args.out;
    std::printf("%s\n", Dump(json, 2).c_str());
  } else {
    std::printf("shrunk  %s departures -> %s,  %s events -> %s   (%s runs)\nwrote   %s\n",
                Grouped(shrunk.before).c_str(), Grouped(shrunk.departures.size()).c_str(),
                Grouped(shrunk.events_before).c_str(), Grouped(shrunk.result.events).c_str(),
                Grouped(shrunk.runs).c_str(), args.out.c_str());
  }
  return kOk;
}

}  // namespace reprise
