// A dispatcher that gives keys to servers which come and go: consistent hashing with bounded loads,
// after V. Mirrokni, M. Thorup and M. Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA
// 2018; the ring is that of hash_ring.h.
//
//   Capacity.    With m keys on n servers each takes ceil((1 + epsilon) m / n) and no more. All of
//                it together is more than m, so that a lookup ends.
//   Lookup.      A key goes to the first server at its place on the ring, or after it, that has
//                room.
//   Placement.   Keys are placed one after another in their own order, so that where they are
//                depends on the keys and servers that there are, and not on how it came about.
//   Servers      keep what they were given in memory. Who is silent for kSilence is off the ring;
//                who restarts has forgotten all, and is told again.
//   Answers.     A client is answered when the server that got its key says so.
//
// The dispatcher is one node that never fails. Any number of servers may crash: nothing is lost
// with them, since the dispatcher knows the keys.

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "models/spec/bounded_load.h"
#include "models/spec/converges.h"
#include "models/spec/history.h"
#include "models/spec/recovery.h"
#include "models/world/weather.h"
#include "protocols/placement/hash_ring.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using placement::HashRing;
using placement::RingDecisions;

constexpr Duration kBeat = 50ms;
constexpr Duration kLook = 25ms;
constexpr Duration kSilence = 400ms;
constexpr Duration kPatience = 100ms;  // Of a client, before it asks again.
constexpr Duration kSlot = 100ms;      // Of each client, for one operation.
constexpr Duration kServed = 3s;       // From the calm on.
constexpr uint64_t kVnodes = 8;

const Label kWhat("client-op");
const Label kWhen("client-when");

// clang-format off
struct Alive { uint64_t boot; };
struct Holds { uint64_t number, boot; std::vector<uint64_t> keys; };  // All that you have now.
struct Holding { uint64_t number, boot; };
struct Change { uint64_t request, key; bool adds; };                  // Or removes.
struct Changed { uint64_t request; };
struct Where { uint64_t request, key; };
struct At { uint64_t request; NodeId server; };
struct Serve { uint64_t request, key; };
struct Served { uint64_t request; };
struct Operation { uint64_t key; bool adds; };
struct Result {};
// clang-format on

void Server(Env& env) {
  std::set<uint64_t> keys;
  uint64_t number = 0;
  const NodeId dispatcher = env.nodes("dispatcher")[0];
  env.Spawn([&] {
    for (;; env.Sleep(kBeat)) env.Send(dispatcher, Alive{env.boot()});
  });
  for (;;) {
    const Envelope mail = env.Receive();
    mail.Match(
        [&](const Holds& m) {
          if (m.boot != env.boot()) return;
          if (m.number > number) keys = std::set<uint64_t>(m.keys.begin(), m.keys.end());
          number = std::max(number, m.number);
          env.Send(dispatcher, Holding{number, env.boot()});
        },
        [&](const Serve& m) {
          if (keys.contains(m.key)) env.Send(mail.from, Served{m.request});
        });
  }
}

class Dispatcher {
 public:
  Dispatcher(Env& env, const RingDecisions& decide, uint64_t per_mille)
      : env_(env), per_mille_(per_mille), ring_(kVnodes, decide) {}

  void Run() {
    for (Time look = env_.After(kLook);; look = env_.After(kLook)) {
      while (const auto mail = env_.ReceiveUntil(look)) {
        mail->Match([&](const Alive& m) { OnAlive(mail->from, m); },
                    [&](const Holding& m) { OnHolding(mail->from, m); },
                    [&](const Change& m) { OnChange(mail->from, m); },
                    [&](const Where& m) { OnWhere(mail->from, m); });
      }
      Watch();
      for (auto& [node, server] : servers_) Tell(node, server);
    }
  }

 private:
  struct Server {
    uint64_t boot = 0;
    Time heard{};
    std::set<uint64_t> keys = {};
    uint64_t number = 0;  // Of this version of its keys,
    uint64_t told = 0;    // and of the one that it says it has.
  };
  struct Waiting {
    NodeId client;
    Change change;
  };

  void OnAlive(NodeId from, const Alive& m) {
    const bool known = servers_.contains(from);
    Server& server = servers_[from];
    if (m.boot < server.boot) return;
    if (m.boot > server.boot) server.told = 0;
    server.boot = m.boot;
    server.heard = env_.Now();
    if (!known) Place();
  }

