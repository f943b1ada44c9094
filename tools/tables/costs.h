// What a run of the list store costs its clients.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/history.h"
#include "sim/scenario.h"

namespace reprise {

// How long each operation took, by whether it wrote; and how often each message was sent.
struct OperationCosts {
  std::vector<Duration> writes, reads;
  std::map<std::string, size_t> messages;
};

// REQUIRES: the run's events were kept.
inline OperationCosts CostsOf(const RunResult& run) {
  struct Began {
    Time at;
    bool wrote;
  };
  OperationCosts costs;
  std::map<models::OpId, Began> open;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.kind == Event::Kind::kSend) ++costs.messages[std::string(e.message.name())];
    if (e.kind != Event::Kind::kFact) continue;
    e.Match(
        [&](const models::Invoked<models::ListOperation>& m) {
          open[m.op] = {e.at, m.operation.kind == models::ListOperation::Kind::kAppend};
        },
        [&](const models::Returned<models::ListResult>& m) {
          const Began& began = open.at(m.op);
          (began.wrote ? costs.writes : costs.reads).push_back(e.at - began.at);
        });
  }
  return costs;
}

}  // namespace reprise
