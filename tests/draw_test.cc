// Drawings are tested as DOT and as text: pictures of equal runs must be equal text.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "tests/temporary_folder.h"
#include "tools/causal.h"
#include "tools/draw_dot.h"
#include "tools/draw_text.h"
#include "tools/render.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

struct Add {
  uint64_t amount;
};
struct Say {
  std::string words;
};
struct CheckpointTaken {
  uint64_t number;
};

const Label kTestLate("late");
const Label kTestCrash("crash");
const Label kTestCut("cut");
const Label kTestSwarm("swarm-drop");

// A run made by hand, event by event.
class Story {
 public:
  explicit Story(int nodes = 3) {
    result.timeline.Reset(true);
    scenario.name = "toy";
    scenario.roles.push_back({.name = "worker", .count = nodes, .main = nullptr});
  }

  template <class T>
  uint64_t Send(int ms, uint32_t from, uint32_t to, const T& message) {
    result.timeline.Add(Kind::kSend, At(ms), NodeId{from}, NodeId{to}, ++id, &internal::kType<T>,
                        Encode(message));
    return id;
  }
  template <class T>
  void Message(int ms, uint32_t from, uint32_t to, const T& message, int takes) {
    const uint64_t sent = Send(ms, from, to, message);
    Note(Kind::kDeliver, ms + takes, to, from, sent);
  }
  template <class T>
  void Fact(int ms, uint32_t node, const T& fact) {
    result.timeline.Add(Kind::kFact, At(ms), NodeId{node}, kNobody, 0, &internal::kType<T>,
                        Encode(fact));
  }
  void Note(Kind kind, int ms, uint32_t node, uint32_t peer = 0, uint64_t of = 0,
            const std::string& text = "") {
    result.timeline.Add(kind, At(ms), NodeId{node}, NodeId{peer}, of, nullptr, text);
  }
  void Depart(Label label, uint32_t node, uint32_t peer, uint64_t ordinal, uint64_t value,
              uint64_t event) {
    result.taken.push_back(
        {{{{label, NodeId{node}, NodeId{peer}}, ordinal, 0}, value, 1024}, event});
  }
  void Fail(int ms, uint32_t node, const std::string& reason) {
    result.verdict = {Verdict::Kind::kFail, "no-lost-update", reason, events(), At(ms),
                      NodeId{node}};
    Note(Kind::kVerdict, ms, node);
  }
  uint64_t events() const { return result.timeline.count(); }
  std::string Dot(const DrawOptions& options = {}) const {
    return DrawDot(scenario, result, options);
  }
  std::string Text(const DrawOptions& options = {}) const {
    return DrawText(scenario, result, options);
  }

  Scenario scenario;
  RunResult result;
  uint64_t id = 0;

 private:
  static Time At(int ms) { return Time(std::chrono::milliseconds(ms)); }
};

// Two messages arrive, one is dropped, one is cut off, one finds nobody up, one comes twice, one is
// still underway; a node crashes and comes back; in the end something is wrong.
Story Everything() {
  Story s;
  s.scenario.crashes.slot = 1024ms;
  for (uint32_t n = 1; n <= 3; ++n) s.Note(Kind::kBoot, 0, n, 0, 1);
  s.Message(10, 1, 2, Add{1}, 20);
  s.Fact(40, 2, CheckpointTaken{1});
  const uint64_t dropped = s.Send(50, 2, 3, Add{2});
  s.Note(Kind::kDrop, 50, 2, 3, dropped);
  s.Depart(kTestLate, 1, 3, 7, 812, s.events() + 1);
  const uint64_t twice = s.Send(60, 1, 3, Add{3});
  s.Note(Kind::kDeliver, 80, 3, 1, twice);
  s.Note(Kind::kDuplicate, 95, 3, 1, twice);
  s.Depart(kTestCut, 0, 0, 1, 100, 0);
  s.Note(Kind::kCut, 100, 0, 0, 1, "n1 | n2 n3");
  const uint64_t cut = s.Send(110, 1, 2, Add{4});
  s.Note(Kind::kCutOff, 110, 1, 2, cut);
  s.Note(Kind::kHeal, 130, 0, 0, 1, "n1 | n2 n3");
  s.Depart(kTestCrash, 2, 0, 1, 140, 0);
  s.Depart(kTestSwarm, 0, 0, 1, 2, 0);
  s.Note(Kind::kCrash, 140, 2, 0, 1);
  s.Note(Kind::kLose, 140, 2, 0, 0, "wal");
  const uint64_t late = s.Send(145, 3, 2, Add{5});
  s.Note(Kind::kNobodyUp, 155, 2, 3, late);
  s.Note(Kind::kBoot, 170, 2, 0, 2);
  s.Note(Kind::kCalm, 180, 0);
  s.Send(185, 2, 1, Add{6});
  s.Fact(190, 3, Say{"done"});
  s.Fail(190, 3, "sum(acks) = 17 but committed sum = 23");
  return s;
}

