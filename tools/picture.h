// A run as a picture, before anybody knows how large it is or how it is drawn: lanes, arrows,
// spans and marks, at moments of virtual time. Drawings as DOT and as text start from here.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "tools/selection.h"

namespace reprise {

struct Picture {
  static constexpr size_t kNoLane = ~size_t{0};  // What concerns no node, such as a partition.

  struct Lane {
    NodeId node = kNobody;
    std::string name;  // "n1"
    std::string role;  // "acceptor"; on the first lane of each run of equal roles.
    bool client = false;
    std::optional<Time> past_until = {};  // Where a cone is shown: until then it is in the past.
  };

  // A message on its way. One that is sent twice is two arrows.
  struct Arrow {
    Course::Fate fate{};
    bool arrived = false;      // The fate is one of arriving,
    bool extra = false;        // and as another copy.
    size_t from = 0, to = 0;   // Lanes.
    Time sent{}, ended{};      // Equal where it ended at once, or is still underway.
    size_t send = 0, end = 0;  // Events.
    uint64_t id = 0;
    std::string type;     // "Prepare"
    std::string text;     // "Prepare(3 17)"
    std::string arrives;  // What arrived instead, where it was damaged: "Prepare(3 19)".
    Shade shade{};
    bool repeats = false;  // Another copy to another node left at the same moment, drawn before.
  };

  struct Mark {
    enum class Kind {
      kFact,
      kCrash,
      kRestart,
      kExit,
      kWrite,
      kSync,
      kSyncFail,
      kLose,
      kRot,
      kMishap,
      kClock
    };
    Kind kind{};
    size_t lane = 0;
    Time at{};
    size_t event = 0;
    std::string type;  // Of a fact.
    std::string text;
    bool saved_state = false;  // Whether the fact is of a checkpoint or a snapshot.
    Shade shade{};
  };

  struct Span {
    enum class Kind { kDown, kCut };
    Kind kind{};
    size_t lane = kNoLane;
    Time from{}, to{};
    std::string text;                        // Of a cut: "n1 n2 | n3".
    std::vector<std::vector<size_t>> sides;  // Its lanes, where it has sides.
  };

  // Departures that were drawn in one moment at one place: the decisions that make this run not
  // calm.
  struct Flag {
    size_t lane = kNoLane, peer = kNoLane;
    Time at{};
    size_t event = 0;
    std::vector<std::string> texts;  // "late n1>n2 #7 = 812"
  };

  struct Callout {
    size_t lane = kNoLane;  // None where the whole run was judged.
    Time at{};
    size_t event = 0;
    std::string oracle;
    std::string reason;
  };

  std::string title;
  std::string subtitle;
  std::string note;       // What was left out.
  std::string elsewhere;  // Departures that have no place in the picture.
  bool failed = false;
  bool cone = false, dark = false, vertical = false;  // How it is to be drawn.

  Time first{}, last{};
  std::vector<Lane> lanes;
  std::vector<Arrow> arrows;  // In the order sent.
  std::vector<Mark> marks;    // In order; so are the others.
  std::vector<Span> spans;
  std::vector<Flag> flags;
  std::optional<Time> calm;  // When the storm ended.
  std::optional<Callout> callout;
  std::vector<Time> left_out;  // When messages that are not shown were sent.
};

Picture MakePicture(const Scenario& scenario, const RunResult& result, const DrawOptions& options);

}  // namespace reprise
