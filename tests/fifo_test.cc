#include "protocols/blocks/fifo.h"

#include <gtest/gtest.h>

#include <variant>

#include "models/world/links.h"
#include "sim/scenario.h"

namespace reprise {
namespace {

constexpr NodeId n1{1}, n2{2};
constexpr uint64_t kMessages = 200;

struct Note {
  uint64_t n;
};
struct Got {
  NodeId from;
  uint64_t n;
};
struct Waiting {  // How many are not acknowledged.
  uint64_t count;
};

// Judges a reliable FIFO channel: 1, 2, 3... once each, and all of them.
class InOrder final : public Oracle {
 public:
  explicit InOrder(size_t channels) : channels_(channels) {}
  std::string name() const override { return "in-order"; }
  Complaint OnFact(const Event& event) override {
    const auto got = event.As<Got>();
    if (!got) return std::nullopt;
    uint64_t& last = last_[{got->from, event.node}];
    if (got->n == ++last) return std::nullopt;
    return "got " + std::to_string(got->n) + " where " + std::to_string(last) + " was next";
  }
  Complaint AtEnd() override {
    if (last_.size() < channels_) return "a channel delivered nothing";
    for (const auto& [channel, last] : last_) {
      if (last < kMessages) return "got no more than " + std::to_string(last);
    }
    return std::nullopt;
  }

 private:
  size_t channels_;
  std::map<std::pair<NodeId, NodeId>, uint64_t> last_;
};

void ReceiveForEver(Env& env, Fifo<Note>& fifo) {
  for (;;) {
    fifo.Handle(env.Receive(), [&](NodeId from, const Note& m) { env.Report(Got{from, m.n}); });
  }
}

// Each of three sends to each.
Scenario Mesh() {
  Scenario s;
  s.name = "fifo-mesh";
  s.roles = {{.name = "end",
              .count = 3,
              .main =
                  [](Env& env) {
                    Fifo<Note> fifo(env, 50ms);
                    fifo.Open(1);
                    env.Spawn([&] { fifo.Resend(); });
                    env.Spawn([&] {
                      for (uint64_t i = 1; i <= kMessages; ++i) {
                        env.Sleep(5ms);
                        for (NodeId to : env.peers()) fifo.Send(to, Note{i});
                      }
                    });
                    ReceiveForEver(env, fifo);
                  },
              .mortal = false}};
  s.links = models::StormyLinks();
  s.cuts = models::Partitions();
  s.storm = 2s;
  s.calm = 1s;
  s.oracles = JudgedBy(InOrder(6));
  return s;
}

TEST(FifoTest, DeliversAllOnceAndInOrderOverANetworkThatLosesRepeatsAndReorders) {
  const Scenario s = Mesh();
  FaultCounts faults;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RunResult r = Simulate(s, Choices::FromSeed(seed));
    ASSERT_EQ(r.verdict.kind, Verdict::Kind::kPass) << "seed " << seed << ": " << r.verdict.reason;
    faults += r.faults;
  }
  for (Fault fault : {Fault::kDrop, Fault::kDuplicate, Fault::kLate, Fault::kCut}) {
    EXPECT_GT(faults[fault].observed, 0u) << Info(fault).name;
  }
}

// n1 runs `sender` and n2 `receiver`; departures are given by their addresses.
RunResult Story(NodeMain sender, NodeMain receiver,
                const std::vector<std::string>& departures = {}) {
  Scenario s;
  s.name = "fifo-story";
  s.roles = {{.name = "sender", .count = 1, .main = std::move(sender), .mortal = false},
             {.name = "receiver", .count = 1, .main = std::move(receiver), .mortal = false}};
  s.links = models::StormyLinks();
  s.storm = 5s;
  Departures given;
  for (const std::string& address : departures) {
    const bool late = address.starts_with("late");
    given.push_back({*ParseAddress(address), late ? kQuantiles - 2 : 1, late ? kQuantiles : 2});
  }
  return Simulate(s, Choices::FromDepartures(given), {.keep_events = true});
}

template <class Fact>
std::vector<Fact> FactsOf(const RunResult& r, NodeId node) {
  std::vector<Fact> facts;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact || event.node != node) continue;
    if (auto fact = event.As<Fact>()) facts.push_back(*fact);
  }
  return facts;
}

