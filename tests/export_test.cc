// Exports obey the rules of their formats, and the checks of these rules can fail.

#include "tools/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/export_check.h"
#include "tests/toys.h"
#include "tools/event_log.h"

namespace reprise {
namespace {

using Json = nlohmann::json;

struct Case {
  Scenario scenario;
  RunResult run;
};

// Runs with losses, copies, late messages, crashes and restarts.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (Scenario s :
       {toys::Stream(20, {{"sound", [](auto&) { return false; }}}), toys::Forgetful()}) {
    cases.push_back({s, Simulate(s, Choices::Calm(), {.keep_events = true})});
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      cases.push_back({s, Simulate(s, Choices::FromSeed(seed), {.keep_events = true})});
    }
  }
  return cases;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

TEST(Export, PerfettoObeysItsRules) {
  for (const Case& c : Cases()) {
    const std::string text = ToPerfetto(c.scenario, c.run);
    EXPECT_EQ(WrongWithPerfetto(text), "");
    EXPECT_EQ(text, ToPerfetto(c.scenario, c.run));
    // A flow for each copy that arrived.
    size_t flows = 0, arrived = 0;
    const Json json = Json::parse(text);
    for (const Json& e : json["traceEvents"]) flows += e["ph"] == "s" ? 1 : 0;
    for (size_t i = 0; i < c.run.timeline.size(); ++i) {
      const Event::Kind kind = c.run.timeline[i].kind;
      arrived += kind == Event::Kind::kDeliver || kind == Event::Kind::kDuplicate ? 1 : 0;
    }
    EXPECT_EQ(flows, arrived);
  }
}

// Changes what the first event with that phase says, or takes it away.
std::string WithEvent(const std::string& text, const std::string& phase,
                      const std::function<void(Json& event)>& change) {
  Json json = Json::parse(text);
  Json& events = json["traceEvents"];
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i]["ph"] != phase) continue;
    change(events[i]);
    if (events[i].is_null()) events.erase(i);
    return json.dump();
  }
  ADD_FAILURE() << "no event " << phase;
  return text;
}

TEST(Export, BrokenPerfettoFailsItsCheck) {
  const std::vector<Case> cases = Cases();
  const Case& c = cases[2];
  const std::string text = ToPerfetto(c.scenario, c.run);
  ASSERT_EQ(WrongWithPerfetto(text), "");
  const auto wrong = [&](const std::string& phase, const std::function<void(Json&)>& change) {
    return WrongWithPerfetto(WithEvent(text, phase, change));
  };
  using testing::HasSubstr;
  EXPECT_THAT(wrong("f", [](Json& e) { e = nullptr; }), HasSubstr("do not end"));
  EXPECT_THAT(wrong("s", [](Json& e) { e = nullptr; }), HasSubstr("do not begin"));
  EXPECT_THAT(wrong("s", [](Json& e) { e["id"] = 77777; }), HasSubstr("does not begin"));
  EXPECT_THAT(wrong("f", [](Json& e) { e.erase("bp"); }), HasSubstr("without bp"));
  EXPECT_THAT(wrong("f", [](Json& e) { e["ts"] = 9e12; }), HasSubstr("in no slice"));
  EXPECT_THAT(wrong("s", [](Json& e) { e["ts"] = 9e12; }), HasSubstr("before it begins"));
  EXPECT_THAT(wrong("s", [](Json& e) { e["tid"] = 99; }), HasSubstr("in no slice"));
  EXPECT_THAT(wrong("X", [](Json& e) { e["dur"] = 0; }), HasSubstr("without a width"));
  EXPECT_THAT(wrong("X", [](Json& e) { e["dur"] = 100.0; }), HasSubstr("overlap"));
  EXPECT_THAT(wrong("X", [](Json& e) { e["ts"] = 9e12; }), HasSubstr("times fall"));
  EXPECT_THAT(wrong("X", [](Json& e) { e.erase("ts"); }), HasSubstr("no ts"));
  EXPECT_THAT(wrong("X", [](Json& e) { e["ph"] = "Q"; }), HasSubstr(""));
  EXPECT_NE(wrong("X", [](Json& e) { e["ph"] = "Q"; }), "");
  EXPECT_NE(WrongWithPerfetto(text.substr(0, text.size() / 2)), "");
}

