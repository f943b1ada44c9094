#include "tests/export_check.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "sim/timeline.h"

namespace reprise {
namespace {

using Json = nlohmann::json;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

int64_t NanosOf(const Json& micros) {
  return static_cast<int64_t>(std::llround(micros.get<double>() * 1000));
}

struct Slice {
  int64_t from, to;
};
using TrackId = std::pair<int64_t, int64_t>;

class PerfettoCheck {
 public:
  std::string Run(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.contains("traceEvents") || !json["traceEvents"].is_array()) {
      return "no JSON with traceEvents";
    }
    for (const Json& e : json["traceEvents"]) {
      if (std::string wrong = Take(e); !wrong.empty()) return wrong + ": " + e.dump();
    }
    if (std::string wrong = CheckSlices(); !wrong.empty()) return wrong;
    return CheckFlows();
  }

 private:
  std::string Take(const Json& e) {
    for (const char* field : {"ph", "name", "pid", "tid"}) {
      if (!e.contains(field)) return std::string("no ") + field;
    }
    const std::string phase = e["ph"];
    if (phase == "M") return e.contains("args") && e["args"].contains("name") ? "" : "no name";
    if (!e.contains("ts") || !e["ts"].is_number()) return "no ts";
    const TrackId track(e["pid"], e["tid"]);
    const int64_t at = NanosOf(e["ts"]);
    if (phase == "X") {
      if (!e.contains("dur") || NanosOf(e["dur"]) <= 0) return "a slice without a width";
      slices_[track].push_back({at, at + NanosOf(e["dur"])});
      return "";
    }
    if (phase == "i") {
      const std::string scope = e.value("s", "t");
      return scope == "g" || scope == "p" || scope == "t" ? "" : "no such scope";
    }
    if (!e.contains("id") || !e.contains("cat")) return "no id or cat";
    const std::string id = e["cat"].get<std::string>() + e["id"].dump();
    if (phase == "s" || phase == "f") {
      if (phase == "f" && e.value("bp", "") != "e") return "a flow that ends without bp";
      auto& ends = phase == "s" ? begun_ : ended_;
      return ends.insert({id, {track, at}}).second ? "" : "a flow twice";
    }
    if (phase == "b") return open_.insert({id, at}).second ? "" : "begins twice";
    if (phase == "e") {
      const auto open = open_.find(id);
      if (open == open_.end()) return "ends, and had not begun";
      return open->second <= at ? "" : "ends before it begins";
    }
    return "no such phase";
  }

  std::string CheckSlices() const {
    for (const auto& [track, slices] : slices_) {
      std::vector<int64_t> ends;
      for (size_t i = 0; i < slices.size(); ++i) {
        const std::string where = "track " + std::to_string(track.second) + " at " +
                                  std::to_string(slices[i].from) + " ns";
        if (i > 0 && slices[i].from < slices[i - 1].from) return "times fall on " + where;
        while (!ends.empty() && ends.back() <= slices[i].from) ends.pop_back();
        if (!ends.empty() && ends.back() < slices[i].to) return "slices overlap on " + where;
        ends.push_back(slices[i].to);
      }
    }
    return "";
  }

  bool InASlice(const std::pair<TrackId, int64_t>& end) const {
    const auto track = slices_.find(end.first);
    if (track == slices_.end()) return false;
    return std::ranges::any_of(
        track->second, [&](const Slice& s) { return s.from <= end.second && end.second < s.to; });
  }

  std::string CheckFlows() const {
    if (begun_.size() != ended_.size()) return "flows that do not begin or do not end";
    for (const auto& [id, end] : ended_) {
      const auto begin = begun_.find(id);
      if (begin == begun_.end()) return "flow " + id + " does not begin";
      if (begin->second.second > end.second) return "flow " + id + " ends before it begins";
      if (!InASlice(end) || !InASlice(begin->second)) return "flow " + id + " is in no slice";
    }
    return "";
  }

