// What every event goes through: off the queue, to its node, and into the fiber that waits for it.
// These functions of the world and of its nodes stand together so that they become one.

#include <algorithm>
#include <bit>
#include <exception>
#include <string>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

void Abandon(Waiters& waiters) {
  for (auto* fiber = static_cast<Fiber*>(waiters.first); fiber != nullptr; fiber = fiber->after) {
    fiber->among = nullptr;
  }
}

void Append(Waiters& waiters, Fiber& fiber) {
  waiters.abandon = Abandon;
  auto* last = static_cast<Fiber*>(waiters.last);
  fiber.among = &waiters;
  fiber.before = last;
  fiber.after = nullptr;
  if (last == nullptr) {
    waiters.first = &fiber;
  } else {
    last->after = &fiber;
  }
  waiters.last = &fiber;
}

void Unlink(Fiber& fiber) {
  Waiters* waiters = std::exchange(fiber.among, nullptr);
  if (waiters == nullptr) return;
  if (fiber.before == nullptr) {
    waiters->first = fiber.after;
  } else {
    fiber.before->after = fiber.after;
  }
  if (fiber.after == nullptr) {
    waiters->last = fiber.before;
  } else {
    fiber.after->before = fiber.before;
  }
}

}  // namespace

inline Fiber* SimNode::TimeOut(Fiber& fiber) {
  Unlink(fiber);
  if (fiber.late_until == fiber.deadline) [[unlikely]] {
    ++world_.count(Fault::kLateTimer).applied;
    ++world_.count(Fault::kLateTimer).observed;
  }
  world_.Note(Event::Kind::kWake, id_);
  return &fiber;
}

// Into the inbox; the fiber to run now, if one waits for it.
[[gnu::always_inline]] inline Fiber* SimNode::Arrive(uint32_t index) {
  Network& network = world_.network();
  network.flight(index).next = Flight::kNone;
  (inbox_ == Flight::kNone ? inbox_ : network.flight(inbox_last_).next) = index;
  inbox_last_ = index;
  auto* waiter = static_cast<Fiber*>(mail_.first);
  if (waiter == nullptr) return nullptr;
  Unlink(*waiter);
  waiter->woken = true;
  return waiter;
}

[[gnu::always_inline]] inline void SimNode::Prefetch() const {
  const char* start = reinterpret_cast<const char*>(this);
  for (int line = 0; line < 3; ++line) __builtin_prefetch(start + 64 * line);
}

[[gnu::always_inline]] inline void SimNode::PrefetchReceiver() const {
  if (mail_.first != nullptr) static_cast<const Fiber*>(mail_.first)->context.Prefetch();
}

[[gnu::always_inline]] inline Fiber* SimNode::Deliver(uint32_t index) {
  const Flight& flight = world_.network().flight(index);
  if (!up_ || flight.met != 0) [[unlikely]]
    return DeliverOddly(index);
  world_.Note(Event::Kind::kDeliver, id_, flight.from, flight.id);
  return Arrive(index);
}

Fiber* SimNode::DeliverOddly(uint32_t index) {
  const Flight& flight = world_.network().flight(index);
  if ((flight.met & Ticket::kLost) != 0) {  // Its connection broke while it was under way.
    world_.Note(Event::Kind::kDrop, flight.from, id_, flight.id);
    world_.network().Free(index);
    return nullptr;
  }
  if (!up_) {  // A node that is down receives nothing, and nobody tells the sender.
    world_.Note(Event::Kind::kNobodyUp, id_, flight.from, flight.id);
    world_.network().Free(index);
    return nullptr;
  }
  for (uint32_t bits = flight.met; bits != 0; bits &= bits - 1) {
    ++world_.count(static_cast<Fault>(std::countr_zero(bits))).observed;
  }
  constexpr uint32_t kDamaged = Ticket::Bit(Fault::kCorrupt) | Ticket::Bit(Fault::kTruncate);
  if ((flight.met & kDamaged) != 0) {  // What arrives is not what was sent, so it is said again.
    const MessageView view = flight.message.view();
    world_.Note(Event::Kind::kDamage, id_, flight.from, flight.id, view.type(), view.bytes());
    return Arrive(index);
  }
  const auto kind = (flight.met & Ticket::Bit(Fault::kStale)) != 0       ? Event::Kind::kStale
                    : (flight.met & Ticket::Bit(Fault::kDuplicate)) != 0 ? Event::Kind::kDuplicate
                                                                         : Event::Kind::kDeliver;
  world_.Note(kind, id_, flight.from, flight.id);
  return Arrive(index);
}

