// A batch job that dumps its state from time to time, and goes on from there after a failure.
//
// After J. W. Young, "A First Order Approximation to the Optimum Checkpoint Interval" (CACM 17(9),
// 1974), and J. T. Daly, "A Higher Order Estimate of the Optimum Checkpoint Interval for Restart
// Dumps" (FGCS 22(3), 2006), in whose words: a job of solve time T_s is cut into segments of tau;
// after each comes a dump, which takes delta; after each failure a restart, which takes R, and
// failures may strike in dumps and restarts too. How long it all takes, and which tau is best, is
// in models/theory/checkpoint_interval.h.
//
//   Dump.     There are two checkpoint files. The n-th dump goes to file n mod 2, over the older
//             one, while the newer one stays whole; in it are n, the progress, the state and a
//             checksum. It counts when the file is synced. The directory is synced before the first
//             dump, when both files are created.
//   Restart.  Of the files that are whole, the one with the greater number has the state. Work that
//             was done after it is lost, and is done again.
//
// Where a stored bit flips, the file that has it is not whole, and the other one is there: then the
// job loses one segment more. What no job can survive with two files is both of them spoiled; then
// it begins anew. Nothing is ever counted twice: a state has the effect of its progress and of
// nothing else.

#include "protocols/dataflow/checkpoint_restart.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/durable_progress.h"
#include "models/spec/recovery.h"
#include "protocols/protocols.h"
#include "sim/crc32c.h"

namespace reprise {
namespace {

using models::Dumped;
using models::Dumping;
using models::DumpLoaded;
using models::Finished;
using models::Working;

constexpr size_t kCells = 160;  // Of the state: with them it spans three sectors.
const Label kLifetime("lifetime");

// The state. The work is so many units, and the u-th of them adds u to a cell.
struct State {
  uint64_t sequence = 0;  // Of the dump that it is in.
  uint64_t progress = 0;  // Units done.
  std::vector<uint64_t> cells = std::vector<uint64_t>(kCells);
};

// What all cells hold together after so much progress.
uint64_t SumAfter(uint64_t progress) { return progress * (progress + 1) / 2; }

uint64_t SumOf(const State& state) {
  uint64_t sum = 0;
  for (uint64_t cell : state.cells) sum += cell;
  return sum;
}

struct Decisions {
  // Which file a dump goes to.
  uint64_t (*FileOf)(uint64_t sequence) = [](uint64_t sequence) { return sequence % 2; };
  // Whether a dump counts only once it, and the names of the files, are durable.
  bool (*SyncsBeforeItCounts)() = [] { return true; };
  // What a restart costs, where the one before it was itself cut short by a failure.
  Duration (*RestartCost)(bool cut_short, Duration cost) = [](bool, Duration cost) { return cost; };
};

class Job {
 public:
  Job(Env& env, const BatchJob& job, const Decisions& decide)
      : env_(env), job_(job), decide_(decide) {}

  void Run() {
    if (job_.lifetime) env_.Spawn([this] { FailAtEndOfLife(); });
    CreateFiles();
    if (env_.boot() > 1) Restart();
    Load();
    while (state_.progress < job_.units) {
      env_.Report(Working{});
      Solve();
      Dump();
    }
    env_.Report(Finished{state_.progress, SumOf(state_)});
    finished_ = true;
    env_.SleepUntil(kForever);
  }

 private:
  void FailAtEndOfLife() {
    const uint64_t draw = env_.Random(kLifetime, BatchJob::kLifetimes);
    if (draw == 0) return;  // In the calm run, never.
    env_.Sleep(job_.lifetime(draw));
    if (!finished_) env_.Abort("a failure");
  }

  // Their names must outlast any crash before the first dump may count. Where the sync of the
  // directory fails, a later one says nothing of these names, so they are made anew. While one is
  // missing, nothing counts that is in the others.
  void CreateFiles() {
    const std::vector<std::string> names = {Path(0), Path(1), kNote};
    bool durable = std::ranges::all_of(names, [&](const std::string& name) {
      return env_.disk().Open(name, OpenMode::kExisting).ok();
    });
    while (!durable) {
      for (const std::string& name : names) {
        env_.disk().Remove(name).IgnoreError();
        CHECK(env_.disk().Open(name, OpenMode::kCreate).ok());
      }
      durable = !decide_.SyncsBeforeItCounts() || env_.disk().SyncDir("").ok();
    }
  }

  // The note says that a restart is under way; so it tells one that was cut short.
  void Restart() {
    File note = *env_.disk().Open(kNote, OpenMode::kExisting);
    const auto said = note.ReadAt(0, 1);
    WriteDurably(note, "1", 1);
    env_.Sleep(decide_.RestartCost(said.ok() && *said == "1", job_.restart));
    WriteDurably(note, "0", 1);
  }

  // The newer of the files that are whole; at first there is none.
  void Load() {
    for (uint64_t which = 0; which < 2; ++which) {
      const File file = *env_.disk().Open(Path(which), OpenMode::kExisting);
      const auto bytes = file.ReadAt(0, file.Size());
      if (!bytes.ok() || bytes->size() < 4) continue;
      const std::string_view rest = std::string_view(*bytes).substr(4);
      if (Decode<uint32_t>(bytes->substr(0, 4)) != Crc32c(rest)) continue;
      auto found = Decode<State>(rest);
      if (found && found->sequence > state_.sequence) state_ = *std::move(found);
    }
    env_.Report(DumpLoaded{state_.sequence, state_.progress, SumOf(state_)});
    env_.Report(models::Recovered{state_.progress});
  }

