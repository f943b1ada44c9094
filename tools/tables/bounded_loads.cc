// bounded-loads: consistent hashing with bounded loads: how full servers are, and how many are
// asked. Keys are placed one after another on the ring that the protocols use, of 100 servers with
// one point each.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "protocols/placement/hash_ring.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr uint32_t kServers = 100;
constexpr uint64_t kKeys = 10'000;
constexpr uint32_t kRings = 150;  // Three standard errors of the probes are 4 %.

struct Measured {
  double fullest = 0;  // In units of the mean.
  double probes = 0;
};

// Of so many keys in the end: the capacity is that of the whole.
Measured Measure(uint64_t per_mille) {
  Measured result;
  for (uint32_t number = 0; number < kRings; ++number) {
    std::set<NodeId> servers;
    for (uint32_t i = 1; i <= kServers; ++i) servers.insert(NodeId{number * kServers + i});
    placement::HashRing ring(1);
    ring.Reset(servers);
    std::map<NodeId, uint64_t> load;
    uint64_t probes = 0, most = 0;
    for (uint64_t key = 0; key < kKeys; ++key) {
      const auto placed = ring.Place(number * kKeys + key, load, kKeys, per_mille);
      probes += placed.probes;
      most = std::max(most, ++load[placed.node]);
    }
    result.fullest += static_cast<double>(most) * kServers / kKeys / kRings;
    result.probes += static_cast<double>(probes) / kKeys / kRings;
  }
  return result;
}

std::vector<TableRow> Rows() {
  struct Line {
    const char* epsilon;
    uint64_t per_mille;
    double probes;
  };
  // The probes are those of an independent simulation: there is no closed form.
  constexpr Line kLines[] = {{".1", 1100, 3.6},
                             {".25", 1250, 2.4},
                             {".5", 1500, 1.62},
                             {"1", 2000, 1.25},
                             {"2", 3000, 1.05}};
  std::vector<TableRow> rows;
  for (const Line& line : kLines) {
    const Measured measured = Measure(line.per_mille);
    const std::string of = std::string("epsilon = ") + line.epsilon + ": ";
    rows.push_back({.what = of + "fullest server / mean",
                    .model = static_cast<double>(line.per_mille) / 1000,
                    .simulation = measured.fullest,
                    .tolerance = .001,
                    .digits = 3});
    rows.push_back({.what = of + "servers asked for each key",
                    .model = line.probes,
                    .simulation = measured.probes,
                    .tolerance = .08,
                    .digits = 2});
  }
  return rows;
}

}  // namespace

Table BoundedLoads() {
  return {.id = "bounded-loads",
          .about = "consistent hashing with bounded loads: 10,000 keys on 100 servers",
          .source = "Mirrokni, Thorup and Zadimoghaddam, SODA 2018",
          .cost = "about 5 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
