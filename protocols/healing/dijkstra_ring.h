// The rules of Dijkstra's K-state ring (CACM 17(11), 1974), apart from how machines learn of each
// other: dijkstra_ring.cc tells the story.

#pragma once

#include <cstdint>

namespace reprise::dijkstra {

// A machine's own state S, and that of its predecessor, L, as it knows it.
struct State {
  uint64_t s = 0;
  uint64_t l = 0;
};

struct Decisions {
  // How many states there are, for n machines that send each other messages.
  uint64_t (*K)(uint64_t n) = [](uint64_t) -> uint64_t { return 1 << 16; };
  // Which of the k states it is that a fault may have left in memory.
  uint64_t (*StateOf)(uint64_t found, uint64_t k) = [](uint64_t found, uint64_t k) {
    return found % k;
  };
  bool (*BottomMoves)(const State& state) = [](const State& state) { return state.s == state.l; };
};

inline bool HasPrivilege(const Decisions& decide, bool bottom, const State& state) {
  return bottom ? decide.BottomMoves(state) : state.s != state.l;
}

// S after the move of a machine that has the privilege.
inline uint64_t AfterMove(bool bottom, const State& state, uint64_t k) {
  return bottom ? (state.s + 1) % k : state.l;
}

}  // namespace reprise::dijkstra
