// Raft as a whole: calm runs and what they cost, storms, mutants.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "models/spec/converges.h"
#include "models/spec/no_disruption.h"
#include "models/spec/replicated_log.h"
#include "protocols/replication/raft_messages.h"
#include "protocols/replication/raft_rules.h"
#include "tests/raft_helper.h"
#include "tools/tables/costs.h"

namespace reprise {
namespace {

constexpr Duration kDelay = 1ms;
constexpr Duration kSync = 2ms;

Departures Given(const std::map<std::string, uint64_t>& values, uint64_t bound = kQuantiles) {
  Departures out;
  for (const auto& [text, value] : values) {
    const auto address = ParseAddress(text);
    EXPECT_TRUE(address.has_value()) << text;
    out.push_back({*address, value, bound});
  }
  Sort(out);
  return out;
}

// Who led, in the order of election.
std::vector<std::pair<NodeId, Time>> Leaders(const RunResult& run) {
  std::vector<std::pair<NodeId, Time>> out;
  ForEachFact<models::Elected>(
      run, [&](const Event& e, const models::Elected&) { out.emplace_back(e.node, e.at); });
  return out;
}

TEST(RaftCalm, OneLeaderIsElectedOnceAndAllIsServed) {
  for (const char* nodes : {"3", "4", "5", "7"}) {
    for (const char* lists : {"0", "1"}) {
      const RunResult run =
          Watch(MakeRaft("", {{"nodes", nodes}, {"lists", lists}}), Choices::Calm());
      EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
      EXPECT_EQ(Leaders(run).size(), 1u);
      EXPECT_EQ(CountOf(run, "Invoked"), CountOf(run, "Returned"));
    }
  }
}

// The first timeout is n1's, which is the shortest; then come a question, and a vote that all sync.
TEST(RaftCalm, AnElectionTakesATimeoutAndTwoRoundsAndTwoSyncs) {
  const auto leaders = Leaders(Watch(MakeRaft(), Choices::Calm()));
  ASSERT_EQ(leaders.size(), 1u);
  EXPECT_EQ(leaders[0].first, NodeId{1});
  const Duration timeout = raft::kElectionLeast;
  // Each log's first sync makes its file durable before: content, name, records.
  const Duration first_sync = 3 * kSync;
  EXPECT_EQ(leaders[0].second, Time{timeout + 2 * kDelay + first_sync + 2 * kDelay + first_sync});
}

// Latency and message algebra of the field: exact.

// Now and then the disk begins a new file for the log, whose content and name are synced first.
void ExpectsWrites(const std::vector<Duration>& writes) {
  ASSERT_GT(writes.size(), 50u);
  size_t usual = 0;
  for (const Duration took : writes) {
    if (took == 4 * kDelay + kSync) {
      ++usual;
    } else {
      EXPECT_EQ(took, 4 * kDelay + 3 * kSync);
    }
  }
  EXPECT_GE(usual + 4, writes.size());
}

TEST(RaftCosts, AWriteTakesFourDelaysAndASync) {
  const OperationCosts costs =
      CostsOf(Watch(MakeRaft("", {{"reads", "1"}, {"compact", "1000"}}), Choices::Calm()));
  ExpectsWrites(costs.writes);
}

// 2(n-1) + 2 for each write and as many for each read index, and heartbeats of which there is one
// in each interval. What begins a heartbeat meanwhile is a message that a heartbeat would be.
TEST(RaftCosts, AWriteTakesTwoMessagesForEachFollowerAndTwoForTheClient) {
  for (const int n : {3, 5}) {
    const RunResult run =
        Watch(MakeRaft("", {{"nodes", std::to_string(n)}, {"reads", "2"}, {"compact", "1000"}}),
              Choices::Calm());
    const OperationCosts costs = CostsOf(run);
    const size_t operations = costs.writes.size() + costs.reads.size();
    EXPECT_EQ(costs.messages.at("Request"), operations);
    EXPECT_EQ(costs.messages.at("Answer"), operations);
    const auto followers = static_cast<size_t>(n - 1);
    uint64_t beats = 0;  // The leader reports that it hears itself at each.
    const NodeId leader = Leaders(run).at(0).first;
    ForEachFact<models::HeardLeader>(run, [&](const Event& e, const models::HeardLeader&) {
      if (e.node == leader) ++beats;
    });
    EXPECT_EQ(costs.messages.at("AppendEntries"), (costs.writes.size() + beats) * followers);
    EXPECT_EQ(costs.messages.at("Appended"), costs.messages.at("AppendEntries"));
  }
}

TEST(RaftCosts, AReadByReadIndexTakesFourDelays) {
  const OperationCosts costs = CostsOf(Watch(MakeRaft("", {{"reads", "1"}}), Choices::Calm()));
  ASSERT_GT(costs.reads.size(), 50u);
  for (const Duration took : costs.reads) EXPECT_EQ(took, 4 * kDelay);
}

TEST(RaftCosts, AReadByLeaseTakesTwoDelays) {
  const OperationCosts costs = CostsOf(Watch(MakeRaft("", {{"reads", "2"}}), Choices::Calm()));
  ASSERT_GT(costs.reads.size(), 50u);
  for (const Duration took : costs.reads) EXPECT_EQ(took, 2 * kDelay);
}

TEST(RaftCosts, AReadThroughTheLogCostsAsMuchAsAWrite) {
  const OperationCosts costs =
      CostsOf(Watch(MakeRaft("", {{"reads", "0"}, {"compact", "1000"}}), Choices::Calm()));
  ExpectsWrites(costs.reads);
}

// Storms.

void Survives(const RaftOptions& options, uint64_t seeds) {
  const Scenario scenario = MakeRaft("", options);
  uint64_t passed = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const Verdict verdict = Simulate(scenario, Choices::FromSeed(seed)).verdict;
    ASSERT_FALSE(verdict.failed()) << "seed " << seed << ": " << verdict.reason;
    if (verdict.kind == Verdict::Kind::kPass) ++passed;
  }
  EXPECT_GE(passed, seeds * 9 / 10);
}

TEST(RaftStorm, TheProtocolSurvives) { Survives({}, 400); }
TEST(RaftStorm, WithFiveServersAndRegisters) { Survives({{"nodes", "5"}, {"lists", "0"}}, 150); }
TEST(RaftStorm, WithoutPreVoteAndCheckQuorum) { Survives({{"prevote", "0"}}, 200); }
TEST(RaftStorm, WithReadIndexAndClocksThatFreeze) { Survives({{"reads", "1"}}, 200); }
TEST(RaftStorm, WithLeases) { Survives({{"reads", "2"}}, 200); }
TEST(RaftStorm, WithOneServerAtATime) { Survives({{"membership", "1"}}, 200); }
TEST(RaftStorm, WithJointConsensus) { Survives({{"membership", "2"}}, 200); }
TEST(RaftStorm, WithSnapshotsAllTheTime) { Survives({{"compact", "2"}}, 200); }

TEST(RaftStorm, EveryPartOfTheProtocolIsUsed) {
  std::map<std::string, size_t> sent;
  for (const char* membership : {"1", "2"}) {
    const Scenario scenario = MakeRaft("", {{"membership", membership}});
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      for (const auto& [name, count] : CostsOf(Watch(scenario, Choices::FromSeed(seed))).messages) {
        sent[name] += count;
      }
    }
  }
  for (const char* name :
       {"RequestVote", "Vote", "RequestPreVote", "PreVote", "AppendEntries", "Appended",
        "InstallSnapshot", "SnapshotReceived", "TimeoutNow", "TransferLeadership",
        "ChangeMembership", "Request", "Answer", "Refuse"}) {
    EXPECT_GT(sent[name], 10u) << name;
  }
}

