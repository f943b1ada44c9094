#include "protocols/healing/lease_lock_store.h"

#include "models/spec/converges.h"
#include "models/spec/recovery.h"
#include "sim/check.h"
#include "sim/codec.h"

namespace reprise::lease_lock {

void FencedStore::Run() {
  Recover();
  for (;;) {
    const Envelope mail = env_.Receive();
    mail.Match([&](const Write& m) { OnWrite(mail.from, m); });
  }
}

void FencedStore::Recover() {
  const WalRecovered found = log_.Recover();
  if (found.damaged) {
    env_.Report(models::Halted{});
    for (;;) env_.Receive();
  }
  if (!found.records.empty()) {
    const auto last = Decode<models::FencedWrite>(found.records.back().payload);
    CHECK(last.has_value());  // Its checksum was right.
    last_ = *last;
  }
  env_.Report(models::Recovered{found.records.size()});
}

void FencedStore::OnWrite(NodeId from, const Write& m) {
  if (m.store_boot != env_.boot()) {
    env_.Send(from, Refused{m.boot, m.sequence, env_.boot(), false});
    return;
  }
  Sequence& written = written_[from];
  const Sequence mine{m.boot, m.sequence};
  if (mine < written) return;
  if (mine == written) {
    env_.Send(from, Written{m.boot, m.sequence});
    return;
  }
  const models::FencedWrite write{m.token, {from, m.boot}};
  if (!decide_.Accepts(last_.token, last_.holder, write.token, write.holder)) {
    env_.Send(from, Refused{m.boot, m.sequence, env_.boot(), true});
    return;
  }
  log_.AwaitDurable(log_.Append(Encode(write)));
  written = mine;
  last_ = write;
  env_.Report(write);
  env_.Send(from, Written{m.boot, m.sequence});
}

}  // namespace reprise::lease_lock
