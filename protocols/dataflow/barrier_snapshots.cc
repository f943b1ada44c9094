// A dataflow that takes snapshots while it runs, and gives out each result exactly once.
//
// After P. Carbone, G. Fóra, S. Ewen, S. Haridi and K. Tzoumas, "Lightweight Asynchronous Snapshots
// for Distributed Dataflows" (arXiv:1506.08603, 2015); P. Carbone, S. Ewen, G. Fóra, S. Haridi, S.
// Richter and K. Tzoumas, "State Management in Apache Flink" (PVLDB 10(12), 2017); and Flink's
// TwoPhaseCommitSinkFunction (FLINK-7210).
//
//   Barriers.   At times the coordinator has all sources put a barrier into their streams. What is
//               before barrier n belongs to checkpoint n, and what is after it does not.
//               source.h, channels.h
//   Alignment.  A task that takes from several channels holds back each that has brought its
//               barrier, until all have. Then its state is the effect of exactly the records
//               before the barriers. operator.h
//   Snapshot.   It copies that state, sends the barrier on, and goes on; the copy is made durable
//               meanwhile, and then acknowledged. task.h, storage.h
//   Complete.   When all tasks have acknowledged, and the coordinator has made that durable.
//               coordinator.h
//   Restart.    When any task is lost, a new attempt begins: all tasks are deployed anew, with
//               their states in the last complete checkpoint, and sources read their logs again
//               from the offsets in it. Whatever carries an older attempt's number is ignored.
//               worker.h
//   Sink.       What leaves the dataflow is in the transaction of a checkpoint, which is committed
//               once the checkpoint is complete. sink.h, external_store.h
//
// Each worker has one slot, and there is one more worker than there are tasks: so a job goes on
// elsewhere while a worker stands still, and that one comes back as a zombie.
//
// Not done here: graphs with cycles (2015, section 4.3), restart of a part of the graph, and
// rescaling.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/converges.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/dataflow/coordinator.h"
#include "protocols/dataflow/external_store.h"
#include "protocols/dataflow/storage.h"
#include "protocols/dataflow/worker.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using dataflow::BarrierIs;
using dataflow::Decisions;
using dataflow::Job;

std::vector<Mutant<Decisions>> MutantsOfSnapshots() {
  return {
      {{.name = "does-not-block",
        .id = "ABS-M1",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "inputs whose barrier has come are not blocked while others are awaited",
        .origin = "Flink's at-least-once mode (BarrierTracker), under an exactly-once label"},
       [](Decisions& d) { d.BlocksInput = [] { return false; }; }},
      {{.name = "barrier-before-state",
        .id = "ABS-M2",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "the barrier goes on first, and the state is read later, when it is written",
        .origin = "Carbone et al. 2015, Algorithm 1: both are one step"},
       [](Decisions& d) { d.CopiesStateAtBarrier = [] { return false; }; }},
      {{.name = "complete-by-sinks",
        .id = "ABS-M3",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "a checkpoint is complete when all sinks have acknowledged it",
        .origin = "barriers have passed everywhere then, but states are made durable meanwhile"},
       [](Decisions& d) {
         d.IsComplete = [](size_t, size_t, size_t sinks, size_t of) { return sinks == of; };
       }},
      {{.name = "offset-at-acknowledge",
        .id = "ABS-M4",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "a source's offset is read when it is written, and not at the barrier",
        .origin = "a source whose snapshot refers to the offsets instead of copying them"},
       [](Decisions& d) { d.CopiesOffsetAtBarrier = [] { return false; }; }},
      {{.name = "barriers-without-id",
        .id = "ABS-M5",
        .difficulty = "D2",
        .oracle = "exactly-once",
        .about = "a barrier of a checkpoint that was given up aligns the next one",
        .origin = "the paper's barriers have no numbers, and none is given up there"},
       [](Decisions& d) {
         d.Compare = [](uint64_t barrier, uint64_t aligning, bool under_way) {
           return under_way ? BarrierIs::kOfThis : dataflow::CompareIds(barrier, aligning);
         };
       }},
  };
}

std::vector<Mutant<Decisions>> MutantsOfTheSink() {
  return {
      {{.name = "commit-at-pre-commit",
        .id = "PC-M1",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "a transaction is committed as soon as it has been pre-committed",
        .origin = "FLINK-7210: commit only after notifyCheckpointComplete"},
       [](Decisions& d) { d.CommitsAtPreCommit = [] { return true; }; }},
      {{.name = "restore-aborts-pending",
        .id = "PC-M2",
        .difficulty = "D1",
        .oracle = "exactly-once",
        .about = "a restored sink aborts the transactions that are pending in its state",
        .origin = "FLINK-7210: recoverAndCommit, recoverAndAbort"},
       [](Decisions& d) { d.CommitsWhenRestored = [] { return false; }; }},
      {{.name = "late-notification-fails",
        .id = "PC-M3",
        .difficulty = "D2",
        .oracle = "converges",
        .about = "a notification that finds nothing to commit kills the task, again and again",
        .origin = "FLINK-10377"},
       [](Decisions& d) { d.FailsWithNothingPending = [] { return true; }; }},
      {{.name = "commit-twice-fails",
        .id = "PC-M6",
        .difficulty = "D1",
        .oracle = "converges",
        .about = "a restored sink fails where a transaction was committed before the crash",
        .origin = "FLINK-7210: commit must be idempotent"},
       [](Decisions& d) { d.FailsWhenCommittedBefore = [] { return true; }; }},
  };
}

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> all = [] {
    std::vector<Mutant<Decisions>> mutants = MutantsOfSnapshots();
    for (auto& mutant : MutantsOfTheSink()) mutants.push_back(std::move(mutant));
    return mutants;
  }();
  return all;
}

