// No server has much more than its share: of m keys on n servers at most ceil((1 + epsilon) m / n),
// at every moment. Mirrokni, Thorup and Zadimoghaddam, SODA 2018.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/oracle.h"

namespace reprise::models {

// Of the servers that are relied upon, how many of the keys each has.
struct Loads {
  uint64_t keys;       // That there are, wherever they are.
  uint64_t per_mille;  // 1 + epsilon.
  std::vector<uint64_t> loads;
};

class BoundedLoad final : public Oracle {
 public:
  std::string name() const override { return "bounded-load"; }

  Complaint OnFact(const Event& event) override {
    const auto now = event.As<Loads>();
    if (!now || now->loads.empty()) return std::nullopt;
    const uint64_t parts = 1000 * now->loads.size();
    const uint64_t most = (now->keys * now->per_mille + parts - 1) / parts;
    for (const uint64_t load : now->loads) {
      if (load <= most) continue;
      return "a server has " + std::to_string(load) + " of " + std::to_string(now->keys) +
             " keys, and " + std::to_string(most) + " are allowed";
    }
    return std::nullopt;
  }
};

}  // namespace reprise::models
