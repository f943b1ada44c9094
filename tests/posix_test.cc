// What a simulated process may do and what it may not, one thing at a time.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "sim/posix/process.h"
#include "sim/scenario.h"
#include "tests/posix/program.h"

namespace reprise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Program = std::function<void(Env&)>;

Scenario Of(Program program, posix::ProcessOptions options = {}) {
  Scenario s;
  s.name = "process";
  s.roles = {{.name = "process", .count = 1, .main = [=](Env& env) {
                posix::RunProcess(env, options, program);
              }}};
  s.storm = 2s;
  s.calm = 1s;
  s.stack_bytes = 256 << 10;
  return s;
}

Verdict VerdictOf(Program program) {
  return Simulate(Of(std::move(program)), Choices::Calm()).verdict;
}

// In a process gtest's own checks must not be: they would keep memory of it.
void Require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}
#define REQUIRE(condition) Require(condition, #condition)

void ExpectPass(Program program) {
  const Verdict verdict = VerdictOf(std::move(program));
  EXPECT_EQ(verdict.kind, Verdict::Kind::kPass) << verdict.oracle << ": " << verdict.reason;
}

TEST(Posix, WhatEscapesEndsTheRunByName) {
  struct Escape {
    const char* call;
    Program program;
  };
  const std::vector<Escape> escapes = {
      {"socket", [](Env&) { socket(AF_INET, SOCK_STREAM, 0); }},
      {"connect", [](Env&) { connect(3, nullptr, 0); }},
      {"open(\"/etc/passwd\")", [](Env&) { open("/etc/passwd", O_RDONLY); }},
      {"open(\"/tmp/new\")", [](Env&) { open("/tmp/new", O_CREAT | O_WRONLY, 0644); }},
      {"fopen(\"/etc/passwd\")", [](Env&) { fopen("/etc/passwd", "r"); }},
      {"stat(\"/etc\")",
       [](Env&) {
         struct stat found;
         stat("/etc", &found);
       }},
      {"read(\"descriptor 0\")",
       [](Env&) {
         char byte;
         if (read(0, &byte, 1) < 0) return;
       }},
      {"dlopen", [](Env&) { dlopen("libm.so.6", RTLD_NOW); }},
      {"fork", [](Env&) { fork(); }},
      {"poll", [](Env&) { syscall(SYS_gettid), poll(nullptr, 0, 1); }},
      {"Env::disk", [](Env& env) { env.disk(); }},
  };
  for (const Escape& escape : escapes) {
    const Verdict verdict = VerdictOf(escape.program);
    EXPECT_EQ(verdict.oracle, "leak") << escape.call << ": " << verdict.reason;
    EXPECT_THAT(verdict.reason,
                HasSubstr(std::string("n1 asked the real world by ") + escape.call));
  }
}

TEST(Posix, WhatIsNotSimulatedEndsTheRunByName) {
  const Verdict call = VerdictOf([](Env&) { syscall(SYS_getcpu, nullptr, nullptr, nullptr); });
  EXPECT_EQ(call.oracle, "unsimulated");
  EXPECT_THAT(call.reason, HasSubstr("syscall, number " + std::to_string(SYS_getcpu)));
  const Verdict map = VerdictOf([](Env&) {
    const int fd = open("file", O_CREAT | O_RDWR, 0644);
    mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  });
  EXPECT_EQ(map.oracle, "unsimulated");
  EXPECT_THAT(map.reason, HasSubstr("mmap to write to a file"));
}

TEST(Posix, AProgramThatGivesUpFailsWithItsReason) {
  EXPECT_EQ(VerdictOf([](Env&) { abort(); }).oracle, "abort");
  const Verdict freed = VerdictOf([](Env&) {
    void* volatile memory = malloc(10);
    free(memory);
    free(memory);
  });
  EXPECT_EQ(freed.oracle, "abort");
  EXPECT_THAT(freed.reason, HasSubstr("free already"));
  const Verdict thrown = VerdictOf([](Env&) { throw std::runtime_error("no more"); });
  EXPECT_EQ(thrown.oracle, "exception");
  EXPECT_THAT(thrown.reason, HasSubstr("no more"));
  const Verdict in_thread =
      VerdictOf([](Env&) { std::thread([] { throw std::runtime_error("no more"); }).join(); });
  EXPECT_THAT(in_thread.reason, HasSubstr("no more"));
  EXPECT_EQ(VerdictOf([](Env&) { exit(3); }).oracle, "abort");
  EXPECT_EQ(VerdictOf([](Env&) { exit(0); }).kind, Verdict::Kind::kPass);
}

