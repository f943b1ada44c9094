// What clients were told is done stays done: every append that was acknowledged is in the list that
// is read at the end, once. It asks less than linearizability: not when it is seen, and in which
// order, but that it is not lost, doubled or made up. So it suits what is only eventually
// consistent.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/history.h"
#include "sim/oracle.h"

namespace reprise::models {

// Judges the operations of AppendList, key by key. Elements are unique on each key.
class Durable final : public Oracle {
 public:
  enum class Reads {
    kEvery,  // Each read must show all that was acknowledged before it was invoked.
    // Each read may be old, as lists grow at their ends: but one that shows an element and not
    // another, which was acknowledged before the first was invoked, shows that it is lost.
    kOrdered,
    kLast  // Only the last one of each key: the one after everything has healed.
  };
  explicit Durable(Reads judged = Reads::kLast) : judged_(judged) {}

  std::string name() const override { return "durable"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Invoked<ListOperation>& m) { Invoke(m); },
                [&](const Returned<ListResult>& m) { complaint = Return(m); },
                [&](const Failed& m) { Fail(m); }, [&](const InDoubt& m) { open_.erase(m.op); });
    return complaint;
  }

  Complaint AtEnd() override {
    for (const auto& [key, list] : lists_) {
      if (!list.last_read) continue;
      if (Complaint complaint = Judge(key, list, *list.last_read)) return complaint;
    }
    return std::nullopt;
  }

  // Of each key, what the last read does not show.
  void Measure(const RunTotals&, Metrics& metrics) const override {
    for (const auto& [key, list] : lists_) {
      if (!list.last_read) continue;
      const std::set<uint64_t> seen(list.last_read->elements.begin(),
                                    list.last_read->elements.end());
      const uint64_t promised = list.last_read->acknowledged;
      uint64_t lost = 0;
      for (uint64_t i = 0; i < promised; ++i) lost += seen.contains(list.acknowledged[i]) ? 0 : 1;
      metrics[Metric::kLost].Share(lost, promised);
    }
  }

  // A list that nobody read after its last append was acknowledged has not been judged.
  std::optional<std::string> Undecided() const override {
    for (const auto& [key, list] : lists_) {
      const uint64_t judged = list.last_read ? list.last_read->acknowledged : 0;
      if (judged < list.acknowledged.size()) {
        return "nobody read key " + std::to_string(key) + " after its last append";
      }
    }
    return std::nullopt;
  }

 private:
  struct Read {
    uint64_t acknowledged = 0;  // How many appends were when it was invoked.
    std::vector<uint64_t> elements;
  };
  struct List {
    // Not certainly failed, and how many were acknowledged before each was invoked.
    std::map<uint64_t, uint64_t> invoked;
    std::vector<uint64_t> acknowledged;  // In that order.
    std::optional<Read> last_read;       // Of those that returned, the one invoked last.
  };
  struct Open {
    uint64_t key;
    ListOperation operation;
    uint64_t acknowledged;  // As in Read.
  };

  void Invoke(const Invoked<ListOperation>& m) {
    List& list = lists_[m.key];
    if (m.operation.kind == ListOperation::Kind::kAppend) {
      list.invoked.emplace(m.operation.element, list.acknowledged.size());
    }
    open_.insert_or_assign(m.op, Open{m.key, m.operation, list.acknowledged.size()});
  }

  Complaint Return(const Returned<ListResult>& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return std::nullopt;  // For the linearizability oracle to complain of.
    const Open op = at->second;
    open_.erase(at);
    List& list = lists_[op.key];
    if (op.operation.kind == ListOperation::Kind::kAppend) {
      list.acknowledged.push_back(op.operation.element);
      return std::nullopt;
    }
    const Read read{op.acknowledged, m.result.elements};
    if (!list.last_read || list.last_read->acknowledged <= read.acknowledged) list.last_read = read;
    switch (judged_) {
      case Reads::kEvery: return Judge(op.key, list, read);
      case Reads::kOrdered: return Judge(op.key, list, {Precede(list, read), read.elements});
      case Reads::kLast: break;
    }
    return std::nullopt;
  }

  // How many were acknowledged before the newest of those that it shows was invoked.
  static uint64_t Precede(const List& list, const Read& read) {
    uint64_t precede = 0;
    for (const uint64_t element : read.elements) {
      const auto at = list.invoked.find(element);
      if (at != list.invoked.end()) precede = std::max(precede, at->second);
    }
    return precede;
  }

  void Fail(const Failed& m) {
    const auto at = open_.find(m.op);
    if (at == open_.end()) return;
    lists_[at->second.key].invoked.erase(at->second.operation.element);
    open_.erase(at);
  }

  // It is called for each read of a long list, so nothing is put into words unless it is wrong.
  static Complaint Judge(uint64_t key, const List& list, const Read& read) {
    const auto element = [&](uint64_t which, const char* what) {
      return "element " + std::to_string(which) + " of key " + std::to_string(key) + what;
    };
    std::vector<uint64_t> seen = read.elements;
    std::ranges::sort(seen);
    const bool twice = std::ranges::adjacent_find(seen) != seen.end();
    std::set<uint64_t> before;
    for (uint64_t one : read.elements) {
      if (!list.invoked.contains(one)) return element(one, " was read, but never appended");
      if (twice && !before.insert(one).second) return element(one, " was read twice");
    }
    for (uint64_t i = 0; i < read.acknowledged; ++i) {
      const uint64_t one = list.acknowledged[i];
      if (std::ranges::binary_search(seen, one)) continue;
      return element(one, " was acknowledged, but a later read does not show it");
    }
    return std::nullopt;
  }

  Reads judged_;
  std::map<uint64_t, List> lists_;
  std::map<OpId, Open> open_;
};

}  // namespace reprise::models
