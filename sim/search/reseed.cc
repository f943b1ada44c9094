#include "sim/search/reseed.h"

#include <algorithm>
#include <string>

#include "sim/check.h"
#include "sim/slots.h"

namespace reprise {
namespace {

constexpr uint64_t kLearners = 4;  // Seeds that are tried before the first that counts.
constexpr int kTries = 12;

// Ends a run at an event, by complaining of it.
class StopAt final : public Oracle {
 public:
  explicit StopAt(uint64_t event) : event_(event) {}
  std::string name() const override { return "stop"; }
  Complaint OnFact(const Event& event) override { return OnEvent(event); }
  EventKinds Watches() const override { return kAllEvents; }
  Complaint OnEvent(const Event& event) override {
    if (event.index < event_) return std::nullopt;
    return "event " + std::to_string(event_);
  }

 private:
  uint64_t event_;
};

bool SameEvent(const Event& a, const Event& b) {
  return a.kind == b.kind && a.at == b.at && a.node == b.node && a.peer == b.peer && a.id == b.id &&
         a.message.type() == b.message.type() && a.message.bytes() == b.message.bytes();
}

bool Less(const Departure& a, const Departure& b) { return Before(a.address, b.address); }

bool Has(const Departures& sorted, const Address& address) {
  const auto at = std::ranges::lower_bound(sorted, Departure{address, 0, 0}, Less);
  return at != sorted.end() && at->address == address;
}

}  // namespace

Reseeder::Reseeder(const Scenario& scenario, const RunResult& run, uint64_t event)
    : scenario_(scenario), run_(run), event_(event) {
  CHECK(event <= run.timeline.size());
  if (event == 0) return;
  at_ = run.timeline[event - 1].at;
  Scenario stopped = scenario;
  stopped.oracles = JudgedBy(StopAt(event));
  const Choices again = Choices::FromDepartures(run.departures());
  const RunResult known = Simulate(stopped, again, {.find_opportunities = true});
  runs_ = 1;
  for (const Taken& t : known.taken) {
    // The step in which the event happened may have gone on and drawn more.
    if (t.event < event && !IsFuture(t.departure.address)) past_.push_back(t.departure);
  }
  for (const Opportunity& o : known.opportunities) {
    if (!IsFuture(o.address)) past_.push_back({o.address, 0, o.bound});
  }
  Sort(past_);
  for (uint64_t seed = 1; seed <= kLearners; ++seed) {
    for (int i = 0; i < kTries; ++i, ++runs_) {
      const RunResult other =
          Simulate(stopped, Choices::FromSeed(~seed, past_), {.keep_events = true});
      if (SamePast(other.timeline) || !Learn(other, past_)) break;
    }
  }
}

// How often faults strike is always drawn anew, or there would be none in the future: where a run
// is made from its departures, no fault strikes but those.
bool Reseeder::IsFuture(const Address& address) const {
  const std::string& name = address.site.label.name();
  if (name.starts_with("swarm-")) return true;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (LabelOf(fault) != address.site.label) continue;
    const auto slot = SlotOf(scenario_, fault);
    return slot && Time(*slot * static_cast<int64_t>(address.ordinal - 1)) >= at_;
  }
  return false;
}

bool Reseeder::Learn(const RunResult& other, Departures& past) const {
  Departures fresh;
  for (const Taken& t : other.taken) {
    const Address& address = t.departure.address;
    if (t.event >= event_ || IsFuture(address) || Has(past, address)) continue;
    fresh.push_back({address, 0, t.departure.bound});
  }
  past.insert(past.end(), fresh.begin(), fresh.end());
  Sort(past);
  return !fresh.empty();
}

bool Reseeder::SamePast(const Timeline& other) const {
  if (other.size() < event_) return false;
  for (uint64_t i = 0; i < event_; ++i) {
    if (!SameEvent(run_.timeline[i], other[i])) return false;
  }
  return true;
}

std::optional<RunResult> Reseeder::Run(uint64_t seed, uint64_t& runs) const {
  Departures past = past_;
  for (int i = 0; i < kTries; ++i) {
    ++runs;
    RunResult result = Simulate(scenario_, Choices::FromSeed(seed, past), {.keep_events = true});
    if (SamePast(result.timeline)) return result;
    if (!Learn(result, past)) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace reprise
