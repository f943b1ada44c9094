// What the command says to people, and to programs: results to stdout, progress to stderr, colour
// on a terminal only and never with NO_COLOR.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "sim/search/campaign.h"

namespace reprise {

enum ExitStatus {
  kOk = 0,
  kViolation = 1,     // A violation was found.
  kUsage = 2,         // The command line or an input file is wrong.
  kMissing = 3,       // The environment lacks something: a file, a program, a place to write.
  kDiverged = 4,      // A replay was not the same run, or a run was not deterministic.
  kUndecided = 5,     // A budget ran out.
  kInterrupted = 130  // By the user; what was found is kept.
};

// The same without what would not fit one line of a terminal: control characters become '?'.
std::string OneLine(std::string text);

// The status of an error, printed to stderr as one line: "reprise COMMAND: message".
int Complain(const std::string& command, const absl::Status& status);

// Text between escape codes, where the stream is a terminal that wants colour.
enum class Style { kBold, kDim, kRed, kGreen, kYellow, kBlue };
std::string Styled(Style style, const std::string& text, bool on_stderr = false);

std::string Grouped(uint64_t number);                // "18,947".
std::string Hex(uint64_t number);                    // 16 digits.
std::string Seconds(double seconds);                 // "23.9 s", "41 ms".
std::string VirtualTime(int64_t ns);                 // "8.4 s", "312 ms".
std::string Padded(std::string text, size_t width);  // With spaces, to the right.

// A bar on a terminal, rewritten in place; elsewhere a line every ten seconds. All on stderr.
class ProgressBar {
 public:
  // The fraction that is done is of runs or of time, whichever has an end.
  ProgressBar(std::optional<uint64_t> runs, std::optional<double> seconds, bool quiet);
  ~ProgressBar() { Clear(); }
  void Show(const Progress& progress);
  void Clear();

 private:
  void Draw(const Progress& progress, double fraction);

  const std::optional<uint64_t> runs_;
  const std::optional<double> seconds_;
  const bool quiet_;
  const bool terminal_;
  bool shown_ = false;
  double next_line_ = 10;
};

// True once the user has asked to stop (Ctrl-C). A second time ends the program.
bool Interrupted();
void WatchForInterrupts();

}  // namespace reprise
