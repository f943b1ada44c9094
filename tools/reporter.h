// What commands that search have in common: a failure shrunk, written down and told.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "sim/scenario.h"
#include "sim/search/campaign.h"
#include "tools/report.h"

namespace reprise {

struct FailureReport {
  std::string command;      // "fuzz", of whose JSON it is.
  std::string unseeded;     // "single": begins the names of traces of runs without a seed,
  std::string origin;       // "a single fault": and what such runs are, but for the calm one.
  std::string out;          // The folder for traces.
  std::string faults = {};  // Options that say which faults could strike; empty where all could.
  bool json = false;
  double seconds = 0;  // How long it took to find.
};

// Shrinks the failure, writes its trace and its events, and prints all there is to say. The path of
// the trace is there even where it could not be written.
absl::Status ReportFailure(const Scenario& scenario, const Finding& finding,
                           const FailureReport& report, std::string& path);

// Whether the scenario runs the same way twice; where not, how it differs goes to stderr.
bool IsDeterministic(const Scenario& scenario, uint64_t seed);

// Of several exit statuses, the one that is most worth knowing.
int Worse(int a, int b);

// As one line.
void PrintJson(const Json& json);

}  // namespace reprise
