// What clients report of their operations, so that oracles can judge the history.
//
// A client reports Invoked before it sends a request, and then at most one of three ends:
//
//   Returned  the answer is in;
//   Failed    the operation certainly had no effect, and never will: it was refused, or never sent;
//   InDoubt   the client gave up waiting. The operation may have taken effect, may yet, or never.
//
// An operation with no end at all is in doubt as well; a client that says so lets the oracle forget
// more, and so judge longer histories. What comes after InDoubt is ignored, so a client that may
// still hear the answer should rather say nothing.
//
// Operation and Result are those of a specification, which also has words for them:
//
//   env.Report(Invoked{op, key, Register::Write(5)});
//   env.Report(Returned{op, Register::Wrote()});

#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "sim/time.h"

namespace reprise::models {

// Which operation of which client; unique in a run, so a client that restarts must not count from
// the beginning again.
struct OpId {
  NodeId client{};
  uint64_t sequence = 0;
  friend auto operator<=>(const OpId&, const OpId&) = default;
};
inline std::string Text(const OpId& op) {
  return Name(op.client) + "'s operation " + std::to_string(op.sequence);
}

template <class Operation>
struct Invoked {
  OpId op;
  uint64_t key;  // Which object: histories are judged key by key.
  Operation operation;
};
template <class Operation>
Invoked(OpId, uint64_t, Operation) -> Invoked<Operation>;

template <class Result>
struct Returned {
  OpId op;
  Result result;
};
template <class Result>
Returned(OpId, Result) -> Returned<Result>;

struct Failed {
  OpId op;
};

struct InDoubt {
  OpId op;
};

}  // namespace reprise::models
