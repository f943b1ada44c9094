// reprise fuzz: searches for a run that fails, shrinks it, and writes it down.

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "sim/files.h"
#include "sim/search/audit.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"
#include "tools/reporter.h"

namespace reprise {
namespace {

Json NamesOf(const std::vector<Fault>& faults) {
  Json names = Json::array();
  for (Fault fault : faults) names.push_back(std::string(Info(fault).name));
  return names;
}

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
               {"base_seed", std::to_string(c.base_seed)},
               {"without", NamesOf(c.without)}});
    return;
  }
  std::printf("%s %s  %d nodes  %d workers  %sbase seed %s%s\n",
              Styled(Style::kBold, "fuzz").c_str(), scenario.FullName().c_str(), scenario.nodes(),
              c.jobs, limit.c_str(), std::to_string(c.base_seed).c_str(),
              args.faults.given() ? (" " + FaultOptions(args.faults)).c_str() : "");
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
               {"faults_wrong", AuditFaults(scenario, campaign.faults)},
               {"facts", FactsJson(campaign.facts)},
               {"metrics", MetricsJson(campaign.metrics)}});
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
  std::printf("      faults   %s\n",
              FaultCountsText(campaign.faults, std::string(15, ' ')).c_str());
  std::printf("      facts    %s\n", FactsText(campaign.facts).c_str());
  const std::string metrics = MetricsText(campaign.metrics);
  if (!metrics.empty()) std::printf("      metrics  %s\n", metrics.c_str());
  for (const std::string& line : AuditFaults(scenario, campaign.faults)) {
    std::printf("%s  faults   %s\n", Styled(Style::kRed, "FAIL").c_str(), line.c_str());
  }
}

// Of several scenarios: which of all faults there are no node ever met.
void PrintTotal(const FuzzArgs& args, uint64_t runs, const FaultCounts& faults) {
  std::vector<Fault> never;
  for (size_t i = 0; i < kFaults; ++i) {
    if (faults[static_cast<Fault>(i)].observed == 0) never.push_back(static_cast<Fault>(i));
  }
  if (args.json) {
    PrintJson({{"schema", "reprise.fuzz/1"},
               {"type", "total"},
               {"runs", runs},
               {"faults", FaultsJson(faults)},
               {"never_observed", NamesOf(never)}});
    return;
  }
  std::printf("%s  %s runs, %zu of %zu faults observed\n", Styled(Style::kBold, "all ").c_str(),
              Grouped(runs).c_str(), kFaults - never.size(), kFaults);
  std::printf("      faults   %s\n", FaultCountsText(faults, std::string(15, ' ')).c_str());
  std::string names;
  for (const Fault fault : never) names += "  " + std::string(Info(fault).name);
  if (!names.empty()) std::printf("      never  %s\n", names.c_str());
}

int StatusOf(const Scenario& scenario, const CampaignResult& campaign) {
  if (campaign.interrupted) return kInterrupted;
  if (!campaign.findings.empty()) return kViolation;
  if (!AuditFaults(scenario, campaign.faults).empty()) return kViolation;
  return campaign.unknown + campaign.skipped > 0 ? kUndecided : kOk;
}

}  // namespace

FuzzOutcome FuzzOne(const Scenario& scenario, const FuzzArgs& args) {
  FuzzOutcome outcome;
  PrintStart(scenario, args);
  if (!IsDeterministic(scenario, args.campaign.base_seed)) {
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
  outcome.status = StatusOf(scenario, outcome.campaign);
  for (const Finding& finding : outcome.campaign.findings) {
    const FailureReport report{.command = "fuzz",
                               .unseeded = "single",
                               .origin = "a single fault",
                               .out = args.out,
                               .faults = FaultOptions(args.faults),
                               .json = args.json,
                               .seconds = outcome.campaign.progress.seconds};
    std::string path;
    if (absl::Status saved = ReportFailure(scenario, finding, report, path); !saved.ok()) {
      outcome.status = Worse(outcome.status, Complain("fuzz", saved));
    }
    outcome.traces.push_back(path);
  }
  PrintEnd(scenario, args, outcome.campaign);
  return outcome;
}

int FuzzCommand(const Catalogue& catalogue, const FuzzArgs& args) {
  std::vector<Scenario> scenarios;
  std::vector<std::string> names = args.scenarios;
  if (names == std::vector<std::string>{"all"}) {
    names.clear();
    for (const Family& family : catalogue.families()) names.push_back(family.name);
  }
  for (const std::string& name : names) {
    auto scenario = catalogue.Make(name, args.options);
    if (!scenario.ok()) return Complain("fuzz", scenario.status());
    scenarios.push_back(std::move(*scenario));
  }
  FuzzArgs restricted = args;
  if (args.faults.given()) {
    const auto left_out = FaultsLeftOut(scenarios, args.faults);
    if (!left_out.ok()) return Complain("fuzz", left_out.status());
    restricted.campaign.without = *left_out;
  }
  if (absl::Status s = MakeDirectory(args.out); !s.ok()) return Complain("fuzz", s);
  WatchForInterrupts();
  int status = kOk;
  FaultCounts faults;
  uint64_t runs = 0;
  for (const Scenario& scenario : scenarios) {
    const FuzzOutcome outcome = FuzzOne(scenario, restricted);
    status = Worse(status, outcome.status);
    faults += outcome.campaign.faults;
    runs += outcome.campaign.progress.runs;
    const bool goes_on = outcome.status == kViolation && args.campaign.keep_going;
    if (outcome.status != kOk && outcome.status != kUndecided && !goes_on) break;
  }
  if (scenarios.size() > 1) PrintTotal(args, runs, faults);
  return status;
}

}  // namespace reprise
