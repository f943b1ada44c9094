// Runs node code in a child process, so that what kills the process is a finding and not the end.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "sim/search/campaign.h"
#include "sim/search/shrink.h"

namespace reprise {

// Like Simulate, in a child. Where the child dies or hangs, the result is a failure of the oracle
// "crash" or "hang", whose reason says how, with the departures drawn until then. Other results
// come back without their timeline.
RunResult SimulateIsolated(const Scenario& scenario, const Choices& choices,
                           std::chrono::milliseconds limit = std::chrono::seconds(20));

// For shrinking: replays of that scenario, each in a child of its own.
Attempt IsolatedAttempt(const Scenario& scenario);

// What the job returns, from a child; nothing where the child dies or takes longer than the limit.
std::optional<std::string> InChild(const std::function<std::string()>& job,
                                   std::chrono::milliseconds limit);

// Shrinks a campaign's finding in a child, and, where that dies of a candidate, with a child for
// each candidate.
Shrunk ShrinkFinding(const Scenario& scenario, const Finding& finding,
                     const ShrinkOptions& options = {});

}  // namespace reprise
