// B1 and B3: what barrier snapshots cost, and what a crash takes back, measured in runs of
// barrier-snapshots that are calm but for the crash.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "models/spec/exactly_once.h"
#include "protocols/blocks/fifo.h"
#include "protocols/dataflow/messages.h"
#include "protocols/protocols.h"
#include "sim/check.h"
#include "sim/nemesis.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

using dataflow::kPerAttempt;
using OptionList = std::vector<std::pair<std::string, std::string>>;
using Segment = reprise::Segment<dataflow::Element>;

constexpr uint64_t kSecond = kPerAttempt + 2;  // The second checkpoint of the first attempt.

Scenario Make(const OptionList& options) {
  Catalogue catalogue;
  catalogue.Add(BarrierSnapshots());
  return *catalogue.Make("barrier-snapshots", options);
}

RunResult Run(const Scenario& s, const Departures& departures = {}) {
  RunResult r = Simulate(s, Choices::FromDepartures(departures), {.keep_events = true});
  CHECK(r.verdict.kind == Verdict::Kind::kPass);
  return r;
}

template <class Fact, class Use>
void ForEach(const RunResult& r, const Use& use) {
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kFact) continue;
    if (const auto fact = event.As<Fact>()) use(event.at, *fact);
  }
}

// Elements of that type, each as it was first sent on its channel.
template <class Type>
struct OnChannel {
  NodeId from, to;
  Time at;
  Type element;
};
template <class Type>
std::vector<OnChannel<Type>> OnChannels(const RunResult& r) {
  std::vector<OnChannel<Type>> found;
  std::set<std::tuple<NodeId, NodeId, uint64_t, uint64_t>> seen;
  for (size_t i = 0; i < r.timeline.size(); ++i) {
    const Event event = r.timeline[i];
    if (event.kind != Event::Kind::kSend) continue;
    const auto segment = event.As<Segment>();
    if (!segment || !std::holds_alternative<Type>(segment->body)) continue;
    if (!seen.insert({event.node, event.peer, segment->epoch, segment->number}).second) continue;
    found.push_back({event.node, event.peer, event.at, std::get<Type>(segment->body)});
  }
  return found;
}

// When each checkpoint's barriers were first sent, and when it was complete.
struct Checkpoints {
  std::map<uint64_t, Time> begun, complete;
  Duration Took(uint64_t checkpoint) const {
    return complete.at(checkpoint) - begun.at(checkpoint);
  }
};
Checkpoints CheckpointsOf(const RunResult& r) {
  Checkpoints all;
  for (const auto& barrier : OnChannels<dataflow::Barrier>(r)) {
    all.begun.try_emplace(barrier.element.checkpoint, barrier.at);
  }
  ForEach<models::Completed>(
      r, [&](Time at, const auto& m) { all.complete.try_emplace(m.checkpoint, at); });
  return all;
}

double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

// As many barriers for each checkpoint as there are channels: p of each source, p * p from each of
// the two later stages to the next.
TableRow Barriers(uint64_t p) {
  const RunResult r = Run(Make({{"parallelism", std::to_string(p)}}));
  std::map<uint64_t, uint64_t> barriers;
  for (const auto& barrier : OnChannels<dataflow::Barrier>(r)) {
    ++barriers[barrier.element.checkpoint];
  }
  const Checkpoints checkpoints = CheckpointsOf(r);
  double sum = 0;
  for (const auto& [checkpoint, at] : checkpoints.complete) {
    sum += static_cast<double>(barriers[checkpoint]);
  }
  return {.what = "barriers for a checkpoint, 3 sources and " + std::to_string(p) + " of each",
          .model = static_cast<double>(3 * p + 2 * p * p),
          .simulation = sum / static_cast<double>(checkpoints.complete.size()),
          .tolerance = 0,
          .digits = 2};
}

