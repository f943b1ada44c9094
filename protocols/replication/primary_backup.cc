// Primary-backup replication, with a view service, leases and fencing.
//
// After Alsberg and Day, "A Principle for Resilient Sharing of Distributed Resources" (ICSE 1976),
// and Budhiraja, Marzullo, Schneider and Toueg, "The Primary-Backup Approach" (1993). The view
// service is that of MIT's course 6.824, lab 2. For what becomes of acknowledgements that are
// counted across views, see MongoDB's SERVER-16570.
//
//   Views.   A view is a number, a primary and perhaps a backup. Servers ping the view service,
//            which takes one for dead that was silent for a while, or pings in a later life. It
//            numbers the views, and replaces the primary of view v only when that primary has
//            acknowledged v. The next primary is then the backup of v.
//   Primary. It forwards each operation, tagged with the view, and answers the client when the
//            backup has it. It answers reads alone while it has a lease. It acknowledges a view
//            when its backup, if there is one, holds all of the state.
//   Backup.  It rejects clients, and whatever is tagged with another view: this is the fence. A
//            new one is sent the state, which takes its place in the stream of operations.
//   Lease.   The reply to a primary's ping: no other will be primary until it has run out. For the
//            holder it starts when the ping was *sent*, for the view service when that arrived;
//            and the view service waits longer, by as much as the holder's clock may be slow. Only
//            monotonic clocks count.
//
// State is in memory: a server that crashes loses it, and comes back as a new one. So nothing is
// lost unless a primary crashes before its backup holds all of the state: that is the promise, and
// HeldBy tells the world of it. To keep it, one rule was added to the view service: before it
// gives up on a member it asks the one upon whom it will rely. Otherwise a primary might crash, the
// backup be silent for a moment, and the view service give up on the backup first: then there is a
// live copy that no view can ever use. The rule costs two delays at each failover.

#include "protocols/replication/primary_backup.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "models/spec/converges.h"
#include "models/spec/durable.h"
#include "models/spec/key_value.h"
#include "models/spec/recovery.h"
#include "models/world/links.h"
#include "protocols/protocols.h"
#include "protocols/workloads/store.h"
#include "protocols/workloads/store_clients.h"
#include "sim/holders.h"

namespace reprise {
namespace {

using primary_backup::Clocks;
using primary_backup::Decisions;
using primary_backup::Member;
using primary_backup::Mutants;
using primary_backup::View;
using store::Request;

constexpr Duration kPing = 100ms;
constexpr Duration kDead = 4 * kPing;  // Silence that the view service takes for death.
constexpr Duration kLease = 300ms;
constexpr Duration kRetry = 50ms;  // How long what was sent to the backup may go without an answer.
constexpr int64_t kDriftPpm = 500;  // The most that a server's clock is fast or slow.

// The grantor waits longer than the holder may believe, by either clock.
static_assert(kDead >= kLease + kLease * kDriftPpm / 1'000'000 + 1ns);

struct Operation {
  uint64_t index;  // In the one order of all operations.
  NodeId client;
  Request request;
};

struct State {           // What must not be forgotten.
  uint64_t applied = 0;  // The index of the last operation executed.
  store::Store store;
};

struct Ping {  // Server: I am alive, and as a primary have acknowledged this view.
  uint64_t boot, acknowledged;
  Clocks sent;
  Time asked;  // The newest of the view service's moments that I know of.
};
struct ViewIs {  // View service: this is the view, as of now. To its primary, a lease from `sent`.
  View view;
  Clocks sent;
  Time asked;
};
struct Ask {  // View service: I will rely upon you. Are you there?
  Time asked;
};
struct Transfer {  // Primary: be my backup in this view, from this state on.
  View view;
  State state;
};
struct Forward {  // Primary: execute this, in order.
  uint64_t view;
  Operation operation;
};
struct Forwarded {  // Backup: in this view I hold all operations up to this one.
  uint64_t view, through;
};

struct Serving {  // A fact: who reports it has become primary.
  uint64_t view;
};

class ViewService {
 public:
  ViewService(Env& env, const Decisions& decide) : env_(env), decide_(decide) {}

