#include "tools/history.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "models/spec/append_list.h"
#include "models/spec/history.h"
#include "models/spec/key_value.h"
#include "models/spec/register.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using models::AppendList;
using models::KeyValue;
using models::Register;
using End = HistoryOperation::End;
using Part = HistoryOperation::Part;

constexpr uint64_t kSteps = 1'000'000;
constexpr size_t kBlameAtMost =
    600;  // Of more operations on a key, nobody asks which are to blame.

using Values = std::set<uint64_t>;

// What an operation gives to others, and what it needs of others.
Values Gives(const models::RegisterOperation& op) {
  return op.kind == Register::Kind::kRead ? Values{} : Values{op.value};
}
Values Gives(const models::KeyValueOperation& op) {
  using Kind = KeyValue::Kind;
  return op.kind == Kind::kPut || op.kind == Kind::kCas ? Values{op.value} : Values{};
}
Values Gives(const models::ListOperation& op) {
  return op.kind == AppendList::Kind::kAppend ? Values{op.element} : Values{};
}
Values Needs(const models::RegisterOperation& op, const models::RegisterResult& r) {
  if (op.kind == Register::Kind::kRead) return {r.value};
  return op.kind == Register::Kind::kCas && r.swapped ? Values{op.expected} : Values{};
}
Values Needs(const models::KeyValueOperation& op, const models::KeyValueResult& r) {
  using Kind = KeyValue::Kind;
  if (op.kind == Kind::kGet) return r.value ? Values{*r.value} : Values{};
  return op.kind == Kind::kCas && r.swapped && op.expected ? Values{*op.expected} : Values{};
}
Values Needs(const models::ListOperation& op, const models::ListResult& r) {
  if (op.kind != AppendList::Kind::kRead) return {};
  return Values(r.elements.begin(), r.elements.end());
}

std::string TextOf(const models::RegisterOperation& op, const models::RegisterResult& r) {
  if (op.kind == Register::Kind::kRead) return "got " + std::to_string(r.value);
  return r.swapped ? "ok" : "not swapped";
}
std::string TextOf(const models::KeyValueOperation& op, const models::KeyValueResult& r) {
  if (op.kind == KeyValue::Kind::kGet) {
    return r.value ? "got " + std::to_string(*r.value) : "got none";
  }
  return r.swapped ? "ok" : "not swapped";
}
std::string TextOf(const models::ListOperation& op, const models::ListResult& r) {
  if (op.kind != AppendList::Kind::kRead) return "ok";
  std::string out = "got [";
  for (const uint64_t x : r.elements) out += (out.back() == '[' ? "" : " ") + std::to_string(x);
  return out + "]";
}

template <class Spec>
class Reader {
 public:
  using Operation = typename Spec::Operation;
  using Result = typename Spec::Result;
  using Order = models::Linearizer<Spec>;

  explicit Reader(const RunResult& run) : run_(run) {}

  bool Read() {
    for (size_t i = 0; i < run_.timeline.size(); ++i) {
      const Event e = run_.timeline[i];
      if (e.kind != Event::Kind::kFact) continue;
      e.Match([&](const models::Invoked<Operation>& m) { Invoke(e, m); },
              [&](const models::Returned<Result>& m) { Return(e, m); },
              [&](const models::Failed& m) { Finish(e, m.op, End::kFailed); },
              [&](const models::InDoubt& m) { Finish(e, m.op, End::kInDoubt); });
    }
    return !out_.operations.empty();
  }

  History Take() {
    Blame();
    return std::move(out_);
  }

 private:
  struct More {
    Operation operation;
    std::optional<Result> result = {};
  };

  void Invoke(const Event& e, const models::Invoked<Operation>& m) {
    if (!at_.insert({m.op, out_.operations.size()}).second) return;
    out_.operations.push_back({.client = m.op.client,
                               .sequence = m.op.sequence,
                               .key = m.key,
                               .text = Spec::Text(m.operation),
                               .result = {},
                               .from = e.at,
                               .to = run_.end,
                               .invoked = e.index});
    more_.push_back({m.operation});
  }

  void Return(const Event& e, const models::Returned<Result>& m) {
    const auto at = at_.find(m.op);
    if (at == at_.end() || out_.operations[at->second].ended != 0) return;
    Finish(e, m.op, End::kReturned);
    more_[at->second].result = m.result;
    out_.operations[at->second].result = TextOf(more_[at->second].operation, m.result);
    last_returned_ = at->second;
  }

