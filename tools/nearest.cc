#include "tools/nearest.h"

#include <utility>

#include "sim/search/isolate.h"

namespace reprise {

absl::StatusOr<Remade> Remake(const Catalogue& catalogue, const std::string& path, bool lenient) {
  const auto trace = LoadTrace(path, lenient);
  if (!trace.ok()) return trace.status();
  auto scenario = catalogue.Make(trace->scenario, trace->options);
  if (!scenario.ok()) {
    return absl::InvalidArgumentError(path + ": " + std::string(scenario.status().message()));
  }
  if (KillsTheProcess(trace->oracle)) {
    return absl::InvalidArgumentError(path +
                                      ": this run ends its process, and leaves no events "
                                      "(reprise replay says how it ends)");
  }
  Remade made{path.substr(path.rfind('/') + 1), *std::move(scenario), {}};
  made.run =
      Simulate(made.scenario, Choices::FromDepartures(trace->departures), {.keep_events = true});
  if (made.run.digest != trace->digest && !lenient) {
    return absl::DataLossError(path +
                               ": this is not the recorded run any more (reprise replay says "
                               "where it differs); --lenient takes the run as it is now");
  }
  return made;
}

absl::StatusOr<Remade> NearestPassing(const Catalogue& catalogue, const Remade& failing,
                                      const Explanation& explanation) {
  const auto remake = [](std::string name, Scenario scenario, const Departures& departures) {
    Remade made{std::move(name), std::move(scenario), {}};
    made.run = Simulate(made.scenario, Choices::FromDepartures(departures), {.keep_events = true});
    return made;
  };
  if (explanation.nearest) {
    return remake(explanation.nearest->how, failing.scenario, explanation.nearest->departures);
  }
  if (!failing.scenario.mutant.empty()) {
    auto sound = catalogue.Make(failing.scenario.name, failing.scenario.options);
    if (sound.ok()) {
      const std::string name = "the sound " + failing.scenario.name + ", with the same choices";
      Remade made = remake(name, *std::move(sound), failing.run.departures());
      if (made.run.verdict.kind == Verdict::Kind::kPass) return made;
    }
  }
  return absl::NotFoundError("no run near it passes");
}

}  // namespace reprise
