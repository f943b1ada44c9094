// Mutex, Condition, Channel, Future and Rpc: what fibers of one node work together with.

#include "sim/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/world/links.h"
#include "sim/rpc.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Scenario OneNode(NodeMain main) {
  Scenario s;
  s.name = "one-node";
  s.roles = {{.name = "node", .count = 1, .main = std::move(main)}};
  s.storm = 5s;
  s.calm = 5s;
  return s;
}

// Runs Main in the calm, to its end.
void RunNode(NodeMain main) {
  bool ended = false;
  const RunResult r = Simulate(OneNode([&](Env& env) {
                                 main(env);
                                 ended = true;
                               }),
                               Choices::Calm());
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.oracle << ": " << r.verdict.reason;
  EXPECT_TRUE(ended);
}

TEST(Mutex, ExcludesAcrossBlockingAndServesInOrder) {
  RunNode([](Env& env) {
    Mutex mutex(env);
    std::vector<int> order;
    int inside = 0;
    for (int i = 0; i < 5; ++i) {
      env.Spawn([&, i] {
        env.Sleep(Duration(1ms) * (5 - i));  // They ask in the order 4, 3, 2, 1, 0.
        const Lock lock(mutex);
        EXPECT_EQ(++inside, 1);
        env.Sleep(100ms);
        --inside;
        order.push_back(i);
      });
    }
    env.Sleep(1s);
    EXPECT_THAT(order, ElementsAre(4, 3, 2, 1, 0));
    const Lock lock(mutex);  // It is free again.
  });
}

TEST(Mutex, IsHandedOverAndCannotBeSnatched) {
  RunNode([](Env& env) {
    Mutex mutex(env);
    std::vector<int> order;
    mutex.Lock();
    env.Spawn([&] {
      const Lock lock(mutex);
      order.push_back(1);
    });
    env.Sleep(1ms);
    mutex.Unlock();
    mutex.Lock();  // The waiter was first, though it has not run yet.
    order.push_back(2);
    mutex.Unlock();
    EXPECT_THAT(order, ElementsAre(1, 2));
  });
}

TEST(Condition, TimesOutAtItsDeadlineAndNotBefore) {
  RunNode([](Env& env) {
    Condition condition(env);
    const Time before = env.Now();
    EXPECT_FALSE(condition.Wait(before + 30ms));
    EXPECT_EQ(env.Now() - before, Duration(30ms));
    EXPECT_FALSE(condition.Wait(before));  // Past: at once.
    EXPECT_EQ(env.Now() - before, Duration(30ms));
  });
}

TEST(Condition, NotifyOneWakesTheFirstAndNotifyAllAll) {
  RunNode([](Env& env) {
    Condition condition(env);
    std::vector<int> woken;
    for (int i = 0; i < 4; ++i) {
      env.Spawn([&, i] {
        EXPECT_TRUE(condition.Wait(env.After(1s)));
        woken.push_back(i);
      });
    }
    condition.NotifyAll();  // Nobody waits yet, and nothing is remembered.
    env.Sleep(1ms);
    EXPECT_THAT(woken, IsEmpty());
    condition.NotifyOne();
    env.Sleep(1ms);
    EXPECT_THAT(woken, ElementsAre(0));
    condition.NotifyAll();
    env.Sleep(1ms);
    EXPECT_THAT(woken, ElementsAre(0, 1, 2, 3));
  });
}

TEST(Condition, ATimedOutWaiterTakesNoNotification) {
  RunNode([](Env& env) {
    Condition condition(env);
    int notified = 0;
    env.Spawn([&] { notified += condition.Wait(env.After(10ms)) ? 1 : 0; });
    env.Spawn([&] { notified += condition.Wait(env.After(1s)) ? 10 : 0; });
    env.Sleep(5ms);
    env.Sleep(5ms);  // Its timer was set after the first waiter's, which has just given up.
    condition.NotifyOne();
    env.Sleep(1ms);
    EXPECT_EQ(notified, 10);
  });
}

