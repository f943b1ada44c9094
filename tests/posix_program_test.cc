// A threaded C++20 program that knows nothing of simulation, in simulated processes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/posix/process.h"
#include "sim/scenario.h"
#include "sim/search/shrink.h"
#include "tests/posix/program.h"
#include "tools/draw_dot.h"

namespace reprise {
namespace {

using testing::HasSubstr;

struct Said {
  std::string line;
};

struct Listener final : Oracle {
  explicit Listener(std::vector<std::string>* lines) : lines(lines) {}
  std::string name() const override { return "listener"; }
  Complaint OnFact(const Event& event) override {
    event.Match([this](const Said& m) { lines->push_back(m.line); });
    return std::nullopt;
  }
  std::vector<std::string>* lines;
};

Scenario Running(std::function<void(Env&)> program, std::vector<std::string>* lines,
                 Ratio preempt = OneIn(4)) {
  Scenario s;
  s.name = "program";
  const posix::ProcessOptions options{.libraries = {"libposix_program"}, .preempt = preempt};
  s.roles = {{.name = "program", .count = 1, .main = [=](Env& env) {
                posix::RunProcess(env, options, program);
              }}};
  s.storm = 1s;
  s.calm = 1s;
  s.stack_bytes = 256 << 10;
  s.oracles = [lines] {
    Oracles all;
    all.push_back(std::make_unique<Listener>(lines));
    return all;
  };
  return s;
}

struct Output {
  std::vector<std::string> lines;
  RunResult result;
};

Output Everything(Choices choices) {
  Output output;
  const Scenario s = Running(
      [](Env& env) {
        posix_program::Everything([&](const std::string& line) { env.Report(Said{line}); });
      },
      &output.lines);
  output.result = Simulate(s, std::move(choices));
  return output;
}

TEST(PosixProgram, UsesAllOfTheStandardLibrarysThreads) {
  const Output calm = Everything(Choices::Calm());
  EXPECT_EQ(calm.result.verdict.kind, Verdict::Kind::kPass) << calm.result.verdict.reason;
  const auto has = [&](const std::string& text) {
    return std::ranges::any_of(calm.lines, [&](const std::string& line) {
      return line.substr(line.find(' ') + 1) == text;
    });
  };
  // 20 times 100 + i, and i: nothing is lost or counted twice.
  EXPECT_TRUE(has("sum 2380 both 40 timeouts 0"));
  EXPECT_TRUE(has("once"));
  EXPECT_TRUE(has("static variable constructed"));
  EXPECT_TRUE(has("stopped"));
  EXPECT_TRUE(has("future 42 timed out twice"));
  EXPECT_TRUE(has("file one;two 2.5;"));
  EXPECT_TRUE(has("wrong thread-locals 0"));
  // Of the threads that touched theirs.
  for (const int value : {0, 1, 2, 50, 51}) {
    EXPECT_TRUE(has("thread-local ends with " + std::to_string(value)));
  }
}

TEST(PosixProgram, SaysTheSameForTheSameSeedAndOthersForOthers) {
  std::set<uint64_t> digests;
  std::set<std::vector<std::string>> outputs;
  constexpr uint64_t kSeeds = 40;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Output once = Everything(Choices::FromSeed(seed));
    const Output twice = Everything(Choices::FromSeed(seed));
    EXPECT_FALSE(once.result.verdict.failed()) << once.result.verdict.reason;
    EXPECT_EQ(once.result.digest, twice.result.digest);
    EXPECT_EQ(once.lines, twice.lines);
    for (const std::string& line : once.lines) {
      EXPECT_THAT(line, testing::Not(HasSubstr("another thread's exception")));
      if (line.find("wrong thread-locals") != line.npos) {
        EXPECT_THAT(line, HasSubstr("wrong thread-locals 0"));
      }
    }
    digests.insert(once.result.digest);
    outputs.insert(once.lines);
  }
  EXPECT_EQ(digests.size(), kSeeds);
  EXPECT_EQ(outputs.size(), kSeeds);
}

// The shrunk run of the first seed that fails so, and its picture.
struct Found {
  uint64_t seed = 0;
  Shrunk shrunk;
  std::string dot;
};
Found FindAndShrink(const Scenario& scenario, const std::string& oracle, uint64_t seeds) {
  Found found;
  for (uint64_t seed = 1; seed <= seeds && found.seed == 0; ++seed) {
    const RunResult result = Simulate(scenario, Choices::FromSeed(seed));
    if (!result.verdict.failed() || result.verdict.oracle != oracle) continue;
    found.seed = seed;
    found.shrunk = Shrink(scenario, result.departures());
    const RunResult kept =
        Simulate(scenario, Choices::FromDepartures(found.shrunk.departures), {.keep_events = true});
    found.dot = DrawDot(scenario, kept, {});
  }
  return found;
}

TEST(PosixProgram, APlantedDeadlockIsFoundShrunkAndDrawn) {
  std::vector<std::string> lines;
  const auto with = [&](bool planted) {
    return Running([planted](Env&) { posix_program::TwoLocks(planted); }, &lines);
  };
  EXPECT_EQ(FindAndShrink(with(false), "deadlock", 300).seed, 0u);
  const Found found = FindAndShrink(with(true), "deadlock", 300);
  ASSERT_NE(found.seed, 0u);
  EXPECT_LE(found.shrunk.departures.size(), 2u);
  EXPECT_THAT(found.shrunk.result.verdict.reason,
              HasSubstr("n1's threads wait for each other: thread 1 for the end of a thread, "
                        "thread 2 for a mutex that thread 3 has, thread 3 for a mutex that "
                        "thread 2 has"));
  EXPECT_THAT(found.dot, HasSubstr("deadlock"));
  EXPECT_THAT(found.dot, HasSubstr("preempt"));
}

struct Miscounted {
  int missing = 0;
};
struct Counter final : Oracle {
  std::string name() const override { return "counter"; }
  Complaint OnFact(const Event& event) override {
    const auto counted = event.As<Miscounted>();
    if (!counted || counted->missing == 0) return std::nullopt;
    return std::to_string(counted->missing) + " are missing";
  }
};

TEST(PosixProgram, APlantedRaceIsFoundShrunkAndDrawn) {
  const auto with = [&](bool planted) {
    Scenario s = Running(
        [planted](Env& env) { env.Report(Miscounted{posix_program::Counting(planted)}); }, nullptr);
    s.oracles = JudgedBy(Counter());
    return s;
  };
  EXPECT_EQ(FindAndShrink(with(false), "counter", 300).seed, 0u);
  const Found found = FindAndShrink(with(true), "counter", 300);
  ASSERT_NE(found.seed, 0u);
  EXPECT_LE(found.shrunk.departures.size(), 2u);
  EXPECT_THAT(found.dot, HasSubstr("Miscounted"));
  EXPECT_THAT(found.dot, HasSubstr("preempt"));
}

}  // namespace
}  // namespace reprise
