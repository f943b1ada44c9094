#include "sim/search/audit.h"

namespace reprise {
namespace {

// Whether so many attempts are six standard deviations or more away from those expected. Each draw
// is a coin of its own, so that the variance is at most the expectation; one more is added, for the
// expectations near zero.
bool FarFrom(const FaultCount& count) {
  const unsigned __int128 expected = count.expected;
  const unsigned __int128 attempted =
      static_cast<unsigned __int128>(count.attempted - count.given) * FaultCount::kOnce;
  const unsigned __int128 off = attempted > expected ? attempted - expected : expected - attempted;
  // off^2 >= 36 (expected + 1), in units of 2^-32. Less precise where it would overflow.
  const unsigned __int128 precise = off >> 8;
  return precise * precise >= (36 * (expected + FaultCount::kOnce)) << 16;
}

}  // namespace

std::vector<std::string> AuditFaults(const Scenario& scenario, const FaultCounts& faults) {
  std::vector<std::string> wrong;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(scenario, fault).num == 0) continue;
    const FaultCount& count = faults[fault];
    const std::string name(Info(fault).name);
    if (FarFrom(count)) {
      wrong.push_back(name + " was attempted " + std::to_string(count.attempted - count.given) +
                      " times, where its rate explains about " +
                      std::to_string(count.expected / FaultCount::kOnce) +
                      ": its draws are not what they say");
    } else if (count.observed == 0 && count.attempted - count.given >= kOftenEnough) {
      wrong.push_back(name + " was attempted " + std::to_string(count.attempted) +
                      " times, applied " + std::to_string(count.applied) +
                      " times, and no node ever observed it: " +
                      (count.applied == 0 ? "the scenario's budget or its workload never lets it "
                                            "strike, or its effect is missing"
                                          : "its effect is missing, or nodes never look"));
    }
  }
  return wrong;
}

}  // namespace reprise
