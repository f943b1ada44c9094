// Golden digests: a table of what the digests of each scenario's first runs are, to be kept. Where
// another compiler, machine or version gives others, runs are not what they were. It is text:
//
//   # Made by reprise digests ...
//   write-ahead-log calm 0f3b5ad2c96e8817
//   write-ahead-log 1 77ab02c1d9e4f350
//   write-ahead-log:reply-before-sync calm 0f3b5ad2c96e8817

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/family.h"

namespace reprise {

struct DigestRow {
  std::string scenario;  // Its full name.
  std::string seed;      // A number, or "calm".
  std::string digest;    // 16 hexadecimal digits; "crash" or "hang" of a run that left none.

  friend bool operator==(const DigestRow&, const DigestRow&) = default;
};

inline constexpr uint64_t kGoldenSeeds = 3;

// Of every scenario and mutant, the calm run and the runs of the seeds from 1 to that. Each is made
// in a child process, so that what kills one leaves the others.
std::vector<DigestRow> DigestsOf(const Catalogue& catalogue, uint64_t seeds = kGoldenSeeds);

std::string FormatDigests(const std::vector<DigestRow>& rows);

// The rows of a table; kInvalidArgument with "line 7: what is wrong", where it is none.
absl::StatusOr<std::vector<DigestRow>> ParseDigests(const std::string& text);

// The table in that file. Errors name the path: kUnavailable where there is no such file.
absl::StatusOr<std::vector<DigestRow>> LoadDigests(const std::string& path);

// Takes out the rows of families that this program leaves out; how many these were.
size_t DropLeftOut(const Catalogue& catalogue, std::vector<DigestRow>& rows);

struct DigestDifference {
  std::string scenario, seed;
  std::optional<std::string> recorded;  // Nothing where the table lacks the run.
  std::optional<std::string> now;       // Nothing where the table has a run that is no more.
};
std::string Describe(const DigestDifference& difference);

// In the order of the runs as they are now; then what is no more.
std::vector<DigestDifference> CompareDigests(const std::vector<DigestRow>& recorded,
                                             const std::vector<DigestRow>& now);

}  // namespace reprise
