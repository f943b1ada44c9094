// reprise mutants: fuzzes every mutant, and prints how soon each was found and how small its
// failure became, and what each class of them has come to. The table in docs/mutants.md is what
// this prints.

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "sim/files.h"
#include "sim/search/isolate.h"
#include "sim/trace.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/kill_table.h"

namespace reprise {
namespace {

bool ReplaysFromText(const Scenario& scenario, const Shrunk& shrunk) {
  const auto trace = ParseTrace(FormatTrace(TraceOf(scenario, shrunk.result)));
  if (!trace.ok()) return false;
  const RunResult now = Simulate(scenario, Choices::FromDepartures(trace->departures));
  return now.digest == trace->digest && now.verdict.oracle == trace->oracle;
}

// What is to be found out about it, and of which program.
KillRow Wanted(const Family& family, const MutantInfo& mutant, const Scenario& scenario,
               const MutantsArgs& args) {
  KillRow row;
  row.scenario = family.name + ":" + mutant.name;
  row.mutant = mutant;
  row.base_seed = args.base_seed;
  row.seeds_at_most =
      mutant.decoy ? args.decoy_runs : std::min(SeedsFor(mutant), args.seeds_at_most);
  row.shrink_runs_at_most = args.shrink_runs;
  row.probe = SimulateIsolated(scenario, Choices::FromSeed(args.base_seed)).digest;
  return row;
}

// Fills in the row, and returns the failure that became smallest.
Shrunk Examine(const Scenario& scenario, int jobs, KillRow& row) {
  CampaignOptions options{.strategy = Strategy::kSwarm,
                          .base_seed = row.base_seed,
                          .runs_at_most = row.seeds_at_most,
                          .time_at_most = {},
                          .jobs = jobs,
                          .runs_after = 2'000,
                          .oracle = row.mutant.decoy ? "" : row.mutant.oracle};
  const CampaignResult campaign =
      RunCampaign(scenario, options, [](const Progress&) { return !Interrupted(); });
  if (campaign.findings.empty()) {
    row.seeds = campaign.progress.runs;
    return {};
  }
  const Finding& finding = campaign.findings.front();
  row.found_by = finding.first.verdict.oracle;
  row.seeds = finding.index + 1;
  Shrunk shrunk =
      ShrinkFinding(scenario, finding, {.runs_of_all_at_most = row.shrink_runs_at_most});
  row.replays = shrunk.twice && ReplaysFromText(scenario, shrunk);
  row.departures_before = shrunk.before;
  row.departures = shrunk.departures.size();
  row.events = shrunk.result.events;
  row.shrink_runs = shrunk.runs;
  return shrunk;
}

bool IsWanted(const MutantsArgs& args, const Family& family, const MutantInfo& mutant) {
  return args.names.empty() || std::ranges::any_of(args.names, [&](const std::string& name) {
           return name == family.name || name == family.name + ":" + mutant.name ||
                  name == family.name + ":" + mutant.id;
         });
}

// The corpus in traces/ is what this writes.
std::string TraceFile(const MutantsArgs& args, const Family& family, const MutantInfo& mutant) {
  return args.out + "/" + family.name + "/" + mutant.name + ".trace";
}

absl::Status Save(const std::string& path, const Scenario& scenario, const Shrunk& shrunk) {
  const std::string directory = std::filesystem::path(path).parent_path();
  if (absl::Status s = MakeDirectory(directory); !s.ok()) return s;
  return SaveFile(path, FormatTrace(TraceOf(scenario, shrunk.result)));
}

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// The rows, in order. Those that the record has are taken from there, unless their trace is missing
// where traces are to be written.
class Examination {
 public:
  Examination(const MutantsArgs& args, KillRecord record)
      : args_(args), record_(std::move(record)) {}

  absl::Status Do(const Family& family, const MutantInfo& mutant, const Scenario& scenario) {
    KillRow row = Wanted(family, mutant, scenario, args_);
    const std::string file = args_.out.empty() ? "" : TraceFile(args_, family, mutant);
    const KillRow* known = record_.Find(row);
    if (known != nullptr && (file.empty() || !known->found() || std::filesystem::exists(file))) {
      row = *known;
      row.mutant = mutant;
    } else {
      const Shrunk shrunk = Examine(scenario, args_.jobs, row);
      if (Interrupted()) return absl::OkStatus();
      if (!file.empty() && row.found()) {
        if (absl::Status s = Save(file, scenario, shrunk); !s.ok()) return s;
      }
      if (absl::Status s = record_.Add(row); !s.ok()) return s;
    }
    Print(LineOf(row, args_.form));
    rows_.push_back(std::move(row));
    return absl::OkStatus();
  }

  const std::vector<KillRow>& rows() const { return rows_; }

 private:
  const MutantsArgs& args_;
  KillRecord record_;
  std::vector<KillRow> rows_;
};

}  // namespace

int MutantsCommand(const Catalogue& catalogue, const MutantsArgs& args) {
  for (const std::string& name : args.names) {
    const auto made = catalogue.Make(name);
    if (!made.ok()) return Complain("mutants", made.status());
  }
  auto record = args.resume.empty() ? KillRecord() : KillRecord::Load(args.resume);
  if (!record.ok()) return Complain("mutants", record.status());
  WatchForInterrupts();
  Examination examination(args, *std::move(record));
  Print(HeadOf(args.form));
  for (const Family& family : catalogue.families()) {
    for (const MutantInfo& mutant : family.mutants) {
      if (!IsWanted(args, family, mutant)) continue;
      const Scenario scenario = *catalogue.Make(family.name + ":" + mutant.name);
      const absl::Status done = examination.Do(family, mutant, scenario);
      if (!done.ok()) return Complain("mutants", done);
      if (Interrupted()) return kInterrupted;
    }
  }
  const auto classes = ClassesOf(examination.rows());
  Print(SummaryOf(classes, args.form));
  const bool all_replay = std::ranges::all_of(
      examination.rows(), [](const KillRow& row) { return !row.found() || row.replays; });
  return all_replay && std::ranges::all_of(classes, &KillClass::met) ? kOk : kViolation;
}

}  // namespace reprise
