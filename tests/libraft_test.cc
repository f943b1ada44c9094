// libraft under simulation: it is sound as far as it is, and what is known of it shows.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/spec/true_acknowledgements.h"
#include "protocols/protocols.h"
#include "tests/fact_helper.h"

namespace reprise {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

Scenario Make(const Given& options = {}, const std::string& mutant = "") {
  Catalogue catalogue;
  catalogue.Add(Libraft());
  return *catalogue.Make("libraft" + (mutant.empty() ? "" : ":" + mutant), options);
}

uint64_t CountOf(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

TEST(Libraft, CalmRunsAnswerAll) {
  const std::vector<Given> all = {{}, {{"nodes", "5"}}, {{"membership", "1"}}, {{"prevote", "0"}}};
  for (const Given& options : all) {
    const RunResult run = Simulate(Make(options), Choices::Calm());
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
    EXPECT_TRUE(run.taken.empty());
    EXPECT_EQ(CountOf(run, "Elected"), 1u);
    EXPECT_EQ(CountOf(run, "Invoked"), CountOf(run, "Returned"));
    EXPECT_GT(CountOf(run, "Returned"), 100u);
  }
}

// Nobody may complain; runs that fail because of what is known are skipped, and few.
TEST(Libraft, IsSoundButForWhatIsKnown) {
  for (const Given& options : std::vector<Given>{{}, {{"nodes", "5"}}, {{"membership", "1"}}}) {
    const Scenario s = Make(options);
    FaultCounts faults;
    int skipped = 0;
    for (uint64_t seed = 1; seed <= 100; ++seed) {
      const RunResult run = Simulate(s, Choices::FromSeed(seed));
      ASSERT_FALSE(run.verdict.failed()) << "seed " << seed << ": " << run.verdict.reason;
      skipped += run.verdict.kind == Verdict::Kind::kSkipped ? 1 : 0;
      faults += run.faults;
    }
    EXPECT_LE(skipped, 3);
    for (const Fault fault : {Fault::kCrash, Fault::kUnsynced, Fault::kTorn, Fault::kSyncFail,
                              Fault::kCut, Fault::kDrop, Fault::kLate}) {
      EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
    }
  }
}

// docs/libraft.md, 1.
TEST(Libraft, AcknowledgesEntriesThatNobodyHasSentIt) {
  const Scenario s = Make({}, "as-it-is");
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    if (!run.verdict.failed()) continue;
    EXPECT_EQ(run.verdict.oracle, "true-acknowledgements") << run.verdict.reason;
    return;
  }
  FAIL() << "where it does not any more, docs/libraft.md is out of date";
}

TEST(Libraft, SnapshotsAreTakenSentAndReceived) {
  uint64_t received = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult run =
        Simulate(Make({{"compact", "4"}}), Choices::FromSeed(seed), {.keep_events = true});
    std::set<uint64_t> sent;  // Which messages are snapshots: a delivery says only which it is.
    for (size_t i = 0; i < run.timeline.size(); ++i) {
      const Event event = run.timeline[i];
      if (event.message.name() == "InstallSnapshot") sent.insert(event.id);
      if (event.kind == Event::Kind::kDeliver) received += sent.count(event.id);
    }
  }
  EXPECT_GT(received, 10u);
}

}  // namespace
}  // namespace reprise
