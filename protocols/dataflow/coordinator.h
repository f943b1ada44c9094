// The coordinator: it deploys the tasks, has them take checkpoints, and begins another attempt
// from the last complete one when any of them is lost (Flink's JobManager and its
// CheckpointCoordinator).
//
// What it must not forget is one file: the attempt, and the last complete checkpoint with the files
// of its states. A checkpoint is complete when all tasks have acknowledged it and that file says
// so, and not before. An older one that was given up, or was never finished, is then *subsumed*.

#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/spec/exactly_once.h"
#include "models/spec/recovery.h"
#include "protocols/blocks/snapshot_store.h"
#include "protocols/dataflow/decisions.h"
#include "protocols/dataflow/job.h"
#include "sim/sync.h"

namespace reprise::dataflow {

class Coordinator {
 public:
  static constexpr Duration kDead = 500ms;          // Silence that is taken for death.
  static constexpr Duration kRestartDelay = 150ms;  // From one attempt's end to the next.
  static constexpr Duration kAgain = 60ms;          // What is not answered is said again.

  Coordinator(Env& env, const Job& job, const Decisions& decide)
      : env_(env), job_(job), decide_(decide), files_(env, "job"), changed_(env) {}

  [[noreturn]] void Run() {
    if (auto line = files_.LoadAs<Line>("line"); !absl::IsNotFound(line.status())) {
      CHECK(line.ok());  // To begin afresh would be to do attempts again.
      line_ = *std::move(line);
    }
    // It may have crashed before it could say so.
    if (line_.checkpoint != 0) env_.Report(models::Completed{line_.checkpoint});
    env_.Spawn([this] { Coordinate(); });
    for (;;) {
      const Envelope mail = env_.Receive();
      mail.Match([&](const Heartbeat& m) { OnHeartbeat(mail.from, m); },
                 [&](const Acknowledge& m) { OnAcknowledge(m); },
                 [&](const Notified& m) { OnNotified(m); });
    }
  }

 private:
  struct Line {  // What must not be forgotten.
    uint64_t attempt = 0, checkpoint = 0;
    std::map<TaskId, std::string> states;
  };
  struct Known {  // Of a worker.
    Heartbeat last;
    Time heard;
  };

  struct Pending {  // A checkpoint that is under way.
    uint64_t checkpoint = 0;
    std::map<TaskId, std::string> states;  // Of those that have acknowledged it.
  };

  // One attempt after another.
  [[noreturn]] void Coordinate() {
    for (;;) {
      ++line_.attempt;
      Save(line_);
      while (Alive().size() < job_.tasks()) changed_.Wait(env_.After(kAgain));
      AssignPlaces();
      while (!AnyLost() && !AllRun()) {
        DeployTasks();
        env_.Sleep(kAgain);
      }
      if (AllRun()) env_.Report(models::Resumed{line_.states.size()});
      TakeCheckpoints();
      for (const Place& place : places_) {
        if (IsLost(place)) env_.Report(models::Suspected{place.worker});
      }
      pending_.reset();
      env_.Sleep(kRestartDelay);
    }
  }

  // To deploy.

  std::vector<NodeId> Alive() {
    std::vector<NodeId> alive;
    for (const auto& [worker, known] : known_) {
      if (env_.Now() - known.heard < kDead) alive.push_back(worker);
    }
    return alive;
  }

  void AssignPlaces() {
    const std::vector<NodeId> workers = Alive();
    places_.clear();
    for (const Stage stage : {Stage::kSource, Stage::kMap, Stage::kWindow, Stage::kSink}) {
      for (uint32_t i = 0; i < job_.TasksOf(stage); ++i) {
        const NodeId worker = workers[places_.size()];
        places_.push_back({{stage, i}, worker, known_[worker].last.boot});
      }
    }
  }

  void DeployTasks() {
    for (const Place& place : places_) {
      if (Runs(place)) continue;
      const auto state = line_.states.find(place.task);
      env_.Send(place.worker,
                Deploy{line_.attempt, place.task,
                       state == line_.states.end() ? std::string() : state->second, places_});
    }
  }

