// What every task of a dataflow has: its place in one attempt, its channels, and a way to make
// snapshots of its state durable without standing still meanwhile.

#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/spec/exactly_once.h"
#include "protocols/dataflow/calls.h"
#include "protocols/dataflow/channels.h"
#include "protocols/dataflow/decisions.h"
#include "protocols/dataflow/job.h"

namespace reprise::dataflow {

// What the worker lends to the task that runs on it.
struct Lent {
  Env& env;
  const Job& job;
  const Decisions& decide;
  Calls& calls;
  Fifo<Element>& fifo;
};

class Task : public std::enable_shared_from_this<Task> {
 public:
  Task(const Lent& lent, Deploy deploy)
      : env_(lent.env),
        job_(lent.job),
        decide_(lent.decide),
        me_(std::move(deploy)),
        channels_(env_, lent.fifo, Neighbours(-1), Neighbours(+1)),
        calls_(lent.calls),
        coordinator_(env_.nodes("coordinator")[0]) {}
  virtual ~Task() = default;

  // Restores the state, says so, and works until it is cancelled. For a fiber of its own.
  virtual void Run() = 0;
  virtual void OnTrigger(uint64_t /*checkpoint*/) {}
  virtual void OnNotify(uint64_t /*checkpoint*/) {}
  virtual void Cancel() {
    cancelled_ = true;
    channels_.Close();
  }

  uint64_t attempt() const { return me_.attempt; }
  TaskIs is() const { return is_; }
  Channels& channels() { return channels_; }

 protected:
  // The state in the checkpoint that this attempt begins with, or what a task is at first. Throws
  // Cancelled where it is not there any more.
  template <class State>
  State Restore() {
    if (me_.state.empty()) return {};
    const Answer answer = Ask(env_.nodes("storage")[0], Get{0, me_.state});
    // It is there, unless a newer checkpoint is complete; then this attempt has long been over.
    if (answer.outcome != Outcome::kDone) Fail();
    auto state = Decode<State>(answer.bytes);
    CHECK(state);
    return *std::move(state);
  }

  void BeginRunning() { Become(TaskIs::kRunning); }
  // The coordinator will begin another attempt.
  [[noreturn]] void Fail() {
    Become(TaskIs::kFailed);
    Cancel();
    throw Cancelled();
  }

  // Makes the state durable on a fiber of its own, and then acknowledges the checkpoint. The copy
  // is taken at once; or else the bytes are those of the moment when they are needed. They are
  // needed once the storage has answered, since states may be big. A newer snapshot puts an end to
  // it: its checkpoint was given up, and to go on would only be a burden to the storage.
  template <class State>
  void Snapshot(uint64_t checkpoint, const State& state, bool copies) {
    std::optional<State> copy;
    if (copies) copy = state;
    newest_ = checkpoint;
    Spawn([this, checkpoint, &state, copy = std::move(copy)] {
      const NodeId storage = env_.nodes("storage")[0];
      const std::string file = FileOf(checkpoint, me_.task);
      const auto unwanted = [&] { return cancelled_ || newest_ != checkpoint; };
      calls_.Ask(storage, Open{0, file}, unwanted);
      const State& durable = copy ? *copy : state;
      for (const auto& [source, records] : durable.effects) {
        env_.Report(models::Reflects{checkpoint, static_cast<uint64_t>(me_.task.stage),
                                     me_.task.index, source, records});
      }
      calls_.Ask(storage, Put{0, file, Encode(durable)}, unwanted);
      env_.Send(coordinator_, Acknowledge{me_.attempt, checkpoint, me_.task, file});
    });
  }

  template <class Request>
  Answer Ask(NodeId to, const Request& request) {
    return calls_.Ask(to, request, [this] { return cancelled_; });
  }

  // Another fiber of this task.
  template <class Body>
  void Spawn(Body body) {
    env_.Spawn([self = shared_from_this(), body = std::move(body)] {
      try {
        body();
      } catch (const Cancelled&) {
      }
    });
  }

  Env& env_;
  const Job& job_;
  const Decisions& decide_;
  const Deploy me_;
  Channels channels_;
  bool cancelled_ = false;

 private:
  // The workers of the stage before (-1) or after (+1), in the order of their tasks.
  std::vector<NodeId> Neighbours(int which) const {
    std::vector<NodeId> workers;
    for (const Place& place : me_.places) {
      if (static_cast<int>(place.task.stage) == static_cast<int>(me_.task.stage) + which) {
        workers.push_back(place.worker);
      }
    }
    return workers;
  }

  void Become(TaskIs is) {
    is_ = is;
    env_.Send(coordinator_, Heartbeat{env_.boot(), me_.attempt, is_});
  }

  Calls& calls_;
  const NodeId coordinator_;
  TaskIs is_ = TaskIs::kRestoring;
  uint64_t newest_ = 0;  // The checkpoint of the last snapshot.
};

}  // namespace reprise::dataflow
