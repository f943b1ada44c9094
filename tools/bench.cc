#include "tools/bench.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "models/world/disks.h"
#include "models/world/links.h"
#include "sim/check.h"
#include "sim/family.h"
#include "sim/oracle.h"
#include "sim/scenario.h"
#include "sim/search/isolate.h"

namespace reprise {
namespace {

struct Ball {
  uint64_t hops = 0;
};
struct Rumour {
  uint64_t id = 0, hops = 0;
};
struct AppendEntries {
  uint64_t term = 0, previous_index = 0, previous_term = 0, commit = 0;
  std::array<uint64_t, 2> entries{};
};
struct Appended {
  uint64_t term = 0, index = 0;
  bool success = false;
};

const Label kTarget("target");
const Label kGap("gap");

Scenario Of(const char* name, int nodes, NodeMain main, Duration length) {
  Scenario s;
  s.name = name;
  s.roles = {{.name = "node", .count = nodes, .main = std::move(main), .mortal = false}};
  s.storm = length;
  s.calm = 0s;
  return s;
}

Scenario PingPong() {
  return Of(
      "ping-pong", 2,
      [](Env& env) {
        if (env.self() == NodeId{1}) env.Send(NodeId{2}, Ball{1});
        for (;;) {
          const Envelope mail = env.Receive();
          env.Send(mail.from, Ball{mail.As<Ball>()->hops + 1});
        }
      },
      1000s);
}

// Every node starts with 16 messages; each that arrives goes on to a random node after a random
// time.
Scenario Phold(int nodes, Duration length) {
  return Of(
      "phold", nodes,
      [nodes](Env& env) {
        const auto throw_one = [&] {
          const uint64_t to = env.Random(kTarget, static_cast<uint64_t>(nodes));
          env.Send(NodeId{static_cast<uint32_t>(to + 1)}, Ball{to});
        };
        for (int i = 0; i < 16; ++i) throw_one();
        for (;;) {
          env.Receive();
          throw_one();
        }
      },
      length);
}

// Each rumour goes on to four random nodes, up to a number of hops.
Scenario Gossip() {
  return Of(
      "gossip", 1000,
      [](Env& env) {
        const auto tell = [&](const Rumour& rumour) {
          for (int i = 0; i < 4; ++i) {
            const uint64_t to = env.Random(kTarget, 1000);
            env.Send(NodeId{static_cast<uint32_t>(to + 1)}, rumour);
          }
        };
        if (Index(env.self()) <= 8) tell({Index(env.self()), 1});
        for (;;) {
          const auto rumour = env.Receive().As<Rumour>();
          if (rumour->hops < 8) tell({rumour->id, rumour->hops + 1});
        }
      },
      1000s);
}

Scenario Timers(int nodes, Duration length) {
  return Of(
      "timers", nodes,
      [](Env& env) {
        for (;;) env.Sleep(1ms + Duration(static_cast<int64_t>(env.Random(kGap, 1'000'000))));
      },
      length);
}

// Many timers at the very same moments.
Scenario Burst() {
  return Of(
      "burst", 10'000,
      [](Env& env) {
        for (;;) env.Sleep(1ms);
      },
      50ms);
}

// A leader that replicates to four followers, whose election timers every message puts off.
enum class Faults { kNone, kUsual, kAll };
Scenario RaftLike(Faults faults) {
  Scenario s = Of(
      "raft-like", 5,
      [](Env& env) {
        uint64_t index = 0;
        if (env.self() == NodeId{1}) {
          for (;;) {
            ++index;
            env.Broadcast(AppendEntries{1, index - 1, 1, index - 1, {index, index + 1}});
            const Time next = env.Now() + 10ms;
            while (auto mail = env.ReceiveUntil(next)) {
              if (auto m = mail->As<Appended>(); m && !m->success) index = m->index;
            }
          }
        }
        for (;;) {
          const Duration patience =
              150ms + Duration(static_cast<int64_t>(env.Random(kGap, 150'000'000)));
          if (auto mail = env.Receive(patience)) {
            if (auto m = mail->As<AppendEntries>()) {
              index = m->previous_index + m->entries.size();
              env.Send(mail->from, Appended{m->term, index, true});
            }
          }
        }
      },
      11'100ms);  // 10,000 events.
  if (faults == Faults::kNone) return s;
  s.links = models::StormyLinks();
  s.cuts = models::Partitions();
  s.order = OneIn(50);
  s.roles[0].mortal = true;
  s.crashes = {.crash = OneIn(10), .crash_at = OneIn(2000)};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2), .jump = OneIn(10)};
  if (faults == Faults::kUsual) return s;
  s.links = models::HarshConnections();
  s.cuts = models::HarshPartitions();
  s.clogs = models::Clogs();
  s.crashes.down_at_most = 2;
  s.crashes.crash = OneIn(100);
  s.crashes.crash_at = OneIn(20'000);
  s.crashes.again = OneIn(4);
  s.crashes.several = s.crashes.zone = s.crashes.rack = OneIn(100);
  s.crashes.placement = {.zones = 2, .racks = 2};
  s.crashes.churn = OneIn(400);
  s.processes = {.pause = OneIn(100), .slow = OneIn(100)};
  s.disks = models::StormyDisk();
  s.clocks.freeze = OneIn(20);
  s.clocks.late_timer = OneIn(50);
  return s;
}

// Looks at every event, and complains of none: what judging costs by itself.
class Watcher final : public Oracle {
 public:
  std::string name() const override { return "watcher"; }
  EventKinds Watches() const override { return kAllEvents; }
  Complaint OnEvent(const Event& event) override {
    if (event.at < last_) return "time goes backwards";
    last_ = event.at;
    return std::nullopt;
  }

