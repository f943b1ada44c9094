// Fibers: their exceptions, their stacks, and how they end.

#include "sim/fiber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>

#include "sim/scenario.h"
#include "sim/sync.h"

namespace reprise {
namespace {

using ::testing::HasSubstr;

struct Ping {
  uint64_t n = 0;
};

Scenario OneNode(NodeMain main) {
  Scenario s;
  s.name = "one-node";
  s.roles = {{.name = "node", .count = 1, .main = std::move(main)}};
  s.storm = 5s;
  s.calm = 5s;
  return s;
}

void ExpectPass(const RunResult& r) {
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kPass) << r.verdict.oracle << ": " << r.verdict.reason;
}

RunResult Play(const Scenario& s, const Departures& departures = {}) {
  return Simulate(s, Choices::FromDepartures(departures));
}

Departures CrashIn(int slot) {
  return {{*ParseAddress("crash n1 #" + std::to_string(slot)), 512, kQuantiles}};
}

TEST(Fiber, ExceptionStateIsPerFiber) {
  int checked = 0;
  ExpectPass(Play(OneNode([&](Env& env) {
    env.Spawn([&] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(std::current_exception(), nullptr);
        EXPECT_EQ(std::uncaught_exceptions(), 0);
        env.Sleep(1ms);
        ++checked;
      }
    });
    for (int i = 0; i < 10; ++i) {
      env.Spawn([&, i] {
        try {
          throw std::runtime_error(std::to_string(i));
        } catch (const std::exception& e) {
          env.Sleep(Duration(1ms) * (10 - i));  // The others handle theirs meanwhile.
          EXPECT_EQ(e.what(), std::to_string(i));
          try {
            std::rethrow_exception(std::current_exception());
          } catch (const std::exception& again) {
            EXPECT_EQ(again.what(), std::to_string(i));
            env.Sleep(1ms);
          }
          ++checked;
        }
        EXPECT_EQ(std::current_exception(), nullptr);
      });
    }
    env.Sleep(1s);
  })));
  EXPECT_EQ(checked, 30);
}

TEST(Fiber, DestructorsMayBlockWhileAnExceptionUnwinds) {
  struct Slow {
    Env& env;
    std::vector<int>& uncaught;
    ~Slow() noexcept(false) {
      uncaught.push_back(std::uncaught_exceptions());
      env.Sleep(10ms);
      uncaught.push_back(std::uncaught_exceptions());
    }
  };
  std::vector<int> uncaught, beside;
  ExpectPass(Play(OneNode([&](Env& env) {
    env.Spawn([&] {
      env.Sleep(5ms);
      beside.push_back(std::uncaught_exceptions());
    });
    try {
      const Slow slow{env, uncaught};
      throw std::runtime_error("on the way");
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  })));
  EXPECT_THAT(uncaught, ::testing::ElementsAre(1, 1));
  EXPECT_THAT(beside, ::testing::ElementsAre(0));
}

// Counts objects alive, so that one whose destructor never ran shows.
struct Counted {
  explicit Counted(int& alive) : alive_(alive) { ++alive_; }
  Counted(const Counted& o) : alive_(o.alive_) { ++alive_; }
  ~Counted() { --alive_; }
  int& alive_;
};

int Deep(Env& env, int& alive, int depth) {
  const Counted counted(alive);
  if (depth == 0) {
    env.Sleep(1h);
    return 0;
  }
  return Deep(env, alive, depth - 1) + 1;
}

TEST(Fiber, ACrashUnwindsEveryFrame) {
  int alive = 0, most = 0;
  Scenario s = OneNode([&](Env& env) {
    EXPECT_EQ(alive, 0) << "boot " << env.boot();
    for (int i = 0; i < 20; ++i) env.Spawn([&] { Deep(env, alive, 200); });
    env.Sleep(10ms);
    most = alive;
    Deep(env, alive, 200);
  });
  s.crashes.crash = OneIn(2);
  const RunResult r = Play(s, CrashIn(2));
  ExpectPass(r);
  EXPECT_EQ(r.faults[Fault::kCrash].applied, 1u);
  EXPECT_EQ(most, 20 * 201);
  EXPECT_EQ(alive, 0);  // The end of the run unwinds them too.
}

TEST(Fiber, DestructorsThatCallEnvDuringACrashDoNothing) {
  struct Chatty {
    Env& env;
    ~Chatty() {
      env.Broadcast(Ping{1});
      env.Report(Ping{1});
      env.Sleep(1s);
      env.Now();
      EXPECT_EQ(env.Random(10), 0u);
      EXPECT_FALSE(env.Receive(1s).has_value());
      EXPECT_EQ(env.Receive().from, kNobody);
      env.Spawn([] { ADD_FAILURE() << "spawned by the dead"; });
      static_cast<void>(env.disk().Open("f", OpenMode::kCreateIfMissing));
      EXPECT_TRUE(env.disk().List("").empty());
      Condition condition(env);
      condition.NotifyAll();
      EXPECT_FALSE(condition.Wait());
      Mutex mutex(env);
      Lock lock(mutex);
    }
  };
  Scenario s = OneNode([](Env& env) {
    if (env.boot() > 1) return;
    Mutex mutex(env);
    env.Spawn([&] {
      Lock lock(mutex);
      Chatty chatty{env};
      env.Sleep(1h);
    });
    env.Spawn([&] { Lock lock(mutex); });
    Chatty chatty{env};
    env.Sleep(1h);
  });
  s.crashes.crash = OneIn(2);
  const RunResult r = Simulate(s, Choices::FromDepartures(CrashIn(2)), {.keep_events = true});
  ExpectPass(r);
  EXPECT_TRUE(r.facts.empty());
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    EXPECT_NE(r.timeline[i].kind, Event::Kind::kSend);
    EXPECT_NE(r.timeline[i].kind, Event::Kind::kCreate);
  }
  ExpectPass(Play(s));  // Likewise where the run's end unwinds them.
}

