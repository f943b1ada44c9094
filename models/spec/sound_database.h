// A database that its own checks, and those of whoever uses it, find sound: no page is damaged, no
// transaction is there by half. What was lost or appended besides, durable_prefix.h judges.

#pragma once

#include <optional>
#include <string>

#include "sim/oracle.h"

namespace reprise::models {

// Reported after each recovery. Empty where nothing is wrong.
struct DatabaseChecked {
  std::string problems;
};

class SoundDatabase final : public Oracle {
 public:
  std::string name() const override { return "sound-database"; }

  Complaint OnFact(const Event& event) override {
    const auto checked = event.As<DatabaseChecked>();
    if (!checked || checked->problems.empty()) return std::nullopt;
    return Name(event.node) + "'s database is not sound: " + checked->problems;
  }
};

}  // namespace reprise::models
