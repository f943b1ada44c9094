// Where a dataflow with barrier snapshots and a transactional sink decides. The rules are those of
// Carbone et al. 2015 (ABS) and 2017, and of Flink's TwoPhaseCommitSinkFunction; a mutant is one of
// them replaced.

#pragma once

#include <cstddef>
#include <cstdint>

namespace reprise::dataflow {

// What a barrier is to the alignment that is under way in a task, or was the last one.
enum class BarrierIs { kOlder, kOfThis, kNewer };

inline BarrierIs CompareIds(uint64_t barrier, uint64_t aligning) {
  return barrier < aligning    ? BarrierIs::kOlder
         : barrier == aligning ? BarrierIs::kOfThis
                               : BarrierIs::kNewer;
}

struct Decisions {
  // Task: an input whose barrier has come is blocked until all barriers have (2015, Algorithm 1).
  bool (*BlocksInput)() = [] { return true; };
  // Task: how to take a barrier that comes while, or after, those of `aligning` are awaited.
  BarrierIs (*Compare)(uint64_t barrier, uint64_t aligning, bool under_way) =
      [](uint64_t barrier, uint64_t aligning, bool) { return CompareIds(barrier, aligning); };
  // Task: the state is copied before the barrier goes on and processing with it. What is slow, to
  // make the copy durable, happens meanwhile (2017, asynchronous snapshots).
  bool (*CopiesStateAtBarrier)() = [] { return true; };
  // Source: the offset in its snapshot is the barrier's position.
  bool (*CopiesOffsetAtBarrier)() = [] { return true; };
  // Coordinator: an acknowledgement counts in its own attempt only.
  bool (*AcceptsAcknowledge)(uint64_t its_attempt, uint64_t attempt) =
      [](uint64_t its_attempt, uint64_t attempt) { return its_attempt == attempt; };
  // Coordinator: when so many of all tasks, and so many of all sinks, have acknowledged.
  bool (*IsComplete)(size_t tasks, size_t of_tasks, size_t sinks, size_t of_sinks) =
      [](size_t tasks, size_t of_tasks, size_t, size_t) { return tasks == of_tasks; };

  // Sink: whether to commit a transaction when it has just been pre-committed.
  bool (*CommitsAtPreCommit)() = [] { return false; };
  // Sink: what a notification that a checkpoint is complete commits.
  bool (*CommitsWhenNotified)(uint64_t transaction, uint64_t completed) =
      [](uint64_t transaction, uint64_t completed) { return transaction <= completed; };
  // Sink: whether to fail where a notification finds nothing to commit. It may be late, and a later
  // one or a restore may have committed all; so no.
  bool (*FailsWithNothingPending)() = [] { return false; };
  // Sink: whether a transaction in the restored state is committed, or else aborted.
  bool (*CommitsWhenRestored)() = [] { return true; };
  // Sink: whether to fail where the store says that a restored transaction was committed before.
  bool (*FailsWhenCommittedBefore)() = [] { return false; };
};

}  // namespace reprise::dataflow
