// A connection to a simulated node's SQLite database, for one fiber.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocols/engines/sqlite_vfs.h"

namespace reprise::engines {

// Where a crash unwinds the fiber it must run nothing of SQLite's; so there is no destructor that
// closes. What is open at the end of the boot goes with it.
class SqliteConnection {
 public:
  SqliteConnection(SqliteDisk& disk, const std::string& path);

  static std::optional<int64_t> Number(const std::string& text);

  // All rows, as text; nothing where there is an error. Result codes are SQLite's, without what is
  // above the lowest byte: SQLITE_OK, SQLITE_BUSY, SQLITE_FULL, SQLITE_CORRUPT...
  struct Result {
    int code = 0;
    std::vector<std::vector<std::string>> rows;

    bool ok() const { return code == 0; }
    // The only value, as a number; nothing where it is none, as in a damaged database.
    std::optional<int64_t> number() const {
      return rows.empty() ? std::nullopt : Number(rows[0][0]);
    }
  };
  Result Run(const std::string& sql);
  std::string error() const;  // Of the last call.
  void Close();

 private:
  SqliteDisk& disk_;
  sqlite3* db_ = nullptr;
  int opened_ = 0;
};

}  // namespace reprise::engines
