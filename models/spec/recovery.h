// Measures recovery, and complains of nothing: how long operations fail after a crash, how long
// nodes are down and recover, how much they had to recover. What is lost, durable.h measures.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/spec/history.h"
#include "sim/codec.h"
#include "sim/metrics.h"
#include "sim/oracle.h"

namespace reprise::models {

// Facts, for protocols that have something to say of it. A node that never reports Recovered counts
// as recovered when it boots.
struct Recovered {
  uint64_t objects;  // What there was to recover: records, pages, blocks, partitions.
};
struct Suspected {
  NodeId node;  // Taken to be down, whether it is or not.
};
struct Stored {
  uint64_t given, stored;  // Bytes in all: that users gave, and that lie on disks for them.
};
// Of protocols in which all stand still for the loss of one, and go back together:
struct Resumed {
  uint64_t objects;  // What had to be brought back since somebody was first suspected: states.
};

// Operations are what history.h reports, of any specification, or intact.h, of blobs. Where there
// are none, `success` is the name of a fact by which users see that things go on. `recovers` says
// whether nodes report Recovered after each boot.
class RecoveryMeter final : public Oracle {
 public:
  explicit RecoveryMeter(bool recovers = false, std::string success = {})
      : recovers_(recovers), success_(std::move(success)) {}

  std::string name() const override { return "recovery"; }

  EventKinds Watches() const override {
    return MaskOf(Event::Kind::kCrash) | MaskOf(Event::Kind::kBoot);
  }

  Complaint OnEvent(const Event& event) override {
    if (event.kind == Event::Kind::kCrash) {
      crashes_.push_back({event.node, event.at});
      Begin(event.node, event.at);
    } else if (event.kind == Event::Kind::kBoot && event.id > 1) {
      const auto at = busy_.find(event.node);
      if (at == busy_.end()) return std::nullopt;
      metrics_[Metric::kRestart].Sample(Nanos(event.at) - Nanos(at->second));
      booted_[event.node] = event.at;
      if (!recovers_) End(event.node, event.at);
    }
    return std::nullopt;
  }

  Complaint OnFact(const Event& event) override {
    const std::string_view name = event.message.name();
    if (IsRequest(name)) {
      if (const auto op = OpOf(event)) open_.emplace(*op, event.at);
    } else if (IsSuccess(name)) {
      Succeed(event);
    } else if (const auto recovered = event.As<Recovered>()) {
      Recover(event, recovered->objects);
    } else if (const auto suspected = event.As<Suspected>()) {
      Suspect(suspected->node, event.at);
    } else if (const auto stored = event.As<Stored>()) {
      metrics_[Metric::kRedundancy] = {.sum = stored->stored, .count = stored->given};
    } else if (const auto resumed = event.As<Resumed>()) {
      Resume(event.at, resumed->objects);
    } else if (name == success_) {
      ServeAll(event.at);
    }
    return std::nullopt;
  }

  // It must not count among those that have judged.
  std::optional<std::string> Skipped() const override { return "a meter judges nothing"; }

  void Measure(const RunTotals& totals, Metrics& metrics) const override {
    Metrics mine = metrics_;
    uint64_t succeeded = 0;
    for (const auto& [op, at] : open_) Ask(mine, totals, at, false);
    for (const Time at : succeeded_) {
      Ask(mine, totals, at, true);
      ++succeeded;
    }
    const uint64_t end = Nanos(totals.end);
    const uint64_t since = busy_.empty() ? 0 : end - Nanos(busy_since_);
    mine[Metric::kRecovering].Share(recovering_ + since, end);
    if (succeeded > 0) mine[Metric::kAmplification].Share(totals.messages, succeeded);
    metrics += mine;
  }

 private:
  struct Crash {
    NodeId node;
    Time at;
    bool suspected = false;
    bool served = false;
  };

  static uint64_t Nanos(Time at) { return static_cast<uint64_t>(at.time_since_epoch().count()); }

  static bool IsRequest(std::string_view name) {
    return name.starts_with("Invoked") || name == "BlobBegun";
  }
  static bool IsSuccess(std::string_view name) {
    return name.starts_with("Returned") || name == "BlobRead" || name == "BlobWritten";
  }
  // Every operation's fact begins with its OpId, whatever its specification.
  static std::optional<OpId> OpOf(const Event& event) {
    static const size_t size = Encode(OpId{}).size();
    return Decode<OpId>(event.message.bytes().substr(0, size));
  }

  static void Ask(Metrics& metrics, const RunTotals& totals, Time at, bool succeeded) {
    metrics[Metric::kAvailability].Share(succeeded ? 1 : 0, 1);
    const uint64_t whole = std::max<uint64_t>(1, Nanos(totals.planned) / Metrics::kStretches);
    const size_t stretch = std::min<size_t>(Nanos(at) / whole, Metrics::kStretches - 1);
    metrics.over_time[stretch].Share(succeeded ? 1 : 0, 1);
  }

  void Succeed(const Event& event) {
    const auto op = OpOf(event);
    const auto at = op ? open_.find(*op) : open_.end();
    if (at == open_.end()) return;
    succeeded_.push_back(at->second);
    open_.erase(at);
    ServeAll(event.at);
  }

  // What was asked for after those crashes is answered.
  void ServeAll(Time at) {
    for (Crash& crash : crashes_) {
      if (crash.served) continue;
      crash.served = true;
      metrics_[Metric::kFirstSuccess].Sample(Nanos(at) - Nanos(crash.at));
    }
    std::erase_if(crashes_, [](const Crash& c) { return c.served && c.suspected; });
  }

  void Suspect(NodeId node, Time at) {
    if (!stopped_) stopped_ = at;
    for (Crash& crash : crashes_) {
      if (crash.node != node || crash.suspected) continue;
      crash.suspected = true;
      metrics_[Metric::kDetection].Sample(Nanos(at) - Nanos(crash.at));
    }
  }

  void Recover(const Event& event, uint64_t objects) {
    const auto at = booted_.find(event.node);
    if (at == booted_.end()) return;  // Of the first boot, which recovers nothing.
    Took(Nanos(event.at) - Nanos(at->second), objects);
    booted_.erase(at);
    End(event.node, event.at);
  }

  void Resume(Time at, uint64_t objects) {
    if (stopped_) Took(Nanos(at) - Nanos(*stopped_), objects);
    stopped_.reset();
  }

  void Took(uint64_t ns, uint64_t objects) {
    metrics_[Metric::kRecovery].Sample(ns);
    metrics_[Metric::kObjects].Sample(objects);
    if (objects > 0) metrics_[Metric::kObjectTime].Share(ns, objects);
  }

  // The node is down or recovering from now on,
  void Begin(NodeId node, Time at) {
    if (busy_.empty()) busy_since_ = at;
    busy_.insert_or_assign(node, at);
    booted_.erase(node);
  }
  // and no longer.
  void End(NodeId node, Time at) {
    if (busy_.erase(node) == 1 && busy_.empty()) recovering_ += Nanos(at) - Nanos(busy_since_);
  }

  bool recovers_;
  std::string success_;
  Metrics metrics_;
  std::map<OpId, Time> open_;    // When they were asked for.
  std::vector<Time> succeeded_;  // Likewise.
  std::vector<Crash> crashes_;   // Those that somebody still has to notice.
  std::map<NodeId, Time> busy_;  // Nodes that are down or recover, and since when.
  std::map<NodeId, Time> booted_;
  Time busy_since_{};
  uint64_t recovering_ = 0;
  std::optional<Time> stopped_;  // When somebody was first suspected since all went on.
};

}  // namespace reprise::models
