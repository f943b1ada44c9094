// The kill table: how soon each known bug was found, and how small its failure became. Private to
// tools/.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/family.h"
#include "tools/report.h"

namespace reprise {

struct KillRow {
  std::string scenario;  // "raft:vote-not-durable".
  MutantInfo mutant;
  uint64_t base_seed = 1, seeds_at_most = 0, shrink_runs_at_most = 0;  // How it was looked for.
  uint64_t probe = 0;    // Digest of the run of the base seed: which program this is about.
  std::string found_by;  // The oracle, which is the one that it names; or nothing.
  uint64_t seeds = 0;    // Until it was found; of a decoy that nobody complained of, all.
  uint64_t departures_before = 0, departures = 0;  // Of the failure that became smallest.
  uint64_t events = 0, shrink_runs = 0;
  bool replays = false;  // Its trace, written and read back, is the same run.

  bool found() const { return !found_by.empty(); }
  // As its class has it; a decoy, if nobody complained.
  bool good() const { return mutant.decoy ? !found() : found() && replays; }
};

// Within how many seeds a mutant must be found, by its difficulty.
uint64_t SeedsFor(const MutantInfo& mutant);

// One class of mutants, and what is asked of it.
struct KillClass {
  std::string name;
  uint64_t at_least_percent = 0;
  size_t good = 0, all = 0;
  std::vector<std::string> missed, told;  // Ids; `told` are those that a written story shows.

  bool met() const { return 100 * good >= at_least_percent * all; }
};

// Those that have a row, in order of difficulty, with decoys last. A mutant of the hardest class
// that a story shows counts as good.
std::vector<KillClass> ClassesOf(const std::vector<KillRow>& rows);

Json ToJson(const KillRow& row);

enum class TableForm { kText, kMarkdown, kJson };
std::string HeadOf(TableForm form);
std::string LineOf(const KillRow& row, TableForm form);
std::string SummaryOf(const std::vector<KillClass>& classes, TableForm form);

// A file of rows, one JSON object a line, to go on from.
class KillRecord {
 public:
  // What the file holds; empty where there is none. Errors: kUnavailable where it cannot be read,
  // kInvalidArgument with the number of the line that is none of ours.
  static absl::StatusOr<KillRecord> Load(const std::string& path);

  // A row that was made for the same mutant, of the same program, by the same search.
  const KillRow* Find(const KillRow& wanted) const;
  // Adds the row, in place of one of the same mutant, and writes the file.
  absl::Status Add(const KillRow& row);

 private:
  std::string path_;
  std::map<std::string, KillRow> rows_;  // By scenario.
};

}  // namespace reprise
