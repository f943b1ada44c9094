// Requests that are repeated until they are answered.

#pragma once

#include <cstdint>
#include <map>

#include "absl/functional/function_ref.h"
#include "protocols/dataflow/messages.h"
#include "sim/sync.h"

namespace reprise::dataflow {

// Thrown in the fibers of a task that work on what is not wanted any more: most often because its
// attempt is over.
struct Cancelled {};

class Calls {
 public:
  static constexpr Duration kAskAgain = 60ms;

  explicit Calls(Env& env) : env_(env) {}

  // Throws Cancelled once nobody wants the answer any more. REQUIRES: whoever is asked may be asked
  // twice.
  template <class Request>
  Answer Ask(NodeId to, Request request, absl::FunctionRef<bool()> unwanted) {
    request.call = env_.boot() << 32 | ++last_;  // No answer to an earlier boot is taken for it.
    const Future<Answer>& answer = waiting_.emplace(request.call, env_).first->second;
    std::optional<Answer> got;
    while (!got && !unwanted()) {
      env_.Send(to, request);
      got = answer.Wait(env_.After(kAskAgain));
    }
    waiting_.erase(request.call);
    if (unwanted()) throw Cancelled();
    return *got;
  }

  void OnAnswer(const Answer& m) {
    if (const auto at = waiting_.find(m.call); at != waiting_.end()) at->second.Set(m);
  }

 private:
  Env& env_;
  uint64_t last_ = 0;
  std::map<uint64_t, Future<Answer>> waiting_;
};

}  // namespace reprise::dataflow