// Mutants.

// Where to begin looking for those that need thousands of seeds, so that this test is quick.
// `reprise mutants raft` begins at 1.
uint64_t FirstSeed(const std::string& mutant) {
  if (mutant == "commit-by-counting") return 5600;
  if (mutant == "lease-from-receipt") return 6300;
  if (mutant == "changes-overlap") return 4100;
  return 1;
}

TEST(RaftMutants, EachIsFoundByItsOracle) {
  for (const MutantInfo& mutant : Raft().mutants) {
    if (mutant.decoy || !mutant.story.empty()) continue;  // Stories have a test of their own.
    const Scenario scenario = MakeRaft(mutant.name);
    const uint64_t most = mutant.difficulty == "D1" ? 200 : 20'000;
    uint64_t seed = FirstSeed(mutant.name) - 1;
    Verdict verdict;
    while (!verdict.failed() && seed < most) {
      verdict = Simulate(scenario, Choices::FromSeed(++seed)).verdict;
    }
    EXPECT_TRUE(verdict.failed()) << mutant.id << " was not found in " << most << " seeds";
    EXPECT_EQ(verdict.oracle, mutant.oracle) << mutant.id << ", seed " << seed;
  }
}

// Without the oracles that listen to servers, clients notice later, and call it what it is.
TEST(RaftMutants, WhatIsLostIsSeenByClientsAlone) {
  for (const char* mutant : {"truncate-always", "own-entry-unsynced", "acknowledge-before-sync"}) {
    const Scenario scenario = MakeRaft(mutant, {{"judges", "1"}});
    Verdict verdict;
    for (uint64_t seed = 1; !verdict.failed() && seed <= 2000; ++seed) {
      verdict = Simulate(scenario, Choices::FromSeed(seed)).verdict;
    }
    EXPECT_EQ(verdict.oracle, "durable") << mutant << ": " << verdict.reason;
  }
}

