// reprise mutants: fuzzes every mutant, and prints how soon each was found and how small its
// failure became. The table in docs/mutants.md is what this prints.

#include <algorithm>
#include <cstdio>

#include "sim/files.h"
#include "sim/search/isolate.h"
#include "sim/trace.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {
namespace {

struct Row {
  std::string family;
  MutantInfo mutant;
  std::string by;      // The oracle that found it, which is the one that it names; or nothing.
  uint64_t seeds = 0;  // Until it was found.
  Shrunk shrunk;
  bool replays = false;  // Its trace, written and read back, is the same run.
};

bool ReplaysFromText(const Scenario& scenario, const Shrunk& shrunk) {
  const auto trace = ParseTrace(FormatTrace(TraceOf(scenario, shrunk.result)));
  if (!trace.ok()) return false;
  const RunResult now = Simulate(scenario, Choices::FromDepartures(trace->departures));
  return now.digest == trace->digest && now.verdict.oracle == trace->oracle;
}

Row Examine(const Catalogue& catalogue, const Family& family, const MutantInfo& mutant,
            const MutantsArgs& args) {
  Row row{.family = family.name,
          .mutant = mutant,
          .by = "",
          .seeds = 0,
          .shrunk = {},
          .replays = false};
  const Scenario scenario = *catalogue.Make(family.name + ":" + mutant.name);
  CampaignOptions options{.strategy = Strategy::kSwarm,
                          .base_seed = args.base_seed,
                          .runs_at_most = mutant.decoy ? args.decoy_runs : SeedsFor(mutant),
                          .time_at_most = {},
                          .jobs = args.jobs,
                          .runs_after = 2'000,
                          .oracle = mutant.decoy ? "" : mutant.oracle};
  const CampaignResult campaign =
      RunCampaign(scenario, options, [](const Progress&) { return !Interrupted(); });
  if (campaign.findings.empty()) return row;
  const Finding& finding = campaign.findings.front();
  row.by = finding.first.verdict.oracle;
  row.seeds = finding.index + 1;
  row.shrunk = ShrinkFinding(scenario, finding, {.runs_of_all_at_most = args.shrink_runs});
  row.replays = row.shrunk.twice && ReplaysFromText(scenario, row.shrunk);
  return row;
}

bool Good(const Row& row) {
  return row.mutant.decoy ? row.by.empty() : !row.by.empty() && row.replays;
}

bool IsWanted(const MutantsArgs& args, const Family& family, const MutantInfo& mutant) {
  return args.names.empty() || std::ranges::any_of(args.names, [&](const std::string& name) {
           return name == family.name || name == family.name + ":" + mutant.name ||
                  name == family.name + ":" + mutant.id;
         });
}

// The corpus in traces/ is what this writes.
absl::Status Save(const Catalogue& catalogue, const MutantsArgs& args, const Row& row) {
  if (args.out.empty() || row.by.empty()) return absl::OkStatus();
  const std::string directory = args.out + "/" + row.family;
  if (absl::Status s = MakeDirectory(directory); !s.ok()) return s;
  const Scenario scenario = *catalogue.Make(row.family + ":" + row.mutant.name);
  return SaveFile(directory + "/" + row.mutant.name + ".trace",
                  FormatTrace(TraceOf(scenario, row.shrunk.result)));
}

void PrintHead(bool markdown) {
  if (markdown) {
    std::printf(
        "| mutant | id | class | oracle | seeds to find | departures | shrunk to | events | "
        "runs to shrink | replays |\n|---|---|---|---|--:|--:|--:|--:|--:|---|\n");
  } else {
    std::printf("%s\n",
                Styled(Style::kBold, Padded("MUTANT", 44) + Padded("ID", 8) + Padded("CLASS", 7) +
                                         Padded("FOUND BY", 17) + Padded("SEEDS", 8) +
                                         Padded("DEPARTURES", 14) + Padded("EVENTS", 8) +
                                         Padded("RUNS", 8) + "REPLAYS")
                    .c_str());
  }
  std::fflush(stdout);
}

void PrintRow(const Row& row, bool markdown) {
  const std::string name = row.family + ":" + row.mutant.name;
  const std::string by = row.by.empty() ? "not found" : row.by;
  const std::string replays = row.by.empty() ? "-" : row.replays ? "bit for bit" : "NO";
  const std::string before = std::to_string(row.shrunk.before);
  const std::string after = std::to_string(row.shrunk.departures.size());
  const std::string events = std::to_string(row.shrunk.result.events);
  const std::string runs = std::to_string(row.shrunk.runs);
  if (markdown) {
    std::printf("| %s | %s | %s | %s | %llu | %s | %s | %s | %s | %s |\n", name.c_str(),
                row.mutant.id.c_str(), row.mutant.difficulty.c_str(), by.c_str(),
                static_cast<unsigned long long>(row.seeds), before.c_str(), after.c_str(),
                events.c_str(), runs.c_str(), replays.c_str());
  } else {
    std::printf("%s%s%s%s%s%s%s%s%s\n", Padded(name, 44).c_str(), Padded(row.mutant.id, 8).c_str(),
                Padded(row.mutant.difficulty, 7).c_str(), Padded(by, 17).c_str(),
                Padded(std::to_string(row.seeds), 8).c_str(),
                Padded(before + " -> " + after, 14).c_str(), Padded(events, 8).c_str(),
                Padded(runs, 8).c_str(), replays.c_str());
  }
  std::fflush(stdout);
}

void PrintJson(const Row& row) {
  const Json json = {{"schema", "reprise.mutants/1"},
                     {"scenario", row.family + ":" + row.mutant.name},
                     {"id", row.mutant.id},
                     {"class", row.mutant.difficulty},
                     {"oracle", row.mutant.oracle},
                     {"found_by", row.by},
                     {"seeds", row.seeds},
                     {"departures_before", row.shrunk.before},
                     {"departures", row.shrunk.departures.size()},
                     {"events", row.shrunk.result.events},
                     {"shrink_runs", row.shrunk.runs},
                     {"replays", row.replays}};
  std::printf("%s\n", Dump(json).c_str());
  std::fflush(stdout);
}

}  // namespace

uint64_t SeedsFor(const MutantInfo& mutant) {
  if (mutant.difficulty == "D1") return 200;
  if (mutant.difficulty == "D2") return 20'000;
  return 1'000'000;
}

int MutantsCommand(const Catalogue& catalogue, const MutantsArgs& args) {
  for (const std::string& name : args.names) {
    const auto made = catalogue.Make(name);
    if (!made.ok()) return Complain("mutants", made.status());
  }
  WatchForInterrupts();
  if (!args.json) PrintHead(args.markdown);
  bool all_good = true;
  for (const Family& family : catalogue.families()) {
    for (const MutantInfo& mutant : family.mutants) {
      if (!IsWanted(args, family, mutant)) continue;
      const Row row = Examine(catalogue, family, mutant, args);
      if (Interrupted()) return kInterrupted;
      args.json ? PrintJson(row) : PrintRow(row, args.markdown);
      if (const absl::Status s = Save(catalogue, args, row); !s.ok()) return Complain("mutants", s);
      all_good &= Good(row);
    }
  }
  return all_good ? kOk : kViolation;
}

}  // namespace reprise
