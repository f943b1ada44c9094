// A counter that counts each request once, though messages are lost and its node crashes. It is the
// protocol of docs/tutorial.md, which shows every line of it.

#include "counter.h"

#include <cstdint>
#include <string>
#include <vector>

#include "models/world/links.h"
#include "sim/check.h"

using namespace reprise;

namespace {

struct Add {
  uint64_t request;  // 1, 2, 3...
};
struct Added {
  uint64_t request;
  uint64_t total;
};

// All that must not be forgotten.
struct Count {
  uint64_t total = 0;
  uint64_t last_request = 0;
};

// Whether a request is to be counted.
bool CountsAll(const Count&, const Add&) { return true; }
bool CountsNew(const Count& count, const Add& m) { return m.request > count.last_request; }

// What is done before a request is answered.
void SavesNothing(Disk&, const Count&) {}

void SavesBytes(Disk& disk, const Count& count) {
  auto file = disk.Open("count", OpenMode::kCreateIfMissing);
  CHECK(file.ok() && file->WriteAt(0, Encode(count)).ok() && file->Sync().ok());
}

void SavesBytesAndName(Disk& disk, const Count& count) {
  SavesBytes(disk, count);
  CHECK(disk.SyncDir("").ok());
}

struct Decisions {
  bool (*counts)(const Count&, const Add&) = CountsNew;
  void (*saves)(Disk&, const Count&) = SavesBytesAndName;
};

Count Recover(Disk& disk) {
  const auto file = disk.Open("count", OpenMode::kExisting);
  if (!file.ok()) return {};
  const auto bytes = file->ReadAt(0, kSectorBytes);
  CHECK(bytes.ok());
  return Decode<Count>(*bytes).value_or(Count{});
}

void Server(Env& env, const Decisions& decide) {
  Count count = Recover(env.disk());
  for (;;) {
    const Envelope mail = env.Receive();
    mail.Match([&](const Add& m) {
      if (decide.counts(count, m)) {
        ++count.total;
        count.last_request = m.request;
        decide.saves(env.disk(), count);
      }
      env.Send(mail.from, Added{m.request, count.total});
    });
  }
}

constexpr uint64_t kRequests = 20;

void Client(Env& env) {
  for (uint64_t request = 1; request <= kRequests; ++request) {
    bool answered = false;
    while (!answered) {
      env.Send(env.peers()[0], Add{request});
      const Time patience = env.Now() + 50ms;
      while (const auto mail = env.ReceiveUntil(patience)) {
        const auto m = mail->As<Added>();
        if (!m || m->request != request) continue;
        env.Report(*m);
        answered = true;
        break;
      }
    }
    env.Sleep(100ms);
  }
}

// The answer to the n-th request must be n, and all must be answered.
class ExactlyOnce final : public Oracle {
 public:
  std::string name() const override { return "exactly-once"; }

  Complaint OnFact(const Event& event) override {
    const auto m = event.As<Added>();
    if (!m) return std::nullopt;
    answered_ = m->request;
    if (m->total == m->request) return std::nullopt;
    return "request " + std::to_string(m->request) + " was answered with " +
           std::to_string(m->total);
  }

  Complaint AtEnd() override {
    if (answered_ == kRequests) return std::nullopt;
    return "only " + std::to_string(answered_) + " requests were answered";
  }

 private:
  uint64_t answered_ = 0;
};

Scenario CounterScenario(const Decisions& decide) {
  Scenario s;
  s.name = "counter";
  s.roles = {{.name = "server", .count = 1, .main = [decide](Env& env) { Server(env, decide); }},
             {.name = "client", .count = 1, .main = Client, .mortal = false, .client = true}};
  s.links = models::StormyLinks();
  s.crashes = {.crash = OneIn(20), .slot = 200ms};
  s.disks = {.unsynced = OneIn(2), .torn = OneIn(4)};
  s.storm = 3s;
  s.calm = 3s;
  s.oracles = JudgedBy(ExactlyOnce());
  return s;
}

const std::vector<Mutant<Decisions>> kMutants = {
    {{.name = "counts-retries",
      .id = "C-M1",
      .difficulty = "D1",
      .oracle = "exactly-once",
      .about = "a request that is sent again is counted again"},
     [](Decisions& d) { d.counts = CountsAll; }},
    {{.name = "saves-nothing",
      .id = "C-M2",
      .difficulty = "D1",
      .oracle = "exactly-once",
      .about = "a crash forgets the count"},
     [](Decisions& d) { d.saves = SavesNothing; }},
    {{.name = "saves-no-name",
      .id = "C-M3",
      .difficulty = "D1",
      .oracle = "exactly-once",
      .about = "the file is synced, and the directory that it is in is not"},
     [](Decisions& d) { d.saves = SavesBytes; }},
};

}  // namespace

Family CounterFamily() {
  return {.name = "counter",
          .about = "counts each request once",
          .source = "docs/tutorial.md",
          .options = {},
          .mutants = InfoOf(kMutants),
          .make = [](const Options&, const std::string& mutant) {
            return CounterScenario(DecisionsOf(kMutants, mutant));
          }};
}
