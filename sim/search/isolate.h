// Runs node code in a child process, so that what kills the process is a finding and not the end.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "sim/search/campaign.h"
#include "sim/search/shrink.h"

namespace reprise {

struct IsolateOptions {
  std::chrono::milliseconds limit = std::chrono::seconds(30);  // Of the real clock.
  bool quiet = true;  // Whether what the child says on its standard error is dropped.
};

// Like Simulate, in a child. Where the child dies or hangs, the result is a failure of the oracle
// "crash" or "hang", whose reason says how, with the departures drawn until then, as far as it
// could still say them. Other results come back without their timeline.
RunResult SimulateIsolated(const Scenario& scenario, const Choices& choices,
                           const IsolateOptions& options = {});

// Whether that is how a run ended which could only be made in a child.
bool KillsTheProcess(const std::string& oracle);

// For shrinking: replays of that scenario, each in a child of its own.
Attempt IsolatedAttempt(const Scenario& scenario, const IsolateOptions& options = {});

// What the job returns, from a child; nothing where the child dies or takes longer than the limit.
std::optional<std::string> InChild(const std::function<std::string()>& job,
                                   std::chrono::milliseconds limit);

// Shrinks a campaign's finding in a child, and, where that dies of a candidate, with a child for
// each candidate. Whoever asks checks that the result has failed.
Shrunk ShrinkFinding(const Scenario& scenario, const Finding& finding,
                     const ShrinkOptions& options = {});

}  // namespace reprise
