// The worker processes of a campaign: what they share, and what they say. Private to sim/search.

#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sim/search/campaign.h"
#include "sim/search/child.h"

namespace reprise {

// What one worker after another did in a slot. In memory that all processes share, so that nothing
// is lost with a worker that dies.
struct Tally {
  static constexpr size_t kFacts = 256;
  struct Fact {
    char name[56];
    uint64_t count;
  };

  void Add(const RunResult& result);

  FaultCounts faults;
  Metrics metrics;
  uint64_t unknown = 0, skipped = 0;  // Runs with those verdicts.
  Fact facts[kFacts] = {};            // The last one stands for all that have no room.
};

struct Shared {
  static constexpr int kSlots = 256;
  static constexpr uint64_t kNone = UINT64_MAX;

  struct Slot {
    // The run it is at, or the last one it was at: all that it took and has not done are not
    // before this one. kNone where it takes no more.
    std::atomic<uint64_t> run{kNone};
    std::atomic<uint64_t> end{0};   // Of those that it took.
    std::atomic<uint64_t> said{0};  // How many failures.
    std::atomic<uint64_t> runs{0}, events{0}, failures{0};
    Tally tally;
  };

  std::atomic<uint64_t> next{0};         // The first run that nobody has taken.
  std::atomic<uint64_t> stop_at{kNone};  // Runs from here on are not wanted.
  Slot slots[kSlots];
};

class Workers {
 public:
  Workers(const Scenario& scenario, const Plan& plan, const CampaignOptions& options);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  using OnFailure = std::function<void(uint64_t index, RunResult)>;

  // Waits for something to happen, at most that long.
  void Pump(std::chrono::milliseconds limit, const OnFailure& on_failure);
  bool running() const;

  // All runs before this one are over, and what failed of them has been told.
  uint64_t DoneBefore() const;
  void StopAt(uint64_t index);
  // A worker whose run does not end soon is killed, and that is no finding.
  void StopNow();

  Progress Count() const;
  std::vector<const Tally*> tallies() const;

 private:
  struct Worker {
    Child child;
    bool running = false;
    std::string words;
    uint64_t heard = 0;           // Failures, of those that were said in its slot.
    uint64_t at = Shared::kNone;  // The run it was at when last looked, and since when.
    std::chrono::steady_clock::time_point since;
    bool hung = false;
  };

  // Starts a worker, which first does what another took and left undone.
  void Start(size_t slot, uint64_t left_from, uint64_t left_to);
  void Work(size_t slot, int fd, uint64_t from, uint64_t to);
  void Listen(Worker& worker, const OnFailure& on_failure);
  void Bury(size_t slot, const OnFailure& on_failure);
  void WatchForHangs();

  const Scenario& scenario_;
  const Plan& plan_;
  const CampaignOptions& options_;
  const std::chrono::steady_clock::time_point started_;
  std::optional<std::chrono::steady_clock::time_point> stopped_;
  Shared* shared_;
  std::vector<Worker> workers_;
};

}  // namespace reprise
