// Snapshots of a bank whose money never stops moving, and rollback to them.
//
// After K. M. Chandy and L. Lamport, "Distributed Snapshots: Determining Global States of
// Distributed Systems", ACM TOCS 3(1), 1985; the rollback after E. N. Elnozahy, L. Alvisi, Y.-M.
// Wang and D. B. Johnson, "A Survey of Rollback-Recovery Protocols", ACM Computing Surveys 34(3),
// 2002. A process of the papers is a node here.
//
// To record a snapshot. Channels are reliable and FIFO (blocks/fifo.h makes them so).
//
//   Marker-sending rule for a process p, for each channel c directed away from p: p sends one
//     marker along c after p records its state and before p sends further messages along c.
//   Marker-receiving rule for a process q, on receiving a marker along a channel c. If q has not
//     recorded its state, then q records its state, and the state of c as the empty sequence. Else
//     q records the state of c as the sequence of messages received along c after q's state was
//     recorded and before q received the marker along c.
//
// To keep it. Who has recorded its state and all its channels in makes both durable and says so to
// the coordinator, n1, which also initiates the snapshots. When all have, the snapshot is complete,
// and the coordinator makes that decision durable. Only then may older snapshots go. What was
// recorded of a snapshot that some node never finished is worth nothing.
//
// To go back. A crash loses what a node did since its last durable state, and others may have seen
// that, so all go back together: the coordinator counts up the *epoch*, makes it durable, and has
// every node load the last complete snapshot and take in, as if they arrived just now, the messages
// that its channels held. Messages of older epochs are dropped: their sending has been undone. A
// node makes an epoch durable before it does anything in it, and never joins one twice: who crashes
// in an epoch asks for the next, even where it crashed while going back.
//
// A recorded state includes what the node had sent and not seen acknowledged, and after going back
// it sends that again, since its part does not say whether it arrived. The receiver has either had
// it or recorded it on the channel, and must drop it: by the sender's number for it, which goes on
// from epoch to epoch.
//
// To begin is to go back, to snapshot 0: every balance as it is at first, every channel empty.
//
// Not done here, since the bank gives nothing out: output commit, by which what leaves the system
// would have to wait for the next complete snapshot.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "models/spec/consistent_cut.h"
#include "models/spec/converges.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/blocks/fifo.h"
#include "protocols/blocks/snapshot_store.h"
#include "protocols/protocols.h"