// With an interval I from one checkpoint to the next, and D from a barrier to its completion, a
// crash of the coordinator takes back I / 2 + D on average. Crashes here are at the middle of each
// of 100 equal parts of one interval, which gives the mean of a uniform one to 1 %.
std::vector<TableRow> TakenBack() {
  Scenario s = Make({{"checkpoint-ms", "10000"}, {"period-ms", "40"}, {"more-seconds", "26"}});
  s.disks.sync = 24ms;
  constexpr int kCrashes = 100;
  const Checkpoints checkpoints = CheckpointsOf(Run(s));
  double window = 0, records = 0;
  for (int i = 0; i < kCrashes; ++i) {
    const Duration when = 20s + 10s * (2 * i + 1) / (2 * kCrashes);
    const RunResult r = Run(
        s,
        Nemesis(s).At(when, Fault::kCrash, NodeId{1}).With("unsynced", 1, kQuantiles).departures());
    Time crash{};
    for (size_t e = 0; e < r.timeline.size(); ++e) {
      if (r.timeline[e].kind == Event::Kind::kCrash) crash = r.timeline[e].at;
    }
    // What the coordinator knew when it was back is what all went back to.
    uint64_t restored = 0;
    ForEach<models::Completed>(r, [&](Time, const auto& m) {
      if (m.checkpoint / kPerAttempt == 1) restored = m.checkpoint;
    });
    window += Seconds(crash - checkpoints.begun.at(restored));
    ForEach<models::Reflects>(r, [&](Time, const auto& m) {
      if (m.checkpoint != restored || m.stage != 0) return;
      records +=
          static_cast<double>(crash.time_since_epoch() / 40ms) - static_cast<double>(m.records);
    });
  }
  const double taken = 5 + Seconds(checkpoints.Took(kSecond));
  return {{.what = "a crash takes back, s: I / 2 + D",
           .model = taken,
           .simulation = window / kCrashes,
           .tolerance = 0.02,
           .digits = 3},
          {.what = "records of 3 sources that are read again, one each 40 ms",
           .model = 3 * taken / 0.04,
           .simulation = records / kCrashes,
           .tolerance = 0.02,
           .digits = 1}};
}

// What is visible waits for the next barrier, and for its checkpoint. From complete to visible
// there are 100 ms or so: it is told to the sink, committed, and read.
TableRow Visibility() {
  Scenario s = Make(
      {{"checkpoint-ms", "10000"}, {"period-ms", "10"}, {"window", "4"}, {"more-seconds", "24"}});
  s.disks.sync = 24ms;
  const RunResult r = Run(s);
  std::map<std::pair<uint64_t, uint64_t>, Time> came;
  for (const auto& result : OnChannels<dataflow::Result>(r)) {
    came.try_emplace({result.element.key, result.element.window}, result.at + s.links.delay);
  }
  double wait = 0, visible = 0;
  ForEach<models::Visible>(r, [&](Time at, const auto& m) {
    const Time arrived = came.at({m.key, m.sequence});
    if (arrived < AtNanos(0) + 10s || arrived >= AtNanos(0) + 30s) return;
    wait += Seconds(at - arrived);
    ++visible;
  });
  return {.what = "a result waits to be visible, s: I / 2 + D + 0.1",
          .model = 5 + Seconds(CheckpointsOf(r).Took(kSecond)) + 0.1,
          .simulation = wait / visible,
          .tolerance = 0.02,
          .digits = 3};
}

std::vector<TableRow> Rows() {
  std::vector<TableRow> rows;
  for (const uint64_t p : {1, 2, 4}) rows.push_back(Barriers(p));
  for (TableRow& row : TakenBack()) rows.push_back(std::move(row));
  rows.push_back(Visibility());
  return rows;
}

}  // namespace

Table BarrierCosts() {
  return {.id = "barriers",
          .about = "what barrier snapshots cost, and what a crash takes back",
          .source = "Carbone et al. 2015 and 2017: I = 10 s between checkpoints of D = 0.5 s",
          .cost = "about 2 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