// Messages round a ring, each caused by the last, and gossip of two others that nobody hears.
Story Long(int messages) {
  Story s(5);
  for (int i = 0; i < messages / 2; ++i) {
    const auto from = static_cast<uint32_t>(i % 3 + 1);
    s.Message(10 * i, from, from % 3 + 1, Add{static_cast<uint64_t>(i)}, 4);
    s.Message(10 * i + 5, 4, 5, Say{"gossip"}, 3);
  }
  const int end = 5 * messages + 10;
  const auto last = static_cast<uint32_t>((messages / 2) % 3 + 1);
  s.Fact(end, last, Say{"wrong"});
  s.Fail(end, last, "wrong");
  return s;
}

size_t Count(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t i = text.find(what); i != text.npos; i = text.find(what, i + what.size())) ++n;
  return n;
}

bool Has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

// Checks that each edge joins two nodes that are there, and returns how many there are.
size_t Edges(const std::string& dot) {
  std::set<std::string> nodes;
  std::istringstream lines(dot);
  size_t edges = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, arrow, second;
    words >> first >> arrow >> second;
    if (arrow == "->") {
      ++edges;
      EXPECT_TRUE(nodes.contains(first) && nodes.contains(second)) << line;
    } else if (first.starts_with("x")) {
      EXPECT_TRUE(Has(line, "pos=\"")) << line;
      nodes.insert(first);
    }
  }
  return edges;
}

bool GraphvizIsThere() {
  return RenderDot("digraph { }", Format::kSvg).status().code() != absl::StatusCode::kUnavailable;
}

TEST(Wording, CleanTextIsValidUtf8WithoutControls) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Clean("a\tb\x01\x7f"), "a b  ");
  EXPECT_EQ(Clean("\xff\xc0\xafz"), bad + bad + bad + "z");
  EXPECT_EQ(Clean("\xed\xa0\x80"), bad + bad + bad);  // A surrogate.
  EXPECT_EQ(Clean("\xef\xbf\xbf"), bad + bad + bad);  // Valid, but not in XML.
  EXPECT_EQ(Clean("\xe2\x82"), bad + bad);
  EXPECT_EQ(Clean("é… 𝄞"), "é… 𝄞");
}

TEST(Wording, ShortensCharactersNotBytes) {
  EXPECT_EQ(Shorten("ééééé", 5), "ééééé");
  EXPECT_EQ(Shorten("éééééé", 5), "éééé…");
  EXPECT_EQ(Shorten("one two", 5), "one…");
}

TEST(Wording, TimesAreTrue) {
  EXPECT_EQ(Exactly(Time(412500us)), "412.5 ms");
  EXPECT_EQ(Exactly(Time(1250ms)), "1.25 s");
  EXPECT_EQ(Exactly(Time(1ns)), "0.000001 ms");
  EXPECT_EQ(Exactly(Time(1000000001ns)), "1000.000001 ms");
  EXPECT_EQ(Roughly(2149ms), "2.1 s");
  EXPECT_EQ(Roughly(312ms), "312 ms");
  EXPECT_EQ(Thousands(1234567), "1,234,567");
  EXPECT_EQ(Fixed(-0.01), "0.0");
}

TEST(CausalPast, GoesBackAlongMessagesAndNodes) {
  Story s;
  s.Message(1, 1, 2, Add{1}, 1);                     // Events 1 and 2 count,
  s.Message(3, 3, 1, Add{2}, 1);                     // 3 and 4 come after n1 sent.
  const uint64_t dropped = s.Send(5, 3, 2, Add{3});  // 5
  s.Note(Kind::kDrop, 5, 3, 2, dropped);             // 6
  s.Fact(6, 2, Say{"wrong"});                        // 7
  const auto past = CausalPast(s.result.timeline, 7, NodeId{2});
  EXPECT_EQ(past, (std::vector<bool>{false, true, true, false, false, false, false, true}));
  const auto all = CausalPast(s.result.timeline, 7, kNobody);
  EXPECT_EQ(std::count(all.begin(), all.end(), true), 7);
}