namespace reprise {
namespace {

constexpr uint64_t kBalance = 1000;         // Of each node at first.
constexpr uint64_t kMostAtOnce = 10;        // In one transfer.
constexpr Duration kTransferEvery = 100ms;  // Each node.
constexpr Duration kResendAfter = 50ms;
constexpr Duration kAskAgain = 50ms;

// The k-th snapshot that was begun in an epoch is epoch * kPerEpoch + k, so that none is ever taken
// for another, and a newer one is greater.
constexpr uint64_t kPerEpoch = 1'000'000;

const Label kTransferWhen("transfer-when");
const Label kTransferTo("transfer-to");
const Label kTransferAmount("transfer-amount");

// Messages on the channels.
// clang-format off
struct Transfer { uint64_t number, amount; };  // The number-th transfer from here to there.
struct Marker { uint64_t snapshot; };
struct Stored { uint64_t snapshot; };   // To the coordinator: my part is durable.
struct Decided { uint64_t snapshot; };  // From it: the snapshot is complete. Also its fact.
using OnChannel = std::variant<Transfer, Marker, Stored, Decided>;

// Messages beside the channels, which do not outlast an epoch. They are repeated until they are
// answered, and harmless where they come late or twice.
struct Crashed { uint64_t epoch; };             // I was in this epoch, and lost what I did in it.
struct Rollback { uint64_t epoch, snapshot; };  // Go back to this snapshot, and begin this epoch.
struct Joined { uint64_t epoch; };              // I did.

// What a node has in memory, and no crash but its own can take.
struct State {
  uint64_t balance = kBalance;
  std::map<NodeId, uint64_t> sent, received;  // The number of the last transfer, there and from.
};

// What a node keeps on disk: its part of a snapshot, and the line that it last went back to. The
// coordinator's line is the decision: the epoch that is, and the last complete snapshot.
struct Part {
  State state;
  std::map<NodeId, std::vector<Transfer>> unacknowledged;  // Sent there, may have arrived.
  std::map<NodeId, std::vector<Transfer>> channels;        // The state of each channel in.
};
struct Line { uint64_t epoch = 0, snapshot = 0; };

// Its fact, besides those of the oracles: it has recorded all channels in.
struct Closed { uint64_t snapshot; };

// A snapshot while this node records its part.
struct Recording {
  uint64_t snapshot = 0;
  Part part;
  std::set<NodeId> open;     // Channels in whose messages are being recorded.
  std::set<NodeId> markers;  // Channels in whose marker has come.
};
// clang-format on

using Channels = std::set<NodeId>;

struct Decisions {
  FifoDecisions channels = {};
  // The marker-sending rule's "before p sends further messages along c".
  bool (*SendsMarkerBeforeMessages)() = [] { return true; };
  // After a first marker along c, the channels whose messages are recorded.
  Channels (*FirstMarkerOpens)(Channels all, NodeId c) = [](Channels all, NodeId c) {
    all.erase(c);
    return all;
  };
  // After a later marker along c, the channels whose messages are still recorded.
  Channels (*MarkerLeavesOpen)(Channels open, NodeId c) = [](Channels open, NodeId c) {
    open.erase(c);
    return open;
  };
  // Whether a transfer was received already, by its number and the last one received.
  bool (*IsDuplicate)(uint64_t number, uint64_t received) = [](uint64_t number, uint64_t received) {
    return number <= received;
  };
  // Whether an epoch is made durable before anything is done in it.
  bool (*SavesEpoch)() = [] { return true; };
  // Whether a snapshot may be gone back to, when so many of all nodes have made their part durable.
  bool (*IsComplete)(size_t stored, size_t nodes) = [](size_t stored, size_t nodes) {
    return stored == nodes;
  };
};

// Six digits or more for the epoch and six for the snapshot in it: sorted by name is sorted by age.
std::string FileOf(uint64_t snapshot) {
  const std::string digits = std::to_string(snapshot);
  return "snapshot-" + std::string(12 - std::min<size_t>(12, digits.size()), '0') + digits;
}

class Branch {
 public:
  Branch(Env& env, const Decisions& decisions, Duration snapshot_every)
      : env_(env),
        decisions_(decisions),
        snapshot_every_(snapshot_every),
        store_(env, ""),
        fifo_(env, kResendAfter, decisions.channels),
        deciding_(env) {}

  void Run() {
    if (const auto line = store_.LoadAs<Line>("line"); !absl::IsNotFound(line.status())) {
      CHECK(line.ok());  // To begin afresh would be to join old epochs again.
      line_ = *line;
    }
    env_.Spawn([this] { fifo_.Resend(); });
    env_.Spawn([this] { Work(); });
    if (is_coordinator()) {
      BeginRollback();
      env_.Spawn([this] { Initiate(); });
    }
    asking_ = !is_coordinator();
    env_.Spawn([this] { AskAgain(); });
    for (;;) {
      const Envelope mail = env_.Receive();
      const bool on_channel = fifo_.Handle(mail, [&](NodeId from, const OnChannel& message) {
        std::visit([&](const auto& m) { On(from, m); }, message);
      });
      if (on_channel) continue;
      mail.Match([&](const Crashed& m) { OnCrashed(m); }, [&](const Rollback& m) { OnRollback(m); },
                 [&](const Joined& m) { OnJoined(mail.from, m); });
    }
  }

 private:
  NodeId coordinator() const { return NodeId{1}; }
  bool is_coordinator() const { return env_.self() == coordinator(); }
  size_t nodes() const { return env_.peers().size() + 1; }

