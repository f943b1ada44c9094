#include "protocols/replication/primary_backup.h"

namespace reprise::primary_backup {

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> mutants = {
      {{"answer-before-ack", "PB-M1", "D1", "durable",
        "the primary answers before the backup has the operation", "asynchronous replication"},
       [](Decisions& d) { d.AnswersBeforeBackupAck = [] { return true; }; }},
      {{"promote-anyone", "PB-M2", "D1", "durable",
        "the view service promotes a server that was never sent the state", "MIT 6.824 lab 2"},
       [](Decisions& d) { d.MayPromote = [](const View&, const Member&) { return true; }; }},
      {{"advance-unacknowledged", "PB-M3", "D2", "linearizable",
        "the view service replaces a primary that never acknowledged the view", "MIT 6.824 lab 2"},
       [](Decisions& d) { d.MayAdvanceView = [](bool, bool) { return true; }; }},
      {{"lease-by-wall-clock", "PB-M4", "D1", "linearizable",
        "a primary asks the time of day whether its lease has run out",
        "leases and stepped clocks"},
       [](Decisions& d) {
         d.LeaseValid = [](const Clocks& now, const Clocks& end) { return now.wall < end.wall; };
       }},
      {{"no-fence", "PB-M5", "D2", "linearizable",
        "a server executes what is forwarded to it in another view", "SERVER-16570"},
       [](Decisions& d) { d.AcceptsForwarded = [](uint64_t, uint64_t) { return true; }; }},
      {{"adopts-any-view", "PB-X1", "D2", "linearizable",
        "a server goes by the view that it heard of last, though it knew of a later one",
        "messages that overtake one another"},
       [](Decisions& d) {
         d.Adopts = [](uint64_t heard, uint64_t mine) { return heard != mine; };
       }}};
  return mutants;
}

}  // namespace reprise::primary_backup