constexpr Duration kStorm = 6s;
constexpr Duration kCalm = 5s;
constexpr Duration kHealed = 4s;  // After the storm all that there is to see is visible.

Job JobOf(const Options& options) {
  Job job;
  job.parallelism = static_cast<uint64_t>(options["parallelism"]);
  job.sources = static_cast<uint64_t>(options["sources"]);
  job.window = static_cast<uint64_t>(options["window"]);
  job.period = options["period-ms"] * 1ms;
  job.work = options["work-us"] * 1us;
  job.checkpoint_every = options["checkpoint-ms"] * 1ms;
  const Duration lasts = kStorm + options["more-seconds"] * 1s + 1s;
  job.records = static_cast<uint64_t>(lasts / job.period) / job.window * job.window;
  return job;
}

// Every key's last record must become visible in the calm, and so must all before it.
std::function<Oracles()> OraclesOf(const Job& job, Duration healed) {
  models::ExactlyOnce exactly_once(
      job.keys, 2, [job](uint64_t key, uint64_t sequence) -> std::optional<uint64_t> {
        if (sequence >= job.windows()) return std::nullopt;
        return dataflow::ReferenceSum(job, key, sequence);
      });
  return [=] {
    Oracles oracles;
    oracles.push_back(std::make_unique<models::ExactlyOnce>(exactly_once));
    oracles.push_back(
        std::make_unique<models::Converges<models::Completed>>(healed, "completed a checkpoint"));
    for (uint64_t key = 0; key < job.keys; ++key) {
      oracles.push_back(std::make_unique<models::Converges<models::Visible>>(
          healed, "made visible all of key " + std::to_string(key), std::vector<NodeId>{},
          [=](const models::Visible& m) {
            return m.key == key && m.sequence == job.windows() - 1;
          }));
    }
    oracles.push_back(std::make_unique<models::RecoveryMeter>(false, "Visible"));
    return oracles;
  };
}

Scenario Make(const Options& options, const std::string& mutant) {
  const Job job = JobOf(options);
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  Scenario s;
  s.roles = {
      {.name = "coordinator",
       .count = 1,
       .main = [=](Env& env) { dataflow::Coordinator(env, job, decide).Run(); }},
      {.name = "worker",
       .count = static_cast<int>(job.tasks()) + static_cast<int>(options["spares"]),
       .main = [=](Env& env) { dataflow::Worker(env, job, decide).Run(); }},
      {.name = "storage", .count = 1, .main = [](Env& env) { dataflow::Storage(env).Run(); }},
      {.name = "store",
       .count = 1,
       .main = [](Env& env) { dataflow::TransactionStore(env).Run(); }},
      {.name = "reader",
       .count = 1,
       .main = dataflow::ReadDownstream,
       .mortal = false,
       .client = true},
  };
  s.links = models::StormyLinks();
  s.links.burst = OneIn(80);
  s.cuts = {.cut = OneIn(16), .slot = 500ms, .shortest = 100ms, .longest = 1500ms};
  s.clogs = {.clog = OneIn(16), .swizzle = OneIn(40), .slot = 500ms, .longest = 1500ms};
  s.crashes = {.crash = OneIn(100),
               .slot = 500ms,
               .crash_at = OneIn(20000),
               .down_at_most = 3,
               .down_more = 600ms,
               .again = OneIn(8),
               .several = OneIn(40)};
  s.processes = {.pause = OneIn(100),
                 .slow = OneIn(100),
                 .slot = 500ms,
                 .pause_most = 1500ms,
                 .slow_most = 1500ms,
                 .slow_by = 5ms};
  s.disks = {.sync = 2ms,
             .slow_sync = OneIn(50),
             .slow_sync_most = 100ms,
             .hung = OneIn(500),
             .hung_for = 1s,
             .unsynced = OneIn(3),
             .torn = OneIn(3),
             .sync_fail = OneIn(100),
             .entries = OneIn(8)};
  s.clocks = {
      .drift = OneIn(4), .freeze = OneIn(100), .freeze_most = 300ms, .late_timer = OneIn(200)};
  s.order = OneIn(50);
  s.storm = kStorm + options["more-seconds"] * 1s;
  const Duration healed = kHealed + 2 * (job.checkpoint_every - 500ms);
  s.calm = healed + (kCalm - kHealed);
  s.oracles = OraclesOf(job, healed);
  return s;
}

}  // namespace

Family BarrierSnapshots() {
  return {.name = "barrier-snapshots",
          .about = "exactly-once streams: aligned barriers, durable snapshots, two-phase commit",
          .source = "Carbone et al. 2015 and 2017; Flink's TwoPhaseCommitSinkFunction",
          .options = {{"parallelism", "tasks of each stage but the sources", 1, 4, 2},
                      {"sources", "how many", 1, 4, 3},
                      {"spares", "workers beyond one for each task", 0, 4, 1},
                      {"window", "records of each source in a window", 4, 64, 8},
                      {"period-ms", "from one record of a source to the next", 1, 1000, 32},
                      {"work-us", "what a map or window takes for a record", 0, 20000, 0},
                      {"checkpoint-ms", "from one checkpoint to the next", 100, 20000, 500},
                      {"more-seconds", "how much longer than 6 s the storm is", 0, 600, 0}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
