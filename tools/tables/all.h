// The tables that this program can make again. To add one, add a file here and a line in each of
// the two lists.

#pragma once

#include "tools/tables.h"

namespace reprise {

Table BarrierCosts();         // barriers
Table Costs();                // costs
Table Downtimes();            // downtime
Table SplitVotes();           // T03
Table CheckpointIntervals();  // T06
Table RingShares();           // T08
Table LeaseDowntime();        // lease
Table Detection();            // detection
Table BlobRepair();           // repair
Table DataLoss();             // data-loss
Table BoundedLoads();         // bounded-loads
#ifndef REPRISE_WITHOUT_SQLITE
Table SqliteModes();  // sqlite
#endif

inline Tables AllTables() {
  return {SplitVotes(),  CheckpointIntervals(), RingShares(), BarrierCosts(), Downtimes(),
          Costs(),       LeaseDowntime(),       Detection(),  BlobRepair(),   DataLoss(),
#ifndef REPRISE_WITHOUT_SQLITE
          SqliteModes(),
#endif
          BoundedLoads()};
}

}  // namespace reprise