TEST(Condition, ReleasesItsMutexWhileWaiting) {
  RunNode([](Env& env) {
    Mutex mutex(env);
    Condition condition(env);
    bool ready = false;
    env.Spawn([&] {
      const Lock lock(mutex);
      ready = true;
      condition.NotifyOne();
      env.Sleep(5ms);
    });
    mutex.Lock();
    const Time before = env.Now();
    while (!ready) EXPECT_TRUE(condition.Wait(mutex));
    EXPECT_EQ(env.Now() - before, Duration(5ms));  // It had to get the mutex back first.
    EXPECT_FALSE(condition.Wait(mutex, env.After(3ms)));
    mutex.Unlock();
  });
}

TEST(Condition, MayEndBeforeThoseThatWaitForIt) {
  RunNode([](Env& env) {
    int timed_out = 0;
    {
      Condition condition(env);
      auto on_heap = std::make_unique<Condition>(env);
      for (Condition* c : {&condition, &condition, on_heap.get(), on_heap.get()}) {
        env.Spawn([&env, &timed_out, c] { timed_out += c->Wait(env.After(10ms)) ? 100 : 1; });
      }
      env.Spawn([c = on_heap.get()] { c->Wait(); });
      env.Sleep(1ms);
    }
    env.Sleep(100ms);
    EXPECT_EQ(timed_out, 4);
  });
}

TEST(Channel, KeepsOrderAndBlocksAtItsCapacity) {
  RunNode([](Env& env) {
    Channel<int> channel(env, 2);
    std::vector<int64_t> pushed_at;
    env.Spawn([&] {
      for (int i = 1; i <= 5; ++i) {
        EXPECT_TRUE(channel.Push(i));
        EXPECT_LE(channel.size(), 2u);
        pushed_at.push_back(Nanos(env.Now()) / 1'000'000);
      }
    });
    for (int i = 1; i <= 5; ++i) {
      env.Sleep(10ms);
      EXPECT_EQ(channel.Pop(), i);
    }
    EXPECT_THAT(pushed_at, ElementsAre(0, 0, 10, 20, 30));
    EXPECT_EQ(channel.Pop(env.After(5ms)), std::nullopt);
    EXPECT_EQ(Nanos(env.Now()) / 1'000'000, 55);
  });
}

TEST(Channel, NoWakeupIsLostAmongManyFibers) {
  for (const size_t capacity : {size_t{1}, size_t{2}, size_t{7}, SIZE_MAX}) {
    int64_t sum = 0, popped = 0;
    Scenario s = OneNode([&](Env& env) {
      Channel<int> channel(env, capacity);
      int producers = 5;
      for (int p = 0; p < 5; ++p) {
        env.Spawn([&, p] {
          for (int i = 0; i < 50; ++i) {
            if (env.Random(3) == 0) env.Sleep(Duration(1us) * static_cast<int64_t>(env.Random(5)));
            channel.Push(p * 50 + i);
          }
          if (--producers == 0) channel.Close();
        });
      }
      for (int c = 0; c < 5; ++c) {
        env.Spawn([&] {
          for (;;) {
            const Time deadline = env.Random(2) == 0 ? kForever : env.After(3us);
            if (const auto value = channel.Pop(deadline)) {
              sum += *value;
              ++popped;
            } else if (deadline == kForever) {
              return;
            }
            if (env.Random(3) == 0) env.Sleep(Duration(1us) * static_cast<int64_t>(env.Random(5)));
          }
        });
      }
      env.Sleep(1h);
    });
    s.order = OneIn(3);
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      sum = popped = 0;
      const RunResult r = Simulate(s, Choices::FromSeed(seed));
      ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
      ASSERT_EQ(popped, 250) << "seed " << seed << " capacity " << capacity;
      ASSERT_EQ(sum, 249 * 250 / 2);
    }
  }
}

