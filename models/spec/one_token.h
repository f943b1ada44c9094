// Self-stabilisation of a ring (Dijkstra 1974): from whatever state the faults have left it in, it
// comes to have exactly one privilege, and keeps it. Then the machines move in turn, each after its
// predecessor; two privileges, or none, show as a move out of turn, or as none at all.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/oracle.h"

namespace reprise::models {

// A machine had the privilege, and moved. Machines are numbered from 0.
struct Moved {
  uint64_t machine = 0;
};

class OneToken final : public Oracle {
 public:
  // A ring of so many machines, which must be legitimate so long after the storm, and go round at
  // least `laps` times from then on.
  OneToken(uint64_t machines, Duration bound, uint64_t laps)
      : machines_(machines), bound_(bound), moves_needed_(machines * laps) {}

  std::string name() const override { return "stabilises"; }
  EventKinds Watches() const override { return MaskOf(Event::Kind::kCalm); }

  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kCalm && !from_) from_ = event.at + bound_;
    return std::nullopt;
  }

  Complaint OnFact(const Event& event) override {
    if (!from_ || event.at < *from_) return std::nullopt;
    const std::optional<Moved> moved = event.As<Moved>();
    if (!moved) return std::nullopt;
    const std::optional<uint64_t> last = last_;
    last_ = moved->machine;
    ++moves_;
    if (!last || moved->machine == (*last + 1) % machines_) return std::nullopt;
    return "machine " + std::to_string(moved->machine) + " moved after machine " +
           std::to_string(*last) + ", " + Millis(bound_.count()) + " into the calm";
  }

  Complaint AtEnd() override {
    if (!from_ || moves_ >= moves_needed_) return std::nullopt;
    return "the ring made " + std::to_string(moves_) + " moves once it was to be legitimate, of " +
           std::to_string(moves_needed_) + " at least";
  }

  std::optional<std::string> Undecided() const override {
    if (from_) return std::nullopt;
    return "no calm began in which the ring could become legitimate";
  }

 private:
  uint64_t machines_;
  Duration bound_;
  uint64_t moves_needed_;
  std::optional<Time> from_;
  std::optional<uint64_t> last_;
  uint64_t moves_ = 0;
};

}  // namespace reprise::models