  void Run() {
    for (;;) {
      const auto mail = env_.ReceiveUntil(NextDeath());
      if (mail) mail->Match([&](const Ping& m) { OnPing(mail->from, m); });
      Advance();
    }
  }

 private:
  struct Heard {
    uint64_t boot = 0;
    Time at{};
    Time answered{};  // It was alive after this moment.
  };

  void OnPing(NodeId from, const Ping& m) {
    Heard& heard = heard_[from];
    if (m.boot < heard.boot) return;  // From the dead.
    if (m.boot > heard.boot) heard = {.boot = m.boot};
    heard.at = env_.Now();
    heard.answered = std::max(heard.answered, m.asked);
    const bool leads = Member{from, m.boot} == view_.primary;
    if (leads && !acknowledged_ && m.acknowledged == view_.number) {
      acknowledged_ = true;
      if (candidate_ == kNone) ReportHolders();
    }
    Advance();
    env_.Send(from, ViewIs{view_, m.sent, env_.Now()});
  }

  // Moves on to the view that should be, once its primary has shown that it is still there.
  void Advance() {
    const View next = Next();
    if (next.primary == view_.primary && next.backup == view_.backup) {
      if (std::exchange(candidate_, kNone) != kNone) ReportHolders();
      return;
    }
    if (candidate_ != next.primary) {
      candidate_ = next.primary;
      asked_ = env_.Now();
      env_.Report(HeldBy{{candidate_}});
      env_.Send(candidate_.node, Ask{asked_});
    }
    if (heard_[candidate_.node].answered < asked_) return;
    view_ = next;
    ++view_.number;
    acknowledged_ = false;
    candidate_ = kNone;
  }

  // The view that should be: this one, where its members live or nobody can replace them.
  View Next() const {
    View next = view_;
    if (!Alive(view_.primary)) {
      next.primary = FirstAlive([&](const Member& m) { return decide_.MayPromote(view_, m); });
      if (next.primary == kNone) return view_;
    }
    if (!Alive(next.backup) || next.backup == next.primary) {
      next.backup = FirstAlive([&](const Member& m) { return m != next.primary; });
    }
    const bool same_primary = next.primary == view_.primary;
    return decide_.MayAdvanceView(acknowledged_, same_primary) ? next : view_;
  }

  bool Alive(const Member& member) const {
    const auto at = heard_.find(member.node);
    return at != heard_.end() && at->second.boot == member.boot &&
           env_.Now() < at->second.at + kDead;
  }

  template <class Predicate>
  Member FirstAlive(Predicate suits) const {
    for (const auto& [node, heard] : heard_) {
      const Member member{node, heard.boot};
      if (Alive(member) && suits(member)) return member;
    }
    return kNone;
  }

  Time NextDeath() const {
    Time next = kForever;
    for (const auto& [node, heard] : heard_) {
      if (heard.at + kDead > env_.Now()) next = std::min(next, heard.at + kDead);
    }
    return next;
  }

  void ReportHolders() {
    if (view_.number == 0) return;  // There is nothing to hold yet.
    HeldBy held{{view_.primary}};
    if (acknowledged_ && view_.backup != kNone) held.holders.push_back(view_.backup);
    env_.Report(held);
  }

  static constexpr Member kNone{};

  Env& env_;
  const Decisions decide_;
  View view_;
  bool acknowledged_ = true;  // By the primary of the view. There is nobody to wait for at first.
  Member candidate_;          // For the primary of the next view, and asked,
  Time asked_{};              // since then.
  std::map<NodeId, Heard> heard_;
};

class Server {
 public:
  Server(Env& env, const Decisions& decide)
      : env_(env), decide_(decide), me_{env.self(), env.boot()} {}

  void Run() {
    for (Time beat = env_.Now();; beat += kPing) {
      while (const auto mail = env_.ReceiveUntil(beat)) Obey(*mail);
      SendPing();
      if (Leads()) Repeat(env_.Now() - kRetry);
    }
  }

 private:
  struct Pending {
    Operation operation;
    Time sent;
  };

