// A sharded, replicated store of blobs that repairs itself.
//
// Placement after Karger et al. (STOC 1997) and DeCandia et al., "Dynamo" (SOSP 2007);
// re-replication after Ghemawat, Gobioff and Leung, "The Google File System" (SOSP 2003),
// section 4.3; change of members by joint quorums after Ongaro and Ousterhout, "In Search of an
// Understandable Consensus Algorithm" (USENIX ATC 2014), section 6; scrubbing after Schwarz et al.
// (MASCOTS 2004).
//
//   Blobs.     A blob has versions, and a version never changes. Each is a file of its own on the
//              N = 3 stores of the blob's list, the first three of the ring that stand in
//              different zones (blob_files.h).
//   Write.     The client asks R = 2 of the list for their newest version, takes a higher one, and
//              is done when W = 2 of the list have it on disk, and are in the epoch still in which
//              they were asked.
//   Read.      It takes the newest version that 2 of the list tell of, and has 2 of them hold it.
//   Members.   A metadata service numbers epochs (blob_metadata.cc). All requests carry theirs, and
//              a store refuses those of an epoch older than one that it has seen. So once a store
//              has heard in a new epoch from all but one of each list, which are all but one store
//              or all but those of one zone, nothing more can be done in an older one.
//   Joint.     While members change there are two lists: reads ask a quorum of the one relied upon
//              so far, writes need quorums of both.
//   Repair.    Every store asks the others, again and again, what they hold. Once all but one of
//              each list relied upon have told it knows the newest version of every blob, and
//              fetches what it should hold and does not: what has the fewest copies first, at no
//              more than a stated rate, and only from copies that verify. This one rule
//              re-replicates after a loss, fills a new node, moves blobs when the ring changes, and
//              repairs a bad copy. The old holders keep theirs meanwhile.
//   Trim.      A store removes what is not the newest version that it has, or not its business any
//              more, when all of the list hold that version, or a newer one, and verified.
//   Scrub.     Each copy is read once in each period. A bad one is fetched anew.
//   Restart.   A store serves nobody before the metadata service has told it the epoch. If its disk
//              is not that of its last boot, it comes back as a new member.
//
// What is survived (the budget):
//   - the stores of one zone at a time, one or all of them, are down or have lost their disks and
//     not yet made up for it: HeldInZones says who counts, and no crash strikes elsewhere while a
//     zone is making up for one. Any disk may be lost, in turn; any number of stores may be cut
//     off, slow, suspected or decommissioned.
//   - besides, damage (rot, lost and misdirected writes, unreadable sectors) leaves one good copy
//     of every version, by the atlas (good_copies = 1).
//   - so of an acknowledged version, which is on disks in two zones, one copy is good at any time,
//     and its *name* is on another: readers wait for it rather than take an older version.
//   - a version that is on one disk only may vanish with it. So writers here do not give up: they
//     send it again, until it is on two.
// Disks lost in two zones at once may be both copies of a write that was just acknowledged: for
// that W would have to be 3. Syncs that lie are left out for the same reason. Damage to all copies
// of a list between their verification and the removal of a surplus one, some milliseconds later,
// is not survived either: the atlas would allow it, but it is too rare to have been seen.

#include "protocols/placement/blob_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "models/spec/recovery.h"
#include "protocols/placement/blob_files.h"
#include "sim/sync.h"

namespace reprise::blobs {
namespace {

constexpr Duration kBeat = 100ms;
constexpr Duration kAnswers = 40ms;   // How long others may take to list what they hold.
constexpr Duration kRest = 150ms;     // Between two rounds of repair where nothing is to be done.
constexpr Duration kFetching = 60ms;  // How long one copy may take.

class StoreNode {
 public:
  StoreNode(Env& env, const Plan& plan, const Decisions& decide)
      : env_(env),
        plan_(plan),
        decide_(decide),
        before_(plan, decide),
        now_(plan, decide),
        files_(env),
        work_(env),
        changed_(env) {}

  void Run() {
    disk_ = files_.Open();
    env_.Spawn([this] { SendBeats(); });
    env_.Spawn([this] { WriteInTurn(); });
    env_.Spawn([this] { Scrub(); });
    env_.Spawn([this] { Repair(); });
    for (int i = 0; i < plan_.streams; ++i) env_.Spawn([this] { Stream(); });
    for (;;) Obey(env_.Receive());
  }

