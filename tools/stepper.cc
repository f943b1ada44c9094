#include "tools/stepper.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>

#include "tools/console.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

constexpr size_t kConeLines = 12;

constexpr const char* kHelp =
    "  n                next event            n n2     of node n2       n TEXT  that says TEXT\n"
    "  p                previous event        p n2     of node n2       p TEXT  that says TEXT\n"
    "  fact [WORD]      next fact, of a node or that says it             back [WORD]  previous\n"
    "  goto N           to the event of that number; goto end to the last one\n"
    "  violation        to the event at which the run failed\n"
    "  cause            to the send of what arrived here, or to what the node did before\n"
    "  state [NODE]     what each node had reported by now, and whether it is up\n"
    "  cone             what can have caused this event: how many, and the last of them\n"
    "  list             the events around this one\n"
    "  quit             an empty line does the last command again\n";

std::optional<uint64_t> Number(const std::string& text) {
  uint64_t n = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return {};
  return n;
}

// "n2" or "2", where there is such a node.
NodeId NodeOf(const std::string& text, int nodes) {
  const auto n = Number(text.starts_with('n') ? text.substr(1) : text);
  return n && *n >= 1 && *n <= static_cast<uint64_t>(nodes) ? NodeId(static_cast<uint32_t>(*n))
                                                            : kNobody;
}

std::string FateOf(Course::Fate fate) {
  using Fate = Course::Fate;
  switch (fate) {
    case Fate::kDelivered: return "delivered";
    case Fate::kDuplicate: return "delivered again";
    case Fate::kDamaged: return "delivered damaged";
    case Fate::kStale: return "delivered to a later boot";
    case Fate::kDropped: return "dropped";
    case Fate::kCutOff: return "stopped by a cut";
    case Fate::kNobodyUp: return "lost, because the receiver was down";
    case Fate::kUnderway: return "still underway at the end";
  }
  return "";
}

}  // namespace

Stepper::Stepper(const Scenario& scenario, const RunResult& result)
    : scenario_(scenario),
      result_(result),
      timeline_(result.timeline),
      courses_(CoursesOf(result.timeline)) {}

std::string Stepper::Do(const std::string& line) {
  const size_t from = line.find_first_not_of(" \t\r");
  const std::string whole =
      from == line.npos ? last_ : line.substr(from, line.find_last_not_of(" \t\r") + 1 - from);
  const std::string command = whole.substr(0, whole.find(' '));
  const std::string rest = command.size() == whole.size()
                               ? ""
                               : whole.substr(whole.find_first_not_of(' ', command.size()));
  last_ = whole;
  if (command == "n" || command == "next") return Step(1, WantedOf(rest, false));
  if (command == "p" || command == "previous") return Step(-1, WantedOf(rest, false));
  if (command == "fact") return Step(1, WantedOf(rest, true));
  if (command == "back") return Step(-1, WantedOf(rest, true));
  if (command == "goto") return GoTo(rest);
  if (command == "violation") {
    return result_.verdict.failed() ? GoTo(std::to_string(result_.verdict.event))
                                    : "the run did not fail\n";
  }
  if (command == "cause") {
    if (cursor_ == 0) return "at no event yet: n goes to the first\n";
    for (const Course& course : courses_) {
      if (course.end == cursor_) return GoTo(std::to_string(course.send));
    }
    return Step(-1, {timeline_[cursor_ - 1].node, false, ""});
  }
  if (command == "state") {
    const NodeId node = NodeOf(rest, scenario_.nodes());
    return rest.empty() || node != kNobody ? State(node) : "no node " + rest + "\n";
  }
  if (command == "cone") return Cone();
  if (command == "list") {
    std::string out;
    const size_t first = cursor_ > 6 ? cursor_ - 5 : 1;
    for (size_t i = first; i < std::min(first + 11, timeline_.size() + 1); ++i) {
      out += (i == cursor_ ? ">" : " ") + Line(i);
    }
    return out;
  }
  if (command == "help" || command == "?") return kHelp;
  ended_ = command == "quit" || command == "q";
  return ended_ ? "" : "no command \"" + command + "\"; help lists them\n";
}

Stepper::Wanted Stepper::WantedOf(const std::string& words, bool facts) const {
  const NodeId node = words.starts_with('n') ? NodeOf(words, scenario_.nodes()) : kNobody;
  if (node != kNobody) return {node, facts, ""};
  return {kNobody, facts || words == "fact", words == "fact" ? "" : words};
}

bool Stepper::Fits(const Event& event, const Wanted& wanted) const {
  if (wanted.facts && event.kind != Kind::kFact) return false;
  if (wanted.node != kNobody && event.node != wanted.node) return false;
  return wanted.text.empty() || What(event).find(wanted.text) != std::string::npos;
}

