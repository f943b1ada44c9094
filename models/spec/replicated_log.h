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
    event.Match([&](const Applied& m) { committed_.try_emplace(m.index, m); },
                [&](const Elected& m) { complaint = Judge(event.node, m); });
    return complaint;
  }

 private:
  // What stands before its first entry is in a snapshot.
  Complaint Judge(NodeId leader, const Elected& m) const {
    for (auto at = committed_.lower_bound(m.first); at != committed_.end(); ++at) {
      const Applied& entry = at->second;
      if (entry.during >= m.term) continue;
      const uint64_t i = entry.index - m.first;
      if (i < m.entries.size() && m.entries[i].term == entry.term) continue;
      return Name(leader) + " leads term " + std::to_string(m.term) + " without entry " +
             std::to_string(entry.index) + ", which was committed in term " +
             std::to_string(entry.during);
    }
    return std::nullopt;
  }

  std::map<uint64_t, Applied> committed_;
};

}  // namespace reprise::models
