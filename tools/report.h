// Runs and failures, as people and as programs want to read them.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sim/scenario.h"
#include "sim/search/campaign.h"
#include "sim/search/shrink.h"

namespace reprise {

using Json = nlohmann::ordered_json;

// As text, over several lines where there is an indent. What is no UTF-8 is replaced.
std::string Dump(const Json& json, int indent = -1);

// {"schema": "reprise.run/1", ...}. Seeds and digests are strings: JSON numbers lose bits.
Json RunJson(const Scenario& scenario, const RunResult& result, std::optional<uint64_t> seed);
Json FaultsJson(const FaultCounts& faults);
Json MetricsJson(const Metrics& metrics);
Json FactsJson(const std::vector<std::pair<std::string, uint64_t>>& facts);

// "PASS  primary-backup  seed 0x7" and what there is to say about the run.
std::string RunText(const Scenario& scenario, const RunResult& result, std::optional<uint64_t> seed,
                    double seconds);

// "3 crash  1 cut  61 drop": what was applied.
std::string FaultsText(const FaultCounts& faults);
// All three counts of each fault that was attempted, on lines of which all but the first are
// indented so.
std::string FaultCountsText(const FaultCounts& faults, const std::string& indent);
// A value with its unit; "-" where there is none.
std::string ValueText(Metric metric, const Quotient& quotient);
// Empty where nothing was measured.
std::string MetricsText(const Metrics& metrics);
std::string FactsText(const std::vector<std::pair<std::string, uint64_t>>& facts);

// The departures of a run whose events were kept, one a line, with their times.
std::string DeparturesText(const RunResult& kept, size_t at_most);

// A file name's worth of a scenario's name: "raft:no-sync" becomes "raft-no-sync".
std::string FileName(const Scenario& scenario);

}  // namespace reprise
