// reprise bench: the standard workloads, and what an event of each costs here.

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "tools/bench.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {
namespace {

void PrintRow(const BenchResult& r) {
  std::printf("%s%10.1f%14s%12s%9s\n", Padded(r.workload, 18).c_str(), r.ns_per_event,
              Grouped(static_cast<uint64_t>(r.events_per_second)).c_str(),
              Grouped(static_cast<uint64_t>(r.bytes_per_node)).c_str(),
              Grouped(static_cast<uint64_t>(r.bytes_most) >> 20).c_str());
  std::fflush(stdout);
}

Json RowJson(const BenchResult& r) {
  return {{"schema", "reprise.bench/1"},
          {"workload", r.workload},
          {"ns_per_event", r.ns_per_event},
          {"ns_per_event_least", r.ns_least},
          {"events_per_s", r.events_per_second},
          {"events", r.events},
          {"recorded", r.recorded},
          {"bytes_per_node", r.bytes_per_node},
          {"bytes_most", r.bytes_most}};
}

// The workloads of those names, of which any may be a scenario's.
absl::StatusOr<std::vector<Workload>> Selected(const Catalogue& catalogue, const BenchArgs& args) {
  const std::vector<Workload>& standard = StandardWorkloads();
  if (args.workloads.empty()) return standard;
  std::vector<Workload> out;
  for (const std::string& name : args.workloads) {
    const auto known = std::ranges::find(standard, name, &Workload::name);
    if (known != standard.end()) {
      out.push_back(*known);
      continue;
    }
    const auto scenario = catalogue.Make(name, args.options);
    if (absl::IsNotFound(scenario.status())) {
      std::vector<std::string> names;
      for (const Workload& w : standard) names.push_back(w.name);
      const std::string nearest = Nearest(name, names);
      if (!nearest.empty()) {
        return absl::NotFoundError("no workload \"" + name + "\". Did you mean \"" + nearest +
                                   "\"?");
      }
    }
    if (!scenario.ok()) return scenario.status();
    std::ranges::move(WorkloadsOf(*scenario), std::back_inserter(out));
  }
  return out;
}

}  // namespace

int BenchCommand(const Catalogue& catalogue, const BenchArgs& args) {
  const auto selected = Selected(catalogue, args);
  if (!selected.ok()) return Complain("bench", selected.status());
  if (!args.json) {
    std::printf("%s\n", Styled(Style::kBold, Padded("WORKLOAD", 18) +
                                                 "  ns/event      events/s  bytes/node  peak MB")
                            .c_str());
  }
  Json all = Json::array();
  for (const Workload& workload : *selected) {
    const auto result = RunBench(workload, args.repeats);
    if (!result.ok()) return Complain("bench", result.status());
    args.json ? all.push_back(RowJson(*result)) : PrintRow(*result);
  }
  if (args.json) std::printf("%s\n", Dump(all, 2).c_str());
  return kOk;
}

}  // namespace reprise