TEST(DrawDot, EveryMessageHasBothEnds) {
  const Story s = Everything();
  const Picture picture = MakePicture(s.scenario, s.result, {});
  EXPECT_EQ(picture.arrows.size(), 7u);  // Six messages, one of them twice.
  const std::string dot = s.Dot();
  const size_t in_legend = 2;  // The type Add, and "still underway".
  EXPECT_EQ(Edges(dot), picture.arrows.size() + in_legend);
  EXPECT_EQ(Count(dot, "label=<<B>×</B>>"), 4u + 3u);  // With the crash; three in the legend.
  EXPECT_TRUE(Has(dot, "receiver down at 155 ms"));
  EXPECT_TRUE(Has(dot, "a copy delivered at 95 ms"));
}

TEST(DrawDot, ShowsTheViolationWhereItHappened) {
  const std::string dot = Everything().Dot();
  EXPECT_EQ(Count(dot, "doublecircle"), 1u);
  EXPECT_TRUE(Has(dot, "<B>no-lost-update, n3 at 190 ms</B><BR/>sum(acks) = 17 but committed"));
}

TEST(DrawDot, MarksDeparturesWhereTheyStruck) {
  const std::string dot = Everything().Dot();
  EXPECT_TRUE(Has(dot, "<B>late n1&gt;n3 #7 = 812</B>"));
  EXPECT_TRUE(Has(dot, "<B>cut #1 = 100</B>"));  // Drawn before the run began.
  EXPECT_TRUE(Has(dot, "<B>crash n2 #1 = 140</B>"));
  EXPECT_TRUE(Has(dot, "other departures: swarm-drop #1 = 2"));
  EXPECT_TRUE(Has(dot, "departure from the calm run"));
}

TEST(DrawDot, LegendHasOnlyWhatOccurs) {
  Story s;
  s.Message(1, 1, 2, Add{1}, 1);
  const std::string dot = s.Dot();
  EXPECT_TRUE(Has(dot, "<Add>"));
  for (const char* absent : {"dropped", "down", "partition", "copy", "departure", "folded"}) {
    EXPECT_FALSE(Has(dot, absent)) << absent;
  }
}

TEST(DrawDot, EscapesHostileText) {
  Story s;
  s.scenario.name = "a\"b\\c<d>&e";
  s.scenario.roles[0].name = "\"];}\n<B>";
  s.Message(1, 1, 2, Say{"\"><script>&lt;\\N"}, 1);
  s.Fact(2, 2, Say{"</TD>\\\""});
  s.Note(Kind::kCut, 3, 0, 0, 1, "\"<n1> | \xff\xfe");
  s.Fail(4, 2, "bytes \xc3\x28 \"quoted\\\" <B>&\n\x01");
  const std::string dot = s.Dot({.subtitle = "\"\\<&>\xff"});
  EXPECT_FALSE(Has(dot, "\x01"));
  EXPECT_TRUE(Has(dot, "\xEF\xBF\xBD"));
  std::istringstream lines(dot);
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(Clean(line), line);
  if (!GraphvizIsThere()) GTEST_SKIP() << "needs Graphviz";
  const auto svg = RenderDot(dot, Format::kSvg);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_FALSE(Has(*svg, "<script"));
  EXPECT_TRUE(Has(*svg, "&amp;lt;"));  // A message that says "&lt;" is shown as it is.
}