std::string Stepper::Step(int direction, const Wanted& wanted) {
  for (size_t i = cursor_;;) {
    if (direction > 0 ? i >= timeline_.size() : i <= 1) {
      return std::string("no such event ") + (direction > 0 ? "after" : "before") + " this one\n";
    }
    i = direction > 0 ? i + 1 : i - 1;
    if (!Fits(timeline_[i - 1], wanted)) continue;
    cursor_ = i;
    return Show();
  }
}

std::string Stepper::GoTo(const std::string& number) {
  const auto n = number == "end" ? std::optional<uint64_t>(timeline_.size()) : Number(number);
  if (!n || *n < 1 || *n > timeline_.size()) {
    return "goto wants a number from 1 to " + std::to_string(timeline_.size()) + ", or end\n";
  }
  cursor_ = *n;
  return Show();
}

std::string Stepper::Line(size_t number) const {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 8 ? 8 - digits.size() : 0, ' ');
  return digits + " " + Clean(Describe(timeline_[number - 1])) + "\n";
}

// The event, and what it came from or came to.
std::string Stepper::Show() const {
  std::string out = Line(cursor_);
  const std::string indent(9, ' ');
  for (const Course& course : courses_) {
    if (course.send == cursor_) {
      out += indent + "-> " + FateOf(course.fate) +
             (course.end == 0 ? "" : ", event " + std::to_string(course.end)) + "\n";
    } else if (course.end == cursor_) {
      out += indent + "<- event " + std::to_string(course.send) + ": " +
             Clean(Describe(timeline_[course.send - 1])).substr(16) + "\n";
    }
  }
  if (result_.verdict.failed() && result_.verdict.event == cursor_) {
    out += indent + "!! " + OneLine(result_.verdict.oracle) + ": " +
           OneLine(result_.verdict.reason) + "\n";
  }
  return out;
}

std::string Stepper::State(NodeId only) const {
  struct Known {
    std::string life = "not started";
    uint64_t boot = 0;
    std::map<std::string, std::pair<std::string, uint64_t>> facts;  // By type, with the boot.
  };
  std::map<NodeId, Known> nodes;
  for (int n = 1; n <= scenario_.nodes(); ++n) nodes[NodeId(static_cast<uint32_t>(n))];
  for (size_t i = 0; i < cursor_; ++i) {
    const Event event = timeline_[i];
    if (event.node == kNobody) continue;
    Known& known = nodes[event.node];
    switch (event.kind) {
      case Kind::kBoot: known.life = "up", known.boot = event.id; break;
      case Kind::kCrash: known.life = "down"; break;
      case Kind::kExit: known.life = "up, its Main has returned"; break;
      case Kind::kLeftOut: known.life = "stands still"; break;
      case Kind::kFact:
        known.facts[std::string(event.message.name())] = {Clean(event.message.text()), known.boot};
        break;
      default: break;
    }
  }
  std::string out;
  for (const auto& [node, known] : nodes) {
    if (only != kNobody && node != only) continue;
    out += Padded(Name(node), 6) + known.life +
           (known.boot > 1 ? ", boot " + std::to_string(known.boot) : "") + "\n";
    for (const auto& [type, fact] : known.facts) {
      out += "      " + fact.first + (fact.second < known.boot ? "   (of an earlier boot)" : "") +
             "\n";
    }
  }
  return out;
}

std::string Stepper::Cone() const {
  if (cursor_ == 0) return "at no event yet: n goes to the first\n";
  const std::vector<bool> past = CausalPast(timeline_, cursor_, timeline_[cursor_ - 1].node);
  std::vector<size_t> events;
  for (size_t i = 1; i < cursor_; ++i) {
    if (past[i]) events.push_back(i);
  }
  std::string out = Grouped(events.size()) + " of " + Grouped(cursor_ - 1) +
                    " earlier events can have caused it; the last of them:\n";
  for (size_t i = events.size() - std::min(events.size(), kConeLines); i < events.size(); ++i) {
    out += Line(events[i]);
  }
  return out;
}

void StepThrough(const Scenario& scenario, const RunResult& result) {
  const bool terminal = isatty(STDIN_FILENO) != 0;
  Stepper stepper(scenario, result);
  if (terminal) std::printf("n goes on, p goes back, help lists all\n");
  std::string line;
  for (;;) {
    if (terminal) {
      std::printf("(%s of %s) ", Grouped(stepper.cursor()).c_str(),
                  Grouped(result.timeline.size()).c_str());
    }
    std::fflush(stdout);
    if (!std::getline(std::cin, line)) break;
    std::fputs(stepper.Do(line).c_str(), stdout);
    if (stepper.ended()) return;
  }
  if (terminal) std::printf("\n");
}

}  // namespace reprise
