// The sliding window: its rules, over all numbers and all single damages, and its two ends.

#include "protocols/replication/sliding_window.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocols/protocols.h"
#include "sim/nemesis.h"

namespace reprise {
namespace {

using namespace window;

constexpr NodeId kPrimary{1}, kStandby{2};

Scenario Named(const std::string& name,
               const std::vector<std::pair<std::string, std::string>>& options = {}) {
  Catalogue catalogue;
  catalogue.Add(SlidingWindow());
  return *catalogue.Make(name, options);
}

uint64_t Count(const RunResult& run, const std::string& fact) {
  for (const auto& [name, count] : run.facts) {
    if (name == fact) return count;
  }
  return 0;
}

// Numbers.

TEST(SlidingWindow, NumbersGoAround) {
  for (uint8_t number = 0; number < kNumbers; ++number) {
    for (uint8_t by = 0; by < kNumbers; ++by) {
      EXPECT_EQ(Distance(number, After(number, by)), by);
    }
    EXPECT_EQ(After(number, kNumbers), number);
  }
  EXPECT_EQ(After(7), 0);
  EXPECT_EQ(Distance(6, 1), 3);
  EXPECT_EQ(After(0, 1'000'003), 3);
}

// Whether numbers tell of every frame what it is, whatever the standby has of those under way.
bool NumbersTell(uint64_t window) {
  const Decisions decide;
  for (uint64_t acknowledged = 0; acknowledged < 3 * kNumbers; ++acknowledged) {
    for (uint64_t awaited = acknowledged; awaited <= acknowledged + window; ++awaited) {
      for (uint64_t frame = acknowledged; frame < acknowledged + window; ++frame) {
        const Place is = frame < awaited    ? Place::kOld
                         : frame == awaited ? Place::kNext
                                            : Place::kEarly;
        for (const bool again : {false, true}) {
          if (decide.PlaceOf(After(0, awaited), After(0, frame), again) != is) return false;
        }
      }
    }
  }
  return true;
}

TEST(SlidingWindow, NumbersTellTheThreePlacesApartAsLongAsTheWindowIsHalfOfThem) {
  EXPECT_TRUE(NumbersTell(1));
  EXPECT_TRUE(NumbersTell(kWindow));
  EXPECT_FALSE(NumbersTell(kWindow + 1));
  EXPECT_FALSE(NumbersTell(kNumbers));
}

TEST(SlidingWindow, ThePrimaryAsksAfterAWhileAndThenMoreSeldom) {
  const Decisions decide;
  EXPECT_EQ(decide.Patience(true, 0), 30ms);
  EXPECT_EQ(decide.Patience(true, 1), 60ms);
  EXPECT_EQ(decide.Patience(true, 4), 480ms);
  EXPECT_EQ(decide.Patience(true, 1'000'000), 480ms);
  EXPECT_EQ(decide.Patience(false, 7), 50ms);
}

// Damage.

template <class F>
bool IsWholeFrame(const std::string& bytes, const Decisions& decide) {
  return IsWhole<F>({kPrimary, Message(&internal::kType<F>, bytes)}, decide);
}

// How many of a frame's bits may flip, one at a time, without being noticed.
template <class F>
size_t UnnoticedFlips(const F& frame, const Decisions& decide = {}) {
  const std::string whole = Encode(Sealed(frame, decide));
  EXPECT_TRUE(IsWholeFrame<F>(whole, decide));
  size_t unnoticed = 0;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (IsWholeFrame<F>(flipped, decide)) ++unnoticed;
  }
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_FALSE(IsWholeFrame<F>(whole.substr(0, bytes), decide)) << bytes;
  }
  return unnoticed;
}

const Data kData{3, 5, true, "some bytes", 0};

