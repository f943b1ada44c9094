// reprise fuzz: searches for a run that fails, shrinks it, and writes it down.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "sim/files.h"
#include "sim/search/isolate.h"
#include "sim/search/twice.h"
#include "sim/trace.h"
#include "tools/again.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/event_log.h"
#include "tools/report.h"

namespace reprise {
namespace {

double Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void PrintJson(const Json& json) {
  std::printf("%s\n", Dump(json).c_str());
  std::fflush(stdout);
}

// Whether the scenario runs the same way twice. Checked in a child, which node code may kill.
std::optional<std::string> Nondeterminism(const Scenario& scenario, uint64_t seed) {
  const auto words = InChild(
      [&] {
        auto difference = CheckCalmTwice(scenario, InAnotherProcess(scenario, std::nullopt));
        if (!difference) difference = CheckTwice(scenario, seed, InAnotherProcess(scenario, seed));
        return difference ? Describe(*difference) : std::string();
      },
      std::chrono::minutes(2));
  if (!words || words->empty()) return std::nullopt;
  return words;
}

class Reporter {
 public:
  Reporter(const Scenario& scenario, const FuzzArgs& args, const CampaignResult& campaign)
      : scenario_(scenario), args_(args), campaign_(campaign) {}

  // Shrinks, writes and prints. The path of the trace is there even where it could not be written.
  absl::Status Report(const Finding& finding, std::string& path) {
    const auto started = std::chrono::steady_clock::now();
    path =
        args_.out + "/" + FileName(scenario_) + "-" +
        (finding.seed ? std::to_string(*finding.seed) : "single" + std::to_string(finding.index)) +
        ".trace";
    // As it is, to begin with: shrinking may be interrupted.
    absl::Status saved = Save(path, finding.first, finding.seed);
    const auto enough = [&] { return Interrupted() || Since(started) > kShrinkSeconds; };
    const Shrunk shrunk = ShrinkFinding(scenario_, finding, {.stop = enough});
    const bool again = shrunk.result.verdict.failed();
    const RunResult& shown = again ? shrunk.result : finding.first;
    if (again && saved.ok()) saved = Save(path, shown, finding.seed);
    RunResult kept;
    kept.taken = shown.taken;
    if (shrunk.twice && !KillsTheProcess(shown.verdict.oracle)) {
      kept =
          Simulate(scenario_, Choices::FromDepartures(shown.departures()), {.keep_events = true});
      const std::string events = path.substr(0, path.rfind('.')) + ".events";
      if (saved.ok()) saved = SaveEvents(events, kept.timeline);
    }
    args_.json ? PrintJsonLine(finding, shrunk, shown, path)
               : PrintText(finding, shrunk, shown, kept, path, Since(started));
    return saved;
  }

 private:
  static constexpr double kShrinkSeconds = 120;

  absl::Status Save(const std::string& path, const RunResult& result,
                    std::optional<uint64_t> seed) const {
    return SaveFile(path, FormatTrace(TraceOf(scenario_, result, seed)));
  }

  void PrintJsonLine(const Finding& finding, const Shrunk& shrunk, const RunResult& shown,
                     const std::string& path) {
    Json json = RunJson(scenario_, shown, finding.seed);
    json["schema"] = "reprise.fuzz/1";
    json["type"] = "failure";
    json["trace"] = path;
    json["signature"] = finding.signature;
    json["run"] = finding.index;
    json["departures_before"] = shrunk.before;
    json["events_before"] = shrunk.events_before;
    json["shrink_runs"] = shrunk.runs;
    json["twice"] = shrunk.twice;
    PrintJson(json);
  }

