// Raft.
//
// After Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC
// 2014, extended version), and Ongaro, "Consensus: Bridging Theory and Practice" (dissertation,
// Stanford 2014). In short:
//
//   Terms.       Time is a sequence of terms, each of at most one leader. A server votes once in
//                each, for a candidate whose log is at least as up-to-date as its own.
//   Log.         The leader appends what clients ask for and replicates it; an entry of its own
//   term
//                is committed, with all before it, once a majority has it on disk. Servers apply
//                committed entries in order.
//   Sessions.    Clients number their commands, and a command is executed once, however often it is
//                asked for; the table of these is part of the replicated state.
//   Snapshots.   Each server replaces the applied part of its log by its state, and a leader sends
//                that to whoever is too far behind.
//   Reads.       Through the log; or after a round of heartbeats (read index); or by a lease. Each
//                boot of a server draws which, unless an option says so.
//   Disruption.  A candidate first asks whether it could win (pre-vote); nobody votes against a
//                leader that it hears; a leader that no majority answers steps down (check-quorum).
//   Transfer.    A leader may ask another server to take over.
//   Membership.  One server at a time, or any change by joint consensus. Servers use the latest
//                configuration in their log, committed or not.
//
// The parts are listed in raft_server.h, the decisions in raft_rules.h, what lies on disk in
// raft_storage.h. A server that finds its disk damaged halts, because it cannot know what it has
// promised; so rot and unreadable sectors cost servers, and strike the disks of a minority at most.
//
// Leases rely on clocks that neither stand still nor drift by more than 500 ppm; so clocks freeze
// only where no lease is used.

#include "protocols/replication/raft.h"

#include <algorithm>
#include <string>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/converges.h"
#include "models/spec/durable.h"
#include "models/spec/elections.h"
#include "models/spec/key_value.h"
#include "models/spec/no_disruption.h"
#include "models/spec/recovery.h"
#include "models/spec/replicated_log.h"
#include "models/world/links.h"
#include "protocols/protocols.h"
#include "protocols/replication/raft_mutants.h"
#include "protocols/replication/raft_server.h"
#include "protocols/workloads/store_clients.h"

namespace reprise {
namespace raft {
namespace {

const Label kPace("operator-pace");
const Label kWhat("operator-what");
const Label kWhen("operator-when");

constexpr Duration kOperatorSlot = 250ms;
constexpr Duration kStorm = 8s;

// Somebody who, in some runs and in some slots of time, has leadership transferred or members
// changed. It tells all servers, and whoever leads obeys.
void Operator(Env& env, Membership membership) {
  const auto servers = env.peers();
  const uint64_t n = servers.size();
  const uint64_t changes = membership == Membership::kFixed    ? 0
                           : membership == Membership::kSingle ? n
                                                               : uint64_t{1} << n;
  const uint64_t pace = env.Random(kPace, 3);  // Never; now and then; in nearly each slot.
  if (pace == 0) return;
  const Time start = env.Now();
  for (int64_t k = 1; k * kOperatorSlot < kStorm; ++k) {
    const uint64_t what = env.Random(kWhat, (n + changes) * (pace == 1 ? 8 : 1) + 1);
    const uint64_t when = env.Random(kWhen, kQuantiles);
    if (what == 0 || what > n + changes) continue;
    env.SleepUntil(start + k * kOperatorSlot + Share(kOperatorSlot, when));
    if (what <= n) {
      env.Broadcast(TransferLeadership{servers[what - 1]});
    } else if (membership == Membership::kSingle) {
      env.Broadcast(ChangeMembership{ServerSet::Of(servers[what - n - 1])});
    } else {
      env.Broadcast(ChangeMembership{{(what - n - 1) << Index(servers[0])}});
    }
  }
}

// The modes in which a mutant can show at all, and often.
Options Suited(Options options, const std::string& mutant) {
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, mutant) != names.end();
  };
  if (is({"no-pre-vote", "vote-not-durable", "commit-by-counting"})) options.Set("prevote", 0);
  if (is({"read-index-early"})) options.Set("reads", static_cast<int64_t>(Reads::kReadIndex));
  if (is({"lease-from-receipt"})) {
    options.Set("reads", static_cast<int64_t>(Reads::kLease));
    options.Set("keys", 1);
    options.Set("clients", 6);
  }
  if (is({"snapshot-discards-log", "snapshot-not-resent", "sessions-not-in-snapshot"})) {
    options.Set("compact", std::min<int64_t>(options["compact"], 8));
  }
  if (is({"change-without-own-commit", "changes-overlap", "configuration-not-restored"})) {
    options.Set("membership", static_cast<int64_t>(Membership::kSingle));
  }
  if (is({"majority-of-union"})) {
    options.Set("membership", static_cast<int64_t>(Membership::kJoint));
  }
  return options;
}

void Storm(Scenario& s, int tolerated, bool clocks_freeze) {
  s.links = models::StormyLinks();
  s.links.corrupt = OneIn(1000);
  s.links.truncate = OneIn(2000);
  s.links.stale = OneIn(100);
  s.links.burst = OneIn(80);
  s.links.blackhole = OneIn(40);
  s.links.bandwidth = OneIn(40);
  s.links.queue = OneIn(40);
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
               .several = tolerated > 1 ? OneIn(40) : Ratio{},
               .churn = OneIn(100),
               .churn_most = 4s};
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
             .read_fail = OneIn(2000),
             .rot = OneIn(600),
             .full = OneIn(80),
             .full_most = 500ms,
             .damaged_at_most = tolerated};
  s.clocks = {.offset = OneIn(2),
              .drift = OneIn(2),
              .drift_ppm_most = kDriftPpm,
              .freeze = clocks_freeze ? OneIn(20) : Ratio{},
              .late_timer = OneIn(500)};
  s.order = OneIn(20);
}

