// Exploring finds what is there, counts it exactly, and finds the same again.

#include "sim/search/explore.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sim/search/images.h"
#include "sim/search/isolate.h"
#include "tests/command_helper.h"
#include "tests/toys.h"

namespace reprise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

// Call 1 opens a, 2 opens b, 3 syncs the directory, 4 writes a, 5 writes b, 6 sleeps for ever. The
// names are durable from the fourth call on. Of the two writes, only one image is wrong: b is
// there, and a is not.
Scenario TwoFiles() {
  return OneNode("two-files", [](Env& env) {
    auto a = env.disk().Open("a", OpenMode::kCreateIfMissing);
    auto b = env.disk().Open("b", OpenMode::kCreateIfMissing);
    if (env.boot() > 1 && b->Size() > 0) {
      const auto first = a->ReadAt(0, 1), second = b->ReadAt(0, 1);
      if (first->empty() && *second == "b") env.Report(toys::Lost{1});
    }
    if (env.boot() > 1) return;
    if (!env.disk().SyncDir("").ok()) return;
    if (!a->WriteAt(0, "a").ok()) return;
    if (!b->WriteAt(0, "b").ok()) return;
    env.Sleep(1h);
  });
}

// It removes the old file before the new one is there, and that matters only to one who crashes
// between the two, which is in recovery.
Scenario TwiceUnlucky() {
  return OneNode("twice-unlucky", [](Env& env) {
    auto file = env.disk().Open("state", OpenMode::kCreateIfMissing);  // Call 1.
    if (env.boot() == 1) {
      if (!file->Append("x").ok()) return;         // 2
      if (!file->Sync().ok()) return;              // 3
      if (!env.disk().SyncDir("").ok()) return;    // 4
      env.Report(toys::Got{1});
      env.Sleep(1h);  // 5
      return;
    }
    const auto text = file->ReadAt(0, 8);  // 2
    if (env.boot() == 3 && text->empty()) env.Report(toys::Lost{3});
    if (*text != "x") return;
    if (!file->Truncate(0).ok()) return;      // 3
    if (!file->Append("x").ok()) return;      // 4
    if (!file->Sync().ok()) return;           // 5
    env.Sleep(1h);                            // 6
  });
}

TEST(Explore, ImagesAreAProductOfWhatTheDiskDraws) {
  const Scenario s = TwoFiles();
  const auto look = [&](uint64_t call, uint64_t most) {
    return LookAt(s, {}, {{LabelOf(Fault::kCrashAt), NodeId{1}}, 1, call}, most);
  };
  EXPECT_TRUE(look(1, 100).strikes);
  EXPECT_EQ(LegalImages(look(1, 100)), 1u);
  EXPECT_EQ(LegalImages(look(2, 100)), 2u);   // The name a, or not.
  EXPECT_EQ(LegalImages(look(3, 100)), 4u);   // Two names.
  EXPECT_EQ(LegalImages(look(4, 100)), 1u);   // All is synced.
  EXPECT_EQ(LegalImages(look(5, 100)), 4u);   // The size of a, and its sector.
  EXPECT_EQ(LegalImages(look(6, 100)), 16u);  // The same of b.
  EXPECT_EQ(look(6, 100).writes, 0u);
  EXPECT_EQ(look(6, 15).writes, 2u);
  EXPECT_FALSE(look(7, 100).strikes);
}
}  // namespace
}  // namespace reprise