TEST(RaftMutants, NobodyComplainsOfDecoys) {
  for (const MutantInfo& mutant : Raft().mutants) {
    if (!mutant.decoy) continue;
    const Scenario scenario = MakeRaft(mutant.name);
    for (uint64_t seed = 1; seed <= 200; ++seed) {
      const Verdict verdict = Simulate(scenario, Choices::FromSeed(seed)).verdict;
      ASSERT_FALSE(verdict.failed()) << mutant.id << ", seed " << seed << ": " << verdict.reason;
    }
  }
}

// Each mutant differs from the protocol where it should, so that its test cannot pass by chance.
TEST(RaftMutants, DecoysDoSomethingElse) {
  for (const char* decoy : {"no-pre-vote", "one-at-a-time", "replicate-after-sync"}) {
    EXPECT_NE(Simulate(MakeRaft(decoy), Choices::FromSeed(1)).digest,
              Simulate(MakeRaft(), Choices::FromSeed(1)).digest)
        << decoy;
  }
}

// What a damaged disk makes of a server.

TEST(RaftStorage, AServerWhoseLogHasRottedHaltsAndPromisesNothingMore) {
  // A bit of n3's first segment flips, and n3 restarts.
  uint64_t halted = 0;
  for (uint64_t at = 1; at < kQuantiles; at += 97) {
    const RunResult run =
        Watch(MakeRaft("", {{"compact", "1000"}}),
              Choices::FromDepartures(
                  Given({{"rot n3 #2", 500}, {"rot-at n3 #2", at}, {"crash n3 #7", 500}})));
    EXPECT_FALSE(run.verdict.failed()) << run.verdict.reason;
    bool down = false;
    for (size_t i = 0; i < run.timeline.size(); ++i) {
      const Event e = run.timeline[i];
      if (e.node != NodeId{3}) continue;
      if (e.kind == Event::Kind::kFact && e.message.name() == "Halted") {
        down = true;
        ++halted;
      }
      EXPECT_FALSE(down && e.kind == Event::Kind::kSend) << e.message.text();
    }
  }
  EXPECT_GT(halted, 0u);
}

TEST(RaftStorage, AServerThatRestartsKeepsItsTermAndItsVote) {
  const RunResult run = Watch(MakeRaft(), Choices::FromDepartures(Given({{"crash n2 #4", 500}})));
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  uint64_t boots = 0;
  ForEachFact<models::TermIs>(run, [&](const Event& e, const models::TermIs& m) {
    if (e.node != NodeId{2} || !m.booted) return;
    EXPECT_EQ(m.term, boots == 0 ? 0u : 1u);
    ++boots;
  });
  EXPECT_EQ(boots, 2u);
}

TEST(Raft, SameSeedSameDigest) {
  const Scenario scenario = MakeRaft("", {{"membership", "2"}});
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const RunResult once = Simulate(scenario, Choices::FromSeed(seed));
    const RunResult again = Simulate(scenario, Choices::FromDepartures(once.departures()));
    ASSERT_EQ(once.digest, again.digest) << "seed " << seed;
  }
}

}  // namespace
}  // namespace reprise
