// Exploring finds what is there, counts it exactly, and finds the same again.

#include "sim/search/explore.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "sim/search/images.h"
#include "sim/search/isolate.h"
#include "sim/trace.h"
#include "tests/toys.h"

namespace reprise {
namespace {

using testing::ElementsAre;

bool Always(const Progress&) { return true; }

ExploreResult ExploreAll(const Scenario& scenario, ExploreOptions options = {}) {
  return Explore(scenario, options, Always);
}

std::vector<std::string> Words(const Departures& departures) {
  std::vector<std::string> out;
  for (const Departure& d : departures) {
    out.push_back(Describe(d.address) + " = " + std::to_string(d.value) + "/" +
                  std::to_string(d.bound));
  }
  return out;
}

Scenario OneNode(std::string name, NodeMain main) {
  Scenario s;
  s.name = std::move(name);
  s.roles = {{.name = "node", .count = 1, .main = std::move(main)}};
  s.storm = 1s;
  s.calm = 1s;
  s.oracles = JudgedBy(toys::LostOracle());
  return s;
}

// Call 1 opens a, 2 opens b, 3 syncs the directory, 4 writes a, 5 writes b, 6 sleeps for ever. Of
// all that crashes may leave, only one image is wrong: all is there, but for the sector of a.
Scenario TwoFiles() {
  return OneNode("two-files", [](Env& env) {
    auto a = env.disk().Open("a", OpenMode::kCreateIfMissing);
    auto b = env.disk().Open("b", OpenMode::kCreateIfMissing);
    if (env.boot() > 1) {
      if (*a->ReadAt(0, 1) == std::string(1, '\0') && *b->ReadAt(0, 1) == "b") {
        env.Report(toys::Lost{1});
      }
      return;
    }
    if (!env.disk().SyncDir("").ok()) return;
    if (!a->WriteAt(0, "a").ok()) return;
    if (!b->WriteAt(0, "b").ok()) return;
    env.Sleep(1h);
  });
}
constexpr uint64_t kImagesOfTwoFiles[] = {1, 2, 4, 1, 4, 16};  // Of a crash at each call.

// A file that was said to be there is not.
class GoneOracle final : public Oracle {
 public:
  std::string name() const override { return "gone"; }
  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const toys::Got&) { said_ = true; });
    event.Match([&](const toys::Lost&) {
      if (said_) complaint = "the file is gone";
    });
    return complaint;
  }

 private:
  bool said_ = false;
};

// Its recovery removes what it has before it writes that again. So one crash does no harm, and a
// second one in recovery does.
Scenario TwiceUnlucky() {
  Scenario s = OneNode("twice-unlucky", [](Env& env) {
    auto file = env.disk().Open("state", OpenMode::kCreateIfMissing);
    if (env.boot() == 1) {
      if (!file->Append("x").ok()) return;       // Call 2.
      if (!file->Sync().ok()) return;            // 3
      if (!env.disk().SyncDir("").ok()) return;  // 4
      env.Report(toys::Got{1});
      env.Sleep(1h);  // 5
      return;
    }
    const auto text = file->ReadAt(0, 8);  // 2
    if (env.boot() == 3 && text->empty()) env.Report(toys::Lost{3});
    if (*text != "x") return;
    if (!file->Truncate(0).ok()) return;  // 3
    if (!file->Append("x").ok()) return;  // 4
    if (!file->Sync().ok()) return;       // 5
    env.Sleep(1h);                        // 6
  });
  s.oracles = JudgedBy(GoneOracle());
  return s;
}

Address CallOne(uint64_t call) { return {{LabelOf(Fault::kCrashAt), NodeId{1}}, 1, call}; }

