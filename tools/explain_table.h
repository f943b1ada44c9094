// Which faults each trace of many needed, beside what is known of its mutant: docs/explained.md.

#pragma once

#include <string>
#include <vector>

#include "sim/search/explain.h"
#include "tools/nearest.h"
#include "tools/report.h"

namespace reprise {

// What the source of a mutant, or measurements of ours, say that it needs.
struct KnownNeed {
  std::string id;  // "WAL-M1"
  // Classes of faults, all of which are needed; "crashes|partitions" is either. Empty: none is.
  std::vector<std::string> classes;
  bool measured = false;  // By `reprise needs`; else the source says so.
};
const std::vector<KnownNeed>& KnownNeeds();

struct NeedRow {
  std::string mutant, id;
  size_t departures = 0, needed = 0;
  std::vector<std::string> faults;   // Labels of needed departures that are faults.
  std::vector<std::string> classes;  // As ClassesNeeded has them.
  const KnownNeed* known = nullptr;

  // Whether each of the known classes was found, or none where none is known to be needed.
  bool agrees() const;
};

NeedRow RowOf(const Catalogue& catalogue, const Remade& failing, const Explanation& explanation);
std::string NeedRowsMarkdown(const std::vector<NeedRow>& rows);
Json NeedRowsJson(const std::vector<NeedRow>& rows);

}  // namespace reprise
