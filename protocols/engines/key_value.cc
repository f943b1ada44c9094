#include "protocols/engines/key_value.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "models/spec/durable_prefix.h"
#include "models/spec/recovery.h"
#include "models/spec/sound_database.h"
#include "sim/choices.h"
#include "sim/env.h"

namespace reprise::engines {
namespace {

constexpr char kPath[] = "/disk/db";
constexpr uint64_t kKeys = 24;
constexpr uint64_t kChanges = 4;     // Values that each batch changes.
constexpr Duration kSlot = 20ms;     // Each writer begins a batch in each,
constexpr Duration kApart = 3ms;     // and the next writer so much later.
constexpr uint64_t kUnsyncedOf = 4;  // Writes of which one is not synced.

const Label kUnsynced("write-sync");

// What batch q of writer w does: all of it follows from these two numbers.
uint64_t Noise(uint64_t w, uint64_t q, uint64_t what) {
  return Choices::Mix((w * 1'000'003 + q) * 64 + what);
}
uint64_t HashOf(uint64_t w, uint64_t q) { return Noise(w, q, 63) >> 1; }

std::string LogKey(uint64_t w, uint64_t q) {
  char key[32];
  std::snprintf(key, sizeof key, "log/%02u/%08u", static_cast<unsigned>(w),
                static_cast<unsigned>(q));
  return key;
}
std::string ValueKey(uint64_t w, uint64_t key) {
  return "value/" + std::to_string(w) + "/" + std::to_string(key);
}

Batch BatchOf(uint64_t w, uint64_t q) {
  Batch batch = {{LogKey(w, q), std::to_string(HashOf(w, q))}};
  for (uint64_t i = 0; i < kChanges; ++i) {
    std::string value = std::to_string(q) + " ";
    value.resize(100 + Noise(w, q, 16 + i) % 900, 'x');
    batch.emplace_back(ValueKey(w, Noise(w, q, i) % kKeys), std::move(value));
  }
  return batch;
}

// Runs in the process: nothing of the simulator's is used but Env.
class Application {
 public:
  Application(Env& env, const KeyValueSettings& settings)
      : env_(env), settings_(settings), done_(settings.writers) {}

  void Run() {
    // LevelDB tries, too, but does not look at what came of it.
    if (mkdir(kPath, 0755) != 0 && errno != EEXIST) Give(std::strerror(errno));
    if (const std::string error = settings_.open(kPath, store_); !error.empty()) {
      Give(error);
    }
    Look();
    std::vector<std::thread> writers;
    for (uint64_t w = 0; w < settings_.writers; ++w) {
      writers.emplace_back([this, w] { Write(w); });
    }
    for (auto& writer : writers) writer.join();
  }

 private:
  // On a disk that only crashes there is one error that a store may have: that there is no room.
  [[noreturn]] void Give(const std::string& error) {
    if (error.find("No space") == error.npos) env_.Report(models::DatabaseChecked{error});
    env_.Abort(error);
    std::abort();  // Which g++ does not see.
  }

  void Look() {
    std::map<std::string, std::string> all;
    if (const std::string error = store_->ReadAll(all); !error.empty()) Give(error);
    std::string problems;
    uint64_t found = 0;
    for (uint64_t w = 0; w < settings_.writers; ++w) found += LookAt(w, all, problems);
    for (const auto& [key, value] : all) problems += "unknown key " + key + "; ";
    env_.Report(models::DatabaseChecked{problems});
    env_.Report(models::Recovered{found});
  }

  // Takes what is the writer's out of `all`.
  uint64_t LookAt(uint64_t w, std::map<std::string, std::string>& all, std::string& problems) {
    std::vector<uint64_t> hashes;
    std::map<uint64_t, uint64_t> last;
    for (uint64_t q = 1; all.contains(LogKey(w, q)); ++q) {
      const auto record = all.extract(LogKey(w, q));
      hashes.push_back(std::strtoull(record.mapped().c_str(), nullptr, 10));
      for (uint64_t i = 0; i < kChanges; ++i) last[Noise(w, q, i) % kKeys] = q;
    }
    for (const auto& [key, q] : last) {
      const auto value = all.extract(ValueKey(w, key));
      const std::string is = value.empty() ? "nothing" : value.mapped().substr(0, 12);
      if (!is.starts_with(std::to_string(q) + " ")) {
        problems += ValueKey(w, key) + " is " + is + " after " + std::to_string(hashes.size()) +
                    " records, and not of " + std::to_string(q) + "; ";
      }
    }
    done_[w] = hashes.size();
    env_.Report(models::LogRecovered{w, 1, std::move(hashes)});
    return done_[w];
  }

  void Write(uint64_t w) {
    for (Time slot = env_.Now();; slot += kSlot) {
      env_.SleepUntil(slot + static_cast<int64_t>(w) * kApart);
      const uint64_t q = done_[w] + 1;
      const bool sync =
          !settings_.unsynced || env_.Random(kUnsynced, kUnsyncedOf) != kUnsyncedOf - 1;
      env_.Report(models::RecordAppended{w, q, HashOf(w, q)});
      if (const std::string error = store_->Write(BatchOf(w, q), sync); !error.empty()) {
        Give(error);
      }
      done_[w] = q;
      if (sync) env_.Report(models::RecordAcknowledged{w, q});
    }
  }

  Env& env_;
  const KeyValueSettings& settings_;
  std::unique_ptr<KeyValueStore> store_;
  std::vector<uint64_t> done_;
};

}  // namespace

Scenario KeyValueScenario(const KeyValueSettings& settings) {
  const posix::ProcessOptions process{.libraries = settings.libraries,
                                      .directories_sync = settings.directories_sync,
                                      .preempt = OneIn(20)};
  Scenario s;
  s.roles = {{.name = "application", .count = 1, .main = [=](Env& env) {
                posix::RunProcess(env, process,
                                  [&](Env& inside) { Application(inside, settings).Run(); });
              }}};
  s.crashes = {.crash = OneIn(4),
               .slot = 500ms,
               .crash_at = OneIn(1000),
               .down = 50ms,
               .down_more = 200ms,
               .again = OneIn(8)};
  s.processes = {.pause = OneIn(40), .slow = OneIn(40), .slot = 500ms, .pause_most = 500ms};
  s.disks = {.journaled = settings.journaled,
             .sync = 2ms,
             .slow_sync = OneIn(40),
             .slow_sync_most = 100ms,
             .hung = OneIn(400),
             .hung_for = 1s,
             .unsynced = OneIn(3),
             .torn = settings.torn ? OneIn(3) : Ratio{},
             .sync_lie = settings.sync_lie,
             .entries = OneIn(8),
             .full = settings.full ? OneIn(20) : Ratio{},
             .full_most = 500ms};
  s.clocks = {.offset = OneIn(4), .drift = OneIn(4), .late_timer = OneIn(50)};
  s.order = OneIn(50);
  s.storm = 4s;
  s.calm = 1s;
  s.stack_bytes = settings.stack_bytes;
  s.oracles =
      JudgedBy(models::SoundDatabase(), models::DurablePrefix(), models::RecoveryMeter(true));
  return s;
}

}  // namespace reprise::engines