  void Obey(const Envelope& mail) {
    mail.Match([&](const Request& m) { OnRequest(mail.from, m); },
               [&](const Forward& m) { OnForward(mail.from, m); },
               [&](const Forwarded& m) { OnForwarded(m); },
               [&](const Transfer& m) { OnTransfer(mail.from, m); },
               [&](const ViewIs& m) { OnViewIs(m); }, [&](const Ask& m) { OnAsk(m); });
  }

  bool Leads() const { return view_.primary == me_; }
  bool Alone() const { return view_.backup == Member{}; }
  Clocks Read() { return {env_.Now(), env_.WallNow()}; }

  // Views.

  void SendPing() {
    env_.Send(env_.nodes("view-service")[0], Ping{me_.boot, acknowledged_, Read(), asked_});
  }

  void OnAsk(const Ask& m) {
    asked_ = std::max(asked_, m.asked);
    SendPing();
  }

  void OnViewIs(const ViewIs& m) {
    asked_ = std::max(asked_, m.asked);
    if (m.view.primary == me_) {
      lease_.monotonic = std::max(lease_.monotonic, m.sent.monotonic + kLease);
      lease_.wall = std::max(lease_.wall, m.sent.wall + kLease);
    }
    if (decide_.Adopts(m.view.number, view_.number)) Adopt(m.view);
  }

  void Adopt(const View& view) {
    const bool led = Leads();
    view_ = view;
    early_.clear();
    backup_holds_ = false;
    holds_ = Leads();  // As the backup of the view before, or its primary.
    if (!Leads()) {
      pending_.clear();  // Their outcome is unknown, so the clients must hear nothing at all.
      return;
    }
    if (!led) env_.Report(Serving{view.number});
    if (Alone()) {
      Commit(UINT64_MAX);
      Acknowledge();
    } else {
      Repeat(env_.Now());
    }
  }

  void Acknowledge() {
    acknowledged_ = view_.number;
    SendPing();
  }

  // The primary.

  void OnRequest(NodeId client, const Request& m) {
    if (!Leads()) {
      env_.Send(client, store::Refuse{m.sequence, view_.primary.node});
      return;
    }
    if (const auto* told = state_.store.Told(client, m.sequence)) {
      if (told->sequence == m.sequence) Answer(client, m, told->result);
      return;
    }
    if (m.command.verb == store::Verb::kRead && decide_.LeaseValid(Read(), lease_)) {
      Answer(client, m, state_.store.Read(m.command));
      return;
    }
    if (IsPending(client, m)) return;
    const uint64_t last = pending_.empty() ? state_.applied : pending_.back().operation.index;
    pending_.push_back({{last + 1, client, m}, env_.Now()});
    if (Alone()) {
      Commit(last + 1);
      return;
    }
    const Operation operation = pending_.back().operation;
    env_.Send(view_.backup.node, Forward{view_.number, operation});
    if (decide_.AnswersBeforeBackupAck()) Execute(operation);
  }

  void OnForwarded(const Forwarded& m) {
    if (!Leads() || m.view != view_.number) return;
    if (!std::exchange(backup_holds_, true)) Acknowledge();
    Commit(m.through);
  }

  // The backup has these, or there is no backup.
  void Commit(uint64_t through) {
    while (!pending_.empty() && pending_.front().operation.index <= through) {
      const Operation operation = pending_.front().operation;
      pending_.pop_front();
      Execute(operation);
    }
  }

  // Sends the backup what it has not acknowledged though it was sent by then.
  void Repeat(Time by) {
    if (Alone()) return;
    if (!backup_holds_) env_.Send(view_.backup.node, Transfer{view_, state_});
    for (size_t i = 0; i < pending_.size(); ++i) {
      if (pending_[i].sent > by) continue;
      pending_[i].sent = env_.Now();
      env_.Send(view_.backup.node, Forward{view_.number, pending_[i].operation});
    }
  }

  bool IsPending(NodeId client, const Request& m) const {
    return std::ranges::any_of(pending_, [&](const Pending& p) {
      return p.operation.client == client && p.operation.request.sequence == m.sequence;
    });
  }

  void Answer(NodeId client, const Request& request, const store::Result& result) {
    env_.Send(client, store::Answer{request.sequence, result});
  }

  // The backup.

