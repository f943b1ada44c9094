// A store of blocks on several replicas, checksummed, scrubbed and repaired from one another.
//
// After Schwarz et al., "Disk Scrubbing in Large Archival Storage Systems" (MASCOTS 2004), and
// Bairavasundaram et al., "An Analysis of Data Corruption in the Storage Stack" (FAST 2008), on
// what disks do and how to find out; Ghemawat, Gobioff and Leung, "The Google File System" (SOSP
// 2003), section 5.2, on repairing from a verified replica; Attiya, Bar-Noy and Dolev, "Sharing
// Memory Robustly in Message-Passing Systems" (JACM 1995), on reads and writes by quorums; and
// Michael et al. (DISC 2017) on replicas that forget (crash_quorum.h).
//
//   Write.    The client asks a quorum for the block's versions, takes a higher one, sends it to
//   all
//             and is done when a quorum has stored it: on disk, data and checksum synced.
//   Read.     The client asks all, and takes the newest version that a quorum tells of. It is done
//             when a quorum holds that version.
//   Verify.   A replica gives no bytes that do not match their checksum, which is over address,
//             version and data and lies apart from them (checked_blocks.h). Versions it knows from
//             memory, so that it never takes an old block for a new one.
//   Scrub.    Each block is read once in each period S: from the disk, not from the cache. A
//   checksum
//             that is damaged on disk is written again from memory.
//   Repair.   Whoever has a bad block asks the others for at least that version of it. They give it
//             only where it is verified. It is installed by compare and swap: something newer may
//             have come meanwhile, and no version ever falls.
//   Recover.  A disk may have lost anything when its node restarts: it was wiped, or another
//   node's,
//             or taken back, or its syncs lied. So nobody who boots counts, until a quorum of
//             replicas that do count has told which versions there are and all of those are here.
//             Only the first boot, when the store is set up, counts at once.
//
// What is survived, of n = 2f + 3 replicas with quorums of q = f + 2:
//   - up to f replicas at a time are down or recovering (HeldBy says who counts), and all that a
//     crash can do to a disk happens to them only. Any of the n disks may be lost, in turn;
//   - besides, of each block one copy at a time is damaged on the disk of a replica that counts:
//   the
//     atlas promises n - 1 good copies of each sector, and a block's data is one sector. The
//     checksums' own promise costs nothing, as replicas that count have the checksums in memory.
//   A version that a quorum has stored is held by q - f = 2 replicas that count, at all times:
//   one that recovers has asked q, of which at most n - q = q - 1 do not hold it. Of the two, at
//   most one is damaged, and the other gives it to readers and for repair. With n = 2f + 2 quorums
//   would leave one holder, and its damage would be a loss; so three replicas cannot do it.
//   - Where clients give up a write half-way, a version may be on one disk only, and lost there
//   with
//     no other copy. So writers here do not give up.
//
// Beyond that, blocks may be lost, and readers are told so when all replicas answer and none can
// read the newest version. If fewer than q replicas count, none can recover, and the store stays
// shut: after an outage of all, no disk can prove to be the newest, where syncs lie. To open it all
// the same is for people to decide, and left out.

#include "protocols/durability/scrubbed_store.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "models/spec/never_falls.h"
#include "models/spec/recovery.h"
#include "sim/holders.h"
#include "sim/sync.h"

namespace reprise::scrubbed {
namespace {

constexpr Duration kAgain = 50ms;       // After which others are asked again who counts,
constexpr Duration kFetchAgain = 20ms;  // and another one for a block.

class StoreReplica {
 public:
  StoreReplica(Env& env, const Plan& plan, const Decisions& decide)
      : env_(env),
        plan_(plan),
        decide_(decide),
        n_(env.peers().size() + 1),
        blocks_(env, "store", plan.blocks, decide.Sum),
        boots_(n_),
        live_(n_),
        told_(n_, decide.CountsAnswer),
        work_(env),
        changed_(env) {
    BootOf(boots_, env_.self()) = env_.boot();
  }

  void Run() {
    const bool first_boot = env_.boot() == 1;
    // All are set up together, and who crashes before it has made its files has lost them.
    if (first_boot) GoLive(CrashVector(n_, 1));
    const CheckedBlocks::Found found = blocks_.Open();
    env_.Report(FoundDisk{found.anything, found.mine, found.bad.size()});
    for (const uint64_t block : found.bad) Want(block, 0);
    env_.Spawn([this] { WriteInTurn(); });
    env_.Spawn([this] { Repair(); });
    env_.Spawn([this] { Scrub(); });
    if (!first_boot) env_.Spawn([this, trusted = decide_.TrustsDisk(found)] { CatchUp(trusted); });
    for (;;) Obey(env_.Receive());
  }