 private:
  void Obey(const Envelope& mail) {
    mail.Match(
        [&](const ConfigIs& m) { OnConfigIs(m); }, [&](const Ask& m) { OnAsk(mail.from, m); },
        [&](const Put& m) { OnPut(mail.from, m); }, [&](const List& m) { OnList(mail.from, m); },
        [&](const Listed& m) { OnListed(mail.from, m); },
        [&](const Confirm& m) { OnConfirm(mail.from, m); },
        [&](const Confirmed& m) { OnConfirmed(mail.from, m); },
        [&](const Fetch& m) { OnFetch(mail.from, m); }, [&](const Fetched& m) { OnFetched(m); },
        [&](const Inspect& m) { OnInspect(mail.from, m); });
  }

  Member Me() const { return {env_.self(), disk_}; }

  // Epochs.

  void SendBeats() {
    for (uint64_t number = 1;; ++number) {
      uint64_t first = 0;
      for (const auto& [blob, versions] : files_.held()) {
        if (config_.epoch != 0 && now_.ListOf(blob).front() == Me()) ++first;
      }
      const Time wall = env_.WallNow();
      env_.Send(env_.nodes("metadata")[0],
                Beat{{env_.boot(), number, wall}, disk_, complete_, files_.copies(), first});
      env_.Sleep(kBeat);
    }
  }

  // Only what answers this boot can be relied upon to be as new as what earlier ones have seen.
  void OnConfigIs(const ConfigIs& m) {
    if (m.boot != env_.boot() || m.config.epoch <= config_.epoch) return;
    config_ = m.config;
    epoch_ = std::max(epoch_, config_.epoch);
    before_.Reset(config_.before);
    now_.Reset(config_.now);
    Want({});
    changed_.NotifyAll();
  }

  // Whether this store takes part in that epoch. From now on, in no older one.
  bool Enters(uint64_t epoch) {
    if (config_.epoch == 0 || epoch < epoch_) return false;
    epoch_ = epoch;
    return true;
  }

  // Clients.

  void OnAsk(NodeId client, const Ask& m) {
    if (!Enters(m.epoch)) {
      Refuse(client, m.round);
      return;
    }
    const uint64_t newest = files_.Newest(m.blob);
    Have have{m.round, disk_, newest, std::nullopt};
    if (newest != 0) have.bytes = files_.Read(m.blob, newest);
    env_.Send(client, have);
  }

  void OnPut(NodeId client, const Put& m) {
    if (!Enters(m.epoch)) {
      Refuse(client, m.round);
    } else if (m.bytes.size() == kBlobBytes && m.version != 0) {
      work_.Push({client, m});
    }
  }

  // Who knows no epoch yet is silent: there may be others who do.
  void Refuse(NodeId client, uint64_t round) {
    if (config_.epoch != 0) env_.Send(client, Refused{round});
  }

  // What is written, one after another.

  struct Work {
    NodeId client = kNobody;  // To be told; nobody where it was fetched.
    Put put = {};
  };

  void WriteInTurn() {
    for (;;) {
      const Work work = *work_.Pop();
      const Put& put = work.put;
      if (!HasAtLeast(put.blob, put.version)) {
        writing_ = {put.blob, put.version};
        files_.Write(put.blob, put.version, put.bytes);
        writing_ = {};
        if (work.client == kNobody) {
          ++fetched_;
          env_.Report(Copied{put.blob, put.version});
        }
        changed_.NotifyAll();
      }
      if (work.client == kNobody) continue;
      if (decide_.MayAcknowledge(put.epoch, epoch_)) {
        env_.Send(work.client, Kept{put.round, disk_});
      } else {
        Refuse(work.client, put.round);
      }
    }
  }

  // That version, or a newer one.
  bool HasAtLeast(uint64_t blob, uint64_t version) const {
    const uint64_t newest = files_.Newest(blob);
    return files_.HasGood(blob, version) || (newest > version && files_.HasGood(blob, newest));
  }

  // Repair. One fiber finds out what is to be fetched, and others fetch it.

  struct Wanted {
    size_t copies = 0;  // That there are.
    uint64_t blob = 0, version = 0;
    std::vector<NodeId> holders = {};
    auto Order() const { return std::tuple(copies, blob); }
  };

  void Repair() {
    for (;;) {
      changed_.Await([this] { return config_.epoch != 0; });
      const uint64_t epoch = config_.epoch;
      if (AskOthers() && epoch == config_.epoch && epoch == epoch_) {
        FindWanted();
        const Time patience = env_.After(1s);
        changed_.Await([&] { return Idle() || config_.epoch != epoch; }, patience);
        if (Idle() && !failed_ && config_.epoch == epoch) Complete();
        Trim();
        if (complete_ == epoch) {
          changed_.Await([&] { return config_.epoch != epoch; }, env_.After(kRest));
        }
      } else {
        changed_.Await([&] { return config_.epoch > epoch; }, env_.After(kAnswers));
      }
    }
  }

