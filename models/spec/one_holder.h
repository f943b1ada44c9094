// Mutual exclusion by leases (Gray and Cheriton 1989): what one holder does under its lease comes
// before all that the next one does under its own, in true time. It shows in the tokens of grants,
// which grow: they never fall from one use to the next, and no two holders use the same.
//
// A use is something that a node does by itself, at the moment at which it has looked whether its
// lease still holds. What it sends meanwhile may arrive later: for that there are fences, fenced.h.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/holders.h"
#include "sim/oracle.h"

namespace reprise::models {

// Who reports it believes, now, that it holds the lock, which was granted with that token, to this
// life of its.
struct Uses {
  uint64_t token = 0;
  uint64_t boot = 0;
};

class OneHolder final : public Oracle {
 public:
  std::string name() const override { return "one-holder"; }

  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Uses& m) { complaint = Judge({event.node, m.boot}, m.token, event.at); });
    return complaint;
  }

  std::optional<std::string> Skipped() const override {
    if (user_ == Holder{}) return "nobody held the lock";
    return std::nullopt;
  }

 private:
  Complaint Judge(const Holder& user, uint64_t token, Time at) {
    const bool older = token < token_;
    const bool shared = token == token_ && user_ != Holder{} && user != user_;
    if (older || shared) {
      return Name(user.node) + " uses the lock with token " + std::to_string(token) + ", " +
             Millis((at - at_).count()) + " after " + Name(user_.node) + " used it with token " +
             std::to_string(token_);
    }
    user_ = user;
    token_ = token;
    at_ = at;
    return std::nullopt;
  }

  Holder user_;  // The last one, and when.
  uint64_t token_ = 0;
  Time at_{};
};

}  // namespace reprise::models