  void Watch() {
    const size_t before = servers_.size();
    std::erase_if(servers_, [&](const auto& s) { return s.second.heard + kSilence < env_.Now(); });
    if (servers_.size() != before || !unplaced_.empty()) Place();
  }

  // All keys, in their order.
  void Place() {
    std::set<NodeId> nodes;
    for (const auto& [node, server] : servers_) nodes.insert(node);
    ring_.Reset(nodes);
    std::map<NodeId, uint64_t> load;
    std::map<NodeId, std::set<uint64_t>> placed;
    unplaced_.clear();
    for (const uint64_t key : keys_) {
      const NodeId node =
          nodes.empty() ? kNobody : ring_.Place(key, load, keys_.size(), per_mille_).node;
      if (node == kNobody) {
        unplaced_.insert(key);
        continue;
      }
      ++load[node];
      placed[node].insert(key);
    }
    models::Loads loads{keys_.size(), per_mille_, {}};
    for (auto& [node, server] : servers_) {
      loads.loads.push_back(load[node]);
      if (server.keys == placed[node] && server.number != 0) continue;
      server.keys = placed[node];
      server.number = ++number_;
    }
    env_.Report(loads);
    for (auto& [node, server] : servers_) Tell(node, server);
  }

  void Tell(NodeId node, const Server& server) {
    if (server.told == server.number) return;
    env_.Send(node, Holds{server.number, server.boot,
                          std::vector<uint64_t>(server.keys.begin(), server.keys.end())});
  }

  void OnHolding(NodeId from, const Holding& m) {
    const auto at = servers_.find(from);
    if (at == servers_.end() || at->second.boot != m.boot) return;
    at->second.told = std::max(at->second.told, m.number);
    std::erase_if(waiting_, [&](const Waiting& w) { return Answers(w); });
  }

  void OnChange(NodeId client, const Change& m) {
    const bool news = m.adds ? keys_.insert(m.key).second : keys_.erase(m.key) == 1;
    if (news) Place();
    const Waiting waiting{client, m};
    if (!Answers(waiting)) waiting_.push_back(waiting);
  }

  // Whether it is as the client wants it, which is then told.
  bool Answers(const Waiting& w) {
    const auto holder = HolderOf(w.change.key);
    const bool done = w.change.adds
                          ? holder != servers_.end() && holder->second.told == holder->second.number
                          : holder == servers_.end();
    if (done) env_.Send(w.client, Changed{w.change.request});
    return done;
  }

  std::map<NodeId, Server>::const_iterator HolderOf(uint64_t key) const {
    return std::ranges::find_if(servers_,
                                [&](const auto& s) { return s.second.keys.contains(key); });
  }

  void OnWhere(NodeId client, const Where& m) {
    const auto holder = HolderOf(m.key);
    if (holder != servers_.end()) env_.Send(client, At{m.request, holder->first});
  }

  Env& env_;
  const uint64_t per_mille_;
  HashRing ring_;
  std::map<NodeId, Server> servers_;
  std::set<uint64_t> keys_, unplaced_;
  std::vector<Waiting> waiting_;
  uint64_t number_ = 0;
};

// Adds keys of its own, one after another, and removes some; in the end it asks the servers for
// each that is left.
class KeyClient {
 public:
  explicit KeyClient(Env& env) : env_(env), dispatcher_(env.nodes("dispatcher")[0]) {}

  void Run(Duration storm) {
    const Time start = env_.Now();
    uint64_t next = 0;
    std::set<uint64_t> mine;
    for (int64_t k = 1; k * kSlot <= storm; ++k) {
      const uint64_t what = env_.Random(kWhat, 4);
      const uint64_t when = env_.Random(kWhen, kQuantiles);
      const Time at = start + k * kSlot + Share(kSlot, when);
      if (env_.Now() > at) continue;
      env_.SleepUntil(at);
      if (what == 3 && !mine.empty()) {
        Do({0, *mine.begin(), false});
        mine.erase(mine.begin());
      } else {
        const uint64_t key = Index(env_.self()) * 1000 + ++next;
        Do({0, key, true});
        mine.insert(key);
      }
    }
    env_.SleepUntil(start + storm);
    for (const uint64_t key : mine) {
      while (!IsServed(key)) continue;
    }
    env_.Report(models::Progress{});
  }

