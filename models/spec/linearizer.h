// Is there an order? The search behind linearizable.h, for one object.
//
// A history is linearizable if each operation can be given a moment between its invocation and its
// answer at which it took effect, so that the specification explains every answer. An operation
// without an answer may have its moment at any time after its invocation, or never.
//
// The search is Wing and Gong's with Lowe's memo ("Testing for linearizability", 2017). A
// *position* is a number of answers, in the order in which they came; a *configuration* is a
// position, the state of the object, and which operations have taken effect though their answers
// come later
// (`done`). At a position the next answer is that of operation x. If x is done, the position moves
// on; if not, some operation that was open just then takes effect: x itself, or another that must
// come before it. Nothing is lost by letting operations take effect only where a coming answer
// needs them: a moment can be put off until just before the next answer without leaving its
// operation's interval. The history is linearizable if some configuration comes past its last
// answer.
//
// Three things keep it small.
//
// 1. Dominance. Of two configurations with the same position and state, where the one has done all
//    that the other has and besides only operations that have no answer, it is enough to go on with
//    the other: it can take every step that the one can, and nobody asks it for the rest. So n
//    writes in doubt leave about n configurations, not two to the n. This holds for what is known
//    *now*, and must be judged again when more answers are in. That is why nothing that a search
//    has seen is kept for the next one: either the last configuration can be continued, which is
//    nearly always so, or the search starts afresh from the roots.
//
// 2. Slots. An operation takes the lowest free bit while it is open; two that share a bit are never
//    open at the same position. So `done` is as wide as the history is concurrent, not as it is
//    long.
//
// 3. Settling. The roots are all configurations, up to dominance, that explain the answers before
// the
//    position `base_`; what came before is forgotten. A position may become the base only when each
//    operation invoked before it has been answered or given up for good. Then whatever is done in a
//    root was either checked against its answer or will never have one, so that dominance among
//    roots stays true whatever comes. Without this condition {a read is done} and {it is not} would
//    look alike today and be told apart by its answer tomorrow. Operations in doubt are not in the
//    way: in a root where they are not done they stay open, and may take effect at any later
//    position. No quiescent moment is needed, and a busy object need never have one.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/spec/bits.h"
#include "sim/check.h"

namespace reprise::models {

// A specification is one struct of functions:
//
//   State, Operation, Result                        State has == and <
//   static State Init()
//   static optional<State> Step(state, op, result)  the state after op, if op may return result
//   static State Apply(state, op)                   the same for an op whose result nobody knows
//   static string Text(op)                          for people: "write 5"
//
// and, where an answer shows what the state had come to, two more that prune the search:
//
//   static bool Tells(op)                           whether op's result is of that kind
//   static bool MayBecome(state, result)            false if no operations lead from state to there
//
// and one that spares the search much where operations are in doubt:
//
//   static Effect EffectOf(op)
enum class Effect {
  kNone,        // Never changes the state.
  kOverwrites,  // The state after it, and its result, do not depend on the state before it.
  kAny
};

template <class Spec>
class Linearizer {
 public:
  using State = typename Spec::State;
  using Operation = typename Spec::Operation;
  using Result = typename Spec::Result;

  enum class Judgement { kExplained, kUnexplained, kOutOfSteps };

  // Spends at most `steps` applications of the specification on one search. Tries to settle after
  // so many answers: settling looks for all configurations, not for one, so it is done seldom.
  Linearizer(const State& initial, uint64_t steps, size_t settle_every = 32)
      : steps_most_(steps),
        settle_every_(settle_every),
        roots_{{0, initial, {}}},
        last_(roots_.front()),
        settle_after_(settle_every) {}

  // Returns what to call this operation from now on.
  size_t Invoke(Operation operation) {
    size_t slot = 0;
    while (slots_.Has(slot)) ++slot;
    slots_.Add(slot);
    ops_.push_back({.operation = std::move(operation), .slot = slot, .invoked = end()});
    open_.push_back(ops_.size() - 1);
    return ops_.size() - 1;
  }

  // Whether some order still explains every answer, now that this one has come. After any other
  // answer than kExplained the object is of no further use. REQUIRES: the operation has no end yet.
  Judgement Return(size_t op, Result result) {
    CHECK(!ops_[op].ended);
    const bool guessed = last_ && last_->done.Has(ops_[op].slot);  // Done before its answer came.
    ops_[op].result = std::move(result);
    ops_[op].ended = true;
    if constexpr (kTells) {
      if (Spec::Tells(ops_[op].operation)) tellings_.push_back(end());
    }
    answers_.push_back({op, open_, {}});
    MarkAnswered(op);
    Close(op);
    if (guessed) last_.reset();
    return Judge();
  }

