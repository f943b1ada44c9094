// Leases, the lock service and the fence, sentence by sentence: how long a lease is, what a restart
// keeps, who is next, and what a store refuses.

#include "protocols/healing/lease_lock.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "models/spec/fenced.h"
#include "models/spec/history.h"
#include "models/spec/one_holder.h"
#include "models/theory/lease.h"
#include "protocols/protocols.h"
#include "sim/nemesis.h"
#include "tests/fact_helper.h"
#include "tools/tables/all.h"

namespace reprise::lease_lock {
namespace {

constexpr NodeId kService{1}, kStore{2}, n3{3}, n5{5};

Scenario Make(const std::string& mutant = "") {
  return *AllProtocols().Make(mutant.empty() ? "lease-lock" : "lease-lock:" + mutant);
}

RunResult Tell(const std::string& mutant, const Nemesis& story) {
  return Simulate(Make(mutant), Choices::FromDepartures(story.departures()), {.keep_events = true});
}

double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

// The terms.

constexpr ClockBounds kBounds{20'000, 700ms};

// By how much, in true time, the holder takes itself for one after the service has taken the lease
// for over: where the holder's clock is as slow as that, and has stood still as well, and the
// service's is as fast. Messages take no time.
double Overlap(const Decisions& decide, const ClockBounds& bounds, Duration term, double drift,
               double frozen) {
  return Seconds(HolderTerm(term, decide, bounds)) / (1 - drift) + frozen -
         Seconds(GrantorTerm(term, decide, bounds)) / (1 + drift);
}

TEST(LeaseTerms, TheHoldersEndsFirstWhateverTheClocksDo) {
  for (const int64_t ppm : {0, 1, 500, 20'000}) {
    for (const Duration term : {Duration(kShort), Duration(kLong), Duration(9'876'543'210)}) {
      const double drift = static_cast<double>(ppm) / 1e6;
      EXPECT_LE(Overlap({}, {ppm, 700ms}, term, drift, .7), 0) << ppm << " " << term.count();
      EXPECT_GE(Overlap({}, {ppm, 0ms}, term, drift, 0), -.05) << "and not long before";
    }
  }
}

// Each shows with its own fault alone: drift in a long lease, a frozen clock in a short one.
TEST(LeaseTerms, WithoutAMarginTheyOverlapByWhatItIsFor) {
  Decisions no_drift, no_freeze;
  for (const auto& m : Mutants()) {
    if (m.info.id == "LF-M6") m.apply(no_drift);
    if (m.info.id == "LF-X1") m.apply(no_freeze);
  }
  EXPECT_GT(Overlap(no_drift, kBounds, kLong, .02, 0), .4);
  EXPECT_LT(Overlap(no_drift, kBounds, kLong, 0, .7), 1e-6);
  EXPECT_GT(Overlap(no_freeze, kBounds, kShort, 0, .7), .25);
  EXPECT_LT(Overlap(no_freeze, kBounds, kShort, .02, 0), 1e-6);
  EXPECT_LT(Overlap(no_freeze, kBounds, kLong, .02, 0), 1e-6);
}

// The calm run.

TEST(LeaseLock, InTheCalmRunTheLockGoesRound) {
  const Scenario s = Make();
  const RunResult run = Simulate(s, Choices::Calm(), {.keep_events = true});
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass);
  std::map<NodeId, int> turns;
  uint64_t token = 0;
  ForEachFact<models::Uses>(run, [&](const Event& e, const models::Uses& m) {
    if (m.token == token) return;
    EXPECT_EQ(m.token, token + 1) << "a grant was not used";
    token = m.token;
    ++turns[e.node];
  });
  ASSERT_EQ(turns.size(), 3u);
  for (const auto& [node, count] : turns) EXPECT_NEAR(count, turns.at(n3), 1) << Name(node);
  ForEachFact<models::InDoubt>(run, [](const Event& e, const models::InDoubt&) {
    ADD_FAILURE() << Name(e.node) << " does not know what became of a write";
  });
}

// The fence (Kleppmann 2016): a holder looks at the clock, stands still for longer than its lease
// is, and writes. The first write of the calm run is made ready from 3 ms to 303 ms.

Nemesis StandsStill(const Scenario& s) {
  Nemesis story(s);
  story.At(100ms, Fault::kPause, n3).With("pause-for", 700, kQuantiles);
  return story;
}

TEST(LeaseLock, AWriteOfWhoStoodStillForLongerThanItsLeaseIsRefused) {
  const Scenario s = Make();
  const RunResult run = Tell("", StandsStill(s));
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  uint64_t highest = 0, refused = 0;
  ForEachFact<models::FencedWrite>(run, [&](const Event&, const models::FencedWrite& m) {
    EXPECT_GE(m.token, highest);
    highest = m.token;
  });
  ForEachFact<models::InDoubt>(run, [&](const Event& e, const models::InDoubt&) {
    EXPECT_EQ(e.node, n3);
    ++refused;
  });
  EXPECT_EQ(refused, 1u) << "n3 has been told";
}

TEST(LeaseLock, WithoutTheFenceItIsApplied) {
  const RunResult run = Tell("ignores-tokens", StandsStill(Make()));
  EXPECT_EQ(run.verdict.oracle, "fenced");
  // After 14 seconds two others have had the lock.
  EXPECT_EQ(run.verdict.reason, "n2 applied a write of n3 with token 1 after one with token 3");
}

// Restarts of the service.

// In the calm run n3 has the lock first. Its lease was granted before the crash and holds after it.
TEST(LeaseLock, ALeaseOutlivesARestartOfTheService) {
  for (const Duration when : {200ms, 700ms, 1200ms, 1700ms}) {
    Nemesis story(Make());
    story.At(when, Fault::kCrash, kService);
    EXPECT_EQ(Tell("", story).verdict.kind, Verdict::Kind::kPass);
    EXPECT_EQ(Tell("forgets-lease", story).verdict.oracle, "one-holder") << when.count();
  }
}

// Wherever the service crashes while it grants, in every slot of the storm: tokens only grow, and
// the holders go on. With the counter of the snapshot they do not.
TEST(LeaseLock, TokensGrowAcrossRestarts) {
  for (uint64_t calls = 20; calls < 400; calls += 7) {
    const Scenario s = Make();
    Nemesis story(s);
    story.CrashAt(kService, 1, calls).CrashAt(kService, 2, calls / 2).CrashAt(kStore, 1, calls);
    const RunResult run = Tell("", story);
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << calls << ": " << run.verdict.reason;
  }
  Nemesis story(Make());
  story.At(5s, Fault::kCrash, kService);
  EXPECT_EQ(Tell("token-of-snapshot", story).verdict.oracle, "one-holder");
}

// A lease that its holder has let run out: the holder stops first, and then asks again in line.
TEST(LeaseLock, WhoLetsALeaseRunOutStandsInLineAgain) {
  const Departures lapses = {{{{Label("lapse"), n5}, 1}, 2, 3}};
  const RunResult run = Simulate(Make(), Choices::FromDepartures(lapses), {.keep_events = true});
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  std::vector<NodeId> users;
  Time last_of_n5{};
  Duration idle{};
  ForEachFact<models::Uses>(run, [&](const Event& e, const models::Uses&) {
    if (users.empty() || users.back() != e.node) {
      if (!users.empty() && users.back() == n5 && idle == Duration(0)) idle = e.at - last_of_n5;
      users.push_back(e.node);
    }
    if (e.node == n5) last_of_n5 = e.at;
  });
  ASSERT_GE(users.size(), 6u);
  for (size_t i = 1; i < users.size(); ++i) EXPECT_NE(users[i], users[i - 1]);
  // The margins of both sides: 2 rho L and what is left for a frozen clock, then a poll.
  EXPECT_GT(idle, 2 * kLong * 2 / 100 + 700ms);
  EXPECT_LT(idle, 2 * kLong * 2 / 100 + 700ms + 400ms);
}

// How long nobody has it.

TEST(LeaseDowntime, IsAsTheClosedFormSays) {
  EXPECT_NEAR(theory::MeanUnavailability(10, 3, 1, 0, 0), 9.0, 1e-12);
  const Table table = LeaseDowntime();
  for (const TableRow& row : table.rows()) {
    EXPECT_TRUE(row.within()) << row.what << ": " << *row.simulation << ", not " << *row.model;
  }
}

}  // namespace
}  // namespace reprise::lease_lock