  // The computation: in each slot of time, a transfer to somebody.
  void Work() {
    for (int64_t slot = env_.Now().time_since_epoch() / kTransferEvery + 1;; ++slot) {
      const Duration jitter = Share(kTransferEvery, env_.Random(kTransferWhen, kQuantiles));
      const NodeId to = env_.peers()[env_.Random(kTransferTo, env_.peers().size())];
      const uint64_t amount = 1 + env_.Random(kTransferAmount, kMostAtOnce);
      env_.SleepUntil(Time(slot * kTransferEvery) + jitter);
      if (fifo_.is_open()) Pay(to, amount);
    }
  }

  void Pay(NodeId to, uint64_t amount) {
    if (state_.balance < amount) return;
    state_.balance -= amount;
    fifo_.Send(to, Transfer{++state_.sent[to], amount});
  }

  void On(NodeId from, const Transfer& m) {
    if (decisions_.IsDuplicate(m.number, state_.received[from])) return;
    if (recording_ && recording_->open.contains(from)) {
      recording_->part.channels[from].push_back(m);
      env_.Report(models::InTransit{recording_->snapshot, m.amount});
    }
    state_.received[from] = m.number;
    state_.balance += m.amount;
  }

  // To record a snapshot.

  // Initiates a snapshot at each of its times, unless one is under way or nodes are.
  void Initiate() {
    for (int64_t slot = env_.Now().time_since_epoch() / snapshot_every_ + 1;; ++slot) {
      env_.SleepUntil(Time(slot * snapshot_every_));
      if (!fifo_.is_open() || joined_.size() < nodes() || under_way_) continue;
      under_way_ = true;
      stored_.clear();
      RecordState(last_recorded_ + 1, Peers());
    }
  }

  // Records the state of this node, and of these channels from now on; and sends the markers.
  void RecordState(uint64_t snapshot, Channels open) {
    last_recorded_ = snapshot;
    recording_ = Recording{snapshot, {state_, {}, {}}, std::move(open), {}};
    for (NodeId to : env_.peers()) {
      for (const OnChannel& message : fifo_.Unacknowledged(to)) {
        const auto* transfer = std::get_if<Transfer>(&message);
        if (transfer != nullptr) recording_->part.unacknowledged[to].push_back(*transfer);
      }
    }
    env_.Report(models::Recorded{snapshot, state_.balance});
    for (NodeId to : env_.peers()) {
      if (!decisions_.SendsMarkerBeforeMessages()) Pay(to, 1);
      fifo_.Send(to, Marker{snapshot});
    }
  }

  void On(NodeId from, const Marker& m) {
    if (m.snapshot > last_recorded_) {
      RecordState(m.snapshot, decisions_.FirstMarkerOpens(Peers(), from));
    } else if (recording_) {
      recording_->open = decisions_.MarkerLeavesOpen(recording_->open, from);
    }
    recording_->markers.insert(from);
    if (recording_->markers.size() < env_.peers().size()) return;
    env_.Report(Closed{m.snapshot});
    Store(m.snapshot, std::exchange(recording_, {})->part);
  }

  // To keep it.

  // On a fiber of its own, since the computation must go on meanwhile.
  void Store(uint64_t snapshot, Part part) {
    env_.Spawn([this, snapshot, part = std::move(part), epoch = fifo_.epoch()] {
      Save(FileOf(snapshot), part);
      if (fifo_.epoch() != epoch) return;
      env_.Report(models::Complete{snapshot});
      if (is_coordinator()) {
        On(env_.self(), Stored{snapshot});
      } else {
        fifo_.Send(coordinator(), Stored{snapshot});
      }
    });
  }

  void On(NodeId from, const Stored& m) {
    if (m.snapshot <= line_.snapshot) return;
    stored_.insert(from);
    if (!decisions_.IsComplete(stored_.size(), nodes())) return;
    Lock lock(deciding_);
    if (!fifo_.is_open() || m.snapshot / kPerEpoch != line_.epoch) return;
    SaveLine({line_.epoch, m.snapshot});
    env_.Report(Decided{m.snapshot});
    under_way_ = false;
    for (NodeId to : env_.peers()) fifo_.Send(to, Decided{m.snapshot});
    Forget(m.snapshot);
  }

