#include "sim/search/isolate.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/codec.h"
#include "sim/search/child.h"
#include "sim/search/wire.h"
#include "sim/tape.h"

#ifdef REPRISE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace reprise {
namespace {

using RealClock = std::chrono::steady_clock;

constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// The child's last words, when something ends it: the departures as they lie in memory. Only
// write() is called, which a signal handler may.
int last_words_fd = -1;
struct sigaction before[std::size(kFatal)];

void SayLastWords() {
  const Tape* taken = CurrentTape();
  if (taken == nullptr || last_words_fd < 0) return;
  const char tag = 'D';
  bool ok = write(last_words_fd, &tag, 1) == 1;
  taken->ForEachBlock([&](const void* block, size_t left) {
    const char* bytes = static_cast<const char*>(block);
    while (ok && left > 0) {
      const ssize_t n = write(last_words_fd, bytes, left);
      ok = n > 0;
      if (ok) bytes += n, left -= static_cast<size_t>(n);
    }
  });
  last_words_fd = -1;
}

// Then whoever would have handled it has his turn: a report of a stack overflow, a sanitizer. A
// fault comes again by itself; what was sent must be sent again.
void OnFatalSignal(int number, siginfo_t* info, void*) {
  SayLastWords();
  for (size_t i = 0; i < std::size(kFatal); ++i) {
    if (kFatal[i] == number) sigaction(number, &before[i], nullptr);
  }
  if (info->si_code <= 0) raise(number);
}

void PrepareLastWords(int fd) {
  last_words_fd = fd;
  static char stack[64 << 10];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = OnFatalSignal;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (size_t i = 0; i < std::size(kFatal); ++i) sigaction(kFatal[i], &action, &before[i]);
  std::atexit(SayLastWords);  // Node code may call exit().
#ifdef REPRISE_ASAN
  __sanitizer_set_death_callback(SayLastWords);
#endif
}

// The departures among a child's last words. It is a copy of this process, so that its labels are
// these, but for those that it made up later.
Tape ReadTape(const std::string& words) {
  const bool tape = words.starts_with('D');
  return tape ? Tape::FromBlocks(std::string_view(words).substr(1)) : Tape();
}

RunResult Died(const std::string& words, int status, bool hung) {
  RunResult result;
  result.verdict.kind = Verdict::Kind::kFail;
  result.verdict.oracle = hung ? "hang" : "crash";
  result.verdict.reason = hung ? "the run did not end" : HowItEnded(status);
  result.taken = ReadTape(words);
  return result;
}

}  // namespace

RunResult SimulateIsolated(const Scenario& scenario, const Choices& choices,
                           const IsolateOptions& options) {
  const Child child = StartChild(options.quiet, [&](int fd) {
    PrepareLastWords(fd);
    const RunResult result = Simulate(scenario, choices);
    last_words_fd = -1;
    WriteAll(fd, "R" + Encode(ToWire(result)));
  });
  std::string words;
  const bool ended = ReadAll(child, options.limit, words);
  if (!ended) {  // It still can say how far it has come.
    kill(child.pid, SIGABRT);
    ReadAll(child, std::chrono::seconds(5), words);
    kill(child.pid, SIGKILL);
  }
  const int status = Reap(child);
  if (ended && words.starts_with('R')) {
    if (auto result = Decode<WireResult>(std::string_view(words).substr(1))) {
      return FromWire(*result);
    }
  }
  return Died(words, status, !ended);
}

bool KillsTheProcess(const std::string& oracle) { return oracle == "crash" || oracle == "hang"; }

Attempt IsolatedAttempt(const Scenario& scenario, const IsolateOptions& options) {
  return [&scenario, options](const Departures& departures) {
    return SimulateIsolated(scenario, Choices::FromDepartures(departures), options);
  };
}

std::optional<std::string> InChild(const std::function<std::string()>& job,
                                   std::chrono::milliseconds limit) {
  const Child child = StartChild(true, [&](int fd) { WriteAll(fd, job()); });
  std::string words;
  const bool ended = ReadAll(child, limit, words);
  if (!ended) kill(child.pid, SIGKILL);
  if (Reap(child) != 0 || !ended) return std::nullopt;
  return words;
}

namespace {

struct WireShrunk {
  WireResult result;
  std::vector<WireTaken> departures;
  uint64_t runs = 0, before = 0, events_before = 0;
  bool twice = false;
};

std::optional<Shrunk> ShrinkInChild(const Scenario& scenario, const Finding& finding,
                                    const ShrinkOptions& options) {
  const Attempt attempt = [&](const Departures& d) {
    return Simulate(scenario, Choices::FromDepartures(d));
  };
  const auto words = InChild(
      [&] {
        const Shrunk s = ShrinkBest(attempt, finding.failures, options);
        return Encode(WireShrunk{ToWire(s.result), ToWire(s.departures), s.runs, s.before,
                                 s.events_before, s.twice});
      },
      std::chrono::minutes(30));
  const auto w = words ? Decode<WireShrunk>(*words) : std::nullopt;
  if (!w) return std::nullopt;
  return Shrunk{.departures = FromWire(w->departures),
                .result = FromWire(w->result),
                .runs = w->runs,
                .before = w->before,
                .events_before = w->events_before,
                .twice = w->twice};
}

// A run that hangs costs its whole limit, so that it is short; but long against a sound run.
IsolateOptions LimitFor(const Scenario& scenario) {
  const auto start = RealClock::now();
  SimulateIsolated(scenario, Choices::Calm());
  const auto calm = std::chrono::ceil<std::chrono::milliseconds>(RealClock::now() - start);
  return {.limit = std::clamp<std::chrono::milliseconds>(20 * calm, std::chrono::seconds(1),
                                                         std::chrono::seconds(30))};
}

}  // namespace

Shrunk ShrinkFinding(const Scenario& scenario, const Finding& finding,
                     const ShrinkOptions& options) {
  if (!finding.kills) {
    if (auto shrunk = ShrinkInChild(scenario, finding, options)) return *std::move(shrunk);
  }
  ShrinkOptions few = options;
  const bool hangs = finding.first.verdict.oracle == "hang";
  few.runs_at_most = std::min<uint64_t>(options.runs_at_most, hangs ? 100 : 1000);
  const IsolateOptions limit = hangs ? LimitFor(scenario) : IsolateOptions{};
  return Shrink(IsolatedAttempt(scenario, limit), finding.failures.front(), few);
}

}  // namespace reprise
