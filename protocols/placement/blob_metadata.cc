// The metadata service of the blob store: who is a member, in numbered epochs.
//
// One node that never fails, as in the view service of primary-backup: to replicate it is another
// protocol's work. It watches the stores by phi accrual, takes for dead who has reached the
// threshold, for new who comes with another disk, and now and then, as an operator would,
// decommissions a node that is well. What it decides is a Config:
//
//   Found.    The first members are those who are heard of. Clients hear of them when all but one
//             of each list have told that they know that epoch. Before that there is nothing to
//             lose, and members are replaced without ado.
//   Change.   Where those who should be members are not those who are, it makes an epoch in which
//             `before` stays as it is and `now` is the new set. From then on writes need quorums of
//             both, reads of `before`, and stores of `now` copy what they should hold.
//   Again.    If the wish changes meanwhile, `now` is replaced in another epoch. `before` stays.
//   Settle.   Once all of `now` but one of each list hold everything, an epoch begins in which they
//             are relied upon.
//
// It also says who may crash (HeldInZones): a store counts as long as its disk was complete at some
// time; who comes back with a lost disk counts when a settled epoch has that disk, complete. Where
// the members do not stand in enough zones for lists to be spread nobody counts, so that no store
// crashes until they do again.

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "models/spec/detects.h"
#include "models/spec/minimal_movement.h"
#include "models/spec/recovery.h"
#include "protocols/placement/blob_files.h"
#include "protocols/placement/blob_store.h"
#include "sim/holders.h"

namespace reprise::blobs {
namespace {

using healing::kPhi;
using healing::PhiDetector;

const Label kLeave("decommission");

constexpr Duration kLook = 20ms;
constexpr uint64_t kThreshold = 8 * kPhi;

class MetadataService {
 public:
  MetadataService(Env& env, const Plan& plan, const Decisions& decide)
      : env_(env), plan_(plan), decide_(decide), now_(plan, decide) {}

  void Run() {
    leave_at_ = env_.After(plan_.leave);
    last_leave_ = env_.After(plan_.last);
    for (Time look = env_.After(kLook);; look = env_.After(kLook)) {
      while (const auto mail = env_.ReceiveUntil(look)) {
        mail->Match([&](const Beat& m) { OnBeat(mail->from, m); },
                    [&](const WhatConfig&) {
                      if (founded_) env_.Send(mail->from, ConfigIs{0, config_});
                    });
      }
      Operate();
      Judge();
      if (founded_) {
        Advance();
      } else {
        Found();
      }
    }
  }

 private:
  struct Watch {
    PhiDetector detector;
    Beat last = {};
    bool suspected = false;
  };

  void OnBeat(NodeId from, const Beat& m) {
    Watch& watch = watches_.try_emplace(from, Watch{PhiDetector({}, decide_.phi)}).first->second;
    if (!watch.detector.Hear(m.beat, env_.Now())) return;
    watch.last = m;
    env_.Send(from, ConfigIs{m.beat.incarnation, config_});
    const Member member{from, m.disk};
    const bool is_member = std::ranges::count(config_.now, member) > 0;
    if (is_member && m.complete == config_.epoch && config_.Settled()) complete_.insert(member);
    if (config_.epoch != 0) ReportHolders();
  }

  // Suspicions, as the detectors have them.
  void Judge() {
    for (auto& [node, watch] : watches_) {
      const bool suspects = watch.detector.Phi(env_.Now()) >= kThreshold;
      if (suspects == watch.suspected) continue;
      watch.suspected = suspects;
      if (suspects) {
        env_.Report(models::Suspected{node});
      } else {
        env_.Report(models::Trusted{node});
      }
    }
  }

  // The operator: of n nodes at most one is away at a time, and so many stay that lists are whole.
  void Operate() {
    if (leaving_ != kNobody && env_.Now() >= back_at_) leaving_ = kNobody;
    if (env_.Now() < leave_at_ || leave_at_ >= last_leave_) return;
    leave_at_ += plan_.leave;
    const auto stores = env_.nodes("store");
    const uint64_t who = env_.Random(kLeave, 2 * stores.size());
    if (who == 0 || who > stores.size() || leaving_ != kNobody) return;
    leaving_ = stores[who - 1];
    back_at_ = env_.After(plan_.away);
    env_.Report(Leaving{leaving_});
  }

