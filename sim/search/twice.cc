#include "sim/search/twice.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "sim/search/child.h"
#include "sim/search/elsewhere.h"
#include "sim/search/layout.h"

namespace reprise {
namespace {

using Order = Layout::Order;

constexpr size_t kContext = 4;
constexpr size_t kDrawsAtMost = 8;

constexpr const char* kRealWorld =
    "the real world: two processes with equal memory differ. Something asks the processor or the "
    "kernel past the leak guard (rdtsc, rdrand, a raw system call), or reads what other processes "
    "change. Use env.Now(), env.Random(label, bound), env.disk()";
constexpr const char* kUninitialised =
    "memory that was never written: the run changes with what stood in it. Initialise every "
    "variable, and do not copy a struct's bytes into a message, because its padding goes with "
    "them: give the message the fields";
constexpr const char* kAddresses =
    "addresses: the run changes with where objects lie. Look for a pointer that is compared or is "
    "the key of a std::set or std::map, is hashed (unordered_map), or is printed (%p). Order by an "
    "id instead";
constexpr const char* kEarlierRuns =
    "earlier runs: something outlives a run. Look for a static or global variable, a cache, and "
    "for "
    "what the scenario's functions capture by reference or pointer. Keep it among the locals of "
    "Main";
constexpr const char* kOnce =
    "something that happens once in a process: it did not differ again. Look for a static that is "
    "set the first time it is needed";
constexpr const char* kAnotherProcess =
    "another process: the run is the same whenever it is made here, and another there. Look for a "
    "hash that is seeded anew in each process (absl::Hash, absl::flat_hash_map), for the address "
    "of a function or a static object, for memory that was never written, which may hold such an "
    "address, and for what a process is given: its environment, its id, its working directory. Use "
    "std::map and options of the scenario. Initialise every variable";

bool Same(const Event& a, const Event& b) {
  return a.kind == b.kind && a.at == b.at && a.node == b.node && a.peer == b.peer && a.id == b.id &&
         a.message.name() == b.message.name() && a.message.bytes() == b.message.bytes();
}

// Two runs of which event i is the first that differs, as texts.
Divergence Differ(size_t i, size_t one, size_t other,
                  const std::function<std::string(size_t)>& text_one,
                  const std::function<std::string(size_t)>& text_other) {
  Divergence d;
  d.event = i + 1;
  for (size_t k = i > kContext ? i - kContext : 0; k < i; ++k) d.before.push_back(text_one(k));
  if (i < one) d.one = text_one(i);
  if (i < other) d.other = text_other(i);
  for (size_t k = i + 1; k < std::min(one, i + 1 + kContext); ++k) {
    d.one_after.push_back(text_one(k));
  }
  for (size_t k = i + 1; k < std::min(other, i + 1 + kContext); ++k) {
    d.other_after.push_back(text_other(k));
  }
  return d;
}

// What was drawn after so many events, and before the next.
std::vector<std::string> DrawsAfter(uint64_t events, const std::vector<WireTaken>& taken) {
  std::vector<std::string> out;
  for (const WireTaken& t : taken) {
    if (t.event != events) continue;
    const Departure d = FromWire(t);
    out.push_back(Describe(d.address) + " = " + std::to_string(d.value) + "/" +
                  std::to_string(d.bound));
    if (out.size() == kDrawsAtMost) break;
  }
  return out;
}

Divergence FirstDifference(const Record& one, const Record& other) {
  const size_t shorter = std::min(one.events.size(), other.events.size());
  size_t i = 0;
  while (i < shorter && one.events[i] == other.events[i]) ++i;
  if (i == one.events.size() && i == other.events.size()) return {};
  return Differ(
      i, one.events.size(), other.events.size(), [&](size_t k) { return one.events[k].first; },
      [&](size_t k) { return other.events[k].first; });
}

// The runs that are compared with the first one.
class Checker {
 public:
  Checker(const Scenario& scenario, const Choices& choices, std::optional<uint64_t> seed,
          const TwiceOptions& options)
      : scenario_(scenario),
        choices_(choices),
        errand_{scenario.FullName(), seed},
        another_(seed.value_or(0) + 1),
        options_(options) {}

  std::optional<Divergence> Check() {
    AnswerIfAsked(errand_, scenario_, choices_);
    first_ = Run({Order::kUp, 0x00}, choices_, true);
    const Choices again = Choices::FromDepartures(first_.departures());
    std::optional<Divergence> difference = Compare("again", {Order::kDown, 0xff}, choices_);
    if (!difference) {
      Simulate(scenario_, Choices::FromSeed(another_));
      difference = Compare("after another run", {Layout::Mixed(1), 0xa5}, choices_);
    }
    if (!difference) difference = Compare("from its departures", {Layout::Mixed(2), 0x5a}, again);
    if (difference) {
      difference->causes = Causes();
      return difference;
    }
    return CompareElsewhere();
  }

 private:
  // A run with more events than this is kept only where its digest differs.
  static constexpr uint64_t kKeptAtMost = 3'000'000;

  RunResult Run(Layout layout, const Choices& choices, bool keep) const {
    const LaidOut laid_out(layout);
    return Simulate(scenario_, choices, {.keep_events = keep});
  }

  // The first difference may be gone at a second look.
  std::optional<Divergence> Compare(const std::string& how, Layout layout,
                                    const Choices& choices) const {
    const bool keep = first_.events <= kKeptAtMost;
    RunResult other = Run(layout, choices, keep);
    if (other.digest == first_.digest) return std::nullopt;
    if (!keep) other = Run(layout, choices, true);
    Divergence d = FirstDifference(first_.timeline, other.timeline).value_or(Divergence());
    AddDraws(d, other.taken);
    d.how = how;
    return d;
  }

