// reprise demo: the main job in a few minutes. Fuzzes the sound protocols, which hold; then some
// of their mutants, which do not: finds, shrinks, replays and draws them.

#include <algorithm>
#include <cstdio>

#include "tools/again.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/render.h"

namespace reprise {
namespace {

std::string Picture(const std::string& trace, const char* extension) {
  return trace.substr(0, trace.size() - std::string(".trace").size()) + extension;
}

// Draws it in two formats; the paths are printed at the end.
bool DrawBoth(const Catalogue& catalogue, const std::string& trace,
              std::vector<std::string>& pictures) {
  for (const char* extension : {".svg", ".png"}) {
    TimelineArgs args;
    args.trace = trace;
    args.out = Picture(trace, extension);
    if (TimelineCommand(catalogue, args) != kOk) return false;
    pictures.push_back(args.out);
  }
  return true;
}

FuzzArgs ArgsFor(const DemoArgs& demo, double seconds) {
  FuzzArgs args;
  args.out = demo.out;
  args.campaign.jobs = demo.jobs;
  args.campaign.time_at_most = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  return args;
}

// A protocol's mutant that shows it at its best: the first that is a bug. Null where it has none.
const MutantInfo* Shown(const Family& family) {
  const MutantInfo* easiest = nullptr;
  for (const MutantInfo& m : family.mutants) {
    if (!m.decoy && (easiest == nullptr || m.difficulty < easiest->difficulty)) easiest = &m;
  }
  return easiest;
}

}  // namespace

int DemoCommand(const Catalogue& catalogue, const DemoArgs& args) {
  const auto& families = catalogue.families();
  if (std::ranges::all_of(families, [](const Family& f) { return Shown(f) == nullptr; })) {
    return Complain("demo", absl::UnavailableError("there is no protocol with a mutant to show"));
  }
  const double share = args.seconds / 2 / static_cast<double>(families.size());
  std::printf("%s\n\n", Styled(Style::kBold, "1. The protocols as their papers have them").c_str());
  for (const Family& family : families) {
    FuzzArgs fuzz = ArgsFor(args, share);
    fuzz.scenarios = {family.name};
    const int status = FuzzCommand(catalogue, fuzz);
    if (status != kOk && status != kUndecided) return status;
    std::printf("\n");
  }
  std::printf("%s\n\n", Styled(Style::kBold, "2. The same with one rule got wrong").c_str());
  std::vector<std::string> traces, pictures;
  for (const Family& family : families) {
    if (Shown(family) == nullptr) continue;
    const MutantInfo& mutant = *Shown(family);
    std::printf("%s\n", (mutant.id + ": " + mutant.about).c_str());
    const auto scenario = catalogue.Make(family.name + ":" + mutant.name);
    FuzzArgs fuzz = ArgsFor(args, 2 * share);
    fuzz.campaign.strategy = Strategy::kSwarm;  // Single faults are many, and a few seeds enough.
    const FuzzOutcome outcome = FuzzOne(*scenario, fuzz);
    if (outcome.status != kViolation || outcome.traces.empty()) {
      std::fprintf(stderr, "reprise demo: %s was not found\n", mutant.name.c_str());
      return outcome.status == kOk ? kViolation : outcome.status;
    }
    traces.push_back(outcome.traces.front());
    std::printf("\n");
  }
  std::printf("%s\n\n", Styled(Style::kBold, "3. Each failure again, twice, and drawn").c_str());
  for (const std::string& trace : traces) {
    for (int time = 1; time <= 2; ++time) {
      ReplayArgs replay;
      replay.trace = trace;
      replay.expect = "fail";
      if (const int status = ReplayCommand(catalogue, replay); status != kOk) return status;
    }
    if (!DrawBoth(catalogue, trace, pictures)) return kMissing;
    std::printf("\n");
  }
  std::printf("%s\n", Styled(Style::kBold, "The pictures").c_str());
  for (const std::string& picture : pictures) std::printf("  %s\n", picture.c_str());
  const char* const program = ProgramName().c_str();
  std::printf(
      "\n%s\n  %s list\n  %s fuzz %s --time 60s\n  %s replay %s --print\n"
      "  %s timeline %s -o -\n",
      Styled(Style::kBold, "To go on").c_str(), program, program, families.front().name.c_str(),
      program, traces.front().c_str(), program, traces.front().c_str());
  return kOk;
}

}  // namespace reprise