  void Solve() {
    const uint64_t units = std::min(job_.segment, job_.units - state_.progress);
    env_.Sleep(static_cast<int64_t>(units) * job_.unit);
    for (uint64_t i = 0; i < units; ++i) {
      ++state_.progress;
      state_.cells[state_.progress % kCells] += state_.progress;
    }
  }

  void Dump() {
    ++state_.sequence;
    env_.Report(Dumping{state_.sequence, state_.progress});
    const std::string rest = Encode(state_);
    File file = *env_.disk().Open(Path(decide_.FileOf(state_.sequence)), OpenMode::kExisting);
    WriteDurably(file, Encode(Crc32c(rest)) + rest, job_.parts, job_.dump);
    env_.Report(Dumped{state_.sequence});
  }

  // Writes all of it in so many parts, which take so long together, and syncs. Where the sync fails
  // it is written again: nobody knows what became of it.
  void WriteDurably(File& file, const std::string& bytes, size_t parts, Duration takes = {}) {
    const size_t part = (bytes.size() + parts - 1) / parts;
    for (size_t at = 0; at < bytes.size(); at += part) {
      env_.Sleep(takes / static_cast<int64_t>(parts));
      CHECK(file.WriteAt(at, bytes.substr(at, part)).ok());
    }
    if (!decide_.SyncsBeforeItCounts()) return;
    while (!file.Sync().ok()) {
      env_.Sleep(kAgain);
      CHECK(file.WriteAt(0, bytes).ok());
    }
  }

  static constexpr Duration kAgain = 10ms;
  static constexpr const char* kNote = "restarting";
  static std::string Path(uint64_t file) { return "dump-" + std::to_string(file); }

  Env& env_;
  const BatchJob& job_;
  const Decisions& decide_;
  State state_;
  bool finished_ = false;
};

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> mutants = {
      {{.name = "one-file",
        .id = "CK-M1",
        .difficulty = "D1",
        .oracle = "durable-progress",
        .about = "each dump is written over the one before it, in place",
        .origin = "two alternating files are there against this"},
       [](Decisions& d) { d.FileOf = [](uint64_t) -> uint64_t { return 0; }; }},
      {{.name = "counts-before-sync",
        .id = "CK-M2",
        .difficulty = "D1",
        .oracle = "durable-progress",
        .about = "a dump counts once it is written, and neither it nor its name is synced",
        .origin = "ALICE, OSDI 2014: what applications take for durable"},
       [](Decisions& d) { d.SyncsBeforeItCounts = [] { return false; }; }},
      {{.name = "restart-cut-short",
        .id = "CK-M3",
        .difficulty = "D1",
        .oracle = "restart-cost",
        .about = "a restart that a failure cut short is taken for done",
        .origin = "Daly 2006: failures strike during restarts too, and each costs R again"},
       [](Decisions& d) {
         d.RestartCost = [](bool cut_short, Duration cost) { return cut_short ? 0ns : cost; };
       }},
  };
  return mutants;
}

// Without failures the job takes so long.
Duration Undisturbed(const BatchJob& job) {
  const uint64_t dumps = (job.units + job.segment - 1) / job.segment;
  return static_cast<int64_t>(job.units) * job.unit + static_cast<int64_t>(dumps) * job.dump;
}

Scenario ScenarioOf(const BatchJob& job, const Decisions& decide) {
  Scenario s;
  s.roles = {{.name = "job", .count = 1, .main = [=](Env& env) { Job(env, job, decide).Run(); }}};
  s.disks.sync = job.sync;
  s.oracles = JudgedBy(models::DurableProgress(job.units, SumAfter));
  return s;
}

Scenario Make(const Options& options, const std::string& mutant) {
  BatchJob job;
  job.segment = static_cast<uint64_t>(options["segment"]);
  Scenario s = ScenarioOf(job, DecisionsOf(Mutants(), mutant));
  s.crashes = {.crash = OneIn(8),
               .slot = 500ms,
               .crash_at = OneIn(200),
               .down = 20ms,
               .down_more = 100ms,
               .again = OneIn(4)};
  s.processes = {.pause = OneIn(40), .slow = OneIn(40), .slot = 500ms, .pause_most = 500ms};
  s.disks = {.sync = job.sync,
             .slow_sync = OneIn(20),
             .slow_sync_most = 100ms,
             .hung = OneIn(200),
             .hung_for = 1s,
             .unsynced = OneIn(3),
             .torn = OneIn(3),
             .sync_fail = OneIn(50),
             .entries = OneIn(4),
             .rot = OneIn(16),
             .rot_slot = 500ms};
  s.clocks = {.offset = OneIn(4), .drift = OneIn(4), .freeze = OneIn(40), .late_timer = OneIn(50)};
  s.storm = 8s;
  // All that was done may be lost, where both files are spoiled. It is done by the end of the calm.
  s.calm = 2s + Undisturbed(job) + Undisturbed(job) / 10;
  // A clock may be fast by 500 parts in a million.
  const Duration restart = job.restart - job.restart / 1000;
  s.oracles = JudgedBy(models::DurableProgress(job.units, SumAfter), models::RestartCost(restart),
                       models::RecoveryMeter(true, "Working"));
  return s;
}

}  // namespace

Scenario FailingJob(const BatchJob& job, Duration at_most) {
  Scenario s = ScenarioOf(job, {});
  s.crashes.down = s.crashes.down_more = 0ns;
  s.storm = at_most;
  s.calm = 0ns;
  return s;
}

Family CheckpointRestart() {
  return {
      .name = "checkpoint-restart",
      .about = "a batch job with two alternating checkpoint files, and restarts",
      .source = "Young, CACM 1974; Daly, FGCS 2006",
      .options = {{"segment", "units of work from one dump to the next, of 1000", 10, 1000, 80}},
      .mutants = InfoOf(Mutants()),
      .make = Make};
}

}  // namespace reprise
