// The HTML page of a run: what is in it, what it says of itself in a browser, and what it does when
// somebody clicks and types.

#include "tools/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "protocols/protocols.h"
#include "sim/trace.h"
#include "tests/browser.h"

namespace reprise {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = Event::Kind;

struct Add {
  uint64_t amount;
};
struct Said {
  std::string words;
};
struct Counted {
  uint64_t sum;
};

// A run made by hand: a ring of nodes that send, report, lose messages, crash and come back.
struct Made {
  Scenario scenario;
  RunResult result;
};

void Note(RunResult& run, Kind kind, int64_t us, uint32_t node, uint32_t peer = 0, uint64_t id = 0,
          const std::string& text = "") {
  run.timeline.Add(kind, AtNanos(1000 * us), NodeId{node}, NodeId{peer}, id, nullptr, text);
}

Made Ring(size_t events) {
  Made made;
  made.scenario.name = "ring";
  made.scenario.roles.push_back({.name = "worker", .count = 7, .main = nullptr});
  RunResult& run = made.result;
  run.timeline.Reset(true);
  for (uint32_t n = 1; n <= 7; ++n) Note(run, Kind::kBoot, 0, n, 0, 1);
  uint64_t id = 0;
  for (int64_t us = 100; run.timeline.size() + 3 < events; us += 700) {
    const auto from = static_cast<uint32_t>(id % 7 + 1), to = static_cast<uint32_t>(id % 5 + 1);
    ++id;
    run.timeline.Add(Kind::kSend, AtNanos(1000 * us), NodeId{from}, NodeId{to}, id,
                     &internal::kType<Add>, Encode(Add{id % 50}));
    const Kind fates[] = {Kind::kDeliver, Kind::kDeliver,  Kind::kDeliver, Kind::kDrop,
                          Kind::kDeliver, Kind::kNobodyUp, Kind::kDeliver};
    const Kind fate = fates[id % 7];
    const bool dropped = fate == Kind::kDrop;
    Note(run, fate, us + (dropped ? 0 : 400), dropped ? from : to, dropped ? to : from, id);
    if (id % 4 == 0) {
      run.timeline.Add(Kind::kFact, AtNanos(1000 * (us + 500)), NodeId{to}, kNobody, 0,
                       &internal::kType<Counted>, Encode(Counted{id}));
    }
    if (id % 600 == 0) Note(run, Kind::kCrash, us + 500, to, 0, id);
    if (id % 600 == 0) Note(run, Kind::kBoot, us + 600, to, 0, id + 1);
  }
  const Event last = run.timeline[run.timeline.size() - 1];
  run.verdict = {Verdict::Kind::kFail, "sum",   "the sum is wrong",
                 run.timeline.size(),  last.at, last.node};
  Note(run, Kind::kVerdict, Nanos(last.at) / 1000 + 1, Index(last.node), 0, 0, "fail sum");
  run.end = last.at;
  return made;
}

std::string PageOf(const Made& made) { return MakePage(made.scenario, made.result, {}); }

// The page of a trace in traces/, as the command makes it.
std::string PageOfTrace(const std::string& name) {
  const auto trace = LoadTrace(REPRISE_SOURCE_DIR "/traces/" + name + ".trace", true);
  EXPECT_TRUE(trace.ok()) << trace.status();
  const auto scenario = AllProtocols().Make(trace->scenario, trace->options);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  const RunResult run =
      Simulate(*scenario, Choices::FromDepartures(trace->departures), {.keep_events = true});
  return MakePage(*scenario, run, {.title = "", .subtitle = "", .trace = name + ".trace"});
}

void Save(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(PageData, HasAColumnForEachFieldOfEachEvent) {
  const Made made = Ring(500);
  const Json data = PageData(made.scenario, made.result, {});
  for (const char* column : {"t", "k", "n", "p", "x", "s"}) {
    EXPECT_EQ(data[column].size(), made.result.timeline.size()) << column;
  }
  int64_t now = 0;
  size_t ends = 0;
  for (size_t i = 0; i < made.result.timeline.size(); ++i) {
    const Event event = made.result.timeline[i];
    now += data["t"][i].get<int64_t>();
    EXPECT_EQ(now, Nanos(event.at));
    EXPECT_EQ(data["kinds"][data["k"][i].get<size_t>()], KindName(event.kind));
    EXPECT_EQ(data["n"][i], int64_t{Index(event.node)} - 1);
    EXPECT_EQ(data["p"][i], int64_t{Index(event.peer)} - 1);
    const std::string text = data["texts"][data["x"][i].get<size_t>()];
    if (event.kind == Kind::kSend || event.kind == Kind::kFact) {
      EXPECT_EQ(text, event.message.text());
    }
    const auto back = data["s"][i].get<size_t>();
    if (back == 0) continue;
    ++ends;
    EXPECT_EQ(made.result.timeline[i - back].kind, Kind::kSend);
    EXPECT_EQ(made.result.timeline[i - back].id, event.id);
  }
  EXPECT_GT(ends, 100u);
}

TEST(PageData, HasSpansOfDownTimeCutsAndSpells) {
  Made made = Ring(20);
  RunResult& run = made.result;
  run.timeline.Reset(true);
  Note(run, Kind::kBoot, 0, 1, 0, 1);
  Note(run, Kind::kCut, 10, 0, 0, 3, "n1 n2 | n3");
  Note(run, Kind::kStrike, 15, 2, 0, 1, "paused");
  Note(run, Kind::kCrash, 20, 1, 0, 1);
  Note(run, Kind::kOver, 25, 2, 0, 1, "paused");
  Note(run, Kind::kBoot, 30, 1, 0, 2);
  Note(run, Kind::kHeal, 40, 0, 0, 3, "n1 n2 | n3");
  Note(run, Kind::kCut, 50, 0, 0, 4, "n2 mute");
  Note(run, Kind::kCalm, 60, 0);
  Note(run, Kind::kCrash, 70, 3, 0, 1);
  run.verdict = {};
  const Json data = PageData(made.scenario, run, {});
  EXPECT_EQ(data["calm"], 8);
  EXPECT_EQ(data["violation"], -1);
  std::vector<std::string> spans;
  for (const Json& span : data["spans"]) {
    spans.push_back(Dump(span["kind"]) + Dump(span["node"]) + " " + Dump(span["from"]) + "-" +
                    Dump(span["to"]) + Dump(span["sides"]));
  }
  EXPECT_THAT(spans, testing::UnorderedElementsAre("\"spell\"1 2-4[]", "\"down\"0 3-5[]",
                                                   "\"cut\"-1 1-6[[0,1],[2]]", "\"cut\"-1 7-8[]",
                                                   "\"down\"2 9-9[]"));
}

TEST(Page, IsTheSameForTheSameRun) { EXPECT_EQ(PageOf(Ring(300)), PageOf(Ring(300))); }

TEST(Page, LoadsNothingFromAnywhere) {
  const std::string page = PageOf(Ring(100));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* word : {"http:", "https:", "src=", "href=", "@import", "url(", "fetch(",
                           "XMLHttpRequest", "import("}) {
    EXPECT_THAT(page, Not(HasSubstr(word))) << word;
  }
}

TEST(Page, TextOfARunIsNoMarkup) {
  Made made = Ring(20);
  made.result.timeline.Add(Kind::kFact, AtNanos(1), NodeId{1}, kNobody, 0, &internal::kType<Said>,
                           Encode(Said{"</script><script>alert(1)</script><!-- \xff\x01"}));
  made.result.verdict.reason = "</script><b>";
  const std::string page = PageOf(made);
  EXPECT_THAT(page, Not(HasSubstr("</script><")));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cscript>"));
  EXPECT_EQ(page.find("<!--"), page.npos);
}

// What comes back from the page's own checks: "draw_ms 3.100" and the like.
double NumberAfter(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  return at == text.npos ? -1 : std::atof(text.c_str() + at + name.size() + 2);
}

std::string SelfTest(const std::string& page) {
  const TemporaryFolder folder;
  Save(folder / "page.html", page);
  const std::string document = DumpDom(folder, folder / "page.html", "selftest");
  const size_t from = document.find("<pre id=\"selftest\">");
  return from == document.npos ? "the page said nothing"
                               : document.substr(from, document.find("</pre>", from) - from);
}

#define NEEDS(program)                                                                     \
  if (!IsInstalled(program)) {                                                             \
    GTEST_SKIP() << "SKIPPED, not passed: this needs " program ", which is not installed"; \
  }

class PageOfATrace : public testing::TestWithParam<const char*> {};

TEST_P(PageOfATrace, PassesItsOwnChecks) {
  NEEDS("chromium");
  const std::string said = SelfTest(PageOfTrace(GetParam()));
  EXPECT_THAT(said, HasSubstr("SELFTEST PASSED"));
  EXPECT_THAT(said, Not(HasSubstr("FAIL")));
}

INSTANTIATE_TEST_SUITE_P(Corpus, PageOfATrace,
                         testing::Values("raft/commit-by-counting", "write-ahead-log/impatient",
                                         "chandy-lamport/marker-overtakes-a-loss",
                                         "lease-lock/no-drift-margin", "blob-store/lists-one-zone",
                                         "scrubbed-store/trusts-any-disk",
                                         "sliding-window/trusts-the-mark"),
                         [](const auto& param) {
                           std::string name = param.param;
                           for (char& c : name) c = c == '/' || c == '-' ? '_' : c;
                           return name;
                         });

// A hundred times as many events, and a redraw takes no more than ten times as long.
TEST(Page, OfAHundredThousandEventsIsFast) {
  NEEDS("chromium");
  const std::string small = SelfTest(PageOf(Ring(1000)));
  const std::string large = SelfTest(PageOf(Ring(100'000)));
  EXPECT_THAT(small, HasSubstr("SELFTEST PASSED"));
  EXPECT_THAT(large, HasSubstr("SELFTEST PASSED"));
  EXPECT_GE(NumberAfter(large, "events"), 99'000);
  EXPECT_THAT(large, HasSubstr("dense true"));
  const double ratio = NumberAfter(large, "draw_ms") / NumberAfter(small, "draw_ms");
  EXPECT_GT(NumberAfter(small, "draw_ms"), 0);
  EXPECT_GT(ratio, 0);
  EXPECT_LE(ratio, 10);
  RecordProperty("draw_ratio", std::to_string(ratio));
  std::printf("redraw of 1,000 events %.1f ms, of 100,000 events %.1f ms: ratio %.2f\n",
              NumberAfter(small, "draw_ms"), NumberAfter(large, "draw_ms"), ratio);
}

// The checks can fail: a page whose data are wrong says so.
TEST(Page, OfDamagedDataFailsItsOwnChecks) {
  NEEDS("chromium");
  Made made = Ring(200);
  made.result.timeline.Add(Kind::kFact, AtNanos(5), NodeId{1}, kNobody, 0,
                           &internal::kType<Counted>, Encode(Counted{1}));  // Time runs back.
  const std::string said = SelfTest(PageOf(made));
  EXPECT_THAT(said, HasSubstr("FAIL  time never runs back"));
  EXPECT_THAT(said, HasSubstr("SELFTEST FAILED"));
}

class PageInABrowser : public testing::Test {
 protected:
  void Start(const std::string& fragment = "") {
    Save(folder_ / "page.html", PageOfTrace("raft/commit-by-counting"));
    browser_.emplace(folder_);
    browser_->Open("file://" + folder_ / "page.html" + fragment);
    ASSERT_EQ(browser_->Run("return typeof step"), "function");
  }
  nlohmann::json Ask(const std::string& script) { return browser_->Run("return " + script); }

  TemporaryFolder folder_;
  std::optional<Browser> browser_;
};

TEST_F(PageInABrowser, ObeysClicksAndKeys) {
  NEEDS("chromium");
  NEEDS("chromedriver");
  Start();
  // A click on an event selects it.
  const auto where =
      Ask("(() => { chooseAxis('order'); view.from = 2000; view.to = 2040; draw();"
          "const i = kind.findIndex((k, j) => j > 2010 && k === kindOf.deliver);"
          "const box = canvas.getBoundingClientRect();"
          "return [i, box.left + x(i), box.top + y(node[i])]; })()");
  ASSERT_EQ(where.size(), 3u) << where;
  browser_->Click(where[1], where[2]);
  EXPECT_EQ(Ask("view.selected"), where[0]);
  EXPECT_THAT(Ask("document.getElementById('event').textContent").get<std::string>(),
              HasSubstr("deliver"));
  EXPECT_THAT(Ask("document.getElementById('spoken').textContent").get<std::string>(),
              HasSubstr("receives"));
  EXPECT_THAT(Ask("location.hash").get<std::string>(),
              HasSubstr("e=" + std::to_string(where[0].get<int>() + 1)));
  // Keys: its cause, one step on, the violation, the cone, nothing.
  browser_->Press("p");
  EXPECT_EQ(Ask("view.selected"), Ask("send[" + where[0].dump() + "]"));
  const int64_t cause = Ask("view.selected");
  browser_->Press("\uE014");
  EXPECT_EQ(Ask("view.selected"), cause + 1);
  browser_->Press("!");
  EXPECT_EQ(Ask("view.selected"), Ask("data.violation"));
  browser_->Press("c");
  EXPECT_EQ(Ask("document.getElementById('cone').getAttribute('aria-pressed')"), "true");
  EXPECT_GT(Ask("view.cone.reduce((n, c) => n + (c ? 1 : 0), 0)").get<int>(), 100);
  browser_->Press("?");
  EXPECT_EQ(Ask("document.getElementById('help').open"), true);
  browser_->ClickOn("#help-close");
  browser_->Press("\uE00C");
  EXPECT_EQ(Ask("view.selected"), -1);
}

TEST_F(PageInABrowser, FiltersByTextNodeAndKind) {
  NEEDS("chromium");
  NEEDS("chromedriver");
  Start();
  browser_->TypeInto("#search", "RequestVote");
  const int matched = Ask("matched");
  EXPECT_GT(matched, 10);
  EXPECT_LT(matched, 600);
  EXPECT_THAT(Ask("document.getElementById('matches').textContent").get<std::string>(),
              HasSubstr(std::to_string(matched) + " of"));
  browser_->TypeInto("#search", "\uE007");  // Enter goes to the first.
  EXPECT_THAT(Ask("textOf(view.selected)").get<std::string>(), HasSubstr("RequestVote"));
  Ask("(view.search = '', document.getElementById('search').value = '', applyFilters())");
  browser_->ClickOn("#nodes-summary");
  browser_->ClickOn("[data-node='1']");
  EXPECT_EQ(Ask("laneOf[1]"), -1);
  browser_->ClickOn("#kinds-summary");
  browser_->ClickOn("[data-group='3']");  // Timers.
  EXPECT_EQ(Ask("shown.some((s, i) => s && kindName(i) === 'wake')"), false);
  EXPECT_THAT(Ask("location.hash").get<std::string>(), HasSubstr("hide=n2"));
}

TEST_F(PageInABrowser, KeepsWhatIsShownInItsAddress) {
  NEEDS("chromium");
  NEEDS("chromedriver");
  Start("#e=1234&axis=folded&cone=1&theme=dark&q=Append&hide=n7");
  EXPECT_EQ(Ask("view.selected"), 1233);
  EXPECT_EQ(Ask("view.axis"), "folded");
  EXPECT_EQ(Ask("view.theme"), "dark");
  EXPECT_EQ(Ask("view.search"), "Append");
  EXPECT_EQ(Ask("laneOf[6]"), -1);
  EXPECT_EQ(Ask("view.cone[1233]"), 3);
  const bool in_view = Ask("x(1233) > layout.left && x(1233) < layout.width");
  EXPECT_TRUE(in_view);
}

}  // namespace
}  // namespace reprise
