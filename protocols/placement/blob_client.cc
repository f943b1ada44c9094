// Those who use the blob store, and who watches it: clients read and write by quorums, as in
// blob_store.cc; the inspector counts copies.
//
// Each operation of a client sits on a slot of virtual time, at a moment of its own, and is left
// out where the one before is still under way; so taking one away moves no other. A read is given
// up after a while. A write is not: its version may be on one disk already, and must come to two.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "models/spec/converges.h"
#include "models/spec/intact.h"
#include "protocols/placement/blob_files.h"
#include "protocols/placement/blob_store.h"

namespace reprise::blobs {
namespace {

const Label kWhat("client-op");
const Label kWhen("client-when");

constexpr Duration kRound = 60ms;   // How long one round of questions may take.
constexpr Duration kPatience = 1s;  // With a read.

class BlobClient {
 public:
  BlobClient(Env& env, const Plan& plan, const Decisions& decide)
      : env_(env), plan_(plan), before_(plan, decide), now_(plan, decide) {}

  void Run() {
    const Time start = env_.Now();
    for (int64_t k = 1; k * plan_.slot <= plan_.last; ++k) {
      const uint64_t what = env_.Random(kWhat, 2 * plan_.blobs);
      const uint64_t when = env_.Random(kWhen, kQuantiles);
      const Time at = start + k * plan_.slot + Share(plan_.slot, when);
      if (env_.Now() > at) continue;
      env_.SleepUntil(at);
      // Without a draw a client writes and reads one blob after another, from its own on.
      const uint64_t turn = static_cast<uint64_t>(k - 1) + what + 2 * Index(env_.self());
      const uint64_t blob = turn / 2 % plan_.blobs;
      if (turn % 2 == 0) {
        Write(blob);
      } else {
        Read(blob);
      }
    }
    env_.SleepUntil(start + plan_.finale);
    for (uint64_t blob = 0; blob < plan_.blobs; ++blob) {
      while (!Read(blob)) continue;
    }
    env_.Report(models::Progress{});
  }

 private:
  struct Found {
    uint64_t version = 0;
    std::optional<std::string> bytes;
    std::set<Member> holders;  // Who hold that version, verified.
  };

  models::OpId Op() const { return {env_.self(), operation_}; }
  Lists ListsOf(uint64_t blob) const { return {before_.ListOf(blob), now_.ListOf(blob)}; }

  void Write(uint64_t blob) {
    ++operation_;
    Begin(blob, true);
    std::optional<Found> found;
    while (!found) found = AskQuorum(blob, false);
    // Versions are pairs of a count and a client, so that no two clients make the same.
    const uint64_t count = std::max(found->version >> 8, count_[blob]) + 1;
    count_[blob] = count;
    const uint64_t version = count << 8 | Index(env_.self());
    env_.Report(models::BlobVersion{Op(), version});
    StoreAtQuorum(blob, version, models::BlobBytes(blob, version, kBlobBytes), kForever);
    env_.Report(models::BlobWritten{Op()});
    env_.Report(models::Returned{Op(), Result{version}});
  }

  bool Read(uint64_t blob) {
    ++operation_;
    Begin(blob, false);
    const Time deadline = env_.After(kPatience);
    while (env_.Now() < deadline) {
      const std::optional<Found> found = AskQuorum(blob, true);
      if (!found) continue;
      const std::string bytes =
          found->version == 0 ? models::BlobBytes(blob, 0, kBlobBytes) : *found->bytes;
      const bool held = found->version == 0 || ListsOf(blob).Written(found->holders);
      if (!held && !StoreAtQuorum(blob, found->version, bytes, deadline)) break;
      env_.Report(models::BlobRead{Op(), found->version, bytes.size(), models::Fingerprint(bytes)});
      env_.Report(models::Returned{Op(), Result{found->version}});
      return true;
    }
    env_.Report(models::BlobUnanswered{Op()});
    env_.Report(models::InDoubt{Op()});
    return false;
  }

  void Begin(uint64_t blob, bool writes) {
    env_.Report(models::BlobBegun{Op(), blob});
    env_.Report(models::Invoked{Op(), blob, Operation{writes}});
  }

  // Whom a blob concerns, once for each node.
  std::set<NodeId> Concerned(const Lists& lists) const {
    std::set<NodeId> nodes;
    for (const Member& member : lists.before) nodes.insert(member.node);
    for (const Member& member : lists.now) nodes.insert(member.node);
    return nodes;
  }

