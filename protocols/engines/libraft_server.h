// A server on libraft (cowsql/raft), the library of this machine, unmodified: its `raft_io` on Env,
// a store as its `raft_fsm`, and who asks it for what clients want.
//
// The library is single-threaded and does not block: it is entered for a tick, a message, a request
// or something that is done, and asks for disk and network by calls that must return at once. While
// it runs nothing of Env is called, so that no crash strikes inside C code, and no other fiber
// runs:
//
//   Enter     looks at the clock, gives the library its memory (boot_memory.h), calls it,
//   Flush     calls back what it may only be called back for once it has returned,
//   Release   and then sends and reports what came of it.
//
// One thing is not as raft.h has it: `set_term` and `set_vote` are to be durable when they return.
// Here they return at once, and whatever the library says or does afterwards -- messages, answers
// to clients, facts -- is held back until they are. To everybody else it is as if the library had
// waited; and it is not slower for waiting.

#pragma once

extern "C" {
#include <raft.h>  // It does not say so itself.
}

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocols/engines/boot_memory.h"
#include "protocols/engines/libraft_messages.h"
#include "protocols/engines/libraft_storage.h"
#include "protocols/workloads/store.h"
#include "sim/env.h"

namespace reprise::libraft {

inline constexpr Duration kElectionLeast = 150ms;  // The library draws from that to twice of it.
inline constexpr Duration kHeartbeat = 50ms;

struct Settings {
  uint64_t voters = 3;  // The first so many servers are members from the beginning.
  bool membership = false;
  bool pre_vote = true;
  unsigned compact_after = 16;  // Entries, before the next snapshot; half of them are kept.
  // How long the leader waits before it sends a snapshot anew. The library's default is 30 s.
  unsigned install_timeout_ms = 500;

  // What is wrong on purpose. Each is a way in which a raft_io can break its contract.
  bool saves_term = true, saves_vote = true;
  bool waits_for_vote = true;    // Before it says anything.
  bool waits_for_append = true;  // Before it says that entries are stored.
};

// The library wanted a message to be sent to a server that there is not.
struct SentToNobody {};

// Sets the library up, the first time in this process. To be called before any run.
void SetUp();

class Server {
 public:
  Server(Env& env, const Settings& settings);
  [[noreturn]] void Run();

 private:
  friend struct Io;
  friend struct Machine;

  void Boot();
  void Obey(const Envelope& mail);
  template <class Fill>
  void Receive(NodeId from, unsigned short type, Fill fill);
  void OnAppendEntries(NodeId from, const AppendEntries& m);
  void OnInstallSnapshot(NodeId from, const InstallSnapshot& m);
  void OnRequest(NodeId client, const store::Request& m);
  void OnChange(NodeId server);
  void Promote(uint64_t id);
  void OnTransfer(NodeId to);

  void Enter(const std::function<void()>& call);
  void Flush();
  void Observe();
  void Release();
  void Hold(std::function<void()> output) { held_.push_back({vote_saved_, std::move(output)}); }
  void SaveVote();

  Env& env_;
  const Settings settings_;
  engines::BootMemory memory_;
  Storage storage_;
  const std::string address_;
  raft_io io_ = {};
  raft_fsm fsm_ = {};
  raft raft_ = {};
  raft_io_tick_cb tick_ = nullptr;
  raft_io_recv_cb receive_ = nullptr;

  Time booted_{};
  raft_time now_ms_ = 0;      // When the library was entered.
  uint64_t timeout_ = 0;      // What it draws next, of kQuantiles;
  bool timeout_used_ = true;  // once.
  const uint64_t servers_;    // How many there are, members or not.
  const uint64_t place_;      // Of its timeouts in their range, where nothing is drawn.
  SavedVote vote_;
  uint64_t vote_saved_ = 0;    // The number of the last vote in the storage.
  uint64_t append_index_ = 1;  // Where the next entry will stand.
  struct Held {
    uint64_t after;  // That is durable.
    std::function<void()> output;
  };
  std::deque<Held> held_;
  std::deque<std::function<void()>> callbacks_;
  uint64_t led_ = 0;  // The last term that it has led.
  store::Store machine_;
  std::map<NodeId, uint64_t> pending_;  // The request of each client that is in our log.
};

}  // namespace reprise::libraft
