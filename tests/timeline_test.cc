// The timeline: what the digest sees, what is kept, and the milestones.

#include "sim/timeline.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace reprise {
namespace {

struct Fact {
  uint64_t n = 0;
};
struct Other {
  uint64_t n = 0;
};

struct Record {
  Event::Kind kind = Event::Kind::kSend;
  int64_t at = 17;
  uint32_t node = 1, peer = 2;
  uint64_t id = 5;
  const MessageType* type = &internal::kType<Fact>;
  std::string payload = "payload!x";

  void AddTo(Timeline& timeline) const {
    timeline.Add(kind, AtNanos(at), NodeId{node}, NodeId{peer}, id, type, payload);
  }
};

uint64_t DigestOf(const std::vector<Record>& records) {
  Timeline timeline;
  for (const Record& record : records) record.AddTo(timeline);
  return timeline.digest();
}

TEST(Timeline, DigestDependsOnEveryField) {
  const Record plain;
  std::set<uint64_t> digests = {DigestOf({}), DigestOf({plain}), DigestOf({plain, plain})};
  size_t expected = digests.size();
  const auto differs = [&](const std::function<void(Record&)>& change) {
    Record changed;
    change(changed);
    digests.insert(DigestOf({changed}));
    EXPECT_EQ(digests.size(), ++expected);
  };
  differs([](Record& r) { r.kind = Event::Kind::kDeliver; });
  differs([](Record& r) { r.at = 18; });
  differs([](Record& r) { r.node = 3; });
  differs([](Record& r) { r.peer = 3; });
  differs([](Record& r) { std::swap(r.node, r.peer); });
  differs([](Record& r) { r.id = 6; });
  differs([](Record& r) { r.type = &internal::kType<Other>; });
  differs([](Record& r) { r.type = nullptr; });
  differs([](Record& r) { r.payload.clear(); });
  differs([](Record& r) { r.payload += '\0'; });  // Padding is no payload.
  for (size_t i = 0; i < plain.payload.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      differs([&](Record& r) { r.payload[i] = static_cast<char>(r.payload[i] ^ (1 << bit)); });
    }
  }
}

TEST(Timeline, DigestDependsOnOrder) {
  Record a, b;
  b.id = 6;
  EXPECT_NE(DigestOf({a, b}), DigestOf({b, a}));
}

// Sizes from nothing to more than the buffer holds.
std::vector<Record> Many(size_t count) {
  std::vector<Record> records(count);
  uint64_t state = 1;
  for (Record& r : records) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    r.id = state >> 8;
    r.kind = static_cast<Event::Kind>(state % Event::kKinds);
    r.at = static_cast<int64_t>(state >> 1);
    const size_t size = state % 97 == 0 ? 200'000 : (state >> 20) % 40;
    r.payload.assign(size, static_cast<char>(state >> 30));
  }
  return records;
}

TEST(Timeline, KeptEventsReadBackWhatWasAdded) {
  Timeline timeline;
  timeline.Reset(true);
  const std::vector<Record> records = Many(2000);
  for (const Record& record : records) record.AddTo(timeline);
  ASSERT_EQ(timeline.size(), records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const Event event = timeline[i];
    const Record& record = records[i];
    ASSERT_EQ(event.kind, record.kind);
    ASSERT_EQ(Nanos(event.at), record.at);
    ASSERT_EQ(event.node, NodeId{record.node});
    ASSERT_EQ(event.peer, NodeId{record.peer});
    ASSERT_EQ(event.id, record.id);
    ASSERT_EQ(event.index, i + 1);
    ASSERT_EQ(event.message.type(), record.type);
    ASSERT_EQ(event.message.bytes(), record.payload);
  }
  EXPECT_ANY_THROW(timeline[records.size()]);
}

