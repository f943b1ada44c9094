// Named values on disk, each replaced as a whole or not at all.
//
// Save writes a temporary file, syncs it, renames it over the value's file, and syncs the
// directory: each of the four is needed. Without the first sync the name could become durable
// before the bytes; without the rename a crash could leave half of the new value over half of the
// old; without the second sync the whole could vanish after the caller was told that it is durable.
// The downside: two syncs, one after the other, for each value.
//
// Saves by different fibers wait for one another: where a sync of the directory fails, every rename
// that it was to make durable may be gone, and the fiber whose rename it was would never be told.
//
// A value's file is: crc32c u32 (of the rest) | size u64 | bytes.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/codec.h"
#include "sim/crc32c.h"
#include "sim/sync.h"

namespace reprise {

class SnapshotStore {
 public:
  // What an earlier boot left unfinished is removed. REQUIRES: nobody else uses that directory.
  SnapshotStore(Env& env, std::string directory)
      : disk_(env.disk()), directory_(std::move(directory)), saving_(env) {
    for (const std::string& name : disk_.List(directory_)) {
      if (name.ends_with(kUnfinished)) disk_.Remove(Path(name)).IgnoreError();
    }
  }

  // Makes the value durable under the name. Returns OK iff it is; where a crash or an error comes
  // first, Load will give this value or the one before, and after a crash always the same of the
  // two.
  absl::Status Save(const std::string& name, std::string_view bytes) {
    Lock lock(saving_);
    const std::string unfinished = Path(name) + std::string(kUnfinished);
    const std::string rest = Encode(uint64_t{bytes.size()}) + std::string(bytes);
    auto file = disk_.Open(unfinished, OpenMode::kCreateIfMissing);
    if (!file.ok()) return file.status();
    absl::Status status = file->Truncate(0);
    if (status.ok()) status = file->WriteAt(0, Encode(Crc32c(rest)) + rest);
    if (status.ok()) status = file->Sync();
    if (status.ok()) status = disk_.Rename(unfinished, Path(name));
    if (status.ok()) status = disk_.SyncDir(directory_);
    return status;
  }

  // kNotFound where nothing was saved under that name; kDataLoss where the file is damaged.
  absl::StatusOr<std::string> Load(const std::string& name) {
    auto file = disk_.Open(Path(name), OpenMode::kExisting);
    if (!file.ok()) return file.status();
    auto all = file->ReadAt(0, file->Size());
    if (!all.ok()) return all.status();
    const std::string_view view = *all;
    const auto crc = Decode<uint32_t>(view.substr(0, 4));
    if (!crc || *crc != Crc32c(view.substr(4))) return absl::DataLossError(name + " is damaged");
    const auto size = Decode<uint64_t>(view.substr(4, 8));
    if (!size || *size != view.size() - 12) return absl::DataLossError(name + " is damaged");
    return all->substr(12);
  }

  // The same for a plain struct.
  template <class T>
  absl::Status SaveAs(const std::string& name, const T& value) {
    return Save(name, Encode(value));
  }
  template <class T>
  absl::StatusOr<T> LoadAs(const std::string& name) {
    const auto bytes = Load(name);
    if (!bytes.ok()) return bytes.status();
    if (auto value = Decode<T>(*bytes)) return *std::move(value);
    return absl::DataLossError(name + " is something else");
  }

  // The names under which something is saved, sorted.
  std::vector<std::string> Names() {
    std::vector<std::string> names = disk_.List(directory_);
    std::erase_if(names, [](const std::string& name) { return name.ends_with(kUnfinished); });
    return names;
  }

  // A crash may bring it back: this is for values that nobody will ask for again.
  void Remove(const std::string& name) { disk_.Remove(Path(name)).IgnoreError(); }

 private:
  static constexpr std::string_view kUnfinished = ".new";

  std::string Path(const std::string& name) const {
    return directory_.empty() ? name : directory_ + "/" + name;
  }

  Disk& disk_;
  const std::string directory_;
  Mutex saving_;
};

}  // namespace reprise
