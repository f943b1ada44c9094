#include "tools/kill_table.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/files.h"
#include "tools/console.h"

namespace reprise {
namespace {

constexpr char kSchema[] = "reprise.mutants/2";

std::string Replays(const KillRow& row) {
  return !row.found() ? "-" : row.replays ? "bit for bit" : "NO";
}

std::string Outcome(const KillRow& row) { return row.found() ? row.found_by : "not found"; }

std::string Demand(const KillClass& c) {
  if (c.name == "decoy") return "never complained of";
  if (c.name == "D3") return "found or told by a story";
  return "found";
}

KillRow FromJson(const Json& json) {
  KillRow row;
  row.scenario = json.at("scenario");
  row.mutant.name = row.scenario.substr(row.scenario.find(':') + 1);
  row.mutant.id = json.at("id");
  row.mutant.difficulty = json.at("class");
  row.mutant.oracle = json.at("oracle");
  row.mutant.decoy = json.at("decoy");
  row.mutant.story = json.at("story");
  row.base_seed = json.at("base_seed");
  row.seeds_at_most = json.at("seeds_at_most");
  row.shrink_runs_at_most = json.at("shrink_runs_at_most");
  row.probe = std::stoull(json.at("probe").get<std::string>(), nullptr, 16);
  row.found_by = json.at("found_by");
  row.seeds = json.at("seeds");
  row.departures_before = json.at("departures_before");
  row.departures = json.at("departures");
  row.events = json.at("events");
  row.shrink_runs = json.at("shrink_runs");
  row.replays = json.at("replays");
  return row;
}

}  // namespace

uint64_t SeedsFor(const MutantInfo& mutant) {
  if (mutant.difficulty == "D1") return 200;
  if (mutant.difficulty == "D2") return 20'000;
  return 1'000'000;
}

std::vector<KillClass> ClassesOf(const std::vector<KillRow>& rows) {
  std::vector<KillClass> classes = {
      {"D1", 100, 0, 0, {}, {}},
      {"D2", 95, 0, 0, {}, {}},
      {"D3", 60, 0, 0, {}, {}},
      {"decoy", 100, 0, 0, {}, {}},
  };
  for (const KillRow& row : rows) {
    const auto at = std::ranges::find(classes, row.mutant.decoy ? "decoy" : row.mutant.difficulty,
                                      &KillClass::name);
    if (at == classes.end()) continue;
    const bool told = !row.found() && at->name == "D3" && !row.mutant.story.empty();
    ++at->all;
    if (row.good() || told) ++at->good;
    if (told) at->told.push_back(row.mutant.id);
    if (!row.good() && !told) at->missed.push_back(row.mutant.id);
  }
  std::erase_if(classes, [](const KillClass& c) { return c.all == 0; });
  return classes;
}

Json ToJson(const KillRow& row) {
  return {{"schema", kSchema},
          {"scenario", row.scenario},
          {"id", row.mutant.id},
          {"class", row.mutant.difficulty},
          {"oracle", row.mutant.oracle},
          {"decoy", row.mutant.decoy},
          {"story", row.mutant.story},
          {"base_seed", row.base_seed},
          {"seeds_at_most", row.seeds_at_most},
          {"shrink_runs_at_most", row.shrink_runs_at_most},
          {"probe", Hex(row.probe)},
          {"found_by", row.found_by},
          {"seeds", row.seeds},
          {"departures_before", row.departures_before},
          {"departures", row.departures},
          {"events", row.events},
          {"shrink_runs", row.shrink_runs},
          {"replays", row.replays}};
}

std::string HeadOf(TableForm form) {
  if (form == TableForm::kJson) return "";
  if (form == TableForm::kMarkdown) {
    return "| mutant | id | class | found by | seeds | departures | shrunk to | events | "
           "runs to shrink | replays |\n|---|---|---|---|--:|--:|--:|--:|--:|---|\n";
  }
  return Styled(Style::kBold, Padded("MUTANT", 44) + Padded("ID", 8) + Padded("CLASS", 7) +
                                  Padded("FOUND BY", 21) + Padded("SEEDS", 8) +
                                  Padded("DEPARTURES", 14) + Padded("EVENTS", 8) +
                                  Padded("RUNS", 8) + "REPLAYS") +
         "\n";
}

std::string LineOf(const KillRow& row, TableForm form) {
  if (form == TableForm::kJson) return Dump(ToJson(row)) + "\n";
  if (form == TableForm::kMarkdown) {
    return absl::StrCat(
        "| ", row.scenario, " | ", row.mutant.id, " | ", row.mutant.difficulty, " | ", Outcome(row),
        " | ", Grouped(row.seeds), " | ", Grouped(row.departures_before), " | ", row.departures,
        " | ", Grouped(row.events), " | ", Grouped(row.shrink_runs), " | ", Replays(row), " |\n");
  }
  return Padded(row.scenario, 44) + Padded(row.mutant.id, 8) + Padded(row.mutant.difficulty, 7) +
         Padded(Outcome(row), 21) + Padded(std::to_string(row.seeds), 8) +
         Padded(absl::StrCat(row.departures_before, " -> ", row.departures), 14) +
         Padded(std::to_string(row.events), 8) + Padded(std::to_string(row.shrink_runs), 8) +
         Replays(row) + "\n";
}

std::string SummaryOf(const std::vector<KillClass>& classes, TableForm form) {
  if (form == TableForm::kJson) return "";
  std::string text = form == TableForm::kMarkdown
                         ? "\n| class | asked | met by | | missed | told by a story |\n"
                           "|---|---|--:|---|---|---|\n"
                         : "\n";
  for (const KillClass& c : classes) {
    const std::string asked = c.at_least_percent == 100
                                  ? "all " + Demand(c)
                                  : absl::StrCat(c.at_least_percent, " % ", Demand(c));
    const std::string met = absl::StrCat(c.good, " of ", c.all);
    const std::string missed = absl::StrJoin(c.missed, ", "), told = absl::StrJoin(c.told, ", ");
    if (form == TableForm::kMarkdown) {
      absl::StrAppend(&text, "| ", c.name, " | ", asked, " | ", met, " | ",
                      c.met() ? "met" : "NOT MET", " | ", missed, " | ", told, " |\n");
    } else {
      text += (c.met() ? Styled(Style::kGreen, "met    ") : Styled(Style::kRed, "NOT MET")) + "  " +
              Padded(c.name, 7) + Padded(met, 12) + asked;
      if (!missed.empty()) absl::StrAppend(&text, "; missed: ", missed);
      if (!told.empty()) absl::StrAppend(&text, "; told by a story: ", told);
      text += "\n";
    }
  }
  return text;
}

absl::StatusOr<KillRecord> KillRecord::Load(const std::string& path) {
  KillRecord record;
  record.path_ = path;
  if (!std::filesystem::exists(path)) return record;
  const auto text = LoadFile(path, 64 << 20);
  if (!text.ok()) return text.status();
  size_t number = 0;
  for (const auto line : absl::StrSplit(*text, '\n')) {
    ++number;
    if (line.empty()) continue;
    const auto refuse = [&](const std::string& why) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", why,
                                                     "; give the record of an earlier call, or a "
                                                     "file that does not exist yet"));
    };
    try {
      const Json json = Json::parse(line);
      if (json.at("schema") != kSchema) return refuse("not a row of this version");
      const KillRow row = FromJson(json);
      record.rows_[row.scenario] = row;
    } catch (const std::exception&) {
      return refuse("not a row of the kill table");
    }
  }
  return record;
}

const KillRow* KillRecord::Find(const KillRow& wanted) const {
  const auto at = rows_.find(wanted.scenario);
  if (at == rows_.end()) return nullptr;
  const KillRow& row = at->second;
  const auto search = [](const KillRow& r) {
    return std::tuple(r.mutant.oracle, r.base_seed, r.seeds_at_most, r.shrink_runs_at_most,
                      r.probe);
  };
  return search(row) == search(wanted) ? &row : nullptr;
}

absl::Status KillRecord::Add(const KillRow& row) {
  if (path_.empty()) return absl::OkStatus();
  rows_[row.scenario] = row;
  std::string text;
  for (const auto& [scenario, each] : rows_) text += Dump(ToJson(each)) + "\n";
  return SaveFile(path_, text);
}

}  // namespace reprise
