// A run in a process of its own: this program, started again. Private to sim/search.
//
// Forking would not do, since a forked process has the same addresses. So the program is executed
// afresh, with arguments that bring it to the same check; an environment variable tells it that it
// is to answer there with the run, through a pipe, and to go no further.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario.h"
#include "sim/search/wire.h"

namespace reprise {

// A run as far as it is compared.
struct Record {
  uint64_t digest = 0;
  // Of each event, what people read, and a hash over what they do not. None of a run that has too
  // many.
  std::vector<std::pair<std::string, uint64_t>> events;
  std::vector<WireTaken> taken;
};
Record RecordOf(RunResult run);

// Which run is checked, for both sides to agree on.
struct Errand {
  std::string scenario;
  std::optional<uint64_t> seed;  // None for the calm run.
};

// In a process that was started for that errand, this makes the run, answers, and ends the process.
void AnswerIfAsked(const Errand& errand, const Scenario& scenario, const Choices& choices);

// The run, made in a process that is started with these arguments; else why there is none.
struct Answer {
  std::optional<Record> record;
  std::string why_not;
};
// False in a process that was itself started for an errand: it does not start another.
bool MayAsk();
Answer AskElsewhere(const Errand& errand, const std::vector<std::string>& arguments);

}  // namespace reprise
