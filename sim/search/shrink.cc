#include "sim/search/shrink.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "sim/check.h"

namespace reprise {
namespace {

// What of a list is to be small, in this order; then the events of its run.
std::tuple<size_t, uint64_t, uint64_t> SizeOf(const Departures& departures) {
  uint64_t values = 0, slots = 0;
  for (const Departure& d : departures) {
    values += d.value;
    if (IsSlotted(d.address.site.label)) slots += d.address.ordinal;
  }
  return {departures.size(), values, slots};
}

uint64_t HashOf(const Departures& departures) {
  uint64_t h = 1;
  const auto add = [&h](uint64_t x) { h = Choices::Mix(h * 0x9e3779b97f4a7c15 + x); };
  for (const auto& [a, value, bound] : departures) {
    add(a.site.label.key());
    add(uint64_t{Index(a.site.node)} << 32 | Index(a.site.peer));
    add(a.ordinal);
    add(uint64_t{a.sub} << 32 ^ value);
  }
  return h;
}

// What is drawn for the fault of that slot, and goes where it goes.
bool BelongsTo(const Address& a, const Address& fault) {
  const std::string& name = a.site.label.name();
  if (a.ordinal != fault.ordinal || a.site.node != fault.site.node) return false;
  if (a.site == fault.site) return true;
  if (fault.site.label == LabelOf(Fault::kCut)) return name.starts_with("cut-");
  if (fault.site.label == LabelOf(Fault::kRot)) return name.starts_with("rot-");
  if (fault.site.label == LabelOf(Fault::kJump)) return name == "jump-by";
  if (name == "down" || name == "unsynced" || name == "torn") return a.sub == 0;
  return name.starts_with("torn-") && a.sub < 4096;  // From there on, crash-at's.
}

class Shrinker {
 public:
  Shrinker(const Attempt& attempt, const ShrinkOptions& options)
      : attempt_(attempt), options_(options) {}

  Shrunk Run(const Departures& departures) {
    RunResult first = Try(departures);
    Shrunk shrunk{.departures = departures,
                  .result = {},
                  .runs = 1,
                  .before = departures.size(),
                  .events_before = first.events,
                  .twice = false};
    if (!first.verdict.failed()) {
      shrunk.result = std::move(first);
      return shrunk;
    }
    oracle_ = first.verdict.oracle;
    Keep(departures, std::move(first));
    Search();
    shrunk.departures = best_;
    shrunk.result = Try(best_);
    const RunResult again = Try(best_);
    shrunk.twice =
        shrunk.result.digest == again.digest && FailsAlike(again) && FailsAlike(shrunk.result);
    shrunk.runs = runs_;
    return shrunk;
  }

 private:
  using Size = decltype(SizeOf({}));

  void Search() {
    Consider({});
    for (bool smaller = true; smaller && !Spent();) {
      const Size size = SizeOf(best_);
      DropSwarm();
      DropLabels();
      for (Label label : Labels()) DropChunks(label);
      DropChunks(std::nullopt);
      SimplifyCuts();
      MoveEarlier();
      LowerValues();
      smaller = SizeOf(best_) < size || DropPairs();
    }
  }

  RunResult Try(const Departures& departures) {
    ++runs_;
    return attempt_(departures);
  }

  // Two runs are left for the result.
  bool Spent() const {
    return runs_ + 2 >= options_.runs_at_most || (options_.stop && options_.stop());
  }
  bool FailsAlike(const RunResult& r) const {
    return r.verdict.failed() && r.verdict.oracle == oracle_;
  }

  // What the run really drew is kept rather than what it was given: what came after the failure
  // falls away. A process that died without a last word has not said.
  void Keep(const Departures& given, const RunResult& result) {
    in_time_.clear();
    for (const Taken& t : result.taken) in_time_.push_back(t.departure);
    if (result.events == 0 && in_time_.empty()) in_time_ = given;
    best_ = in_time_;
    Sort(best_);
    events_ = result.events;
    tried_.insert(HashOf(best_));
  }

  // Keeps the candidate if it fails alike and is smaller. No list is tried a second time.
  bool Consider(Departures candidate) {
    Sort(candidate);
    if (Spent() || !tried_.insert(HashOf(candidate)).second) return false;
    RunResult result = Try(candidate);
    if (!FailsAlike(result)) return false;
    const bool silent = result.events == 0 && result.taken.empty();
    if (!Smaller(silent ? candidate : result.departures(), result.events, best_, events_)) {
      return false;
    }
    Keep(candidate, result);
    return true;
  }

