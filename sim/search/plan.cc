#include "sim/search/plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/isolate.h"
#include "sim/search/wire.h"

namespace reprise {
namespace {

// Of each kind of fault, at most so many places are tried.
constexpr size_t kPlacesAtMost = 150;

void AddSingle(const Opportunity& place, bool loses, std::vector<Departures>& out) {
  // A value in the middle as well as the greatest, where there are more than one.
  const uint64_t greatest = place.bound - 1;
  out.push_back({{place.address, greatest, place.bound}});
  if (greatest > 2) out.push_back({{place.address, greatest / 2, place.bound}});
  const Label label = place.address.site.label;
  const bool crash = label == LabelOf(Fault::kCrash) || label == LabelOf(Fault::kCrashAt);
  if (!crash || !loses) return;
  // A crash that forgets nothing hides what was not synced.
  Departures and_loses = {{place.address, greatest, place.bound}};
  Address lost = place.address;
  lost.site.label = LabelOf(Fault::kUnsynced);
  and_loses.push_back({lost, 1, kQuantiles});
  Sort(and_loses);
  out.push_back(std::move(and_loses));
}

struct WireSingles {
  std::vector<std::vector<WireTaken>> lists;
};

bool Has(const std::vector<Fault>& faults, Label label) {
  return std::ranges::any_of(faults, [&](Fault fault) { return LabelOf(fault) == label; });
}

std::vector<Departures> SinglesOf(const Scenario& scenario, const std::vector<Fault>& without) {
  const RunResult calm = Simulate(scenario, Choices::Calm(), {.find_opportunities = true});
  std::map<std::string, std::vector<Opportunity>> by_label;
  for (const Opportunity& o : calm.opportunities) {
    const Label label = o.address.site.label;
    if (!Has(without, label)) by_label[label.name()].push_back(o);
  }
  const bool loses = RateOf(scenario, Fault::kUnsynced).num != 0 &&
                     std::ranges::find(without, Fault::kUnsynced) == without.end();
  std::vector<Departures> out;
  for (const auto& [label, places] : by_label) {
    const size_t count = std::min(places.size(), kPlacesAtMost);
    for (size_t i = 0; i < count; ++i) AddSingle(places[i * places.size() / count], loses, out);
  }
  return out;
}

// Found in a child, which the calm run may kill: then there are none.
std::vector<Departures> Singles(const Scenario& scenario, const std::vector<Fault>& without) {
  const auto words = InChild(
      [&] {
        WireSingles wire;
        for (const Departures& single : SinglesOf(scenario, without))
          wire.lists.push_back(ToWire(single));
        return Encode(wire);
      },
      std::chrono::minutes(1));
  std::vector<Departures> out;
  const auto wire = words ? Decode<WireSingles>(*words) : std::nullopt;
  if (!wire) return out;
  for (const auto& single : wire->lists) out.push_back(FromWire(single));
  return out;
}

}  // namespace

Choices SeedWithout(uint64_t seed, const std::vector<Fault>& without) {
  if (without.empty()) return Choices::FromSeed(seed);
  Departures none;
  for (Fault fault : without)
    none.push_back({{{SwarmLabelOf(fault)}, 1}, 0, std::size(kIntensities)});
  Sort(none);
  return Choices::FromSeed(seed, none);
}

Plan::Plan(const Scenario& scenario, Strategy strategy, uint64_t base_seed,
           std::vector<Fault> without)
    : strategy_(strategy), base_seed_(base_seed), without_(std::move(without)) {
  if (strategy == Strategy::kSwarm) return;
  singles_ = Singles(scenario, without_);
  singles_.insert(singles_.begin(), Departures());  // The calm run.
  first_seed_ = singles_.size();
}

Plan::Plan(std::vector<Departures> runs)
    : strategy_(Strategy::kSingle),
      base_seed_(0),
      first_seed_(runs.size()),
      singles_(std::move(runs)) {}

std::optional<uint64_t> Plan::size() const {
  if (strategy_ == Strategy::kSingle) return first_seed_;
  return std::nullopt;
}

Choices Plan::At(uint64_t index) const {
  if (index < first_seed_) return Choices::FromDepartures(singles_[index]);
  CHECK(strategy_ != Strategy::kSingle);
  return SeedWithout(*SeedAt(index), without_);
}

std::optional<uint64_t> Plan::SeedAt(uint64_t index) const {
  if (index < first_seed_) return std::nullopt;
  return base_seed_ + (index - first_seed_);
}

}  // namespace reprise
