// What clients did, as an oracle of linearizability sees it: operations, each from its invocation
// to its answer; and, where no order of them explains an answer, which of them are to blame.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

struct HistoryOperation {
  enum class End { kReturned, kFailed, kInDoubt };
  // How it takes part in the contradiction.
  enum class Part {
    kNone,
    kSource,      // It wrote what another one that takes part has read.
    kConflicts,   // It contradicts that answer: of a smallest contradiction, none may go.
    kUnexplained  // Its answer is the one that no order explains.
  };
  NodeId client{};
  uint64_t sequence = 0, key = 0;
  std::string text, result;       // "put 5", "got 5"
  Time from{}, to{};              // In doubt: until the run ends.
  size_t invoked = 0, ended = 0;  // Events; zero where it never ended.
  End end = End::kInDoubt;
  Part part = Part::kNone;
};

struct History {
  std::vector<HistoryOperation> operations;  // In the order of their invocation.
  // The key whose operations contradict one another, if any do.
  std::optional<uint64_t> key;
  std::string why;  // In a line: which answer nothing explains.
};

// Of the registers, stores of keys and lists whose operations clients reported; nothing where there
// were none. The contradiction is the smallest that taking operations away one by one leads to; an
// operation whose value another one still reads is never taken away, or that read alone would be
// one.
std::optional<History> HistoryOf(const RunResult& run);

// In lanes by client, for the terminal.
std::string HistoryText(const Scenario& scenario, const History& history);
// As DOT (see render.h): each client a lane, and operations as intervals along the axis of time. Of
// a history with a contradiction, its key only.
std::string DrawHistory(const Scenario& scenario, const History& history, bool dark = false);

}  // namespace reprise
