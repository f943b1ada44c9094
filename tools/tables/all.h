// The tables that this program can make again. To add one, add a file here and a line in each of
// the two lists.

#pragma once

#include "tools/tables.h"

namespace reprise {

Table SplitVotes();           // T03
Table CheckpointIntervals();  // T06
Table RingShares();           // T08
Table Detection();            // T09
Table BlobRepair();           // T10
Table DataLoss();             // T11
Table BoundedLoads();         // T12

inline Tables AllTables() {
  return {SplitVotes(), CheckpointIntervals(), RingShares(), Detection(), BlobRepair(),
          DataLoss(),   BoundedLoads()};
}

}  // namespace reprise