  // The operation had no effect. REQUIRES and answers: as for Return.
  Judgement Fail(size_t op) {
    CHECK(!ops_[op].ended);
    ops_[op].failed = ops_[op].ended = true;
    const bool used = last_ && last_->done.Has(ops_[op].slot);
    Close(op);
    if (!used) return Judgement::kExplained;
    last_.reset();
    return Judge();
  }

  // No answer will come: it stays open for ever, unless it has no effect anyway. REQUIRES: as for
  // Return.
  void GiveUp(size_t op) {
    CHECK(!ops_[op].ended);
    ops_[op].ended = true;
    if (EffectOf(ops_[op]) != Effect::kNone) return;
    ops_[op].failed = true;  // Not even tried.
    Close(op);
  }

  // How many answers are not settled yet.
  size_t unsettled() const { return answers_.size(); }

 private:
  struct Op {
    Operation operation;
    size_t slot = 0;
    size_t invoked = 0;  // The position when it was.
    std::optional<Result> result = {};
    bool failed = false;
    bool ended = false;
  };
  // The answer between one position and the next.
  struct Answer {
    size_t op;
    std::vector<size_t> open;  // What could take effect before it, itself included.
    Bits answered;             // The slots of those that have an answer by now.
  };
  struct Config {
    size_t position;
    State state;
    Bits done;
  };
  struct Visited {
    Config config;
    bool rest;   // Whether the likely step was followed already.
    bool spent;  // Whether it comes from taking an operation without an answer.
  };
  struct Search {
    size_t from, goal;
    uint64_t steps;  // Still to be spent.
    bool out_of_steps = false;
    std::vector<std::map<State, std::vector<Bits>>> seen = {};  // At each position on the way.
    std::map<std::pair<size_t, size_t>, std::vector<Visited>> waiting = {};  // See Wait.
    std::vector<Config> found = {};
  };
  static constexpr bool kTells = requires(const Operation& op) { Spec::Tells(op); };
  static constexpr uint64_t kSettleSteps = 20'000;

  size_t end() const { return base_ + answers_.size(); }

  void MarkAnswered(size_t op) {
    const size_t first = std::max(base_, ops_[op].invoked);
    for (size_t i = first; i < end(); ++i) answers_[i - base_].answered.Add(ops_[op].slot);
  }

  void Close(size_t op) {
    slots_.Remove(ops_[op].slot);
    std::erase(open_, op);
  }

  Judgement Judge() {
    if (last_ && !Continue()) {
      Search search = Explore({*last_}, end(), steps_most_, false);
      last_.reset();
      if (!search.found.empty()) last_ = search.found.front();
    }
    if (!last_) {
      Search search = Explore(roots_, end(), steps_most_, false);
      if (search.found.empty()) {
        return search.out_of_steps ? Judgement::kOutOfSteps : Judgement::kUnexplained;
      }
      last_ = search.found.front();
    }
    Settle();
    return Judgement::kExplained;
  }

  // The likely step of a search from the last configuration, which nearly always is all of it.
  bool Continue() {
    if (last_->position + 1 != end()) return false;
    const Op& op = ops_[answers_.back().op];
    if (last_->done.Has(op.slot)) return false;
    std::optional<State> state = Spec::Step(last_->state, op.operation, *op.result);
    if (!state) return false;
    last_->state = std::move(*state);
    ++last_->position;
    return true;
  }

  // Moves the base as far as it can go, where that is far enough to be worth it and cheap enough.
  void Settle() {
    size_t goal = end();
    for (size_t op : open_) {
      if (!ops_[op].ended) goal = std::min(goal, ops_[op].invoked);
    }
    if (goal < base_ + settle_after_) return;
    Search search = Explore(roots_, goal, kSettleSteps, true);
    if (search.out_of_steps) {
      settle_after_ *= 2;
      return;
    }
    roots_ = std::move(search.found);
    std::ranges::stable_sort(roots_, {}, [](const Config& root) { return root.done.Count(); });
    for (; base_ < goal; ++base_) {
      ops_[answers_.front().op].result.reset();
      answers_.pop_front();
    }
    while (!tellings_.empty() && tellings_.front() < base_) tellings_.pop_front();
    settle_after_ = settle_every_;
  }

  // Searches from configurations at one position for one at position `goal`, or for all of them.
  Search Explore(const std::vector<Config>& starts, size_t goal, uint64_t steps, bool all) const {
    Search search{.from = starts.front().position, .goal = goal, .steps = steps};
    search.seen.resize(goal - search.from + 1);
    for (size_t i = starts.size(); i-- > 0;) Visit(search, starts[i], false);
    while (!search.waiting.empty() && (all || search.found.empty()) && !search.out_of_steps) {
      const auto first = search.waiting.begin();
      Visited next = std::move(first->second.back());
      first->second.pop_back();
      if (first->second.empty()) search.waiting.erase(first);
      if (next.rest) {
        TakeTheRest(search, next);
      } else {
        Take(search, next, ops_[answers_[next.config.position - base_].op]);
        next.rest = true;
        Wait(search, std::move(next));
      }
    }
    return search;
  }

