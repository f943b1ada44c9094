// reprise bench: the standard workloads, and what an event of each costs here.

#include <algorithm>
#include <cstdio>

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

}  // namespace

int BenchCommand(const BenchArgs& args) {
  const std::vector<std::string> known = BenchNames();
  for (const std::string& name : args.workloads) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return Complain("bench", RunBench(name, 1).status());
  }
  if (!args.json) {
    std::printf("%s\n", Styled(Style::kBold, Padded("WORKLOAD", 18) +
                                                 "  ns/event      events/s  bytes/node  peak MB")
                            .c_str());
  }
  Json all = Json::array();
  for (const std::string& name : args.workloads.empty() ? known : args.workloads) {
    const auto result = RunBench(name, args.repeats);
    if (!result.ok()) return Complain("bench", result.status());
    args.json ? all.push_back(RowJson(*result)) : PrintRow(*result);
  }
  if (args.json) std::printf("%s\n", Dump(all, 2).c_str());
  return kOk;
}

}  // namespace reprise
