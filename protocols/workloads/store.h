// A small store as clients see it and as replicas run it: a list of numbers for each key. A
// register is a list of at most one. The messages are all that a protocol must speak to be driven
// by the clients of store_clients.h; the Store is what it replicates.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/time.h"

namespace reprise::store {

enum class Verb : uint8_t { kRead, kPut, kCas, kAppend };

struct Command {
  Verb verb = Verb::kRead;
  uint64_t key = 0;
  uint64_t value = 0;
  std::optional<uint64_t> expected = {};  // By kCas; nothing: that there is no value yet.
};

struct Result {
  bool done = true;                   // False where kCas found something else.
  std::vector<uint64_t> values = {};  // What kRead read.
};

struct Request {  // Client: do this, once. Sequences of one client only grow.
  uint64_t sequence;
  Command command;
};
struct Answer {
  uint64_t sequence;
  Result result;
};
struct Refuse {  // I cannot; ask that one. It may be nobody.
  uint64_t sequence;
  NodeId ask;
};

// What a client was last told.
struct Session {
  uint64_t sequence = 0;
  Result result;
};

// A deterministic state machine: replicas that start equal and execute the same stay equal. The
// sessions are part of it, because a replica that takes over must know what was executed already.
struct Store {
  std::map<uint64_t, std::vector<uint64_t>> lists;
  std::map<NodeId, Session> sessions;

  // What is read, without a trace.
  Result Read(const Command& command) const {
    const auto at = lists.find(command.key);
    return at == lists.end() ? Result{} : Result{.values = at->second};
  }

  // Executes the request unless it was executed before; either way the answer is the same. Where a
  // later one of that client was executed nobody waits for this answer any more.
  Result ExecuteOnce(NodeId client, const Request& request) {
    Session& session = sessions[client];
    if (request.sequence > session.sequence) {
      session = {request.sequence, Execute(request.command)};
    }
    return session.result;
  }

  // The answer given before, if it was.
  const Session* Told(NodeId client, uint64_t sequence) const {
    const auto at = sessions.find(client);
    return at == sessions.end() || at->second.sequence < sequence ? nullptr : &at->second;
  }

 private:
  Result Execute(const Command& command) {
    if (command.verb == Verb::kRead) return Read(command);
    std::vector<uint64_t>& list = lists[command.key];
    if (command.verb == Verb::kCas) {
      const std::vector<uint64_t> expected =
          command.expected ? std::vector{*command.expected} : std::vector<uint64_t>{};
      if (list != expected) return {.done = false};
    }
    if (command.verb != Verb::kAppend) list.clear();
    list.push_back(command.value);
    return {};
  }
};

}  // namespace reprise::store
