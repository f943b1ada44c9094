// Env::Abort: the end of a process that must not go on.

#include <gtest/gtest.h>

#include "sim/scenario.h"

namespace reprise {
namespace {

struct Found {
  uint64_t boot;
  std::string content;
};

// Writes, syncs, aborts; and the next boots tell what they find, in the order of reporting.
Scenario Aborting(bool syncs, std::function<void(Env&)> last = nullptr) {
  Scenario s;
  s.name = "aborting";
  s.roles = {{.name = "node", .count = 1, .main = [=](Env& env) {
                auto file = env.disk().Open("file", OpenMode::kCreateIfMissing);
                env.Report(Found{env.boot(), *file->ReadAt(0, 100)});
                if (env.boot() > 1) {
                  if (last) last(env);
                  return;
                }
                ASSERT_TRUE(file->Append("written").ok());
                if (syncs) static_cast<void>(file->Sync().ok() && env.disk().SyncDir("").ok());
                env.Spawn([&env] { env.Abort("that was enough"); });
                env.Sleep(1s);
                FAIL() << "the other fiber should have ended this one";
              }}};
  s.crashes = {.crash_at = OneIn(2), .down = 100ms};
  s.disks = {.sync = 2ms, .unsynced = OneIn(2), .sync_fail = OneIn(2)};
  s.storm = 1s;
  s.calm = 1s;
  return s;
}

// The contents found by boot 1, 2, 3...
std::vector<std::string> Contents(const RunResult& run) {
  std::vector<std::string> contents;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    if (const auto found = run.timeline[i].As<Found>()) contents.push_back(found->content);
  }
  return contents;
}

RunResult RunOf(const Scenario& s, const std::vector<std::string>& departures = {}) {
  Departures list;
  for (const std::string& text : departures) list.push_back({*ParseAddress(text), 1, 2});
  return Simulate(s, Choices::FromDepartures(list), {.keep_events = true});
}

TEST(AbortTest, EndsTheBootAndTheNodeComesBack) {
  const RunResult run = RunOf(Aborting(/*syncs=*/true));
  EXPECT_FALSE(run.verdict.failed());
  EXPECT_EQ(Contents(run), (std::vector<std::string>{"", "written"}));
  std::vector<std::string> told;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event event = run.timeline[i];
    if (event.kind == Event::Kind::kCrash) told.emplace_back(event.message.bytes());
    if (event.kind == Event::Kind::kBoot && event.id == 2) {
      EXPECT_EQ(event.at, AtNanos(0) + 4ms + 100ms);
    }
  }
  EXPECT_EQ(told, (std::vector<std::string>{"that was enough"}));
}

TEST(AbortTest, IsNoFaultOfTheEnvironment) {
  const RunResult run = RunOf(Aborting(/*syncs=*/true));
  EXPECT_TRUE(run.taken.empty());
  EXPECT_EQ(run.faults[Fault::kCrash].applied + run.faults[Fault::kCrashAt].applied, 0u);
  EXPECT_EQ(run.faults[Fault::kCrash].observed + run.faults[Fault::kCrashAt].observed, 0u);
}

TEST(AbortTest, ThePageCacheOutlivesTheProcess) {
  EXPECT_EQ(Contents(RunOf(Aborting(/*syncs=*/false))), (std::vector<std::string>{"", "written"}));
}

TEST(AbortTest, WhatASyncFailedToWriteIsSeenUntilTheMachineCrashes) {
  const Scenario s = Aborting(/*syncs=*/true, [](Env& env) {
    if (env.boot() == 2) env.Sleep(100ms);
  });
  EXPECT_EQ(Contents(RunOf(s, {"sync-fail n1 #1"})), (std::vector<std::string>{"", "written"}));
  for (int call = 1; call <= 9; ++call) {
    const RunResult run = RunOf(s, {"sync-fail n1 #1", "crash-at n1 #2." + std::to_string(call)});
    if (run.given_drawn < run.given) break;
    EXPECT_EQ(Contents(run).back(), "") << "call " << call;
  }
}

}  // namespace
}  // namespace reprise
