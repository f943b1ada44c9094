// Who reports damage has a damaged disk. Without this, a log could lose what it likes and call it
// corruption: a crash, a full disk or a failing sync must not end in that report.

#pragma once

#include <set>
#include <string>
#include <string_view>

#include "models/spec/durable_prefix.h"
#include "sim/oracle.h"

namespace reprise::models {

// Judges CorruptionReported where a log's number is that of the node that has it. A disk is damaged
// by what strikes what it has stored, or what it is told to store; not by a sync that takes long.
class NoFalseAlarm final : public Oracle {
 public:
  std::string name() const override { return "no-false-alarm"; }

  EventKinds Watches() const override {
    return MaskOf(Event::Kind::kRot) | MaskOf(Event::Kind::kMishap);
  }

  Complaint OnEvent(const Event& event) override {
    const bool damage =
        event.kind == Event::Kind::kRot ||
        (event.kind == Event::Kind::kMishap && !event.message.bytes().starts_with("hung"));
    if (damage) damaged_.insert(Index(event.node));
    return std::nullopt;
  }

  Complaint OnFact(const Event& event) override {
    const auto report = event.As<CorruptionReported>();
    if (!report || damaged_.contains(report->log)) return std::nullopt;
    return "log " + std::to_string(report->log) +
           " was reported to be damaged, but nothing has damaged it";
  }

 private:
  std::set<uint64_t> damaged_;
};

}  // namespace reprise::models