TEST(DrawDot, CutsLongRunsToWhatMatters) {
  const Story s = Long(2000);
  const Picture picture = MakePicture(s.scenario, s.result, {});
  EXPECT_EQ(picture.arrows.size(), 60u);
  EXPECT_EQ(picture.note,
            "showing 60 of 2,000 messages: the causal past of the violation, last 610 ms");
  for (const auto& arrow : picture.arrows) EXPECT_EQ(arrow.type, "Add");  // Nobody heard gossip.
  EXPECT_TRUE(Has(s.Dot(), picture.note));
  EXPECT_LT(s.Dot().size(), 500'000u);
}

TEST(DrawDot, KeepsTheSurroundingsOfDepartures) {
  Story s = Long(2000);
  s.Depart(kTestLate, 1, 2, 1, 5, 1);
  const Picture picture = MakePicture(s.scenario, s.result, {});
  ASSERT_EQ(picture.flags.size(), 1u);
  EXPECT_EQ(picture.arrows.front().send, 1u);
  EXPECT_LE(picture.arrows.size(), 120u);
  EXPECT_TRUE(Has(picture.note, "around the departures")) << picture.note;
  EXPECT_FALSE(picture.left_out.empty());
}

TEST(DrawDot, ShowsAPartThatIsAskedFor) {
  const Story s = Long(2000);
  const Picture picture =
      MakePicture(s.scenario, s.result, {.from = Time(1s), .until = Time(1500ms)});
  EXPECT_EQ(picture.arrows.size(), 100u);
  EXPECT_FALSE(picture.callout.has_value());
  EXPECT_TRUE(Has(picture.note, "from 1 s until 1.5 s")) << picture.note;
}

// Where the node of that label is, as x and y.
std::pair<double, double> PlaceOf(const std::string& dot, const std::string& label) {
  const size_t at = dot.find("label=<" + label + ">");
  EXPECT_NE(at, dot.npos) << label;
  const size_t pos = dot.find("pos=\"", at);
  std::pair<double, double> place;
  EXPECT_EQ(std::sscanf(dot.c_str() + pos, "pos=\"%lf,%lf", &place.first, &place.second), 2);
  return place;
}

TEST(DrawDot, AConeIsBoldAndTheRestFaded) {
  Story s;
  s.Message(10, 1, 2, Add{1}, 5);    // Heard of by the one that fails,
  s.Message(10, 1, 3, Say{"x"}, 5);  // and not.
  s.Fail(20, 2, "wrong");
  const std::string dot = s.Dot({.cone = true});
  EXPECT_TRUE(Has(dot, "<Add(1)>"));
  EXPECT_FALSE(Has(dot, "<Say("));
  EXPECT_TRUE(Has(s.Dot(), "<Say("));
  EXPECT_TRUE(Has(dot, "#D3DAE1"));
  EXPECT_FALSE(Has(s.Dot(), "#D3DAE1"));
  // Where the whole run is judged, all of it is in the past.
  s.result.verdict.node = kNobody;
  EXPECT_FALSE(Has(s.Dot({.cone = true}), "#D3DAE1"));
}

TEST(DrawDot, ADarkPageHasNoLightColours) {
  const std::string light = Everything().Dot(), dark = Everything().Dot({.dark = true});
  for (const char* color : {"#FFFFFF", "#52606D", "#EEF1F4", "#D62839", "#FFE3E3"}) {
    EXPECT_TRUE(Has(light, color)) << color;
    EXPECT_FALSE(Has(dark, color)) << color;
  }
  EXPECT_TRUE(Has(dark, "bgcolor=\"#10171F\""));
  EXPECT_EQ(Edges(light), Edges(dark));
}

TEST(DrawDot, OnATurnedPageTimeRunsDown) {
  const std::string dot = Everything().Dot({.vertical = true});
  EXPECT_EQ(Edges(dot), Edges(Everything().Dot()));
  const auto n1 = PlaceOf(dot, "n1"), n2 = PlaceOf(dot, "n2"), n3 = PlaceOf(dot, "n3");
  EXPECT_LT(n1.first, n2.first);
  EXPECT_LT(n2.first, n3.first);
  EXPECT_EQ(n1.second, n3.second);
  EXPECT_LT(PlaceOf(dot, "<B>crash</B>").second, n1.second);
  EXPECT_LT(PlaceOf(dot, "<B>restart</B>").second, PlaceOf(dot, "<B>crash</B>").second);
  EXPECT_GT(PlaceOf(Everything().Dot(), "n1").second, PlaceOf(Everything().Dot(), "n2").second);
}

TEST(DrawDot, EqualRunsGiveEqualText) {
  EXPECT_EQ(Everything().Dot(), Everything().Dot());
  EXPECT_EQ(Long(2000).Dot(), Long(2000).Dot());
  EXPECT_EQ(Everything().Text(), Everything().Text());
}

TEST(DrawDot, DrawsAnEmptyRunAndOneThatPassed) {
  Story s;
  EXPECT_TRUE(Has(s.Dot(), "toy: pass"));
  EXPECT_TRUE(Has(s.Dot(), "the events of this run were not kept"));
  EXPECT_TRUE(Has(s.Text(), "toy: pass"));
  s.Message(1, 1, 2, Add{1}, 1);
  EXPECT_FALSE(Has(s.Dot(), "doublecircle"));
  EXPECT_FALSE(Has(s.Dot(), "not kept"));
  const RunResult nothing;
  EXPECT_TRUE(Has(DrawDot(Scenario{}, nothing, {}), "digraph"));
  EXPECT_TRUE(Has(DrawText(Scenario{}, nothing, {}), "pass"));
}

TEST(DrawDot, FitsPngWhateverTheLength) {
  Story s(40);
  for (int i = 0; i < 3000; ++i) {
    s.Message(1000 * i, static_cast<uint32_t>(i % 39 + 1), 40, Add{1}, i % 900);
  }
  const std::string dot = s.Dot({.messages_whole = 100'000});
  double widest = 0;
  for (size_t i = dot.find("pos=\""); i != dot.npos; i = dot.find("pos=\"", i + 1)) {
    widest = std::max(widest, std::strtod(dot.c_str() + i + 5, nullptr));
  }
  EXPECT_GT(widest, 10'000);
  EXPECT_LT((widest + 100) * 96 / 72, 32'767);
}

TEST(DrawText, ShowsWhatHappenedInColumns) {
  const std::string text = Everything().Text();
  EXPECT_TRUE(Has(text, "        t/ms  n1          n2          n3\n")) << text;
  EXPECT_TRUE(Has(text, "      10.000  *-Add------>|           |\n")) << text;
  EXPECT_TRUE(Has(text, "      30.000  |           o           |           n1>n2  Add(1)\n"))
      << text;
  EXPECT_TRUE(Has(text, "DROPPED Add(2)"));
  EXPECT_TRUE(Has(text, "CRASH n2   ~ crash n2 #1 = 140")) << text;
  EXPECT_TRUE(Has(text, "~ late n1>n3 #7 = 812"));
  EXPECT_TRUE(Has(text, "155.000  |           x           |           NOBODY UP n3>n2  Add(5)"));
  EXPECT_TRUE(Has(text, "|           :<------Add-*"));  // n2 is down.
  EXPECT_LT(text.find("Say(done)"), text.find("!           no-lost-update: sum(acks)"));
}

TEST(DrawText, LinesFitATerminal) {
  for (int nodes : {1, 2, 5, 10}) {
    Story s(nodes);
    s.Message(1, 1, static_cast<uint32_t>(nodes), Say{std::string(200, 'w')}, 3);
    s.Fact(5, 1, Say{std::string(200, 'w')});
    std::istringstream lines(s.Text());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(Length(line), 110u) << line;
  }
}

TEST(DrawText, ListsManyNodesOneBelowTheOther) {
  Story s(11);
  s.Message(1, 1, 11, Add{1}, 3);
  s.Fail(5, 11, "all wrong");
  const std::string text = s.Text();
  EXPECT_TRUE(Has(text, "       1.000  n1    send n1>n11  Add(1)\n")) << text;
  EXPECT_TRUE(Has(text, "VIOLATION no-lost-update: all wrong"));
}

TEST(Render, KnowsFormatsByTheirNames) {
  EXPECT_EQ(*FormatOf("a.b/c.SVG"), Format::kSvg);
  EXPECT_EQ(*FormatOf("x.png"), Format::kPng);
  EXPECT_EQ(*FormatOf("-"), Format::kText);
  for (const char* wrong : {"x.jpeg", "x", "dir.svg/x", ".svg", "x."}) {
    const auto format = FormatOf(wrong);
    EXPECT_EQ(format.status().code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_TRUE(
        Has(std::string(format.status().message()), ".html, .svg, .png, .pdf, .dot or .txt"));
  }
}

TEST(Render, WritesEveryFormat) {
  if (!GraphvizIsThere()) GTEST_SKIP() << "needs Graphviz";
  const TemporaryFolder folder;
  const Story s = Everything();
  const std::map<std::string, std::string> begins = {{"$(touch x) ;'a.dot", "// Every"},
                                                     {"-o.svg", "<?xml"},
                                                     {"a b.png", "\x89PNG"},
                                                     {"a.pdf", "%PDF"},
                                                     {"a.txt", "no-lost-update"}};
  for (const auto& [name, start] : begins) {
    const absl::Status status = Draw(s.scenario, s.result, {}, folder / name);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(Contents(folder / name).substr(0, start.size()), start) << name;
  }
  EXPECT_EQ(folder.files(), begins.size());  // Nothing else is left behind.
}

TEST(Render, SaysWhatIsMissing) {
  const char* const was = std::getenv("PATH");
  const std::string path = was == nullptr ? "" : was;
  setenv("PATH", "/nonexistent", 1);
  const absl::Status status = Render(Everything().Dot(), "/nonexistent/x.png");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(std::string(status.message()),
            "PNG needs Graphviz (neato), which is not installed: apt-get install graphviz");
}

TEST(Render, ReportsWhatNeatoSays) {
  if (!GraphvizIsThere()) GTEST_SKIP() << "needs Graphviz";
  const auto svg = RenderDot("digraph {", Format::kSvg);
  EXPECT_EQ(svg.status().code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(Has(std::string(svg.status().message()), "syntax error")) << svg.status();
}

}  // namespace
}  // namespace reprise
