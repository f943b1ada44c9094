// What an operation costs in a calm run: how long it takes, and how many messages. The delay d of a
// link is 1 ms each way, a sync f takes 2 ms, and computing takes nothing. Both are exact, so that
// a protocol that is faster than this has left out a step that matters.

#include "tools/tables/costs.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/elections.h"
#include "models/spec/no_disruption.h"
#include "protocols/protocols.h"
#include "sim/check.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr double kDelay = 1, kSync = 2;  // Milliseconds.

using Options = std::vector<std::pair<std::string, std::string>>;

RunResult CalmRun(const std::string& scenario, const Options& options = {}) {
  Catalogue catalogue;
  catalogue.Add(Raft());
  catalogue.Add(PrimaryBackup());
  const auto made = catalogue.Make(scenario, options);
  CHECK(made.ok());
  CHECK(made->links.delay == 1ms && made->disks.sync == 2ms);
  RunResult run = Simulate(*made, Choices::Calm(), {.keep_events = true});
  CHECK(run.verdict.kind == Verdict::Kind::kPass);
  return run;
}

RunResult CalmRaft(int servers, int reads) {
  return CalmRun(
      "raft",
      {{"nodes", std::to_string(servers)}, {"reads", std::to_string(reads)}, {"compact", "1000"}});
}

double Millis(Duration took) { return static_cast<double>(took.count()) / 1e6; }

// The median, the least and the most of what they took.
struct Took {
  explicit Took(std::vector<Duration> all) {
    CHECK(all.size() > 50);
    std::ranges::sort(all);
    least = Millis(all.front());
    median = Millis(all[all.size() / 2]);
    most = Millis(all.back());
  }
  double least, median, most;
};

// One that every operation takes exactly, or else the one furthest off.
double Exactly(const std::vector<Duration>& all, double expected) {
  const Took took(all);
  return took.least == expected ? took.most : took.least;
}

TableRow Row(const std::string& what, double model, double simulation) {
  return {.what = what, .model = model, .simulation = simulation, .tolerance = 0, .digits = 0};
}

// Heartbeats are not the operations': the leader reports that it hears itself with each, and it
// goes to every follower and is answered. Nor is the election, whose messages have names of their
// own.
double MessagesOfARaftWrite(const RunResult& run, int servers) {
  const OperationCosts costs = CostsOf(run);
  NodeId leader = kNobody;
  size_t beats = 0;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event event = run.timeline[i];
    if (event.kind != Event::Kind::kFact) continue;
    if (event.As<models::Elected>()) leader = event.node;
    if (event.As<models::HeardLeader>() && event.node == leader) ++beats;
  }
  size_t messages = 0;
  for (const char* name : {"Request", "AppendEntries", "Appended", "Answer"}) {
    messages += costs.messages.at(name);
  }
  messages -= 2 * beats * static_cast<size_t>(servers - 1) + 2 * costs.reads.size();
  return static_cast<double>(messages) / static_cast<double>(costs.writes.size());
}

double MessagesOfAPrimaryBackupWrite(const RunResult& run) {
  const OperationCosts costs = CostsOf(run);
  size_t messages = 0;
  for (const char* name : {"Request", "Forward", "Forwarded", "Answer"}) {
    messages += costs.messages.at(name);
  }
  // A read is asked for and answered; and the state, sent to the first backup, is acknowledged.
  messages -= 2 * costs.reads.size() + 1;
  return static_cast<double>(messages) / static_cast<double>(costs.writes.size());
}

std::vector<TableRow> Rows() {
  std::vector<TableRow> rows;
  for (const int servers : {3, 5, 7}) {
    const std::string raft = "raft, " + std::to_string(servers) + " servers: ";
    const RunResult lease = CalmRaft(servers, 2), read_index = CalmRaft(servers, 1);
    const double write = 4 * kDelay + kSync, read = 4 * kDelay, lease_read = 2 * kDelay;
    const Took writes(CostsOf(read_index).writes);
    CHECK(writes.least == writes.median);
    rows.push_back(Row(raft + "write, 4d + f, ms", write, writes.median));
    rows.push_back(
        Row(raft + "write that begins a file, 4d + 3f, ms", 4 * kDelay + 3 * kSync, writes.most));
    rows.push_back(Row(raft + "messages of a write, 2(n - 1) + 2", 2 * (servers - 1) + 2,
                       MessagesOfARaftWrite(lease, servers)));
    rows.push_back(
        Row(raft + "read by read index, 4d, ms", read, Exactly(CostsOf(read_index).reads, read)));
    rows.push_back(
        Row(raft + "read by lease, 2d, ms", lease_read, Exactly(CostsOf(lease).reads, lease_read)));
  }
  const RunResult run = CalmRun("primary-backup");
  const OperationCosts costs = CostsOf(run);
  const std::string name = "primary-backup, 1 backup: ";
  rows.push_back(Row(name + "write, 4d, ms", 4 * kDelay, Exactly(costs.writes, 4 * kDelay)));
  rows.push_back(Row(name + "messages of a write, 2b + 2", 4, MessagesOfAPrimaryBackupWrite(run)));
  rows.push_back(Row(name + "read by lease, 2d, ms", 2 * kDelay, Exactly(costs.reads, 2 * kDelay)));
  return rows;
}

}  // namespace

Table Costs() {
  return {.id = "costs",
          .about = "how long an operation takes, and how many messages: d = 1 ms, f = 2 ms",
          .source = "counted: d a delay one way, f a sync, n servers, b backups",
          .cost = "less than a second",
          .rows = Rows};
}

}  // namespace reprise
