#include "tools/explain_table.h"

#include <algorithm>
#include <set>

#include "tools/explain_text.h"

namespace reprise {
namespace {

constexpr bool kMeasured = true;

std::string Joined(const std::vector<std::string>& words, const std::string& none) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out.empty() ? none : out;
}

// "crashes|partitions" is said as "crashes or partitions".
std::string Said(const KnownNeed& known) {
  std::vector<std::string> words;
  for (std::string c : known.classes) {
    for (size_t at = c.find('|'); at != c.npos; at = c.find('|', at)) c.replace(at, 1, " or ");
    words.push_back(c);
  }
  return Joined(words, "none");
}

std::string AgreementOf(const NeedRow& row) {
  if (row.known == nullptr) return "";
  return row.agrees() ? "yes" : "no";
}

}  // namespace

const std::vector<KnownNeed>& KnownNeeds() {
  static const std::vector<KnownNeed> kKnown = {
      // What the source of the mutant says, in its words for faults.
      {"CK-M1", {"crashes"}},
      {"CK-M2", {"crashes"}},
      {"CK-M3", {"crashes"}},
      {"CL-M1", {}},
      {"CL-M2", {}},
      {"CL-M3", {"delay"}},
      {"CL-M5", {"crashes"}},
      {"FD-M2", {"skew|jumps|drift"}},
      {"HA-M2", {"crashes|amnesia"}},
      {"LF-M1", {"pauses"}},
      {"LF-M2", {"delay"}},
      {"LF-M4", {"crashes"}},
      {"LF-M6", {"drift"}},
      {"PB-M1", {"crashes|partitions"}},
      {"PB-M3", {"partitions"}},
      {"PB-M4", {"jumps"}},
      {"PL-M1", {"rot|unreadable|misdirected|lost writes|older disks|torn"}},
      {"PL-M2", {"crashes|amnesia"}},
      {"RF-M02", {"crashes"}},
      {"RF-M03", {"duplicates|delay"}},
      {"RF-M07", {"crashes"}},
      {"RF-M10", {"delay"}},
      {"RF-M12", {"crashes"}},
      {"RF-M15", {"crashes"}},
      {"RF-M26", {"crashes"}},
      {"SC-M1", {"misdirected"}},
      {"SC-M2", {"rot|unreadable|misdirected|lost writes|older disks|torn"}},
      {"WAL-M1", {"crashes"}},
      {"WAL-M2", {"rot"}},
      {"WAL-M3", {"torn|rot"}},
      {"WAL-M4", {"crashes"}},
      {"WAL-M6", {"sync errors"}},
      // What docs/needs.md has measured: found with these, and never without them.
      {"CL-X1", {"loss|delay"}, kMeasured},
      {"CL-X2", {"loss|crashes"}, kMeasured},
      {"CL-X3", {"partitions"}, kMeasured},
      {"DI-X1", {"memory"}, kMeasured},
      {"LF-X1", {"timers"}, kMeasured},
      {"LF-X2", {"skew"}, kMeasured},
      {"LF-X3", {"crashes"}, kMeasured},
      {"PB-X1", {"delay", "crashes"}, kMeasured},
      {"SC-X3", {"lost writes"}, kMeasured},
      {"SC-X6", {"amnesia"}, kMeasured},
      {"SC-X7", {"older disks"}, kMeasured},
      {"SW-M1", {"loss"}, kMeasured},
      {"SW-M2", {"duplicates"}, kMeasured},
      {"SW-M3", {"damage"}, kMeasured},
      {"SW-M4", {"connections"}, kMeasured},
      {"SW-X1", {"connections"}, kMeasured},
      {"SW-X3", {"connections"}, kMeasured},
      {"WAL-X1", {"torn"}, kMeasured},
      {"WAL-X2", {"unreadable"}, kMeasured},
      {"WAL-X3", {"slowness"}, kMeasured},
      {"WAL-X5", {"sync errors"}, kMeasured},
      {"WAL-X6", {"full"}, kMeasured},
  };
  return kKnown;
}

bool NeedRow::agrees() const {
  if (known == nullptr) return false;
  if (known->classes.empty()) return classes.empty();
  return std::ranges::all_of(known->classes, [this](const std::string& any_of) {
    for (size_t from = 0; from <= any_of.size();) {
      const size_t to = std::min(any_of.find('|', from), any_of.size());
      if (std::ranges::find(classes, any_of.substr(from, to - from)) != classes.end()) return true;
      from = to + 1;
    }
    return false;
  });
}

NeedRow RowOf(const Catalogue& catalogue, const Remade& failing, const Explanation& explanation) {
  NeedRow row;
  row.mutant = failing.scenario.FullName();
  const MutantInfo* info = catalogue.FindMutant(row.mutant);
  if (info != nullptr) row.id = info->id;
  row.departures = explanation.departures.size();
  row.classes = ClassesNeeded(explanation);
  std::set<std::string> faults;
  for (const Necessity& n : explanation.departures) {
    row.needed += n.needed() ? 1 : 0;
    const std::string& label = n.departure.address.site.label.name();
    for (size_t i = 0; n.needed() && i < kFaults; ++i) {
      if (Info(static_cast<Fault>(i)).name == label) faults.insert(label);
    }
  }
  row.faults.assign(faults.begin(), faults.end());
  const auto known = std::ranges::find(KnownNeeds(), row.id, &KnownNeed::id);
  if (known != KnownNeeds().end()) row.known = &*known;
  return row;
}

std::string NeedRowsMarkdown(const std::vector<NeedRow>& rows) {
  std::string out =
      "| mutant | id | needed / departures | its faults | their classes | known to need | agrees "
      "|\n"
      "|---|---|--:|---|---|---|---|\n";
  size_t agree = 0, known = 0;
  for (const NeedRow& row : rows) {
    known += row.known != nullptr ? 1 : 0;
    agree += row.agrees() ? 1 : 0;
    out += "| " + row.mutant + " | " + row.id + " | " + std::to_string(row.needed) + " / " +
           std::to_string(row.departures) + " | " + Joined(row.faults, "none") + " | " +
           Joined(row.classes, "none") + " | " +
           (row.known == nullptr ? "" : Said(*row.known) + (row.known->measured ? " *" : "")) +
           " | " + AgreementOf(row) + " |\n";
  }
  return out + "\n" + std::to_string(agree) + " of " + std::to_string(known) + " agree; of " +
         std::to_string(rows.size()) + " traces, " + std::to_string(rows.size() - known) +
         " are of mutants of which nobody says what they need. " +
         "\\* measured, see [needs](needs.md).\n";
}

Json NeedRowsJson(const std::vector<NeedRow>& rows) {
  Json json = Json::array();
  for (const NeedRow& row : rows) {
    Json one;
    one["schema"] = "reprise.explained/1";
    one["scenario"] = row.mutant;
    one["id"] = row.id;
    one["departures"] = row.departures;
    one["needed"] = row.needed;
    one["faults"] = row.faults;
    one["classes"] = row.classes;
    one["known"] = row.known == nullptr ? Json(nullptr) : Json(row.known->classes);
    one["agrees"] = row.known == nullptr ? Json(nullptr) : Json(row.agrees());
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace reprise
