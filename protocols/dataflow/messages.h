// What the nodes of a dataflow say to one another. The job is a graph of tasks, in four stages:
//
//   source -> map -> window -> sink
//
// with a channel from each task to each of the next stage. The words are those of Carbone et al.,
// "State Management in Apache Flink" (PVLDB 2017), and of Flink.

#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "sim/env.h"

namespace reprise::dataflow {

enum class Stage : uint8_t { kSource, kMap, kWindow, kSink };

struct TaskId {
  Stage stage = Stage::kSource;
  uint32_t index = 0;  // Among those of its stage, from 0.
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

// Checkpoints are numbered by their attempt, so that none is ever taken for another and a newer one
// is greater: the k-th of attempt a is a * kPerAttempt + k.
inline constexpr uint64_t kPerAttempt = 1'000'000;
constexpr uint64_t AttemptOf(uint64_t checkpoint) { return checkpoint / kPerAttempt; }

// clang-format off

// On the channels, in order and exactly once.
struct Scan { uint64_t source, offset, key; };         // From a source: somebody scanned a parcel.
struct Counted { uint64_t source, offset, key, number; };  // The number-th of that source and key.
struct Result { uint64_t key, window, sum; };          // Of all numbers of a key, in one window.
struct Watermark { uint64_t window; };                 // Nothing older than that window follows.
struct Barrier { uint64_t checkpoint; };               // What was before it belongs to that one.
struct Credit { uint64_t elements; };                  // Backwards: room for so many more.
using Element = std::variant<Scan, Counted, Result, Watermark, Barrier, Credit>;

// Where a task runs: on a worker, in one of its boots.
struct Place { TaskId task; NodeId worker; uint64_t boot; };

// Between the coordinator and the workers. Any of these may be lost, late, or come twice.
enum class TaskIs : uint8_t { kNone, kRestoring, kRunning, kFailed };
struct Heartbeat { uint64_t boot, attempt; TaskIs task; };  // Of the attempt last deployed here.
struct Deploy {             // Run this task, from this state; none where the name is empty.
  uint64_t attempt; TaskId task; std::string state; std::vector<Place> places;
};
struct Cancel { uint64_t attempt; };                   // That attempt is over, or never was.
struct Trigger { uint64_t attempt, checkpoint; };      // To sources: emit this barrier now.
struct Acknowledge { uint64_t attempt, checkpoint; TaskId task; std::string state; };
struct Notify { uint64_t attempt, checkpoint; };       // To sinks: it is complete.
struct Notified { TaskId task; uint64_t checkpoint; }; // Its transactions are committed.

// To the storage of snapshots. Requests are repeated until they are answered, by an Answer.
struct Open { uint64_t call; std::string file; };
struct Put { uint64_t call; std::string file, bytes; };
struct Get { uint64_t call; std::string file; };
struct Discard { uint64_t older; };                    // Snapshots of checkpoints before that one.

// To the external store: the transactions of a sink, named by the checkpoint whose barrier ends
// them. `epoch` is the sink's attempt; requests with one older than the last Fence are refused.
struct Fence { uint64_t call, epoch; TaskId sink; };
struct PreCommit { uint64_t call, epoch; TaskId sink; uint64_t transaction;
                   std::vector<Result> results; };
struct Commit { uint64_t call, epoch; TaskId sink; uint64_t transaction; };
struct AbortOlder { uint64_t call, epoch; TaskId sink; };  // All not committed, of older epochs.
struct Read { uint64_t from; };                        // Of those who read downstream.
struct Page { uint64_t from; std::vector<Result> results; };

enum class Outcome : uint8_t { kDone, kAlready, kFenced, kUnknown };
struct Answer { uint64_t call; Outcome outcome; std::string bytes; };

// clang-format on

// The file of a task's state in a checkpoint: sorted by name is sorted by age.
inline std::string FileOf(uint64_t checkpoint, const TaskId& task) {
  const std::string digits = std::to_string(checkpoint);
  return std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits + "-" +
         std::to_string(static_cast<int>(task.stage)) + "-" + std::to_string(task.index);
}

}  // namespace reprise::dataflow