TEST(Posix, FilesAreTheNodes) {
  ExpectPass([](Env&) {
    REQUIRE(mkdir("/disk/data", 0755) == 0);
    REQUIRE(mkdir("data", 0755) == -1 && errno == EEXIST);
    REQUIRE(open("data/none", O_RDONLY) == -1 && errno == ENOENT);
    REQUIRE(open("nowhere/file", O_CREAT | O_RDWR, 0644) == -1 && errno == ENOENT);
    const int fd = open("/disk/data/../data//file", O_CREAT | O_RDWR, 0644);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, "hello", 5) == 5 && lseek(fd, 0, SEEK_END) == 5);
    REQUIRE(pwrite(fd, "J", 1, 0) == 1);
    char text[8] = "";
    REQUIRE(pread(fd, text, 8, 1) == 4 && std::string(text, 4) == "ello");
    REQUIRE(fsync(fd) == 0 && ftruncate(fd, 3) == 0);
    struct stat found;
    REQUIRE(fstat(fd, &found) == 0 && found.st_size == 3);
    const void* mapped = mmap(nullptr, 3, PROT_READ, MAP_PRIVATE, fd, 0);
    REQUIRE(mapped != MAP_FAILED && std::memcmp(mapped, "Jel", 3) == 0);
    REQUIRE(flock(fd, LOCK_EX | LOCK_NB) == 0);
    const int other = open("data/file", O_RDONLY);
    REQUIRE(flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
    REQUIRE(rename("data/file", "data/moved") == 0 && access("data/file", F_OK) == -1);
    REQUIRE(stat("data/moved", &found) == 0 && S_ISREG(found.st_mode));
    REQUIRE(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
    REQUIRE(flock(other, LOCK_EX | LOCK_NB) == 0);
    REQUIRE(rmdir("data") == -1 && errno == ENOTEMPTY);
    DIR* directory = opendir("/disk");
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) names.emplace_back(entry->d_name);
    closedir(directory);
    REQUIRE(names == std::vector<std::string>({".", "..", "data"}));
    REQUIRE(unlink("data/moved") == 0 && rmdir("data") == 0 && access("data", F_OK) == -1);
    FILE* stream = fopen("numbers", "w");
    for (int i = 0; i < 3000; ++i) fprintf(stream, "%d\n", i);
    REQUIRE(fclose(stream) == 0);
    stream = fopen("numbers", "r");
    int sum = 0, number = 0;
    while (fscanf(stream, "%d", &number) == 1) sum += number;
    REQUIRE(sum == 2999 * 1500 && fclose(stream) == 0);
  });
}

TEST(Posix, TimeAndNamesAreTheNodes) {
  ExpectPass([](Env& env) {
    const auto before = std::chrono::steady_clock::now();
    const Time at = env.Now();
    std::this_thread::sleep_for(30ms);
    REQUIRE(std::chrono::steady_clock::now() - before == 30ms && env.Now() - at == 30ms);
    REQUIRE(time(nullptr) == 1'700'000'000);
    REQUIRE(getenv("HOME") == nullptr && getpid() == 1000);
    REQUIRE(std::thread::hardware_concurrency() == 4);
    // Who only looks at the clock sees it move in the end.
    while (std::chrono::steady_clock::now() - before < 31ms) {
    }
  });
}

int left_running = 0;

TEST(Posix, ACrashRunsNoneOfTheProgramsCodeAndTakesItsMemory) {
  struct Leaves {
    ~Leaves() { ++left_running; }
  };
  Scenario s = Of([](Env& env) {
    Leaves leaves;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const Leaves mine;
        FILE* stream = fopen("log", "a");
        for (;;) {
          const std::scoped_lock lock(mutex);
          std::memset(malloc(16 << 10), 1, 16 << 10);
          fprintf(stream, "line\n");
          std::this_thread::sleep_for(1ms);
        }
      });
    }
    pthread_key_t key = 0;
    REQUIRE(pthread_key_create(&key, nullptr) == 0);
    env.SleepUntil(kForever);
  });
  s.crashes = {.crash = OneIn(1), .slot = 20ms, .down = 1ms, .down_more = 1ms};
  s.storm = 3s;
  left_running = 0;
  uint64_t crashes = 0, seconds = 0;
  for (uint64_t seed = 1; crashes < 1200; ++seed) {  // There are 1024 keys.
    const RunResult result = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(result.verdict.kind, Verdict::Kind::kPass) << result.verdict.reason;
    crashes += result.faults[Fault::kCrash].applied;
    seconds = 3 * seed;
    ASSERT_LT(seed, 200u);
  }
  // Of all that was allocated, no more is there than one boot can have allocated.
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 400 << 10) << seconds * 64 << " MB were allocated";
  EXPECT_EQ(left_running, 0);
}