TEST(Export, ShivizClocksAreVectorClocks) {
  for (const Case& c : Cases()) {
    const std::string text = ToShiviz(c.scenario, c.run);
    EXPECT_EQ(WrongWithShiviz(text), "");
  }
}

TEST(Export, BrokenShivizFailsItsCheck) {
  const std::vector<Case> cases = Cases();
  const Case& c = cases[0];
  const std::string text = ToShiviz(c.scenario, c.run);
  ASSERT_EQ(WrongWithShiviz(text), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "n1 {\"n1\":2}", "n1 {\"n1\":3}")), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "n1 {\"n1\":2}", "n1 {\"n1\":1}")), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "n1 {\"n1\":2}", "n1 {\"n2\":2}")), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "n1 {\"n1\":2}", "n1 {\"n1\":2, \"n2\":40}")), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "n2 {\"n1\":2, \"n2\"", "n2 {\"n1\":2, \"n9\"")), "");
  EXPECT_NE(WrongWithShiviz(Replaced(text, "(?<clock>", "(?<c>")), "");
  EXPECT_NE(WrongWithShiviz(text.substr(0, text.rfind("\n", text.size() - 2) + 1)), "");
}

TEST(Export, MermaidObeysItsGrammar) {
  for (const Case& c : Cases()) {
    const auto text = ToMermaid(c.scenario, c.run);
    if (!text.ok()) continue;
    EXPECT_EQ(WrongWithMermaid(*text), "");
  }
  const std::vector<Case> cases = Cases();
  const Case& c = cases[0];
  const std::string text = *ToMermaid(c.scenario, c.run);
  EXPECT_THAT(text, testing::HasSubstr("n1-)n2: Number(1)"));
  EXPECT_NE(WrongWithMermaid(Replaced(text, "Number(1)", "Number;1")), "");
  EXPECT_NE(WrongWithMermaid(Replaced(text, "Number(1)", "# Number")), "");
  EXPECT_NE(WrongWithMermaid(Replaced(text, "n1-)n2", "n1-)n9")), "");
  EXPECT_NE(WrongWithMermaid(Replaced(text, "n1-)n2", "n1=>n2")), "");
  EXPECT_NE(WrongWithMermaid(Replaced(text, "sequenceDiagram", "flowchart")), "");
}

TEST(Export, ALongRunIsNoSequenceDiagram) {
  const Scenario s = toys::Stream(kMermaidMessagesAtMost + 1, {});
  const RunResult run = Simulate(s, Choices::Calm(), {.keep_events = true});
  const auto text = ToMermaid(s, run);
  ASSERT_FALSE(text.ok());
  EXPECT_THAT(std::string(text.status().message()), testing::HasSubstr("101"));
}

TEST(Export, JsonLinesAreEvents) {
  const std::vector<Case> cases = Cases();
  const Case& c = cases[2];
  const std::string text = JsonLines(c.run.timeline);
  EXPECT_EQ(WrongWithJsonLines(text), "");
  EXPECT_NE(WrongWithJsonLines(text.substr(text.find('\n') + 1)), "");
  EXPECT_NE(WrongWithJsonLines(Replaced(text, "\"deliver\"", "\"delivered\"")), "");
  EXPECT_NE(WrongWithJsonLines(Replaced(text, "\"ns\":0", "\"ns\":99999999999")), "");
}

TEST(Export, FormatsByNameAndByEnding) {
  EXPECT_EQ(*ExportFormatOf("", "a/b.json"), ExportFormat::kPerfetto);
  EXPECT_EQ(*ExportFormatOf("", "b.shiviz"), ExportFormat::kShiviz);
  EXPECT_EQ(*ExportFormatOf("", "b.mmd"), ExportFormat::kMermaid);
  EXPECT_EQ(*ExportFormatOf("", "b.jsonl"), ExportFormat::kJsonLines);
  EXPECT_EQ(*ExportFormatOf("shiviz", "b.json"), ExportFormat::kShiviz);
  EXPECT_FALSE(ExportFormatOf("", "b.txt").ok());
  EXPECT_FALSE(ExportFormatOf("svg", "b.json").ok());
}

}  // namespace
}  // namespace reprise
