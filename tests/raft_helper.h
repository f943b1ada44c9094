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
#include "tests/fact_helper.h"

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

}  // namespace reprise
