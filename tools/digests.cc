#include "tools/digests.h"

#include <map>
#include <sstream>
#include <utility>

#include "sim/files.h"
#include "sim/search/isolate.h"
#include "tools/console.h"

namespace reprise {
namespace {

constexpr const char* kHead =
    "# The digests of every scenario's first runs: scenario, seed, digest. Where they change on\n"
    "# purpose, make this file again, and say so in CHANGELOG.md:\n"
    "#   build/release/reprise digests -o tests/golden/digests.txt\n";

constexpr size_t kBytesAtMost = 16 << 20;

DigestRow RowOf(const Scenario& scenario, uint64_t seed) {
  const bool calm = seed == 0;
  const RunResult run =
      SimulateIsolated(scenario, calm ? Choices::Calm() : Choices::FromSeed(seed));
  return {.scenario = scenario.FullName(),
          .seed = calm ? "calm" : std::to_string(seed),
          .digest = KillsTheProcess(run.verdict.oracle) ? run.verdict.oracle : Hex(run.digest)};
}

using Runs = std::map<std::pair<std::string, std::string>, std::string>;

Runs ByRun(const std::vector<DigestRow>& rows) {
  Runs runs;
  for (const DigestRow& row : rows) runs[{row.scenario, row.seed}] = row.digest;
  return runs;
}

}  // namespace

std::vector<DigestRow> DigestsOf(const Catalogue& catalogue, uint64_t seeds) {
  std::vector<DigestRow> rows;
  const auto add = [&](const std::string& name) {
    const Scenario scenario = *catalogue.Make(name);
    for (uint64_t seed = 0; seed <= seeds; ++seed) rows.push_back(RowOf(scenario, seed));
  };
  for (const Family& family : catalogue.families()) {
    add(family.name);
    for (const MutantInfo& mutant : family.mutants) add(family.name + ":" + mutant.name);
  }
  return rows;
}

std::string FormatDigests(const std::vector<DigestRow>& rows) {
  std::string text = kHead;
  for (const DigestRow& row : rows) text += row.scenario + " " + row.seed + " " + row.digest + "\n";
  return text;
}

absl::StatusOr<std::vector<DigestRow>> ParseDigests(const std::string& text) {
  std::vector<DigestRow> rows;
  Runs seen;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto error = [&](const std::string& what) {
      return absl::InvalidArgumentError("line " + std::to_string(number) + ": " + what);
    };
    std::istringstream words(line);
    DigestRow row;
    std::string more;
    if (!(words >> row.scenario >> row.seed >> row.digest) || words >> more) {
      return error("want a scenario, a seed and a digest; reprise digests makes such a table");
    }
    if (!seen.insert({{row.scenario, row.seed}, row.digest}).second) {
      return error(row.scenario + " " + row.seed + " is there twice");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<std::vector<DigestRow>> LoadDigests(const std::string& path) {
  const auto text = LoadFile(path, kBytesAtMost);
  if (!text.ok()) return text.status();
  auto rows = ParseDigests(*text);
  if (rows.ok()) return rows;
  return absl::InvalidArgumentError(path + ": " + std::string(rows.status().message()));
}

size_t DropLeftOut(const Catalogue& catalogue, std::vector<DigestRow>& rows) {
  return std::erase_if(rows, [&](const DigestRow& row) {
    return catalogue.left_out().contains(row.scenario.substr(0, row.scenario.find(':')));
  });
}

std::string Describe(const DigestDifference& d) {
  const std::string run = d.scenario + " " + d.seed + ": ";
  if (!d.recorded) return run + d.now.value_or("") + " now, and not in the table";
  if (!d.now) return run + "in the table, and no run any more";
  return run + *d.recorded + " in the table, " + *d.now + " now";
}

std::vector<DigestDifference> CompareDigests(const std::vector<DigestRow>& recorded,
                                             const std::vector<DigestRow>& now) {
  const Runs before = ByRun(recorded), after = ByRun(now);
  std::vector<DigestDifference> out;
  for (const DigestRow& row : now) {
    const auto it = before.find({row.scenario, row.seed});
    if (it == before.end()) {
      out.push_back({row.scenario, row.seed, {}, row.digest});
    } else if (it->second != row.digest) {
      out.push_back({row.scenario, row.seed, it->second, row.digest});
    }
  }
  for (const DigestRow& row : recorded) {
    if (after.contains({row.scenario, row.seed})) continue;
    out.push_back({row.scenario, row.seed, row.digest, {}});
  }
  return out;
}

}  // namespace reprise
