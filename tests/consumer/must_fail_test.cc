// A test that finds a bug, as it should; reproduce.sh runs it and does what it prints.

#include "lock_server.h"
#include "sim/search/gtest.h"

REPRISE_FUZZ(LockServerWithABug, IsFenced, LockServerNamed("lock-server:no-fence"), 1000)
