#include "tools/fault_names.h"

#include <algorithm>

#include "sim/family.h"

namespace reprise {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

absl::Status Unknown(const std::string& name) {
  std::vector<std::string> known;
  for (size_t i = 0; i < kFaults; ++i) {
    const FaultInfo& info = Info(static_cast<Fault>(i));
    known.emplace_back(info.name);
    known.emplace_back(info.area);
  }
  const std::string nearest = Nearest(name, known);
  return absl::InvalidArgumentError("no fault \"" + name + "\"." +
                                    (nearest.empty() ? "" : " Did you mean \"" + nearest + "\"?") +
                                    "   (reprise list --faults)");
}

bool OnMenu(const std::vector<Scenario>& scenarios, Fault fault) {
  return std::ranges::any_of(scenarios,
                             [&](const Scenario& s) { return RateOf(s, fault).num != 0; });
}

// Those of that name, as far as a scenario has them.
absl::StatusOr<std::vector<Fault>> Named(const std::vector<Scenario>& scenarios,
                                         const std::string& name) {
  bool known = false;
  std::vector<Fault> faults;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (Info(fault).name != name && Info(fault).area != name) continue;
    known = true;
    if (OnMenu(scenarios, fault)) faults.push_back(fault);
  }
  if (!known) return Unknown(name);
  if (!faults.empty()) return faults;
  std::string names;
  for (const Scenario& s : scenarios) names += (names.empty() ? "" : ", ") + s.FullName();
  return absl::InvalidArgumentError("\"" + name + "\" never strikes in " + names +
                                    ": it is not on the menu");
}

absl::StatusOr<std::vector<Fault>> AllNamed(const std::vector<Scenario>& scenarios,
                                            const std::vector<std::string>& names) {
  std::vector<Fault> all;
  for (const std::string& name : names) {
    const auto faults = Named(scenarios, name);
    if (!faults.ok()) return faults.status();
    all.insert(all.end(), faults->begin(), faults->end());
  }
  return all;
}

bool Has(const std::vector<Fault>& faults, Fault fault) {
  return std::ranges::find(faults, fault) != faults.end();
}

}  // namespace

bool StrikesAtCrashes(Fault fault) {
  constexpr Fault kDo[] = {Fault::kStale, Fault::kCrashAgain, Fault::kWipe,     Fault::kUnsynced,
                           Fault::kTorn,  Fault::kEntries,    Fault::kRollback, Fault::kSwap};
  return std::ranges::find(kDo, fault) != std::end(kDo);
}

absl::StatusOr<std::vector<Fault>> FaultsLeftOut(const std::vector<Scenario>& scenarios,
                                                 const FaultArgs& args) {
  const auto only = AllNamed(scenarios, args.only);
  if (!only.ok()) return only.status();
  const auto without = AllNamed(scenarios, args.without);
  if (!without.ok()) return without.status();
  std::vector<Fault> out, left;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (!OnMenu(scenarios, fault)) continue;
    const bool strikes = (args.only.empty() || Has(*only, fault)) && !Has(*without, fault);
    (strikes ? left : out).push_back(fault);
  }
  if (left.empty()) return absl::InvalidArgumentError("no fault is left that could strike");
  if (!std::ranges::all_of(left, StrikesAtCrashes)) return out;
  const std::string name(Info(left.front()).name);
  return absl::InvalidArgumentError("\"" + name + "\" strikes only where a node crashes: add \"" +
                                    "crash\", or another that stops nodes");
}

std::string FaultOptions(const FaultArgs& args) {
  return (args.only.empty() ? "" : " --only " + Joined(args.only)) +
         (args.without.empty() ? "" : " --without " + Joined(args.without));
}

}  // namespace reprise