TEST(Timeline, KeepingEventsChangesNoDigestAndNoMilestone) {
  for (const size_t count : {0, 1, 63, 64, 65, 4095, 4096, 4097, 20'000}) {
    Timeline kept, plain;
    kept.Reset(true);
    for (const Record& record : Many(count)) {
      record.AddTo(kept);
      record.AddTo(plain);
    }
    EXPECT_EQ(kept.digest(), plain.digest()) << count;
    EXPECT_EQ(kept.milestones(), plain.milestones()) << count;
    EXPECT_EQ(kept.count(), count);
    EXPECT_EQ(plain.size(), 0u);
  }
}

TEST(Timeline, MilestonesAreFewEvenAndTrue) {
  Timeline timeline;
  const Record record;
  std::vector<uint64_t> digests = {timeline.digest()};  // After so many events.
  for (size_t i = 1; i <= 50'000; ++i) {
    record.AddTo(timeline);
    if (i % 64 == 0 && i > 20'000) timeline.digest();  // Asking changes nothing.
    Timeline fresh;
    digests.push_back(0);
    if (i == 64 || i == 128 || i == 8192) {
      for (size_t j = 0; j < i; ++j) record.AddTo(fresh);
      digests.back() = fresh.digest();
    }
    const auto& milestones = timeline.milestones();
    ASSERT_LE(milestones.size(), 64u);
    if (i >= 64) {
      ASSERT_GE(milestones.size(), 1u);
    }
    if (i == 64 || i == 128 || i == 8192) {
      ASSERT_EQ(milestones.back(), (Milestone{i, digests.back()}));
    }
  }
  const auto& milestones = timeline.milestones();
  ASSERT_GE(milestones.size(), 32u);
  const uint64_t step = milestones[0].events;
  for (size_t i = 0; i < milestones.size(); ++i) EXPECT_EQ(milestones[i].events, (i + 1) * step);
  EXPECT_GT(milestones.back().events + step, timeline.count());
}

TEST(Timeline, ResetForgetsEverything) {
  Timeline timeline;
  timeline.Reset(true);
  for (const Record& record : Many(500)) record.AddTo(timeline);
  for (const bool keep : {false, true, false}) {
    timeline.Reset(keep);
    EXPECT_EQ(timeline.count(), 0u);
    EXPECT_EQ(timeline.size(), 0u);
    EXPECT_TRUE(timeline.milestones().empty());
    for (const Record& record : Many(300)) record.AddTo(timeline);
    EXPECT_EQ(timeline.digest(), DigestOf(Many(300)));
  }
}

TEST(Timeline, MovedFromAndThenReset) {
  Timeline timeline;
  timeline.Reset(true);
  for (const Record& record : Many(300)) record.AddTo(timeline);
  const uint64_t digest = timeline.digest();
  Timeline taken = std::move(timeline);
  EXPECT_EQ(taken.digest(), digest);
  EXPECT_EQ(taken[299].index, 300u);
  timeline.Reset(false);
  for (const Record& record : Many(300)) record.AddTo(timeline);
  EXPECT_EQ(timeline.digest(), digest);
}

TEST(Timeline, APayloadTooLargeForItsRecordIsRefused) {
  Timeline timeline;
  timeline.Reset(true);
  Record record;
  record.payload.assign((size_t{1} << 24) - 1, 'x');
  record.AddTo(timeline);
  EXPECT_EQ(timeline[0].message.bytes().size(), record.payload.size());
  record.payload += 'x';
  EXPECT_ANY_THROW(record.AddTo(timeline));
}

TEST(Timeline, EventsAsText) {
  Timeline timeline;
  timeline.Reset(true);
  timeline.Add(Event::Kind::kDeliver, AtNanos(312'000'000), NodeId{2}, NodeId{1}, 4,
               &internal::kType<Fact>, Encode(Fact{3}));
  timeline.Add(Event::Kind::kWrite, AtNanos(1), NodeId{2}, kNobody, 0, nullptr, "log: a\n");
  timeline.Add(Event::Kind::kCalm, AtNanos(0), kNobody, kNobody, 0, nullptr, {});
  EXPECT_EQ(Describe(timeline[0]), "    312.000 ms  n2 deliver n1  Fact(3)");
  EXPECT_EQ(Describe(timeline[1]), "      0.000 ms  n2 write  log: a.");
  EXPECT_EQ(Describe(timeline[2]), "      0.000 ms  -- calm");
  std::set<std::string_view> names;
  for (int k = 0; k < Event::kKinds; ++k) names.insert(KindName(static_cast<Event::Kind>(k)));
  EXPECT_EQ(names.size(), static_cast<size_t>(Event::kKinds));
}

}  // namespace
}  // namespace reprise
