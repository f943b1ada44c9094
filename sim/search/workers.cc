#include "sim/search/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "sim/check.h"
#include "sim/codec.h"

namespace reprise {
namespace {

constexpr uint64_t kAtATime = 8;

// A message is a tag, a size and that many bytes.
void Say(int fd, char tag, const std::string& words) {
  std::string out(1, tag);
  out += Encode(static_cast<uint64_t>(words.size())) + words;
  for (size_t done = 0; done < out.size();) {
    const ssize_t n = write(fd, out.data() + done, out.size() - done);
    if (n <= 0) _exit(1);  // Nobody listens any more.
    done += static_cast<size_t>(n);
  }
}

}  // namespace

Workers::Workers(const Scenario& scenario, const Plan& plan, const CampaignOptions& options)
    : scenario_(scenario),
      plan_(plan),
      options_(options),
      started_(std::chrono::steady_clock::now()) {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  shared_ = new (memory) Shared;
  uint64_t end = options.runs_at_most.value_or(UINT64_MAX);
  if (plan.size()) end = std::min(end, *plan.size());
  shared_->stop_at = end;
  workers_.resize(static_cast<size_t>(std::clamp(options.jobs, 1, Shared::kSlots)));
  for (size_t slot = 0; slot < workers_.size(); ++slot) Start(static_cast<int>(slot), 0, 0);
}

Workers::~Workers() {
  for (Worker& worker : workers_) {
    if (worker.pid == 0) continue;
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, nullptr, 0);
    close(worker.fd);
  }
  munmap(shared_, sizeof(Shared));
}

void Workers::Start(int slot, uint64_t left_from, uint64_t left_to) {
  int fds[2];
  CHECK(pipe(fds) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(fds[0]);
    signal(SIGINT, SIG_IGN);  // The parent says when to stop.
    signal(SIGPIPE, SIG_IGN);
    Work(slot, fds[1], left_from, left_to);
  }
  close(fds[1]);
  Worker& worker = workers_[static_cast<size_t>(slot)];
  worker = Worker{};
  worker.pid = pid;
  worker.fd = fds[0];
  worker.since = std::chrono::steady_clock::now();
}

void Workers::Work(int slot, int fd, uint64_t from, uint64_t to) {
  Shared::Slot& mine = shared_->slots[slot];
  const pid_t parent = getppid();
  std::map<std::string, uint64_t> facts;
  FaultCounts faults;
  TotalWords total;
  for (;;) {
    if (from == to) {
      from = shared_->next.fetch_add(kAtATime);
      to = from + kAtATime;
    }
    if (from >= shared_->stop_at || getppid() != parent) break;
    mine.end = to;
    for (uint64_t i = std::exchange(from, to); i < to && i < shared_->stop_at; ++i) {
      mine.run = i;
      const RunResult result = Simulate(scenario_, plan_.At(i));
      mine.runs += 1;
      mine.events += result.events;
      faults += result.faults;
      for (const auto& [name, count] : result.facts) facts[name] += count;
      total.unknown += result.verdict.kind == Verdict::Kind::kUnknown;
      total.skipped += result.verdict.kind == Verdict::Kind::kSkipped;
      if (!result.verdict.failed()) continue;
      mine.failures += 1;
      Say(fd, 'F', Encode(FailureWords{i, ToWire(result)}));
    }
  }
  mine.run = UINT64_MAX;
  for (size_t i = 0; i < kFaults; ++i) {
    const FaultCount& c = faults[static_cast<Fault>(i)];
    total.faults.push_back({c.attempted, c.applied, c.observed});
  }
  total.facts.assign(facts.begin(), facts.end());
  Say(fd, 'T', Encode(total));
  _exit(0);
}

bool Workers::running() const {
  return std::ranges::any_of(workers_, [](const Worker& w) { return w.pid != 0; });
}

void Workers::StopAt(uint64_t index) {
  if (index < shared_->stop_at) shared_->stop_at = index;
}

Progress Workers::Count() const {
  Progress progress;
  for (const Shared::Slot& slot : shared_->slots) {
    progress.runs += slot.runs;
    progress.events += slot.events;
    progress.failures += slot.failures;
  }
  progress.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  return progress;
}

void Workers::Pump(std::chrono::milliseconds limit,
                   const std::function<void(uint64_t, RunResult)>& on_failure,
                   const std::function<void(const TotalWords&)>& on_total) {
  std::vector<pollfd> polled;
  std::vector<int> slots;
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    if (workers_[slot].pid == 0) continue;
    polled.push_back({workers_[slot].fd, POLLIN, 0});
    slots.push_back(static_cast<int>(slot));
  }
  poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
  for (size_t i = 0; i < polled.size(); ++i) {
    if (polled[i].revents == 0) continue;
    Worker& worker = workers_[static_cast<size_t>(slots[i])];
    char buffer[64 << 10];
    const ssize_t n = read(worker.fd, buffer, sizeof buffer);
    if (n > 0) {
      worker.words.append(buffer, static_cast<size_t>(n));
      Listen(slots[i], on_failure, on_total);
    } else {
      Bury(slots[i], on_failure);
    }
  }
  WatchForHangs();
}

void Workers::Listen(int slot, const std::function<void(uint64_t, RunResult)>& on_failure,
                     const std::function<void(const TotalWords&)>& on_total) {
  std::string& words = workers_[static_cast<size_t>(slot)].words;
  size_t at = 0;
  while (words.size() - at >= 9) {
    uint64_t size = 0;
    Read(words.data() + at + 1, words.data() + words.size(), size);
    if (words.size() - at - 9 < size) break;
    const std::string_view body = std::string_view(words).substr(at + 9, size);
    if (words[at] == 'F') {
      if (auto failure = Decode<FailureWords>(body)) {
        on_failure(failure->index, FromWire(failure->result));
      }
    } else if (auto total = Decode<TotalWords>(body)) {
      on_total(*total);
    }
    at += 9 + size;
  }
  words.erase(0, at);
}

// A worker has ended. If it did not mean to, the run it was at is what killed it.
void Workers::Bury(int slot, const std::function<void(uint64_t, RunResult)>& on_failure) {
  Worker& worker = workers_[static_cast<size_t>(slot)];
  int status = 0;
  waitpid(worker.pid, &status, 0);
  close(worker.fd);
  worker.pid = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  Shared::Slot& its = shared_->slots[slot];
  const uint64_t run = its.run.exchange(UINT64_MAX);
  its.runs += 1;
  its.failures += 1;
  RunResult result;
  result.verdict.kind = Verdict::Kind::kFail;
  result.verdict.oracle = worker.hung ? "hang" : "crash";
  result.verdict.reason = worker.hung ? "the run did not end"
                          : WIFSIGNALED(status)
                              ? std::string("the process died: ") + strsignal(WTERMSIG(status))
                              : "the process exited with " + std::to_string(WEXITSTATUS(status));
  if (run != UINT64_MAX) on_failure(run, std::move(result));
  if (run != UINT64_MAX) Start(slot, run + 1, std::max<uint64_t>(run + 1, its.end));
}

void Workers::WatchForHangs() {
  const auto now = std::chrono::steady_clock::now();
  for (size_t slot = 0; slot < workers_.size(); ++slot) {
    Worker& worker = workers_[slot];
    if (worker.pid == 0) continue;
    const uint64_t at = shared_->slots[slot].run;
    if (at != worker.at) {
      worker.at = at;
      worker.since = now;
    } else if (at != UINT64_MAX && now - worker.since > options_.run_limit && !worker.hung) {
      worker.hung = true;
      kill(worker.pid, SIGKILL);
    }
  }
}

}  // namespace reprise
