// Tests as a user writes them.

#include "lock_server.h"

#include "sim/search/gtest.h"

REPRISE_FUZZ(LockServer, IsFenced, LockServerNamed("lock-server"), 1000)

TEST(LockServer, EveryMutantIsFound) {
  for (const auto& mutant : LockServer().mutants) {
    EXPECT_FALSE(reprise::Fuzz(LockServerNamed("lock-server:" + mutant.name), 1000)) << mutant.name;
  }
}