 private:
  Time last_{};
};

std::vector<Workload> MakeWorkloads() {
  std::vector<Workload> all;
  const LinkModel jittery{.delay = 1ms, .late = {9, 10}, .late_by = models::HeavyTail};
  all.push_back({"ping-pong", PingPong(), 1});
  all.push_back({"phold-64", Phold(64, 2s), 1});
  all.push_back({"phold-1000", Phold(1000, 200ms), 1});
  all.push_back({"gossip-1000", Gossip(), 1});
  all.push_back({"timers-1000", Timers(1000, 1s), 1});
  all.push_back({"timers-100000", Timers(100'000, 15ms), 1});
  all.push_back({"burst", Burst(), 1});
  all.push_back({"raft-like", RaftLike(Faults::kNone), 50});
  all.push_back({"raft-like-stormy", RaftLike(Faults::kUsual), 50});
  all.push_back({"raft-like-menu", RaftLike(Faults::kAll), 50});
  all.push_back({"raft-like-judged", RaftLike(Faults::kNone), 50});
  all.back().scenario.oracles = JudgedBy(Watcher());
  for (Workload& w : all) {
    if (w.name.starts_with("phold") || w.name.starts_with("gossip")) w.scenario.links = jittery;
  }
  return all;
}

size_t ResidentBytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long pages = 0, resident = 0;
  const int got = std::fscanf(file, "%lu %lu", &pages, &resident);
  std::fclose(file);
  return got == 2 ? resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

size_t MostResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss) << 10;
}

// What this process has computed so far. Time on the clock would count what others run as well.
double CpuNanos() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// What one repeat costs, and how many events it has: given to nodes, and in its timeline.
struct Cost {
  double ns = 0;
  uint64_t events = 0, recorded = 0;
};

Cost RunOnce(const Workload& workload) {
  Cost cost;
  const double start = CpuNanos();
  for (int i = 0; i < workload.runs; ++i) {
    const auto seed = static_cast<uint64_t>(i + 1);
    const RunResult r =
        Simulate(workload.scenario, workload.calm ? Choices::Calm() : Choices::FromSeed(seed));
    CHECK(!r.verdict.failed());
    cost.events += r.dispatched;
    cost.recorded += r.events;
  }
  cost.ns = CpuNanos() - start;
  return cost;
}

// What goes from the child to us: numbers only.
struct Measured {
  double ns_per_event, ns_least, bytes_per_node, bytes_most;
  uint64_t events, recorded;
};

Measured Measure(const Workload& workload, int repeats) {
  Scenario tiny = PingPong();  // What every run needs, however few its nodes, is not theirs.
  tiny.storm = 100ms;
  Simulate(tiny, Choices::Calm());
  const size_t before = ResidentBytes();
  const Cost first = RunOnce(workload);  // Warms up.
  const size_t most = MostResidentBytes();
  std::vector<double> costs;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const Cost cost = RunOnce(workload);
    costs.push_back(cost.ns / static_cast<double>(cost.events));
  }
  std::ranges::sort(costs);
  return {.ns_per_event = costs[costs.size() / 2],
          .ns_least = costs.front(),
          .bytes_per_node =
              static_cast<double>(most > before ? most - before : 0) / workload.scenario.nodes(),
          .bytes_most = static_cast<double>(MostResidentBytes()),
          .events = first.events / static_cast<uint64_t>(workload.runs),
          .recorded = first.recorded / static_cast<uint64_t>(workload.runs)};
}

}  // namespace

const std::vector<Workload>& StandardWorkloads() {
  static const auto* const all = new std::vector<Workload>(MakeWorkloads());
  return *all;
}

std::vector<Workload> WorkloadsOf(const Scenario& scenario) {
  constexpr int kRuns = 20;
  std::vector<Workload> out{{scenario.name, scenario, kRuns}};
  if (scenario.oracles) {
    out.push_back({"  unjudged", scenario, kRuns});
    out.back().scenario.oracles = nullptr;
  }
  out.push_back({"  calm", scenario, kRuns, true});
  return out;
}

absl::StatusOr<BenchResult> RunBench(const Workload& workload, int repeats) {
  const auto words = InChild(
      [&] {
        const Measured m = Measure(workload, repeats);
        return std::string(reinterpret_cast<const char*>(&m), sizeof m);
      },
      std::chrono::hours(1));
  if (!words) return absl::InternalError("workload " + workload.name + " did not run to its end");
  Measured m;
  CHECK(words->size() == sizeof m);
  std::memcpy(&m, words->data(), sizeof m);
  return BenchResult{.workload = workload.name,
                     .ns_per_event = m.ns_per_event,
                     .ns_least = m.ns_least,
                     .events_per_second = 1e9 / m.ns_per_event,
                     .events = m.events,
                     .recorded = m.recorded,
                     .bytes_per_node = m.bytes_per_node,
                     .bytes_most = m.bytes_most};
}

}  // namespace reprise
