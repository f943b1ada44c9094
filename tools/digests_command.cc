// reprise digests: makes the table of golden digests, or holds the runs against one.

#include <algorithm>
#include <cstdio>

#include "sim/files.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/digests.h"
#include "tools/report.h"

namespace reprise {
namespace {

constexpr size_t kShownAtMost = 10;

Json RowJson(const DigestRow& row) {
  Json out = {{"schema", "reprise.digests/1"}, {"scenario", row.scenario}};
  out["seed"] = row.seed == "calm" ? Json() : Json(row.seed);
  out["digest"] = row.digest;
  return out;
}

// The rows, and where they are held against a table, what that has of each; then what it has
// besides, whose digest is null.
Json TableJson(const DigestsArgs& args, const std::vector<DigestRow>& rows,
               const std::vector<DigestDifference>& differences) {
  Json all = Json::array();
  for (const DigestRow& row : rows) {
    all.push_back(RowJson(row));
    if (!args.check.empty()) all.back()["recorded"] = row.digest;
  }
  for (const DigestDifference& d : differences) {
    const auto at = std::ranges::find_if(rows, [&](const DigestRow& row) {
      return row.scenario == d.scenario && row.seed == d.seed;
    });
    if (at == rows.end()) all.push_back(RowJson({d.scenario, d.seed, ""}));
    Json& row = at == rows.end() ? all.back() : all[static_cast<size_t>(at - rows.begin())];
    if (!d.now) row["digest"] = nullptr;
    row["recorded"] = d.recorded ? Json(*d.recorded) : Json();
  }
  return all;
}

// Which runs differ, to stderr, and what to do about it.
void PrintDifferences(const DigestsArgs& args, const std::vector<DigestDifference>& differences) {
  const size_t shown = std::min(differences.size(), kShownAtMost);
  for (size_t i = 0; i < shown; ++i) {
    std::fprintf(stderr, "DIFFERS  %s\n", OneLine(Describe(differences[i])).c_str());
  }
  if (shown < differences.size()) {
    std::fprintf(stderr, "         and %s more\n", Grouped(differences.size() - shown).c_str());
  }
  std::fprintf(stderr,
               "         to see what such a run does: reprise run SCENARIO --seed N --events FILE\n"
               "         if that is meant: reprise digests%s -o %s\n",
               args.seeds == kGoldenSeeds ? "" : (" --seeds " + std::to_string(args.seeds)).c_str(),
               args.check.c_str());
}

}  // namespace

int DigestsCommand(const Catalogue& catalogue, const DigestsArgs& args) {
  absl::StatusOr<std::vector<DigestRow>> recorded;
  if (!args.check.empty()) {
    recorded = LoadDigests(args.check);
    if (!recorded.ok()) return Complain("digests", recorded.status());
    if (const size_t dropped = DropLeftOut(catalogue, *recorded); dropped > 0) {
      std::fprintf(stderr, "not made: %s runs of families that this program leaves out\n",
                   Grouped(dropped).c_str());
    }
  }
  const std::vector<DigestRow> rows = DigestsOf(catalogue, args.seeds);
  std::vector<DigestDifference> differences;
  if (!args.check.empty()) differences = CompareDigests(*recorded, rows);
  if (!args.out.empty()) {
    const absl::Status saved = SaveFile(args.out, FormatDigests(rows));
    if (!saved.ok()) return Complain("digests", saved);
  }
  if (args.json) {
    std::printf("%s\n", Dump(TableJson(args, rows, differences), 2).c_str());
  } else if (!args.check.empty() && differences.empty()) {
    std::printf("%s runs, all as in %s\n", Grouped(rows.size()).c_str(), args.check.c_str());
  } else if (args.check.empty() && args.out.empty()) {
    std::printf("%s", FormatDigests(rows).c_str());
  } else if (!args.out.empty() && args.out != "-") {
    std::printf("wrote %s: %s runs\n", args.out.c_str(), Grouped(rows.size()).c_str());
  }
  if (differences.empty()) return kOk;
  PrintDifferences(args, differences);
  return kDiverged;
}

}  // namespace reprise