  // The order of the search: what is farthest first, then what has done least, then what came last;
  // and from each configuration first the likely step, the operation whose answer is next. So it
  // goes straight on where it can, and where it cannot, it tries one operation more before it tries
  // two. Having met what has done little, it need not look at what has done more (see 1. above).
  void Wait(Search& search, Visited next) const {
    const size_t to_go = search.goal - next.config.position;
    const size_t done = next.config.done.Count() + (next.rest ? 1 : 0);
    search.waiting[{to_go, done}].push_back(std::move(next));
  }

  void TakeTheRest(Search& search, const Visited& from) const {
    const Answer& next = answers_[from.config.position - base_];
    for (const bool answered : {false, true}) {  // The last to wait is the first to go.
      for (size_t i = next.open.size(); i-- > 0;) {
        const Op& op = ops_[next.open[i]];
        if (next.open[i] == next.op || op.failed || from.config.done.Has(op.slot)) continue;
        if (op.result.has_value() == answered) Take(search, from, op);
      }
    }
  }

  void Take(Search& search, const Visited& from, const Op& op) const {
    if (!op.result && EffectOf(op) == Effect::kNone) return;
    if (from.spent && EffectOf(op) == Effect::kOverwrites) return;  // See IsOfUse.
    std::optional<State> state = After(search, from.config.state, op);
    if (!state) return;
    Config after{from.config.position, std::move(*state), from.config.done};
    after.done.Add(op.slot);
    if (op.result || IsOfUse(search, after)) Visit(search, std::move(after), !op.result);
  }

  // Spends a step.
  std::optional<State> After(Search& search, const State& state, const Op& op) const {
    if (search.steps == 0) {
      search.out_of_steps = true;
      return std::nullopt;
    }
    --search.steps;
    if (op.result) return Spec::Step(state, op.operation, *op.result);
    return std::make_optional<State>(Spec::Apply(state, op.operation));
  }

  // To take an operation that nobody will ask for, and then to overwrite it, is to have done more
  // for the same state: dominated by overwriting what was there before. So after an operation
  // without an answer comes one that makes something of the state, or there was no use in it.
  bool IsOfUse(Search& search, const Config& config) const {
    const std::vector<size_t>& open = answers_[config.position - base_].open;
    return std::ranges::any_of(open, [&](size_t number) {
      const Op& op = ops_[number];
      const Effect effect = EffectOf(op);
      if (effect == Effect::kOverwrites || (effect == Effect::kNone && !op.result)) return false;
      if (op.failed || config.done.Has(op.slot)) return false;
      const std::optional<State> after = After(search, config.state, op);
      return after && (op.result || *after != config.state);
    });
  }

  static Effect EffectOf([[maybe_unused]] const Op& op) {
    if constexpr (requires { Spec::EffectOf(op.operation); }) {
      return Spec::EffectOf(op.operation);
    }
    return Effect::kAny;
  }

  void Visit(Search& search, Config config, bool spent) const {
    for (; config.position < search.goal; ++config.position) {
      const size_t slot = ops_[answers_[config.position - base_].op].slot;
      if (!config.done.Has(slot)) break;
      config.done.Remove(slot);
      spent = false;
    }
    if (IsHopeless(config)) return;
    const bool at_end = config.position == end();
    const Bits answered = at_end ? Bits{} : answers_[config.position - base_].answered;
    std::vector<Bits>& seen = search.seen[config.position - search.from][config.state];
    for (const Bits& done : seen) {
      if (done.IsPartOf(config.done, answered)) return;
    }
    seen.push_back(config.done);
    if (config.position == search.goal) {
      search.found.push_back(std::move(config));
    } else {
      Wait(search, {std::move(config), false, spent});
    }
  }

  // Whether the next telling answer that this configuration has yet to explain is out of its reach.
  bool IsHopeless([[maybe_unused]] const Config& config) const {
    if constexpr (kTells) {
      for (auto at = std::ranges::lower_bound(tellings_, config.position); at != tellings_.end();
           ++at) {
        const Op& op = ops_[answers_[*at - base_].op];
        const bool done = op.invoked <= config.position && config.done.Has(op.slot);
        if (!done) return !Spec::MayBecome(config.state, *op.result);
      }
    }
    return false;
  }

  uint64_t steps_most_;
  size_t settle_every_;
  std::vector<Op> ops_;
  Bits slots_;                // Taken.
  std::vector<size_t> open_;  // In order of invocation.
  size_t base_ = 0;
  std::deque<Answer> answers_;   // From the base on.
  std::deque<size_t> tellings_;  // Positions of answers that tell.
  std::vector<Config> roots_;
  std::optional<Config> last_;  // Explains all answers so far.
  size_t settle_after_;         // Grows where settling is too dear.
};

}  // namespace reprise::models
