// Fencing (Burrows 2006, 2.4: sequencers; Kleppmann 2016): whatever its writers believe, a store
// never applies a write whose token is smaller than one that it has applied, and all the writes of
// one token are of one holder. Tokens grow with each grant of a lock, so a writer that lost the
// lock without noticing, because it stood still, does no harm.
//
// A holder is a node in one of its lives: its next life has to get the lock anew.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/holders.h"
#include "sim/oracle.h"

namespace reprise::models {

// Who reports it is the store: it has made that write durable, and will not take it back.
struct FencedWrite {
  uint64_t token = 0;
  Holder holder;
};

class Fenced final : public Oracle {
 public:
  std::string name() const override { return "fenced"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const FencedWrite& m) { complaint = Judge(event.node, m); });
    return complaint;
  }

  std::optional<std::string> Skipped() const override {
    if (last_.empty()) return "no write was applied, so none had to be fenced off";
    return std::nullopt;
  }

 private:
  Complaint Judge(NodeId store, const FencedWrite& m) {
    const auto [at, first] = last_.try_emplace(store, m);
    if (first) return std::nullopt;
    const FencedWrite before = at->second;
    if (m.token < before.token) {
      return Name(store) + " applied a write of " + Name(m.holder.node) + " with token " +
             std::to_string(m.token) + " after one with token " + std::to_string(before.token);
    }
    if (m.token == before.token && m.holder != before.holder) {
      return Name(store) + " applied writes of " + Name(before.holder.node) + " and " +
             Name(m.holder.node) + " with token " + std::to_string(m.token);
    }
    at->second = m;
    return std::nullopt;
  }

  std::map<NodeId, FencedWrite> last_;  // Of each store.
};

}  // namespace reprise::models