  void OnTransfer(NodeId primary, const Transfer& m) {
    if (m.view.number > view_.number) Adopt(m.view);
    if (m.view.number != view_.number || view_.backup != me_) return;
    if (!std::exchange(holds_, true)) state_ = m.state;  // A second copy is older than we are.
    ExecuteEarly();
    env_.Send(primary, Forwarded{view_.number, state_.applied});
  }

  void OnForward(NodeId primary, const Forward& m) {
    if (!decide_.AcceptsForwarded(view_.number, m.view)) return;
    early_.emplace(m.operation.index, m.operation);
    if (!holds_) return;
    ExecuteEarly();
    env_.Send(primary, Forwarded{m.view, state_.applied});
  }

  // Links do not keep order, so an operation may arrive before those that precede it.
  void ExecuteEarly() {
    while (!early_.empty() && early_.begin()->first <= state_.applied + 1) {
      const Operation operation = early_.begin()->second;
      early_.erase(early_.begin());
      Execute(operation);
    }
  }

  // Both.

  void Execute(const Operation& operation) {
    if (operation.index != state_.applied + 1) return;
    state_.applied = operation.index;
    const store::Result result = state_.store.ExecuteOnce(operation.client, operation.request);
    if (Leads()) Answer(operation.client, operation.request, result);
  }

  Env& env_;
  const Decisions decide_;
  const Member me_;
  State state_;
  bool holds_ = false;  // All of the state of this view.
  View view_;
  uint64_t acknowledged_ = 0;  // The newest view that we lead and have acknowledged.
  Time asked_{};
  Clocks lease_{};  // When it runs out.

  bool backup_holds_ = false;            // All of the state: so it has said.
  std::deque<Pending> pending_;          // Forwarded, and not acknowledged.
  std::map<uint64_t, Operation> early_;  // Came too early to be executed.
};

Scenario Make(const Options& options, const std::string& mutant) {
  const Decisions decide = DecisionsOf(Mutants(), mutant);
  const store::Plan plan{.lists = options["lists"] != 0,
                         .keys = static_cast<uint64_t>(options["keys"])};
  const auto clients = static_cast<int>(options["clients"]);
  std::vector<NodeId> drivers;
  for (uint32_t i = 0; i < static_cast<uint32_t>(clients); ++i) drivers.push_back(NodeId{5 + i});
  const models::Converges<models::Progress> converges(3s, "read every key", drivers);

  Scenario s;
  s.roles = {
      {.name = "servers", .count = 3, .main = [=](Env& env) { Server(env, decide).Run(); }},
      {.name = "view-service",
       .count = 1,
       .main = [=](Env& env) { ViewService(env, decide).Run(); },
       .mortal = false},
      {.name = "clients",
       .count = clients,
       .main = store::Client(plan),
       .mortal = false,
       .client = true},
  };
  s.links = models::StormyLinks();
  s.cuts = {.cut = OneIn(8), .slot = 500ms, .shortest = 300ms, .longest = 1500ms};
  s.crashes = {.crash = OneIn(16), .crash_at = OneIn(4000), .down_at_most = 2};
  s.clocks = {.offset = OneIn(2), .drift = OneIn(2), .drift_ppm_most = kDriftPpm, .jump = OneIn(4)};
  s.order = OneIn(10);
  s.storm = 8s;
  s.calm = 4s;
  // A loss is called a loss, and not only a read that no order explains.
  const models::Durable durable(models::Durable::Reads::kOrdered);
  s.oracles =
      plan.lists ? JudgedBy(durable, models::LinearizableList(), converges, models::RecoveryMeter())
                 : JudgedBy(models::LinearizableKeyValue(), converges, models::RecoveryMeter());
  return s;
}

}  // namespace

Family PrimaryBackup() {
  return {
      .name = "primary-backup",
      .about = "a primary and a backup in memory, under a view service; reads by lease",
      .source = "Alsberg and Day 1976; Budhiraja, Marzullo, Schneider and Toueg 1993",
      .options = {{"lists", "whether clients append to lists; else get, put and cas", 0, 1, 1},
                  {"keys", "how many keys there are", 1, 16, 2},
                  {"clients", "how many clients there are", 1, 8, 3}},
      .mutants = InfoOf(Mutants()),
      .make = Make,
  };
}

}  // namespace reprise