 private:
  void Do(Change change) {
    change.request = ++request_;
    const models::OpId op{env_.self(), request_};
    env_.Report(models::Invoked{op, change.key, Operation{change.key, change.adds}});
    while (!Answer<Changed>(dispatcher_, change)) continue;
    env_.Report(models::Returned{op, Result{}});
  }

  bool IsServed(uint64_t key) {
    const auto at = Answer<At>(dispatcher_, Where{++request_, key});
    return at && Answer<Served>(at->server, Serve{++request_, key});
  }

  template <class Reply, class Request>
  std::optional<Reply> Answer(NodeId node, const Request& request) {
    env_.Send(node, request);
    const Time until = env_.After(kPatience);
    while (const auto mail = env_.ReceiveUntil(until)) {
      const auto m = mail->As<Reply>();
      if (m && m->request == request.request) return m;
    }
    return std::nullopt;
  }

  Env& env_;
  const NodeId dispatcher_;
  uint64_t request_ = 0;  // Clients do not crash.
};

const std::vector<Mutant<RingDecisions>>& Mutants() {
  static const std::vector<Mutant<RingDecisions>> kMutants = {
      {{.name = "capacity-rounded-down",
        .id = "HA-M3",
        .difficulty = "D1",
        .oracle = "converges",
        .about = "a server's room is rounded down, and does not count the key that is coming",
        .origin = "Mirrokni et al., SODA 2018: a lookup goes round for ever"},
       [](RingDecisions& d) {
         d.Capacity = [](uint64_t keys, uint64_t nodes, uint64_t per_mille) {
           return (keys - 1) * per_mille / (nodes * 1000);
         };
       }},
      {{.name = "load-ignored",
        .id = "HA-X1",
        .difficulty = "D1",
        .oracle = "bounded-load",
        .about = "plain consistent hashing: a key goes to the first server, full or not"},
       [](RingDecisions& d) {
         d.Capacity = [](uint64_t, uint64_t, uint64_t) { return UINT64_MAX; };
       }},
      {{.name = "wraps-to-last",
        .id = "HA-D1",
        .difficulty = "decoy",
        .oracle = "",
        .about = "what lies past the last point of the ring belongs to the last, and not the first",
        .decoy = true},
       [](RingDecisions& d) { d.WrapsToFirst = [] { return false; }; }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const RingDecisions decide = DecisionsOf(Mutants(), mutant);
  const auto servers = static_cast<int>(options["servers"]);
  const auto clients = static_cast<int>(options["clients"]);
  const auto per_mille = static_cast<uint64_t>(1000 + options["epsilon"]);
  Scenario s;
  s.storm = 5s;
  s.calm = kServed + 1s;
  s.roles = {{.name = "server", .count = servers, .main = Server},
             {.name = "dispatcher",
              .count = 1,
              .main = [=](Env& env) { Dispatcher(env, decide, per_mille).Run(); },
              .mortal = false},
             {.name = "client",
              .count = clients,
              .main = [storm = s.storm](Env& env) { KeyClient(env).Run(storm); },
              .mortal = false,
              .client = true}};
  models::SetMildWeather(s);
  s.crashes = {.crash = OneIn(10),
               .slot = 500ms,
               .down_at_most = servers,
               .down = 50ms,
               .down_more = 1s,
               .several = OneIn(20),
               .churn = OneIn(20),
               .churn_most = 3s};
  std::vector<NodeId> drivers;
  for (int i = 1; i <= clients; ++i) {
    drivers.push_back(NodeId{static_cast<uint32_t>(servers + 1 + i)});
  }
  s.oracles = JudgedBy(
      models::BoundedLoad(),
      models::Converges<models::Progress>(kServed, "found all of its keys at servers", drivers),
      models::RecoveryMeter());
  return s;
}

}  // namespace

Family BoundedRing() {
  return {.name = "bounded-ring",
          .about = "keys on servers that come and go, none of which has much more than its share",
          .source = "Mirrokni, Thorup and Zadimoghaddam, SODA 2018",
          .options = {{"servers", "how many there are", 2, 16, 5},
                      {"clients", "how many add and remove keys", 1, 8, 2},
                      {"epsilon", "the slack, in thousandths", 50, 4000, 250}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