  void On(NodeId, const Decided& m) { Forget(m.snapshot); }

  // All that is older than the last complete snapshot.
  void Forget(uint64_t complete) {
    for (const std::string& name : store_.Names()) {
      if (name != "line" && name < FileOf(complete)) store_.Remove(name);
    }
  }

  // To go back.

  void BeginRollback() {
    Lock lock(deciding_);
    Join({line_.epoch + 1, line_.snapshot});
    joined_ = {env_.self()};
  }

  void OnCrashed(const Crashed& m) {
    if (is_coordinator() && m.epoch == line_.epoch) BeginRollback();
  }

  void OnRollback(const Rollback& m) {
    if (m.epoch > line_.epoch) Join({m.epoch, m.snapshot});
    if (m.epoch == fifo_.epoch()) env_.Send(coordinator(), Joined{m.epoch});
  }

  void OnJoined(NodeId from, const Joined& m) {
    if (m.epoch == fifo_.epoch()) joined_.insert(from);
  }

  // Leaves the epoch it is in, if any, and goes back to the line.
  void Join(const Line& line) {
    fifo_.Close();
    asking_ = false;
    recording_.reset();
    under_way_ = false;
    joined_.clear();
    if (decisions_.SavesEpoch()) SaveLine(line);
    line_ = line;
    Part part;
    if (line.snapshot != 0) {
      auto loaded = store_.LoadAs<Part>(FileOf(line.snapshot));
      CHECK(loaded.ok());  // It was complete, so it is there.
      part = *std::move(loaded);
    }
    state_ = part.state;
    last_recorded_ = line.epoch * kPerEpoch;
    fifo_.Open(line.epoch);
    for (const auto& [to, transfers] : part.unacknowledged) {
      for (const Transfer& m : transfers) fifo_.Send(to, m);
    }
    for (const auto& [from, transfers] : part.channels) {
      for (const Transfer& m : transfers) On(from, m);
    }
    env_.Report(models::Restored{line.epoch, line.snapshot, state_.balance});
  }

  // Until they are answered, what is said beside the channels is said again.
  void AskAgain() {
    for (;;) {
      if (asking_) env_.Send(coordinator(), Crashed{line_.epoch});
      if (is_coordinator() && fifo_.is_open()) {
        for (NodeId to : env_.peers()) {
          if (!joined_.contains(to)) env_.Send(to, Rollback{line_.epoch, line_.snapshot});
        }
      }
      env_.Sleep(kAskAgain);
    }
  }

  void SaveLine(const Line& line) {
    Save("line", line);
    line_ = line;
  }

  // Tries until it is durable; where the disk refuses for ever, so does the node.
  template <class T>
  void Save(const std::string& name, const T& value) {
    while (!store_.SaveAs(name, value).ok()) env_.Sleep(kAskAgain);
  }

  Channels Peers() const { return {env_.peers().begin(), env_.peers().end()}; }

  Env& env_;
  const Decisions& decisions_;
  const Duration snapshot_every_;
  SnapshotStore store_;
  Fifo<OnChannel> fifo_;  // Open while the node is in an epoch.

  Line line_;
  State state_;
  bool asking_ = false;         // For an epoch to join, since the boot.
  uint64_t last_recorded_ = 0;  // The last snapshot of which it recorded its state.
  std::optional<Recording> recording_;

