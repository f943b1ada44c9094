// A simulated node: Env as the world provides it, and the fibers that run its code. Private to
// sim/.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/clock.h"
#include "sim/disk_sim.h"
#include "sim/env.h"
#include "sim/fiber.h"
#include "sim/network.h"
#include "sim/scenario.h"

namespace reprise {

class SimNode;
class World;

// One fiber of a node. Objects are used again from one fiber to the next; the index stays. What
// every switch needs is in the first two cache lines.
struct alignas(64) Fiber {
  enum class State : uint8_t { kFree, kReady, kRunning, kWaiting };
  static constexpr int64_t kNever = INT64_MAX;

  Context context;
  SimNode* node = nullptr;
  uint32_t index = 0;
  State state = State::kFree;
  bool fresh = false;  // It has not run yet.
  bool main = false;   // It runs Main, and no body.
  bool killed = false;
  bool woken = false;

  // While waiting: until when, and among whom. A timer is in the queue for `armed`; where the
  // deadline has moved on since, the timer is put back when it goes off, and not before.
  int64_t deadline = kNever;
  int64_t armed = kNever;
  int64_t late_until = -1;  // A deadline that is later than it should be.
  Waiters* among = nullptr;
  Fiber* before = nullptr;
  Fiber* after = nullptr;

  Fiber* older = nullptr;      // The fiber that the node started before this one,
  Fiber* newer = nullptr;      // and after it.
  std::function<void()> body;  // Empty for the fiber that runs Main.
};

// That a node stands still, or crawls: what happens to it is put off.
struct NodeHold {
  int64_t paused_until = 0;  // Nothing runs before.
  int64_t slow_until = 0;
  Duration slow_by{};      // Until then each step takes so long,
  int64_t busy_until = 0;  // and the last that was taken ends then.
  bool met = false;        // Something was put off.
  bool left_out = false;   // Of the calm: nothing runs any more.
};

// How often what has happened, for addresses. Most nodes draw under few labels, and each of them
// should cost a node no more than it must.
class Ordinals {
 public:
  uint32_t Next(Label label) {
    for (Counted& few : few_) {
      if (few.count == 0) few.label = label.index();
      if (few.label == label.index()) return ++few.count;
    }
    return NextOfMany(label);
  }

 private:
  struct Counted {
    uint32_t label = 0, count = 0;
  };
  uint32_t NextOfMany(Label label);

  Counted few_[3];
  std::vector<uint32_t> many_;  // By label.
};

class alignas(64) SimNode final : public Env {
 public:
  SimNode(World& world, NodeId id, const Role& role, size_t role_index);

  // For the world, in the main context.
  void Boot();
  // `least_more` is how much longer than the least it stays down, at least.
  void Crash(Fault by, const Address& cause, Duration least_more = {});
  void CrashAsAsked();  // At the call into Env that one of its fibers is in.
  void AbortAsAsked();
  void Exit();
  void Unwind();  // Kills every fiber.
  void Forget(Fiber& fiber);
  // A message has arrived: the fiber to run now, if any.
  Fiber* Deliver(uint32_t flight);
  Fiber* TimeOut(Fiber& fiber);
  // Fetch what an event needs of the node, and the stack of the fiber that a message goes to.
  void Prefetch() const;
  void PrefetchReceiver() const;

  // Has the next call into Env end the fiber that makes it. REQUIRES: the run is over.
  void EndAtNextCall() { calls_most_ = calls_; }

  bool up() const { return up_; }
  bool down() const { return boot_ > 0 && !up_ && !exited_; }
  bool mortal() const { return role_.mortal; }
  const Role& role_data() const { return role_; }
  NodeClock& clock() { return clock_; }
  NodeHold& hold() { return hold_; }
  // Flips a bit of what it exposed; false where there is nothing.
  bool FlipBit(const Address& cause);
  SimDisk* disk_if_used() { return disk_.get(); }
  Fiber* fibers() const { return fibers_; }
  void set_exited() { exited_ = true; }