  // The newest version that a quorum tells of, and its bytes where they are wanted; nothing where
  // the answers of this round did not suffice.
  std::optional<Found> AskQuorum(uint64_t blob, bool bytes) {
    if (!KnowsConfig()) return std::nullopt;
    const uint64_t round = ++round_;
    const Lists lists = ListsOf(blob);
    for (const NodeId node : Concerned(lists)) env_.Send(node, Ask{round, config_.epoch, blob});
    std::set<Member> told;
    Found found;
    const Time until = env_.After(kRound);
    while (const auto mail = env_.ReceiveUntil(until)) {
      if (IsOutdated(*mail, round)) return std::nullopt;
      const auto have = mail->As<Have>();
      if (!have || have->round != round) continue;
      const Member from{mail->from, have->disk};
      told.insert(from);
      if (have->version > found.version) found = {have->version, std::nullopt, {}};
      if (have->version == found.version && have->bytes) {
        found.bytes = have->bytes;
        found.holders.insert(from);
      }
      const bool enough = !bytes || found.version == 0 || found.bytes;
      if (lists.Read(told) && enough) return found;
    }
    Doubt();
    return std::nullopt;
  }

  // True once quorums have stored that version, or a newer one, all in one epoch.
  bool StoreAtQuorum(uint64_t blob, uint64_t version, const std::string& bytes, Time deadline) {
    while (env_.Now() < deadline) {
      if (!KnowsConfig()) continue;
      if (StoreInEpoch(blob, version, bytes, deadline)) return true;
    }
    return false;
  }

  bool StoreInEpoch(uint64_t blob, uint64_t version, const std::string& bytes, Time deadline) {
    const uint64_t round = ++round_;
    const Lists lists = ListsOf(blob);
    std::set<Member> kept;
    for (int tries = 0; tries < 3 && env_.Now() < deadline; ++tries) {
      for (const NodeId node : Concerned(lists)) {
        env_.Send(node, Put{round, config_.epoch, blob, version, bytes});
      }
      const Time until = std::min(deadline, env_.After(2 * kRound));
      while (const auto mail = env_.ReceiveUntil(until)) {
        if (IsOutdated(*mail, round)) return false;
        const auto m = mail->As<Kept>();
        if (!m || m->round != round) continue;
        kept.insert({mail->from, m->disk});
        if (lists.Written(kept)) return true;
      }
    }
    Doubt();
    return false;
  }

  // Configurations. What we know holds until somebody refuses us, or too few answer.

  bool IsOutdated(const Envelope& mail, uint64_t round) {
    const auto refused = mail.As<Refused>();
    if (!refused || refused->round != round) return false;
    Doubt();
    return true;
  }
  void Doubt() { doubt_ = true; }

  bool KnowsConfig() {
    if (!doubt_) return true;
    env_.Send(env_.nodes("metadata")[0], WhatConfig{});
    const Time until = env_.After(kRound);
    while (const auto mail = env_.ReceiveUntil(until)) {
      const auto m = mail->As<ConfigIs>();
      if (!m) continue;
      if (m->config.epoch > config_.epoch) {
        config_ = m->config;
        before_.Reset(config_.before);
        now_.Reset(config_.now);
      }
      doubt_ = false;
      return true;
    }
    return false;
  }

  Env& env_;
  const Plan plan_;
  Config config_;
  Placement before_, now_;
  bool doubt_ = true;
  uint64_t operation_ = 0, round_ = 0;  // Clients do not crash.
  std::map<uint64_t, uint64_t> count_;  // The last of ours, of each blob.
};

constexpr Duration kInspection = 100ms;

// What all disks together have: of each blob's newest version good copies in how many zones, at the
// least.
Replicated Judge(const std::map<NodeId, std::vector<Held>>& told, uint32_t zones) {
  std::map<uint64_t, uint64_t> newest;
  std::map<uint64_t, std::set<uint32_t>> found;
  Replicated result{kCopies, 0};
  for (const auto& [node, held] : told) {
    for (const Held& h : held) {
      newest[h.blob] = std::max(newest[h.blob], h.version);
      result.bad += h.good ? 0 : 1;
    }
  }
  for (const auto& [node, held] : told) {
    for (const Held& h : held) {
      std::set<uint32_t>& in = found[h.blob];
      if (h.good && h.version == newest[h.blob]) in.insert(ZoneOf(node, zones));
    }
  }
  for (const auto& [blob, in] : found) result.zones = std::min<uint64_t>(result.zones, in.size());
  return result;
}

void Watch(Env& env, Duration after, uint32_t zones) {
  env.Sleep(after);
  for (uint64_t round = 1;; ++round) {
    const Time until = env.After(kInspection);
    std::map<NodeId, std::vector<Held>> told;
    env.Broadcast(Inspect{round});
    while (const auto mail = env.ReceiveUntil(until)) {
      const auto m = mail->As<Inspected>();
      if (m && m->round == round) told[mail->from] = m->held;
    }
    if (told.size() == env.peers().size()) env.Report(Judge(told, zones));
  }
}

}  // namespace

NodeMain Client(Plan plan, Decisions decide) {
  return [=](Env& env) { BlobClient(env, plan, decide).Run(); };
}

NodeMain Inspector(Duration after, uint32_t zones) {
  return [=](Env& env) { Watch(env, after, zones); };
}

}  // namespace reprise::blobs