  // The coordinator's.
  Mutex deciding_;           // The line is changed by one fiber at a time.
  std::set<NodeId> joined_;  // The epoch.
  bool under_way_ = false;   // A snapshot.
  std::set<NodeId> stored_;  // Their parts of it.
};

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> mutants = {
      {{"late-marker", "CL-M1", "D1", "consistent-cut",
        "after recording, one transfer is sent on each channel before the marker",
        "the marker-sending rule's \"before p sends further messages along c\", left out"},
       [](Decisions& d) { d.SendsMarkerBeforeMessages = [] { return false; }; }},
      {{"records-first-channel", "CL-M2", "D1", "consistent-cut",
        "the channel of the first marker is recorded too, instead of being empty",
        "the marker-receiving rule's \"records the state of c as the empty sequence\""},
       [](Decisions& d) { d.FirstMarkerOpens = [](Channels all, NodeId) { return all; }; }},
      {{"second-marker-closes-all", "CL-M3", "D1", "consistent-cut",
        "the second marker ends the recording of every channel, not only of its own",
        "the marker-receiving rule's \"before q received the marker along c\""},
       [](Decisions& d) { d.MarkerLeavesOpen = [](Channels, NodeId) { return Channels(); }; }},
      {{"reinjects-twice", "CL-M5", "D1", "consistent-cut",
        "what a sender sends again after going back is taken for new",
        "Elnozahy et al. 2002: lost messages are sent again, so duplicates must be found"},
       [](Decisions& d) { d.IsDuplicate = [](uint64_t, uint64_t) { return false; }; }},
      {{"overtaking", "CL-X1", "D1", "consistent-cut", "channels deliver in the order of arrival",
        "Chandy and Lamport 1985: channels are FIFO"},
       [](Decisions& d) { d.channels.DeliversEarly = [] { return true; }; }},
      {{"sends-once", "CL-X2", "D1", "converges", "what was not acknowledged is not sent again",
        "Chandy and Lamport 1985: channels are error-free"},
       [](Decisions& d) { d.channels.SendsAgain = [](uint64_t) { return false; }; }},
      {{"gives-up", "CL-X3", "D2", "converges",
        "after four seconds without an acknowledgement a message is not sent again",
        "connections that a partition outlasts"},
       [](Decisions& d) {
         d.channels.SendsAgain = [](uint64_t times) { return times < uint64_t{4s / kResendAfter}; };
       }},
      {{"epoch-not-durable", "CL-X4", "D2", "consistent-cut",
        "only snapshots are made durable, so that after two crashes an epoch begins twice",
        "Elnozahy et al. 2002: an incarnation number must be on stable storage first"},
       [](Decisions& d) { d.SavesEpoch = [] { return false; }; }},
  };
  return mutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const auto nodes = static_cast<uint64_t>(options["nodes"]);
  const Duration every = options["snapshot-ms"] * 1ms;
  Scenario s;
  s.roles = {{.name = "branch",
              .count = static_cast<int>(nodes),
              .main = [every, decisions = DecisionsOf(Mutants(), mutant)](Env& env) {
                Branch(env, decisions, every).Run();
              }}};
  s.links = models::StormyLinks();
  s.cuts = models::Partitions();
  s.crashes = {.crash = OneIn(20), .crash_at = OneIn(5000), .down_at_most = 1};
  s.disks = {.sync = 2ms,
             .slow_sync = OneIn(50),
             .unsynced = OneIn(4),
             .torn = OneIn(4),
             .sync_fail = OneIn(500)};
  s.order = OneIn(50);
  s.storm = 8 * every;
  s.calm = 3 * every;
  // After the storm a node may have to boot, all to go back, and a snapshot to wait for its time.
  s.oracles =
      JudgedBy(models::ConsistentCut(nodes * kBalance, nodes),
               models::Converges<Decided>(every + 1s, "decided that a snapshot is complete"),
               models::RecoveryMeter());
  return s;
}

}  // namespace

Family ChandyLamport() {
  return {.name = "chandy-lamport",
          .about = "snapshots of a bank over FIFO channels, durable, with global rollback to them",
          .source = "Chandy and Lamport, TOCS 1985; Elnozahy et al., ACM CSUR 2002",
          .options = {{"nodes", "how many, each with a channel to each", 2, 8, 5},
                      {"snapshot-ms", "the time from one snapshot to the next", 200, 5000, 1000}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
