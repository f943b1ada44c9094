// Pictures of runs in which messages were damaged or stale, links clogged, and the network in
// pieces of odd shapes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario.h"
#include "tools/causal.h"
#include "tools/departures.h"
#include "tools/draw_dot.h"
#include "tools/draw_text.h"

namespace reprise {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ping {
  uint64_t n = 0;
};

// Each of four nodes sends a ping to each other every 100 ms.
Scenario Pinging() {
  Scenario s;
  s.name = "pinging";
  s.roles = {{.name = "node", .count = 4, .main = [](Env& env) {
                for (uint64_t n = 1; n <= 10; ++n) {
                  env.Broadcast(Ping{n});
                  env.Sleep(100ms);
                }
                for (;;) env.Receive();
              }}};
  s.links = {.corrupt = OneIn(100), .checksum = false, .stale = OneIn(100)};
  s.cuts = {.cut = OneIn(100), .bridge = OneIn(100), .ring = OneIn(100), .slot = 100ms};
  s.clogs = {.clog = OneIn(100), .slot = 100ms};
  s.crashes = {.crash = OneIn(100), .slot = 100ms};
  s.storm = 1s;
  s.calm = 1s;
  return s;
}

RunResult Play(const std::vector<std::pair<const char*, uint64_t>>& entries) {
  Departures departures;
  for (const auto& [text, value] : entries) {
    departures.push_back({ParseAddress(text).value(), value, 1 << 20});
  }
  Sort(departures);
  RunResult r = Simulate(Pinging(), Choices::FromDepartures(departures), {.keep_events = true});
  EXPECT_EQ(r.given_drawn, r.given);
  return r;
}

// The event at which the departure of that address struck, as a line.
std::string Struck(const RunResult& r, const std::string& address) {
  const std::vector<Place> places = PlacesOf(Pinging(), r);
  for (size_t i = 0; i < places.size(); ++i) {
    if (Describe(r.taken[i].departure.address) != address || places[i].event == 0) continue;
    return What(r.timeline[places[i].event - 1]);
  }
  return "nowhere";
}

TEST(WeatherDrawn, DamagedAndStaleMessagesArrive) {
  const RunResult r = Play({{"corrupt n1>n2 #2", 1}, {"stale n1>n3 #3", 40}, {"crash n3 #5", 512}});
  const std::vector<Course> courses = CoursesOf(r.timeline);
  const auto count = [&](Course::Fate fate) {
    return std::ranges::count(courses, fate, &Course::fate);
  };
  EXPECT_EQ(count(Course::Fate::kDamaged), 1);
  EXPECT_EQ(count(Course::Fate::kStale), 1);
  for (const Course& course : courses) {
    if (course.fate != Course::Fate::kStale && course.fate != Course::Fate::kDamaged) continue;
    EXPECT_TRUE(course.arrived());
    const Event end = r.timeline[course.end - 1];
    EXPECT_TRUE(CausalPast(r.timeline, course.end, end.node)[course.send]);
  }
  const std::string dot = DrawDot(Pinging(), r, {.messages_whole = 1000});
  EXPECT_THAT(dot, HasSubstr("damaged to Ping(3)"));
  EXPECT_THAT(dot, HasSubstr("a copy for an earlier boot delivered"));
  EXPECT_THAT(dot, HasSubstr("<copy for an earlier boot>"));
  const std::string text = DrawText(Pinging(), r, {.messages_whole = 1000});
  EXPECT_THAT(text, HasSubstr("DAMAGED n1>n2  Ping(3)"));
  EXPECT_THAT(text, HasSubstr("STALE n1>n3  Ping(3)"));
  EXPECT_THAT(DrawDot(Pinging(), Play({}), {}), Not(HasSubstr("earlier boot")));
}

TEST(WeatherDrawn, SpellsAreMarkedWhereTheyBegin) {
  const RunResult r = Play({{"clog #3", 512}, {"clog-node #3", 1}, {"clog-for #3", 100}});
  EXPECT_THAT(DrawDot(Pinging(), r, {.messages_whole = 1000}), HasSubstr("clog n2 in"));
  EXPECT_THAT(DrawText(Pinging(), r, {.messages_whole = 1000}), HasSubstr("clog n2 in"));
  EXPECT_EQ(Struck(r, "clog #3"), "strike  clog n2 in");
  EXPECT_EQ(Struck(r, "clog-for #3"), "strike  clog n2 in");
}

TEST(WeatherDrawn, PartitionsOfOneNumberAreToldApart) {
  const RunResult r = Play({{"cut #3", 100},
                            {"cut-for #3", 900},
                            {"bridge #3", 512},
                            {"bridge-for #3", 100},
                            {"ring #3", 600}});
  EXPECT_EQ(Struck(r, "cut #3"), "cut  n1 | the rest");
  EXPECT_EQ(Struck(r, "cut-for #3"), "cut  n1 | the rest");
  EXPECT_EQ(Struck(r, "bridge #3"), "cut  bridge n1 of n2 n4 | n3");
  EXPECT_EQ(Struck(r, "ring #3"), "cut  ring n1 n2 n3 n4");
  const Picture picture = MakePicture(Pinging(), r, {.messages_whole = 1000});
  std::vector<std::string> spans;
  for (const auto& span : picture.spans) {
    if (span.kind == Picture::Span::Kind::kCut) spans.push_back(span.text);
    if (span.text.starts_with("bridge")) {
      EXPECT_EQ(span.sides, (std::vector<std::vector<size_t>>{{1, 3}, {2}}));
    }
  }
  EXPECT_THAT(spans,
              testing::ElementsAre("n1 | the rest", "bridge n1 of n2 n4 | n3", "ring n1 n2 n3 n4"));
}

}  // namespace
}  // namespace reprise
