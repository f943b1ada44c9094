// The table of known bugs: what classes come to, and going on from a record.

#include "tools/kill_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/files.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

KillRow Row(const std::string& id, const std::string& difficulty, bool found) {
  KillRow row;
  row.scenario = "toy:" + id;
  row.mutant.id = id;
  row.mutant.difficulty = difficulty;
  row.found_by = found ? "oracle" : "";
  row.replays = found;
  return row;
}

std::vector<KillRow> Many(const std::string& difficulty, int found, int missed) {
  std::vector<KillRow> rows;
  for (int i = 0; i < found; ++i) rows.push_back(Row("found", difficulty, true));
  for (int i = 0; i < missed; ++i) rows.push_back(Row("missed", difficulty, false));
  return rows;
}

bool Met(const std::vector<KillRow>& rows) { return ClassesOf(rows).at(0).met(); }

TEST(KillTable, EasyOnesMustAllBeFoundAndOfOthersAShare) {
  EXPECT_TRUE(Met(Many("D1", 5, 0)));
  EXPECT_FALSE(Met(Many("D1", 99, 1)));
  EXPECT_TRUE(Met(Many("D2", 19, 1)));
  EXPECT_FALSE(Met(Many("D2", 18, 1)));
  EXPECT_TRUE(Met(Many("D3", 3, 2)));
  EXPECT_FALSE(Met(Many("D3", 2, 2)));
}

TEST(KillTable, AFailureThatDoesNotReplayDoesNotCount) {
  auto rows = Many("D1", 1, 0);
  rows[0].replays = false;
  EXPECT_FALSE(Met(rows));
}

TEST(KillTable, AStoryCountsForTheHardestClassAlone) {
  for (const auto& [difficulty, met] : {std::pair("D1", false), {"D2", false}, {"D3", true}}) {
    auto rows = Many(difficulty, 0, 1);
    rows[0].mutant.story = "tests/story_test.cc";
    EXPECT_EQ(Met(rows), met) << difficulty;
  }
  auto rows = Many("D3", 0, 1);
  rows[0].mutant.story = "tests/story_test.cc";
  EXPECT_THAT(ClassesOf(rows)[0].told, ElementsAre("missed"));
  EXPECT_THAT(ClassesOf(rows)[0].missed, SizeIs(0));
}

TEST(KillTable, ADecoyIsGoodWhereNobodyComplains) {
  auto rows = Many("decoy", 0, 1);
  rows[0].mutant.decoy = true;
  EXPECT_TRUE(Met(rows));
  rows[0].found_by = "oracle";
  EXPECT_FALSE(Met(rows));
  EXPECT_THAT(SummaryOf(ClassesOf(rows), TableForm::kText), HasSubstr("NOT MET"));
}

class Resume : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"mutants",  "stream:ST-M1", "--jobs", "1",
                                    "--resume", record_,        "--out",  folder_ / "traces"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string Record() const { return *LoadFile(record_, 1 << 20); }
  // As if the search had come to something else, which only a row that was taken over shows.
  void Mark() {
    std::string text = Record();
    const size_t at = text.find("\"events\":");
    text.replace(at, 9, "\"events\":77");
    ASSERT_TRUE(SaveFile(record_, text).ok());
  }

  TemporaryFolder folder_;
  const std::string record_ = folder_ / "rows.json";
};

TEST_F(Resume, RowsThatAreThereAreNotMadeAgain) {
  const Output first = Reprise(Arguments());
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("met      D1     1 of 1"));
  Mark();
  const Output second = Reprise(Arguments({"--json"}));
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("\"events\":77"));
}

TEST_F(Resume, RowsOfAnotherSearchAreMadeAgain) {
  EXPECT_EQ(Reprise(Arguments()).status, 0);
  Mark();
  EXPECT_THAT(Reprise(Arguments({"--json", "--base-seed", "2"})).out,
              Not(HasSubstr("\"events\":77")));
  Mark();
  EXPECT_THAT(Reprise(Arguments({"--json", "--base-seed", "2", "--shrink-runs", "50"})).out,
              Not(HasSubstr("\"events\":77")));
}

TEST_F(Resume, RowsOfAnotherProgramAreMadeAgain) {
  EXPECT_EQ(Reprise(Arguments()).status, 0);
  Mark();
  std::string text = Record();
  const size_t at = text.find("\"probe\":\"") + 9;
  text[at] = text[at] == '0' ? '1' : '0';
  ASSERT_TRUE(SaveFile(record_, text).ok());
  EXPECT_THAT(Reprise(Arguments({"--json"})).out, Not(HasSubstr("\"events\":77")));
}

TEST_F(Resume, RowsWhoseTraceIsGoneAreMadeAgain) {
  EXPECT_EQ(Reprise(Arguments()).status, 0);
  Mark();
  std::filesystem::remove(folder_ / "traces/stream/needs-third.trace");
  EXPECT_THAT(Reprise(Arguments({"--json"})).out, Not(HasSubstr("\"events\":77")));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "traces/stream/needs-third.trace"));
}

TEST_F(Resume, AFileOfSomethingElseIsRefusedAndLeftAlone) {
  for (const std::string text : {"not JSON\n", "{\"schema\":\"reprise.mutants/1\"}\n", "{}\n"}) {
    ASSERT_TRUE(SaveFile(record_, text).ok());
    ExpectComplaint(Arguments(), 2, "rows.json:1: not a row of");
    EXPECT_EQ(Record(), text);
  }
}

}  // namespace
}  // namespace reprise
