// T08: how evenly virtual nodes spread a ring of consistent hashing, measured on the ring that the
// protocols use.

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "models/theory/placement.h"
#include "protocols/placement/hash_ring.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr uint32_t kNodes = 1000;

// The shares of all nodes of so many rings, in units of their mean, sorted.
std::vector<double> SharesOf(uint64_t vnodes, uint32_t rings) {
  std::vector<double> shares;
  for (uint32_t ring = 0; ring < rings; ++ring) {
    std::set<NodeId> nodes;
    for (uint32_t i = 1; i <= kNodes; ++i) nodes.insert(NodeId{ring * kNodes + i});
    placement::HashRing hashed(vnodes);
    hashed.Reset(nodes);
    for (const auto& [node, share] : hashed.Shares()) {
      shares.push_back(static_cast<double>(share) / 0x1p64 * kNodes);
    }
  }
  std::ranges::sort(shares);
  return shares;
}

double DeviationOf(const std::vector<double>& shares) {
  double sum = 0;
  for (const double share : shares) sum += (share - 1) * (share - 1);
  return std::sqrt(sum / static_cast<double>(shares.size()));
}

std::vector<TableRow> Rows() {
  struct Line {
    uint64_t vnodes;
    uint32_t rings;
    double deviation, low, high;  // As the paper has them.
  };
  constexpr Line kLines[] = {{1, 100, .998, .005, 5.25},
                             {10, 100, .315, .37, 1.98},
                             {100, 30, .0997, .76, 1.28},
                             {1000, 10, .0316, .92, 1.09}};
  std::vector<TableRow> rows;
  for (const Line& line : kLines) {
    const auto vnodes = static_cast<double>(line.vnodes);
    const std::vector<double> shares = SharesOf(line.vnodes, line.rings);
    const std::string of = std::to_string(line.vnodes) + " vnodes: ";
    const auto at = [&](double p) {
      return shares[static_cast<size_t>(p * static_cast<double>(shares.size()))];
    };
    rows.push_back({of + "relative deviation", line.deviation,
                    theory::RelativeShareDeviation(kNodes, vnodes), DeviationOf(shares), .03});
    // So few shares are that small, with one virtual node, that they are known to a tenth only.
    rows.push_back({of + "0.5 % have less than", line.low, theory::ShareQuantile(vnodes, .005),
                    at(.005), line.vnodes == 1 ? .15 : .03});
    rows.push_back({of + "0.5 % have more than", line.high, theory::ShareQuantile(vnodes, .995),
                    at(.995), .03});
  }
  return rows;
}

}  // namespace

Table RingShares() {
  return {.id = "T08",
          .about = "how evenly virtual nodes spread a ring of 1,000 nodes, in units of the mean",
          .source = "Lamping and Veach, arXiv:1406.2294, table 1",
          .cost = "about 15 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
