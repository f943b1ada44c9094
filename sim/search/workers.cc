#include "sim/search/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/wire.h"

namespace reprise {
namespace {

constexpr uint64_t kAtATime = 8;
constexpr std::chrono::seconds kPatience{2};  // With runs that are not wanted any more.

// What a worker says when a run fails: its size in eight bytes, and this.
struct FailureWords {
  uint64_t index = 0;
  WireResult result;
};

}  // namespace

void Tally::Add(const RunResult& result) {
  faults += result.faults;
  metrics += result.metrics;
  unknown += result.verdict.kind == Verdict::Kind::kUnknown;
  skipped += result.verdict.kind == Verdict::Kind::kSkipped;
  for (const auto& [name, count] : result.facts) {
    const std::string_view key = std::string_view(name).substr(0, sizeof(Fact::name) - 1);
    Fact* fact = facts;
    while (fact != facts + kFacts - 1 && fact->name[0] != '\0' && key != fact->name) ++fact;
    if (fact->name[0] == '\0') key.copy(fact->name, key.size());
    fact->count += count;
  }
}

Workers::Workers(const Scenario& scenario, const Plan& plan, const CampaignOptions& options)
    : scenario_(scenario),
      plan_(plan),
      options_(options),
      started_(std::chrono::steady_clock::now()) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  shared_ = new (memory) Shared;
  uint64_t end = options.runs_at_most.value_or(Shared::kNone);
  if (plan.size()) end = std::min(end, *plan.size());
  shared_->stop_at = end;
  workers_.resize(static_cast<size_t>(std::clamp(options.jobs, 1, Shared::kSlots)));
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    shared_->slots[slot].run = 0;
    Start(slot, 0, 0);
  }
}

Workers::~Workers() {
  for (Worker& worker : workers_) {
    if (!worker.running) continue;
    kill(worker.child.pid, SIGKILL);
    Reap(worker.child);
  }
  munmap(shared_, sizeof(Shared));
}

void Workers::Start(size_t slot, uint64_t left_from, uint64_t left_to) {
  Worker& worker = workers_[slot];
  worker.child = StartChild(true, [&](int fd) {
    signal(SIGINT, SIG_IGN);  // The parent says when to stop.
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    Work(slot, fd, left_from, left_to);
  });
  worker.running = true;
  worker.words.clear();
  worker.at = Shared::kNone;
  worker.since = std::chrono::steady_clock::now();
  worker.hung = false;
}

void Workers::Work(size_t slot, int fd, uint64_t from, uint64_t to) {
  Shared::Slot& mine = shared_->slots[slot];
  for (;;) {
    if (from == to) {
      from = shared_->next.fetch_add(kAtATime);
      to = from + kAtATime;
    }
    if (from >= shared_->stop_at) break;
    mine.end = to;
    for (uint64_t i = std::exchange(from, to); i < to && i < shared_->stop_at; ++i) {
      mine.run = i;
      const RunResult result = Simulate(scenario_, plan_.At(i));
      mine.tally.Add(result);
      mine.runs += 1;
      mine.events += result.events;
      if (!result.verdict.failed()) continue;
      mine.failures += 1;
      const std::string words = Encode(FailureWords{i, ToWire(result)});
      WriteAll(fd, Encode(static_cast<uint64_t>(words.size())) + words);
      mine.said += 1;
    }
  }
  mine.run = Shared::kNone;
}

bool Workers::running() const { return std::ranges::any_of(workers_, &Worker::running); }

uint64_t Workers::DoneBefore() const {
  uint64_t done = shared_->next;  // Before its slot says so, nobody works on what he takes now.
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    done = std::min<uint64_t>(done, shared_->slots[slot].run);
  }
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    if (workers_[slot].heard != shared_->slots[slot].said) return 0;
  }
  return done;
}

void Workers::StopAt(uint64_t index) {
  if (index < shared_->stop_at) shared_->stop_at = index;
}

void Workers::StopNow() {
  StopAt(0);
  if (!stopped_) stopped_ = std::chrono::steady_clock::now();
}

Progress Workers::Count() const {
  Progress progress;
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    progress.runs += shared_->slots[slot].runs;
    progress.events += shared_->slots[slot].events;
    progress.failures += shared_->slots[slot].failures;
  }
  progress.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  return progress;
}

std::vector<const Tally*> Workers::tallies() const {
  std::vector<const Tally*> out;
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    out.push_back(&shared_->slots[slot].tally);
  }
  return out;
}

void Workers::Pump(std::chrono::milliseconds limit, const OnFailure& on_failure) {
  std::vector<pollfd> polled;
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    if (!workers_[slot].running) continue;
    polled.push_back({workers_[slot].child.fd, POLLIN, 0});
    slots.push_back(slot);
  }
  const int ready = poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
  for (size_t i = 0; ready > 0 && i < polled.size(); ++i) {
    if (polled[i].revents == 0) continue;
    Worker& worker = workers_[slots[i]];
    char buffer[64 << 10];
    const ssize_t n = read(worker.child.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) {
      worker.words.append(buffer, static_cast<size_t>(n));
      Listen(worker, on_failure);
    } else {
      Bury(slots[i], on_failure);
    }
  }
  WatchForHangs();
}

void Workers::Listen(Worker& worker, const OnFailure& on_failure) {
  const std::string& words = worker.words;
  size_t at = 0;
  while (words.size() - at >= sizeof(uint64_t)) {
    uint64_t size = 0;
    const char* body = Read(words.data() + at, words.data() + words.size(), size);
    if (words.size() - at - sizeof size < size) break;
    if (auto failure = Decode<FailureWords>({body, size})) {
      on_failure(failure->index, FromWire(failure->result));
    }
    ++worker.heard;
    at += sizeof size + size;
  }
  worker.words.erase(0, at);
}

// A worker has ended. If it did not mean to, the run it was at is what killed it.
void Workers::Bury(size_t slot, const OnFailure& on_failure) {
  Worker& worker = workers_[slot];
  Shared::Slot& its = shared_->slots[slot];
  const int status = Reap(worker.child);
  worker.running = false;
  worker.heard = its.said;  // A last word cut short is lost.
  const uint64_t run = its.run;
  if (run == Shared::kNone) return;
  if (stopped_ && worker.hung) {
    its.run = Shared::kNone;
    return;
  }
  if (worker.hung && run != worker.at) {  // It had come to an end just then.
    Start(slot, run, std::max<uint64_t>(run + 1, its.end));
    return;
  }
  its.runs += 1;
  its.failures += 1;
  RunResult result;
  result.verdict.kind = Verdict::Kind::kFail;
  result.verdict.oracle = worker.hung ? "hang" : "crash";
  result.verdict.reason = worker.hung ? "the run did not end" : HowItEnded(status);
  on_failure(run, std::move(result));
  Start(slot, run + 1, std::max<uint64_t>(run + 1, its.end));
}

void Workers::WatchForHangs() {
  const auto now = std::chrono::steady_clock::now();
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    Worker& worker = workers_[slot];
    if (!worker.running || worker.hung) continue;
    const uint64_t at = shared_->slots[slot].run;
    if (at != worker.at) {
      worker.at = at;
      worker.since = now;
    }
    const bool hangs = at != Shared::kNone && now - worker.since > options_.run_limit;
    if (!hangs && !(stopped_ && now - *stopped_ > kPatience)) continue;
    worker.hung = true;
    kill(worker.child.pid, SIGKILL);
  }
}

}  // namespace reprise
