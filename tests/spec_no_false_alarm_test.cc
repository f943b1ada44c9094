#include <gtest/gtest.h>

#include "models/spec/no_false_alarm.h"
#include "tests/fact_helper.h"

namespace reprise::models {
namespace {

constexpr NodeId kNode{2};
constexpr CorruptionReported kReport{2, 1, 10};

Complaint Mishap(Oracle& oracle, std::string_view what, NodeId node) {
  Event event;
  event.kind = Event::Kind::kMishap;
  event.node = node;
  event.message = MessageView(nullptr, what);
  return oracle.OnEvent(event);
}

TEST(NoFalseAlarmTest, AcceptsTheReportOfADamagedDiskEvenLongAfter) {
  NoFalseAlarm oracle;
  EXPECT_NE(oracle.Watches(), 0u);
  EXPECT_FALSE(Show(oracle, Event::Kind::kRot, Time(1s), kNode));
  EXPECT_FALSE(Show(oracle, Event::Kind::kCrash, Time(2s), kNode));
  EXPECT_FALSE(Tell(oracle, kReport, kNode, Time(100s)));
  EXPECT_FALSE(Tell(oracle, kReport, kNode, Time(101s)));
}

TEST(NoFalseAlarmTest, AcceptsWhatAnUnreadableSectorIsTakenFor) {
  NoFalseAlarm oracle;
  EXPECT_FALSE(Mishap(oracle, "unreadable wal/00000001", kNode));
  EXPECT_FALSE(Tell(oracle, kReport, kNode));
}

TEST(NoFalseAlarmTest, RejectsAReportAfterACrashOrASlowSyncOrAnothersDamage) {
  NoFalseAlarm oracle;
  EXPECT_FALSE(Show(oracle, Event::Kind::kCrash, Time(1s), kNode));
  EXPECT_FALSE(Show(oracle, Event::Kind::kLose, Time(1s), kNode));
  EXPECT_FALSE(Mishap(oracle, "hung sync", kNode));
  EXPECT_FALSE(Show(oracle, Event::Kind::kRot, Time(1s), NodeId{1}));
  const Complaint complaint = Tell(oracle, kReport, kNode);
  ASSERT_TRUE(complaint);
  EXPECT_EQ(*complaint, "log 2 was reported to be damaged, but nothing has damaged it");
}

}  // namespace
}  // namespace reprise::models
