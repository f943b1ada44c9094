// What LevelDB and RocksDB have in common, as a scenario: an application whose threads write to a
// store that knows nothing of simulation, and that looks at all of it after a crash.
//
// Each writer has a log in the store, of which a batch appends one record and changes some values
// besides. Writes are synced or not, as drawn. After each crash:
//
//   - the store opens, and reads all it has without an error;
//   - no batch is there by half: a writer's values are those of its last record;
//   - every record is there up to the last that was synced, and of the rest any first part
//     (models/spec/durable_prefix.h).

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/posix/process.h"
#include "sim/scenario.h"

namespace reprise::engines {

using Batch = std::vector<std::pair<std::string, std::string>>;

// An open store. Errors are texts, empty where there is none.
class KeyValueStore {
 public:
  virtual ~KeyValueStore() = default;
  virtual std::string Write(const Batch& batch, bool sync) = 0;
  virtual std::string ReadAll(std::map<std::string, std::string>& all) = 0;
};

struct KeyValueSettings {
  uint64_t writers = 3;
  bool unsynced = false;  // Whether some writes are not synced.
  bool journaled = true;
  // Sectors that were not synced fare each by itself, and not as a first part of what was written.
  bool torn = false;
  bool full = true;  // The disk may be full for a while.
  bool directories_sync = true;
  Ratio sync_lie = {};
  // Opens the store at that path, and makes it where there is none.
  std::string (*open)(const std::string& path, std::unique_ptr<KeyValueStore>& store) = nullptr;
  std::vector<std::string> libraries = {};
  size_t stack_bytes = 256 << 10;
};

Scenario KeyValueScenario(const KeyValueSettings& settings);

}  // namespace reprise::engines
