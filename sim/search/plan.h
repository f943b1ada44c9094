// Which runs a campaign makes, as a numbered list, so that any of them can be made by any worker
// and the first failure is the same however many workers there are.
//
// First the calm run. Then every single fault: the calm run with one departure, at places spread
// evenly over each kind of fault; they are few, and failures found there are born small. Then
// seeds, each with a swarm of its own.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/scenario.h"

namespace reprise {

enum class Strategy {
  kAll,    // As above.
  kSwarm,  // Seeds only.
  kSingle  // The calm run and single faults only.
};

class Plan {
 public:
  // Makes the calm run, in a child, to see which faults can strike.
  Plan(const Scenario& scenario, Strategy strategy, uint64_t base_seed);
  // These runs, in this order, and no others.
  explicit Plan(std::vector<Departures> runs);

  // How many runs come before the first seed.
  uint64_t singles() const { return first_seed_; }
  // How many runs there are in all, where they are not endless.
  std::optional<uint64_t> size() const;

  Choices At(uint64_t index) const;
  std::optional<uint64_t> SeedAt(uint64_t index) const;

 private:
  Strategy strategy_;
  uint64_t base_seed_;
  uint64_t first_seed_ = 0;
  std::vector<Departures> singles_;
};

}  // namespace reprise