TEST(Channel, ClosingEndsThosWhoWait) {
  RunNode([](Env& env) {
    Channel<int> channel(env, 1);
    EXPECT_TRUE(channel.Push(1));
    std::vector<bool> pushed;
    env.Spawn([&] { pushed.push_back(channel.Push(2)); });
    env.Sleep(1ms);
    channel.Close();
    env.Sleep(1ms);
    EXPECT_THAT(pushed, ElementsAre(false));
    EXPECT_FALSE(channel.Push(3));
    EXPECT_EQ(channel.Pop(), 1);  // What it has is still there.
    EXPECT_EQ(channel.Pop(), std::nullopt);
    Channel<int> empty(env);
    int ended = 0;
    for (int i = 0; i < 2; ++i) {
      env.Spawn([&] { ended += empty.Pop().has_value() ? 0 : 1; });
    }
    env.Sleep(1ms);
    empty.Close();
    env.Sleep(1ms);
    EXPECT_EQ(ended, 2);
  });
}

TEST(Future, TheFirstValueStaysAndAllGetIt) {
  RunNode([](Env& env) {
    Future<std::string> future(env);
    int got = 0;
    for (int i = 0; i < 3; ++i) {
      env.Spawn([&got, copy = future] { got += copy.Wait() == "one" ? 1 : 0; });
    }
    EXPECT_FALSE(future.ready());
    EXPECT_EQ(future.Wait(env.After(5ms)), std::nullopt);
    future.Set("one");
    future.Set("two");
    EXPECT_TRUE(future.ready());
    EXPECT_EQ(future.Wait(), "one");
    env.Sleep(1ms);
    EXPECT_EQ(got, 3);
  });
}

TEST(Future, MayBeForgottenWhileSomebodyWaits) {
  RunNode([](Env& env) {
    auto future = std::make_unique<Future<int>>(env);
    const Future<int> copy = *future;
    int got = 0;
    env.Spawn([&got, raw = future.get()] { got = raw->Wait().value_or(-1); });
    env.Sleep(1ms);
    future.reset();
    copy.Set(7);
    env.Sleep(1ms);
    EXPECT_EQ(got, 7);
  });
}

struct Add {
  uint64_t a = 0, b = 0;
};
struct Sum {
  uint64_t value = 0;
};
struct Slow {
  Duration time{};
};
struct Unknown {
  uint8_t x = 0;
};

// A server that adds, slowly where asked to, and a client that runs `client`.
Scenario Adders(std::function<void(Env&, Rpc&)> client, int* served = nullptr) {
  Scenario s;
  s.name = "adders";
  s.roles = {{.name = "server",
              .count = 1,
              .main =
                  [served](Env& env) {
                    Rpc rpc(env);
                    rpc.Serve<Add>([served](NodeId, const Add& m) {
                      if (served != nullptr) ++*served;
                      return Sum{m.a + m.b};
                    });
                    rpc.Serve<Slow>([&env](NodeId, const Slow& m) {
                      env.Sleep(m.time);
                      return Sum{1};
                    });
                    rpc.Run();
                  }},
             {.name = "client",
              .count = 1,
              .main =
                  [client](Env& env) {
                    Rpc rpc(env);
                    env.Spawn([&rpc] { rpc.Run(); });
                    client(env, rpc);
                    env.Sleep(1h);  // rpc must outlive the fiber that runs it.
                  },
              .client = true}};
  s.links = {.delay = 1ms, .drop = OneIn(2), .duplicate = OneIn(2)};
  s.crashes = {.crash = OneIn(2), .down = 10ms};
  s.storm = 5s;
  s.calm = 5s;
  return s;
}

void PlayRpc(const Scenario& s, const std::vector<std::pair<const char*, uint64_t>>& faults = {}) {
  Departures list;
  for (const auto& [text, value] : faults) list.push_back({*ParseAddress(text), value, 1 << 20});
  const RunResult r = Simulate(s, Choices::FromDepartures(list));
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.reason;
  EXPECT_EQ(r.given, r.given_drawn);
}