[[gnu::always_inline]] inline Fiber* World::OnTimer(const Queue::Entry& entry) {
  Fiber& fiber = fibers_[entry.index];
  if (entry.at != fiber.armed) return nullptr;  // Set for an earlier wait.
  fiber.armed = Fiber::kNever;
  if (fiber.state != Fiber::State::kWaiting || fiber.deadline == Fiber::kNever) return nullptr;
  if (fiber.deadline <= now_) return fiber.node->TimeOut(fiber);
  fiber.armed = fiber.deadline;
  Push(fiber.armed, What::kTimer, fiber.index, fiber.node->self());
  return nullptr;
}

// Fetches what coming events will touch while this one is under way: first the node and the message
// or fiber, and when those are there, the stack that will be switched to.
[[gnu::always_inline]] inline void World::PrefetchSoon() {
  if (const Queue::Entry* soon = queue_.Soon(3)) {
    if (soon->kind == static_cast<uint32_t>(What::kDeliver)) {
      network_->Prefetch(soon->index);
      node(NodeId{soon->node}).Prefetch();
    } else if (soon->kind == static_cast<uint32_t>(What::kTimer)) {
      __builtin_prefetch(&fibers_[soon->index]);
      node(NodeId{soon->node}).Prefetch();
    }
  }
  if (const Queue::Entry* next = queue_.Soon(1)) {
    if (next->kind == static_cast<uint32_t>(What::kDeliver)) {
      node(NodeId{next->node}).PrefetchReceiver();
    } else if (next->kind == static_cast<uint32_t>(What::kTimer)) {
      fibers_[next->index].context.Prefetch();
    }
  }
}

// Once for the fiber that blocks, and once for the main context.
[[gnu::always_inline]] inline Fiber* World::Dispatch() {
  while (!over_ && !queue_.empty()) {
    Queue::Entry entry = queue_.Pop();
    if (entry.at != now_) {
      if (entry.at > end_) {
        queue_.Clear();
        return nullptr;
      }
      now_ = entry.at;
    } else if (entry.tie != 0) {
      ++faults_[Fault::kOrder].observed;
    }
    if (++dispatched_ > scenario_.events_at_most) [[unlikely]] {
      Fail("livelock", "no end after " + std::to_string(scenario_.events_at_most) + " events",
           kNobody);
      return nullptr;
    }
    if (many_nodes_) PrefetchSoon();
    if (held_ != 0) [[unlikely]] {
      if (PutOff(entry)) continue;
    }
    Fiber* fiber = nullptr;
    switch (static_cast<What>(entry.kind)) {
      case What::kDeliver: fiber = node(NodeId{entry.node}).Deliver(entry.index); break;
      case What::kTimer: fiber = OnTimer(entry); break;
      case What::kResume:
        if (fibers_[entry.index].state == Fiber::State::kReady) fiber = &fibers_[entry.index];
        break;
      default:
        special_ = entry;
        has_special_ = true;
        return nullptr;
    }
    if (fiber != nullptr) return fiber;
  }
  return nullptr;
}

Fiber* World::Next() { return Dispatch(); }

[[gnu::always_inline]] inline void World::Block(Fiber& self) {
  Fiber* next = Dispatch();
  if (next != &self) {
    running_ = next;
    self.context.SwitchTo(next == nullptr ? main_ : next->context);
  }
  self.state = Fiber::State::kRunning;
}

