// libraft (cowsql/raft) under simulation: the library of this machine, unmodified, as the log of a
// replicated store. https://github.com/cowsql/raft
//
// Servers run the library on a `raft_io` of ours (libraft_server.h, libraft_io.cc), which lies on
// the simulated network, clock and disk; clients use the store, and an operator moves leadership
// and, with `--option membership=1`, adds a fourth server and takes one out again. All is judged as
// our own Raft is: what clients see must be linearizable, and servers must keep the paper's
// promises (Ongaro and Ousterhout, USENIX ATC 2014, figure 3) as far as they can be seen from
// outside:
//
//   election safety       from the terms in which raft_state() says that it leads
//   terms and votes       as it asks for them to be stored; also after crashes
//   leader completeness   from its log in memory at that moment
//   state machine safety  from what it has the store apply
//
// docs/libraft.md says what of the library's contract the mutants break, what we found, and which
// faults the library is not exposed to.

#include <algorithm>
#include <memory>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/converges.h"
#include "models/spec/durable.h"
#include "models/spec/elections.h"
#include "models/spec/no_disruption.h"
#include "models/spec/recovery.h"
#include "models/spec/replicated_log.h"
#include "models/spec/true_acknowledgements.h"
#include "models/world/links.h"
#include "protocols/engines/libraft_server.h"
#include "protocols/protocols.h"
#include "protocols/workloads/store_clients.h"

