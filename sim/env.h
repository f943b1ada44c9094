// Everything a node has: its name, its clock, its mail, its disk, its fibers. It has nothing else.
//
// A node is a function `void Main(Env& env)` that blocks, as the papers write it. Its locals are
// its memory: a crash unwinds them. Its disk survives, as far as it was synced. So recovery is the
// top of Main, and every call into Env is a point where the node may crash. Because this is an
// interface, and messages are bytes, the same Main could run on sockets and files.
//
// Rules for node code: no globals, no threads, no clocks but these, and never `catch (...)`,
// because a crash passes through as an exception. Where a destructor calls Env while a crash
// unwinds it, the call does nothing; but a crash may strike at that call as at any other, so a
// destructor that sends, waits or writes must be noexcept(false). Main's locals must outlive the
// fibers that refer to them: a Main that has spawned such fibers does not return.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/choices.h"
#include "sim/disk.h"
#include "sim/message.h"
#include "sim/time.h"

namespace reprise {

// Fibers of one node that wait for something: the mechanism under Mutex, Condition, Channel and
// Future (sync.h), which is what node code should use. Its content belongs to the Env.
struct Waiters {
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  // Those that still wait here will do so until their deadlines.
  ~Waiters() {
    if (first != nullptr) abandon(*this);
  }

  void* first = nullptr;
  void* last = nullptr;
  void (*abandon)(Waiters&) = nullptr;  // Set with `first`.
};

// State that is exposed to memory corruption, in Env's list of it.
struct ExposedState {
  std::string (*encode)(const void* state) = nullptr;
  bool (*decode)(std::string_view bytes, void* state) = nullptr;  // False where bytes mean nothing.
  void* state = nullptr;
  ExposedState* older = nullptr;
  ExposedState** head = nullptr;  // Of the list; null where the node's life is over.
};

class Env {
 public:
  virtual ~Env() = default;

  virtual NodeId self() const = 0;
  // The other nodes of this node's role; for a client, the nodes it is there to drive: those of the
  // scenario's first role.
  virtual std::span<const NodeId> peers() const = 0;
  // All nodes of that role, in order; none where the scenario has no such role.
  virtual std::span<const NodeId> nodes(std::string_view role) const = 0;
  // Which life of the node this is, from 1. Real programs learn it from what they find on disk.
  virtual uint64_t boot() const = 0;
  virtual Disk& disk() = 0;

  // The node's monotonic clock. It may start anywhere and run fast or slow, but never backwards.
  virtual Time Now() = 0;
  // What the node takes for the time of day. It may also jump.
  virtual Time WallNow() = 0;
  // So long from now by the node's own clock, or for ever.
  Time After(Duration duration) {
    const Time now = Now();
    return duration > kForever - now ? kForever : now + duration;
  }
  void Sleep(Duration duration) { SleepUntil(After(duration)); }
  virtual void SleepUntil(Time deadline) = 0;

  // A number in [0, bound), for protocols and clients that randomise. Zero is calm: let it mean the
  // least. A label of its own makes a decision easy to find in a trace; the names of faults and the
  // like are taken. REQUIRES: bound > 0.
  virtual uint64_t Random(Label label, uint64_t bound) = 0;
  uint64_t Random(uint64_t bound);

  // Sends and forgets. The message may be delayed, reordered, duplicated or lost.
  template <class T>
  void Send(NodeId to, const T& message) {
    SendBytes(to, internal::kType<T>, Flat(message));
  }
  template <class T>
  void Broadcast(const T& message) {
    const Flat flat(message);
    for (NodeId peer : peers()) SendBytes(peer, internal::kType<T>, flat);
  }

  // The next message, in order of arrival; nothing where none arrives in time.
  virtual std::optional<Envelope> ReceiveUntil(Time deadline) = 0;
  Envelope Receive() { return ReceiveUntil(kForever).value_or(Envelope{}); }
  std::optional<Envelope> Receive(Duration timeout) { return ReceiveUntil(After(timeout)); }

  // Runs body on another fiber of this node, which ends with the node's life. Fibers of one node
  // take turns, and only at calls into Env that block.
  virtual void Spawn(std::function<void()> body) = 0;

  // Ends this boot, as abort() ends a process: for what must not be gone on after, such as a sync
  // that failed. The node restarts later, as after a crash; but the machine stayed up, and with it
  // what the page cache holds, of which nobody knows what is durable. Does not return; never call
  // it from a destructor.
  [[noreturn]] virtual void Abort(std::string_view reason) = 0;

  // Tells the oracles what this node has just done: "decided", "checkpointed", "returned 5".
  // It is the only thing that oracles see of a node, and nodes cannot see it at all.
  template <class T>
  void Report(const T& fact) {
    ReportBytes(internal::kType<T>, Flat(fact));
  }

  // As long as this object lives, faults of memory may flip bits of the state: a message-like
  // struct. Only protocols that stabilise by themselves can live with that.
  template <class T>
  class Exposed {
   public:
    Exposed(Env& env, T& state) {
      exposed_.encode = [](const void* s) { return Encode(*static_cast<const T*>(s)); };
      exposed_.decode = [](std::string_view bytes, void* s) {
        auto value = Decode<T>(bytes);
        if (value) *static_cast<T*>(s) = std::move(*value);
        return value.has_value();
      };
      exposed_.state = &state;
      env.ExposeState(exposed_);
    }
    Exposed(const Exposed&) = delete;
    Exposed& operator=(const Exposed&) = delete;
    ~Exposed() {
      ExposedState** at = exposed_.head;
      while (at != nullptr && *at != &exposed_) at = &(*at)->older;
      if (at != nullptr) *at = exposed_.older;
    }

   private:
    ExposedState exposed_;
  };

  // For sync.h. Waits among the waiters until woken (true) or until the deadline (false).
  virtual bool Park(Waiters& waiters, Time deadline) = 0;
  // Wakes the first waiter, or all; they run when the current fiber next blocks.
  virtual void WakeOne(Waiters& waiters) = 0;
  virtual void WakeAll(Waiters& waiters) = 0;

 protected:
  virtual void ExposeState(ExposedState& state) = 0;
  virtual void SendBytes(NodeId to, const MessageType& type, std::string_view bytes) = 0;
  virtual void ReportBytes(const MessageType& type, std::string_view bytes) = 0;

 private:
  // A value as bytes, on the stack where they fit.
  class Flat {
   public:
    template <class T>
    explicit Flat(const T& value) : size_(EncodedSize(value)) {
      if (size_ > sizeof inside_) outside_.resize(size_);
      Write(size_ > sizeof inside_ ? outside_.data() : inside_, value);
    }
    operator std::string_view() const {
      return {size_ > sizeof inside_ ? outside_.data() : inside_, size_};
    }

   private:
    size_t size_;
    char inside_[256];
    std::string outside_;
  };
};

using NodeMain = std::function<void(Env&)>;

inline const Label kRandomLabel{"random"};
inline uint64_t Env::Random(uint64_t bound) { return Random(kRandomLabel, bound); }

}  // namespace reprise
