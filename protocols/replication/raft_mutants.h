// Raft's mutants: known wrong variations, and safe ones.

#pragma once

#include <vector>

#include "protocols/replication/raft_rules.h"
#include "sim/family.h"

namespace reprise::raft {

const std::vector<Mutant<Decisions>>& Mutants();

}  // namespace reprise::raft
