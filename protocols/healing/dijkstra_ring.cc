// Dijkstra's self-stabilising ring, with K states, over messages.
//
// After Dijkstra, "Self-stabilizing Systems in Spite of Distributed Control" (CACM 17(11), 1974).
// Machines stand in a ring. Each has a state S, one of K, and sees the state L of its predecessor.
//
//   The bottom machine has the privilege when S = L; its move is S := S + 1 mod K.
//   Any other machine has the privilege when S /= L; its move is S := L.
//
// In a legitimate state exactly one machine has the privilege, and moves pass it round. From any
// other state, whatever the machines hold, they come to a legitimate one by themselves.
//
// Here L is a copy, which the predecessor's messages keep up to date: it sends S whenever that has
// changed, and again after a while, because messages are lost. A machine and its copy are two
// machines of a ring twice as long, whose copies only ever follow, and so is each message that is
// under way. With K = 2n - 1, which is enough for the copies, fuzzing finds rings in which two
// privileges go round for ever, each behind messages of the other (seed 9259 of this scenario). So
// K is larger than the number of values that can be about: then the bottom machine comes to one
// that nobody else has, and when that comes back to it, all have it.
//
// Nothing is stored, and nothing need be: a machine that restarts is one more that holds anything.
// Faults of memory may overwrite S and L; the network may deliver what nobody sent.

#include "protocols/healing/dijkstra_ring.h"

#include <algorithm>

#include "models/spec/one_token.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

using dijkstra::AfterMove;
using dijkstra::Decisions;
using dijkstra::HasPrivilege;
using dijkstra::State;
using models::Moved;

constexpr Duration kAgain = 20ms;  // After which S is sent again, though it has not changed.

// Messages.
struct StateIs {
  uint64_t s = 0;
};

class Machine {
 public:
  Machine(Env& env, const Decisions& decide)
      : env_(env), decide_(decide), n_(env.peers().size() + 1), k_(decide.K(n_)) {}

  void Run() {
    const Env::Exposed<State> exposed(env_, state_);
    for (;;) {
      env_.Send(Successor(), StateIs{state_.s % k_});
      const Time again = env_.After(kAgain);
      while (!MovesBy(again)) continue;
    }
  }

 private:
  uint64_t number() const { return Index(env_.self()) - 1; }
  NodeId Successor() const { return NodeId{static_cast<uint32_t>((number() + 1) % n_ + 1)}; }

  // Takes in one message, and moves if that gives the privilege. True where S should be sent: it
  // has changed, or the time has come.
  bool MovesBy(Time again) {
    const std::optional<Envelope> mail = env_.ReceiveUntil(again);
    if (mail) mail->Match([this](const StateIs& m) { state_.l = m.s; });
    return Move() || !mail;
  }

  bool Move() {
    // Whatever a fault has left there is some state.
    state_ = {decide_.StateOf(state_.s, k_), decide_.StateOf(state_.l, k_)};
    const bool bottom = number() == 0;
    if (!HasPrivilege(decide_, bottom, state_)) return false;
    state_.s = AfterMove(bottom, state_, k_);
    env_.Report(Moved{number()});
    return true;
  }

  Env& env_;
  const Decisions& decide_;
  const uint64_t n_, k_;
  State state_;
};

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> mutants = {
      {{.name = "too-few-states",
        .id = "DI-M1",
        .difficulty = "D2",
        .oracle = "stabilises",
        .about = "there are n - 2 states, so that several privileges may go round for ever",
        .origin = "Dijkstra 1974: K must be large enough"},
       [](Decisions& d) { d.K = [](uint64_t n) { return n - 2; }; }},
      {{.name = "bottom-like-others",
        .id = "DI-M2",
        .difficulty = "D1",
        .oracle = "stabilises",
        .about = "the bottom machine moves when its state differs from its predecessor's",
        .origin = "Dijkstra 1974: one machine must be exceptional"},
       [](Decisions& d) { d.BottomMoves = [](const State& state) { return state.s != state.l; }; }},
      {{.name = "trusts-memory",
        .id = "DI-X1",
        .difficulty = "D1",
        .oracle = "stabilises",
        .about = "what is found in memory is taken for a state though it is none of the K",
        .origin = "Dijkstra 1974: any initial state, of those that there are"},
       [](Decisions& d) { d.StateOf = [](uint64_t found, uint64_t) { return found; }; }},
  };
  return mutants;
}

// All that can happen to a ring may: it is to come right from anything.
Scenario Make(const Options& options, const std::string& mutant) {
  const auto machines = static_cast<int>(options["machines"]);
  Scenario s;
  s.roles = {{.name = "machine",
              .count = machines,
              .main = [decide = DecisionsOf(Mutants(), mutant)](Env& env) {
                Machine(env, decide).Run();
              }}};
  s.links = {.delay = 1ms,
             .late = OneIn(16),
             .late_by = models::HeavyTail,
             .drop = OneIn(100),
             .duplicate = OneIn(100),
             .corrupt = OneIn(400),
             .truncate = OneIn(400),
             .checksum = false,
             .stale = OneIn(50),
             .burst = OneIn(100),
             .blackhole = OneIn(40),
             .bandwidth = OneIn(40),
             .queue = OneIn(40)};
  s.cuts = {.cut = OneIn(40),
            .groups = OneIn(80),
            .bridge = OneIn(80),
            .ring = OneIn(80),
            .flap = OneIn(80),
            .slot = 500ms,
            .longest = 1s};
  s.clogs = {.clog = OneIn(40), .swizzle = OneIn(80), .slot = 500ms, .longest = 1s};
  s.crashes = {.crash = OneIn(40),
               .slot = 500ms,
               .crash_at = OneIn(4000),
               .down_at_most = machines,
               .down_more = 400ms,
               .again = OneIn(8),
               .several = OneIn(80),
               .zone = OneIn(80),
               .rack = OneIn(80),
               .placement = {.zones = 2, .racks = 2},
               .churn = OneIn(200),
               .churn_most = 2s};
  s.processes = {.pause = OneIn(80),
                 .slow = OneIn(80),
                 .memory = OneIn(8),
                 .slot = 500ms,
                 .pause_most = 1s,
                 .slow_most = 1s};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2), .freeze = OneIn(80), .late_timer = OneIn(400)};
  s.order = OneIn(50);
  s.storm = 4s;
  // Messages from the storm may be late by 2.05 s, and copies of them by as much again. Then there
  // are at most 3N(N-1)/2 - N - 1 moves of a ring of N = 2n, each of which takes a delay and, where
  // the storm has lost a message, kAgain at most once.
  const int length = 2 * machines;
  const Duration bound = 4100ms + (3 * length * (length - 1) / 2) * 2ms + length * kAgain;
  s.calm = bound + 2s;
  s.oracles = JudgedBy(models::OneToken(static_cast<uint64_t>(machines), bound, 10),
                       models::RecoveryMeter());
  return s;
}

}  // namespace

Family DijkstraRing() {
  return {.name = "dijkstra-ring",
          .about = "a self-stabilising ring of K-state machines, which any fault may strike",
          .source = "Dijkstra, CACM 17(11), 1974",
          .options = {{"machines", "how many there are", 3, 12, 5}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
