#include "sim/metrics.h"

namespace reprise {

const MetricInfo& Info(Metric metric) {
  using Unit = MetricInfo::Unit;
  static constexpr MetricInfo kInfo[kMetrics] = {
      {"lost", "RPO: operations that were acknowledged and lost", Unit::kShare},
      {"first-success", "RTO: from a crash to the next operation that succeeds", Unit::kTime},
      {"detection", "from a crash until some node suspects it", Unit::kTime},
      {"restart", "from a crash to the node's next boot", Unit::kTime},
      {"recovery", "from that boot until the node has recovered", Unit::kTime},
      {"recovering", "R = T_f/T_t: time with a node down or recovering, of all time", Unit::kShare},
      {"objects", "T_r: objects that one recovery had to recover", Unit::kNumber},
      {"object-time", "T_p: time that a recovery took for each of its objects", Unit::kTime},
      {"redundancy", "bytes stored for each byte that users gave", Unit::kNumber},
      {"availability", "operations that succeeded, of those asked for", Unit::kShare},
      {"amplification", "messages sent for each operation that succeeded", Unit::kNumber},
  };
  return kInfo[static_cast<size_t>(metric)];
}

}  // namespace reprise
