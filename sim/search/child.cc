#include "sim/search/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/check.h"

namespace reprise {
namespace {

using RealClock = std::chrono::steady_clock;

[[noreturn]] void Live(bool quiet, int fd, absl::FunctionRef<void(int)> body) noexcept {
  if (quiet) {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  }
  body(fd);
  _exit(0);
}

}  // namespace

Child StartChild(bool quiet, absl::FunctionRef<void(int)> body) {
  int fds[2];
  CHECK(pipe2(fds, O_CLOEXEC) == 0);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    close(fds[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // It died before that.
    Live(quiet, fds[1], body);
  }
  close(fds[1]);
  return {pid, fds[0]};
}

void WriteAll(int fd, std::string_view words) {
  while (!words.empty()) {
    const ssize_t n = write(fd, words.data(), words.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(1);
    words.remove_prefix(static_cast<size_t>(n));
  }
}

bool ReadAll(const Child& child, std::chrono::milliseconds limit, std::string& out) {
  const auto until = RealClock::now() + limit;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - RealClock::now()).count();
    if (left <= 0) return false;
    pollfd poller{child.fd, POLLIN, 0};
    const int ready = poll(&poller, 1, static_cast<int>(left));
    if (ready <= 0) continue;  // Too late, or a signal came.
    char buffer[64 << 10];
    const ssize_t n = read(child.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    out.append(buffer, static_cast<size_t>(n));
  }
}

int Reap(const Child& child) {
  close(child.fd);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return std::string("the process died: ") + strsignal(WTERMSIG(status));
  return "the process exited with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace reprise
