// What simulated processes cost: `reprise_bench --benchmark_filter=Posix`. Beside each, what the
// same costs without simulation.

#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>

#include <cstdlib>
#include <functional>

#include "protocols/protocols.h"
#include "sim/posix/process.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

constexpr int64_t kTimes = 200'000;

Scenario Of(std::function<void(Env&)> program) {
  Scenario s;
  s.name = "process";
  s.roles = {{.name = "process", .count = 1, .main = [=](Env& env) {
                posix::RunProcess(env, {}, program);
              }}};
  s.storm = 3600s;
  s.calm = 1s;
  return s;
}

void Measure(benchmark::State& state, const Scenario& scenario) {
  for (auto _ : state) {
    const RunResult result = Simulate(scenario, Choices::FromSeed(1));
    if (result.verdict.failed()) state.SkipWithError(result.verdict.reason.c_str());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kTimes);
}

void LockAndUnlock() {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (int64_t i = 0; i < kTimes; ++i) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}

void PosixLockAndUnlock(benchmark::State& state) {
  Measure(state, Of([](Env&) { LockAndUnlock(); }));
}
BENCHMARK(PosixLockAndUnlock);

void PosixLockAndUnlockOfLibc(benchmark::State& state) {
  for (auto _ : state) LockAndUnlock();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kTimes);
}
BENCHMARK(PosixLockAndUnlockOfLibc);

// Two that take turns.
void PosixSwitch(benchmark::State& state) {
  Measure(state, Of([](Env&) {
            const auto yield = [](void*) -> void* {
              for (int64_t i = 0; i < kTimes / 2; ++i) sched_yield();
              return nullptr;
            };
            pthread_t other;
            pthread_create(&other, nullptr, yield, nullptr);
            yield(nullptr);
            pthread_join(other, nullptr);
          }));
}
BENCHMARK(PosixSwitch);

void PosixSwitchOfFibers(benchmark::State& state) {
  Scenario s = Of(nullptr);
  s.roles[0].main = [](Env& env) {
    const auto yield = [&env] {
      for (int64_t i = 0; i < kTimes / 2; ++i) env.SleepUntil(env.Now() + 1us);
    };
    env.Spawn(yield);
    yield();
    env.Sleep(1ms);
  };
  Measure(state, s);
}
BENCHMARK(PosixSwitchOfFibers);

void PosixMalloc(benchmark::State& state) {
  Measure(state, Of([](Env&) {
            for (int64_t i = 0; i < kTimes; ++i) {
              void* memory = malloc(100);
              benchmark::DoNotOptimize(memory);
              free(memory);
            }
          }));
}
BENCHMARK(PosixMalloc);

// Cycles of a crash and a recovery: as many as the facts say.
[[maybe_unused]] void Cycles(benchmark::State& state, const Family& family) {
  Catalogue all;
  all.Add(family);
  const auto scenario = all.Make(family.name);
  uint64_t seed = 0;
  int64_t cycles = 0;
  for (auto _ : state) {
    const RunResult result = Simulate(*scenario, Choices::FromSeed(++seed));
    for (const auto& [fact, count] : result.facts) {
      if (fact == "DatabaseChecked") cycles += static_cast<int64_t>(count);
    }
  }
  state.SetItemsProcessed(cycles);
}
#ifdef REPRISE_LEVELDB
void PosixLevelDb(benchmark::State& state) { Cycles(state, LevelDb()); }
BENCHMARK(PosixLevelDb);
#endif
#ifdef REPRISE_ROCKSDB
void PosixRocksDb(benchmark::State& state) { Cycles(state, RocksDb()); }
BENCHMARK(PosixRocksDb);
#endif

}  // namespace
}  // namespace reprise
