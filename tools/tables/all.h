// The tables that this program can make again. To add one, add a file here and a line in each of
// the two lists.

#pragma once

#include "tools/tables.h"

namespace reprise {

Table CheckpointIntervals();  // T06

inline Tables AllTables() { return {CheckpointIntervals()}; }

}  // namespace reprise
