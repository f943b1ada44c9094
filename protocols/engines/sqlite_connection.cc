#include "protocols/engines/sqlite_connection.h"

#include <sqlite3.h>

#include <charconv>

namespace reprise::engines {

SqliteConnection::SqliteConnection(SqliteDisk& disk, const std::string& path) : disk_(disk) {
  disk_.boot().Enter();
  opened_ = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            disk_.vfs().c_str());
}

SqliteConnection::Result SqliteConnection::Run(const std::string& sql) {
  Result result;
  if (opened_ != SQLITE_OK) {
    result.code = opened_ & 0xff;
    return result;
  }
  disk_.boot().Enter();
  const auto take = [](void* out, int columns, char** values, char**) {
    auto& row = static_cast<Result*>(out)->rows.emplace_back();
    for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
    return 0;
  };
  result.code = sqlite3_exec(db_, sql.c_str(), take, &result, nullptr) & 0xff;
  if (!result.ok()) result.rows.clear();
  return result;
}

std::optional<int64_t> SqliteConnection::Number(const std::string& text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || text.empty()) return std::nullopt;
  return value;
}

std::string SqliteConnection::error() const { return sqlite3_errmsg(db_); }

void SqliteConnection::Close() {
  disk_.boot().Enter();
  sqlite3_close(db_);
  db_ = nullptr;
  opened_ = SQLITE_MISUSE;
}

}  // namespace reprise::engines
