// The leak guard: whatever node code asks of the real world ends the run, by name; and nobody else
// is judged.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include "sim/scenario.h"
#include "sim/search/isolate.h"
#include "tests/toys.h"
#include "tools/report.h"

namespace reprise {
namespace {

using testing::Contains;
using testing::HasSubstr;

Scenario Asking(std::function<void(Env&)> ask) {
  Scenario s;
  s.name = "asking";
  s.roles = {{.name = "idle", .count = 1, .main = [](Env& env) { env.Receive(); }},
             {.name = "asker", .count = 1, .main = [ask = std::move(ask)](Env& env) {
                env.Sleep(3ms);
                env.Report(toys::Got{1});
                ask(env);
                env.Report(toys::Got{2});  // Is not reached.
                env.Sleep(1ms);
              }}};
  s.storm = 10ms;
  s.calm = 10ms;
  return s;
}

struct Call {
  std::string name;
  std::function<void(Env&)> ask;
  std::string instead;
};

// What the compiler may not leave out.
template <class T>
void Use(T value) {
  __asm__ volatile("" : : "m"(value) : "memory");
}

std::vector<Call> TimeCalls() {
  using namespace std::chrono;
  return {
      {"clock_gettime", [](Env&) { Use(system_clock::now().time_since_epoch().count()); }, "Now()"},
      {"clock_gettime", [](Env&) { Use(steady_clock::now().time_since_epoch().count()); }, "Now()"},
      {"time", [](Env&) { Use(time(nullptr)); }, "env.Now()"},
      {"gettimeofday",
       [](Env&) {
         timeval t;
         Use(gettimeofday(&t, nullptr));
       },
       "env.WallNow()"},
      {"clock", [](Env&) { Use(clock()); }, "env.Now()"},
      {"timespec_get",
       [](Env&) {
         timespec t;
         Use(timespec_get(&t, TIME_UTC));
       },
       "env.Now()"},
      {"times",
       [](Env&) {
         tms t;
         Use(times(&t));
       },
       "env.Now()"},
      {"getrusage",
       [](Env&) {
         rusage r;
         Use(getrusage(RUSAGE_SELF, &r));
       },
       "env.Now()"},
      {"nanosleep",
       [](Env&) {
         timespec t{3600, 0};
         Use(nanosleep(&t, nullptr));
       },
       "env.Sleep()"},
      {"nanosleep", [](Env&) { std::this_thread::sleep_for(hours(1)); }, "env.Sleep()"},
      {"clock_nanosleep",
       [](Env&) {
         timespec t{3600, 0};
         Use(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr));
       },
       "env.Sleep()"},
      {"usleep", [](Env&) { Use(usleep(1'000'000'000)); }, "env.Sleep()"},
      {"sleep", [](Env&) { Use(sleep(3600)); }, "env.Sleep()"},
  };
}

std::vector<Call> ChanceCalls() {
  return {
      {"getrandom",
       [](Env&) {
         char c;
         Use(getrandom(&c, 1, 0));
       },
       "env.Random"},
      {"getentropy",
       [](Env&) {
         char c;
         Use(getentropy(&c, 1));
       },
       "env.Random"},
      {"rand", [](Env&) { Use(rand()); }, "env.Random"},
      {"random", [](Env&) { Use(random()); }, "env.Random"},
      {"drand48", [](Env&) { Use(drand48()); }, "env.Random"},
      {"lrand48", [](Env&) { Use(lrand48()); }, "env.Random"},
      {"mrand48", [](Env&) { Use(mrand48()); }, "env.Random"},
      {"arc4random", [](Env&) { Use(arc4random()); }, "env.Random"},
      {"arc4random_uniform", [](Env&) { Use(arc4random_uniform(6)); }, "env.Random"},
      {"arc4random_buf",
       [](Env&) {
         char c;
         arc4random_buf(&c, 1);
         Use(c);
       },
       "env.Random"},
      {"std::random_device", [](Env&) { Use(std::random_device()()); }, "env.Random"},
  };
}

void* Nothing(void*) { return nullptr; }

std::vector<Call> OtherCalls() {
  return {
      {"pthread_create",
       [](Env&) {
         pthread_t t;
         Use(pthread_create(&t, nullptr, Nothing, nullptr));
       },
       "env.Spawn()"},
      {"pthread_create", [](Env&) { std::thread([] {}).join(); }, "env.Spawn()"},
      {"fork", [](Env&) { Use(fork()); }, "env.Spawn()"},
      {"system(\"true\")", [](Env&) { Use(system("true")); }, "env.Spawn()"},
      {"popen(\"true\")", [](Env&) { Use(popen("true", "r") == nullptr); }, "env.Spawn()"},
      {"getpid", [](Env&) { Use(getpid()); }, "env.self()"},
      {"getppid", [](Env&) { Use(getppid()); }, "env.self()"},
      {"gettid", [](Env&) { Use(gettid()); }, "env.self()"},
      {"gethostname",
       [](Env&) {
         char c[99];
         Use(gethostname(c, 99));
       },
       "env.self()"},
      {"uname",
       [](Env&) {
         utsname u;
         Use(uname(&u));
       },
       "env.self()"},
      {"get_nprocs", [](Env&) { Use(std::thread::hardware_concurrency()); }, "option"},
      {"getenv(\"HOME\")", [](Env&) { Use(getenv("HOME") == nullptr); }, "option"},
      {"secure_getenv(\"HOME\")", [](Env&) { Use(secure_getenv("HOME") == nullptr); }, "option"},
      {"open(\"/dev/urandom\")", [](Env&) { close(open("/dev/urandom", O_RDONLY)); }, "disk()"},
      {"fopen(\"/dev/null\")", [](Env&) { fclose(fopen("/dev/null", "r")); }, "disk()"},
      {"/proc/self/stat", [](Env&) { std::ifstream("/proc/self/stat"); }, "disk()"},
  };
}

class EachCall : public testing::TestWithParam<Call> {};

TEST_P(EachCall, EndsTheRunByName) {
  const Scenario s = Asking(GetParam().ask);
  const RunResult r = Simulate(s, Choices::Calm());
  EXPECT_EQ(r.verdict.kind, Verdict::Kind::kFail);
  EXPECT_EQ(r.verdict.oracle, "leak");
  EXPECT_THAT(r.verdict.reason, HasSubstr("n2 asked the real world by "));
  EXPECT_THAT(r.verdict.reason, HasSubstr(GetParam().name));
  EXPECT_THAT(r.verdict.reason, HasSubstr(": use "));
  EXPECT_THAT(r.verdict.reason, HasSubstr(GetParam().instead));
  EXPECT_EQ(r.verdict.node, NodeId{2});
  EXPECT_EQ(r.verdict.at, AtNanos(3'000'000));
  // The call is the last thing that the node did: its second fact is not there.
  EXPECT_EQ(r.facts, (std::vector<std::pair<std::string, uint64_t>>{{"Got", 1}}));
  EXPECT_EQ(Simulate(s, Choices::Calm()).digest, r.digest);
}

INSTANTIATE_TEST_SUITE_P(Time, EachCall, testing::ValuesIn(TimeCalls()));
INSTANTIATE_TEST_SUITE_P(Chance, EachCall, testing::ValuesIn(ChanceCalls()));
INSTANTIATE_TEST_SUITE_P(Other, EachCall, testing::ValuesIn(OtherCalls()));

// A function that can be told from the stack.
[[gnu::noinline]] void DeepInSomeLibrary() { Use(time(nullptr)); }

TEST(Guard, ShowsTheStack) {
  const Scenario s = Asking([](Env&) {
    DeepInSomeLibrary();
    Use(1);
  });
  const RunResult r = Simulate(s, Choices::Calm());
  ASSERT_FALSE(r.stack.empty());
  EXPECT_THAT(r.stack.front(), HasSubstr("DeepInSomeLibrary"));
  EXPECT_THAT(r.stack, Not(Contains(HasSubstr("SimNode::Entry"))));
  EXPECT_THAT(RunText(s, r, 1, 1.0), HasSubstr("DeepInSomeLibrary"));
  EXPECT_THAT(RunJson(s, r, 1)["stack"].dump(), HasSubstr("DeepInSomeLibrary"));
  // Also where the run is made in another process.
  EXPECT_EQ(SimulateIsolated(s, Choices::Calm()).stack, r.stack);
}

TEST(Guard, LetsNothingThatFollowsIntoTheRun) {
  const Scenario s = Asking([](Env& env) {
    struct Last {
      Env& env;
      ~Last() { env.Report(toys::Got{99}); }
    } last{env};
    // Each of these differs from run to run, and none of them is written down.
    env.Report(toys::Got{static_cast<uint64_t>(clock())});
    env.Send(NodeId{1}, toys::Got{static_cast<uint64_t>(clock())});
  });
  const RunResult first = Simulate(s, Choices::Calm());
  EXPECT_EQ(first.facts.size(), 1u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Simulate(s, Choices::Calm()).digest, first.digest);
}

TEST(Guard, JudgesFibersThatANodeSpawns) {
  const Scenario s = Asking([](Env& env) {
    env.Spawn([] { Use(time(nullptr)); });
    env.Sleep(1ms);
  });
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.oracle, "leak");
}

TEST(Guard, JudgesWhatADestructorAsksInACrash) {
  Scenario s = Asking([](Env& env) {
    struct Last {
      ~Last() { Use(time(nullptr)); }
    } last;
    env.Sleep(1h);
  });
  s.crashes = {.crash = OneIn(1), .slot = 5ms};
  const Departures crash = {{{{LabelOf(Fault::kCrash), NodeId{2}}, 2}, 1, kQuantiles}};
  const RunResult r = Simulate(s, Choices::FromDepartures(crash));
  EXPECT_EQ(r.verdict.oracle, "leak") << r.verdict.reason;
}

// Asks about everything, as an oracle may.
class Curious final : public Oracle {
 public:
  std::string name() const override { return "curious"; }
  EventKinds Watches() const override { return kAllEvents; }
  Complaint OnEvent(const Event&) override { return Ask(); }
  Complaint OnFact(const Event&) override { return Ask(); }
  Complaint AtEnd() override { return Ask(); }

 private:
  Complaint Ask() {
    Use(time(nullptr) + getpid() + rand());
    return std::nullopt;
  }
};

TEST(Guard, JudgesNodesOnly) {
  Scenario s = Asking([](Env&) {});
  s.oracles = [] {
    Use(getpid());
    return JudgedBy(Curious())();
  };
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
}

TEST(Guard, LeavesOtherThreadsAlone) {
  const Scenario s = toys::Stream(100, {});
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> asked = 0;
  std::thread other([&] {
    while (!stop) {
      Use(time(nullptr) + getpid());
      ++asked;
    }
  });
  while (asked == 0) std::this_thread::yield();
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    EXPECT_EQ(Simulate(s, Choices::FromSeed(seed)).verdict.kind, Verdict::Kind::kPass);
  }
  stop = true;
  other.join();
}

TEST(Guard, PassesOnWhatOthersAsk) {
  EXPECT_GT(time(nullptr), 1'600'000'000);
  EXPECT_GT(std::chrono::steady_clock::now().time_since_epoch().count(), 0);
  EXPECT_EQ(setenv("REPRISE_GUARD_TEST", "here", 1), 0);
  EXPECT_STREQ(getenv("REPRISE_GUARD_TEST"), "here");
  EXPECT_NE(std::random_device()(), std::random_device()());
  std::string text;
  std::getline(std::ifstream("/proc/self/comm"), text);
  EXPECT_THAT(text, testing::Not(testing::IsEmpty()));
  int answer = 0;
  std::thread([&] { answer = 42; }).join();
  EXPECT_EQ(answer, 42);
  const auto before = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(2ms);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 2ms);
}

TEST(Guard, LetsANodeWriteALog) {
  const Scenario s = Asking([](Env&) {
    std::FILE* log = std::fopen("/dev/null", "w");
    std::fprintf(log, "what a person wants to know\n");
    std::fclose(log);
  });
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
}

}  // namespace
}  // namespace reprise