namespace reprise {
namespace libraft {
namespace {

const Label kPace("operator-pace");
const Label kWhat("operator-what");
const Label kWhen("operator-when");

constexpr Duration kOperatorSlot = 250ms;

// Somebody who, in some runs and in some slots of time, has leadership transferred or members
// changed. It tells all servers, and whoever leads obeys.
void Operator(Env& env, bool changes, Duration storm) {
  const auto servers = env.peers();
  const uint64_t n = servers.size(), kinds = changes ? 2 * n : n;
  const uint64_t pace = env.Random(kPace, 3);  // Never; now and then; in nearly each slot.
  if (pace == 0) return;
  const Time start = env.Now();
  for (int64_t k = 1; k * kOperatorSlot < storm; ++k) {
    const uint64_t what = env.Random(kWhat, kinds * (pace == 1 ? 8 : 1) + 1);
    const uint64_t when = env.Random(kWhen, kQuantiles);
    if (what == 0 || what > kinds) continue;
    env.SleepUntil(start + k * kOperatorSlot + Share(kOperatorSlot, when));
    if (what <= n) {
      env.Broadcast(TransferLeadership{servers[what - 1]});
    } else {
      env.Broadcast(ChangeMembership{servers[what - n - 1]});
    }
  }
}

// A raft_io that breaks its contract; or nothing of ours, and what the library is known to do wrong
// is judged as well.
struct Variation : Settings {
  bool judges_acknowledgements = false;
};

const std::vector<Mutant<Variation>>& Mutants() {
  static const std::vector<Mutant<Variation>> kMutants = {
      {{.name = "vote-not-saved",
        .id = "LR-X1",
        .difficulty = "D1",
        .oracle = "monotonic-terms",
        .about = "set_vote returns without having stored the vote",
        .origin = "raft.h: \"updated on stable storage before responding to RPCs\""},
       [](Variation& s) { s.saves_vote = false; }},
      {{.name = "term-not-saved",
        .id = "LR-X2",
        .difficulty = "D1",
        .oracle = "monotonic-terms",
        .about = "set_term returns without having stored the term",
        .origin = "raft.h: \"updated on stable storage before responding to RPCs\""},
       [](Variation& s) { s.saves_term = false; }},
      {{.name = "speaks-before-saved",
        .id = "LR-X3",
        .difficulty = "D1",
        .oracle = "monotonic-terms",
        .about = "messages are sent while the term and the vote are on their way to the disk",
        .origin = "raft.h: \"updated on stable storage before responding to RPCs\""},
       [](Variation& s) { s.waits_for_vote = false; }},
      {{.name = "append-not-awaited",
        .id = "LR-X4",
        .difficulty = "D1",
        .oracle = "leader-completeness",
        .about = "the callback of append says that entries are stored before they are",
        .origin = "raft.h, raft_io_append: \"asynchronous request to store new log entries\""},
       [](Variation& s) { s.waits_for_append = false; }},
      {{.name = "as-it-is",
        .id = "LR-1",
        .difficulty = "D1",
        .oracle = "true-acknowledgements",
        .about =
            "nothing is changed: followers acknowledge more than a heartbeat has shown to match",
        .origin = "found here, in libraft 0.15.0: docs/libraft.md, 1"},
       [](Variation& s) { s.judges_acknowledgements = true; }},
  };
  return kMutants;
}

void Storm(Scenario& s, int tolerated, bool fifo) {
  s.links = models::StormyLinks();
  s.links.fifo = fifo;
  s.links.stale = fifo ? Ratio{} : OneIn(100);
  if (fifo) s.links.duplicate = {};
  s.links.burst = OneIn(80);
  s.links.blackhole = OneIn(40);
  s.cuts = {.cut = OneIn(12),
            .groups = OneIn(60),
            .bridge = OneIn(40),
            .ring = OneIn(60),
            .flap = OneIn(60),
            .slot = 500ms,
            .shortest = 200ms,
            .longest = 2s};
  s.clogs = {.clog = OneIn(40), .swizzle = OneIn(80), .slot = 500ms, .longest = 1s};
  s.crashes = {.crash = OneIn(12),
               .slot = 500ms,
               .crash_at = OneIn(3000),
               .down_at_most = tolerated,
               .down = 50ms,
               .down_more = 600ms,
               .again = OneIn(20),
               .several = tolerated > 1 ? OneIn(40) : Ratio{}};
  s.processes = {.pause = OneIn(40), .slow = OneIn(60), .pause_most = 1s, .slow_most = 1s};
  s.disks = {.sync = 2ms,
             .slow_sync = OneIn(40),
             .slow_sync_most = 200ms,
             .hung = OneIn(1000),
             .hung_for = 1s,
             .unsynced = OneIn(2),
             .torn = OneIn(4),
             .sync_fail = OneIn(1000),
             .entries = OneIn(8),
             .full = OneIn(80),
             .full_most = 500ms};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2), .late_timer = OneIn(500)};
  s.order = OneIn(20);
}

// What clients see, what servers promise one another, and that all is well again after the storm.
//
// The library is known to acknowledge entries that nobody has sent it (docs/libraft.md, 1), after
// which nothing need hold. So either that is judged as well, or runs in which it happens are
// skipped.
enum class Judges { kAll, kClientsOnly, kAcknowledgements };

std::function<Oracles()> JudgedWith(bool membership, Judges judges, int servers, int clients) {
  using namespace models;
  std::vector<NodeId> server_ids, client_ids;
  for (int i = 1; i <= servers; ++i) server_ids.push_back(NodeId{static_cast<uint32_t>(i)});
  for (int i = 1; i <= clients; ++i) {
    client_ids.push_back(NodeId{static_cast<uint32_t>(servers + i)});
  }
  return [=] {
    constexpr Duration kBound = 20 * kElectionLeast + 10ms;  // Ten of the longest timeouts.
    Oracles all;
    if (judges == Judges::kAcknowledgements) {
      all.push_back(std::make_unique<TrueAcknowledgements>());
    }
    if (judges != Judges::kClientsOnly) {
      all.push_back(std::make_unique<ElectionSafety>());
      all.push_back(std::make_unique<MonotonicTerms>());
      all.push_back(std::make_unique<LeaderCompleteness>());
      all.push_back(std::make_unique<StateMachineSafety>());
    }
    all.push_back(std::make_unique<Durable>(Durable::Reads::kOrdered));
    all.push_back(std::make_unique<LinearizableList>());
    all.push_back(std::make_unique<Converges<Progress>>(kBound, "read every key", client_ids));
    if (judges != Judges::kClientsOnly && !membership) {
      all.push_back(std::make_unique<Converges<HeardLeader>>(
          kBound, "caught up with a leader", server_ids,
          [](const HeardLeader& m) { return m.behind == 0; }));
    }
    all.push_back(std::make_unique<RecoveryMeter>(true));
    if (judges == Judges::kAll) {
      const auto known = std::make_shared<Excused::Known>();
      for (auto& oracle : all) oracle = std::make_unique<Excused>(std::move(oracle), known);
    }
    return all;
  };
}

Scenario Make(const Options& options, const std::string& mutant) {
  SetUp();
  Variation settings = DecisionsOf(Mutants(), mutant);
  settings.voters = static_cast<uint64_t>(options["nodes"]);
  settings.membership = options["membership"] != 0;
  settings.pre_vote = options["prevote"] != 0;
  settings.compact_after = static_cast<unsigned>(options["compact"]);
  settings.install_timeout_ms = static_cast<unsigned>(options["install-timeout"]);
  const int servers = static_cast<int>(settings.voters) + (settings.membership ? 1 : 0);
  const int clients = static_cast<int>(options["clients"]);
  const Duration storm = std::chrono::milliseconds(options["storm"]);
  Scenario s;
  s.roles = {
      {.name = "servers", .count = servers, .main = [=](Env& env) { Server(env, settings).Run(); }},
      {.name = "clients",
       .count = clients,
       .main = store::Client({.lists = true,
                              .keys = static_cast<uint64_t>(options["keys"]),
                              .last = storm + 1s,
                              .finale = storm + 2500ms}),
       .mortal = false,
       .client = true},
      {.name = "operator",
       .count = 1,
       .main = [=](Env& env) { Operator(env, settings.membership, storm); },
       .mortal = false,
       .client = true}};
  Storm(s, static_cast<int>((settings.voters - 1) / 2), options["fifo"] != 0);
  s.storm = storm;
  s.calm = 4s;
  const Judges judges = options["judges"] == 1             ? Judges::kClientsOnly
                        : settings.judges_acknowledgements ? Judges::kAcknowledgements
                                                           : Judges::kAll;
  s.oracles = JudgedWith(settings.membership, judges, servers, clients);
  return s;
}

}  // namespace
}  // namespace libraft

Family Libraft() {
  return {.name = "libraft",
          .about = "cowsql/raft itself, unmodified: a replicated store on the library",
          .source = "cowsql/raft; Ongaro and Ousterhout 2014",
          .options = {{"nodes", "how many servers vote at first", 3, 5, 3},
                      {"clients", "how many clients there are", 1, 8, 3},
                      {"keys", "how many keys there are", 1, 16, 2},
                      {"membership", "whether a further server joins and members change", 0, 1, 0},
                      {"prevote", "whether pre-vote is on", 0, 1, 1},
                      {"compact", "entries before the next snapshot", 2, 1000, 16},
                      {"install-timeout", "of snapshots, ms; the library's default is 30000", 50,
                       30000, 500},
                      {"fifo", "whether links keep the order, as TCP does", 0, 1, 1},
                      {"storm", "how long faults may strike, ms", 200, 60'000, 8000},
                      {"judges", "0 all oracles, 1 those that see what clients see", 0, 1, 0}},
          .mutants = InfoOf(libraft::Mutants()),
          .make = libraft::Make};
}

}  // namespace reprise
