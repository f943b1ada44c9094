// Which runs a campaign makes, as a numbered list, so that any of them can be made by any worker
// and the first failure is the same however many workers there are.
//
// First the calm run. Then every single fault: the calm run with one departure, at places spread
// evenly over each kind of fault; they are few, and failures found there are born small. Then
// seeds, each with a swarm of its own.
//
// Kinds of fault may be left out, to see what a bug needs. Nothing new is needed for that: each
// seed's intensity of such a fault is drawn at an address, and is said to be none.

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

// The run of that seed in which these faults have the intensity none, so that they never strike.
// All else is drawn as without them.
Choices SeedWithout(uint64_t seed, const std::vector<Fault>& without);

class Plan {
 public:
  // Makes the calm run, in a child, to see which faults can strike.
  Plan(const Scenario& scenario, Strategy strategy, uint64_t base_seed,
       std::vector<Fault> without = {});
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
  std::vector<Fault> without_;
  uint64_t first_seed_ = 0;
  std::vector<Departures> singles_;
};

}  // namespace reprise
