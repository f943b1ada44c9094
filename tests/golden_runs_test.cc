// Every scenario's first runs have the digests that tests/golden/digests.txt says: the same with
// every compiler, option and machine. Where they change on purpose, one command makes it again.

#include <gmock/gmock.h>

#include "protocols/protocols.h"
#include "sim/files.h"
#include "tests/command_helper.h"
#include "tools/digests.h"

namespace reprise {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kTable = REPRISE_SOURCE_DIR "/tests/golden/digests.txt";
constexpr const char* kAgain =
    "if that is meant: build/release/reprise digests -o tests/golden/digests.txt";

TEST(GoldenRuns, AreAsInTheTable) {
  auto table = LoadDigests(kTable);
  ASSERT_TRUE(table.ok()) << table.status().message();
  DropLeftOut(AllProtocols(), *table);
  const auto differences = CompareDigests(*table, DigestsOf(AllProtocols()));
  EXPECT_TRUE(differences.empty()) << differences.size() << " runs differ; the first:\n"
                                   << Describe(differences.front()) << "\n"
                                   << kAgain;
}

TEST(GoldenRuns, TheTableHasEveryScenarioAndIsAsTheCommandWritesIt) {
  const auto table = LoadDigests(kTable);
  ASSERT_TRUE(table.ok()) << table.status().message();
  size_t scenarios = 0;
  const Catalogue all = AllProtocols();
  for (const Family& family : all.families()) scenarios += 1 + family.mutants.size();
  EXPECT_EQ(FormatDigests(*table), *LoadFile(kTable, 1 << 20)) << kAgain;
  for (const DigestRow& row : *table) EXPECT_THAT(row.digest, SizeIs(16)) << row.scenario;
  std::vector<DigestRow> rows = *table;
  DropLeftOut(all, rows);
  EXPECT_THAT(rows, SizeIs(scenarios * (1 + kGoldenSeeds))) << kAgain;
}

TEST(GoldenRuns, ADifferenceIsNamed) {
  const std::vector<DigestRow> now = {{"a", "calm", "01"}, {"a", "1", "02"}, {"b", "calm", "03"}};
  EXPECT_THAT(CompareDigests(now, now), IsEmpty());
  std::vector<std::string> said;
  for (const auto& difference :
       CompareDigests({{"gone", "1", "04"}, {"a", "calm", "01"}, {"a", "1", "ff"}}, now)) {
    said.push_back(Describe(difference));
  }
  EXPECT_THAT(said,
              ElementsAre("a 1: ff in the table, 02 now", "b calm: 03 now, and not in the table",
                          "gone 1: in the table, and no run any more"));
}

TEST(GoldenRuns, WhatAProgramLeavesOutIsNotMissed) {
  Catalogue catalogue;
  catalogue.LeaveOut("engine", "its library is not here");
  std::vector<DigestRow> rows = {
      {"engine", "1", "01"}, {"engine:bad", "1", "02"}, {"engines", "1", "03"}};
  EXPECT_EQ(DropLeftOut(catalogue, rows), 2u);
  EXPECT_THAT(rows, SizeIs(1));
  const auto scenario = catalogue.Make("engine:bad");
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(scenario.status().message(),
            "engine is left out of this program: its library is not here");
}

TEST(GoldenRuns, OfAnotherSeedAnotherDigest) {
  const auto rows = DigestsOf(AllProtocols());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t k = i - i % (1 + kGoldenSeeds); k < i; ++k) {
      EXPECT_NE(rows[i].digest, rows[k].digest) << rows[i].scenario << " " << rows[i].seed;
    }
  }
}