  void Finish(const Event& e, const models::OpId& op, End end) {
    const auto at = at_.find(op);
    if (at == at_.end() || out_.operations[at->second].ended != 0) return;
    HistoryOperation& o = out_.operations[at->second];
    o.ended = e.index;
    o.end = end;
    if (end != End::kInDoubt) o.to = e.at;
    if (end == End::kFailed) o.result = "failed";
  }

  // Whether no order explains the operations of that key, without those that were taken away.
  bool IsUnexplained(uint64_t key, const std::vector<bool>& away) const {
    std::vector<std::pair<size_t, size_t>> steps;  // Events, and whose.
    for (size_t i = 0; i < out_.operations.size(); ++i) {
      const HistoryOperation& o = out_.operations[i];
      if (o.key != key || away[i]) continue;
      steps.emplace_back(o.invoked, i);
      if (o.ended != 0) steps.emplace_back(o.ended, i);
    }
    std::ranges::sort(steps);
    Order order(Spec::Init(), kSteps);
    std::map<size_t, size_t> numbers;
    for (const auto& [event, i] : steps) {
      const HistoryOperation& o = out_.operations[i];
      auto judgement = Order::Judgement::kExplained;
      if (event == o.invoked) {
        numbers[i] = order.Invoke(more_[i].operation);
      } else if (o.end == End::kReturned) {
        judgement = order.Return(numbers[i], *more_[i].result);
      } else if (o.end == End::kFailed) {
        judgement = order.Fail(numbers[i]);
      } else {
        order.GiveUp(numbers[i]);
      }
      if (judgement != Order::Judgement::kExplained) {
        return judgement == Order::Judgement::kUnexplained;
      }
    }
    return false;
  }

  // Whether another operation that is still there needs what this one gives.
  bool IsNeeded(size_t op, const std::vector<bool>& away) const {
    const Values gives = Gives(more_[op].operation);
    if (gives.empty()) return false;
    for (size_t i = 0; i < more_.size(); ++i) {
      if (i == op || away[i] || !more_[i].result) continue;
      if (out_.operations[i].key != out_.operations[op].key) continue;
      for (const uint64_t value : Needs(more_[i].operation, *more_[i].result)) {
        if (gives.contains(value)) return true;
      }
    }
    return false;
  }

  void Blame() {
    if (!last_returned_ || run_.verdict.oracle != "linearizable") return;
    const size_t last = *last_returned_;
    const uint64_t key = out_.operations[last].key;
    std::vector<bool> away(out_.operations.size(), false);
    if (!IsUnexplained(key, away)) return;
    out_.key = key;
    const HistoryOperation& o = out_.operations[last];
    out_.why = "no order of the operations on key " + std::to_string(key) + " explains that " +
               Name(o.client) + "'s operation " + std::to_string(o.sequence) + ", " + o.text +
               ", " + Shorten(o.result, 60);
    out_.operations[last].part = Part::kUnexplained;
    const auto of_key = std::ranges::count(out_.operations, key, &HistoryOperation::key);
    if (static_cast<size_t>(of_key) > kBlameAtMost) return;
    TakeAway(key, last, away);
    for (size_t i = 0; i < away.size(); ++i) {
      if (away[i] || i == last || out_.operations[i].key != key) continue;
      out_.operations[i].part = IsNeeded(i, away) ? Part::kSource : Part::kConflicts;
    }
  }

  // Reads first: what nobody reads any more may go as well.
  void TakeAway(uint64_t key, size_t last, std::vector<bool>& away) const {
    for (bool less = true; less;) {
      less = false;
      for (size_t i = 0; i < away.size(); ++i) {
        if (away[i] || i == last || out_.operations[i].key != key || IsNeeded(i, away)) continue;
        away[i] = true;
        const bool still = IsUnexplained(key, away);
        away[i] = still;
        less |= still;
      }
    }
  }

  const RunResult& run_;
  History out_;
  std::vector<More> more_;  // Of each operation.
  std::map<models::OpId, size_t> at_;
  std::optional<size_t> last_returned_;
};

}  // namespace

std::optional<History> HistoryOf(const RunResult& run) {
  if (Reader<AppendList> reader(run); reader.Read()) return reader.Take();
  if (Reader<KeyValue> reader(run); reader.Read()) return reader.Take();
  if (Reader<Register> reader(run); reader.Read()) return reader.Take();
  return std::nullopt;
}

}  // namespace reprise