// A crash that comes while another exception unwinds must not throw a second one out of a
// destructor.
TEST(Fiber, ACrashWhileAnotherExceptionUnwinds) {
  struct Sends {
    Env& env;
    ~Sends() {
      for (int i = 0; i < 5; ++i) env.Broadcast(Ping{});
      env.Sleep(1s);  // The crash by slot comes here.
      env.Broadcast(Ping{});
    }
  };
  Scenario s = OneNode([](Env& env) {
    env.Sleep(1ms);
    try {
      const Sends sends{env};
      throw std::runtime_error("on the way");
    } catch (const std::runtime_error&) {
    }
    env.Sleep(1h);
  });
  s.roles[0].count = 2;
  s.crashes = {.crash = OneIn(2), .crash_at = OneIn(2)};
  ExpectPass(Play(s, CrashIn(1)));
  for (int call = 1; call <= 8; ++call) {
    const std::string text = "crash-at n1 #1." + std::to_string(call);
    ExpectPass(Play(s, {{*ParseAddress(text), 1, 2}}));
  }
}

TEST(Fiber, WhatABodyCapturedEndsOnItsFiber) {
  int alive = 0;
  bool locked = false;
  Scenario s = OneNode([&](Env& env) {
    Mutex mutex(env);
    auto guard =
        std::make_shared<Lock>(mutex);  // Handed over to a fiber, which unlocks at its end.
    env.Spawn([&env, guard, counted = Counted(alive)] { env.Sleep(10ms); });
    guard.reset();
    const Lock lock(mutex);
    locked = true;
    auto other = std::make_shared<Mutex>(env);
    auto never = std::make_shared<Lock>(*other);
    env.Spawn([other, never, counted = Counted(alive)] {});
    // The run ends, or the node crashes, before that fiber has run.
    never.reset();
    if (env.boot() == 1) throw std::runtime_error("the end");
  });
  const RunResult r = Play(s);
  EXPECT_TRUE(locked);
  EXPECT_EQ(r.verdict.oracle, "exception");
  EXPECT_EQ(alive, 0);
}

