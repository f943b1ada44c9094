// An explanation as people and as programs want to read it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/search/explain.h"
#include "tools/nearest.h"
#include "tools/report.h"
#include "tools/sentences.h"

namespace reprise {

// All that is known of why one run failed.
struct Why {
  const Remade& failing;
  const Explanation& explanation;
  const Remade* passing = nullptr;  // The nearest run that passes, where there is one,
  std::optional<Alignment> beside;  // and how the failing one lies beside it.
  Story story;
  std::string path;  // Of the trace, for commands to go on with.
};

std::string WhyText(const Why& why);
Json WhyJson(const Why& why);

// The classes of faults that were needed, in the order of FaultClasses(), and last "choices", where
// something that a node or a workload drew was. A departure that only says how a fault strikes
// counts as that fault does.
std::vector<std::string> ClassesNeeded(const Explanation& explanation);

// What a value stands for, where that is known: how late a message is, how long a cut lasts, at
// which moment a fault strikes; else empty.
std::string MeaningOf(const Scenario& scenario, const Address& address, uint64_t value);

}  // namespace reprise