  std::map<TrackId, std::vector<Slice>> slices_;
  std::map<std::string, std::pair<TrackId, int64_t>> begun_, ended_;
  std::map<std::string, int64_t> open_;
};

using Clock = std::map<std::string, int64_t>;

std::string WrongWithClock(const std::string& host, const Clock& clock,
                           std::map<std::string, Clock>& known) {
  if (!clock.contains(host)) return "a clock of " + host + " does not name it";
  Clock& before = known[host];
  if (clock.at(host) != before[host] + 1) return "the entry of " + host + " does not grow by 1";
  for (const auto& [other, count] : before) {
    if (count != 0 && (!clock.contains(other) || clock.at(other) < count)) {
      return "what " + host + " knows of " + other + " falls";
    }
  }
  for (const auto& [other, count] : clock) {
    if (count < 1) return "an entry below 1";
    if (other != host && (!known.contains(other) || known[other][other] < count)) {
      return host + " knows more of " + other + " than there is";
    }
  }
  before = clock;
  return "";
}

}  // namespace

std::string WrongWithPerfetto(const std::string& text) { return PerfettoCheck().Run(text); }

std::string WrongWithShiviz(const std::string& text) {
  const std::vector<std::string> lines = LinesOf(text);
  if (lines.size() < 2) return "no head";
  for (const char* group : {"(?<host>", "(?<clock>", "(?<event>"}) {
    if (lines[0].find(group) == lines[0].npos) return std::string("no group ") + group;
  }
  if (!lines[1].empty()) return "a delimiter that we do not use";
  if (lines.size() % 2 != 0) return "half an event";
  std::map<std::string, Clock> known;
  for (size_t i = 2; i < lines.size(); i += 2) {
    const std::string where = "line " + std::to_string(i + 1) + ": ";
    const size_t space = lines[i].find(' ');
    if (space == 0 || space == std::string::npos) return where + "no host";
    const Json json = Json::parse(lines[i].substr(space + 1), nullptr, false);
    if (json.is_discarded() || !json.is_object()) return where + "no clock";
    Clock clock;
    for (const auto& [host, count] : json.items()) {
      if (!count.is_number_integer()) return where + "no number";
      clock[host] = count;
    }
    const std::string wrong = WrongWithClock(lines[i].substr(0, space), clock, known);
    if (!wrong.empty()) return where + wrong;
    if (lines[i + 1].empty()) return where + "no text";
  }
  return "";
}

std::string WrongWithMermaid(const std::string& text) {
  static const std::regex kParticipant("    participant (n[0-9]+) as ([^;]+)"),
      kArrow("    (n[0-9]+)-[)x](n[0-9]+): (.+)"),
      kNote("    Note over (n[0-9]+)(?:,(n[0-9]+))?: (.+)"), kEscape("#(?:[0-9]+|[a-z]+);");
  const std::vector<std::string> lines = LinesOf(text);
  if (lines.empty() || lines[0] != "sequenceDiagram") return "no sequenceDiagram";
  std::set<std::string> participants;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string where = "line " + std::to_string(i + 1) + ": ";
    std::smatch m;
    std::string says;
    if (std::regex_match(lines[i], m, kParticipant)) {
      if (!participants.insert(m[1]).second) return where + "a participant twice";
      says = m[2];
    } else if (std::regex_match(lines[i], m, kArrow) || std::regex_match(lines[i], m, kNote)) {
      for (int k : {1, 2}) {
        if (m[k].matched && !participants.contains(m[k])) return where + "unknown participant";
      }
      says = m[3];
    } else {
      return where + "neither participant, arrow nor note";
    }
    says = std::regex_replace(says, kEscape, "");
    if (says.find_first_of(";#<>%") != says.npos) return where + "a sign that must be escaped";
  }
  return "";
}

std::string WrongWithJsonLines(const std::string& text) {
  int64_t number = 0, last = 0;
  std::set<std::string> kinds;
  for (int k = 0; k < Event::kKinds; ++k) {
    kinds.insert(std::string(KindName(static_cast<Event::Kind>(k))));
  }
  for (const std::string& line : LinesOf(text)) {
    const Json json = Json::parse(line, nullptr, false);
    const std::string where = "line " + std::to_string(number + 1) + ": ";
    if (json.is_discarded() || !json.is_object()) return where + "no JSON object";
    if (json.value("event", int64_t{0}) != ++number) return where + "not its number";
    if (!json.contains("ns") || json["ns"].get<int64_t>() < last) return where + "time falls";
    last = json["ns"];
    if (!kinds.contains(json.value("kind", ""))) return where + "no such kind";
    if (!json.contains("text")) return where + "no text";
  }
  return number == 0 ? "no events" : "";
}

}  // namespace reprise
