// A sink that gives each result out exactly once, with a transaction for each checkpoint.
//
// After Flink's TwoPhaseCommitSinkFunction (FLINK-7210), and what Carbone et al. 2017 say of output
// commit:
//
//   Pre-commit. On barrier n, what came since the barrier before it is flushed to the external
//               store, as transaction n, and the snapshot says that it is pending. What comes next
//               goes to the next transaction.
//   Commit.     When the coordinator has said that checkpoint n is complete, all pending
//               transactions up to n are committed. It may say so late, twice, or not at all.
//   Restore.    Transactions in the state are committed, again where need be; those that are not
//               in it are aborted. All requests carry the attempt, and the store refuses those of
//               an attempt older than the last that it has heard of: so much for zombies.

#pragma once

#include <set>
#include <utility>
#include <vector>

#include "protocols/dataflow/operator.h"

namespace reprise::dataflow {

struct SinkState {
  std::map<uint64_t, uint64_t> effects;  // None: what it took has left it.
  std::set<uint64_t> pending;            // Transactions pre-committed, and not known as committed.
};

class Sink final : public Aligned {
 public:
  Sink(const Lent& lent, const Deploy& deploy) : Aligned(lent, deploy), notified_(env_) {}

  void Run() override {
    state_ = Restore<SinkState>();
    AskStore(Fence{0, me_.attempt, me_.task});
    if (decide_.CommitsWhenRestored()) {
      for (uint64_t transaction : state_.pending) {
        if (CommitOne(transaction) == Outcome::kAlready && decide_.FailsWhenCommittedBefore()) {
          Fail();
        }
      }
    }
    AskStore(AbortOlder{0, me_.attempt, me_.task});
    state_.pending.clear();
    BeginRunning();
    Spawn([this] { CommitWhenNotified(); });
    TakeElements();
  }

  void OnNotify(uint64_t checkpoint) override { notified_.Push(checkpoint); }
  void Cancel() override {
    Task::Cancel();
    notified_.Close();
  }

 private:
  void OnRecord(const Element& element) override { results_.push_back(std::get<Result>(element)); }
  void OnOldestWindow(uint64_t) override {}

  void OnAligned(uint64_t checkpoint) override {
    AskStore(PreCommit{0, me_.attempt, me_.task, checkpoint, std::exchange(results_, {})});
    state_.pending.insert(checkpoint);
    Snapshot(checkpoint, state_, decide_.CopiesStateAtBarrier());
    if (decide_.CommitsAtPreCommit()) CommitOne(checkpoint);
  }

  void CommitWhenNotified() {
    while (const auto completed = notified_.Pop()) {
      std::vector<uint64_t> ready;
      for (uint64_t transaction : state_.pending) {
        if (decide_.CommitsWhenNotified(transaction, *completed)) ready.push_back(transaction);
      }
      if (ready.empty() && decide_.FailsWithNothingPending()) Fail();
      for (uint64_t transaction : ready) {
        CommitOne(transaction);
        state_.pending.erase(transaction);
      }
      env_.Send(env_.nodes("coordinator")[0], Notified{me_.task, *completed});
    }
  }

  Outcome CommitOne(uint64_t transaction) {
    env_.Report(models::Commits{transaction});
    return AskStore(Commit{0, me_.attempt, me_.task, transaction});
  }

  // Who is told that there is a newer attempt has nothing more to do.
  template <class Request>
  Outcome AskStore(const Request& request) {
    const Answer answer = Ask(env_.nodes("store")[0], request);
    if (answer.outcome == Outcome::kFenced) throw Cancelled();
    CHECK(answer.outcome != Outcome::kUnknown);  // It was pre-committed, and so it is there.
    return answer.outcome;
  }

  SinkState state_;
  std::vector<Result> results_;  // Of the transaction that the next barrier ends.
  Channel<uint64_t> notified_;
};

}  // namespace reprise::dataflow
