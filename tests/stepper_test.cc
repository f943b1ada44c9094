// Walking through a run in the terminal: replay --interactive.

#include "tools/stepper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "protocols/protocols.h"
#include "sim/trace.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kTrace = REPRISE_SOURCE_DIR "/traces/write-ahead-log/reply-before-sync.trace";

class StepperTest : public testing::Test {
 protected:
  StepperTest() {
    const auto trace = LoadTrace(kTrace, true);
    scenario_ = *AllProtocols().Make(trace->scenario, trace->options);
    run_ = Simulate(scenario_, Choices::FromDepartures(trace->departures), {.keep_events = true});
    stepper_.emplace(scenario_, run_);
  }
  std::string Do(const std::string& line) { return stepper_->Do(line); }
  Event Here() const { return run_.timeline[stepper_->cursor() - 1]; }

  Scenario scenario_;
  RunResult run_;
  std::optional<Stepper> stepper_;
};

TEST_F(StepperTest, GoesForwardsAndBack) {
  const std::string first = Do("n");
  EXPECT_THAT(first, HasSubstr("       1 " + Describe(run_.timeline[0])));
  const std::string second = Do("n");
  EXPECT_NE(first, second);
  EXPECT_EQ(Do("p"), first);
  EXPECT_EQ(Do("p"), "no such event before this one\n");
  EXPECT_EQ(stepper_->cursor(), 1u);
  Do("goto end");
  EXPECT_EQ(stepper_->cursor(), run_.timeline.size());
  EXPECT_EQ(Do("n"), "no such event after this one\n");
}

// What is shown of an event does not depend on the way there.
TEST_F(StepperTest, ShowsTheSameOnTheWayBack) {
  std::vector<std::string> there, states;
  for (size_t i = 0; i < run_.timeline.size(); ++i) {
    there.push_back(Do("n"));
    states.push_back(Do("state"));
  }
  for (size_t i = run_.timeline.size() - 1; i-- > 0;) {
    EXPECT_EQ(Do("p"), there[i]);
    EXPECT_EQ(Do("state"), states[i]);
  }
}

TEST_F(StepperTest, GoesByNodeByFactAndByText) {
  Do("n n2");
  EXPECT_EQ(Here().node, NodeId{2});
  Do("n n2");
  EXPECT_EQ(Here().node, NodeId{2});
  Do("fact RecordAcknowledged");
  EXPECT_EQ(Here().kind, Event::Kind::kFact);
  EXPECT_EQ(Here().message.name(), "RecordAcknowledged");
  Do("back n1");
  EXPECT_EQ(Here().kind, Event::Kind::kFact);
  EXPECT_EQ(Here().node, NodeId{1});
  Do("n crash");
  EXPECT_EQ(Here().kind, Event::Kind::kCrash);
  EXPECT_EQ(Do("n no such text"), "no such event after this one\n");
  EXPECT_EQ(Here().kind, Event::Kind::kCrash);
}

TEST_F(StepperTest, TellsWhatBecameOfAMessageAndWhereItCameFrom) {
  Do("n send");
  const size_t send = stepper_->cursor();
  const std::string said = Do("goto " + std::to_string(send));
  EXPECT_THAT(said, HasSubstr("-> delivered, event "));
  Do("n deliver");
  EXPECT_THAT(Do("goto " + std::to_string(stepper_->cursor())), HasSubstr("<- event "));
  Do("cause");
  EXPECT_EQ(Here().kind, Event::Kind::kSend);
  EXPECT_THAT(Do("violation"), HasSubstr("!! durable-prefix: record 2 of log 1 was acknowledged"));
}

TEST_F(StepperTest, StateIsWhatWasReportedByThen) {
  EXPECT_THAT(Do("state"), HasSubstr("n1    not started"));
  Do("n crash");
  EXPECT_THAT(Do("state n1"), StartsWith("n1    down\n"));
  EXPECT_THAT(Do("state n1"), HasSubstr("RecordAcknowledged(1 3)"));
  EXPECT_THAT(Do("state n1"), Not(HasSubstr("n2")));
  Do("violation");
  const std::string state = Do("state 1");
  EXPECT_THAT(state, StartsWith("n1    up, boot 2\n"));
  EXPECT_THAT(state, HasSubstr("RecordAcknowledged(1 3)   (of an earlier boot)"));
  EXPECT_THAT(state, HasSubstr("LogRecovered(1 1"));
}

TEST_F(StepperTest, ConeIsTheCausalPast) {
  EXPECT_THAT(Do("cone"), HasSubstr("at no event yet"));
  Do("violation");
  const std::string cone = Do("cone");
  const auto past = CausalPast(run_.timeline, stepper_->cursor(), Here().node);
  const auto events = std::count(past.begin(), past.end(), true) - 1;
  EXPECT_THAT(cone, StartsWith(std::to_string(events) + " of "));
  EXPECT_EQ(std::ranges::count(cone, '\n'), 13);
}

TEST_F(StepperTest, MistakesAreToldAndChangeNothing) {
  Do("goto 7");
  for (const char* wrong : {"goto", "goto 0", "goto 99999", "goto x", "jump", "state n99"}) {
    EXPECT_THAT(Do(wrong), EndsWith("\n")) << wrong;
    EXPECT_EQ(stepper_->cursor(), 7u) << wrong;
  }
  EXPECT_THAT(Do("jump"), HasSubstr("no command \"jump\"; help lists them"));
  EXPECT_THAT(Do("help"), HasSubstr("goto N"));
  EXPECT_FALSE(stepper_->ended());
  EXPECT_EQ(Do("quit"), "");
  EXPECT_TRUE(stepper_->ended());
}

TEST_F(StepperTest, AnEmptyLineDoesTheLastAgain) {
  Do("n");
  Do("");
  EXPECT_EQ(stepper_->cursor(), 2u);
  Do("p");
  Do("  ");
  EXPECT_EQ(stepper_->cursor(), 1u);
}

// The command itself, with its commands from a file as from a pipe.
TEST(InteractiveReplay, ReadsItsStandardInput) {
  std::FILE* const commands = std::tmpfile();
  std::fputs("n\nn crash\nstate n1\nquit\nn\n", commands);
  std::rewind(commands);
  const int before = dup(STDIN_FILENO);
  dup2(fileno(commands), STDIN_FILENO);
  const Output output = Reprise({"replay", kTrace, "--interactive"}, AllProtocols());
  dup2(before, STDIN_FILENO);
  close(before);
  std::fclose(commands);
  EXPECT_EQ(output.status, 1) << output.err;
  EXPECT_THAT(output.out, HasSubstr("n1 boot"));
  EXPECT_THAT(output.out, HasSubstr("n1 crash"));
  EXPECT_THAT(output.out, HasSubstr("n1    down\n"));
  EXPECT_THAT(output.out, EndsWith("LogRecovered(1 1 [])\n      RecordAcknowledged(1 3)\n"
                                   "      RecordAppended(1 3 3673824782)\n      Recovered(0)\n"));
  ExpectComplaint(Reprise({"replay", kTrace, "--interactive", "--json"}, AllProtocols()), 2,
                  "--json");
}

}  // namespace
}  // namespace reprise
