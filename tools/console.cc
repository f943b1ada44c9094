#include "tools/console.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace reprise {
namespace {

bool WantsColour(bool on_stderr) {
  const char* no = std::getenv("NO_COLOR");
  if (no != nullptr && *no != '\0') return false;
  return isatty(on_stderr ? STDERR_FILENO : STDOUT_FILENO) == 1;
}

volatile sig_atomic_t interrupted = 0;

void OnInterrupt(int) {
  if (interrupted != 0) _exit(kInterrupted);
  interrupted = 1;
}

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace

std::string OneLine(std::string text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  std::ranges::replace_if(text, control, '?');
  return text;
}

int Complain(const std::string& command, const absl::Status& status) {
  std::fprintf(stderr, "reprise%s%s: %s\n", command.empty() ? "" : " ", command.c_str(),
               OneLine(std::string(status.message())).c_str());
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kPermissionDenied: return kMissing;
    case absl::StatusCode::kDataLoss: return kDiverged;
    default: return kUsage;
  }
}

std::string Styled(Style style, const std::string& text, bool on_stderr) {
  if (!WantsColour(on_stderr)) return text;
  static constexpr const char* kCodes[] = {"1", "2", "1;31", "1;32", "33", "34"};
  return std::string("\033[") + kCodes[static_cast<int>(style)] + "m" + text + "\033[0m";
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string Hex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string Seconds(double seconds) {
  if (seconds < 0.001) return Fixed(seconds * 1e6, 0) + " us";
  if (seconds < 1) return Fixed(seconds * 1e3, 0) + " ms";
  return Fixed(seconds, seconds < 100 ? 1 : 0) + " s";
}

std::string VirtualTime(int64_t ns) {
  if (ns < 1'000'000'000) return std::to_string(ns / 1'000'000) + " ms";
  return std::to_string(ns / 1'000'000'000) + "." + std::to_string(ns / 100'000'000 % 10) + " s";
}

std::string Padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

ProgressBar::ProgressBar(std::optional<uint64_t> runs, std::optional<double> seconds, bool quiet)
    : runs_(runs), seconds_(seconds), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressBar::Show(const Progress& progress) {
  if (quiet_) return;
  double fraction = 0;
  if (runs_ && *runs_ > 0) {
    fraction = static_cast<double>(progress.runs) / static_cast<double>(*runs_);
  }
  if (seconds_ && *seconds_ > 0) fraction = std::max(fraction, progress.seconds / *seconds_);
  fraction = std::clamp(fraction, 0.0, 1.0);
  if (terminal_) {
    Draw(progress, fraction);
  } else if (progress.seconds >= next_line_) {
    next_line_ = progress.seconds + 10;
    std::fprintf(
        stderr, "%s   %s runs   %s/s   failures %s\n", Seconds(progress.seconds).c_str(),
        Grouped(progress.runs).c_str(),
        Grouped(static_cast<uint64_t>(static_cast<double>(progress.runs) / progress.seconds))
            .c_str(),
        Grouped(progress.failures).c_str());
  }
}

void ProgressBar::Draw(const Progress& progress, double fraction) {
  constexpr int kWidth = 40;
  const int full = static_cast<int>(fraction * kWidth);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < full ? "━" : i == full ? "╸" : "─";
  const auto rate =
      static_cast<uint64_t>(static_cast<double>(progress.runs) / std::max(progress.seconds, 0.001));
  std::fprintf(stderr, "\r\033[K %s  %s   %s runs  %s/s   failures %s",
               Styled(Style::kBlue, bar, true).c_str(), Seconds(progress.seconds).c_str(),
               Grouped(progress.runs).c_str(), Grouped(rate).c_str(),
               Grouped(progress.failures).c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::Clear() {
  if (shown_) std::fprintf(stderr, "\r\033[K");
  shown_ = false;
}

bool Interrupted() { return interrupted != 0; }

void WatchForInterrupts() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace reprise
