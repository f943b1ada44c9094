// An oracle watches a run and says whether what it sees is allowed.
//
// It sees events, never a node's memory; so an oracle written for one protocol judges every
// protocol that reports the same facts.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/metrics.h"
#include "sim/time.h"
#include "sim/timeline.h"

namespace reprise {

// What is wrong, in words; nothing where all is well.
using Complaint = std::optional<std::string>;

class Oracle {
 public:
  virtual ~Oracle() = default;

  // What it checks, in lower case with dashes: "linearizable", "consistent-cut".
  virtual std::string name() const = 0;

  // Judges each fact as a node reports it: event.kind is kFact. For what must hold at every moment.
  virtual Complaint OnFact(const Event&) { return std::nullopt; }

  // Judges other events too, of the kinds that Watches() says when the run begins. Sends and
  // deliveries are many: an oracle that watches them makes a run about twice as dear.
  virtual EventKinds Watches() const { return 0; }

  // A deadline: whatever happens after it is judged too, of any kind. Asked at the beginning, and
  // again after each event that the oracle has judged. Time::max() where there is none.
  virtual Time Deadline() const { return Time::max(); }

  // Facts do not come here.
  virtual Complaint OnEvent(const Event&) { return std::nullopt; }

  // Judges the whole run: for what must have happened by now. Not called once a run has failed.
  virtual Complaint AtEnd() { return std::nullopt; }

  // Why the run cannot be judged, where it cannot: a budget that ran out. Read at the end of a run
  // that nobody complained of, and makes its verdict `unknown`.
  virtual std::optional<std::string> Undecided() const { return std::nullopt; }

  // Why it has judged nothing in this run, where that is by right: there was nothing to judge.
  // Where all oracles say so the verdict is `skipped`, unless something is undecided.
  virtual std::optional<std::string> Skipped() const { return std::nullopt; }

  // What it has to say of how well the protocol recovered. Asked at the end of every run.
  virtual void Measure(const RunTotals&, Metrics&) const {}
};

using Oracles = std::vector<std::unique_ptr<Oracle>>;

namespace internal {
inline void Join(Oracles&) {}
template <class O, class... Rest>
void Join(Oracles& oracles, O oracle, Rest... rest) {
  oracles.push_back(std::make_unique<O>(std::move(oracle)));
  Join(oracles, std::move(rest)...);
}
}  // namespace internal

// For scenarios: copies of these oracles, afresh for each run.
template <class... O>
std::function<Oracles()> JudgedBy(O... oracle) {
  return [=] {
    Oracles oracles;
    internal::Join(oracles, oracle...);
    return oracles;
  };
}

}  // namespace reprise
