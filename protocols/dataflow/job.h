// The job that a dataflow runs, and what must come of it: a pure function of the job.
//
// Depots scan parcels. The o-th record of a source is a scan with key (o + source) mod keys, and is
// there once o + 1 periods have passed; a source can be read again from any offset, as a log can.
// A map counts the scans of each source and key; a window adds up these numbers for each key over
// so many offsets of all sources; and the sink gives out each sum. It does not depend on the order
// in which records of different sources meet, but on every single one of them.

#pragma once

#include <cstdint>

#include "protocols/dataflow/messages.h"

namespace reprise::dataflow {

struct Job {
  uint64_t sources = 3;
  uint64_t parallelism = 2;  // Tasks of each other stage.
  uint64_t keys = 4;
  uint64_t window = 8;     // Offsets in each.
  uint64_t records = 0;    // Of each source: a multiple of `window`.
  Duration period = 32ms;  // From one record of a source to the next.
  Duration work = {};      // That a map or window takes over each record.
  Duration checkpoint_every = 500ms;

  uint64_t tasks() const { return sources + 3 * parallelism; }
  uint64_t channels() const { return sources * parallelism + 2 * parallelism * parallelism; }
  uint64_t TasksOf(Stage stage) const { return stage == Stage::kSource ? sources : parallelism; }
  uint64_t windows() const { return records / window; }
};

constexpr uint64_t KeyOf(const Job& job, uint64_t source, uint64_t offset) {
  return (offset + source) % job.keys;
}

// Which task of each stage a key belongs to. Keys that meet in a map part again in the windows.
constexpr uint64_t MapOf(const Job& job, uint64_t key) { return key % job.parallelism; }
constexpr uint64_t WindowOf(const Job& job, uint64_t key) {
  return key / job.parallelism % job.parallelism;
}
constexpr uint64_t SinkOf(const Job& job, uint64_t key) {
  return (key + key / job.parallelism) % job.parallelism;
}

// What the fault-free run gives out for a key and a window: each source scans a key once in `keys`
// offsets, so that the scan at offset o is its (o / keys + 1)-th. Nothing where no scan has it.
inline uint64_t ReferenceSum(const Job& job, uint64_t key, uint64_t window) {
  uint64_t sum = 0;
  for (uint64_t source = 0; source < job.sources; ++source) {
    for (uint64_t o = window * job.window; o < (window + 1) * job.window; ++o) {
      if (KeyOf(job, source, o) == key) sum += o / job.keys + 1;
    }
  }
  return sum;
}

}  // namespace reprise::dataflow