  // It holds what it should, as of this epoch. Where it is none of the members that is nothing.
  void Complete() {
    complete_ = config_.epoch;
    if (recovered_ || std::ranges::count(config_.now, Me()) == 0) return;
    recovered_ = true;
    env_.Report(models::Recovered{fetched_});
  }

  // True once all but one of each list relied upon have told what they hold, in this epoch.
  bool AskOthers() {
    const List list{++round_, config_.epoch};
    listed_.clear();
    listed_[Me()] = files_.List();
    env_.Broadcast(list);
    changed_.Await([&] { return listed_.size() > env_.peers().size(); }, env_.After(kAnswers));
    std::set<Member> told;
    for (const auto& [member, held] : listed_) told.insert(member);
    return MeetEachQuorum(config_.before, told, plan_.zones);
  }

  void OnList(NodeId from, const List& m) {
    if (Enters(m.epoch)) env_.Send(from, Listed{m.round, m.epoch, disk_, files_.List()});
  }

  void OnListed(NodeId from, const Listed& m) {
    if (m.round != round_ || m.epoch != config_.epoch) return;
    listed_[{from, m.disk}] = m.held;
    changed_.NotifyAll();
  }

  // The newest version of each blob, in what was told.
  std::map<uint64_t, uint64_t> NewestTold() const {
    std::map<uint64_t, uint64_t> newest;
    for (const auto& [member, held] : listed_) {
      for (const Held& copy : held) {
        newest[copy.blob] = std::max(newest[copy.blob], copy.version);
      }
    }
    return newest;
  }

  void FindWanted() {
    std::vector<Wanted> wanted;
    for (const auto& [blob, version] : NewestTold()) {
      if (!now_.Lists(Me(), blob) || files_.HasGood(blob, version)) continue;
      if (fetching_.contains({blob, version})) continue;
      Wanted want{0, blob, version, {}};
      for (const auto& [member, held] : listed_) {
        const bool has = std::ranges::any_of(held, [&](const Held& h) {
          return h.blob == want.blob && h.version == want.version && h.good;
        });
        if (!has) continue;
        want.holders.push_back(member.node);
        if (now_.Lists(member, blob) || decide_.CountsElsewhere()) ++want.copies;
      }
      if (want.copies < kCopies) wanted.push_back(want);
    }
    std::ranges::sort(wanted, {}, &Wanted::Order);
    Want(std::move(wanted));
  }

  void Want(std::vector<Wanted> wanted) {
    wanted_.assign(wanted.begin(), wanted.end());
    failed_ = false;
    changed_.NotifyAll();
  }

  bool Idle() const { return wanted_.empty() && fetching_.empty(); }

  // Fetches one copy after another, and rests after each.
  void Stream() {
    for (size_t turn = Index(env_.self());; ++turn) {
      changed_.Await([this] { return !wanted_.empty(); });
      const Wanted want = wanted_.front();
      wanted_.pop_front();
      fetching_.insert({want.blob, want.version});
      if (!want.holders.empty()) {
        env_.Report(Fetch{want.blob, want.version});
        env_.Send(want.holders[turn % want.holders.size()], Fetch{want.blob, want.version});
        changed_.Await([&] { return HasAtLeast(want.blob, want.version); }, env_.After(kFetching));
      }
      if (!HasAtLeast(want.blob, want.version)) failed_ = true;
      env_.Sleep(decide_.Pause(plan_.throttle));
      fetching_.erase({want.blob, want.version});
      const bool failed = !HasAtLeast(want.blob, want.version);
      // A round that began meanwhile has left it to us.
      if (failed && decide_.CountsLateFailure()) failed_ = true;
      changed_.NotifyAll();
    }
  }

  void OnFetch(NodeId store, const Fetch& m) {
    auto bytes = files_.Read(m.blob, m.version);
    if (!decide_.MayGive(bytes.has_value())) return;
    if (!bytes) bytes = files_.ReadUnverified(m.blob, m.version);
    env_.Send(store, Fetched{m.blob, m.version, *bytes});
  }

  void OnFetched(const Fetched& m) {
    if (m.bytes.size() != kBlobBytes || m.version == 0) return;
    work_.Push(
        {.put = {.round = 0, .epoch = 0, .blob = m.blob, .version = m.version, .bytes = m.bytes}});
  }

  // Trim: what all of the list have, or newer. What they said of it a while ago is not enough: each
  // looks at its disk.

  void Trim() {
    for (const Held& copy : files_.List()) {
      if (copy.version != files_.Newest(copy.blob)) continue;
      const bool mine = now_.Lists(Me(), copy.blob);
      std::set<uint64_t> there;
      for (const auto& [version, good] : files_.held().at(copy.blob)) there.insert(version);
      if (mine && there.size() == 1) continue;
      const bool all = config_.Settled() && AllHave(copy) && config_.Settled();
      if (mine != now_.Lists(Me(), copy.blob)) continue;
      if (mine ? !all : !decide_.MayTrim(all, OthersWith(copy.blob))) continue;
      const uint64_t keeps = mine ? decide_.Keeps(there) : 0;
      for (const uint64_t version : there) {
        if (version != keeps) Remove(copy.blob, version);
      }
    }
  }

