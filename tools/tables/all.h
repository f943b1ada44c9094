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
Table LeaseDowntime();        // F5

inline Tables AllTables() {
  return {SplitVotes(), CheckpointIntervals(), RingShares(), BarrierCosts(),
          Downtimes(),  LeaseDowntime(),       Costs()};
}

}  // namespace reprise