TEST(Images, AreAProductOfWhatTheDiskDraws) {
  const Scenario s = TwoFiles();
  for (uint64_t call = 1; call <= 6; ++call) {
    const CrashPoint point = LookAt(s, {}, CallOne(call), 100);
    EXPECT_TRUE(point.strikes) << call;
    EXPECT_EQ(LegalImages(point), kImagesOfTwoFiles[call - 1]) << call;
    EXPECT_EQ(ImagesOf(point, 100, 1).size(), kImagesOfTwoFiles[call - 1]) << call;
    EXPECT_EQ(point.writes, 0u);
    EXPECT_EQ(point.looks, 1u);
  }
  EXPECT_FALSE(LookAt(s, {}, CallOne(7), 100).strikes);
}

TEST(Images, OfAPointAreAllDifferentAndAllDrawn) {
  const Scenario s = TwoFiles();
  const CrashPoint point = LookAt(s, {}, CallOne(6), 100);
  std::set<std::vector<std::string>> images;
  for (const Departures& image : ImagesOf(point, 100, 1)) {
    const RunResult run = Simulate(s, Choices::FromDepartures(image));
    EXPECT_EQ(run.departures(), image);  // All of it was drawn, and with these bounds.
    images.insert(Words(image));
  }
  EXPECT_EQ(images.size(), 16u);
}

TEST(Images, WhereTheyAreManyAreASampleInAFixedOrder) {
  const CrashPoint point = LookAt(TwoFiles(), {}, CallOne(6), 15);
  EXPECT_EQ(point.writes, 2u);
  EXPECT_EQ(point.looks, 2u);
  const std::string crash = "crash-at n1 #1.6 = 1/2", torn = "torn n1 #1.6 = 1/2";
  const auto piece = [](int k) {
    return "torn-sector n1 #1.600000" + std::to_string(k) + " = 1/2";
  };
  const auto images = ImagesOf(point, 15, 1);
  ASSERT_EQ(images.size(), 7u + 6u);  // Of four singles there are six pairs.
  EXPECT_THAT(Words(images[0]), ElementsAre(crash));
  EXPECT_THAT(Words(images[1]), ElementsAre(crash, "unsynced n1 #1.6 = 1/1024"));
  EXPECT_THAT(Words(images[2]), ElementsAre(crash, "unsynced n1 #1.6 = 513/1024"));
  for (int k = 1; k <= 4; ++k) {
    EXPECT_THAT(Words(images[static_cast<size_t>(k) + 2]), ElementsAre(crash, torn, piece(k)));
  }
  std::set<std::vector<std::string>> pairs;
  for (size_t i = 7; i < images.size(); ++i) {
    EXPECT_EQ(images[i].size(), 4u);
    pairs.insert(Words(images[i]));
  }
  EXPECT_EQ(pairs.size(), 6u);
  EXPECT_EQ(ImagesOf(point, 3, 1).size(), 7u);  // Those before the pairs are always tried.
  EXPECT_EQ(ImagesOf(point, 15, 1), images);
  EXPECT_NE(ImagesOf(point, 15, 2), images);
}

// What all-lost and the prefix of one write leave is what their names say.
TEST(Images, APrefixKeepsWhatWasWrittenFirst) {
  Scenario s = TwoFiles();
  s.roles[0].main = [](Env& env) {
    auto a = env.disk().Open("a", OpenMode::kCreateIfMissing);
    if (!env.disk().SyncDir("").ok()) return;
    if (env.boot() > 1) {
      env.Report(toys::Got{a->Size()});
      return;
    }
    for (int i = 0; i < 20; ++i) {
      if (!a->Append("a").ok()) return;  // Calls 3 to 22.
    }
    env.Sleep(1h);
  };
  const CrashPoint point = LookAt(s, {}, CallOne(23), 1);
  ASSERT_EQ(point.writes, 20u);
  const auto images = ImagesOf(point, 1, 1);
  for (uint64_t kept = 0; kept < 20; ++kept) {
    Scenario judged = s;
    judged.oracles = JudgedBy(toys::GotOracle(
        "kept", [kept](const toys::Numbers& got) { return got != toys::Numbers{kept}; }));
    const RunResult run = Simulate(judged, Choices::FromDepartures(images[1 + kept]));
    EXPECT_FALSE(run.verdict.failed()) << kept;
  }
}