constexpr NodeId kServer{1};

TEST(Rpc, AnswersAndTimesOut) {
  bool done = false;
  PlayRpc(Adders([&](Env& env, Rpc& rpc) {
    EXPECT_EQ(rpc.Call<Sum>(kServer, Add{2, 3}, 1s)->value, 5u);
    EXPECT_EQ(Nanos(env.Now()), 2'000'000);
    EXPECT_FALSE(rpc.Call<Sum>(kServer, Slow{100ms}, 50ms).has_value());
    EXPECT_EQ(Nanos(env.Now()), 52'000'000);
    EXPECT_FALSE(rpc.Call<Sum>(kServer, Unknown{}, 1s).has_value());
    EXPECT_EQ(rpc.Call<Sum>(kServer, Slow{1s}, Duration::max())->value, 1u);
    done = true;
  }));
  EXPECT_TRUE(done);
}

TEST(Rpc, AHandlerMayBlockWhileOthersAreServed) {
  bool done = false;
  PlayRpc(Adders([&](Env& env, Rpc& rpc) {
    Future<Sum> slow(env);
    env.Spawn([&rpc, slow] { slow.Set(*rpc.Call<Sum>(kServer, Slow{500ms}, 1s)); });
    env.Sleep(1ms);
    EXPECT_EQ(rpc.Call<Sum>(kServer, Add{1, 1}, 1s)->value, 2u);
    EXPECT_FALSE(slow.ready());
    EXPECT_EQ(slow.Wait()->value, 1u);
    done = true;
  }));
  EXPECT_TRUE(done);
}

TEST(Rpc, ALateAnswerIsNotTakenForTheNext) {
  bool done = false;
  PlayRpc(Adders([&](Env& env, Rpc& rpc) {
    EXPECT_FALSE(rpc.Call<Sum>(kServer, Slow{100ms}, 50ms).has_value());
    // Its answer arrives while this call waits.
    EXPECT_EQ(rpc.Call<Sum>(kServer, Slow{200ms}, 1s)->value, 1u);
    EXPECT_EQ(Nanos(env.Now()), 50'000'000 + 202'000'000);
    done = true;
  }));
  EXPECT_TRUE(done);
}

TEST(Rpc, AnAnswerToAnEarlierBootIsIgnored) {
  std::vector<int64_t> answered;
  PlayRpc(Adders([&](Env& env, Rpc& rpc) {
            if (env.boot() == 1) {
              rpc.Call<Sum>(kServer, Slow{1s}, 10s);  // Crashes at 0.5 s; answered at about 1 s.
            } else if (rpc.Call<Sum>(kServer, Slow{2s}, 10s)) {
              answered.push_back(Nanos(env.Now()) / 1'000'000);
            }
          }),
          {{"crash n2 #1", 512}});
  EXPECT_THAT(answered, ElementsAre(500 + 10 + 2 + 2000));
}

TEST(Rpc, LostRequestsAndAnswersTimeOutAndDuplicatesAreServedTwice) {
  int served = 0;
  const auto call = [](bool answered) {
    return [answered](Env&, Rpc& rpc) {
      const auto sum = rpc.Call<Sum>(kServer, Add{1, 2}, 100ms);
      EXPECT_EQ(sum.has_value(), answered);
      if (sum) {
        EXPECT_EQ(sum->value, 3u);
      }
    };
  };
  PlayRpc(Adders(call(false), &served), {{"drop n2>n1 #1", 1}});
  EXPECT_EQ(served, 0);
  PlayRpc(Adders(call(false), &served), {{"drop n1>n2 #1", 1}});
  EXPECT_EQ(served, 1);
  PlayRpc(Adders(call(true), &served), {{"duplicate n2>n1 #1", 1}});
  EXPECT_EQ(served, 3);
  PlayRpc(Adders(call(true), &served), {{"duplicate n1>n2 #1", 1}});
  EXPECT_EQ(served, 4);
}

}  // namespace
}  // namespace reprise
