// Replicated logs: what is applied at an index is applied there by all, for ever, and whoever comes
// to lead later has it.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "models/spec/elections.h"
#include "sim/oracle.h"

namespace reprise::models {

// A node executes the entry at that index. Reported for each, also again after a restart.
struct Applied {
  uint64_t index;
  uint64_t term;    // Of the entry.
  uint64_t hash;    // Of what it says.
  uint64_t during;  // The term of the node.
};

// State machine safety: "if a server has applied a log entry at a given index to its state machine,
// no other server will ever apply a different log entry for the same index" (Raft, figure 3).
class StateMachineSafety final : public Oracle {
 public:
  std::string name() const override { return "state-machine-safety"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Applied& m) {
      const auto [at, fresh] = applied_.try_emplace(m.index, First{event.node, m.hash});
      if (fresh || at->second.hash == m.hash) return;
      complaint = Name(event.node) + " applied at index " + std::to_string(m.index) +
                  " something else than " + Name(at->second.node);
    });
    return complaint;
  }

 private:
  struct First {
    NodeId node;
    uint64_t hash;
  };
  std::map<uint64_t, First> applied_;
};

// Leader completeness: "if a log entry is committed in a given term, then that entry will be
// present in the logs of the leaders for all higher-numbered terms" (Raft, figure 3). What was
// applied was committed, at the latest in the term of who was the first to apply it; and an entry
// is known by its index and term.
class LeaderCompleteness final : public Oracle {
 public:
  std::string name() const override { return "leader-completeness"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Applied& m) { complaint = Commit(m); },
                [&](const Elected& m) { complaint = Elect(event.node, m); });
    return complaint;
  }

 private:
  struct Leader {
    NodeId node;
    Elected log;
  };

  // A leader of a later term may have been elected already.
  Complaint Commit(const Applied& m) {
    if (!committed_.try_emplace(m.index, m).second) return std::nullopt;
    for (auto at = leaders_.upper_bound(m.during); at != leaders_.end(); ++at) {
      if (Complaint complaint = Judge(at->second, m)) return complaint;
    }
    return std::nullopt;
  }

  Complaint Elect(NodeId node, const Elected& m) {
    const Leader& leader = leaders_.insert_or_assign(m.term, Leader{node, m}).first->second;
    for (auto at = committed_.lower_bound(m.first); at != committed_.end(); ++at) {
      if (at->second.during >= m.term) continue;
      if (Complaint complaint = Judge(leader, at->second)) return complaint;
    }
    return std::nullopt;
  }

  // What stands before a leader's first entry is in its snapshot.
  static Complaint Judge(const Leader& leader, const Applied& entry) {
    const Elected& log = leader.log;
    if (entry.index < log.first) return std::nullopt;
    const uint64_t i = entry.index - log.first;
    if (i < log.entries.size() && log.entries[i].term == entry.term) return std::nullopt;
    return Name(leader.node) + " leads term " + std::to_string(log.term) + " without entry " +
           std::to_string(entry.index) + ", which was committed in term " +
           std::to_string(entry.during);
  }

  std::map<uint64_t, Applied> committed_;
  std::map<uint64_t, Leader> leaders_;  // Of each term.
};

}  // namespace reprise::models
