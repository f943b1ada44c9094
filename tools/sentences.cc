#include "tools/sentences.h"

#include <algorithm>
#include <map>

#include "tools/causal.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;
using Fate = Course::Fate;

constexpr size_t kLength = 90;  // Of what a message or a fact says.

std::string Says(const MessageView& message) {
  if (message.type() != nullptr) return Shorten(Clean(message.text()), kLength);
  return Shorten(Clean(message.bytes()), kLength);
}

// A path, which is text, and what may follow it, which is not.
std::string PathOf(const Event& e) {
  const std::string_view bytes = e.message.bytes();
  size_t n = 0;
  while (n < bytes.size() && bytes[n] > ' ' && bytes[n] <= '~') ++n;
  if (n > 0 && bytes[n - 1] == ':') --n;  // The path of a write ends so.
  return std::string(bytes.substr(0, n));
}

std::string EndOf(const Course& course, const Timeline& timeline, const std::string& peer) {
  if (course.end == 0) return ", and it is still on its way";
  const std::string at = Exactly(timeline[course.end - 1].at);
  switch (course.fate) {
    case Fate::kDelivered: return ", which has it at " + at;
    case Fate::kDuplicate: return ", which has it once more at " + at;
    case Fate::kDamaged:
      return ", which has it damaged at " + at + ": " + Says(timeline[course.end - 1].message);
    case Fate::kStale: return ", which has it at " + at + ", though it was for an earlier boot";
    case Fate::kDropped: return ", and it is lost";
    case Fate::kCutOff: return ", and it is cut off";
    case Fate::kNobodyUp: return ", but " + peer + " is down";
    case Fate::kUnderway: break;
  }
  return "";
}

// Of all events but those of messages; empty where there is nothing to say.
std::string TextOf(const Event& e) {
  const std::string who = e.node == kNobody ? "" : Name(e.node);
  const std::string path = PathOf(e);
  switch (e.kind) {
    case Kind::kBoot: return e.id > 1 ? who + " starts again" : "";
    case Kind::kCrash: return who + " crashes" + (path.empty() ? "" : ": " + Says(e.message));
    case Kind::kExit: return who + " ends";
    case Kind::kCut: return "the network is cut: " + Says(e.message);
    case Kind::kHeal: return "the cut heals: " + Says(e.message);
    case Kind::kCreate: return who + " creates " + path;
    case Kind::kWrite: return who + " writes to " + path;
    case Kind::kTruncate: return who + " truncates " + path;
    case Kind::kRename: return who + " renames " + path;
    case Kind::kRemove: return who + " removes " + path;
    case Kind::kSync: return who + " syncs " + path;
    case Kind::kSyncDir: return who + " syncs the directory " + path;
    case Kind::kSyncFail: return "a sync of " + path + " fails at " + who;
    case Kind::kLose: return who + " loses what it had not synced of " + path;
    case Kind::kRot: return "a bit of " + path + " rots at " + who;
    case Kind::kClock: return "the clock of " + who + " is set off";
    case Kind::kFact: return who + " reports " + Says(e.message);
    case Kind::kCalm: return "the storm ends";
    case Kind::kStrike: return Says(e.message) + (who.empty() ? "" : ", at " + who) + " begins";
    case Kind::kOver: return Says(e.message) + (who.empty() ? "" : ", at " + who) + " is over";
    case Kind::kMishap: return "at " + who + ": " + Says(e.message);
    case Kind::kLeftOut: return who + " stands still from now on";
    default: return "";
  }
}

}  // namespace

std::vector<Sentence> SentencesOf(const Timeline& timeline, const std::vector<bool>& events) {
  const auto among = [&](size_t event) { return event < events.size() && events[event]; };
  std::map<size_t, std::vector<Course>> courses;  // By the event at which they are told.
  for (const Course& course : CoursesOf(timeline)) {
    if (among(course.send) && (course.end == 0 || among(course.end) || !course.arrived())) {
      courses[course.send].push_back(course);
    } else if (among(course.end)) {
      courses[course.end].push_back(course);
    } else if (among(course.send)) {
      courses[course.send].push_back({Fate::kUnderway, course.send, course.send});
    }
  }
  std::vector<Sentence> out;
  for (size_t i = 1; i <= timeline.size(); ++i) {
    if (const auto told = courses.find(i); told != courses.end()) {
      for (const Course& course : told->second) {
        const Event send = timeline[course.send - 1];
        const std::string to = Name(send.peer);
        std::string text = Name(send.node) + (course.send == i ? " sends " : " sent ") +
                           Says(send.message) + " to " + to + EndOf(course, timeline, to);
        out.push_back({i, timeline[i - 1].at, std::move(text)});
      }
    } else if (among(i)) {
      const Event e = timeline[i - 1];
      std::string text = TextOf(e);
      if (!text.empty()) out.push_back({i, e.at, std::move(text)});
    }
  }
  return out;
}

Story TellWhy(const Scenario& scenario, const RunResult& run, const Alignment* with_passing,
              size_t sentences_at_most) {
  Story story;
  const Timeline& timeline = run.timeline;
  if (timeline.size() == 0) return story;
  const auto last = std::min<size_t>(run.verdict.event, timeline.size());
  const std::vector<bool> past = CausalPast(timeline, last, run.verdict.node);
  std::vector<bool> nodes(static_cast<size_t>(scenario.nodes()) + 1, false);
  for (size_t i = 1; i <= timeline.size(); ++i) {
    const Event e = timeline[i - 1];
    if (past[i]) ++story.past, nodes[Index(e.node)] = true;
    if (!past[i] && e.kind == Kind::kSend) ++story.messages_outside;
  }
  for (uint32_t n = 1; n < nodes.size(); ++n) {
    if (!nodes[n]) story.outside.push_back(NodeId{n});
  }
  std::vector<bool> told = past;
  if (with_passing != nullptr && with_passing->first != 0) {
    size_t news = 0;
    for (size_t i = 1; i < told.size(); ++i) {
      told[i] = told[i] && i >= with_passing->first && with_passing->of_other[i] == 0;
      news += told[i] ? 1 : 0;
    }
    story.only_news = news != 0;
    if (!story.only_news) told = past;
  }
  story.sentences = SentencesOf(timeline, told);
  if (story.sentences.size() > sentences_at_most) {
    story.left_out = story.sentences.size() - sentences_at_most;
    story.sentences.erase(story.sentences.begin(),
                          story.sentences.end() - static_cast<long>(sentences_at_most));
  }
  return story;
}

}  // namespace reprise