  template <class Predicate>
  bool DropIf(Predicate drop) {
    Departures candidate = best_;
    std::erase_if(candidate, drop);
    return candidate.size() < best_.size() && Consider(std::move(candidate));
  }

  // How often faults were to strike says nothing once it is written down which did.
  void DropSwarm() {
    DropIf([](const Departure& d) { return d.address.site.label.name().starts_with("swarm-"); });
  }

  // The most frequent first: most of a storm has nothing to do with the bug.
  std::vector<Label> Labels() const {
    std::vector<std::pair<size_t, Label>> counts;
    for (const Departure& d : best_) {
      if (counts.empty() || counts.back().second != d.address.site.label) {
        counts.emplace_back(0, d.address.site.label);
      }
      ++counts.back().first;
    }
    std::ranges::stable_sort(counts, std::greater(), [](const auto& c) { return c.first; });
    std::vector<Label> labels;
    for (const auto& [count, label] : counts) labels.push_back(label);
    return labels;
  }

  void DropLabels() {
    for (Label label : Labels()) {
      DropIf([&](const Departure& d) { return d.address.site.label == label; });
    }
  }

  // Half of those of a label, or of all, in the order in which they were drawn, and the last ones
  // first; then quarters, and so on. What is dropped moves nothing that was drawn before it.
  void DropChunks(std::optional<Label> label) {
    std::vector<size_t> at = Indices(label);
    if (label && at.size() < 4) return;  // Soon done, with all others.
    for (size_t n = std::bit_ceil(at.size()) / 2; n >= 1; n /= 2) {
      for (size_t end = at.size(); end > 0 && !Spent();) {
        end = std::min(end, at.size());
        const size_t begin = end > n ? end - n : 0;
        if (Consider(Without(std::span(at).subspan(begin, end - begin)))) at = Indices(label);
        end = begin;
      }
    }
  }

  std::vector<size_t> Indices(std::optional<Label> label) const {
    std::vector<size_t> at;
    for (size_t i = 0; i < in_time_.size(); ++i) {
      if (!label || in_time_[i].address.site.label == *label) at.push_back(i);
    }
    return at;
  }

  Departures Without(std::span<const size_t> dropped) const {
    Departures left;
    for (size_t i = 0; i < in_time_.size(); ++i) {
      if (!dropped.empty() && dropped.front() == i) {
        dropped = dropped.subspan(1);
      } else {
        left.push_back(in_time_[i]);
      }
    }
    return left;
  }

  // Two that only make sense together, such as a loss and what made up for it. Of many, only those
  // that lie near one another.
  bool DropPairs() {
    constexpr size_t kPairs = 72;
    const size_t size = in_time_.size();
    const size_t far = size <= 12 ? size : std::max<size_t>(kPairs / size, 1);
    for (size_t j = size; j-- > 0 && !Spent();) {
      for (size_t i = j; i-- > 0 && j - i <= far;) {
        const size_t both[] = {i, j};
        if (Consider(Without(both))) return true;
      }
    }
    return false;
  }