TEST(Command, DigestsAreWrittenAndChecked) {
  const TemporaryFolder folder;
  const std::string table = folder / "digests.txt";
  EXPECT_EQ(Reprise({"digests", "-o", table}).out, "wrote " + table + ": 24 runs\n");
  const std::string text = Contents(table);
  EXPECT_THAT(text, AllOf(StartsWith("# "), HasSubstr("\nstream calm "), HasSubstr("\nstream 3 "),
                          HasSubstr("\nstream:shifty 1 ")));
  EXPECT_EQ(Reprise({"digests"}).out, text);
  const Output same = Reprise({"digests", "--check", table});
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_EQ(same.out, "24 runs, all as in " + table + "\n");
  EXPECT_EQ(Reprise({"digests", "--check", table, "--seeds", "2"}).status, 4);

  shift = 7;
  const Output shifted = Reprise({"digests", "--check", table});
  shift = 0;
  EXPECT_EQ(shifted.status, 4);
  EXPECT_EQ(shifted.out, "");
  EXPECT_THAT(shifted.err, AllOf(StartsWith("DIFFERS  stream:shifty calm: "),
                                 HasSubstr("if that is meant: reprise digests -o " + table)));
}

TEST(Command, JsonOfDigests) {
  const TemporaryFolder folder;
  const std::string table = folder / "digests.txt";
  ASSERT_TRUE(SaveFile(table, "stream calm 00\nstream:gone 7 01\n").ok());
  const json plain = json::parse(Reprise({"digests", "--seeds", "1", "--json"}).out);
  ASSERT_THAT(plain, SizeIs(12));
  EXPECT_EQ(plain[0]["schema"], "reprise.digests/1");
  EXPECT_EQ(plain[0]["scenario"], "stream");
  EXPECT_TRUE(plain[0]["seed"].is_null());
  EXPECT_EQ(plain[1]["seed"], "1");
  EXPECT_EQ(plain[1]["digest"],
            json::parse(Reprise({"run", "stream", "--seed", "1", "--json"}).out)["digest"]);
  EXPECT_FALSE(plain[0].contains("recorded"));
  const Output output = Reprise({"digests", "--seeds", "1", "--check", table, "--json"});
  EXPECT_EQ(output.status, 4);
  EXPECT_THAT(output.err, HasSubstr("and 3 more\n"));
  const json checked = json::parse(output.out);
  ASSERT_THAT(checked, SizeIs(13));
  EXPECT_EQ(checked[0]["recorded"], "00");
  EXPECT_TRUE(checked[1]["recorded"].is_null());
  EXPECT_EQ(checked[12]["recorded"], "01");
  EXPECT_TRUE(checked[12]["digest"].is_null());
}

TEST(Command, ARunThatKillsHasItsWordForADigest) {
  uint64_t crashes = 0;
  const std::string text = Reprise({"digests", "--seeds", "60"}).out;
  for (size_t at = text.find(" crash\n"); at != text.npos; at = text.find(" crash\n", at + 1)) {
    ++crashes;
    EXPECT_EQ(text.substr(text.rfind('\n', at) + 1, 12), "stream:dies ");
  }
  EXPECT_GT(crashes, 0u);
}

TEST(Command, BadTablesOfDigestsGetOneLine) {
  const TemporaryFolder folder;
  const std::string path = folder / "bad.txt";
  const auto is_rejected = [&](const std::string& text, const std::string& words) {
    ASSERT_TRUE(SaveFile(path, text).ok());
    ExpectComplaint({"digests", "--check", path}, 2, words);
  };
  is_rejected("# head\n\nstream calm\n", "bad.txt: line 3: want a scenario, a seed and a digest");
  is_rejected("stream calm 00 11\n", "bad.txt: line 1: want a scenario");
  is_rejected("stream 1 00\nstream 1 00\n", "bad.txt: line 2: stream 1 is there twice");
  ExpectComplaint({"digests", "--check", folder / "none.txt"}, 3, "none.txt: No such file");
  ExpectComplaint({"digests", "-o", path + "/x"}, 3, "cannot write");
  ExpectComplaint({"digests", "-o", "x", "--check", "y"}, 2, "--out excludes --check");
  ExpectComplaint({"digests", "--seeds", "0"}, 2, "want a whole number, 1 to 1000000");
}

}  // namespace
}  // namespace reprise
