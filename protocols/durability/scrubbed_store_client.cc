// Clients of the scrubbed store: reads and writes by quorums, as in scrubbed_store.cc.
//
// Each operation sits on a slot of virtual time, at a moment of its own, and is left out where the
// one before is still under way; so taking one away moves no other. A read is given up after a
// while. A write is not: its version may be on one disk already, and must come to a quorum.
//
// Only a quorum is asked and sent to at first, another one for each operation; all others, when
// that has not done. So a version is on no more disks than it must be.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "models/spec/converges.h"
#include "models/spec/intact.h"
#include "protocols/durability/scrubbed_store.h"

namespace reprise::scrubbed {
namespace {

const Label kWhat("client-op");
const Label kWhen("client-when");
const Label kWhom("client-whom");

constexpr Duration kRound = 60ms;    // How long one round of questions may take.
constexpr Duration kPatience = 1s;   // With a read.
constexpr int kRoundsToBelieve = 5;  // In a row, before a blob is taken for lost.

class BlobClient {
 public:
  BlobClient(Env& env, const Plan& plan, const Decisions& decide)
      : env_(env), plan_(plan), decide_(decide), quorum_(QuorumOf(env.peers().size())) {}

  void Run() {
    const Time start = env_.Now();
    for (int64_t k = 1; k * plan_.slot <= plan_.last; ++k) {
      const uint64_t what = env_.Random(kWhat, 2 * plan_.blocks);
      const uint64_t when = env_.Random(kWhen, kQuantiles);
      first_ = env_.Random(kWhom, env_.peers().size()) + static_cast<uint64_t>(k);
      const Time at = start + k * plan_.slot + Share(plan_.slot, when);
      if (env_.Now() > at) continue;
      env_.SleepUntil(at);
      // Without a draw a client writes and reads one block after another, from its own on.
      const uint64_t turn = static_cast<uint64_t>(k - 1) + what + 2 * Index(env_.self());
      const uint64_t block = turn / 2 % plan_.blocks;
      if (turn % 2 == 0) {
        WriteBlob(block);
      } else {
        ReadBlob(block);
      }
    }
    env_.SleepUntil(start + plan_.finale);
    for (uint64_t block = 0; block < plan_.blocks; ++block) {
      while (!ReadBlob(block)) continue;
    }
    env_.Report(models::Progress{});
  }

 private:
  struct Found {
    uint64_t version = 0;
    std::optional<std::string> bytes;
    size_t holders = 0;  // Who hold that version.
    bool all = false;    // All replicas have answered.
  };

  models::OpId Op() const { return {env_.self(), operation_}; }

  void WriteBlob(uint64_t block) {
    ++operation_;
    env_.Report(models::BlobBegun{Op(), block});
    std::optional<Found> found = AskQuorum(block, false, false);
    while (!found) found = AskQuorum(block, false, true);
    // Versions are pairs of a count and a client, so that no two clients make the same.
    const uint64_t count = std::max(found->version >> 8, count_[block]) + 1;
    count_[block] = count;
    const uint64_t version = count << 8 | Index(env_.self());
    env_.Report(models::BlobVersion{Op(), version});
    StoreAtQuorum(block, version, models::BlobBytes(block, version, CheckedBlocks::kBlockBytes),
                  kForever);
    env_.Report(models::BlobWritten{Op()});
  }

  // True where it was answered, if only that there is nothing to be read any more.
  bool ReadBlob(uint64_t block) {
    ++operation_;
    env_.Report(models::BlobBegun{Op(), block});
    const Time deadline = env_.After(kPatience);
    int lost = 0;
    for (bool all = false; env_.Now() < deadline; all = true) {
      const std::optional<Found> found = AskQuorum(block, true, all);
      if (!found) continue;
      if (!found->bytes) {
        lost = found->all && found->holders >= quorum_ ? lost + 1 : 0;
        if (lost == kRoundsToBelieve) {
          env_.Report(models::BlobLost{Op()});
          return true;
        }
        env_.Sleep(kRound);
        continue;
      }
      const bool writes_back = found->holders < quorum_ && decide_.ReadWritesBack();
      if (writes_back && !StoreAtQuorum(block, found->version, *found->bytes, deadline)) break;
      env_.Report(models::BlobRead{Op(), found->version, found->bytes->size(),
                                   models::Fingerprint(*found->bytes)});
      return true;
    }
    env_.Report(models::BlobUnanswered{Op()});
    return false;
  }

  // In the order in which this operation asks them.
  NodeId Replica(size_t i) const { return env_.peers()[(first_ + i) % env_.peers().size()]; }

  // What a quorum tells of the block; where nobody of it can give the bytes of the newest version,
  // what all tell. Nothing where too few answered in this round.
  std::optional<Found> AskQuorum(uint64_t block, bool bytes, bool all) {
    const uint64_t round = ++round_;
    CrashQuorum<Have> haves(env_.peers().size(), decide_.CountsAnswer);
    for (size_t i = 0; i < (all ? env_.peers().size() : quorum_); ++i) {
      env_.Send(Replica(i), Ask{round, block, bytes});
    }
    const Time until = env_.After(kRound);
    Found found;
    while (const auto mail = env_.ReceiveUntil(until)) {
      const auto have = mail->As<Have>();
      if (!have || have->round != round) continue;
      haves.Add(mail->from, have->boots, *have);
      if (haves.size() < quorum_) continue;
      found = Newest(haves);
      if (found.bytes || !bytes || found.all) return found;
    }
    return std::nullopt;
  }

  static Found Newest(const CrashQuorum<Have>& haves) {
    Found found;
    found.all = haves.size() == haves.known().size();
    haves.ForEach([&](NodeId, const Have& have) {
      if (have.version > found.version) {
        found.version = have.version;
        found.bytes.reset();
        found.holders = 0;
      }
      if (have.version < found.version) return;
      ++found.holders;
      if (have.bytes) found.bytes = have.bytes;
    });
    return found;
  }

  // True once a quorum has stored that version, or a newer one.
  bool StoreAtQuorum(uint64_t block, uint64_t version, const std::string& bytes, Time deadline) {
    const uint64_t round = ++round_;
    CrashQuorum<bool> stored(env_.peers().size(), decide_.CountsAnswer);
    for (size_t asked = quorum_; env_.Now() < deadline; asked = env_.peers().size()) {
      for (size_t i = 0; i < asked; ++i) {
        if (!stored.Has(Replica(i))) env_.Send(Replica(i), Put{round, block, version, bytes});
      }
      const Time until = std::min(deadline, env_.After(2 * kRound));
      while (const auto mail = env_.ReceiveUntil(until)) {
        const auto m = mail->As<Stored>();
        if (!m || m->round != round) continue;
        stored.Add(mail->from, m->boots, true);
        if (stored.size() >= quorum_) return true;
      }
    }
    return false;
  }

  Env& env_;
  const Plan plan_;
  const Decisions decide_;
  const size_t quorum_;
  uint64_t operation_ = 0, round_ = 0;  // Clients do not crash.
  uint64_t first_ = 0;                  // Whom this operation asks first.
  std::map<uint64_t, uint64_t> count_;  // The last of ours, of each block.
};

}  // namespace

NodeMain Client(Plan plan, Decisions decide) {
  return [=](Env& env) { BlobClient(env, plan, decide).Run(); };
}

}  // namespace reprise::scrubbed