TEST(Explore, FindsTheOneImageThatFails) {
  const ExploreResult result = ExploreAll(TwoFiles());
  // The calm run, 12 images of the first five calls, and the third of the sixth.
  EXPECT_EQ(result.runs, 16u);
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.levels, ElementsAre(ExploreLevel{.points = 6,
                                                      .refused = 0,
                                                      .points_run = 6,
                                                      .sampled = 0,
                                                      .images = 28,
                                                      .images_run = 15}));
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  const Finding& finding = result.campaign.findings.front();
  EXPECT_EQ(finding.index, 15u);
  EXPECT_EQ(finding.failures.size(), 1u);
  EXPECT_THAT(Words(finding.failures.front()),
              ElementsAre("crash-at n1 #1.6 = 1/2", "torn n1 #1.6 = 1/2",
                          "torn-sector n1 #1.6000002 = 1/2"));
}

TEST(Explore, WhatItFindsShrinksAndReplaysBitForBit) {
  const Scenario s = TwoFiles();
  const ExploreResult result = ExploreAll(s);
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  const Shrunk shrunk = ShrinkFinding(s, result.campaign.findings.front());
  EXPECT_TRUE(shrunk.twice);
  EXPECT_EQ(shrunk.departures.size(), 3u);
  const auto trace = ParseTrace(FormatTrace(TraceOf(s, shrunk.result)));
  ASSERT_TRUE(trace.ok());
  const RunResult again = Simulate(s, Choices::FromDepartures(trace->departures));
  EXPECT_EQ(again.digest, trace->digest);
  EXPECT_EQ(again.digest, result.campaign.findings.front().first.digest);
  EXPECT_EQ(again.verdict.oracle, "lost");
}

TEST(Explore, OneCrashFindsNothingWhereItTakesTwo) {
  const ExploreResult result = ExploreAll(TwiceUnlucky());
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.runs, 15u);
  EXPECT_THAT(result.levels, ElementsAre(ExploreLevel{.points = 5,
                                                      .refused = 0,
                                                      .points_run = 5,
                                                      .sampled = 0,
                                                      .images = 14,
                                                      .images_run = 14}));
  EXPECT_TRUE(result.campaign.findings.empty());
}

// After 14 runs with one crash there are 40 points for another: two in a recovery that finds no
// file, six in one that does. 63 of their images come before those of the last run with one crash,
// in whose recovery the fourth call is the first at which a crash does harm.
TEST(Explore, FindsTheSecondCrashInRecovery) {
  const ExploreResult result = ExploreAll(TwiceUnlucky(), {.depth = 2});
  ASSERT_EQ(result.levels.size(), 2u);
  EXPECT_EQ(result.levels[1].points, 40u);
  EXPECT_EQ(result.levels[1].images_run, 67u);
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  EXPECT_EQ(result.campaign.findings.front().index + 1, 1u + 14u + 67u);
  EXPECT_EQ(result.runs, 82u);
  EXPECT_THAT(Words(result.campaign.findings.front().failures.front()),
              ElementsAre("crash-at n1 #1.5 = 1/2", "crash-at n1 #2.4 = 1/2"));
}

TEST(Explore, CountsAllOfDepthTwo) {
  Scenario s = TwiceUnlucky();
  s.oracles = nullptr;
  const ExploreResult result = ExploreAll(s, {.depth = 2});
  EXPECT_TRUE(result.complete);
  ASSERT_EQ(result.levels.size(), 2u);
  EXPECT_EQ(result.levels[1], (ExploreLevel{.points = 40,
                                            .refused = 0,
                                            .points_run = 40,
                                            .sampled = 0,
                                            .images = 80,
                                            .images_run = 80}));
  EXPECT_EQ(result.runs, 1u + 14u + 80u);
  EXPECT_EQ(result.campaign.progress.runs, result.runs);
}

