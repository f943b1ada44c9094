// reprise explore: every crash within one or two of the calm run, with every disk it may leave.

#include "sim/search/explore.h"

#include <algorithm>
#include <cstdio>

#include "sim/files.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"
#include "tools/reporter.h"

namespace reprise {
namespace {

constexpr const char* kSchema = "reprise.explore/1";

std::string OfAtMost(uint64_t number) {
  return number == UINT64_MAX ? "more than 10^19" : Grouped(number);
}

Json LevelsJson(const ExploreResult& result) {
  Json out = Json::array();
  for (const ExploreLevel& level : result.levels) {
    out.push_back({{"crash_points", level.points},
                   {"refused", level.refused},
                   {"crash_points_run", level.points_run},
                   {"sampled", level.sampled},
                   {"images", std::to_string(level.images)},
                   {"images_run", level.images_run}});
  }
  return out;
}

// "depth 1  1,034 crash points, 1,030 run; 4 refused".
std::string LevelText(size_t depth, const ExploreLevel& level) {
  std::string out = "      depth " + std::to_string(depth) + "  " + Grouped(level.points) +
                    " crash points: " + Grouped(level.points_run) + " run";
  if (level.refused != 0) out += ", " + Grouped(level.refused) + " refused by the budget";
  const uint64_t seen = level.points_run + level.refused;
  if (seen < level.points) out += ", " + Grouped(level.points - seen) + " not reached";
  out += "\n               " + OfAtMost(level.images) +
         " legal images there: " + Grouped(level.images_run) + " run";
  if (level.sampled != 0) out += "; sampled at " + Grouped(level.sampled) + " points";
  return out + "\n";
}

void PrintStart(const Scenario& scenario, const ExploreArgs& args) {
  const ExploreOptions& o = args.explore;
  if (args.json) {
    PrintJson({{"schema", kSchema},
               {"type", "start"},
               {"scenario", scenario.FullName()},
               {"depth", o.depth},
               {"images_at_most", o.images_at_most},
               {"jobs", o.jobs},
               {"base_seed", std::to_string(o.base_seed)}});
    return;
  }
  const std::string runs = o.runs_at_most ? "  " + Grouped(*o.runs_at_most) + " runs" : "";
  std::printf("%s %s  %d nodes  %d workers  depth %d  %s images a crash%s\n",
              Styled(Style::kBold, "explore").c_str(), scenario.FullName().c_str(),
              scenario.nodes(), o.jobs, o.depth, Grouped(o.images_at_most).c_str(), runs.c_str());
  std::fflush(stdout);
}

void PrintEndJson(const Scenario& scenario, const ExploreResult& result) {
  const CampaignResult& c = result.campaign;
  PrintJson({{"schema", kSchema},
             {"type", "end"},
             {"scenario", scenario.FullName()},
             {"complete", result.complete},
             {"levels", LevelsJson(result)},
             {"runs", result.runs},
             {"looks", result.looks},
             {"first_failure", c.findings.empty() ? Json() : Json(c.findings.front().index + 1)},
             {"seconds", c.progress.seconds},
             {"unknown", c.unknown},
             {"skipped", c.skipped},
             {"interrupted", c.interrupted},
             {"findings", c.findings.size()},
             {"faults", FaultsJson(c.faults)},
             {"facts", FactsJson(c.facts)}});
}

int StatusOf(const ExploreResult& result) {
  const CampaignResult& c = result.campaign;
  if (c.interrupted) return kInterrupted;
  if (!c.findings.empty()) return kViolation;
  return result.complete && c.unknown + c.skipped == 0 ? kOk : kUndecided;
}

void PrintEnd(const Scenario& scenario, const ExploreResult& result) {
  const CampaignResult& c = result.campaign;
  const int status = StatusOf(result);
  std::string but;
  if (c.unknown + c.skipped > 0) {
    but = ", but " + Grouped(c.unknown) + " undecided and " + Grouped(c.skipped) + " skipped";
  } else if (!result.complete) {
    but = c.interrupted ? ", but interrupted" : ", but there was more to explore";
  }
  if (c.findings.empty()) {
    std::printf("%s  %s runs in %s, no violation%s\n",
                status == kOk ? Styled(Style::kGreen, "PASS").c_str()
                              : Styled(Style::kYellow, "????").c_str(),
                Grouped(result.runs).c_str(), Seconds(c.progress.seconds).c_str(), but.c_str());
  } else {
    std::printf("\n      the first failure was run %s of %s\n",
                Grouped(c.findings.front().index + 1).c_str(), scenario.FullName().c_str());
  }
  for (size_t i = 0; i < result.levels.size(); ++i) {
    std::printf("%s", LevelText(i + 1, result.levels[i]).c_str());
  }
  std::printf("      and %s runs only to see what there is to explore\n",
              Grouped(result.looks).c_str());
  std::printf("      faults   %s\n", FaultsText(c.faults).c_str());
  std::printf("      facts    %s\n", FactsText(c.facts).c_str());
}

}  // namespace

int ExploreCommand(const Catalogue& catalogue, const ExploreArgs& args) {
  const auto scenario = catalogue.Make(args.scenario.name, args.scenario.options);
  if (!scenario.ok()) return Complain("explore", scenario.status());
  if (absl::Status s = MakeDirectory(args.out); !s.ok()) return Complain("explore", s);
  WatchForInterrupts();
  PrintStart(*scenario, args);
  if (!IsDeterministic(*scenario, args.explore.base_seed)) return kDiverged;
  ProgressBar bar(args.explore.runs_at_most, std::nullopt, args.quiet || args.json);
  double next_json = 0;
  const ExploreResult result = Explore(*scenario, args.explore, [&](const Progress& p) {
    bar.Show(p);
    if (args.json && p.seconds >= next_json) {
      next_json = p.seconds + 1;
      PrintJson({{"schema", kSchema},
                 {"type", "progress"},
                 {"runs", p.runs},
                 {"seconds", p.seconds},
                 {"failures", p.failures}});
    }
    return !Interrupted();
  });
  bar.Clear();
  int status = StatusOf(result);
  const FailureReport report{.command = "explore",
                             .unseeded = "explored",
                             .origin = "a crash within the calm run",
                             .out = args.out,
                             .json = args.json,
                             .seconds = result.campaign.progress.seconds};
  for (const Finding& finding : result.campaign.findings) {
    std::string path;
    if (absl::Status saved = ReportFailure(*scenario, finding, report, path); !saved.ok()) {
      status = Worse(status, Complain("explore", saved));
    }
  }
  args.json ? PrintEndJson(*scenario, result) : PrintEnd(*scenario, result);
  return status;
}

}  // namespace reprise
