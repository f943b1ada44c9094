#include "sim/search/isolate.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/wire.h"
#include "sim/tape.h"

namespace reprise {
namespace {

using RealClock = std::chrono::steady_clock;

// The child's last words, when a signal ends it: the departures as they lie in memory. Only write()
// is called, which a signal handler may.
int last_words_fd = -1;

void OnFatalSignal(int number) {
  const std::vector<Taken>* taken = CurrentTape();
  if (taken != nullptr && last_words_fd >= 0) {
    const char tag = 'D';
    const uint64_t count = taken->size();
    const char* bytes = reinterpret_cast<const char*>(taken->data());
    size_t left = count * sizeof(Taken);
    bool ok = write(last_words_fd, &tag, 1) == 1 &&
              write(last_words_fd, &count, sizeof count) == sizeof count;
    while (ok && left > 0) {
      const ssize_t n = write(last_words_fd, bytes, left);
      ok = n > 0;
      if (ok) bytes += n, left -= static_cast<size_t>(n);
    }
  }
  signal(number, SIG_DFL);
  raise(number);
}

[[noreturn]] void Child(const Scenario& scenario, const Choices& choices, int fd) {
  last_words_fd = fd;
  static char stack[64 << 10];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_handler = OnFatalSignal;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigaction(number, &action, nullptr);
  const RunResult result = Simulate(scenario, choices);
  const std::string words = "R" + Encode(ToWire(result));
  size_t done = 0;
  while (done < words.size()) {
    const ssize_t n = write(fd, words.data() + done, words.size() - done);
    if (n <= 0) _exit(1);
    done += static_cast<size_t>(n);
  }
  _exit(0);
}

// All that the child says until it ends; false where it takes longer than the limit.
bool ReadAll(int fd, std::chrono::milliseconds limit, std::string& out) {
  const auto until = RealClock::now() + limit;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - RealClock::now()).count();
    pollfd poller{fd, POLLIN, 0};
    if (left <= 0 || poll(&poller, 1, static_cast<int>(left)) == 0) return false;
    char buffer[64 << 10];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) return true;
    out.append(buffer, static_cast<size_t>(n));
  }
}

RunResult Died(const std::string& words, int status, bool hung) {
  RunResult result;
  result.verdict.kind = Verdict::Kind::kFail;
  result.verdict.oracle = hung ? "hang" : "crash";
  result.verdict.reason = hung ? "the run did not end"
                          : WIFSIGNALED(status)
                              ? std::string("the process died: ") + strsignal(WTERMSIG(status))
                              : "the process exited with " + std::to_string(WEXITSTATUS(status));
  uint64_t count = 0;
  if (words.size() < 9 || words[0] != 'D') return result;
  std::memcpy(&count, words.data() + 1, sizeof count);
  if (words.size() != 9 + count * sizeof(Taken)) return result;
  for (uint64_t i = 0; i < count; ++i) {
    // The child is a copy of this process, so that its labels are these.
    Taken taken{{{{LabelOf(Fault::kDrop)}}}};
    std::memcpy(static_cast<void*>(&taken), words.data() + 9 + i * sizeof(Taken), sizeof(Taken));
    result.taken.push_back(taken);
  }
  return result;
}

}  // namespace

RunResult SimulateIsolated(const Scenario& scenario, const Choices& choices,
                           std::chrono::milliseconds limit) {
  int fds[2];
  CHECK(pipe(fds) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(fds[0]);
    Child(scenario, choices, fds[1]);
  }
  close(fds[1]);
  std::string words;
  const bool ended = ReadAll(fds[0], limit, words);
  close(fds[0]);
  if (!ended) kill(pid, SIGABRT);
  int status = 0;
  waitpid(pid, &status, 0);
  if (ended && !words.empty() && words[0] == 'R') {
    if (auto result = Decode<WireResult>(std::string_view(words).substr(1))) {
      return FromWire(*result);
    }
  }
  return Died(words, status, !ended);
}

Attempt IsolatedAttempt(const Scenario& scenario) {
  return [&scenario](const Departures& departures) {
    return SimulateIsolated(scenario, Choices::FromDepartures(departures));
  };
}

namespace {

struct WireShrunk {
  WireResult result;
  uint64_t runs = 0, before = 0, events_before = 0;
  bool twice = false;
};

void WriteAll(int fd, const std::string& words) {
  for (size_t done = 0; done < words.size();) {
    const ssize_t n = write(fd, words.data() + done, words.size() - done);
    if (n <= 0) _exit(1);
    done += static_cast<size_t>(n);
  }
}

}  // namespace

std::optional<std::string> InChild(const std::function<std::string()>& job,
                                   std::chrono::milliseconds limit) {
  int fds[2];
  CHECK(pipe(fds) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(fds[0]);
    WriteAll(fds[1], job());
    _exit(0);
  }
  close(fds[1]);
  std::string words;
  const bool ended = ReadAll(fds[0], limit, words);
  close(fds[0]);
  if (!ended) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return words;
}

Shrunk ShrinkFinding(const Scenario& scenario, const Finding& finding,
                     const ShrinkOptions& options) {
  if (!finding.kills) {
    const auto words = InChild(
        [&] {
          const Shrunk s = ShrinkBest(
              [&](const Departures& d) { return Simulate(scenario, Choices::FromDepartures(d)); },
              finding.failures, options);
          return Encode(WireShrunk{ToWire(s.result), s.runs, s.before, s.events_before, s.twice});
        },
        std::chrono::minutes(10));
    if (words) {
      if (const auto w = Decode<WireShrunk>(*words)) {
        RunResult result = FromWire(w->result);
        Departures departures = result.departures();
        return {.departures = std::move(departures),
                .result = std::move(result),
                .runs = w->runs,
                .before = w->before,
                .events_before = w->events_before,
                .twice = w->twice};
      }
    }
  }
  return ShrinkBest(IsolatedAttempt(scenario), {finding.failures.front()}, options);
}

}  // namespace reprise
