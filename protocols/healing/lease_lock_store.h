// The store of lease_lock.cc, which whoever holds the lock writes to.

#pragma once

#include <map>

#include "models/spec/fenced.h"
#include "protocols/blocks/wal.h"
#include "protocols/healing/lease_lock.h"
#include "sim/env.h"

namespace reprise::lease_lock {

// Its log of writes says which token is the largest, so that is as durable as the writes.
class FencedStore {
 public:
  FencedStore(Env& env, const Decisions& decide)
      : env_(env), decide_(decide), log_(env, "writes", 4 << 10) {}

  void Run();

 private:
  struct Sequence {
    uint64_t boot = 0, sequence = 0;
    friend auto operator<=>(const Sequence&, const Sequence&) = default;
  };

  void Recover();
  void OnWrite(NodeId from, const Write& m);

  Env& env_;
  const Decisions decide_;
  Wal log_;
  models::FencedWrite last_;
  // The last write of each holder in this life of ours. One of them waits for one write at a time,
  // so whatever comes before it is a copy, or was given up.
  std::map<NodeId, Sequence> written_;
};

}  // namespace reprise::lease_lock