  bool Runs(const Place& place) {
    const Heartbeat& last = known_[place.worker].last;
    return last.attempt == line_.attempt && last.task == TaskIs::kRunning;
  }
  bool AllRun() {
    return std::ranges::all_of(places_, [&](const Place& place) { return Runs(place); });
  }
  bool AnyLost() {
    return std::ranges::any_of(places_, [&](const Place& place) { return IsLost(place); });
  }
  bool IsLost(const Place& place) {
    const Known& known = known_[place.worker];
    return known.last.boot != place.boot || env_.Now() - known.heard >= kDead ||
           (known.last.attempt == line_.attempt && known.last.task == TaskIs::kFailed);
  }

  void OnHeartbeat(NodeId worker, const Heartbeat& m) {
    Known& known = known_[worker];
    if (std::pair(m.boot, m.attempt) < std::pair(known.last.boot, known.last.attempt)) return;
    known = {m, env_.Now()};
    if (m.attempt < line_.attempt && m.task != TaskIs::kNone) env_.Send(worker, Cancel{m.attempt});
    changed_.NotifyAll();
  }

  // To take checkpoints.

  // Until a task is lost.
  void TakeCheckpoints() {
    uint64_t next = line_.attempt * kPerAttempt + 1;
    Time due = NextSlot();
    while (!AnyLost()) {
      if (pending_ && IsComplete(*pending_)) {
        Complete();
      } else if (env_.Now() >= due) {
        due = NextSlot();
        Begin(next++);
      } else {
        NotifySinks();
        changed_.Wait(std::min(due, env_.After(kAgain)));
      }
    }
  }

  Time NextSlot() {
    const int64_t slot = env_.Now().time_since_epoch() / job_.checkpoint_every;
    return Time((slot + 1) * job_.checkpoint_every);
  }

  // The one before, if it is still under way, is given up.
  void Begin(uint64_t checkpoint) {
    pending_ = Pending{checkpoint, {}};
    for (const Place& place : places_) {
      if (place.task.stage == Stage::kSource) {
        env_.Send(place.worker, Trigger{line_.attempt, checkpoint});
      }
    }
  }

  void OnAcknowledge(const Acknowledge& m) {
    if (!decide_.AcceptsAcknowledge(m.attempt, line_.attempt)) return;
    if (!pending_ || m.checkpoint != pending_->checkpoint) return;
    pending_->states[m.task] = m.state;
    changed_.NotifyAll();
  }

  bool IsComplete(const Pending& pending) const {
    const auto sinks = std::ranges::count_if(
        pending.states, [](const auto& state) { return state.first.stage == Stage::kSink; });
    return decide_.IsComplete(pending.states.size(), job_.tasks(), static_cast<size_t>(sinks),
                              job_.TasksOf(Stage::kSink));
  }

  // It is complete once that is durable. States of older ones are not needed any more.
  void Complete() {
    Line line{line_.attempt, pending_->checkpoint, pending_->states};
    pending_.reset();
    Save(line);
    line_ = std::move(line);
    env_.Report(models::Completed{line_.checkpoint});
    notified_at_ = Time::min();
    env_.Send(env_.nodes("storage")[0], Discard{line_.checkpoint});
  }

  // Each sink, until it has said that it was: a notification may be lost, but it is said again,
  // even to a sink that was restored from that checkpoint and has nothing to commit.
  void NotifySinks() {
    if (notified_at_ != Time::min() && env_.Now() < notified_at_ + kAgain) return;
    notified_at_ = env_.Now();
    for (const Place& place : places_) {
      if (place.task.stage != Stage::kSink || notified_[place.task] >= line_.checkpoint) continue;
      env_.Send(place.worker, Notify{line_.attempt, line_.checkpoint});
    }
  }

  void OnNotified(const Notified& m) {
    notified_[m.task] = std::max(notified_[m.task], m.checkpoint);
  }

  // Tries until it is durable; where the disk refuses for ever, so does the coordinator.
  void Save(const Line& line) {
    while (!files_.SaveAs("line", line).ok()) env_.Sleep(kAgain);
  }

  Env& env_;
  const Job& job_;
  const Decisions& decide_;
  SnapshotStore files_;
  Line line_;

  std::map<NodeId, Known> known_;
  std::vector<Place> places_;  // In this attempt.
  std::optional<Pending> pending_;
  std::map<TaskId, uint64_t> notified_;  // The newest checkpoint of which each sink has heard.
  Time notified_at_ = Time::min();       // When that was last said.
  Condition changed_;
};

}  // namespace reprise::dataflow
