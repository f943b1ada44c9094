// Stopping a run in gdb at an event, in the right fiber, with the stacks of the others.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/browser.h"

namespace reprise {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

#ifdef REPRISE_COMMAND
constexpr const char* kCommand = REPRISE_COMMAND;
#else
constexpr const char* kCommand = "";
#endif

std::string InGdb(const std::string& event, const std::vector<std::string>& commands) {
  std::vector<std::string> words = {
      "gdb", "-batch", "-nx", "-x", REPRISE_SOURCE_DIR "/tools/gdb/reprise.py", "-ex", "run"};
  for (const std::string& command : commands) {
    words.push_back("-ex");
    words.push_back(command);
  }
  for (const std::string& word :
       {std::string("--args"), std::string(kCommand), std::string("replay"),
        std::string(REPRISE_SOURCE_DIR "/traces/write-ahead-log/reply-before-sync.trace"),
        std::string("--break-at"), event}) {
    words.push_back(word);
  }
  return OutputOf(words);
}

class InGdbTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsInstalled("gdb")) {
      GTEST_SKIP() << "SKIPPED, not passed: this needs gdb, which is not installed";
    }
    if (!std::filesystem::exists(kCommand)) {
      GTEST_SKIP() << "SKIPPED, not passed: " << kCommand << " is not built";
    }
#if defined(REPRISE_ASAN) || !defined(__x86_64__)
    GTEST_SKIP() << "SKIPPED, not passed: stacks are shown on x86-64 without sanitizers";
#endif
  }
};

// Event 24 is a sync of the log, by a fiber that the server has for it.
TEST_F(InGdbTest, StopsInTheFiberThatMadeTheEvent) {
  const std::string said = InGdb("24", {"backtrace"});
  EXPECT_THAT(said, HasSubstr("SIGTRAP"));
  EXPECT_THAT(said, HasSubstr("Timeline::Stop"));
  EXPECT_THAT(said, HasSubstr("blocks/wal.cc"));
}

TEST_F(InGdbTest, ListsFibersWithNodeAndState) {
  const std::string said = InGdb("24", {"fibers"});
  EXPECT_THAT(said, HasSubstr("virtual time "));
  EXPECT_THAT(said, ContainsRegex("\\* +[0-9]+  n1 +server .*running.*wal.cc:[0-9]+"));
  EXPECT_THAT(said, ContainsRegex(" +[0-9]+  n2 +client .*waits.*:[0-9]+"));
}

TEST_F(InGdbTest, ShowsTheStackOfAFiberThatWaits) {
  const std::string said = InGdb("24", {"fibers", "fiber 1", "backtrace", "continue"});
  EXPECT_THAT(said, ContainsRegex("SwitchTo|jump_fcontext|Block"));
  // The registers are what they were: the run goes on to its end.
  EXPECT_THAT(said, HasSubstr("Timeline::Stop"));
  EXPECT_THAT(said, HasSubstr("the same run as recorded"));
}

}  // namespace
}  // namespace reprise
