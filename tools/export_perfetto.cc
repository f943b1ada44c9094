#include <algorithm>
#include <map>
#include <vector>

#include "tools/causal.h"
#include "tools/export.h"
#include "tools/report.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

constexpr int64_t kWidestNs = 200'000;
constexpr int kProcess = 1;

// Microseconds with three decimals: a double has room for them for 285 years.
Json Micros(int64_t ns) { return static_cast<double>(ns) / 1000; }

std::string NameOf(const Event& e) {
  const std::string kind(KindName(e.kind));
  return e.message.name().empty() ? kind : kind + " " + Clean(e.message.name());
}

class PerfettoWriter {
 public:
  PerfettoWriter(const Scenario& scenario, const RunResult& run)
      : scenario_(scenario), timeline_(run.timeline), run_(run) {}

  std::string Write() {
    NameTracks();
    PlaceSlices();
    for (size_t i = 1; i <= timeline_.size(); ++i) AddSlice(i);
    AddFlows();
    AddSpells();
    AddVerdict();
    Json json;
    json["displayTimeUnit"] = "ms";
    json["otherData"] = {{"scenario", scenario_.FullName()},
                         {"verdict", std::string(KindName(run_.verdict.kind))},
                         {"oracle", run_.verdict.oracle}};
    json["traceEvents"] = std::move(events_);
    return Dump(json, 0) + "\n";
  }

 private:
  static uint32_t Track(NodeId node) { return Index(node); }

  Json Base(const char* phase, const std::string& name, uint32_t track) const {
    Json json;
    json["ph"] = phase;
    json["name"] = name;
    json["pid"] = kProcess;
    json["tid"] = track;
    return json;
  }

  void NameTracks() {
    Json process = Base("M", "process_name", 0);
    process["args"] = {{"name", scenario_.FullName()}};
    events_.push_back(std::move(process));
    uint32_t node = 0;
    const auto name = [&](uint32_t track, const std::string& text) {
      Json thread = Base("M", "thread_name", track);
      thread["args"] = {{"name", text}};
      events_.push_back(std::move(thread));
    };
    name(0, "the run");
    for (const Role& role : scenario_.roles) {
      for (int i = 0; i < role.count; ++i) {
        ++node;
        name(node, Name(NodeId{node}) + " " + Clean(role.name));
      }
    }
  }

  // Each slice begins at its time, or where the one before it on its track ends.
  void PlaceSlices() {
    const size_t size = timeline_.size();
    begin_.assign(size + 1, 0);
    end_.assign(size + 1, 0);
    std::map<NodeId, size_t> last;
    for (size_t i = 1; i <= size; ++i) {
      const Event e = timeline_[i - 1];
      begin_[i] = Nanos(e.at);
      const auto [at, fresh] = last.try_emplace(e.node, i);
      if (!fresh) {
        begin_[i] = std::max(begin_[i], begin_[at->second] + 1);
        end_[at->second] = std::min(begin_[at->second] + kWidestNs, begin_[i]);
        at->second = i;
      }
      end_[i] = begin_[i] + kWidestNs;
    }
  }

  void AddSlice(size_t i) {
    const Event e = timeline_[i - 1];
    Json slice = Base("X", NameOf(e), Track(e.node));
    slice["cat"] = std::string(KindName(e.kind));
    slice["ts"] = Micros(begin_[i]);
    slice["dur"] = Micros(end_[i] - begin_[i]);
    slice["args"] = {{"event", e.index}, {"ns", Nanos(e.at)}, {"text", Clean(What(e))}};
    events_.push_back(std::move(slice));
  }

  void AddFlows() {
    uint64_t id = 0;
    for (const Course& course : CoursesOf(timeline_)) {
      if (!course.arrived()) continue;
      const Event send = timeline_[course.send - 1];
      const std::string name = Clean(send.message.name());
      for (const bool begins : {true, false}) {
        const size_t at = begins ? course.send : course.end;
        Json flow = Base(begins ? "s" : "f", name.empty() ? "message" : name,
                         Track(timeline_[at - 1].node));
        flow["cat"] = "message";
        flow["id"] = id + 1;
        flow["ts"] = Micros(begin_[at]);
        if (!begins) flow["bp"] = "e";
        events_.push_back(std::move(flow));
      }
      ++id;
    }
  }

  void AddSpell(const std::string& name, const char* category, Time from, Time to, NodeId node) {
    ++spells_;
    for (const bool begins : {true, false}) {
      Json spell = Base(begins ? "b" : "e", name, Track(node));
      spell["cat"] = category;
      spell["id"] = spells_;
      spell["ts"] = Micros(Nanos(begins ? from : to));
      events_.push_back(std::move(spell));
    }
  }

  // What began and has not ended when the run ends, ends with it.
  void AddSpells() {
    std::map<NodeId, Time> down;
    std::map<std::pair<uint64_t, std::string>, std::pair<Time, NodeId>> others;
    for (size_t i = 0; i < timeline_.size(); ++i) {
      const Event e = timeline_[i];
      const std::pair key(e.id, Clean(e.message.bytes()));
      if (e.kind == Kind::kCrash) down[e.node] = e.at;
      if (e.kind == Kind::kBoot && down.contains(e.node)) {
        AddSpell(Name(e.node) + " down", "down", down[e.node], e.at, e.node);
        down.erase(e.node);
      }
      if (e.kind == Kind::kCut || e.kind == Kind::kStrike) others[key] = {e.at, e.node};
      if (e.kind != Kind::kHeal && e.kind != Kind::kOver) continue;
      if (const auto at = others.find(key); at != others.end()) {
        AddSpell(key.second, e.kind == Kind::kHeal ? "partition" : "fault", at->second.first, e.at,
                 at->second.second);
        others.erase(at);
      }
    }
    for (const auto& [node, from] : down) {
      AddSpell(Name(node) + " down", "down", from, run_.end, node);
    }
    for (const auto& [key, began] : others) {
      AddSpell(key.second, "fault", began.first, std::max(run_.end, began.first), began.second);
    }
  }

  void AddVerdict() {
    const Verdict& v = run_.verdict;
    if (!v.failed()) return;
    Json instant = Base("i", "VIOLATION " + Clean(v.oracle), Track(v.node));
    instant["cat"] = "verdict";
    instant["s"] = "g";
    instant["ts"] = Micros(Nanos(v.at));
    instant["args"] = {{"reason", Clean(v.reason)}};
    events_.push_back(std::move(instant));
  }

  const Scenario& scenario_;
  const Timeline& timeline_;
  const RunResult& run_;
  std::vector<int64_t> begin_, end_;  // Of each event's slice, by number, in ns.
  uint64_t spells_ = 0;
  Json events_ = Json::array();
};

}  // namespace

std::string ToPerfetto(const Scenario& scenario, const RunResult& run) {
  return PerfettoWriter(scenario, run).Write();
}

}  // namespace reprise
