// A log server: clients append records to it, and rely on what it acknowledged.
//
// After Pillai et al., "All File Systems Are Not Created Equal" (ALICE, OSDI 2014), on what
// applications wrongly take file systems for; Alagappan et al., "Protocol-Aware Recovery for
// Consensus-Based Storage" (CTRL, FAST 2018), section 3.3.3, on telling a crash from corruption;
// and Rebello et al., "Can Applications Recover from fsync Failures?" (ATC 2020).
//
//   Append.    A record is length, epoch, sequence, checksum over these and the payload, payload.
//              It goes to the end of a segment that was allocated, synced, and whose directory was
//              synced, before its first record.
//   Commit.    One sync is in flight. A record is acknowledged only when a sync that began after
//              its write has returned OK; so one sync acknowledges all that were appended during
//              the sync before it. Where a sync fails the process aborts: what it should have made
//              durable may be lost although the next sync succeeds [fsyncgate, 2018].
//   Recover.   Read up to the first record that is not valid. If it was never durable, a crash may
//              have torn it, nobody was told of it, and the log ends there. If it was durable, or
//              was written and then changed, it is corruption: report, truncate nothing. What is
//              read, but not known to be durable, is written and synced again, elsewhere.
//   Damaged.   The server that has reported corruption refuses all requests, in this and every
//              later boot, until somebody gives it back a whole log. It could begin afresh, but to
//              those who rely on its records that would be the silent loss which the report is to
//              prevent. (etcd does the same: "walpb: crc mismatch", and it does not start.)
//
// How records lie on disk is in blocks/wal_format.h, with the decisions that mutants replace; what
// the log does with them, in blocks/wal.h. What the oracle asks: a recovered log is a prefix of
// what was appended, with all that was acknowledged in it, or the rest was reported as damaged.
//
// Left out: clients that ask again. Each request is made once, so that a record has one number.

#include <algorithm>
#include <utility>

#include "models/spec/durable_prefix.h"
#include "models/spec/no_false_alarm.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/blocks/wal.h"
#include "protocols/protocols.h"
#include "sim/crc32c.h"
#include "sim/sync.h"

namespace reprise {
namespace {

constexpr Duration kPeriod = 60ms;  // Each client asks once in each,
constexpr uint64_t kRequests = 50;  // so often, and
constexpr Duration kTurn = 2ms;     // one while the log is being synced for another.
constexpr size_t kSegmentBytes = 4 << 10;

const Label kPace("pace");

// clang-format off
struct Append { uint64_t number; std::string payload; };   // Client: keep this.
struct Appended { uint64_t number, sequence; };            // Server: it is durable.
struct Refused { uint64_t number; };                       // Server: my log is damaged.
// clang-format on

class LogServer {
 public:
  LogServer(Env& env, const WalDecisions& decisions)
      : env_(env), wal_(env, "wal", kSegmentBytes, decisions), unanswered_(env) {}

  void Run() {
    const bool damaged = Recover();
    env_.Spawn([this] { Acknowledge(); });
    for (;;) {
      const Envelope mail = env_.Receive();
      mail.Match([&](const Append& m) {
        if (damaged) {
          env_.Send(mail.from, Refused{m.number});
        } else {
          OnAppend(mail.from, m);
        }
      });
    }
  }

 private:
  // Which log it is, for the oracle.
  uint64_t log() const { return Index(env_.self()); }

  // True where the log is damaged.
  bool Recover() {
    const WalRecovered found = wal_.Recover();
    if (found.damaged) {
      const uint64_t next = found.records.size() + 1;
      env_.Report(models::CorruptionReported{log(), next, UINT64_MAX - next});
      return true;
    }
    std::vector<uint64_t> hashes;
    for (const WalRecord& record : found.records) hashes.push_back(Crc32c(record.payload));
    env_.Report(models::LogRecovered{log(), 1, std::move(hashes)});
    env_.Report(models::Recovered{found.records.size()});
    return false;
  }

  void OnAppend(NodeId client, const Append& m) {
    const uint64_t sequence = wal_.Append(m.payload);
    env_.Report(models::RecordAppended{log(), sequence, Crc32c(m.payload)});
    unanswered_.Push({client, m.number, sequence});
  }

  void Acknowledge() {
    for (;;) {
      const Request request = *unanswered_.Pop();
      wal_.AwaitDurable(request.sequence);
      env_.Report(models::RecordAcknowledged{log(), request.sequence});
      env_.Send(request.client, Appended{request.number, request.sequence});
    }
  }

  struct Request {
    NodeId client;
    uint64_t number, sequence;
  };