  void PrintText(const Finding& finding, const Shrunk& shrunk, const RunResult& shown,
                 const RunResult& kept, const std::string& path, double seconds) {
    const Verdict& v = shown.verdict;
    std::printf("\n%s  %s   after %s runs, %s\n", Styled(Style::kRed, "FAIL").c_str(),
                Styled(Style::kBold, v.oracle).c_str(), Grouped(finding.index + 1).c_str(),
                Seconds(campaign_.progress.seconds).c_str());
    std::printf("      %s%s\n", Origin(finding).c_str(), Where(finding.first.verdict).c_str());
    std::printf("      %s\n", OneLine(v.reason).c_str());
    for (const std::string& frame : shown.stack) std::printf("        by  %s\n", frame.c_str());
    std::printf("\n");
    std::printf("      shrunk  %s departures -> %s", Grouped(shrunk.before).c_str(),
                Grouped(shrunk.departures.size()).c_str());
    if (shrunk.events_before != 0) {
      std::printf(",  %s events -> %s", Grouped(shrunk.events_before).c_str(),
                  Grouped(shown.events).c_str());
    }
    std::printf(
        "   (%s runs, %s%s)\n", Grouped(shrunk.runs).c_str(), Seconds(seconds).c_str(),
        finding.failures.size() < 2
            ? ""
            : (", best of " + std::to_string(finding.failures.size()) + " failures").c_str());
    std::printf("%s", DeparturesText(kept, 20).c_str());
    std::printf("      determinism  %s\n\n", Determinism(shrunk).c_str());
    PrintCommands(finding, KillsTheProcess(v.oracle), path);
  }

  static std::string Origin(const Finding& finding) {
    if (finding.seed) return "seed " + std::to_string(*finding.seed);
    return finding.index == 0 ? "the calm run" : "a single fault";
  }

  static std::string Where(const Verdict& first) {
    if (first.event == 0) return "";  // The process died, and cannot say.
    return "   event " + Grouped(first.event) + "   t = " + Millis(first.at) +
           (first.node == kNobody ? "" : "   node " + Name(first.node));
  }

  static std::string Determinism(const Shrunk& shrunk) {
    if (!shrunk.twice) return "NOT the same when replayed: see docs/determinism.md";
    if (KillsTheProcess(shrunk.result.verdict.oracle)) return "ended so twice more";
    return "replayed twice, digest " + Hex(shrunk.result.digest) + " both times";
  }

  void PrintCommands(const Finding& finding, bool kills, const std::string& path) {
    std::printf("      reproduce   reprise replay %s\n", path.c_str());
    if (finding.seed) {
      std::printf("      or          reprise run %s --seed %s%s\n", scenario_.FullName().c_str(),
                  std::to_string(*finding.seed).c_str(), OptionsText().c_str());
    }
    if (kills) return;
    const std::string picture = path.substr(0, path.size() - 6) + ".svg";
    std::printf("      draw        reprise timeline %s -o %s\n", path.c_str(), picture.c_str());
  }

  std::string OptionsText() const {
    std::string out;
    for (const auto& [key, value] : scenario_.options) out += " --option " + key + "=" + value;
    return out;
  }

