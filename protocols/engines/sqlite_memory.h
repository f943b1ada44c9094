// Memory for SQLite in simulated nodes. What a boot has allocated goes with the boot: a crash runs
// no code of SQLite's, which therefore frees nothing.
//
// SQLite has one set of allocators for the whole process, and does not say for whom it calls them.
// So whoever runs it says so: each boot has a SqliteBoot, and enters it when its fiber begins to
// run SQLite's code, and again whenever a call into Env has given the turn to others.

#pragma once

#include <cstddef>

namespace reprise::engines {

// Sets SQLite up, the first time in this process: single-threaded, as fibers take turns only where
// its files are read and written, and with these allocators. To be called before any run, because
// SQLite looks at the environment's variables here.
void SetUpSqlite();

class SqliteBoot {
 public:
  SqliteBoot() { Enter(); }
  ~SqliteBoot();  // Frees whatever SQLite still has of this boot.
  SqliteBoot(const SqliteBoot&) = delete;
  SqliteBoot& operator=(const SqliteBoot&) = delete;

  // From now on SQLite works for this boot.
  void Enter();

  size_t bytes() const { return bytes_; }  // That SQLite has now.

 private:
  friend struct SqliteAllocator;
  struct Block;

  Block* first_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace reprise::engines