  void AddDraws(Divergence& d, const std::vector<WireTaken>& other) const {
    if (d.event == 0) return;
    std::vector<WireTaken> one;
    for (const Taken& t : first_.taken) one.push_back(ToWire(t.departure, t.event));
    d.one_draws = DrawsAfter(d.event - 1, one);
    d.other_draws = DrawsAfter(d.event - 1, other);
  }
  void AddDraws(Divergence& d, const Tape& other) const {
    std::vector<WireTaken> taken;
    for (const Taken& t : other) taken.push_back(ToWire(t.departure, t.event));
    AddDraws(d, taken);
  }

  std::optional<Divergence> CompareElsewhere() {
    if (options_.arguments.empty() || !MayAsk()) return std::nullopt;
    const Answer answer = AskElsewhere(errand_, options_.arguments);
    if (answer.record && answer.record->digest == first_.digest) return std::nullopt;
    Divergence d;
    if (answer.record) {
      d = FirstDifference(RecordOf(std::move(first_)), *answer.record);
      AddDraws(d, answer.record->taken);
      d.causes = {kAnotherProcess};
    } else {
      d.causes = {"another process: there the run did not come to an end: " + answer.why_not};
    }
    d.how = "in another process";
    return d;
  }

  // One arm of an experiment: a layout, and a run that is made before.
  struct Arm {
    Layout layout;
    const Choices* before = nullptr;
  };

  // The digest of the run in each arm, each in a process of its own. All are forked before any of
  // them is heard, so that their memory is the same to the byte. Empty where a process died.
  std::vector<std::string> Digests(const std::vector<Arm>& arms) const {
    std::vector<Child> children(arms.size());
    for (size_t i = 0; i < arms.size(); ++i) {
      children[i] = StartChild(true, [&](int fd) {
        if (arms[i].before != nullptr) Simulate(scenario_, *arms[i].before);
        WriteAll(
            fd, std::to_string(Run(arms[i].layout, choices_, first_.events <= kKeptAtMost).digest));
      });
    }
    std::vector<std::string> digests(arms.size());
    for (size_t i = 0; i < arms.size(); ++i) {
      const bool ended = ReadAll(children[i], std::chrono::minutes(1), digests[i]);
      if (!ended) kill(children[i].pid, SIGKILL);
      Reap(children[i]);
    }
    return digests;
  }

  // Each pair of arms differs in one thing only, and what makes the runs differ is a cause.
  std::vector<std::string> Causes() const {
    const Choices another = Choices::FromSeed(another_);
    const std::vector<std::string> d = Digests({{{Order::kUp, 0x00}},
                                                {{Order::kUp, 0x00}},
                                                {{Order::kUp, 0xff}},
                                                {{Order::kDown, 0x00}},
                                                {{Layout::Mixed(1), 0x00}},
                                                {{Order::kUp, 0x00}, &choices_},
                                                {{Order::kUp, 0x00}, &another}});
    if (d[0] != d[1]) return {kRealWorld};
    std::vector<std::string> causes;
    if (d[2] != d[0]) causes.push_back(kUninitialised);
    if (d[3] != d[0] || d[4] != d[0]) causes.push_back(kAddresses);
    // A run before this one moves memory about as well.
    if (d[3] == d[0] && d[4] == d[0] && (d[5] != d[0] || d[6] != d[0])) {
      causes.push_back(kEarlierRuns);
    }
    if (causes.empty()) causes.push_back(kOnce);
    return causes;
  }

  const Scenario& scenario_;
  const Choices& choices_;
  const Errand errand_;
  const uint64_t another_;
  const TwiceOptions& options_;
  RunResult first_;
};

}  // namespace

std::optional<Divergence> FirstDifference(const Timeline& one, const Timeline& other) {
  const size_t shorter = std::min(one.size(), other.size());
  size_t i = 0;
  while (i < shorter && Same(one[i], other[i])) ++i;
  if (i == one.size() && i == other.size()) return std::nullopt;
  return Differ(
      i, one.size(), other.size(), [&](size_t k) { return Describe(one[k]); },
      [&](size_t k) { return Describe(other[k]); });
}

std::optional<Divergence> CheckTwice(const Scenario& scenario, uint64_t seed,
                                     const TwiceOptions& options) {
  return Checker(scenario, Choices::FromSeed(seed), seed, options).Check();
}

std::optional<Divergence> CheckCalmTwice(const Scenario& scenario, const TwiceOptions& options) {
  return Checker(scenario, Choices::Calm(), std::nullopt, options).Check();
}

std::string Describe(const Divergence& d) {
  const std::string how = d.how.empty() ? "" : " (the other is the run " + d.how + ")";
  std::string out;
  const auto line = [&out](const char* who, const std::string& text) {
    out += std::string(11 - std::min<size_t>(11, std::string_view(who).size()), ' ') + who + "  " +
           text + "\n";
  };
  if (d.event == 0) {
    out = "the runs differ, and at a second look no event does" + how + "\n";
  } else {
    out = "first difference at event " + std::to_string(d.event) + how + "\n";
    const auto or_end = [](const std::string& s) { return s.empty() ? std::string("(ended)") : s; };
    for (const std::string& text : d.before) line("both", text);
    for (const std::string& text : d.one_draws) line("one drew", text);
    for (const std::string& text : d.other_draws) line("other drew", text);
    line(">>    one", or_end(d.one));
    for (const std::string& text : d.one_after) line("one", text);
    line(">>  other", or_end(d.other));
    for (const std::string& text : d.other_after) line("other", text);
  }
  for (const std::string& cause : d.causes) out += "depends on " + cause + "\n";
  return out;
}

}  // namespace reprise
