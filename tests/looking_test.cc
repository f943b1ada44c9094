// The commands that look at one run: diff, explain, export.

#include "sim/files.h"
#include "sim/trace.h"
#include "tests/command_helper.h"
#include "tests/export_check.h"

namespace reprise {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

TEST(DiffCommand, ATraceBesideItself) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"diff", trace, trace});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("the same run"));
}

TEST(DiffCommand, ATraceBesideTheNearestRunThatPasses) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"diff", trace});
  EXPECT_EQ(output.status, 4) << output.err;
  EXPECT_THAT(output.out, HasSubstr("without drop n1>n2 #3"));
  EXPECT_THAT(output.out, HasSubstr("first difference  event"));
  EXPECT_THAT(output.out, testing::ContainsRegex("  < .*deliver n1"));
  EXPECT_THAT(output.out, testing::ContainsRegex("  > .*drop n2"));
  EXPECT_THAT(output.out, testing::Not(HasSubstr("\033")));
  EXPECT_EQ(Reprise({"diff", trace}).out, output.out);
}

TEST(DiffCommand, Json) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"diff", trace, "--json"});
  EXPECT_EQ(output.status, 4) << output.err;
  const Json json = Json::parse(output.out);
  EXPECT_EQ(json["schema"], "reprise.diff/1");
  EXPECT_EQ(json["one"]["verdict"], "pass");
  EXPECT_EQ(json["other"]["verdict"], "fail");
  EXPECT_GT(json["same"], 10);
  EXPECT_EQ(json["differing"].size(), 3u);  // It is delivered and reported there, and lost here.
  EXPECT_EQ(json["first_difference"]["other"]["text"], "drop n2");
}

TEST(DiffCommand, APictureOfBoth) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"diff", trace, "-o", folder / "x.dot"});
  EXPECT_EQ(output.status, 4) << output.err;
  const std::string dot = *LoadFile(folder / "x.dot", 1 << 20);
  EXPECT_THAT(dot, HasSubstr("PASS"));
  EXPECT_THAT(dot, HasSubstr("FAIL"));
  EXPECT_THAT(dot, HasSubstr("first difference"));
  EXPECT_THAT(dot, HasSubstr("#2F9E44"));  // What only one has,
  EXPECT_THAT(dot, HasSubstr("#D62839"));  // and what only the other has.
  ExpectComplaint({"diff", trace, "-o", folder / "x.bmp"}, 2, "unknown format");
}

TEST(ExplainCommand, SaysWhatWasNeeded) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"explain", trace, "--jobs", "2"});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("1 departure is needed"));
  EXPECT_THAT(output.out, HasSubstr("faults needed: loss"));
  EXPECT_THAT(output.out, HasSubstr("point of no return"));
  EXPECT_THAT(output.out, HasSubstr("n1 sends Number(3) to n2, and it is lost"));
  EXPECT_EQ(Reprise({"explain", trace, "--jobs", "1"}).out, output.out);
}

TEST(ExplainCommand, Json) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"explain", trace, "--json"});
  EXPECT_EQ(output.status, 0) << output.err;
  const Json json = Json::parse(output.out);
  EXPECT_EQ(json["schema"], "reprise.explain/1");
  ASSERT_EQ(json["departures"].size(), 1u);
  EXPECT_EQ(json["departures"][0]["address"], "drop n1>n2 #3");
  EXPECT_EQ(json["departures"][0]["needed"], true);
  EXPECT_EQ(json["classes"], Json({"loss"}));
  EXPECT_EQ(json["nearest"]["how"], "without drop n1>n2 #3");
  EXPECT_GE(json["curve"].size(), 5u);
  EXPECT_FALSE(json["sentences"].empty());
}

TEST(ExplainCommand, ARunThatKillsItsProcessIsExplainedAsFarAsItCanBe) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:dies");
  const Output output = Reprise({"explain", trace});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("1 departure is needed"));
  ExpectComplaint({"diff", trace}, 2, "ends its process");
}

TEST(ExplainCommand, WhatPassesNeedsNoExplanation) {
  const TemporaryFolder folder;
  ASSERT_EQ(Reprise({"run", "stream", "--trace", folder / "t.trace"}).status, 0);
  ExpectComplaint({"explain", folder / "t.trace"}, 2, "nothing to explain");
  ExpectComplaint({"explain", folder / "t.trace", "also"}, 2, "too many");
  ExpectComplaint({"diff", folder / "t.trace"}, 2, "does not fail");
}

TEST(ExplainCommand, TableOfManyTraces) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const Output output = Reprise({"explain", "--table", trace, trace});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("| stream:needs-third | ST-M1 | 1 / 1 | drop | loss |"));
}

TEST(ExportCommand, WritesEachFormat) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const auto write = [&](const std::string& name) {
    EXPECT_EQ(Reprise({"export", trace, "-o", folder / name}).status, 0);
    return *LoadFile(folder / name, 1 << 22);
  };
  EXPECT_EQ(WrongWithPerfetto(write("x.json")), "");
  EXPECT_EQ(WrongWithShiviz(write("x.shiviz")), "");
  EXPECT_EQ(WrongWithMermaid(write("x.mmd")), "");
  EXPECT_EQ(WrongWithJsonLines(write("x.jsonl")), "");
  ExpectComplaint({"export", trace, "-o", folder / "x.svg"}, 2, "no format");
  ExpectComplaint({"export", folder / "none.trace", "-o", folder / "x.json"}, 3, "none.trace");
}

}  // namespace
}  // namespace reprise
