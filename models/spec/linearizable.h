// Linearizability: every object behaves as if its operations took effect one at a time, each at
// some moment between its invocation and its answer.
//
// It holds of a system exactly if it holds of each object by itself (Herlihy and Wing, 1990), so
// the history is judged key by key. It is judged at each answer: a run ends at the first one that
// nothing explains. The problem is NP-complete, so judging has a budget; a run that exceeds it on
// some key is `unknown`, unless another key shows a violation.
//
// What it costs (tests/spec_linearizable_test.cc): 10,000 reads and writes of one key by four
// clients take 60 ms; with 100 of them in doubt twice that, with 200 a second and a half. Failed
// swaps cost more, as any operation in doubt might be why: keep to a thousand of those on one key.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "models/spec/history.h"
#include "models/spec/linearizer.h"
#include "sim/oracle.h"

namespace reprise::models {

// Judges Invoked<Spec::Operation>, Returned<Spec::Result>, Failed and InDoubt; see linearizer.h for
// what a Spec is. Operations of other specifications are none of its business.
template <class Spec>
class Linearizable final : public Oracle {
 public:
  using State = typename Spec::State;
  using Operation = typename Spec::Operation;
  using Result = typename Spec::Result;

  // Every object starts out as `initial`. One search may apply that many operations.
  explicit Linearizable(State initial = Spec::Init(), uint64_t steps_per_search = 1'000'000)
      : initial_(std::move(initial)), steps_(steps_per_search) {}

  std::string name() const override { return "linearizable"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Invoked<Operation>& m) { complaint = Invoke(m); },
                [&](const Returned<Result>& m) { complaint = Return(m); },
                [&](const Failed& m) { complaint = Fail(m); },
                [&](const InDoubt& m) { GiveUp(m); });
    return complaint;
  }

  std::optional<std::string> Undecided() const override { return undecided_; }

 private:
  using Judgement = typename Linearizer<Spec>::Judgement;
  struct Object {
    Linearizer<Spec> order;
    bool out_of_steps = false;  // What comes later cannot be judged either.
  };
  struct Open {  // An operation that has not ended, or is in doubt.
    uint64_t key;
    Operation operation;
    size_t number = 0;  // What the linearizer calls it.
    bool in_doubt = false;
  };

  Complaint Invoke(const Invoked<Operation>& m) {
    const auto [at, fresh] = open_.try_emplace(m.op, Open{m.key, m.operation});
    if (!fresh) return Text(m.op) + " was invoked twice";
    Object& object =
        objects_.try_emplace(m.key, Object{Linearizer<Spec>(initial_, steps_)}).first->second;
    if (!object.out_of_steps) at->second.number = object.order.Invoke(m.operation);
    return std::nullopt;
  }

  Complaint Return(const Returned<Result>& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return Text(m.op) + " returned, but was not open";
    std::string what = "returned ";
    Print(what, m.result);
    return End(at, what, [&](Linearizer<Spec>& order, size_t number) {
      return order.Return(number, m.result);
    });
  }

  Complaint Fail(const Failed& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return std::nullopt;  // Of another specification.
    return End(at, "had no effect",
               [](Linearizer<Spec>& order, size_t number) { return order.Fail(number); });
  }

  void GiveUp(const InDoubt& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end() || std::exchange(at->second.in_doubt, true)) return;
    Object& object = objects_.at(at->second.key);
    if (!object.out_of_steps) object.order.GiveUp(at->second.number);
  }

  template <class Judge>
  Complaint End(typename std::map<OpId, Open>::iterator at, const std::string& what, Judge judge) {
    const auto [id, op] = *at;
    if (op.in_doubt) return std::nullopt;
    open_.erase(at);
    Object& object = objects_.at(op.key);
    if (object.out_of_steps) return std::nullopt;
    const Judgement judgement = judge(object.order, op.number);
    if (judgement == Judgement::kExplained) return std::nullopt;
    const std::string that = "that " + Text(id) + ", " + Spec::Text(op.operation) + ", " + what;
    const std::string on = " on key " + std::to_string(op.key);
    if (judgement == Judgement::kUnexplained)
      return "no order of operations" + on + " explains " + that;
    object.out_of_steps = true;
    if (!undecided_) undecided_ = std::to_string(steps_) + " steps" + on + " cannot tell " + that;
    return std::nullopt;
  }

  State initial_;
  uint64_t steps_;
  std::map<uint64_t, Object> objects_;
  std::map<OpId, Open> open_;
  std::optional<std::string> undecided_;
};

}  // namespace reprise::models
