// reprise needs: which faults each known bug needs. Each mutant is found and shrunk, and then
// fuzzed again with only the faults of one class, and with all but these. The tables in
// docs/needs.md are what this prints.

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "sim/search/isolate.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/fault_classes.h"
#include "tools/report.h"
#include "tools/reporter.h"

namespace reprise {
namespace {

using Faults = std::set<Fault>;

// How a campaign ended: after how many seeds the mutant was found, or 0.
struct Outcome {
  uint64_t found = 0;
  std::string with = {};  // What had to be added.
};

struct Line {
  std::string name;  // Of a class, or an area.
  bool is_class = true;
  Outcome only, without;
};

struct Row {
  std::string family;
  MutantInfo mutant;
  uint64_t seeds = 0;  // Until it was found, with all faults; 0: it was not.
  Faults in_trace;     // When shrunk.
  Outcome trace_only;  // With the faults of the trace, and no others.
  std::vector<Line> lines;
};

Faults MenuOf(const Scenario& scenario) {
  Faults menu;
  for (size_t i = 0; i < kFaults; ++i) {
    if (RateOf(scenario, static_cast<Fault>(i)).num != 0) menu.insert(static_cast<Fault>(i));
  }
  return menu;
}

Faults FaultsIn(const Departures& departures) {
  Faults faults;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    const auto is_it = [&](const Departure& d) { return d.address.site.label == LabelOf(fault); };
    if (std::ranges::any_of(departures, is_it)) faults.insert(fault);
  }
  return faults;
}

Faults Both(const Faults& a, const Faults& b) {
  Faults out;
  std::ranges::set_intersection(a, b, std::inserter(out, out.end()));
  return out;
}

Faults Minus(const Faults& a, const Faults& b) {
  Faults out;
  std::ranges::set_difference(a, b, std::inserter(out, out.end()));
  return out;
}

std::string Names(const Faults& faults) {
  std::string out;
  for (Fault fault : faults) out += (out.empty() ? "" : ", ") + std::string(Info(fault).name);
  return out;
}

class Examiner {
 public:
  Examiner(const Scenario& scenario, const NeedsArgs& args)
      : scenario_(scenario), args_(args), menu_(MenuOf(scenario)) {}

  void Examine(Row& row) const {
    const CampaignResult all = Campaign({}, SeedsFor(row.mutant));
    if (all.findings.empty()) return;
    row.seeds = all.findings.front().index + 1;
    row.in_trace = FaultsIn(ShrinkFinding(scenario_, all.findings.front()).departures);
    if (row.in_trace.empty()) return;  // The calm run fails: it needs none.
    row.trace_only = Only(row.in_trace);
    for (const FaultClass& kind : FaultClasses()) {
      AddLine(row, std::string(kind.name), Faults(kind.faults.begin(), kind.faults.end()), true);
    }
    std::map<std::string, Faults> areas;
    for (Fault fault : menu_) areas[std::string(Info(fault).area)].insert(fault);
    for (const auto& [area, faults] : areas) AddLine(row, area, faults, false);
  }

 private:
  CampaignResult Campaign(const Faults& without, uint64_t seeds) const {
    const CampaignOptions options{.strategy = Strategy::kSwarm,
                                  .base_seed = args_.base_seed,
                                  .without = {without.begin(), without.end()},
                                  .runs_at_most = seeds,
                                  .time_at_most = {},
                                  .jobs = args_.jobs};
    return RunCampaign(scenario_, options, [](const Progress&) { return !Interrupted(); });
  }

  Outcome Without(const Faults& faults) const {
    const CampaignResult campaign = Campaign(faults, args_.runs);
    return {campaign.findings.empty() ? 0 : campaign.findings.front().index + 1};
  }

  // With these alone, where that will do. Else with crashes as well, which lose nothing by
  // themselves; and of crashes, with what they may lose.
  Outcome Only(const Faults& faults) const {
    const bool can_strike =
        !std::ranges::all_of(faults, [](Fault fault) { return StrikesAtCrashes(fault); });
    if (can_strike) {
      const Outcome alone = Without(Minus(menu_, faults));
      if (alone.found != 0) return alone;
    }
    const Faults crashes = Both(menu_, {Fault::kCrash, Fault::kCrashAt});
    const bool has_crashes = std::ranges::includes(faults, crashes);
    Faults more =
        has_crashes ? Both(menu_, {Fault::kUnsynced, Fault::kTorn, Fault::kEntries}) : crashes;
    if (std::ranges::includes(faults, more)) return {};
    more.insert(faults.begin(), faults.end());
    return {Without(Minus(menu_, more)).found, has_crashes ? "losses" : "crashes"};
  }