Settings SettingsOf(const Options& options) {
  Settings settings;
  settings.reads = static_cast<Reads>(options["reads"]);
  settings.membership = static_cast<Membership>(options["membership"]);
  settings.pre_vote = options["prevote"] != 0;
  settings.compact_after = static_cast<uint64_t>(options["compact"]);
  for (uint32_t i = 1; i <= static_cast<uint32_t>(options["nodes"]); ++i) {
    settings.initial.Add(NodeId{i});
  }
  settings.voters_least = (static_cast<int>(options["nodes"]) - 1) / 2 * 2 + 1;
  return settings;
}

struct Judged {
  bool lists;         // What clients do: append to lists; else get, put and cas.
  bool clients_only;  // By what clients see alone; else also by what servers say of themselves.
};

// What clients see, what servers promise one another, and that all is well again after the storm.
std::function<Oracles()> JudgedWith(const Settings& settings, Judged judged, int servers,
                                    int clients) {
  using namespace models;
  std::vector<NodeId> server_ids, client_ids;
  for (int i = 1; i <= servers; ++i) server_ids.push_back(NodeId{static_cast<uint32_t>(i)});
  for (int i = 1; i <= clients; ++i) {
    client_ids.push_back(NodeId{static_cast<uint32_t>(servers + i)});
  }
  const auto tolerated = static_cast<size_t>((settings.voters_least - 1) / 2);
  return [=] {
    constexpr Duration kBound = 10 * kElectionMost + 10ms;  // And some round trips.
    const bool servers_too = !judged.clients_only;
    Oracles all;
    if (servers_too) {
      all.push_back(std::make_unique<ElectionSafety>());
      all.push_back(std::make_unique<MonotonicTerms>());
      all.push_back(std::make_unique<LeaderCompleteness>());
      all.push_back(std::make_unique<StateMachineSafety>());
    }
    if (judged.lists) {
      // First, as what is lost, doubled or made up is also in no order that explains it.
      all.push_back(std::make_unique<Durable>(Durable::Reads::kOrdered));
      all.push_back(std::make_unique<LinearizableList>());
    } else {
      all.push_back(std::make_unique<LinearizableKeyValue>());
    }
    all.push_back(std::make_unique<Converges<Progress>>(kBound, "read every key", client_ids,
                                                        nullptr, tolerated));
    if (servers_too && settings.membership == Membership::kFixed) {
      all.push_back(std::make_unique<Converges<HeardLeader>>(
          kBound, "caught up with a leader", server_ids,
          [](const HeardLeader& m) { return m.behind == 0; }, tolerated));
      if (settings.pre_vote) {
        all.push_back(std::make_unique<NoDisruption>(server_ids.size(), kElectionLeast - 5ms));
      }
    }
    all.push_back(std::make_unique<RecoveryMeter>(true));
    return all;
  };
}

Scenario Make(const Options& given, const std::string& mutant) {
  const Options options = Suited(given, mutant);
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  const Settings settings = SettingsOf(options);
  const Judged judged = {.lists = options["lists"] != 0, .clients_only = options["judges"] == 1};
  // Those who may join: one, or two, so that a joint change can replace a majority of three.
  const int servers = settings.initial.Count() + static_cast<int>(settings.membership);
  const int clients = static_cast<int>(options["clients"]);
  Scenario s;
  s.roles = {{.name = "servers",
              .count = servers,
              .main = [=](Env& env) { Server(env, settings, decide).Run(); }},
             {.name = "clients",
              .count = clients,
              .main = store::Client(
                  {.lists = judged.lists, .keys = static_cast<uint64_t>(options["keys"])}),
              .mortal = false,
              .client = true},
             {.name = "operator",
              .count = 1,
              .main = [=](Env& env) { Operator(env, settings.membership); },
              .mortal = false,
              .client = true}};
  const bool leases = settings.reads == Reads::kLease || settings.reads == Reads::kDrawn;
  Storm(s, (settings.voters_least - 1) / 2, !leases || !settings.pre_vote);
  s.storm = kStorm;
  s.calm = 4s;
  s.calms = {.core = 4s};
  s.oracles = JudgedWith(settings, judged, servers, clients);
  return s;
}

}  // namespace
}  // namespace raft

Family Raft() {
  return {.name = "raft",
          .about = "a replicated store: elections, log, snapshots, reads, membership",
          .source = "Ongaro and Ousterhout 2014; Ongaro 2014",
          .options = {{"nodes", "how many servers vote at first", 3, 7, 3},
                      {"clients", "how many clients there are", 1, 8, 3},
                      {"keys", "how many keys there are", 1, 16, 2},
                      {"lists", "whether clients append to lists; else get, put and cas", 0, 1, 1},
                      {"reads", "0 through the log, 1 by read index, 2 by lease, 3 drawn", 0, 3, 3},
                      {"membership", "0 fixed, 1 one server at a time, 2 joint consensus", 0, 2, 0},
                      {"prevote", "pre-vote and check-quorum; without, the paper alone", 0, 1, 1},
                      {"compact", "entries applied before the next snapshot", 2, 1000, 16},
                      {"judges", "0 all oracles, 1 those that see what clients see", 0, 1, 0}},
          .mutants = InfoOf(raft::Mutants()),
          .make = raft::Make};
}

}  // namespace reprise
