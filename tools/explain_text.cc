#include "tools/explain_text.h"

#include <algorithm>
#include <set>

#include "sim/slots.h"
#include "tools/again.h"
#include "tools/console.h"
#include "tools/departures.h"
#include "tools/diff_text.h"
#include "tools/fault_classes.h"
#include "tools/wording.h"

namespace reprise {
namespace {

std::optional<Fault> FaultOf(Label label) {
  for (size_t i = 0; i < kFaults; ++i) {
    if (LabelOf(static_cast<Fault>(i)) == label) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

std::string ValueText(const Departure& d) {
  return Describe(d.address) +
         (d.bound == 2 ? "" : " = " + std::to_string(d.value) + "/" + std::to_string(d.bound));
}

std::string Count(size_t n, const std::string& what) {
  return Grouped(n) + " " + what + (n == 1 ? "" : "s");
}

std::string OutcomeText(const Outcome& o) {
  switch (o.kind) {
    case Outcome::Kind::kPasses: return "passes";
    case Outcome::Kind::kFails: return "fails all the same";
    case Outcome::Kind::kFailsOtherwise: return "fails otherwise (" + o.oracle + ")";
    case Outcome::Kind::kUndecided: return "is undecided";
  }
  return "";
}

// Where a departure struck, in words.
std::string WhereText(const RunResult& run, const Place& place) {
  if (place.event == 0 || place.event > run.timeline.size()) return "";
  std::vector<bool> only(run.timeline.size() + 1, false);
  only[place.event] = true;
  const auto sentences = SentencesOf(run.timeline, only);
  const std::string at = "at " + Exactly(run.timeline[place.event - 1].at);
  return sentences.empty() ? at : at + ", when " + Shorten(sentences[0].text, 70);
}

class Writer {
 public:
  explicit Writer(const Why& why) : why_(why), x_(why.explanation), run_(why.failing.run) {}

  std::string Write() {
    Head();
    Needed();
    Curve();
    Nearest();
    Past();
    DoesNotMatter();
    GoOn();
    return std::move(out_);
  }

 private:
  void Line(const std::string& text) { out_ += text + "\n"; }
  void Title(const std::string& text) { Line("\n" + Styled(Style::kBold, text)); }

  void Head() {
    const Verdict& v = run_.verdict;
    Line(Styled(Style::kBold, "explain") + "  " + why_.failing.scenario.FullName() + "   " +
         Count(x_.departures.size(), "departure") + ", " + Count(run_.events, "event"));
    Line(Styled(Style::kRed, "FAIL") + "     " + v.oracle + ": " + Clean(OneLine(v.reason)));
  }

  void Needed() {
    const auto needed = static_cast<size_t>(
        std::ranges::count_if(x_.departures, [](const Necessity& n) { return n.needed(); }));
    if (x_.departures.empty()) {
      return Title("no fault is needed: the calm run fails");
    }
    const size_t rest = x_.departures.size() - needed;
    Title(needed == 0
              ? "no departure is needed by itself: others do what it does"
              : Count(needed, "departure") + (needed == 1 ? " is" : " are") + " needed; without " +
                    (needed == 1 ? "it" : "any one") + " the run does not fail so:");
    const std::vector<Place> places = PlacesOf(why_.failing.scenario, run_);
    for (size_t i = 0; i < x_.departures.size(); ++i) {
      if (x_.departures[i].needed()) Describe1(i + 1, x_.departures[i], places[i]);
    }
    const std::vector<std::string> classes = ClassesNeeded(x_);
    if (!classes.empty()) {
      std::string all;
      for (const std::string& c : classes) all += (all.empty() ? "" : ", ") + c;
      Line("  faults needed: " + all);
    }
    if (rest != 0 && needed != 0) {
      Line("  the trace is not shrunk: " + Count(rest, "departure") +
           " may go (reprise shrink makes them few)");
    }
  }

  void Describe1(size_t number, const Necessity& n, const Place& place) {
    const Departure& d = n.departure;
    const std::string where = WhereText(run_, place);
    Line(Padded("  " + std::to_string(number), 5) + Padded(ValueText(d), 34) + where);
    if (!n.without.passes()) Line("       without it the run " + OutcomeText(n.without));
    if (n.tried.size() < 2) return;
    const auto fail = static_cast<size_t>(
        std::ranges::count_if(n.tried, [](const TriedValue& t) { return t.outcome.fails(); }));
    std::string range =
        n.from == n.to ? "only " + std::to_string(n.from) + " fails"
                       : "fails from " + std::to_string(n.from) + " to " + std::to_string(n.to);
    const std::string low = MeaningOf(why_.failing.scenario, d.address, n.from);
    const std::string high = MeaningOf(why_.failing.scenario, d.address, n.to);
    if (!low.empty()) range += " (" + low + (n.from == n.to ? "" : " to " + high) + ")";
    Line("       " + range + ", of 1 to " + std::to_string(d.bound - 1) + "; of " +
         Count(n.tried.size(), "value") + " tried, " + std::to_string(fail) + " fail");
  }

  void Curve() {
    if (x_.curve.empty()) return;
    Title(
        "point of no return: how often it fails, where all that comes after an event is drawn "
        "anew");
    for (const CurvePoint& p : x_.curve) {
      const std::string at = p.event == 0 ? "the start" : Exactly(run_.timeline[p.event - 1].at);
      const auto bar = static_cast<size_t>((p.per_mille() + 25) / 50);
      Line("  event " + Padded(Grouped(p.event), 9) + Padded(at, 16) +
           Padded(std::to_string(p.failed) + " of " + std::to_string(p.runs), 10) +
           Padded(std::string(bar, '#'), 21) +
           (p.otherwise == 0 ? "" : std::to_string(p.otherwise) + " fail otherwise"));
    }
    if (x_.after == 0) return;
    std::vector<bool> step(run_.timeline.size() + 1, false);
    for (uint64_t i = x_.before + 1; i <= x_.after; ++i) step[i] = true;
    const auto sentences = SentencesOf(run_.timeline, step);
    Line("  it rises most " +
         (x_.after == x_.before + 1
              ? "with event " + Grouped(x_.after)
              : "between events " + Grouped(x_.before) + " and " + Grouped(x_.after)) +
         (x_.after != x_.before + 1 ? ""
          : sentences.empty()       ? ": " + Clean(Describe(run_.timeline[x_.after - 1]).substr(16))
                                    : ": " + sentences[0].text));
  }

  void Nearest() {
    if (why_.passing == nullptr) {
      return Title("no run near it passes");
    }
    Title("nearest run that passes: " + why_.passing->name);
    if (!why_.beside || why_.beside->first == 0) return;
    Line("  first difference: " + FirstDifferenceText(*why_.passing, why_.failing, *why_.beside));
  }

  void Past() {
    if (run_.timeline.size() == 0) return;
    const Story& story = why_.story;
    Title("causal past of the violation: " + Grouped(story.past) + " of " +
          Count(run_.timeline.size(), "event") +
          (story.only_news ? "; of these, what happens in the failing run only:" : ":"));
    if (story.left_out != 0) {
      Line("       (" + Count(story.left_out, "sentence") + " before these: --sentences N)");
    }
    size_t number = story.left_out;
    const size_t width = std::to_string(number + story.sentences.size() + 1).size() + 4;
    for (const Sentence& s : story.sentences) {
      Line(Padded("  " + std::to_string(++number), width) + Padded(Exactly(s.at), 15) + s.text);
    }
    Line(Padded("  " + std::to_string(++number), width) + Padded(Exactly(run_.verdict.at), 15) +
         run_.verdict.oracle + ": " + Clean(OneLine(run_.verdict.reason)));
  }

  void DoesNotMatter() {
    Title("does not matter");
    bool some = false;
    for (const Necessity& n : x_.departures) {
      if (n.needed()) continue;
      Line("  " + Padded(ValueText(n.departure), 36) + "without it the run fails all the same");
      some = true;
    }
    const Story& story = why_.story;
    if (!story.outside.empty()) {
      std::string nodes;
      for (NodeId n : story.outside) nodes += (nodes.empty() ? "" : " ") + Name(n);
      Line("  " + Shorten(nodes, 90) + ": outside of the causal past");
      some = true;
    }
    if (story.messages_outside != 0) {
      Line("  " + Count(story.messages_outside, "message") + " outside of the causal past");
      some = true;
    }
    if (!some) Line("  all of it matters");
  }

  void GoOn() {
    Line("\n" + Count(x_.runs, "run") + " made" +
         (x_.out_of_runs ? "; there was more to ask: --runs N" : ""));
    if (run_.timeline.size() == 0) return;
    Line("draw     " + ProgramName() + " diff " + why_.path + " -o diff.svg");
  }

  const Why& why_;
  const Explanation& x_;
  const RunResult& run_;
  std::string out_;
};

Json OutcomeJson(const Outcome& o) {
  static constexpr const char* kNames[] = {"pass", "fail", "fail otherwise", "unknown"};
  Json json;
  json["outcome"] = kNames[static_cast<size_t>(o.kind)];
  if (o.kind == Outcome::Kind::kFailsOtherwise) json["oracle"] = o.oracle;
  return json;
}

Json NecessityJson(const Scenario& scenario, const Necessity& n) {
  Json json;
  json["address"] = Describe(n.departure.address);
  json["value"] = n.departure.value;
  json["bound"] = n.departure.bound;
  json["meaning"] = MeaningOf(scenario, n.departure.address, n.departure.value);
  json["needed"] = n.needed();
  json["without"] = OutcomeJson(n.without);
  json["fails_from"] = n.from;
  json["fails_to"] = n.to;
  json["tried"] = Json::array();
  for (const TriedValue& t : n.tried) {
    Json tried = OutcomeJson(t.outcome);
    tried["value"] = t.value;
    json["tried"].push_back(std::move(tried));
  }
  return json;
}

}  // namespace

std::string MeaningOf(const Scenario& scenario, const Address& address, uint64_t value) {
  const auto fault = FaultOf(address.site.label);
  const std::string& label = address.site.label.name();
  if (fault == Fault::kLate) return Roughly(scenario.links.late_by(value));
  if (label == "cut-for") {
    const CutModel& cuts = scenario.cuts;
    return Roughly(cuts.shortest + Share(cuts.longest - cuts.shortest, value));
  }
  if (!fault) return "";
  const auto slot = SlotOf(scenario, *fault);
  if (!slot) return "";
  const Duration at = *slot * static_cast<int64_t>(address.ordinal - 1) + Share(*slot, value);
  return Exactly(Time(at));
}

std::vector<std::string> ClassesNeeded(const Explanation& explanation) {
  std::set<std::string> classes;
  bool choices = false;
  for (const Necessity& n : explanation.departures) {
    if (!n.needed()) continue;
    const auto fault = FaultOf(n.departure.address.site.label);
    if (!fault) {
      choices |= !n.departure.address.site.label.reserved();
      continue;
    }
    for (const FaultClass& c : FaultClasses()) {
      if (!c.wide && std::ranges::find(c.faults, *fault) != c.faults.end()) {
        classes.insert(std::string(c.name));
      }
    }
  }
  std::vector<std::string> out;
  for (const FaultClass& c : FaultClasses()) {
    if (classes.contains(std::string(c.name))) out.push_back(std::string(c.name));
  }
  if (choices) out.push_back("choices");
  return out;
}

std::string WhyText(const Why& why) { return Writer(why).Write(); }

Json WhyJson(const Why& why) {
  const Explanation& x = why.explanation;
  const Remade& failing = why.failing;
  Json json;
  json["schema"] = "reprise.explain/1";
  json["scenario"] = failing.scenario.FullName();
  json["verdict"] = std::string(KindName(failing.run.verdict.kind));
  json["oracle"] = failing.run.verdict.oracle;
  json["reason"] = failing.run.verdict.reason;
  json["digest"] = Hex(failing.run.digest);
  json["events"] = failing.run.events;
  json["departures"] = Json::array();
  for (const Necessity& n : x.departures) {
    json["departures"].push_back(NecessityJson(failing.scenario, n));
  }
  json["classes"] = ClassesNeeded(x);
  json["curve"] = Json::array();
  for (const CurvePoint& p : x.curve) {
    json["curve"].push_back(
        {{"event", p.event}, {"runs", p.runs}, {"failed", p.failed}, {"otherwise", p.otherwise}});
  }
  json["point_of_no_return"] = nullptr;
  if (x.after != 0) json["point_of_no_return"] = {{"before", x.before}, {"after", x.after}};
  json["nearest"] = nullptr;
  if (why.passing != nullptr) {
    Json nearest;
    nearest["how"] = why.passing->name;
    nearest["digest"] = Hex(why.passing->run.digest);
    if (why.beside) nearest["first_difference"] = why.beside->first;
    nearest["departures"] = Json::array();
    for (const Departure& d : why.passing->run.departures()) {
      nearest["departures"].push_back(
          {{"address", Describe(d.address)}, {"value", d.value}, {"bound", d.bound}});
    }
    json["nearest"] = std::move(nearest);
  }
  json["past_events"] = why.story.past;
  json["sentences"] = Json::array();
  for (const Sentence& s : why.story.sentences) {
    json["sentences"].push_back({{"event", s.event}, {"ns", Nanos(s.at)}, {"text", s.text}});
  }
  json["sentences_left_out"] = why.story.left_out;
  json["nodes_outside"] = Json::array();
  for (NodeId n : why.story.outside) json["nodes_outside"].push_back(Name(n));
  json["messages_outside"] = why.story.messages_outside;
  json["runs"] = x.runs;
  json["out_of_runs"] = x.out_of_runs;
  return json;
}

}  // namespace reprise