  const Scenario& scenario_;
  const FuzzArgs& args_;
  const CampaignResult& campaign_;
};

void PrintStart(const Scenario& scenario, const FuzzArgs& args) {
  const CampaignOptions& c = args.campaign;
  std::string limit;
  if (c.runs_at_most) limit += Grouped(*c.runs_at_most) + " runs  ";
  if (c.time_at_most) limit += Seconds(static_cast<double>(c.time_at_most->count()) / 1000) + "  ";
  if (args.json) {
    PrintJson({{"schema", "reprise.fuzz/1"},
               {"type", "start"},
               {"scenario", scenario.FullName()},
               {"jobs", c.jobs},
               {"base_seed", std::to_string(c.base_seed)}});
    return;
  }
  std::printf("%s %s  %d nodes  %d workers  %sbase seed %s\n", Styled(Style::kBold, "fuzz").c_str(),
              scenario.FullName().c_str(), scenario.nodes(), c.jobs, limit.c_str(),
              std::to_string(c.base_seed).c_str());
  std::fflush(stdout);
}

void PrintEnd(const Scenario& scenario, const FuzzArgs& args, const CampaignResult& campaign) {
  const Progress& p = campaign.progress;
  const auto rate = static_cast<uint64_t>(static_cast<double>(p.runs) / std::max(p.seconds, 1e-3));
  if (args.json) {
    PrintJson({{"schema", "reprise.fuzz/1"},
               {"type", "end"},
               {"scenario", scenario.FullName()},
               {"runs", p.runs},
               {"events", p.events},
               {"seconds", p.seconds},
               {"failures", p.failures},
               {"unknown", campaign.unknown},
               {"skipped", campaign.skipped},
               {"interrupted", campaign.interrupted},
               {"findings", campaign.findings.size()},
               {"faults", FaultsJson(campaign.faults)},
               {"facts", FactsJson(campaign.facts)}});
    return;
  }
  if (campaign.findings.empty()) {
    const bool undecided = campaign.unknown + campaign.skipped > 0;
    std::printf(
        "%s  %s runs in %s (%s/s), no violation%s\n",
        undecided ? Styled(Style::kYellow, "????").c_str() : Styled(Style::kGreen, "PASS").c_str(),
        Grouped(p.runs).c_str(), Seconds(p.seconds).c_str(), Grouped(rate).c_str(),
        undecided ? (", but " + Grouped(campaign.unknown) + " undecided and " +
                     Grouped(campaign.skipped) + " skipped")
                        .c_str()
                  : "");
  } else {
    std::printf("\n");
  }
  std::printf("      faults   %s\n", FaultsText(campaign.faults).c_str());
  std::printf("      facts    %s\n", FactsText(campaign.facts).c_str());
  const std::string never = NeverObserved(scenario, campaign.faults);
  if (!never.empty()) std::printf("      never met by a node: %s\n", never.c_str());
}

int StatusOf(const CampaignResult& campaign) {
  if (campaign.interrupted) return kInterrupted;
  if (!campaign.findings.empty()) return kViolation;
  return campaign.unknown + campaign.skipped > 0 ? kUndecided : kOk;
}

// Of several scenarios, what is most worth knowing.
int Worse(int a, int b) {
  static constexpr int kBest[] = {kOk, kUndecided, kViolation, kDiverged, kMissing, kInterrupted};
  return std::ranges::find(kBest, a) < std::ranges::find(kBest, b) ? b : a;
}

}  // namespace

FuzzOutcome FuzzOne(const Scenario& scenario, const FuzzArgs& args) {
  FuzzOutcome outcome;
  PrintStart(scenario, args);
  if (const auto difference = Nondeterminism(scenario, args.campaign.base_seed)) {
    std::fprintf(stderr,
                 "NOT DETERMINISTIC  %s: two runs of it differ\n%ssee docs/determinism.md\n",
                 scenario.FullName().c_str(), difference->c_str());
    outcome.status = kDiverged;
    return outcome;
  }
  std::optional<double> seconds;
  if (args.campaign.time_at_most) {
    seconds = static_cast<double>(args.campaign.time_at_most->count()) / 1000;
  }
  ProgressBar bar(args.campaign.runs_at_most, seconds, args.quiet || args.json);
  double next_json = 0;
  outcome.campaign = RunCampaign(scenario, args.campaign, [&](const Progress& p) {
    bar.Show(p);
    if (args.json && p.seconds >= next_json) {
      next_json = p.seconds + 1;
      PrintJson({{"schema", "reprise.fuzz/1"},
                 {"type", "progress"},
                 {"runs", p.runs},
                 {"seconds", p.seconds},
                 {"failures", p.failures}});
    }
    return !Interrupted();
  });
  bar.Clear();
  outcome.status = StatusOf(outcome.campaign);
  Reporter reporter(scenario, args, outcome.campaign);
  for (const Finding& finding : outcome.campaign.findings) {
    std::string path;
    if (absl::Status saved = reporter.Report(finding, path); !saved.ok()) {
      outcome.status = Worse(outcome.status, Complain("fuzz", saved));
    }
    outcome.traces.push_back(path);
  }
  PrintEnd(scenario, args, outcome.campaign);
  return outcome;
}

int FuzzCommand(const Catalogue& catalogue, const FuzzArgs& args) {
  std::vector<Scenario> scenarios;
  for (const std::string& name : args.scenarios) {
    auto scenario = catalogue.Make(name, args.options);
    if (!scenario.ok()) return Complain("fuzz", scenario.status());
    scenarios.push_back(std::move(*scenario));
  }
  if (absl::Status s = MakeDirectory(args.out); !s.ok()) return Complain("fuzz", s);
  WatchForInterrupts();
  int status = kOk;
  for (const Scenario& scenario : scenarios) {
    const FuzzOutcome outcome = FuzzOne(scenario, args);
    status = Worse(status, outcome.status);
    const bool goes_on = outcome.status == kViolation && args.campaign.keep_going;
    if (outcome.status != kOk && outcome.status != kUndecided && !goes_on) break;
  }
  return status;
}

}  // namespace reprise
