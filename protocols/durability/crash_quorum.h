// Answers of several replicas that may have forgotten what they answered.
//
// After Michael, Ports, Sharma and Szekeres, "Recovering Shared Objects Without Stable Storage"
// (DISC 2017). Where a replica that restarts may have lost what it acknowledged, "so many have said
// yes" means little: one of them may have crashed since, recovered from others who had not heard of
// it yet, and so have taken its yes back. So each replica keeps a crash vector: the newest boot of
// each replica that it has heard of. A replica that recovers tells its boot to a quorum first, and
// every answer carries the vector of who gives it. Answers count together only if they are
// *crash-consistent*: none of them was given in a boot that is older than one that another knows.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/time.h"

namespace reprise {

// Boots of replicas 1, 2, 3..., in that order.
using CrashVector = std::vector<uint64_t>;

inline uint64_t& BootOf(CrashVector& boots, NodeId replica) { return boots[Index(replica) - 1]; }
inline uint64_t BootOf(const CrashVector& boots, NodeId replica) {
  return boots[Index(replica) - 1];
}

// Has `into` know what `news` knows. REQUIRES: both are of the same replicas.
inline void Merge(CrashVector& into, const CrashVector& news) {
  for (size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], news[i]);
}

// Whether an answer still counts that was given in one boot, where another boot is known.
using CountsAnswerRule = bool (*)(uint64_t given_in, uint64_t known);
inline bool IsCrashConsistent(uint64_t given_in, uint64_t known) { return given_in >= known; }

// The newest answer of each replica, as far as they are crash-consistent.
template <class Answer>
class CrashQuorum {
 public:
  explicit CrashQuorum(size_t replicas, CountsAnswerRule counts = IsCrashConsistent)
      : counts_(counts), known_(replicas) {}

  // Boots of another number of replicas are not of this quorum, and ignored.
  void Add(NodeId from, const CrashVector& boots, Answer answer) {
    if (boots.size() != known_.size()) return;
    Merge(known_, boots);
    const auto at = answers_.find(from);
    if (at == answers_.end() || at->second.boot <= BootOf(boots, from)) {
      answers_.insert_or_assign(from, Given{BootOf(boots, from), std::move(answer)});
    }
    std::erase_if(answers_, [&](const auto& entry) {
      return !counts_(entry.second.boot, BootOf(known_, entry.first));
    });
  }
  void Clear() { answers_.clear(); }

  size_t size() const { return answers_.size(); }
  bool Has(NodeId replica) const { return answers_.contains(replica); }
  template <class F>
  void ForEach(F visit) const {
    for (const auto& [replica, given] : answers_) visit(replica, given.answer);
  }
  const CrashVector& known() const { return known_; }

 private:
  struct Given {
    uint64_t boot;
    Answer answer;
  };

  CountsAnswerRule counts_;
  CrashVector known_;
  std::map<NodeId, Given> answers_;
};

}  // namespace reprise
