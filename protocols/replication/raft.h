// Raft as a scenario family.

#pragma once

#include "sim/family.h"

namespace reprise {

Family Raft();

}  // namespace reprise
