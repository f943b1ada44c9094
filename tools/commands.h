// What each command does once its options are known. Private to tools/; each returns the exit
// status.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/family.h"
#include "sim/search/campaign.h"
#include "sim/search/explore.h"
#include "tools/digests.h"
#include "tools/fault_names.h"
#include "tools/kill_table.h"
#include "tools/tables.h"

namespace reprise {

struct ScenarioArgs {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
};

struct ListArgs {
  std::string family;  // Empty for all.
  bool faults = false;
  bool json = false;
};
int ListCommand(const Catalogue& catalogue, const ListArgs& args);

struct RunArgs {
  ScenarioArgs scenario;
  std::optional<uint64_t> seed;  // Without one, the calm run.
  FaultArgs faults;
  std::string trace, events;  // Files to write, where not empty.
  bool twice = false;
  bool json = false;
};
int RunCommand(const Catalogue& catalogue, const RunArgs& args);

struct FuzzArgs {
  std::vector<std::string> scenarios;
  std::vector<std::pair<std::string, std::string>> options;
  FaultArgs faults;
  CampaignOptions campaign;
  std::string out = "failures";
  bool json = false;
  bool quiet = false;  // No progress.
};
int FuzzCommand(const Catalogue& catalogue, const FuzzArgs& args);

// One scenario's campaign, and what it found, shrunk and written. Fuzzing proper, for other
// commands.
struct FuzzOutcome {
  int status = 0;
  CampaignResult campaign;
  std::vector<std::string> traces;
};
FuzzOutcome FuzzOne(const Scenario& scenario, const FuzzArgs& args);

struct ExploreArgs {
  ScenarioArgs scenario;
  ExploreOptions explore;
  std::string out = "failures";
  bool json = false;
  bool quiet = false;  // No progress.
};
int ExploreCommand(const Catalogue& catalogue, const ExploreArgs& args);

struct ReplayArgs {
  std::string trace;
  bool lenient = false;
  std::optional<uint64_t> until;     // Print the events up to this one.
  std::optional<uint64_t> break_at;  // Stop in a debugger at this one.
  bool print_events = false;
  bool interactive = false;  // Walk through the events, by commands on the standard input.
  std::string expect;        // "fail", "pass" or an oracle.
  std::string events;        // A file to write them to.
  bool json = false;
};
int ReplayCommand(const Catalogue& catalogue, const ReplayArgs& args);

struct ShrinkArgs {
  std::string trace, out;
  uint64_t runs_at_most = 5000;
  bool json = false;
};
int ShrinkCommand(const Catalogue& catalogue, const ShrinkArgs& args);

struct TimelineArgs {
  std::string trace, out;
  std::string title;
  size_t messages = 0;  // At most; 0 for the usual number.
  bool cone = false;    // The causal past of the violation bold, the rest faded.
  bool dark = false;
  bool vertical = false;  // Time runs down.
  bool history = false;   // What clients invoked and got back, instead of messages.
  bool lenient = false;
};
int TimelineCommand(const Catalogue& catalogue, const TimelineArgs& args);

struct DiffArgs {
  std::string one, other;  // Traces; without the other, the nearest run that passes.
  std::string out;         // A file for a picture or text, where not empty.
  size_t events = 60;
  size_t messages = 60;
  uint64_t runs = 1000;
  int jobs = 1;
  bool lenient = false;
  bool json = false;
};
int DiffCommand(const Catalogue& catalogue, const DiffArgs& args);

struct ExplainArgs {
  std::vector<std::string> traces;  // One, but for a table.
  uint64_t runs = 1000;
  uint64_t futures = 40;
  size_t sentences = 40;
  int jobs = 0;  // As many as there are processors.
  bool table = false;
  bool lenient = false;
  bool json = false;
};
int ExplainCommand(const Catalogue& catalogue, const ExplainArgs& args);

struct ExportArgs {
  std::string trace, out;
  std::string format;  // By the ending of the file, where empty.
  bool lenient = false;
};
int ExportCommand(const Catalogue& catalogue, const ExportArgs& args);

struct ReportArgs {
  ScenarioArgs scenario;
  uint64_t runs = 1000;
  uint64_t base_seed = 1;
  int jobs = 1;
  std::string plot;  // A file for the picture (SVG), where not empty.
  bool json = false;
};
int ReportCommand(const Catalogue& catalogue, const ReportArgs& args);

struct MutantsArgs {
  std::string out;  // Where each shrunk trace goes, as FAMILY/MUTANT.trace; nowhere, where empty.
  std::vector<std::string> names;      // Of families or mutants; empty for all.
  uint64_t decoy_runs = 100'000;       // That nobody may complain of.
  uint64_t seeds_at_most = 1'000'000;  // For each, where its class allows more.
  uint64_t shrink_runs = 12'000;       // At most, for each.
  int jobs = 1;
  uint64_t base_seed = 1;
  std::string resume;  // A file of rows to go on from, and to add to; none where empty.
  TableForm form = TableForm::kText;
};
int MutantsCommand(const Catalogue& catalogue, const MutantsArgs& args);

struct NeedsArgs {
  std::vector<std::string> scenarios;  // Families, or mutants of theirs. Empty for all.
  uint64_t runs = 2000;                // Seeds of each campaign.
  int jobs = 1;
  uint64_t base_seed = 1;
  bool json = false;
};
int NeedsCommand(const Catalogue& catalogue, const NeedsArgs& args);

struct DigestsArgs {
  std::string out;    // A file for the table; the standard output, where empty.
  std::string check;  // A table to hold the runs against; none, where empty.
  uint64_t seeds = kGoldenSeeds;
  bool json = false;
};
int DigestsCommand(const Catalogue& catalogue, const DigestsArgs& args);

struct TablesArgs {
  std::vector<std::string> tables;  // Empty for all.
  bool markdown = false;
  bool json = false;
};
int TablesCommand(const Tables& tables, const TablesArgs& args);

struct BenchArgs {
  std::vector<std::string> workloads;  // Or scenarios. Empty for all the standard ones.
  std::vector<std::pair<std::string, std::string>> options;  // Of scenarios.
  int repeats = 5;
  bool json = false;
};
int BenchCommand(const Catalogue& catalogue, const BenchArgs& args);

struct DemoArgs {
  std::string out = "out/demo";
  int jobs = 1;
  double seconds = 60;
};
int DemoCommand(const Catalogue& catalogue, const DemoArgs& args);

}  // namespace reprise
