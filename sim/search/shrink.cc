#include "sim/search/shrink.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/check.h"

namespace reprise {
namespace {

uint64_t Size(const Departures& departures) {
  uint64_t sum = 0;
  for (const Departure& d : departures) sum += d.value;
  return sum;
}

class Shrinker {
 public:
  Shrinker(const Attempt& attempt, const ShrinkOptions& options)
      : attempt_(attempt), options_(options) {}

  Shrunk Run(const Departures& departures) {
    RunResult first = Try(departures);
    CHECK(first.verdict.failed());
    oracle_ = first.verdict.oracle;
    const size_t before = departures.size();
    const uint64_t events_before = first.events;
    Keep(std::move(first));
    bool smaller = true;
    while (smaller && !Spent()) {
      const auto state = std::pair(best_.size(), Size(best_));
      DropSwarm();
      DropLabels();
      DropSites();
      for (size_t n = std::bit_floor(best_.size()) / 2; n >= 1; n /= 2) DropChunks(n);
      LowerValues();
      MoveEarlier();
      DropPairs();
      smaller = std::pair(best_.size(), Size(best_)) < state;
    }
    Shrunk shrunk{.departures = best_,
                  .result = {},
                  .runs = 0,
                  .before = before,
                  .events_before = events_before,
                  .twice = false};
    shrunk.result = Try(best_);
    const RunResult again = Try(best_);
    shrunk.twice =
        shrunk.result.digest == again.digest && FailsAlike(again) && FailsAlike(shrunk.result);
    shrunk.runs = runs_;
    return shrunk;
  }

 private:
  RunResult Try(const Departures& departures) {
    ++runs_;
    return attempt_(departures);
  }
  bool Spent() const { return runs_ >= options_.runs_at_most; }
  bool FailsAlike(const RunResult& r) const {
    return r.verdict.failed() && r.verdict.oracle == oracle_;
  }

  void Keep(RunResult result) {
    in_time_.clear();
    for (const Taken& t : result.taken) in_time_.push_back(t.departure);
    best_ = result.departures();
    events_ = result.events;
  }

  // Keeps the candidate if it fails alike and is smaller. What the run really drew is kept rather
  // than what it was given: what came after the failure falls away.
  bool Consider(const Departures& candidate) {
    if (Spent()) return false;
    RunResult result = Try(candidate);
    if (!FailsAlike(result) || !Smaller(result.departures(), result.events, best_, events_)) {
      return false;
    }
    Keep(std::move(result));
    return true;
  }

  template <class Predicate>
  bool DropIf(Predicate drop) {
    Departures candidate = best_;
    std::erase_if(candidate, drop);
    return candidate.size() < best_.size() && Consider(candidate);
  }

  // How often faults were to strike says nothing once it is written down which did.
  void DropSwarm() {
    DropIf([](const Departure& d) { return d.address.site.label.name().starts_with("swarm-"); });
  }

  // Whole kinds first: most of a storm has nothing to do with the bug.
  void DropLabels() {
    std::vector<Label> labels;
    for (const Departure& d : best_) {
      if (labels.empty() || labels.back() != d.address.site.label) {
        labels.push_back(d.address.site.label);
      }
    }
    for (Label label : labels) {
      DropIf([&](const Departure& d) { return d.address.site.label == label; });
    }
  }

  void DropSites() {
    std::vector<Site> sites;
    for (const Departure& d : best_) {
      if (sites.empty() || !(sites.back() == d.address.site)) sites.push_back(d.address.site);
    }
    for (const Site& site : sites) {
      DropIf([&](const Departure& d) { return d.address.site == site; });
    }
  }

  // n departures at a time, in the order in which they were drawn, the last ones first. The index
  // moves on only when nothing was dropped, because a success changes what stands at it.
  void DropChunks(size_t n) {
    for (size_t end = in_time_.size(); end > 0 && !Spent();) {
      end = std::min(end, in_time_.size());
      const size_t begin = end > n ? end - n : 0;
      Departures candidate(in_time_.begin(), in_time_.begin() + static_cast<int64_t>(begin));
      candidate.insert(candidate.end(), in_time_.begin() + static_cast<int64_t>(end),
                       in_time_.end());
      Consider(candidate);
      end = begin;
    }
  }