void SimNode::End(Fiber& self) {
  self.killed = true;
  if (!self.fresh && std::uncaught_exceptions() == 0) throw Killed{};
}

bool SimNode::EnterCarefully(Fiber& self) {
  if (self.killed || world_.over()) {
    End(self);
    return false;
  }
  ++call_;
  if (std::exchange(flipped_, false)) ++world_.count(Fault::kMemory).observed;
  asked_.reset();
  if (call_ == crash_again_at_) asked_ = Fault::kCrashAgain;
  if (world_.on(Fault::kCrashAt) && role_.mortal &&
      world_.Strike(Fault::kCrashAt, id_, kNobody, boot_, call_, 2) != 0) {
    asked_ = Fault::kCrashAt;
  }
  if (asked_ && world_.MayCrash(id_) && std::uncaught_exceptions() == 0) {
    world_.Interrupt(World::What::kCrashNow, Index(id_));
    throw Killed{};  // Resumed only to be unwound.
  }
  return true;
}

bool SimNode::WaitAmong(Waiters* waiters, int64_t deadline) {
  Fiber& self = *world_.running();
  if (waiters != nullptr) Append(*waiters, self);
  self.woken = false;
  self.deadline = deadline;
  if (deadline < self.armed) {
    self.armed = std::max(deadline, world_.now());
    world_.Push(self.armed, World::What::kTimer, self.index, id_);
  }
  self.state = Fiber::State::kWaiting;
  world_.Block(self);
  if (self.killed) [[unlikely]]
    End(self);
  return self.woken;
}

[[gnu::always_inline]] inline int64_t SimNode::WaitUntil(Time deadline) {
  const int64_t until = clock_.World(deadline, world_.now());
  if (!world_.on(Fault::kLateTimer)) [[likely]]
    return until;
  return world_.LateTimer(*this, until, boot_, ++waits_);
}

void SimNode::SleepUntil(Time deadline) {
  if (Enter()) WaitAmong(nullptr, WaitUntil(deadline));
}

bool SimNode::Park(Waiters& waiters, Time deadline) {
  return Enter() && WaitAmong(&waiters, WaitUntil(deadline));
}

std::optional<Envelope> SimNode::ReceiveUntil(Time deadline) {
  std::optional<Envelope> mail;
  if (!Enter()) return mail;
  if (inbox_ == Flight::kNone) {
    const int64_t until = WaitUntil(deadline);
    if (until <= world_.now()) return mail;
    WaitAmong(&mail_, until);
    if (inbox_ == Flight::kNone) return mail;
  }
  const uint32_t index = inbox_;
  Flight& flight = world_.network().flight(index);
  inbox_ = flight.next;
  mail.emplace();
  mail->from = flight.from;
  mail->message = std::move(flight.message);
  world_.network().Free(index);
  return mail;
}

uint64_t SimNode::Random(Label label, uint64_t bound) {
  CHECK(bound > 0 && !label.reserved());
  if (Call().killed) return 0;
  return world_.choices().Draw({{label, id_}, draws_.Next(label)}, bound);
}

void SimNode::Wake(Fiber& fiber) {
  Unlink(fiber);
  fiber.woken = true;
  fiber.state = Fiber::State::kReady;
  uint64_t tie = 0;
  if (world_.on(Fault::kOrder)) {
    tie = world_.Strike(Fault::kOrder, id_, kNobody, ++wakes_, 0, Queue::kTies);
    if (tie != 0) ++world_.count(Fault::kOrder).applied;
  }
  world_.Push(world_.now(), World::What::kResume, fiber.index, id_, tie);
}

void SimNode::WakeOne(Waiters& waiters) {
  if (Call().killed || waiters.first == nullptr) return;
  Wake(*static_cast<Fiber*>(waiters.first));
}

void SimNode::WakeAll(Waiters& waiters) {
  if (Call().killed) return;
  while (waiters.first != nullptr) Wake(*static_cast<Fiber*>(waiters.first));
}

}  // namespace reprise