 private:
  void Obey(const Envelope& mail) {
    mail.Match([&](const Ask& m) { OnAsk(mail.from, m); },
               [&](const Put& m) { OnPut(mail.from, m); },
               [&](const Recover& m) { OnRecover(mail.from, m); },
               [&](const Versions& m) { OnVersions(mail.from, m); },
               [&](const Live& m) { OnLive(mail.from, m); },
               [&](const Fetch& m) { OnFetch(mail.from, m); },
               [&](const Fetched& m) { OnFetched(m); }, [&](const Inspect&) { OnInspect(); });
  }

  bool Counts() const { return BootOf(live_, env_.self()) == env_.boot(); }

  // Clients.

  void OnAsk(NodeId client, const Ask& m) {
    if (!Counts() || m.block >= blocks_.count()) return;
    Have have{m.round, blocks_.version(m.block), std::nullopt, boots_};
    if (m.bytes) have.bytes = BytesFor(m.block);
    env_.Send(client, have);
  }

  std::optional<std::string> BytesFor(uint64_t block) {
    if (const auto at = cache_.find(block); at != cache_.end()) return at->second;
    const auto bytes = LookTwice(block);
    if (bytes) Remember(block, *bytes);
    return Given(block, bytes, decide_.MayAnswer);
  }

  void OnPut(NodeId client, const Put& m) {
    if (!Counts() || m.block >= blocks_.count()) return;
    if (m.bytes.size() != CheckedBlocks::kBlockBytes) return;
    work_.Push({client, m, false});
  }

  // What replicas write, one after another.

  struct Work {
    NodeId client = kNobody;  // To be told.
    Put put = {};
    bool only_sum = false;
  };

  void WriteInTurn() {
    for (;;) {
      const Work work = *work_.Pop();
      const Put& put = work.put;
      if (work.only_sum) {
        blocks_.RewriteSum(put.block);
        continue;
      }
      Install(put, work.client == kNobody);
      const bool held = blocks_.version(put.block) >= put.version && !wanted_.contains(put.block);
      if (held && work.client != kNobody) env_.Send(work.client, Stored{put.round, boots_});
    }
  }

  void Install(const Put& put, bool repair) {
    // What is wanted is bad or too old. The same version again helps the one; it is not the other.
    const bool bad = wanted_.contains(put.block);
    const uint64_t there = blocks_.version(put.block);
    if (!(repair ? decide_.MayRepair : IsBetter)(there, put.version, bad)) return;
    Remember(put.block, put.bytes);
    blocks_.Write(put.block, put.version, put.bytes);
    if (Counts()) env_.Report(models::ValueIs{env_.boot(), put.block, put.version});
    if (repair) env_.Report(Repaired{put.block, put.version});
    Settle(put.block);
  }

  // Scrub and repair.

  // A second look, as a read may have been of the wrong place.
  std::optional<std::string> LookTwice(uint64_t block) const {
    auto bytes = blocks_.Read(block);
    if (!bytes.ok()) bytes = blocks_.Read(block);
    return bytes.ok() ? std::optional(*std::move(bytes)) : std::nullopt;
  }

  // What others may be given, where that was read.
  std::optional<std::string> Given(uint64_t block, const std::optional<std::string>& read,
                                   bool (*may)(bool verified)) {
    if (!read) Want(block, blocks_.version(block));
    if (!may(read.has_value())) return std::nullopt;
    return read ? *read : blocks_.ReadUnverified(block);
  }

  void Scrub() {
    for (uint64_t k = 0;; ++k) {
      env_.Sleep(plan_.scrub / static_cast<int64_t>(blocks_.count()));
      const uint64_t block = k % blocks_.count();
      if (wanted_.contains(block)) continue;
      if (!decide_.ScrubReadsMedium() && cache_.contains(block)) continue;
      if (!LookTwice(block)) {
        Want(block, blocks_.version(block));
      } else if (!blocks_.SumIsGood(block)) {
        work_.Push(
            {.put = {.round = 0, .block = block, .version = 0, .bytes = {}}, .only_sum = true});
      }
    }
  }

  void Want(uint64_t block, uint64_t least) {
    const auto [at, fresh] = wanted_.try_emplace(block, least);
    at->second = std::max(at->second, least);
    if (fresh) env_.Report(FoundBad{block});
    if (fresh) changed_.NotifyAll();
  }

  // Forgets the want, where it is met: by a write, or because a second look finds nothing wrong.
  void Settle(uint64_t block) {
    const auto at = wanted_.find(block);
    if (at == wanted_.end() || blocks_.version(block) < at->second || !LookTwice(block)) return;
    wanted_.erase(at);
    changed_.NotifyAll();
  }

  // Asks the others in turn.
  void Repair() {
    const auto others = env_.peers();
    for (size_t turn = Index(env_.self());; ++turn) {
      changed_.Await([this] { return !wanted_.empty(); });
      const std::map<uint64_t, uint64_t> wanted = wanted_;
      for (const auto& [block, least] : wanted) {
        Settle(block);
        if (!wanted_.contains(block)) continue;
        env_.Send(others[(turn + block) % others.size()], Fetch{block, least});
      }
      env_.Sleep(kFetchAgain);
    }
  }

