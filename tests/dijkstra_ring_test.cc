// Dijkstra's ring: its rules, all of them and over all states, and the ring of messages.

#include "protocols/healing/dijkstra_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "models/spec/one_token.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using dijkstra::Decisions;

// All states of a ring of n machines that see each other's states at once, under a central daemon:
// one machine that has the privilege moves at a time.
class AllStates {
 public:
  AllStates(uint64_t n, uint64_t k) : n_(n), k_(k) {
    for (uint64_t i = 0; i < n; ++i) count_ *= k;
    worst_.assign(count_, kUnknown);
  }

  // The most moves that can be made before the ring is legitimate, from any state; none where it
  // need never be.
  std::optional<int64_t> WorstMoves() {
    int64_t worst = 0;
    for (uint64_t state = 0; state < count_; ++state) {
      const int64_t moves = Worst(state);
      if (moves == kNever) return std::nullopt;
      worst = std::max(worst, moves);
    }
    return worst;
  }

  // From a state with one privilege only states with one privilege are reached.
  bool Closed() const {
    for (uint64_t state = 0; state < count_; ++state) {
      const auto privileged = Privileged(state);
      if (privileged.empty()) return false;
      if (privileged.size() == 1 && Privileged(Moved(state, privileged[0])).size() != 1)
        return false;
    }
    return true;
  }

 private:
  static constexpr int64_t kUnknown = -1, kOnTheWay = -2, kNever = -3;

  uint64_t At(uint64_t state, uint64_t machine) const {
    for (uint64_t i = 0; i < machine; ++i) state /= k_;
    return state % k_;
  }
  dijkstra::State Of(uint64_t state, uint64_t machine) const {
    return {At(state, machine), At(state, (machine + n_ - 1) % n_)};
  }
  std::vector<uint64_t> Privileged(uint64_t state) const {
    std::vector<uint64_t> found;
    for (uint64_t i = 0; i < n_; ++i) {
      if (HasPrivilege(Decisions(), i == 0, Of(state, i))) found.push_back(i);
    }
    return found;
  }
  uint64_t Moved(uint64_t state, uint64_t machine) const {
    uint64_t unit = 1;
    for (uint64_t i = 0; i < machine; ++i) unit *= k_;
    const uint64_t before = At(state, machine);
    return state + (AfterMove(machine == 0, Of(state, machine), k_) - before) * unit;
  }
  int64_t Worst(uint64_t state) {
    int64_t& worst = worst_[state];
    if (worst == kOnTheWay) return kNever;  // Round and round.
    if (worst != kUnknown) return worst;
    const auto privileged = Privileged(state);
    if (privileged.size() == 1) return worst = 0;
    worst = kOnTheWay;
    int64_t most = 0;
    for (uint64_t machine : privileged) {
      const int64_t rest = Worst(Moved(state, machine));
      if (rest == kNever) return worst_[state] = kNever;
      most = std::max(most, rest + 1);
    }
    return worst_[state] = most;
  }

  uint64_t n_, k_, count_ = 1;
  std::vector<int64_t> worst_;
};

TEST(DijkstraRing, IsClosedAndConvergesWhereKIsAtLeastNMinusOne) {
  for (uint64_t n = 3; n <= 6; ++n) {
    EXPECT_TRUE(AllStates(n, n).Closed());
    EXPECT_TRUE(AllStates(n, n - 1).WorstMoves().has_value()) << n;
    if (n == 3) continue;
    EXPECT_FALSE(AllStates(n, n - 2).WorstMoves().has_value()) << n;
  }
}

TEST(DijkstraRing, NeedsThatManyMovesAtWorst) {
  for (int64_t n = 4; n <= 6; ++n) {
    const auto machines = static_cast<uint64_t>(n);
    EXPECT_EQ(AllStates(machines, machines).WorstMoves(), 3 * n * (n - 1) / 2 - n - 1) << n;
    EXPECT_EQ(AllStates(machines, machines - 1).WorstMoves(), 3 * n * (n - 1) / 2 - n - 1) << n;
  }
  EXPECT_EQ(AllStates(3, 3).WorstMoves(), 2);
}

TEST(DijkstraRing, ComesRightFromAnythingAndMeetsEveryFaultOnItsMenu) {
  const Scenario s = *AllProtocols().Make("dijkstra-ring");
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << seed << " " << r.verdict.reason;
    faults += r.faults;
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(s, fault).num == 0) continue;
    EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
  }
}

TEST(DijkstraRing, TooFewStatesAreFoundByFaultsOfMemoryAndNotInTheCalm) {
  const Scenario s = *AllProtocols().Make("dijkstra-ring:too-few-states");
  EXPECT_EQ(Simulate(s, Choices::Calm()).verdict.kind, Verdict::Kind::kPass);
  uint64_t seed = 1;
  while (seed <= 20'000 && !Simulate(s, Choices::FromSeed(seed)).verdict.failed()) ++seed;
  EXPECT_LE(seed, 20'000u);
}

// The oracle.
Complaint Judge(const std::vector<uint64_t>& moves, uint64_t laps) {
  models::OneToken oracle(3, 100ms, laps);
  Event calm;
  calm.kind = Event::Kind::kCalm;
  oracle.OnEvent(calm);
  int64_t at = 100'000'000;
  for (uint64_t machine : moves) {
    const models::Moved moved{machine};
    const std::string bytes = Encode(moved);
    const Event event{.kind = Event::Kind::kFact,
                      .at = AtNanos(at++),
                      .message = {&internal::kType<models::Moved>, bytes}};
    if (auto why = oracle.OnFact(event)) return why;
  }
  return oracle.AtEnd();
}

TEST(OneToken, WantsMovesInTurn) {
  EXPECT_EQ(Judge({1, 2, 0, 1, 2, 0}, 2), std::nullopt);  // Wherever they begin.
  EXPECT_NE(Judge({1, 2, 0, 2}, 1), std::nullopt);
  EXPECT_NE(Judge({1, 1}, 0), std::nullopt);
  EXPECT_EQ(Judge({1, 2, 0}, 2),
            "the ring made 3 moves once it was to be legitimate, of 6 at least");
  EXPECT_EQ(models::OneToken(3, 1s, 1).Undecided().has_value(), true);
}

}  // namespace
}  // namespace reprise
