// What tests of Raft have in common: scenarios by option, runs that are watched, what they cost.

#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/elections.h"
#include "models/spec/history.h"
#include "protocols/replication/raft.h"
#include "sim/scenario.h"

namespace reprise {

using RaftOptions = std::vector<std::pair<std::string, std::string>>;

inline Scenario MakeRaft(const std::string& mutant = "", const RaftOptions& options = {}) {
  Catalogue catalogue;
  catalogue.Add(Raft());
  auto scenario = catalogue.Make(mutant.empty() ? "raft" : "raft:" + mutant, options);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *scenario;
}

inline RunResult Watch(const Scenario& scenario, Choices choices) {
  return Simulate(scenario, std::move(choices), {.keep_events = true});
}

inline uint64_t CountOf(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

// Calls see(event, fact) for each fact of that kind.
template <class Fact, class See>
void ForEachFact(const RunResult& run, See see) {
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.kind != Event::Kind::kFact) continue;
    if (const auto fact = e.As<Fact>()) see(e, *fact);
  }
}

}  // namespace reprise
