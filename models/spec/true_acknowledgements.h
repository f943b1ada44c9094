// True acknowledgements: a server that tells the leader of a term that its log is the leader's, up
// to an index, has the leader's entry there. Raft's leader counts on it when it commits: "if there
// exists an N such that ... a majority of matchIndex[i] >= N" (Ongaro and Ousterhout, figure 2).
//
// What the leader's log is follows from what it was elected with (elections.h): whatever comes
// after that, the leader appended, in its own term. What stands before its first entry is in its
// snapshot, and not judged.
//
// Excused is for protocols that are known to break this: where another oracle complains in a run in
// which they have done so before, the run counts as skipped, because one thing may have led to the
// other. Runs in which nobody complains pass, and so do not hide anything.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "models/spec/elections.h"
#include "sim/oracle.h"

namespace reprise::models {

// Reported before the acknowledgement is sent.
struct LogAcknowledged {
  uint64_t term;   // Of the leader.
  uint64_t index;  // The log is the leader's up to there,
  uint64_t entry;  // where one's own entry is of that term.
};

class TrueAcknowledgements final : public Oracle {
 public:
  std::string name() const override { return "true-acknowledgements"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Elected& m) { leaders_.try_emplace(m.term, m); },
                [&](const LogAcknowledged& m) { complaint = Judge(event.node, m); });
    return complaint;
  }

 private:
  Complaint Judge(NodeId node, const LogAcknowledged& m) const {
    const auto at = leaders_.find(m.term);
    if (at == leaders_.end() || m.index < at->second.first) return std::nullopt;
    const Elected& leader = at->second;
    const uint64_t i = m.index - leader.first;
    const uint64_t expected = i < leader.entries.size() ? leader.entries[i].term : m.term;
    if (m.entry == expected) return std::nullopt;
    return Name(node) + " acknowledged entry " + std::to_string(m.index) + " of term " +
           std::to_string(m.term) + "'s leader, and has one of term " + std::to_string(m.entry) +
           " there";
  }

  std::map<uint64_t, Elected> leaders_;
};

class Excused final : public Oracle {
 public:
  // Shared by all oracles of one run.
  struct Known {
    TrueAcknowledgements oracle;
    Complaint broken;   // What is wrong that is known to be,
    Complaint excused;  // and who would have complained after that.
  };

  Excused(std::unique_ptr<Oracle> oracle, std::shared_ptr<Known> known)
      : oracle_(std::move(oracle)), known_(std::move(known)) {}

  std::string name() const override { return oracle_->name(); }
  EventKinds Watches() const override { return oracle_->Watches(); }

  Complaint OnFact(const Event& event) override {
    if (!known_->broken) known_->broken = known_->oracle.OnFact(event);
    return Excuse(oracle_->OnFact(event));
  }
  Complaint OnEvent(const Event& event) override { return Excuse(oracle_->OnEvent(event)); }
  Complaint AtEnd() override { return Excuse(oracle_->AtEnd()); }
  std::optional<std::string> Undecided() const override {
    return known_->excused ? std::nullopt : oracle_->Undecided();
  }
  std::optional<std::string> Skipped() const override {
    return known_->excused ? known_->excused : oracle_->Skipped();
  }
  void Measure(const RunTotals& totals, Metrics& metrics) const override {
    oracle_->Measure(totals, metrics);
  }

 private:
  Complaint Excuse(Complaint complaint) {
    if (!complaint || !known_->broken) return complaint;
    if (!known_->excused) known_->excused = *known_->broken + "; and then " + *complaint;
    return std::nullopt;
  }

  std::unique_ptr<Oracle> oracle_;
  std::shared_ptr<Known> known_;
};

}  // namespace reprise::models