void Receiver(Env& env) {
  Fifo<Note> fifo(env, 50ms);
  fifo.Open(1);
  ReceiveForEver(env, fifo);
}

TEST(FifoTest, WhatIsNotAcknowledgedIsSentAgain) {
  const auto sender = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(1);
    env.Spawn([&] { fifo.Resend(); });
    env.Spawn([&] {
      fifo.Send(n2, Note{7});
      env.Report(Waiting{fifo.Unacknowledged(n2).size()});
      env.Sleep(10ms);
      env.Report(Waiting{fifo.Unacknowledged(n2).size()});
      env.Sleep(100ms);
      env.Report(Waiting{fifo.Unacknowledged(n2).size()});
    });
    ReceiveForEver(env, fifo);
  };
  for (const char* lost :
       {"drop n1>n2 #1", "drop n2>n1 #1"}) {  // The message; its acknowledgement.
    const RunResult r = Story(sender, Receiver, {lost});
    ASSERT_EQ(r.given_drawn, 1u);
    EXPECT_EQ(FactsOf<Got>(r, n2).size(), 1u) << lost;
    const auto waiting = FactsOf<Waiting>(r, n1);
    ASSERT_EQ(waiting.size(), 3u);
    EXPECT_EQ(waiting[0].count, 1u);
    EXPECT_EQ(waiting[1].count, 1u);
    EXPECT_EQ(waiting[2].count, 0u);
  }
}

TEST(FifoTest, WhatWasSentInAnOlderEpochIsDroppedHoweverLate) {
  const auto sender = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(1);
    fifo.Send(n2, Note{1});  // Takes a second or so.
    env.Sleep(200ms);
    fifo.Open(2);
    fifo.Send(n2, Note{2});
    ReceiveForEver(env, fifo);
  };
  const auto receiver = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(1);
    env.Spawn([&] {
      env.Sleep(100ms);
      fifo.Open(2);
    });
    ReceiveForEver(env, fifo);
  };
  const RunResult r = Story(sender, receiver, {"late n1>n2 #1"});
  EXPECT_EQ(r.faults[Fault::kLate].observed, 1u) << "it did arrive";
  const auto got = FactsOf<Got>(r, n2);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].n, 2u);
}

TEST(FifoTest, WhatWasSentInANewerEpochArrivesOnceTheReceiverIsThereToo) {
  const auto sender = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(2);
    env.Spawn([&] { fifo.Resend(); });
    fifo.Send(n2, Note{1});
    fifo.Send(n2, Note{2});
    ReceiveForEver(env, fifo);
  };
  const auto receiver = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(1);
    env.Spawn([&] {
      env.Sleep(300ms);
      env.Report(Waiting{0});
      fifo.Open(2);
    });
    ReceiveForEver(env, fifo);
  };
  const RunResult r = Story(sender, receiver);
  EXPECT_EQ(FactsOf<Got>(r, n2).size(), 2u);
  for (size_t i = 0; i < r.timeline.size(); ++i) {  // The first fact is that the receiver is there.
    if (r.timeline[i].kind != Event::Kind::kFact) continue;
    EXPECT_TRUE(r.timeline[i].message.Is<Waiting>());
    break;
  }
}

TEST(FifoTest, NoEpochIsOpenedTwice) {
  const auto twice = [](Env& env) {
    Fifo<Note> fifo(env, 50ms);
    fifo.Open(3);
    fifo.Close();
    fifo.Open(3);
  };
  const RunResult r = Story(twice, Receiver);
  EXPECT_EQ(r.verdict.oracle, "check");
  EXPECT_EQ(r.verdict.node, n1);
}

TEST(FifoTest, ASegmentSaysWhatItCarries) {
  using Body = std::variant<Note, Waiting>;
  EXPECT_EQ(Message::Of(Segment<Body>{1, 2, Waiting{3}}).text(), "Segment(1 2 Waiting(3))");
}

}  // namespace
}  // namespace reprise