  void AddLine(Row& row, const std::string& name, const Faults& faults, bool is_class) const {
    if (Interrupted() || Both(faults, row.in_trace).empty()) return;
    const Faults on_menu = Both(faults, menu_);
    Outcome only = Only(on_menu);
    // It may take several classes together: those of the shrunk trace.
    const Faults others = Minus(row.in_trace, on_menu);
    if (only.found == 0 && !others.empty()) only = {row.trace_only.found, Names(others)};
    row.lines.push_back({name, is_class, only, Without(on_menu)});
  }

  const Scenario& scenario_;
  const NeedsArgs& args_;
  const Faults menu_;
};

std::string FoundText(const Outcome& outcome) {
  if (outcome.found == 0) return "no";
  return std::to_string(outcome.found) + (outcome.with.empty() ? "" : " with " + outcome.with);
}

std::string SurvivedText(const Outcome& outcome, uint64_t runs) {
  return outcome.found == 0 ? "survived " + std::to_string(runs)
                            : "found after " + std::to_string(outcome.found);
}

void PrintRow(const Row& row, const NeedsArgs& args) {
  const std::string name = row.family + ":" + row.mutant.name + " | " + row.mutant.id;
  const auto line = [&](const std::string& what, const std::string& only,
                        const std::string& without) {
    std::printf("| %s | %s | %s | %s |\n", name.c_str(), what.c_str(), only.c_str(),
                without.c_str());
  };
  if (row.seeds == 0) {
    line("not found", "", "");
  } else if (row.in_trace.empty()) {
    line("none: the calm run fails", "", "");
  } else {
    line("its shrunk trace: " + Names(row.in_trace), FoundText(row.trace_only), "");
    for (const Line& l : row.lines) {
      line(l.is_class ? l.name : "all of " + l.name, FoundText(l.only),
           SurvivedText(l.without, args.runs));
    }
  }
  std::fflush(stdout);
}

Json OutcomeJson(const Outcome& outcome) {
  return {{"seeds", outcome.found == 0 ? Json() : Json(outcome.found)}, {"with", outcome.with}};
}

void PrintRowJson(const Row& row, const NeedsArgs& args) {
  Json out = {{"schema", "reprise.needs/1"}, {"scenario", row.family + ":" + row.mutant.name},
              {"id", row.mutant.id},         {"runs", args.runs},
              {"seeds", row.seeds},          {"in_trace", Json::array()},
              {"classes", Json::array()},    {"areas", Json::array()}};
  for (Fault fault : row.in_trace) out["in_trace"].push_back(std::string(Info(fault).name));
  for (const Line& l : row.lines) {
    out[l.is_class ? "classes" : "areas"].push_back(
        {{"name", l.name}, {"only", OutcomeJson(l.only)}, {"without", OutcomeJson(l.without)}});
  }
  PrintJson(out);
}

// Of each class, the mutants that are not found without it, and what else these need.
void PrintSummary(const std::vector<Row>& rows) {
  std::printf("\n| class | its faults | mutants that need it |\n|---|---|---|\n");
  for (const FaultClass& kind : FaultClasses()) {
    std::string ids;
    for (const Row& row : rows) {
      for (const Line& l : row.lines) {
        if (!l.is_class || l.name != kind.name || l.only.found == 0 || l.without.found != 0)
          continue;
        ids += (ids.empty() ? "" : ", ") + row.mutant.id;
        if (!l.only.with.empty()) ids += " (with " + l.only.with + ")";
      }
    }
    std::printf("| %s | %s | %s |\n", std::string(kind.name).c_str(),
                Names({kind.faults.begin(), kind.faults.end()}).c_str(),
                ids.empty() ? "none" : ids.c_str());
  }
}

}  // namespace

int NeedsCommand(const Catalogue& catalogue, const NeedsArgs& args) {
  std::vector<Row> rows;
  for (const std::string& name : args.scenarios) {
    if (const auto made = catalogue.Make(name); !made.ok()) return Complain("needs", made.status());
  }
  WatchForInterrupts();
  if (!args.json) {
    std::printf(
        "| mutant | id | faults | found with only these | without these |\n"
        "|---|---|---|---|---|\n");
  }
  for (const Family& family : catalogue.families()) {
    for (const MutantInfo& mutant : family.mutants) {
      const auto is_it = [&](const std::string& name) {
        return name == family.name || catalogue.FindMutant(name) == &mutant;
      };
      if (mutant.decoy) continue;
      if (!args.scenarios.empty() && std::ranges::none_of(args.scenarios, is_it)) continue;
      const Scenario scenario = *catalogue.Make(family.name + ":" + mutant.name);
      Row& row = rows.emplace_back();
      row.family = family.name;
      row.mutant = mutant;
      Examiner(scenario, args).Examine(row);
      if (Interrupted()) return kInterrupted;
      args.json ? PrintRowJson(row, args) : PrintRow(row, args);
    }
  }
  if (!args.json) PrintSummary(rows);
  return kOk;
}

}  // namespace reprise
