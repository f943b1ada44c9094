// reprise explore: what it prints and how it ends.

#include "sim/files.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<json> Lines(const std::string& text) {
  std::vector<json> out;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    out.push_back(json::parse(text.substr(at, text.find('\n', at) - at)));
  }
  return out;
}

TEST(ExploreCommand, SaysWhatItExplored) {
  const TemporaryFolder folder;
  const Output output = Reprise({"explore", "stream", "--out", folder / "out", "--jobs", "2"});
  EXPECT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("PASS  "));
  EXPECT_THAT(output.out, HasSubstr("depth 1  "));
  EXPECT_THAT(output.out, HasSubstr(" crash points: "));
  EXPECT_THAT(output.out, HasSubstr(" legal images there: "));
}

// n1 calls Sleep ten times; n2 calls Receive eleven times. No disk is used.
TEST(ExploreCommand, JsonHasAllCounts) {
  const TemporaryFolder folder;
  const Output output = Reprise({"explore", "stream", "--json", "--out", folder / "out"});
  EXPECT_EQ(output.status, 0) << output.err;
  const std::vector<json> lines = Lines(output.out);
  for (const json& line : lines) EXPECT_EQ(line["schema"], "reprise.explore/1");
  const json& end = lines.back();
  EXPECT_EQ(end["type"], "end");
  EXPECT_EQ(end["complete"], true);
  ASSERT_EQ(end["levels"].size(), 1u);
  const json& level = end["levels"][0];
  EXPECT_EQ(level["crash_points"], level["crash_points_run"]);
  EXPECT_EQ(level["images"], std::to_string(level["crash_points"].get<uint64_t>()));
  EXPECT_EQ(end["runs"].get<uint64_t>(), 1 + level["images_run"].get<uint64_t>());
  EXPECT_TRUE(end["first_failure"].is_null());
}

TEST(ExploreCommand, AFailureIsShrunkAndItsTraceReplays) {
  const TemporaryFolder folder;
  const Output output =
      Reprise({"explore", "stream:needs-third", "--json", "--out", folder / "out"});
  EXPECT_EQ(output.status, 1) << output.err;
  std::string trace;
  uint64_t run = 0;
  for (const json& line : Lines(output.out)) {
    if (line["type"] == "failure") {
      trace = line["trace"];
      run = line["run"];
      EXPECT_EQ(line["oracle"], "third");
      EXPECT_EQ(line["departures"].size(), 1u);
    }
    if (line["type"] == "end") {
      EXPECT_EQ(line["first_failure"], run + 1);
    }
  }
  EXPECT_THAT(trace, HasSubstr("stream-needs-third-explored"));
  EXPECT_EQ(Reprise({"replay", trace}).status, 1);
  const Output text = Reprise({"explore", "stream:needs-third", "--out", folder / "out"});
  EXPECT_THAT(text.out, HasSubstr("a crash within the calm run"));
  EXPECT_THAT(text.out, HasSubstr("the first failure was run " + std::to_string(run + 1)));
}

TEST(ExploreCommand, IsUndecidedWhereABudgetRanOutOrNobodyJudged) {
  const TemporaryFolder folder;
  const Output few = Reprise({"explore", "stream", "--runs", "3", "--out", folder / "out"});
  EXPECT_EQ(few.status, 5);
  EXPECT_THAT(few.out, HasSubstr("3 runs in "));
  EXPECT_THAT(few.out, HasSubstr("there was more to explore"));
  EXPECT_EQ(Reprise({"explore", "stream:unjudged", "--out", folder / "out"}).status, 5);
}

TEST(ExploreCommand, MistakesGetOneLine) {
  ExpectComplaint({"explore"}, 2, "reprise explore: SCENARIO is missing");
  ExpectComplaint({"explore", "strem"}, 2, "no scenario \"strem\". Did you mean \"stream\"?");
  for (const char* depth : {"0", "3", "-1", "deep", ""}) {
    ExpectComplaint({"explore", "stream", "--depth", depth}, 2, "want a whole number, 1 to 2");
  }
  ExpectComplaint({"explore", "stream", "--images", "0"}, 2, "want a whole number, 1 to 1000000");
  ExpectComplaint({"explore", "stream", "--runs", "0"}, 2, "want a whole number, 1 or more");
  ExpectComplaint({"explore", "stream", "--jobs", "0"}, 2, "want a whole number, 1 to 256");
  ExpectComplaint({"explore", "stream", "--base-seed", "x"}, 2, "is not a seed");
  ExpectComplaint({"explore", "stream", "--dept", "1"}, 2, "Did you mean --depth?");
  ExpectComplaint({"explore", "stream", "--option", "numbers=0"}, 2, "want 1 to 100");
  const TemporaryFolder folder;
  ASSERT_TRUE(SaveFile(folder / "file", "x").ok());
  ExpectComplaint({"explore", "stream", "--out", folder / "file"}, 3, "cannot write");
}

}  // namespace
}  // namespace reprise
