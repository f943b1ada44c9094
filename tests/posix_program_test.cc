// A threaded C++20 program that knows nothing of simulation, in simulated processes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "sim/posix/process.h"
#include "sim/scenario.h"
#include "tests/posix/program.h"

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
  for (const std::string& line : calm.lines) std::cout << line << "\n";
}

}  // namespace
}  // namespace reprise
