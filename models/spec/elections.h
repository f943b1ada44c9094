// Elections: what protocols with numbered terms (or views, epochs, ballots) promise of them.
//
// A term has one leader at most. And what a node has said of its term and its vote, it stands by,
// also after a crash: a node that votes twice in one term can elect two leaders, whether or not it
// comes to that.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/oracle.h"

namespace reprise::models {

struct TermIs {  // Of the node that reports it.
  uint64_t term;
  bool booted;  // So it finds it on its disk, as it starts.
};
struct Voted {
  uint64_t term;
  NodeId candidate;
};
struct LogEntry {
  uint64_t term;
};
struct Elected {  // The node leads that term, and its log has these entries,
  uint64_t term;
  uint64_t first;  // of which this is the first one's index.
  std::vector<LogEntry> entries;
};

class ElectionSafety final : public Oracle {
 public:
  std::string name() const override { return "election-safety"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Elected& m) {
      const NodeId other = leaders_.try_emplace(m.term, event.node).first->second;
      if (other == event.node) return;
      complaint =
          Name(other) + " and " + Name(event.node) + " both lead term " + std::to_string(m.term);
    });
    return complaint;
  }

 private:
  std::map<uint64_t, NodeId> leaders_;
};

class MonotonicTerms final : public Oracle {
 public:
  std::string name() const override { return "monotonic-terms"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const TermIs& m) { complaint = See(event.node, m.term); },
                [&](const Voted& m) { complaint = See(event.node, m); });
    return complaint;
  }

 private:
  Complaint See(NodeId node, uint64_t term) {
    const uint64_t before = std::exchange(terms_[node], term);
    if (term >= before) return std::nullopt;
    return Name(node) + " went back from term " + std::to_string(before) + " to term " +
           std::to_string(term);
  }

  Complaint See(NodeId node, const Voted& m) {
    const NodeId before = votes_.try_emplace({node, m.term}, m.candidate).first->second;
    if (before == m.candidate) return std::nullopt;
    return Name(node) + " voted for " + Name(before) + " and for " + Name(m.candidate) +
           " in term " + std::to_string(m.term);
  }

  std::map<NodeId, uint64_t> terms_;
  std::map<std::pair<NodeId, uint64_t>, NodeId> votes_;
};

}  // namespace reprise::models
