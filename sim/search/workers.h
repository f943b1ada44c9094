// The worker processes of a campaign: what they share, and what they say. Private to sim/search.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "sim/search/campaign.h"
#include "sim/search/wire.h"

namespace reprise {

// In memory that all workers share.
struct Shared {
  std::atomic<uint64_t> next{0};              // The first run that nobody has taken.
  std::atomic<uint64_t> stop_at{UINT64_MAX};  // Runs from here on are not wanted.
  struct Slot {
    std::atomic<uint64_t> run{UINT64_MAX};  // The run it is at,
    std::atomic<uint64_t> end{0};           // of those that it took, up to here.
    std::atomic<uint64_t> runs{0}, events{0}, failures{0};
  };
  static constexpr int kSlots = 256;
  Slot slots[kSlots];
};

// What a worker says when a run fails, and when it ends.
struct FailureWords {
  uint64_t index = 0;
  WireResult result;
};
struct TotalWords {
  std::vector<WireCount> faults;
  std::vector<std::pair<std::string, uint64_t>> facts;
  uint64_t unknown = 0, skipped = 0;
};

class Workers {
 public:
  Workers(const Scenario& scenario, const Plan& plan, const CampaignOptions& options);
  ~Workers();

  // Waits for something to happen, at most that long. Gives words to the two functions.
  void Pump(std::chrono::milliseconds limit,
            const std::function<void(uint64_t index, RunResult)>& on_failure,
            const std::function<void(const TotalWords&)>& on_total);
  bool running() const;
  void StopAt(uint64_t index);
  void StopNow() { StopAt(0); }
  Progress Count() const;

 private:
  struct Worker {
    pid_t pid = 0;
    int fd = -1;
    std::string words;
    uint64_t at = UINT64_MAX;  // The run it was at when last looked, and since when.
    std::chrono::steady_clock::time_point since;
    bool hung = false;
  };

  // Starts a worker, which first does what another took and left undone.
  void Start(int slot, uint64_t left_from, uint64_t left_to);
  [[noreturn]] void Work(int slot, int fd, uint64_t from, uint64_t to);
  void Listen(int slot, const std::function<void(uint64_t, RunResult)>& on_failure,
              const std::function<void(const TotalWords&)>& on_total);
  void Bury(int slot, const std::function<void(uint64_t, RunResult)>& on_failure);
  void WatchForHangs();

  const Scenario& scenario_;
  const Plan& plan_;
  const CampaignOptions& options_;
  const std::chrono::steady_clock::time_point started_;
  Shared* shared_;
  std::vector<Worker> workers_;
};

}  // namespace reprise
