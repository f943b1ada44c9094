// No disruption: a node that was cut off, and comes back, does not depose a leader that a majority
// hears (Raft dissertation, 4.2.3 and 9.6).
//
// A node that begins a new term by itself deposes whoever leads. It may do so only with the consent
// of a majority, which it asks for first; and who hears a leader does not consent. So of the nodes
// that heard a leader all the time from the first question to the new term, there must not be a
// majority. That is judged with some slack: who has heard a leader at `t` is taken to refuse until
// t + `refuses`, which should be a little less than the protocol's own time, for clocks that are
// fast.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "models/spec/elections.h"
#include "sim/oracle.h"

namespace reprise::models {

struct HeardLeader {    // Or leads, and is heard by a majority.
  uint64_t behind = 0;  // So many entries at least are committed, and it has not applied them.
};
struct AsksToLead {  // A first time, or again.
  uint64_t term;
};
struct BeganTerm {  // By itself, and not because another node did, nor because it was told to.
  uint64_t term;
};

class NoDisruption final : public Oracle {
 public:
  NoDisruption(size_t nodes, Duration refuses) : nodes_(nodes), refuses_(refuses) {}

  std::string name() const override { return "no-disruption"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const HeardLeader&) { Hear(event.node, event.at); },
                [&](const TermIs& m) {
                  if (m.booted) heard_.erase(event.node);
                },
                [&](const AsksToLead& m) { Ask(event.node, m.term, event.at); },
                [&](const BeganTerm& m) { complaint = Judge(event.node, m.term, event.at); });
    return complaint;
  }

 private:
  struct Heard {
    Time since, last;  // Never `refuses_` or more without a leader, between these.
  };
  struct Asked {
    uint64_t term;
    Time since;
  };

  void Hear(NodeId node, Time at) {
    Heard& heard = heard_.try_emplace(node, Heard{at, at}).first->second;
    if (at >= heard.last + refuses_) heard.since = at;
    heard.last = at;
  }

  void Ask(NodeId node, uint64_t term, Time at) {
    Asked& asked = asked_.try_emplace(node, Asked{term, at}).first->second;
    if (asked.term != term) asked = {term, at};
  }

  Complaint Judge(NodeId node, uint64_t term, Time at) const {
    const auto asked = asked_.find(node);
    const Time from =
        asked != asked_.end() && asked->second.term == term ? asked->second.since : at;
    size_t refuse = 0;
    for (const auto& [other, heard] : heard_) {
      if (other != node && heard.since <= from && at < heard.last + refuses_) ++refuse;
    }
    if (2 * refuse <= nodes_) return std::nullopt;
    return Name(node) + " began term " + std::to_string(term) + ", though " +
           std::to_string(refuse) + " of " + std::to_string(nodes_) +
           " nodes heard a leader all the time";
  }

  size_t nodes_;
  Duration refuses_;
  std::map<NodeId, Heard> heard_;
  std::map<NodeId, Asked> asked_;
};

}  // namespace reprise::models
