// Tests as a user writes them.

#include "lock_server.h"

#include <cstdlib>
#include <ctime>

#include "sim/search/gtest.h"

REPRISE_FUZZ(LockServer, IsFenced, LockServerNamed("lock-server"), 1000)

TEST(LockServer, EveryMutantIsFound) {
  for (const auto& mutant : LockServer().mutants) {
    EXPECT_FALSE(reprise::Fuzz(LockServerNamed("lock-server:" + mutant.name), 1000)) << mutant.name;
  }
}

// The leak guard is there in whatever program the library is linked into.
TEST(LockServer, MayNotAskTheRealWorld) {
  reprise::Scenario s = LockServerNamed("lock-server");
  s.roles[0].main = [](reprise::Env&) {
    if (std::time(nullptr) == 0) std::abort();
  };
  const reprise::RunResult r = reprise::Simulate(s, reprise::Choices::Calm());
  EXPECT_EQ(r.verdict.oracle, "leak") << r.verdict.reason;
}