  // How many others have told of any version of it.
  size_t OthersWith(uint64_t blob) const {
    size_t others = 0;
    for (const auto& [member, held] : listed_) {
      const bool has = std::ranges::any_of(held, [&](const Held& h) { return h.blob == blob; });
      others += has && member != Me() ? 1 : 0;
    }
    return others;
  }

  bool AllHave(const Held& copy) {
    const auto list = now_.ListOf(copy.blob);
    const auto knows = [&](const Held& h) {
      return h.blob == copy.blob && h.version >= copy.version;
    };
    const bool likely = std::ranges::all_of(list, [&](const Member& member) {
      const auto at = listed_.find(member);
      return at != listed_.end() && std::ranges::any_of(at->second, knows);
    });
    if (!likely) return false;
    confirmed_.clear();
    if (files_.Read(copy.blob, copy.version)) confirmed_.insert(Me());
    const Confirm confirm{++round_, config_.epoch, copy.blob, copy.version};
    for (const Member& member : list) {
      if (member != Me()) env_.Send(member.node, confirm);
    }
    return changed_.Await(
        [&] {
          return std::ranges::all_of(list, [&](const Member& m) { return confirmed_.contains(m); });
        },
        env_.After(kAnswers));
  }

  void OnConfirm(NodeId from, const Confirm& m) {
    const uint64_t newest = files_.Newest(m.blob);
    if (!Enters(m.epoch) || newest < m.version || !files_.Read(m.blob, newest)) return;
    env_.Send(from, Confirmed{m.round, m.epoch, disk_});
  }

  void OnConfirmed(NodeId from, const Confirmed& m) {
    if (m.round != round_ || m.epoch != config_.epoch) return;
    confirmed_.insert({from, m.disk});
    changed_.NotifyAll();
  }

  void Remove(uint64_t blob, uint64_t version) {
    if (writing_ == std::pair(blob, version)) return;
    files_.Remove(blob, version);
    env_.Report(Trimmed{blob, version});
  }

  // Scrub: one copy after another, in order. What is bad is missing in the next round of repair.
  void Scrub() {
    std::pair<uint64_t, uint64_t> last{0, 0};
    for (;;) {
      const auto copies = static_cast<int64_t>(std::max<size_t>(1, files_.copies()));
      env_.Sleep(plan_.scrub / copies);
      const std::vector<Held> all = files_.List();
      if (all.empty()) continue;
      const auto next = std::ranges::find_if(
          all, [&](const Held& h) { return std::pair(h.blob, h.version) > last; });
      const Held& copy = next == all.end() ? all.front() : *next;
      last = {copy.blob, copy.version};
      files_.Read(copy.blob, copy.version);
    }
  }

  // How things are on the disk itself, for whoever wants to know: of blobs that are our business.
  // Mends nothing.
  void OnInspect(NodeId from, const Inspect& m) {
    if (config_.epoch == 0) return;
    std::vector<Held> held = files_.List();
    std::erase_if(held, [&](const Held& copy) { return !now_.Lists(Me(), copy.blob); });
    for (Held& copy : held) copy.good = files_.IsGood(copy.blob, copy.version);
    env_.Send(from, Inspected{m.round, held});
  }

  Env& env_;
  const Plan plan_;
  const Decisions decide_;
  Config config_;
  uint64_t epoch_ = 0;     // The newest that we have seen, which may be newer than config_.
  uint64_t complete_ = 0;  // The epoch as of which we hold what we should.
  uint64_t disk_ = 0;
  Placement before_, now_;
  BlobFiles files_;
  Channel<Work> work_;

  uint64_t round_ = 0;
  std::map<Member, std::vector<Held>> listed_;  // In this round.
  std::set<Member> confirmed_;                  // Likewise.
  std::pair<uint64_t, uint64_t> writing_;       // What is not to be removed now.
  std::deque<Wanted> wanted_;
  std::set<std::pair<uint64_t, uint64_t>> fetching_;  // Blobs and versions.
  bool failed_ = false;
  uint64_t fetched_ = 0;    // In this boot,
  bool recovered_ = false;  // which began without them.
  Condition changed_;       // Anything of the above.
};

}  // namespace

NodeMain Store(Plan plan, Decisions decide) {
  return [=](Env& env) { StoreNode(env, plan, decide).Run(); };
}

}  // namespace reprise::blobs
