// repair: how soon the blob store finds what has rotted, how long it takes to repair what a disk
// lost, and how much moves when a store leaves. All is measured in the running protocol.

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "models/spec/minimal_movement.h"
#include "protocols/placement/blob_files.h"
#include "protocols/placement/blob_store.h"
#include "sim/check.h"
#include "sim/nemesis.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

constexpr int kStores = 6;

double Seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

// One client writes all blobs, in turn with reads; faults are up to the caller.
Scenario StoreOf(const blobs::Plan& plan, Duration storm) {
  const blobs::Decisions decide;
  Scenario s;
  s.name = "blobs";
  s.roles = {
      {.name = "store", .count = kStores, .main = blobs::Store(plan, decide)},
      {.name = "metadata", .count = 1, .main = blobs::Metadata(plan, decide), .mortal = false},
      {.name = "client",
       .count = 1,
       .main = blobs::Client(plan, decide),
       .mortal = false,
       .client = true}};
  s.crashes = {.down_at_most = 1, .placement = {.zones = 3}};
  s.crashes.disks_lost_at_most = 1;
  s.storm = storm;
  s.calm = 1s;
  return s;
}

// From when a copy rots until its store has found it, over all copies.
class ScrubLatency final : public Oracle {
 public:
  struct Sum {
    Duration time{};
    uint64_t count = 0;
  };
  explicit ScrubLatency(Sum* sum) : sum_(sum) {}
  std::string name() const override { return "scrub-latency"; }
  EventKinds Watches() const override { return MaskOf(Event::Kind::kRot); }

  // The end of a sector is padding, in which nobody finds anything.
  Complaint OnEvent(const Event& event) override {
    constexpr uint64_t kSummed = 3 * sizeof(uint64_t) + blobs::kBlobBytes;
    const std::string path(event.message.bytes());
    if (path.starts_with("blobs/") && event.id < kSummed) {
      rotten_.try_emplace({event.node, path}, event.at);
    }
    return std::nullopt;
  }
  Complaint OnFact(const Event& event) override {
    event.Match(
        [&](const blobs::FoundBad& m) {
          const auto at = rotten_.find({event.node, PathOf(m.blob, m.version)});
          if (at == rotten_.end()) return;
          sum_->time += event.at - at->second;
          ++sum_->count;
          rotten_.erase(at);
        },
        // What rotted once more between being found and being mended nobody finds.
        [&](const blobs::Copied& m) {
          rotten_.erase({event.node, PathOf(m.blob, m.version)});
        });
    return std::nullopt;
  }

 private:
  static std::string PathOf(uint64_t blob, uint64_t version) {
    return "blobs/" + std::to_string(blob) + "." + std::to_string(version);
  }

  Sum* sum_;
  std::map<std::pair<NodeId, std::string>, Time> rotten_;
};

// Nobody reads but the scrubber, and so seldom does anything rot that repairs, which read other
// copies of the same blob, hardly ever find it first.
TableRow Scrub() {
  constexpr Duration kStorm = 1000s;
  blobs::Plan plan{.scrub = 200ms, .slot = 20ms, .last = 3s};
  plan.leave = 2 * kStorm;
  plan.finale = 2 * kStorm;
  Scenario s = StoreOf(plan, kStorm);
  s.disks.rot = OneIn(8);
  s.disks.good_copies = 1;
  ScrubLatency::Sum sum;
  s.oracles = JudgedBy(ScrubLatency(&sum));
  for (uint64_t seed = 1; sum.count < 30'000; ++seed) {
    CHECK(Simulate(s, Choices::FromSeed(seed)).verdict.kind == Verdict::Kind::kPass);
  }
  return {.what = "from rot to found, scrubbed each 200 ms: s",
          .model = Seconds(plan.scrub) / 2,
          .simulation = Seconds(sum.time) / static_cast<double>(sum.count),
          .tolerance = .02,
          .digits = 4};
}

// What a store fetches after its disk was lost.
class Fetching final : public Oracle {
 public:
  struct Span {
    Time first{}, last{};
    uint64_t copies = 0;
  };
  explicit Fetching(Span* span) : span_(span) {}
  std::string name() const override { return "fetching"; }
  Complaint OnFact(const Event& event) override {
    if (event.node != NodeId{1}) return std::nullopt;
    if (event.As<blobs::Fetch>() && span_->first == Time{}) span_->first = event.at;
    if (!event.As<blobs::Copied>()) return std::nullopt;
    span_->last = event.at;
    ++span_->copies;
    return std::nullopt;
  }

 private:
  Span* span_;
};