TEST(Explore, IsTheSameHoweverManyJobsThereAre) {
  for (const Scenario& s : {TwoFiles(), TwiceUnlucky(), toys::Forgetful()}) {
    SCOPED_TRACE(s.name);
    const ExploreOptions options{.depth = 2, .images_at_most = 3, .runs_at_most = 300};
    ExploreOptions two = options;
    two.jobs = 2;
    const ExploreResult a = ExploreAll(s, options), b = ExploreAll(s, two);
    EXPECT_EQ(a.levels, b.levels);
    EXPECT_EQ(a.runs, b.runs);
    EXPECT_EQ(a.looks, b.looks);
    EXPECT_EQ(a.complete, b.complete);
    ASSERT_EQ(a.campaign.findings.size(), b.campaign.findings.size());
    for (size_t i = 0; i < a.campaign.findings.size(); ++i) {
      EXPECT_EQ(a.campaign.findings[i].index, b.campaign.findings[i].index);
      EXPECT_EQ(a.campaign.findings[i].failures, b.campaign.findings[i].failures);
    }
  }
}

TEST(Explore, TheFirstCrashOfAForgetfulNodeIsEnough) {
  const ExploreResult result = ExploreAll(toys::Forgetful());
  EXPECT_EQ(result.runs, 2u);  // The calm run, and a crash before there is a file.
  EXPECT_EQ(result.levels.front().points, 1u + 2u * 100u);
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  EXPECT_THAT(Words(result.campaign.findings.front().failures.front()),
              ElementsAre("crash-at n1 #1.1 = 1/2"));
}

TEST(Explore, ABudgetOfRunsEndsIt) {
  const ExploreResult result = ExploreAll(TwiceUnlucky(), {.runs_at_most = 10});
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.runs, 10u);
  EXPECT_EQ(result.levels.front().images_run, 9u);
  EXPECT_TRUE(ExploreAll(TwiceUnlucky(), {.runs_at_most = 15}).complete);
}

TEST(Explore, WhereNoNodeMayCrashThereIsNothingToRun) {
  Scenario s = TwoFiles();
  s.crashes.down_at_most = 0;
  const ExploreResult result = ExploreAll(s);
  EXPECT_TRUE(result.complete);
  EXPECT_EQ(result.runs, 1u);
  EXPECT_EQ(result.levels.front().points, 6u);
  EXPECT_EQ(result.levels.front().refused, 6u);
  s.roles[0].mortal = false;
  EXPECT_EQ(ExploreAll(s).levels.front().points, 0u);
}

TEST(Explore, ACalmRunThatFailsIsTheFirst) {
  const Scenario s = OneNode("bad", [](Env& env) { env.Report(toys::Lost{1}); });
  const ExploreResult result = ExploreAll(s);
  EXPECT_EQ(result.runs, 1u);
  EXPECT_TRUE(result.levels.empty());
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  EXPECT_EQ(result.campaign.findings.front().index, 0u);
}

// Even looking at such a crash kills the process.
TEST(Explore, ARecoveryThatKillsItsProcessIsAFinding) {
  const Scenario s = OneNode("dies", [](Env& env) {
    auto log = env.disk().Open("log", OpenMode::kCreateIfMissing);
    if (!env.disk().SyncDir("").ok()) return;
    if (env.boot() > 1 && log->Size() == 0) std::abort();
    for (int i = 0; i < 3; ++i) {
      if (!log->Append("x").ok() || !log->Sync().ok()) return;
    }
    env.Sleep(1h);
  });
  const ExploreResult result = ExploreAll(s, {.jobs = 2});
  EXPECT_EQ(result.levels.front().points, 2u + 6u + 1u);
  EXPECT_EQ(result.runs, 2u);
  ASSERT_EQ(result.campaign.findings.size(), 1u);
  EXPECT_EQ(result.campaign.findings.front().first.verdict.oracle, "crash");
  EXPECT_TRUE(result.campaign.findings.front().kills);
}

TEST(Explore, StopsWhenAskedTo) {
  const ExploreResult result =
      Explore(TwiceUnlucky(), {.depth = 2}, [](const Progress&) { return false; });
  EXPECT_TRUE(result.campaign.interrupted);
  EXPECT_FALSE(result.complete);
}

}  // namespace
}  // namespace reprise