  void OnFetch(NodeId replica, const Fetch& m) {
    if (m.block >= blocks_.count() || blocks_.version(m.block) < m.least) return;
    const auto bytes = Given(m.block, LookTwice(m.block), decide_.MayGive);
    if (bytes) env_.Send(replica, Fetched{m.block, blocks_.version(m.block), *bytes});
  }

  void OnFetched(const Fetched& m) {
    if (m.block >= blocks_.count() || m.bytes.size() != CheckedBlocks::kBlockBytes) return;
    if (!wanted_.contains(m.block)) return;
    work_.Push({.put = {.round = 0, .block = m.block, .version = m.version, .bytes = m.bytes}});
  }

  // Restarts.

  void CatchUp(bool trusted) {
    while (told_.size() < QuorumOf(n_)) {
      env_.Broadcast(Recover{env_.boot()});
      changed_.Await([this] { return told_.size() >= QuorumOf(n_); }, env_.After(kAgain));
    }
    std::vector<uint64_t> newest(blocks_.count());
    CrashVector live(n_);
    told_.ForEach([&](NodeId, const Versions& m) {
      for (uint64_t k = 0; k < newest.size(); ++k) newest[k] = std::max(newest[k], m.versions[k]);
      Merge(live, m.live);
    });
    for (uint64_t k = 0; k < newest.size(); ++k) {
      const bool old = blocks_.version(k) < newest[k];
      if (wanted_.contains(k) || (old && !trusted)) Want(k, newest[k]);
    }
    Merge(boots_, told_.known());
    changed_.Await([this] { return wanted_.empty(); });
    GoLive(live);
  }

  void OnRecover(NodeId replica, const Recover& m) {
    if (!Counts()) return;
    uint64_t& known = BootOf(boots_, replica);
    known = std::max(known, m.boot);
    Versions told{m.boot, {}, boots_, live_};
    for (uint64_t k = 0; k < blocks_.count(); ++k) told.versions.push_back(blocks_.version(k));
    env_.Send(replica, told);
  }

  void OnVersions(NodeId replica, const Versions& m) {
    if (Counts() || m.boot != env_.boot() || m.versions.size() != blocks_.count()) return;
    if (m.live.size() != n_) return;
    told_.Add(replica, m.boots, m);
    changed_.NotifyAll();
  }

  void GoLive(const CrashVector& others) {
    Merge(live_, others);
    BootOf(live_, env_.self()) = env_.boot();
    HeldBy held;
    for (uint32_t i = 1; i <= n_; ++i) {
      const uint64_t boot = BootOf(live_, NodeId{i});
      if (boot != 0) held.holders.push_back({NodeId{i}, boot});
    }
    env_.Report(held);
    if (env_.boot() != 1) env_.Report(models::Recovered{blocks_.count()});
    env_.Broadcast(Live{env_.boot()});
  }

  void OnLive(NodeId replica, const Live& m) {
    uint64_t& known = BootOf(live_, replica);
    known = std::max(known, m.boot);
  }

  // How things are on the disk itself, for whoever wants to know. Mends nothing.
  void OnInspect() {
    if (!Counts()) return;
    uint64_t bad = 0;
    for (uint64_t k = 0; k < blocks_.count(); ++k) {
      bad += blocks_.Read(k).ok() && blocks_.SumIsGood(k) ? 0 : 1;
    }
    env_.Report(Inspected{bad});
  }

  // The newest half of the blocks is in the cache.
  void Remember(uint64_t block, const std::string& bytes) {
    std::erase(cached_, block);
    cached_.push_back(block);
    cache_[block] = bytes;
    if (cached_.size() <= blocks_.count() / 2) return;
    cache_.erase(cached_.front());
    cached_.erase(cached_.begin());
  }

  Env& env_;
  const Plan plan_;
  const Decisions decide_;
  const size_t n_;
  CheckedBlocks blocks_;
  CrashVector boots_;                    // The newest of each replica that we have heard of,
  CrashVector live_;                     // and the newest that counts.
  CrashQuorum<Versions> told_;           // By those who count, while we do not.
  std::map<uint64_t, uint64_t> wanted_;  // Blocks that are bad or too old; which version will do.
  std::map<uint64_t, std::string> cache_;
  std::vector<uint64_t> cached_;  // The newest last.
  Channel<Work> work_;
  Condition changed_;  // What we were told, or what is wanted.
};

}  // namespace

NodeMain Replica(Plan plan, Decisions decide) {
  return [=](Env& env) { StoreReplica(env, plan, decide).Run(); };
}

}  // namespace reprise::scrubbed
