#include "sim/scenario.h"

namespace reprise {

std::string_view KindName(Verdict::Kind kind) {
  static constexpr std::string_view kNames[] = {"pass", "fail", "skipped", "unknown"};
  return kNames[static_cast<size_t>(kind)];
}

Departures RunResult::departures() const {
  Departures out;
  for (const Taken& t : taken) out.push_back(t.departure);
  Sort(out);
  return out;
}

}  // namespace reprise
