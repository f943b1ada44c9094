// A worker: it runs one task at a time, of whichever attempt is newest as far as it knows.
//
// All that it has is in memory, and a crash takes it: what matters is in the snapshots. One that
// stood still for long may come back as a zombie, with a task of an attempt that is over. Nobody
// listens to it, because attempts are on all that it says, until it is told to stop.

#pragma once

#include <memory>

#include "protocols/dataflow/sink.h"
#include "protocols/dataflow/source.h"

namespace reprise::dataflow {

class Worker {
 public:
  static constexpr Duration kHeartbeat = 150ms;
  static constexpr Duration kResendAfter = 120ms;

  Worker(Env& env, const Job& job, const Decisions& decide)
      : env_(env), job_(job), decide_(decide), calls_(env), fifo_(env, kResendAfter) {}

  [[noreturn]] void Run() {
    env_.Spawn([this] { fifo_.Resend(); });
    env_.Spawn([this] { SayHeartbeats(); });
    for (;;) {
      const Envelope mail = env_.Receive();
      const bool on_channel = fifo_.Handle(mail, [&](NodeId from, const Element& element) {
        task_->channels().OnElement(from, element);
      });
      if (on_channel) continue;
      mail.Match([&](const Deploy& m) { OnDeploy(m); }, [&](const Cancel& m) { OnCancel(m); },
                 [&](const Trigger& m) { OnTrigger(m); }, [&](const Notify& m) { OnNotify(m); },
                 [&](const Answer& m) { calls_.OnAnswer(m); });
    }
  }

 private:
  // What was said to an earlier boot, or of an attempt that is not newer, comes too late.
  void OnDeploy(const Deploy& m) {
    if (m.attempt <= attempt_) return;
    for (const Place& place : m.places) {
      if (place.task == m.task && place.boot != env_.boot()) return;
    }
    End();
    attempt_ = m.attempt;
    fifo_.Open(m.attempt);
    const Lent lent{env_, job_, decide_, calls_, fifo_};
    switch (m.task.stage) {
      case Stage::kSource: task_ = std::make_shared<Source>(lent, m); break;
      case Stage::kMap: task_ = std::make_shared<Map>(lent, m); break;
      case Stage::kWindow: task_ = std::make_shared<Window>(lent, m); break;
      case Stage::kSink: task_ = std::make_shared<Sink>(lent, m); break;
    }
    env_.Spawn([task = task_] {
      try {
        task->Run();
      } catch (const Cancelled&) {
      }
    });
  }

  void OnCancel(const Cancel& m) {
    if (m.attempt == attempt_) End();
  }
  void OnTrigger(const Trigger& m) {
    if (task_ != nullptr && m.attempt == attempt_) task_->OnTrigger(m.checkpoint);
  }
  void OnNotify(const Notify& m) {
    if (task_ != nullptr && m.attempt == attempt_) task_->OnNotify(m.checkpoint);
  }

  void End() {
    if (task_ == nullptr) return;
    fifo_.Close();
    task_->Cancel();
    task_ = nullptr;
  }

  void SayHeartbeats() {
    for (;;) {
      env_.Send(env_.nodes("coordinator")[0],
                Heartbeat{env_.boot(), attempt_, task_ == nullptr ? TaskIs::kNone : task_->is()});
      env_.Sleep(kHeartbeat);
    }
  }

  Env& env_;
  const Job& job_;
  const Decisions& decide_;
  Calls calls_;
  Fifo<Element> fifo_;  // Of the attempt of the task, if there is one.
  uint64_t attempt_ = 0;
  std::shared_ptr<Task> task_;
};

}  // namespace reprise::dataflow
