// The stacks that wait in the pool, for whoever lays out memory otherwise (search/layout.h).
// Private to sim/.

#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "sim/fiber.h"

namespace reprise {

// Gives each of the pools, one for each size of stack: the last in it is the next to be taken.
void ForEachPool(absl::FunctionRef<void(std::vector<Stack>& free)> arrange);

}  // namespace reprise
