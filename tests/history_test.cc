// Which operations of a history contradict one another.

#include "tools/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/spec/append_list.h"
#include "models/spec/history.h"
#include "models/spec/key_value.h"
#include "models/spec/register.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

using models::AppendList;
using models::Failed;
using models::InDoubt;
using models::Invoked;
using models::KeyValue;
using models::OpId;
using models::Register;
using models::Returned;
using Part = HistoryOperation::Part;

// A scenario of one node that reports what it is told to.
Scenario Reports(NodeMain main, std::function<Oracles()> oracles) {
  Scenario s;
  s.name = "reports";
  s.roles = {{.name = "client", .count = 1, .main = std::move(main), .client = true}};
  s.storm = 1s;
  s.calm = 1s;
  s.oracles = std::move(oracles);
  return s;
}

RunResult RunOf(const Scenario& s) { return Simulate(s, Choices::Calm(), {.keep_events = true}); }

OpId Op(uint32_t client, uint64_t sequence) { return {NodeId{client}, sequence}; }

template <class Spec>
void Do(Env& env, OpId op, typename Spec::Operation operation, typename Spec::Result result,
        uint64_t key = 0) {
  env.Report(Invoked{op, key, operation});
  env.Sleep(1ms);
  env.Report(Returned{op, result});
  env.Sleep(1ms);
}

std::vector<Part> PartsOf(const History& history) {
  std::vector<Part> parts;
  for (const HistoryOperation& o : history.operations) parts.push_back(o.part);
  return parts;
}

Scenario StaleRead() {
  return Reports(
      [](Env& env) {
        Do<Register>(env, Op(1, 1), Register::Write(1), Register::Wrote());
        Do<Register>(env, Op(2, 1), Register::Read(), Register::Got(1));
        Do<Register>(env, Op(1, 2), Register::Write(9), Register::Wrote(), 7);
        Do<Register>(env, Op(1, 3), Register::Write(2), Register::Wrote());
        Do<Register>(env, Op(2, 2), Register::Read(), Register::Got(1));
      },
      JudgedBy(models::LinearizableRegister()));
}

TEST(History, AStaleReadAndTheWriteThatItMissed) {
  const Scenario s = StaleRead();
  const RunResult run = RunOf(s);
  ASSERT_TRUE(run.verdict.failed());
  const auto history = HistoryOf(run);
  ASSERT_TRUE(history);
  ASSERT_TRUE(history->key);
  EXPECT_EQ(*history->key, 0u);
  EXPECT_EQ(PartsOf(*history), (std::vector<Part>{Part::kSource, Part::kNone, Part::kNone,
                                                  Part::kConflicts, Part::kUnexplained}));
  EXPECT_EQ(history->operations[4].text, "read");
  EXPECT_EQ(history->operations[4].result, "got 1");
}

TEST(History, ALostElementOfAList) {
  const Scenario s = Reports(
      [](Env& env) {
        for (uint64_t i = 1; i <= 4; ++i) {
          Do<AppendList>(env, Op(1, i), AppendList::Append(i), AppendList::Done());
        }
        Do<AppendList>(env, Op(2, 1), AppendList::Read(), AppendList::Got({1, 2, 4}));
      },
      JudgedBy(models::LinearizableList()));
  const auto history = HistoryOf(RunOf(s));
  ASSERT_TRUE(history && history->key);
  EXPECT_EQ(PartsOf(*history), (std::vector<Part>{Part::kSource, Part::kSource, Part::kConflicts,
                                                  Part::kSource, Part::kUnexplained}));
}

TEST(History, WhatIsInDoubtHasNoEnd) {
  const Scenario s = Reports(
      [](Env& env) {
        env.Report(Invoked{Op(1, 1), uint64_t{0}, KeyValue::Put(5)});
        env.Report(InDoubt{Op(1, 1)});
        env.Report(Invoked{Op(1, 2), uint64_t{0}, KeyValue::Put(6)});
        env.Report(Failed{Op(1, 2)});
        Do<KeyValue>(env, Op(1, 3), KeyValue::Get(), KeyValue::Got(5));
      },
      JudgedBy(models::LinearizableKeyValue()));
  const RunResult run = RunOf(s);
  EXPECT_FALSE(run.verdict.failed());
  const auto history = HistoryOf(run);
  ASSERT_TRUE(history);
  EXPECT_FALSE(history->key);
  ASSERT_EQ(history->operations.size(), 3u);
  EXPECT_EQ(history->operations[0].end, HistoryOperation::End::kInDoubt);
  EXPECT_EQ(history->operations[1].result, "failed");
  EXPECT_EQ(history->operations[2].result, "got 5");
}

TEST(History, ARunWithoutOperationsHasNone) {
  const Scenario s = Reports([](Env& env) { env.Sleep(1ms); }, JudgedBy());
  EXPECT_FALSE(HistoryOf(RunOf(s)));
}

TEST(History, AsTextAndAsAPicture) {
  const Scenario s = StaleRead();
  const auto history = HistoryOf(RunOf(s));
  const std::string text = HistoryText(s, *history);
  EXPECT_THAT(text, testing::ContainsRegex("X n2 .*read: got 1"));
  EXPECT_THAT(text, testing::ContainsRegex("! n1 .*write 2"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("write 9")));  // Of another key.
  const std::string dot = DrawHistory(s, *history);
  EXPECT_EQ(dot, DrawHistory(s, *history));
  EXPECT_THAT(dot, testing::HasSubstr("read: got 1"));
  EXPECT_THAT(dot, testing::HasSubstr("no order explains its answer"));
  EXPECT_THAT(DrawHistory(s, *history, true), testing::HasSubstr("#10171F"));
}

}  // namespace
}  // namespace reprise