  // Two that only make sense together, such as a loss and what made up for it.
  void DropPairs() {
    constexpr size_t kAtMost = 24;
    for (size_t i = 0; i < best_.size() && best_.size() <= kAtMost; ++i) {
      for (size_t j = i + 1; j < best_.size() && !Spent(); ++j) {
        const Address a = best_[i].address, b = best_[j].address;
        DropIf([&](const Departure& d) { return d.address == a || d.address == b; });
      }
    }
  }

  bool SetValue(const Address& address, uint64_t value) {
    Departures candidate = best_;
    const auto at = std::ranges::find(candidate, address, &Departure::address);
    if (at == candidate.end() || at->value <= value) return false;
    at->value = value;
    return Consider(candidate);
  }

  // Small domains are kinds, and every value is tried; large ones are sizes, and bisected.
  void LowerValues() {
    const Departures targets = best_;
    for (const Departure& d : targets) {
      if (Spent()) return;
      if (d.bound <= 8) {
        for (uint64_t v = 1; v < d.value; ++v) {
          if (SetValue(d.address, v)) break;
        }
        continue;
      }
      for (uint64_t low = 1, high = d.value; low < high;) {
        const uint64_t middle = low + (high - low) / 2;
        if (SetValue(d.address, middle)) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
    }
  }

  // Moves what strikes by slots of time to earlier slots, for a shorter run. What is addressed
  // under a fault goes with it.
  void MoveEarlier() {
    const Departures targets = best_;
    for (const Departure& d : targets) {
      if (!IsSlotted(d.address.site.label)) continue;
      uint64_t ordinal = d.address.ordinal;
      for (uint64_t step = std::bit_floor(ordinal); step >= 1 && !Spent(); step /= 2) {
        if (ordinal > step && Move(d.address.site, ordinal, ordinal - step)) ordinal -= step;
      }
    }
  }

  static bool IsSlotted(Label label) {
    for (Fault fault : {Fault::kCrash, Fault::kCut, Fault::kRot, Fault::kJump}) {
      if (label == LabelOf(fault)) return true;
    }
    return false;
  }

  bool Move(const Site& site, uint64_t from, uint64_t to) {
    const bool cut = site.label == LabelOf(Fault::kCut);
    Departures candidate = best_;
    for (Departure& d : candidate) {
      const Site& s = d.address.site;
      const bool with_it = cut ? s.label.name().starts_with("cut")
                               : s.node == site.node && s.peer == kNobody && BelongsToSlot(s, site);
      if (with_it && d.address.ordinal == from) d.address.ordinal = to;
    }
    Sort(candidate);
    for (size_t i = 1; i < candidate.size(); ++i) {
      if (candidate[i].address == candidate[i - 1].address) return false;
    }
    return Consider(candidate);
  }

  static bool BelongsToSlot(const Site& s, const Site& fault) {
    const std::string& name = s.label.name();
    if (s == fault) return true;
    if (fault.label == LabelOf(Fault::kRot)) return name.starts_with("rot-");
    if (fault.label == LabelOf(Fault::kJump)) return name == "jump-by";
    return name == "down" || name == "unsynced" || name.starts_with("torn");
  }

  const Attempt& attempt_;
  const ShrinkOptions options_;
  uint64_t runs_ = 0;
  std::string oracle_;
  Departures best_;
  Departures in_time_;  // The same, in the order drawn.
  uint64_t events_ = 0;
};

}  // namespace

bool Smaller(const Departures& a, uint64_t events_a, const Departures& b, uint64_t events_b) {
  if (a.size() != b.size()) return a.size() < b.size();
  if (Size(a) != Size(b)) return Size(a) < Size(b);
  return events_a < events_b;
}

Shrunk Shrink(const Attempt& attempt, const Departures& departures, const ShrinkOptions& options) {
  return Shrinker(attempt, options).Run(departures);
}

Shrunk Shrink(const Scenario& scenario, const Departures& departures,
              const ShrinkOptions& options) {
  return Shrink([&](const Departures& d) { return Simulate(scenario, Choices::FromDepartures(d)); },
                departures, options);
}

Shrunk ShrinkBest(const Attempt& attempt, const std::vector<Departures>& failures,
                  const ShrinkOptions& options) {
  CHECK(!failures.empty());
  Shrunk best;
  uint64_t runs = 0;
  for (const Departures& failure : failures) {
    Shrunk next = Shrink(attempt, failure, options);
    runs += next.runs;
    if (!best.result.verdict.failed() ||
        Smaller(next.departures, next.result.events, best.departures, best.result.events)) {
      best = std::move(next);
    }
  }
  best.runs = runs;
  return best;
}

}  // namespace reprise