TableRow Repair(int streams) {
  constexpr Duration kLost = 8s;
  blobs::Plan plan{.blobs = 240, .streams = streams, .slot = 10ms, .last = 5s};
  plan.leave = plan.finale = 1h;
  Scenario s = StoreOf(plan, 16s);
  Fetching::Span span;
  s.oracles = JudgedBy(Fetching(&span));
  s.crashes.slot = 1s;
  const Departures story =
      Nemesis(s).At(kLost, Fault::kCrash, NodeId{1}).With("wipe", 1, 2).departures();
  CHECK(Simulate(s, Choices::FromDepartures(story)).verdict.kind == Verdict::Kind::kPass);
  CHECK(span.copies > 50);
  // Of one object: asked for and sent, synced and its name synced, and then the stream rests.
  const Duration object = 2 * s.links.delay + 2 * s.disks.sync + plan.throttle;
  const auto copies = static_cast<double>(span.copies);
  return {.what = std::to_string(span.copies) + " copies of a lost disk, " +
                  std::to_string(streams) + (streams == 1 ? " stream: s" : " streams: s"),
          .model = copies * Seconds(object) / streams,
          .simulation = Seconds(span.last + plan.throttle - span.first),
          .tolerance = .04,
          .digits = 3};
}

// What moves as members change: copies that are listed at another store, and those of them that
// moved between two stores which both were there before and after.
class Movement final : public Oracle {
 public:
  struct Sum {
    uint64_t copies = 0, moved = 0, wrongly = 0, fetched = 0;
  };
  explicit Movement(Sum* sum) : sum_(sum) {}
  std::string name() const override { return "movement"; }
  Complaint OnFact(const Event& event) override {
    sum_->fetched += event.As<blobs::Copied>() ? 1 : 0;
    const auto now = event.As<models::Placed>();
    if (!now) return std::nullopt;
    const bool changed = before_ && before_->members != now->members;
    for (size_t blob = 0; changed && blob < now->lists.size(); ++blob) {
      const auto has = [](const auto& nodes, NodeId node) {
        return std::ranges::count(nodes, node) > 0;
      };
      uint64_t came = 0, gone = 0;
      for (const NodeId node : now->lists[blob]) came += !has(before_->lists[blob], node) ? 1 : 0;
      for (const NodeId node : before_->lists[blob]) gone += !has(now->members, node) ? 1 : 0;
      for (const NodeId node : now->lists[blob]) gone += !has(before_->members, node) ? 1 : 0;
      sum_->copies += now->lists[blob].size();
      sum_->moved += came;
      sum_->wrongly += came > gone ? came - gone : 0;
    }
    before_ = now;
    return std::nullopt;
  }

 private:
  Sum* sum_;
  std::optional<models::Placed> before_;
};

// Each store in turn leaves the running store.
std::vector<TableRow> Moves() {
  blobs::Plan plan{.blobs = 120, .slot = 20ms, .last = 5501ms};
  plan.leave = 5500ms;
  plan.away = plan.finale = 1h;
  Scenario s = StoreOf(plan, 15s);
  Movement::Sum sum;
  s.oracles = JudgedBy(Movement(&sum));
  for (uint64_t store = 1; store <= kStores; ++store) {
    Departures leaves = {{*ParseAddress("decommission n7 #1"), store, 2 * kStores}};
    CHECK(Simulate(s, Choices::FromDepartures(leaves)).verdict.kind == Verdict::Kind::kPass);
  }
  const auto copies = static_cast<double>(sum.copies);
  return {{.what = "a store leaves: part of all copies listed elsewhere",
           .model = 1.0 / kStores,
           .simulation = static_cast<double>(sum.moved) / copies,
           .tolerance = .001},
          {.what = "a store leaves: part of all copies fetched by others",
           .model = 1.0 / kStores,
           .simulation = static_cast<double>(sum.fetched) / copies,
           .tolerance = .03},
          {.what = "a store leaves: copies that moved between others",
           .model = 0,
           .simulation = static_cast<double>(sum.wrongly),
           .tolerance = 0,
           .relative = false,
           .digits = 0}};
}

std::vector<TableRow> Rows() {
  std::vector<TableRow> rows = {Scrub()};
  for (const int streams : {1, 2, 4}) rows.push_back(Repair(streams));
  for (TableRow& row : Moves()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace

Table BlobRepair() {
  return {.id = "repair",
          .about = "how soon the blob store finds damage, repairs a lost disk, and moves copies",
          .source = "Schwarz et al., MASCOTS 2004: S / 2; Little's law: T_r T_p / c; Karger: 1 / n",
          .cost = "about 30 s of one processor",
          .rows = Rows};
}

}  // namespace reprise
