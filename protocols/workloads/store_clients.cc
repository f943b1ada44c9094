#include "protocols/workloads/store_clients.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "models/spec/append_list.h"
#include "models/spec/converges.h"
#include "models/spec/history.h"
#include "models/spec/key_value.h"
#include "protocols/workloads/store.h"
#include "sim/scenario.h"

namespace reprise::store {
namespace {

using models::AppendList;
using models::KeyValue;
using models::OpId;

const Label kWhat("client-op");
const Label kWhen("client-when");

constexpr Duration kPause = 10ms;  // After a refusal, so that two servers cannot play tennis.

// In the order in which they take turns: W-KV is 40 % get, 40 % put, 20 % cas.
constexpr Verb kValueVerbs[] = {Verb::kPut, Verb::kRead, Verb::kCas, Verb::kPut, Verb::kRead};
constexpr Verb kListVerbs[] = {Verb::kAppend, Verb::kRead};

class StoreClient {
 public:
  StoreClient(Env& env, const Plan& plan)
      : env_(env),
        plan_(plan),
        verbs_(plan.lists ? std::vector<Verb>(std::begin(kListVerbs), std::end(kListVerbs))
                          : std::vector<Verb>(std::begin(kValueVerbs), std::end(kValueVerbs))) {}

  void Run() {
    const Time start = env_.Now();
    for (int64_t k = 1; k * plan_.slot <= plan_.last; ++k) {
      const uint64_t what = env_.Random(kWhat, verbs_.size() * plan_.keys);
      const uint64_t when = env_.Random(kWhen, kQuantiles);
      const Time at = start + k * plan_.slot + Phase() + Share(plan_.slot, when);
      if (env_.Now() > at) continue;
      env_.SleepUntil(at);
      const uint64_t turn = static_cast<uint64_t>(k - 1) + what;
      Perform({.verb = verbs_[turn % verbs_.size()], .key = what / verbs_.size()});
    }
    // Reads alone may be served by somebody who can no longer write.
    env_.SleepUntil(start + plan_.finale - 2 * plan_.patience + Phase());
    bool all = Perform({plan_.lists ? Verb::kAppend : Verb::kPut, 0});
    env_.SleepUntil(start + plan_.finale + Phase());
    for (uint64_t key = 0; key < plan_.keys; ++key) all &= Perform({Verb::kRead, key});
    if (all) env_.Report(models::Progress{});
  }

 private:
  // Clients take turns within a slot, so that a calm run is an orderly one.
  Duration Phase() const {
    const auto clients = env_.nodes("clients");
    const auto mine = std::ranges::find(clients, env_.self()) - clients.begin();
    return plan_.slot * mine / std::max<int64_t>(1, std::ssize(clients));
  }

  // True where it was answered.
  bool Perform(Command command) {
    ++sequence_;
    command.value = uint64_t{Index(env_.self())} * 1000 + sequence_;
    if (command.verb == Verb::kCas) command.expected = seen_[command.key];
    ReportInvoked(command);
    const auto result = Ask({sequence_, command}, env_.Now() + plan_.patience);
    if (!result) {
      env_.Report(models::InDoubt{Op()});
      return false;
    }
    ReportReturned(command, *result);
    return true;
  }

  std::optional<Result> Ask(const Request& request, Time deadline) {
    while (env_.Now() < deadline) {
      env_.Send(env_.peers()[server_], request);
      const Time until = std::min(deadline, env_.Now() + plan_.retry);
      bool refused = false;
      while (!refused) {
        const auto mail = env_.ReceiveUntil(until);
        if (!mail) break;
        if (const auto m = mail->As<Answer>(); m && m->sequence == sequence_) return m->result;
        const auto m = mail->As<Refuse>();
        refused = m && m->sequence == sequence_ && mail->from == env_.peers()[server_];
        if (refused) TryNext(m->ask);
      }
      if (refused) {
        env_.Sleep(kPause);
      } else {
        TryNext(kNobody);
      }
    }
    return std::nullopt;
  }

  // The one that was named, unless that is the one that has just failed us.
  void TryNext(NodeId named) {
    const auto servers = env_.peers();
    const auto at = static_cast<size_t>(std::ranges::find(servers, named) - servers.begin());
    server_ = at < servers.size() && at != server_ ? at : (server_ + 1) % servers.size();
  }

  void ReportInvoked(const Command& c) {
    switch (c.verb) {
      case Verb::kRead:
        if (plan_.lists) {
          env_.Report(models::Invoked{Op(), c.key, AppendList::Read()});
        } else {
          env_.Report(models::Invoked{Op(), c.key, KeyValue::Get()});
        }
        break;
      case Verb::kPut: env_.Report(models::Invoked{Op(), c.key, KeyValue::Put(c.value)}); break;
      case Verb::kCas:
        env_.Report(models::Invoked{Op(), c.key, KeyValue::Cas(c.expected, c.value)});
        break;
      case Verb::kAppend:
        env_.Report(models::Invoked{Op(), c.key, AppendList::Append(c.value)});
        break;
    }
  }

  void ReportReturned(const Command& c, const Result& result) {
    if (plan_.lists) {
      env_.Report(models::Returned{Op(), AppendList::Got(result.values)});
    } else if (c.verb == Verb::kRead) {
      seen_[c.key] = result.values.empty() ? std::nullopt : std::optional(result.values.front());
      env_.Report(models::Returned{Op(), KeyValue::Got(seen_[c.key])});
    } else {
      if (result.done) seen_[c.key] = c.value;
      env_.Report(models::Returned{Op(), KeyValue::Swapped(result.done)});
    }
  }

  OpId Op() const { return {env_.self(), sequence_}; }

  Env& env_;
  const Plan plan_;
  const std::vector<Verb> verbs_;
  size_t server_ = 0;      // Who was the primary when we last knew.
  uint64_t sequence_ = 0;  // Clients do not crash.
  std::map<uint64_t, std::optional<uint64_t>> seen_;
};

}  // namespace

NodeMain Client(Plan plan) {
  return [plan](Env& env) { StoreClient(env, plan).Run(); };
}

}  // namespace reprise::store