TEST(Fiber, NodeCodeThatCatchesEverythingIsUnwoundAllTheSame) {
  Scenario s = OneNode([](Env& env) {
    for (;;) {
      try {
        env.Receive();
      } catch (...) {  // Against the rules.
      }
      if (env.boot() == 2) return;
      // Throws again, or this would never end.
      env.Sleep(1ms);
    }
  });
  s.crashes.crash = OneIn(2);
  ExpectPass(Play(s, CrashIn(2)));
}

TEST(Fiber, TwentyThousand) {
  constexpr int kFibers = 20'000;
  int started = 0, alive = 0;
  Scenario s = OneNode([&](Env& env) {
    for (int i = 0; i < kFibers; ++i) {
      env.Spawn([&, counted = Counted(alive)] {
        const Counted local(alive);
        ++started;
        env.Sleep(1h);
      });
    }
    env.Sleep(1h);
  });
  s.stack_bytes = 16 << 10;
  s.crashes.crash = OneIn(2);
  ExpectPass(Play(s, CrashIn(1)));
  EXPECT_EQ(started, 2 * kFibers);
  EXPECT_EQ(alive, 0);
}

TEST(Fiber, StacksAreUsedAgain) {
  int64_t sum = 0;
  ExpectPass(Play(OneNode([&](Env& env) {
    for (int i = 0; i < 100'000; ++i) {
      env.Spawn([&sum] {
        volatile char room[2000] = {};  // What an earlier fiber left must not matter.
        for (char c : room) sum += c;
        ++sum;
      });
      if (i % 10 == 9) env.Sleep(1us);
    }
    env.Sleep(1s);
  })));
  EXPECT_EQ(sum, 100'000);
}

TEST(Fiber, EndingInAnyOrder) {
  // Fibers end oldest first, newest first and in between, and the rest still unwind at a crash.
  int alive = 0;
  Scenario s = OneNode([&](Env& env) {
    for (int i = 0; i < 100; ++i) {
      env.Spawn([&, i] {
        const Counted counted(alive);
        env.Sleep(Duration(1ms) * ((i * 37) % 50));
        if (i % 3 == 0) env.Sleep(1h);
      });
    }
    env.Sleep(200ms);
    EXPECT_EQ(alive, 34);
    env.Sleep(1h);
  });
  s.crashes.crash = OneIn(2);
  ExpectPass(Play(s, CrashIn(1)));
  EXPECT_EQ(alive, 0);
}

#ifndef REPRISE_ASAN  // Which reports overflows itself.
__attribute__((noinline)) uint64_t Recurse(uint64_t depth) {
  volatile char room[200] = {};
  room[depth % 200] = 1;
  return depth == 0 ? 0 : Recurse(depth - 1) + static_cast<uint64_t>(room[depth % 200]);
}
__attribute__((noinline)) uint64_t RecurseInLeaps(uint64_t depth) {
  volatile char room[20'000];  // More than the guard page: it must not be leapt over.
  room[depth % 20'000] = 1;
  return depth == 0 ? 0 : RecurseInLeaps(depth - 1) + static_cast<uint64_t>(room[depth % 20'000]);
}

TEST(FiberDeathTest, AStackOverflowNamesItsNode) {
  for (const auto recurse : {Recurse, RecurseInLeaps}) {
    Scenario s = OneNode([recurse](Env& env) {
      if (env.self() == NodeId{2}) recurse(1'000'000);
      env.Sleep(1s);
    });
    s.roles[0].count = 3;
    EXPECT_DEATH(Play(s), HasSubstr("stack overflow in n2"));
  }
}

TEST(FiberDeathTest, AMemoryFaultIsNoStackOverflow) {
  Scenario s = OneNode([](Env& env) {
    const auto nowhere = static_cast<uintptr_t>(15 + env.boot());  // Not known to the compiler.
    *reinterpret_cast<volatile int*>(nowhere) = 1;
  });
  EXPECT_DEATH(Play(s), HasSubstr("memory fault in n1"));
}
#endif

}  // namespace
}  // namespace reprise