  // The least number in [1, high] that will do, where more is never worse; else one that will.
  template <class Predicate>
  static void Lowest(uint64_t high, Predicate will_do) {
    if (high <= 1 || will_do(uint64_t{1})) return;
    for (uint64_t low = 2; low < high;) {
      const uint64_t middle = low + (high - low) / 2;
      if (will_do(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
  }

  // Whether a search is new: where all but what it varies is as it was, it would end as it did.
  template <class Blank>
  bool Fresh(Blank blank) {
    Departures rest = best_;
    for (Departure& d : rest) blank(d);
    return searched_.insert(HashOf(rest)).second;
  }

  bool SetValue(const Address& address, uint64_t value) {
    Departures candidate = best_;
    const auto at = std::ranges::find(candidate, address, &Departure::address);
    if (at == candidate.end() || at->value <= value) return false;
    at->value = value;
    return Consider(std::move(candidate));
  }

  // Small domains are kinds, and every value is tried; large ones are sizes, and bisected.
  void LowerValues() {
    const Departures targets = best_;
    for (const Departure& d : targets) {
      if (d.bound > 8) {
        if (!Fresh([&](Departure& other) {
              if (other.address == d.address) other.value = 0;
            })) {
          continue;
        }
        Lowest(d.value, [&](uint64_t value) { return SetValue(d.address, value); });
        continue;
      }
      for (uint64_t value = 1; value < d.value; ++value) {
        if (SetValue(d.address, value)) break;
      }
    }
  }

  // Of all ways to cut, one node off is the simplest; to come to it from another takes several
  // changes at once.
  void SimplifyCuts() {
    constexpr uint64_t kNodes = 8;
    static const Label kCutNode("cut-node");
    const Departures targets = best_;
    for (const Departure& cut : targets) {
      if (cut.address.site.label != LabelOf(Fault::kCut)) continue;
      Departures base = best_;
      const auto says_how = [&](const Departure& d) {
        const std::string& name = d.address.site.label.name();
        return BelongsTo(d.address, cut.address) && name.starts_with("cut-") && name != "cut-for";
      };
      std::erase_if(base, says_how);
      for (uint64_t node = 0; base.size() + 1 < best_.size() && node < kNodes; ++node) {
        Departures candidate = base;
        if (node > 0) candidate.push_back({{{kCutNode}, cut.address.ordinal}, node, node + 1});
        if (Consider(std::move(candidate))) break;
      }
    }
  }

  // Moves what strikes by slots of time to earlier slots, with all that belongs to it.
  void MoveEarlier() {
    const Departures targets = best_;
    for (const Departure& d : targets) {
      if (!IsSlotted(d.address.site.label)) continue;
      Address now = d.address;
      if (!Fresh([&](Departure& other) {
            if (BelongsTo(other.address, d.address)) other.address.ordinal = 0;
          })) {
        continue;
      }
      Lowest(now.ordinal, [&](uint64_t slot) {
        const bool moved = slot < now.ordinal && Move(now, slot);
        if (moved) now.ordinal = slot;
        return moved;
      });
    }
  }

  bool Move(const Address& fault, uint64_t slot) {
    Departures candidate = best_;
    for (Departure& d : candidate) {
      if (BelongsTo(d.address, fault)) d.address.ordinal = slot;
    }
    Sort(candidate);
    const auto same = [](const Departure& a, const Departure& b) { return a.address == b.address; };
    if (std::ranges::adjacent_find(candidate, same) != candidate.end()) return false;
    return Consider(std::move(candidate));
  }

  const Attempt& attempt_;
  const ShrinkOptions& options_;
  uint64_t runs_ = 0;
  std::string oracle_;
  Departures best_;
  Departures in_time_;  // The same, in the order drawn.
  uint64_t events_ = 0;
  std::set<uint64_t> tried_;     // Hashes of lists,
  std::set<uint64_t> searched_;  // and of lists but for what was varied.
};

}  // namespace

bool IsSlotted(Label label) {
  for (Fault fault : {Fault::kCrash, Fault::kCut, Fault::kRot, Fault::kJump}) {
    if (label == LabelOf(fault)) return true;
  }
  return false;
}

bool Smaller(const Departures& a, uint64_t events_a, const Departures& b, uint64_t events_b) {
  return std::tuple(SizeOf(a), events_a) < std::tuple(SizeOf(b), events_b);
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
  std::optional<Shrunk> best;
  uint64_t runs = 0;
  for (const Departures& failure : failures) {
    const uint64_t left = options.runs_of_all_at_most - std::min(runs, options.runs_of_all_at_most);
    if (best && (left < 3 || (options.stop && options.stop()))) break;
    ShrinkOptions each = options;
    each.runs_at_most = std::min(options.runs_at_most, left);
    Shrunk next = Shrink(attempt, failure, each);
    runs += next.runs;
    const bool fails = next.result.verdict.failed();
    if (best && !fails) continue;
    const bool better =
        !best || !best->result.verdict.failed() ||
        (next.result.verdict.oracle == best->result.verdict.oracle &&
         Smaller(next.departures, next.result.events, best->departures, best->result.events));
    if (better) best = std::move(next);
  }
  best->runs = runs;
  return *std::move(best);
}

}  // namespace reprise
