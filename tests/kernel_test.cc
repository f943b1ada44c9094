// The kernel, seen from outside: what Simulate() does to small scenarios.

#include <gtest/gtest.h>

#include "models/world/links.h"
#include "sim/rpc.h"
#include "sim/scenario.h"
#include "sim/sync.h"

namespace reprise {
namespace {

struct Ping {
  uint64_t n;
};
struct Pong {
  uint64_t n;
};

Scenario PingPong() {
  Scenario s;
  s.name = "ping-pong";
  s.roles = {{.name = "server",
              .count = 1,
              .main =
                  [](Env& env) {
                    for (;;) {
                      auto mail = env.Receive();
                      mail.Match([&](const Ping& m) { env.Send(mail.from, Pong{m.n}); });
                    }
                  }},
             {.name = "client",
              .count = 1,
              .main =
                  [](Env& env) {
                    for (uint64_t i = 1; i <= 100; ++i) {
                      env.Send(env.peers()[0], Ping{i});
                      while (auto mail = env.Receive(50ms)) {
                        if (auto m = mail->As<Pong>(); m && m->n == i) break;
                      }
                    }
                    env.Report(Pong{100});
                  },
              .mortal = false,
              .client = true}};
  s.links = models::StormyLinks();
  s.cuts = models::Partitions();
  s.crashes = {.crash = OneIn(4), .crash_at = OneIn(100)};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2)};
  s.order = OneIn(10);
  s.storm = 5s;
  s.calm = 5s;
  return s;
}

TEST(Kernel, CalmRunIsCalm) {
  const RunResult r = Simulate(PingPong(), Choices::Calm());
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass);
  EXPECT_TRUE(r.taken.empty());
  ASSERT_EQ(r.facts.size(), 1u);
  EXPECT_EQ(r.facts[0].second, 1u);
}

TEST(Kernel, SameSeedSameDigest) {
  const Scenario s = PingPong();
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult a = Simulate(s, Choices::FromSeed(seed));
    Simulate(s, Choices::FromSeed(seed + 1000));
    const RunResult b = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(a.digest, b.digest) << "seed " << seed;
    const RunResult c = Simulate(s, Choices::FromDepartures(a.departures()));
    ASSERT_EQ(a.digest, c.digest) << "seed " << seed;
    ASSERT_EQ(c.given, c.given_drawn);
  }
}

TEST(Kernel, ACutDrawsWhetherItCutsClientsOff) {
  // Two servers, of which the first is cut off for 100 ms, and a client that pings it meanwhile.
  Scenario s;
  s.roles = PingPong().roles;
  s.roles[0].count = 2;
  s.roles[1].main = [](Env& env) {
    env.Sleep(50ms);
    env.Send(env.peers()[0], Ping{1});
    if (env.Receive(20ms)) env.Report(Pong{1});
  };
  s.cuts = {.cut = OneIn(2)};
  s.storm = s.calm = 1s;
  for (const uint64_t clients : {0, 1}) {
    const Departures cut = {{*ParseAddress("cut #1"), 1, kQuantiles},
                            {*ParseAddress("cut-clients #1"), clients, 2}};
    const RunResult r = Simulate(s, Choices::FromDepartures(cut));
    EXPECT_EQ(r.facts.size(), 1 - clients);
    EXPECT_EQ(r.faults[Fault::kCut].applied, clients);
  }
}

}  // namespace
}  // namespace reprise
