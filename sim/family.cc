#include "sim/family.h"

#include <algorithm>
#include <charconv>

#include "sim/check.h"

namespace reprise {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string DidYouMean(std::string_view typed, const std::vector<std::string>& candidates) {
  const std::string nearest = Nearest(typed, candidates);
  return nearest.empty() ? "" : " Did you mean \"" + nearest + "\"?";
}

absl::StatusOr<int64_t> ParseOption(const OptionInfo& info, const std::string& text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < info.least || value > info.most) {
    return absl::InvalidArgumentError("option " + info.name + ": \"" + text +
                                      "\" will not do; want " + std::to_string(info.least) +
                                      " to " + std::to_string(info.most));
  }
  return value;
}

// The values of a family's options, where those not given have their usual ones.
absl::StatusOr<Options> ParseOptions(
    const Family& family, const std::vector<std::pair<std::string, std::string>>& given) {
  Options values;
  std::vector<std::string> known;
  for (const OptionInfo& info : family.options) {
    values.Set(info.name, info.otherwise);
    known.push_back(info.name);
  }
  for (const auto& [key, text] : given) {
    const auto info = std::ranges::find(family.options, key, &OptionInfo::name);
    if (info == family.options.end()) {
      return absl::InvalidArgumentError("no option \"" + key + "\" of " + family.name + "." +
                                        DidYouMean(key, known) + "   (reprise list " + family.name +
                                        ")");
    }
    const absl::StatusOr<int64_t> value = ParseOption(*info, text);
    if (!value.ok()) return value.status();
    values.Set(key, *value);
  }
  return values;
}

}  // namespace

std::string Nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  std::string nearest;
  size_t least = std::max<size_t>(2, typed.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(typed, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

void Catalogue::Add(Family family) {
  CHECK(family.make != nullptr && Find(family.name) == nullptr);
  families_.push_back(std::move(family));
  std::ranges::sort(families_, {}, &Family::name);
}

void Catalogue::LeaveOut(std::string family, std::string why) {
  left_out_.emplace(std::move(family), std::move(why));
}

const Family* Catalogue::Find(std::string_view family) const {
  const auto at = std::ranges::find(families_, family, &Family::name);
  return at == families_.end() ? nullptr : &*at;
}

const MutantInfo* Catalogue::FindMutant(std::string_view full_name) const {
  const size_t colon = full_name.find(':');
  const Family* family = Find(full_name.substr(0, colon));
  if (family == nullptr || colon == full_name.npos) return nullptr;
  const std::string_view name = full_name.substr(colon + 1);
  for (const MutantInfo& mutant : family->mutants) {
    if (mutant.name == name || mutant.id == name) return &mutant;
  }
  return nullptr;
}

absl::StatusOr<Scenario> Catalogue::Make(
    std::string_view name, const std::vector<std::pair<std::string, std::string>>& options) const {
  const size_t colon = name.find(':');
  const std::string family_name(name.substr(0, colon));
  const Family* family = Find(family_name);
  if (const auto out = left_out_.find(family_name); out != left_out_.end()) {
    return absl::UnavailableError(family_name + " is left out of this program: " + out->second);
  }
  if (family == nullptr) {
    std::vector<std::string> names;
    for (const Family& f : families_) names.push_back(f.name);
    return absl::NotFoundError("no scenario \"" + family_name + "\"." +
                               DidYouMean(family_name, names) + "   (reprise list)");
  }
  const MutantInfo* mutant = FindMutant(name);
  if (mutant == nullptr && colon != name.npos) {
    const std::string typed(name.substr(colon + 1));
    std::vector<std::string> names;
    for (const MutantInfo& m : family->mutants) names.push_back(m.name), names.push_back(m.id);
    return absl::NotFoundError("no mutant \"" + typed + "\" of " + family_name + "." +
                               DidYouMean(typed, names) + "   (reprise list " + family_name + ")");
  }
  const absl::StatusOr<Options> values = ParseOptions(*family, options);
  if (!values.ok()) return values.status();
  Scenario scenario = family->make(*values, mutant == nullptr ? "" : mutant->name);
  scenario.name = family->name;
  scenario.mutant = mutant == nullptr ? "" : mutant->name;
  scenario.options = options;
  return scenario;
}

}  // namespace reprise