TEST(Posix, AMutexOfEachKindDoesWhatItShould) {
  ExpectPass([](Env&) {
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t checking;
    pthread_mutex_init(&checking, &kind);
    REQUIRE(pthread_mutex_unlock(&checking) == EPERM);
    REQUIRE(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_t again;
    pthread_mutex_init(&again, &kind);
    REQUIRE(pthread_mutex_lock(&again) == 0 && pthread_mutex_lock(&again) == 0);
    bool free_for_others = true;
    const auto look = [&] {
      free_for_others = pthread_mutex_trylock(&again) == 0;
      if (free_for_others) pthread_mutex_unlock(&again);
    };
    REQUIRE(pthread_mutex_unlock(&again) == 0);
    std::thread(look).join();
    REQUIRE(!free_for_others);
    REQUIRE(pthread_mutex_unlock(&again) == 0);
    std::thread(look).join();
    REQUIRE(free_for_others);
    REQUIRE(pthread_mutex_destroy(&again) == 0);
  });
}

TEST(Posix, AThreadThatWaitsForItselfIsADeadlock) {
  const Verdict verdict = VerdictOf([](Env&) {
    std::mutex mutex;
    mutex.lock();
    mutex.lock();
  });
  EXPECT_EQ(verdict.oracle, "deadlock");
  EXPECT_THAT(verdict.reason, HasSubstr("thread 1 for a mutex that thread 1 has"));
}

// Who can be woken by something else is not stuck.
TEST(Posix, WaitingForTimeOrMailIsNoDeadlock) {
  ExpectPass([](Env& env) {
    std::mutex mutex;
    std::thread sleeper([&] {
      const std::scoped_lock lock(mutex);
      std::this_thread::sleep_for(5ms);
    });
    std::this_thread::sleep_for(1ms);
    mutex.lock();
    mutex.unlock();
    sleeper.join();
    env.Spawn([&] { mutex.lock(), mutex.lock(); });
    env.Receive(1ms);
  });
}

struct Counted {
  uint64_t boot, number;
};
struct CountsFromOne final : Oracle {
  std::string name() const override { return "counts-from-one"; }
  Complaint OnFact(const Event& event) override {
    const auto counted = event.As<Counted>();
    if (!counted) return std::nullopt;
    ++facts;
    const auto is = std::make_pair(event.node, counted->boot);
    if (counted->number == ++counts[is]) return std::nullopt;
    return Name(event.node) + " counts to " + std::to_string(counted->number);
  }
  Complaint AtEnd() override {
    return facts > 20 && counts.size() > 2 ? std::nullopt : Complaint("hardly anybody counted");
  }
  std::map<std::pair<NodeId, uint64_t>, uint64_t> counts;
  int facts = 0;
};

Scenario TwoThatCount(std::vector<std::string> libraries) {
  Scenario s = Of(nullptr);
  s.roles[0].count = 2;
  s.roles[0].main = [=](Env& node) {
    posix::RunProcess(node, {.libraries = libraries}, [](Env& env) {
      for (;;) {
        env.Report(Counted{env.boot(), static_cast<uint64_t>(posix_program::Count())});
        env.Sleep(10ms);
      }
    });
  };
  s.crashes = {.crash = OneIn(2), .slot = 200ms};
  s.oracles = JudgedBy(CountsFromOne());
  return s;
}

TEST(Posix, ALibrarysVariablesAreEachProcesssOwn) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Scenario s = TwoThatCount({"libposix_program"});
    const RunResult result = Simulate(s, Choices::FromSeed(seed));
    if (result.faults[Fault::kCrash].applied == 0) continue;
    EXPECT_EQ(result.verdict.kind, Verdict::Kind::kPass) << seed << ": " << result.verdict.reason;
  }
  // One that is not named keeps them.
  EXPECT_TRUE(Simulate(TwoThatCount({}), Choices::FromSeed(1)).verdict.failed());
  const RunResult none = Simulate(TwoThatCount({"libnone"}), Choices::Calm());
  EXPECT_THAT(none.verdict.reason, HasSubstr("no shared library libnone is linked"));
}

TEST(Posix, OutsideOfProcessesNothingIsChanged) {
  std::mutex mutex;
  int counter = 0;
  std::vector<std::thread> threads;  // Of the real world.
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const std::scoped_lock lock(mutex);
        ++counter;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counter, 4000);
  EXPECT_NE(open("/etc/passwd", O_RDONLY), -1);
  Scenario s = Of(nullptr);
  s.roles[0].main = [](Env&) { std::thread([] {}).join(); };  // The leak guard still judges.
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.oracle, "leak");
}

}  // namespace
}  // namespace reprise
