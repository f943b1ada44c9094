// Walks through a run in a terminal, forwards and backwards: `replay --interactive`.
//
// The run was made once, and all its events were kept: going back needs no second run, and what is
// shown at an event is the same however one came to it.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "tools/causal.h"

namespace reprise {

class Stepper {
 public:
  // REQUIRES: the result's events were kept; both outlive the stepper.
  Stepper(const Scenario& scenario, const RunResult& result);

  // What the command says: lines, each with its end. An empty one does the last again.
  std::string Do(const std::string& line);
  bool ended() const { return ended_; }

  size_t cursor() const { return cursor_; }  // The event's number; 0 before the first.
  // "n1  up, boot 2" and a line for the latest fact of each type, of all nodes or of one.
  std::string State(NodeId only = kNobody) const;

 private:
  // What an argument of `n` and `p` restricts the steps to.
  struct Wanted {
    NodeId node = kNobody;
    bool facts = false;
    std::string text;  // Part of what is printed of the event.
  };
  Wanted WantedOf(const std::string& words, bool facts) const;
  bool Fits(const Event& event, const Wanted& wanted) const;

  std::string Step(int direction, const Wanted& wanted);
  std::string GoTo(const std::string& number);
  std::string Cone() const;
  std::string Show() const;
  std::string Line(size_t number) const;

  const Scenario& scenario_;
  const RunResult& result_;
  const Timeline& timeline_;
  std::vector<Course> courses_;
  size_t cursor_ = 0;
  std::string last_ = "n";
  bool ended_ = false;
};

// Reads commands from the standard input until it ends or one of them is quit. There is a prompt
// where that is a terminal.
void StepThrough(const Scenario& scenario, const RunResult& result);

}  // namespace reprise
