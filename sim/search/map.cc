#include "sim/search/map.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/child.h"

namespace reprise {
namespace {

using RealClock = std::chrono::steady_clock;

// Before each answer, its size.
constexpr size_t kHead = sizeof(uint64_t);

class Mapper {
 public:
  Mapper(size_t count, const MapOptions& options, absl::FunctionRef<std::string(size_t)> job)
      : options_(options), job_(job), answers_(count) {
    const size_t jobs = std::min(count, static_cast<size_t>(std::max(1, options.jobs)));
    workers_.resize(jobs);
    for (size_t w = 0; w < jobs; ++w) Start(workers_[w], w);
  }

  ~Mapper() {
    for (Worker& worker : workers_) {
      if (!worker.running) continue;
      kill(worker.child.pid, SIGKILL);
      Reap(worker.child);
    }
  }

  bool running() const { return std::ranges::any_of(workers_, &Worker::running); }

  void Pump() {
    std::vector<pollfd> polled;
    std::vector<Worker*> whose;
    for (Worker& worker : workers_) {
      if (!worker.running) continue;
      polled.push_back({worker.child.fd, POLLIN, 0});
      whose.push_back(&worker);
    }
    const int ready = poll(polled.data(), polled.size(), 100);
    for (size_t i = 0; i < polled.size(); ++i) {
      if (ready > 0 && polled[i].revents != 0) {
        Listen(*whose[i]);
      } else if (RealClock::now() - whose[i]->since > options_.limit) {
        kill(whose[i]->child.pid, SIGKILL);  // Its pipe says so.
      }
    }
  }

  std::vector<std::optional<std::string>> Answers() { return std::move(answers_); }

 private:
  // Each takes every so-many-th item.
  struct Worker {
    Child child;
    bool running = false;
    size_t at = 0;  // The first item of which it has not told.
    std::string words;
    RealClock::time_point since;
  };

  void Start(Worker& worker, size_t from) {
    worker.at = from;
    worker.running = from < answers_.size();
    if (!worker.running) return;
    worker.words.clear();
    worker.since = RealClock::now();
    const size_t step = workers_.size();
    worker.child = StartChild(true, [&](int fd) {
      signal(SIGINT, SIG_IGN);  // The parent says when to stop.
      signal(SIGTERM, SIG_DFL);
      signal(SIGPIPE, SIG_IGN);
      for (size_t item = from; item < answers_.size(); item += step) {
        const std::string words = job_(item);
        WriteAll(fd, Encode(static_cast<uint64_t>(words.size())) + words);
      }
    });
  }

  void Listen(Worker& worker) {
    char buffer[64 << 10];
    const ssize_t n = read(worker.child.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) return;
    if (n > 0) {
      worker.words.append(buffer, static_cast<size_t>(n));
      TakeAnswers(worker);
      return;
    }
    Reap(worker.child);
    worker.running = false;
    // What it was at killed it, if there is anything left; another goes on behind that.
    if (worker.at < answers_.size()) Start(worker, worker.at + workers_.size());
  }

  void TakeAnswers(Worker& worker) {
    size_t from = 0;
    const std::string& words = worker.words;
    while (words.size() - from >= kHead) {
      uint64_t size = 0;
      const char* body = Read(words.data() + from, words.data() + words.size(), size);
      if (words.size() - from - kHead < size) break;
      CHECK(worker.at < answers_.size());
      answers_[worker.at] = std::string(body, size);
      worker.at += workers_.size();
      worker.since = RealClock::now();
      from += kHead + size;
    }
    worker.words.erase(0, from);
  }

  const MapOptions options_;
  const absl::FunctionRef<std::string(size_t)> job_;
  std::vector<std::optional<std::string>> answers_;
  std::vector<Worker> workers_;
};

}  // namespace

std::vector<std::optional<std::string>> MapInChildren(size_t count, const MapOptions& options,
                                                      absl::FunctionRef<std::string(size_t)> job,
                                                      absl::FunctionRef<bool()> go_on) {
  if (count == 0) return {};
  Mapper mapper(count, options, job);
  while (mapper.running() && go_on()) mapper.Pump();
  return mapper.Answers();
}

}  // namespace reprise