  Env& env_;
  Wal wal_;
  Channel<Request> unanswered_;
};

// What a client asks to be kept: some of it within a sector, some over two or three.
std::string Payload(NodeId client, uint64_t number) {
  const size_t bytes = 20 + (number * 97 + Index(client) * 41) % 400;
  return std::string(bytes, static_cast<char>('a' + (number + Index(client)) % 26));
}

// Asks once in each period, whether it was answered or not.
void Client(Env& env) {
  const auto clients = env.nodes("client");
  const auto turn = std::ranges::find(clients, env.self()) - clients.begin();
  const Time begin = env.Now() + turn * kTurn;
  for (uint64_t number = 1; number <= kRequests; ++number) {
    const Duration late = Share(kPeriod, env.Random(kPace, kQuantiles));
    const Time due = begin + static_cast<int64_t>(number) * kPeriod + late;
    while (env.ReceiveUntil(due)) continue;  // The server reports what it has acknowledged.
    env.Send(env.peers()[0], Append{number, Payload(env.self(), number)});
  }
}

const std::vector<Mutant<WalDecisions>>& Mutants() {
  using Decisions = WalDecisions;
  static const std::vector<Mutant<Decisions>> kMutants = {
      {{"reply-before-sync", "WAL-M1", "D1", "durable-prefix",
        "a record is acknowledged once it is written", "etcd#14370"},
       [](Decisions& d) {
         d.MayAcknowledge = [](uint64_t record, uint64_t written, uint64_t) {
           return record <= written;
         };
       }},
      {{"truncate-at-mismatch", "WAL-M2", "D1", "durable-prefix",
        "the log ends at the first record that is not valid, whatever comes after it",
        "CTRL, FAST 2018, figure 2"},
       [](Decisions& d) {
         d.OnBadRecord = [](const WalEvidence&) { return Decisions::OnBad::kTruncate; };
       }},
      {{"length-not-summed", "WAL-M3", "D2", "durable-prefix",
        "the checksums do not cover the length, so that a payload can end in its padding",
        "leveldb#189"},
       [](Decisions& d) {
         d.ChecksumCovers = [](std::string_view fields) { return fields.substr(4); };
       }},
      {{"directory-not-synced", "WAL-M4", "D1", "durable-prefix",
        "a new segment is synced, but its name is not", "ALICE, OSDI 2014"},
       [](Decisions& d) { d.SyncsDirectory = [] { return false; }; }},
      {{"sync-retried", "WAL-M6", "D1", "durable-prefix",
        "a sync that failed is done again, and its success trusted",
        "fsyncgate, 2018; Rebello et al., ATC 2020"},
       [](Decisions& d) { d.OnSyncError = [] { return Decisions::OnError::kRetry; }; }},
      {{"reads-past-holes", "WAL-X1", "D2", "durable-prefix",
        "a torn record is left out, and those after it are kept",
        "ALICE, OSDI 2014: sectors reach the disk in any order"},
       [](Decisions& d) { d.ReadsOnPastHoles = [] { return true; }; }},
      {{"unreadable-is-the-end", "WAL-X2", "D1", "durable-prefix",
        "a sector that cannot be read is taken for the end of the log",
        "Bairavasundaram et al., FAST 2008: latent sector errors"},
       [](Decisions& d) { d.UnreadableIsDamage = [] { return false; }; }},
      {{"impatient", "WAL-X3", "D2", "durable-prefix",
        "a sync that takes longer than 50 ms is taken for done", "gray failure: a slow disk"},
       [](Decisions& d) { d.PatienceEnds = [](Time now) { return now + 50ms; }; }},
      {{"sync-covers-later", "WAL-X4", "D2", "durable-prefix",
        "a sync makes durable what was appended while it was in flight, too",
        "group commit, by the wrong end of the sync"},
       [](Decisions& d) {
         d.DurableAfterSync = [](uint64_t, uint64_t appended) { return appended; };
       }},
      {{"recovered-not-synced", "WAL-X5", "D1", "no-false-alarm",
        "what recovery has read is taken for durable, so that a second crash can lose it",
        "Rebello et al., ATC 2020: applications that recover from the page cache"},
       [](Decisions& d) { d.DurableAtOpening = [](uint64_t, uint64_t read) { return read; }; }},
      {{"goes-on-without-room", "WAL-X6", "D1", "durable-prefix",
        "records for which there is no room are given up, and later ones follow the gap",
        "a full disk, and an error that concerns nobody"},
       [](Decisions& d) { d.StopsWithoutRoom = [] { return false; }; }},
  };
  return kMutants;
}

Scenario Make(const Options& options, const std::string& mutant) {
  const WalDecisions decisions = DecisionsOf(Mutants(), mutant);
  Scenario s;
  s.roles = {{.name = "server",
              .count = 1,
              .main = [decisions](Env& env) { LogServer(env, decisions).Run(); }},
             {.name = "client",
              .count = static_cast<int>(options["clients"]),
              .main = Client,
              .mortal = false,
              .client = true}};
  s.links = {.delay = 1ms,
             .late = OneIn(16),
             .late_by = models::HeavyTail,
             .drop = OneIn(100),
             .connected = true,
             .reset = OneIn(20),
             .half_open = OneIn(20)};
  s.crashes = {
      .crash = OneIn(8), .slot = 500ms, .crash_at = OneIn(400), .down = 50ms, .down_more = 200ms};
  s.disks = {.sync = 5ms,
             .slow_sync = OneIn(40),
             .slow_sync_most = 100ms,
             .hung = OneIn(400),
             .hung_for = 1s,
             .unsynced = OneIn(3),
             .torn = OneIn(4),
             .sync_fail = OneIn(80),
             .entries = OneIn(8),
             .read_fail = OneIn(200),
             .rot = OneIn(16),
             .rot_slot = 500ms,
             .full = OneIn(20),
             .full_most = 500ms};
  s.storm = 4s;
  s.calm = 500ms;
  s.oracles =
      JudgedBy(models::DurablePrefix(), models::NoFalseAlarm(), models::RecoveryMeter(true));
  return s;
}

}  // namespace

Family WriteAheadLog() {
  return {.name = "write-ahead-log",
          .about = "a log server that crashes, tears, rots and fails to sync",
          .source = "ALICE (OSDI 2014); CTRL (FAST 2018)",
          .options = {{"clients", "how many append", 1, 8, 3}},
          .mutants = InfoOf(Mutants()),
          .make = Make};
}

}  // namespace reprise
