#include "tools/reporter.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "sim/files.h"
#include "sim/search/isolate.h"
#include "sim/search/twice.h"
#include "sim/trace.h"
#include "tools/again.h"
#include "tools/console.h"
#include "tools/event_log.h"

namespace reprise {
namespace {

double Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Whether the scenario runs the same way twice. Checked in a child, which node code may kill.
std::optional<std::string> Nondeterminism(const Scenario& scenario, uint64_t seed) {
  const auto words = InChild(
      [&] {
        auto difference = CheckCalmTwice(scenario, InAnotherProcess(scenario, std::nullopt));
        if (!difference) difference = CheckTwice(scenario, seed, InAnotherProcess(scenario, seed));
        return difference ? Describe(*difference) : std::string();
      },
      std::chrono::minutes(2));
  if (!words || words->empty()) return std::nullopt;
  return words;
}

class Reporter {
 public:
  Reporter(const Scenario& scenario, const FailureReport& args)
      : scenario_(scenario), args_(args) {}

  // Shrinks, writes and prints. The path of the trace is there even where it could not be written.
  absl::Status Report(const Finding& finding, std::string& path) {
    const auto started = std::chrono::steady_clock::now();
    path = args_.out + "/" + FileName(scenario_) + "-" +
           (finding.seed ? std::to_string(*finding.seed)
                         : args_.unseeded + std::to_string(finding.index)) +
           ".trace";
    // As it is, to begin with: shrinking may be interrupted.
    absl::Status saved = Save(path, finding.first, finding.seed);
    const auto enough = [&] { return Interrupted() || Since(started) > kShrinkSeconds; };
    const Shrunk shrunk = ShrinkFinding(scenario_, finding, {.stop = enough});
    const bool again = shrunk.result.verdict.failed();
    const RunResult& shown = again ? shrunk.result : finding.first;
    if (again && saved.ok()) saved = Save(path, shown, finding.seed);
    RunResult kept;
    kept.taken = shown.taken;
    if (shrunk.twice && !KillsTheProcess(shown.verdict.oracle)) {
      kept =
          Simulate(scenario_, Choices::FromDepartures(shown.departures()), {.keep_events = true});
      const std::string events = path.substr(0, path.rfind('.')) + ".events";
      if (saved.ok()) saved = SaveEvents(events, kept.timeline);
    }
    args_.json ? PrintJsonLine(finding, shrunk, shown, path)
               : PrintText(finding, shrunk, shown, kept, path, Since(started));
    return saved;
  }

 private:
  static constexpr double kShrinkSeconds = 120;

  absl::Status Save(const std::string& path, const RunResult& result,
                    std::optional<uint64_t> seed) const {
    return SaveFile(path, FormatTrace(TraceOf(scenario_, result, seed)));
  }

  void PrintJsonLine(const Finding& finding, const Shrunk& shrunk, const RunResult& shown,
                     const std::string& path) {
    Json json = RunJson(scenario_, shown, finding.seed);
    json["schema"] = "reprise." + args_.command + "/1";
    json["type"] = "failure";
    json["trace"] = path;
    json["signature"] = finding.signature;
    json["run"] = finding.index;
    json["departures_before"] = shrunk.before;
    json["events_before"] = shrunk.events_before;
    json["shrink_runs"] = shrunk.runs;
    json["twice"] = shrunk.twice;
    PrintJson(json);
  }

  void PrintText(const Finding& finding, const Shrunk& shrunk, const RunResult& shown,
                 const RunResult& kept, const std::string& path, double seconds) {
    const Verdict& v = shown.verdict;
    std::printf("\n%s  %s   after %s runs, %s\n", Styled(Style::kRed, "FAIL").c_str(),
                Styled(Style::kBold, v.oracle).c_str(), Grouped(finding.index + 1).c_str(),
                Seconds(args_.seconds).c_str());
    std::printf("      %s%s\n", Origin(finding).c_str(), Where(finding.first.verdict).c_str());
    std::printf("      %s\n", OneLine(v.reason).c_str());
    for (const std::string& frame : shown.stack) std::printf("        by  %s\n", frame.c_str());
    std::printf("\n");
    std::printf("      shrunk  %s departures -> %s", Grouped(shrunk.before).c_str(),
                Grouped(shrunk.departures.size()).c_str());
    if (shrunk.events_before != 0) {
      std::printf(",  %s events -> %s", Grouped(shrunk.events_before).c_str(),
                  Grouped(shown.events).c_str());
    }
    std::printf(
        "   (%s runs, %s%s)\n", Grouped(shrunk.runs).c_str(), Seconds(seconds).c_str(),
        finding.failures.size() < 2
            ? ""
            : (", best of " + std::to_string(finding.failures.size()) + " failures").c_str());
    std::printf("%s", DeparturesText(kept, 20).c_str());
    std::printf("      determinism  %s\n\n", Determinism(shrunk).c_str());
    PrintCommands(finding, KillsTheProcess(v.oracle), path);
  }

  std::string Origin(const Finding& finding) const {
    if (finding.seed) return "seed " + std::to_string(*finding.seed);
    return finding.index == 0 ? "the calm run" : args_.origin;
  }

  static std::string Where(const Verdict& first) {
    if (first.event == 0) return "";  // The process died, and cannot say.
    return "   event " + Grouped(first.event) + "   t = " + Millis(first.at) +
           (first.node == kNobody ? "" : "   node " + Name(first.node));
  }

  static std::string Determinism(const Shrunk& shrunk) {
    if (!shrunk.twice) return "NOT the same when replayed: see docs/determinism.md";
    if (KillsTheProcess(shrunk.result.verdict.oracle)) return "ended so twice more";
    return "replayed twice, digest " + Hex(shrunk.result.digest) + " both times";
  }

  void PrintCommands(const Finding& finding, bool kills, const std::string& path) {
    const char* const program = ProgramName().c_str();
    std::printf("      reproduce   %s replay %s\n", program, path.c_str());
    if (finding.seed) {
      std::printf("      or          %s run %s --seed %s%s%s\n", program,
                  scenario_.FullName().c_str(), std::to_string(*finding.seed).c_str(),
                  OptionsText().c_str(), args_.faults.c_str());
    }
    if (kills) return;
    const std::string picture = path.substr(0, path.size() - 6) + ".svg";
    std::printf("      draw        %s timeline %s -o %s\n", program, path.c_str(), picture.c_str());
    std::printf("      why         %s explain %s\n", program, path.c_str());
  }

  std::string OptionsText() const {
    std::string out;
    for (const auto& [key, value] : scenario_.options) out += " --option " + key + "=" + value;
    return out;
  }

  const Scenario& scenario_;
  const FailureReport& args_;
};

}  // namespace

void PrintJson(const Json& json) {
  std::printf("%s\n", Dump(json).c_str());
  std::fflush(stdout);
}

bool IsDeterministic(const Scenario& scenario, uint64_t seed) {
  const auto difference = Nondeterminism(scenario, seed);
  if (!difference) return true;
  std::fprintf(stderr, "NOT DETERMINISTIC  %s: two runs of it differ\n%ssee docs/determinism.md\n",
               scenario.FullName().c_str(), difference->c_str());
  return false;
}

absl::Status ReportFailure(const Scenario& scenario, const Finding& finding,
                           const FailureReport& report, std::string& path) {
  return Reporter(scenario, report).Report(finding, path);
}

int Worse(int a, int b) {
  static constexpr int kBest[] = {kOk, kUndecided, kViolation, kDiverged, kMissing, kInterrupted};
  return std::ranges::find(kBest, a) < std::ranges::find(kBest, b) ? b : a;
}

}  // namespace reprise