TEST(SlidingWindow, EachBitThatFlipsInAnyFrameIsNoticed) {
  EXPECT_EQ(UnnoticedFlips(Hello{3, 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(kData), 0u);
  EXPECT_EQ(UnnoticedFlips(Data{3, 5, false, "", 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(Inquire{3, 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(Welcome{3, 77, 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(Ack{3, 5, 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(Nak{3, 5, 0}), 0u);
  EXPECT_EQ(UnnoticedFlips(Reopen{3, 0}), 0u);
}

TEST(SlidingWindow, WithoutASumOfThePayloadAllOfItsBitsMayFlip) {
  Decisions decide;
  decide.SumOf = [](std::string_view header, std::string_view) { return Crc32c(header); };
  EXPECT_EQ(UnnoticedFlips(kData, decide), 8 * kData.payload.size());
}

TEST(SlidingWindow, OtherKindsOfFramesAreNotWhole) {
  const Envelope mail{kStandby, Message::Of(Sealed(Ack{3, 5, 0}, {}))};
  EXPECT_TRUE((IsWhole<Welcome, Ack>(mail, {})));
  EXPECT_FALSE((IsWhole<Welcome, Nak>(mail, {})));
}

// Both ends.

TEST(SlidingWindow, TheCalmRunSendsEachRecordOnceInOneSession) {
  for (const uint64_t bursts : {2, 30, 100}) {
    const RunResult run =
        Simulate(Named("sliding-window", {{"bursts", std::to_string(bursts)}}), Choices::Calm());
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
    EXPECT_EQ(Count(run, "Visible"), RecordsOf(bursts));
    EXPECT_EQ(Count(run, "Opened"), 1u);
    EXPECT_EQ(Count(run, "SentAgain"), 0u);
    EXPECT_EQ(Count(run, "Progress"), 1u);
  }
}

TEST(SlidingWindow, IsSoundAndMeetsEveryFaultOnItsMenu) {
  const Scenario s = Named("sliding-window");
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(run.verdict.kind, Verdict::Kind::kPass) << seed << " " << run.verdict.reason;
    EXPECT_EQ(Count(run, "Visible"), RecordsOf(30)) << seed;
    faults += run.faults;
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (RateOf(s, fault).num == 0) continue;
    EXPECT_GT(faults[fault].observed, 10u) << Info(fault).name;
  }
}

RunResult Tell(const Scenario& s, const Nemesis& nemesis) {
  return Simulate(s, Choices::FromDepartures(nemesis.departures()));
}

// The first two messages from the primary are its Hello and the first record; the standby's are its
// Welcome and the first acknowledgement.
TEST(SlidingWindow, DamageIsAskedAboutAtOnceByEitherEnd) {
  const Scenario s = Named("sliding-window:no-timer");
  for (const NodeId from : {kPrimary, kStandby}) {
    for (uint64_t nth = 1; nth <= 20; ++nth) {
      const NodeId to = from == kPrimary ? kStandby : kPrimary;
      const RunResult run = Tell(s, Nemesis(s).Nth(Fault::kCorrupt, from, to, nth, 7, 65536));
      EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << nth << " " << run.verdict.reason;
      EXPECT_EQ(Count(run, "FoundDamaged"), 1u);
      EXPECT_EQ(Count(run, "Visible"), RecordsOf(30));
    }
  }
}

TEST(SlidingWindow, DamageToTheAnswersOfDamageIsAskedAboutAgain) {
  const Scenario s = Named("sliding-window:no-timer");
  for (const auto& [from, to] : {std::pair(kPrimary, kStandby), std::pair(kStandby, kPrimary)}) {
    Nemesis nemesis(s);
    for (uint64_t nth = 1; nth <= 12; ++nth) nemesis.Nth(Fault::kTruncate, from, to, nth);
    const RunResult run = Tell(s, nemesis);
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
    EXPECT_EQ(Count(run, "FoundDamaged"), 12u);
  }
}

// The last frame of all is followed by none that would tell of its loss.
TEST(SlidingWindow, ALostFrameIsNoticedByTheNextOneOrBySilence) {
  const Scenario sound = Named("sliding-window", {{"bursts", "2"}});
  const Scenario hasty = Named("sliding-window:no-timer", {{"bursts", "2"}});
  const uint64_t frames = 1 + RecordsOf(2);
  for (uint64_t nth = 1; nth <= frames; ++nth) {
    const auto lost = [&](const Scenario& s) {
      return Tell(s, Nemesis(s).Nth(Fault::kDrop, kPrimary, kStandby, nth));
    };
    const RunResult run = lost(sound);
    EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << nth << " " << run.verdict.reason;
    EXPECT_EQ(Count(run, "Visible"), RecordsOf(2));
  }
  const RunResult stuck = Tell(hasty, Nemesis(hasty).Nth(Fault::kDrop, kPrimary, kStandby, 1));
  EXPECT_TRUE(stuck.verdict.failed());
}

// Breaks at all moments of a burst, with one or both ends told.
TEST(SlidingWindow, ABrokenConnectionIsOpenedAgainByWhoeverWasTold) {
  const Scenario s = Named("sliding-window:no-timer");
  for (int64_t us = 100'000; us < 112'000; us += 250) {
    const Duration when = us * 1us;
    const RunResult both = Tell(s, Nemesis(s).At(when, Fault::kReset));
    const RunResult primary = Tell(s, Nemesis(s).At(when, Fault::kHalfOpen));
    const RunResult standby =
        Tell(s, Nemesis(s).At(when, Fault::kHalfOpen).With("half-open-node", 1, 2));
    for (const RunResult* run : {&both, &primary, &standby}) {
      EXPECT_EQ(run->verdict.kind, Verdict::Kind::kPass) << us << " " << run->verdict.reason;
      EXPECT_EQ(Count(*run, "Opened"), 2u) << us;
      EXPECT_EQ(Count(*run, "Visible"), RecordsOf(30)) << us;
    }
  }
}

// Nothing is under way, and what the standby says of the break is lost: its third message.
TEST(SlidingWindow, AHalfOpenConnectionIsFoundByAskingNowAndThen) {
  const Scenario s = Named("sliding-window");
  Nemesis nemesis(s);
  nemesis.At(10ms, Fault::kHalfOpen).With("half-open-node", 1, 2);
  nemesis.Nth(Fault::kDrop, kStandby, kPrimary, 3);
  const RunResult run =
      Simulate(s, Choices::FromDepartures(nemesis.departures()), {.keep_events = true});
  EXPECT_EQ(run.verdict.kind, Verdict::Kind::kPass) << run.verdict.reason;
  EXPECT_EQ(run.faults[Fault::kDrop].applied, 1u);
  std::vector<Time> opened;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event event = run.timeline[i];
    if (event.As<Opened>()) opened.push_back(event.at);
  }
  ASSERT_EQ(opened.size(), 2u);
  // The last acknowledgement came at 4 ms; then 50 ms of silence, and two round trips.
  EXPECT_EQ(opened[1], AtNanos(58'000'000));
}

}  // namespace
}  // namespace reprise