  Standing StandingOf(NodeId node, const Watch& watch) const {
    if (node == leaving_) return Standing::kLeaving;
    return watch.suspected ? Standing::kSilent : Standing::kMember;
  }

  // Those who should be members. Where so few are left that lists would not be whole, it is more
  // likely that nobody can be heard: nothing changes.
  std::vector<Member> Wanted() const {
    std::vector<Member> wanted;
    for (const auto& [node, watch] : watches_) {
      if (StandingOf(node, watch) == Standing::kMember) wanted.push_back({node, watch.last.disk});
    }
    return wanted.size() > kCopies ? wanted : config_.now;
  }

  // Who has told of an epoch was there after it had begun, and so after ReportHolders: since then
  // at most one zone's disks have been lost.
  void Found() {
    std::vector<Member> all;
    for (const auto& [node, watch] : watches_) all.push_back({node, watch.last.disk});
    if (all.size() <= kCopies || !Spread(all, plan_.zones)) return;
    if (all != config_.now) {
      ++config_.epoch;
      config_.before = config_.now = all;
      complete_ = std::set<Member>(all.begin(), all.end());
      ReportHolders();
      Announce();
      return;
    }
    std::set<Member> know;
    for (const Member& member : all) {
      if (watches_.at(member.node).last.complete == config_.epoch) know.insert(member);
    }
    founded_ = MeetEachQuorum(all, know, plan_.zones);
  }

  void Advance() {
    const std::vector<Member> wanted = Wanted();
    if (wanted != config_.now) {
      ++config_.epoch;
      config_.now = wanted;
      ReportHolders();
      Announce();
      return;
    }
    if (config_.Settled()) return;
    std::set<Member> done;
    for (const Member& member : config_.now) {
      const Beat& last = watches_.at(member.node).last;
      if (last.disk == member.disk && last.complete == config_.epoch) done.insert(member);
    }
    if (!MeetEachQuorum(config_.now, done, plan_.zones)) return;
    ++config_.epoch;
    config_.before = config_.now;
    complete_.insert(done.begin(), done.end());
    env_.Report(Settled{config_.epoch, config_.now.size()});
    ReportStored();
    ReportHolders();
    Announce();
  }

  void Announce() {
    ReportPlaced();
    for (const auto& [node, watch] : watches_) {
      env_.Send(node, ConfigIs{watch.last.beat.incarnation, config_});
    }
  }

  void ReportPlaced() {
    now_.Reset(config_.now);
    models::Placed placed;
    for (const Member& member : config_.now) placed.members.push_back(member.node);
    for (uint64_t blob = 0; blob < plan_.blobs; ++blob) {
      auto& list = placed.lists.emplace_back();
      for (const Member& member : now_.ListOf(blob)) list.push_back(member.node);
    }
    env_.Report(placed);
  }

  void ReportHolders() {
    HeldInZones held;
    const bool spread = Spread(config_.before, plan_.zones) && Spread(config_.now, plan_.zones);
    for (const NodeId node : env_.nodes("store")) {
      if (!spread) break;
      const auto at = watches_.find(node);
      if (at == watches_.end()) continue;
      const Member member{node, at->second.last.disk};
      if (complete_.contains(member)) {
        held.holders.push_back({node, at->second.last.beat.incarnation});
      }
    }
    if (held.holders == held_) return;
    held_ = held.holders;
    env_.Report(held);
  }

  // Redundancy: bytes on all disks, and of each blob once.
  void ReportStored() {
    models::Stored stored{0, 0};
    for (const auto& [node, watch] : watches_) {
      stored.stored += watch.last.copies * kSectorBytes;
      stored.given += watch.last.first * kBlobBytes;
    }
    if (stored.given > 0) env_.Report(stored);
  }

  Env& env_;
  const Plan plan_;
  const Decisions decide_;
  Config config_;
  bool founded_ = false;
  Placement now_;
  std::map<NodeId, Watch> watches_;
  std::set<Member> complete_;  // Disks that held everything once, when they were relied upon.
  std::optional<std::vector<Holder>> held_;  // As reported last.
  NodeId leaving_ = kNobody;
  Time leave_at_{}, back_at_{}, last_leave_{};
};

}  // namespace

NodeMain Metadata(Plan plan, Decisions decide) {
  return [=](Env& env) { MetadataService(env, plan, decide).Run(); };
}

}  // namespace reprise::blobs
