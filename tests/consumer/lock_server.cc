// A lock server with leases, and a store that fences (M. Kleppmann, "How to do distributed
// locking", 2016). Somebody else's project, which has Reprise as an installed package.
//
// Whoever asks for the lock gets it for a while, with a token that is greater than all before. A
// write carries its token. It may arrive when the lease is long over, because it was on its way for
// so long; so the store refuses a token below one that it has seen. The server keeps the last token
// on its disk, for it must not give one twice. Its leases it forgets: after a boot it waits until
// all of them must be over.

#include "lock_server.h"

#include "models/world/links.h"
#include "sim/check.h"

using namespace reprise;

namespace {

struct Acquire {};
struct Granted {  // Also a fact, of the server.
  uint64_t token;
};
struct Write {  // Also a fact, of the store: it was stored.
  uint64_t token;
};

constexpr Duration kLease = 200ms;

struct Decisions {
  bool (*refuses)(uint64_t seen, uint64_t token) = [](uint64_t seen, uint64_t token) {
    return token < seen;
  };
};
const std::vector<Mutant<Decisions>> kMutants = {
    {{"no-fence", "L-M1", "D1", "fenced", "the store takes whatever comes"},
     [](Decisions& d) { d.refuses = [](uint64_t, uint64_t) { return false; }; }},
};

void Server(Env& env) {
  auto file = env.disk().Open("token", OpenMode::kCreateIfMissing);
  CHECK(file.ok() && env.disk().SyncDir("").ok());
  uint64_t token = Decode<uint64_t>(file->ReadAt(0, 8).value_or("")).value_or(0);
  NodeId holder = kNobody;
  Time free_at = env.boot() == 1 ? env.Now() : env.Now() + kLease;
  for (;;) {
    const Envelope mail = env.Receive();
    if (!mail.As<Acquire>()) continue;
    if (mail.from != holder && env.Now() < free_at) continue;  // It will ask again.
    holder = mail.from;
    free_at = env.Now() + kLease;
    ++token;
    CHECK(file->WriteAt(0, Encode(token)).ok() && file->Sync().ok());
    env.Report(Granted{token});
    env.Send(holder, Granted{token});
  }
}

void Store(Env& env, const Decisions& decide) {
  uint64_t seen = 0;
  for (;;) {
    const auto m = env.Receive().As<Write>();
    if (!m || decide.refuses(seen, m->token)) continue;
    seen = m->token;
    env.Report(*m);
  }
}

void Writer(Env& env) {
  for (;;) {
    env.Send(env.nodes("server")[0], Acquire{});
    const auto mail = env.Receive(50ms);
    const auto m = mail ? mail->As<Granted>() : std::nullopt;
    if (m) env.Send(env.nodes("store")[0], Write{m->token});
    env.Sleep(20ms);
  }
}

// Tokens grow, and what is stored under one is never overwritten under a lesser one.
class Fenced final : public Oracle {
 public:
  std::string name() const override { return "fenced"; }
  Complaint OnFact(const Event& event) override {
    if (const auto m = event.As<Granted>()) {
      if (m->token > granted_) return granted_ = m->token, std::nullopt;
      return "token " + std::to_string(m->token) + " was granted twice";
    }
    const uint64_t token = event.As<Write>()->token;
    if (token >= stored_) return stored_ = token, std::nullopt;
    return "the write of token " + std::to_string(token) + " came after that of token " +
           std::to_string(stored_);
  }

 private:
  uint64_t granted_ = 0, stored_ = 0;
};

}  // namespace

Family LockServer() {
  const auto make = [](const Options&, const std::string& mutant) {
    const auto store = [decide = DecisionsOf(kMutants, mutant)](Env& env) { Store(env, decide); };
    Scenario s;
    s.roles = {{"server", 1, Server}, {"store", 1, store, false}, {"writer", 2, Writer}};
    s.links = models::StormyLinks();
    s.crashes = {.crash = OneIn(10), .slot = 500ms};
    s.disks = {.unsynced = OneIn(2)};
    s.storm = 5s;
    s.oracles = JudgedBy(Fenced());
    return s;
  };
  return {.name = "lock-server",
          .about = "leases, and a store that fences",
          .mutants = InfoOf(kMutants),
          .make = make};
}