  // Blocks the running fiber; true where it was woken before the deadline, by the world's clock.
  bool WaitAmong(Waiters* waiters, int64_t deadline);
  // The start of calls at which the node may crash: false where something is unwinding the caller,
  // and the call should do nothing. A call that ends the fiber throws.
  bool Enter();

  NodeId self() const override { return id_; }
  std::span<const NodeId> peers() const override;
  std::span<const NodeId> nodes(std::string_view role) const override;
  uint64_t boot() const override { return boot_; }
  Disk& disk() override;
  Time Now() override;
  Time WallNow() override;
  void SleepUntil(Time deadline) override;
  uint64_t Random(Label label, uint64_t bound) override;
  std::optional<Envelope> ReceiveUntil(Time deadline) override;
  void Spawn(std::function<void()> body) override;
  [[noreturn]] void Abort(std::string_view reason) override;
  bool Park(Waiters& waiters, Time deadline) override;
  void WakeOne(Waiters& waiters) override;
  void WakeAll(Waiters& waiters) override;
  // Public for sim/posix, whose Env passes its calls on, and draws for its threads.
  void ExposeState(ExposedState& state) override;
  void SendBytes(NodeId to, const MessageType& type, std::string_view bytes) override;
  void ReportBytes(const MessageType& type, std::string_view bytes) override;
  World& world() { return world_; }
  uint64_t NextDraw(Label label) { return draws_.Next(label); }

 private:
  // The start of calls that always return: the fiber that makes them.
  Fiber& Call();
  // Ends the fiber where the run is over, or too many calls have been made at one moment.
  void CountMoreCalls(Fiber& self);
  // Ends the fiber at this call, unless something is unwinding it already.
  static void End(Fiber& self);
  bool EnterCarefully(Fiber& self);
  Fiber* DeliverOddly(uint32_t flight);
  Fiber* Arrive(uint32_t flight);
  Fiber& Start(std::function<void()> body);
  static void Entry(void* fiber);
  void Wake(Fiber& fiber);
  void ClearInbox();
  void GoDown(std::string_view reason);
  void ComeBack(const Address& cause, Duration least_more);
  // The world's moment at which a wait until `deadline` ends, which may be later than it should.
  int64_t WaitUntil(Time deadline);

  // What every event needs comes first.
  World& world_;
  const NodeId id_;
  bool up_ = false;
  bool exited_ = false;
  uint32_t call_ = 0;  // Of this boot.
  uint32_t inbox_ = Flight::kNone;
  uint32_t inbox_last_ = Flight::kNone;
  Waiters mail_;  // Those that wait for a message.
  uint64_t calls_ = 0;
  uint64_t calls_most_ = 0;  // Until it is time to count again.
  NodeClock clock_;
  uint64_t wakes_ = 0;
  Ordinals draws_;

  const Role& role_;
  const size_t role_index_;
  uint64_t crash_again_at_ = 0;  // At that call of this boot, if any.
  uint64_t waits_ = 0;           // With a deadline, in this boot.
  NodeHold hold_;
  ExposedState* exposed_ = nullptr;  // The newest first.
  bool flipped_ = false;             // And the node has not been back to see it.
  std::optional<Fault> asked_;       // To crash, at a call.
  std::optional<Fault> crashed_by_;  // None where it aborted.
  std::string abort_reason_;
  uint64_t boot_ = 0;
  // More calls than this at one moment are a livelock.
  static constexpr uint64_t kCallsAtOneMoment = 1'000'000;
  int64_t calls_at_ = -1;    // The moment when they were last looked at.
  Fiber* fibers_ = nullptr;  // The newest first.
  std::unique_ptr<SimDisk> disk_;
  mutable std::vector<NodeId> peers_;  // Made when first asked for.
};

// Passes through node code when its node crashes or the run ends. Not a std::exception, so that no
// handler in node code takes it for an error of its own.
struct Killed {};

}  // namespace reprise
