// Where snapshots are: a file server, which keeps each task's state as a file (a state backend
// on a distributed file system, in the words of Carbone et al. 2017).

#pragma once

#include <set>
#include <string>
#include <utility>

#include "protocols/blocks/snapshot_store.h"
#include "protocols/dataflow/messages.h"

namespace reprise::dataflow {

class Storage {
 public:
  explicit Storage(Env& env) : env_(env), files_(env, "snapshots") {}

  [[noreturn]] void Run() {
    for (;;) {
      const Envelope mail = env_.Receive();
      mail.Match([&](const Open& m) { Reply(mail.from, m.call); },
                 [&](const Put& m) { OnPut(mail.from, m); },
                 [&](const Get& m) { OnGet(mail.from, m); },
                 [&](const Discard& m) { OnDiscard(m); });
    }
  }

 private:
  // On a fiber of its own: a sync takes long, and others need not wait. Where it fails, the task
  // will ask again, or its checkpoint be given up. What is asked again meanwhile is not written
  // again: a storage that is slow for a moment would be slow for ever, with nothing but repeats.
  void OnPut(NodeId from, const Put& m) {
    if (!writing_.insert(m.file).second) return;
    env_.Spawn([this, from, m] {
      const bool done = files_.Save(m.file, m.bytes).ok();
      writing_.erase(m.file);
      if (done) Reply(from, m.call);
    });
  }

  void OnGet(NodeId from, const Get& m) {
    const auto bytes = files_.Load(m.file);
    Reply(from, m.call, bytes.ok() ? Outcome::kDone : Outcome::kUnknown, bytes.value_or(""));
  }

  void OnDiscard(const Discard& m) {
    const std::string first = FileOf(m.older, {});
    for (const std::string& name : files_.Names()) {
      if (name < first) files_.Remove(name);
    }
  }

  void Reply(NodeId to, uint64_t call, Outcome outcome = Outcome::kDone, std::string bytes = "") {
    env_.Send(to, Answer{call, outcome, std::move(bytes)});
  }

  Env& env_;
  SnapshotStore files_;
  std::set<std::string> writing_;
};

}  // namespace reprise::dataflow
