#include "sim/node.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kDown = Label::Reserved("down");

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

SimNode::SimNode(World& world, NodeId id, const Role& role, size_t role_index)
    : world_(world), id_(id), role_(role), role_index_(role_index) {}

uint32_t SimNode::NextOrdinal(Label label) {
  if (label.index() >= ordinals_.size()) ordinals_.resize(Label::count());
  return ++ordinals_[label.index()];
}

void SimNode::Boot() {
  if (up_ || exited_) return;
  if (boot_ > 0) {
    world_.CountDown(-1);
    if (crashed_by_) ++world_.count(*crashed_by_).observed;
  }
  up_ = true;
  ++boot_;
  call_ = 0;
  world_.Note(Event::Kind::kBoot, id_, kNobody, boot_);
  Start(nullptr);
}

Fiber& SimNode::Start(std::function<void()> body) {
  Fiber& fiber = world_.NewFiber(*this);
  fiber.main = body == nullptr;
  fiber.body = std::move(body);
  fiber.older = fibers_;
  fiber.newer = nullptr;
  if (fibers_ != nullptr) fibers_->newer = &fiber;
  fibers_ = &fiber;
  fiber.context.Start(TakeStack(world_.scenario().stack_bytes), &SimNode::Entry, &fiber);
  fiber.state = Fiber::State::kReady;
  world_.Push(world_.now(), World::What::kResume, fiber.index);
  return fiber;
}

void SimNode::Entry(void* argument) {
  Fiber& fiber = *static_cast<Fiber*>(argument);
  SimNode& node = *fiber.node;
  World& world = node.world_;
  const std::string who = Name(node.id_);
  fiber.fresh = false;
  try {
    if (fiber.main) {
      node.role_.main(node);
      if (!fiber.killed) node.set_exited();
    } else {
      // What it captured ends here too, where its destructors may call Env.
      const std::function<void()> body = std::move(fiber.body);
      body();
    }
  } catch (const Killed&) {
    // The stack is gone, and with it everything the fiber knew.
  } catch (const CheckFailure& failure) {
    world.Fail("check", who + " failed " + failure.what(), node.id_);
  } catch (const std::exception& failure) {
    world.Fail("exception", who + " threw " + failure.what(), node.id_);
  } catch (...) {
    world.Fail("exception", who + " threw something that is no std::exception", node.id_);
  }
  world.Finish(fiber);
}

// Newest first, and Main last: the others may refer to Main's locals.
void SimNode::Unwind() {
  while (fibers_ != nullptr) world_.Kill(*fibers_);
  mail_.first = mail_.last = nullptr;
}

void SimNode::Forget(Fiber& fiber) {
  (fiber.newer == nullptr ? fibers_ : fiber.newer->older) = fiber.older;
  if (fiber.older != nullptr) fiber.older->newer = fiber.newer;
}

void SimNode::ClearInbox() {
  while (inbox_ != Flight::kNone) {
    world_.network().Free(std::exchange(inbox_, world_.network().flight(inbox_).next));
  }
  inbox_last_ = Flight::kNone;
}

void SimNode::Crash(const Address& cause) {
  crashed_by_ = cause.site.label == LabelOf(Fault::kCrashAt) ? Fault::kCrashAt : Fault::kCrash;
  ++world_.count(*crashed_by_).applied;
  GoDown("");
  if (disk_) disk_->Crash(cause);
  ComeBack(cause);
}

void SimNode::GoDown(std::string_view reason) {
  world_.Note(Event::Kind::kCrash, id_, kNobody, boot_, nullptr, reason);
  Unwind();
  ClearInbox();
  up_ = false;
  world_.CountDown(1);
}

void SimNode::ComeBack(const Address& cause) {
  const CrashModel& model = world_.scenario().crashes;
  const Address down{{kDown, id_}, cause.ordinal, cause.sub};
  const Duration most = Share(model.down_more, world_.choices().Draw(down, kQuantiles));
  int64_t at = world_.now() + (model.down + most).count();
  // In the calm everything comes back, the sooner the better.
  const int64_t calm = world_.scenario().storm.count();
  at = std::min(at, std::max(calm, world_.now() + model.down.count()));
  world_.Push(at, World::What::kBoot, Index(id_));
}

void SimNode::CrashAsAsked() { Crash({{LabelOf(Fault::kCrashAt), id_}, boot_, call_}); }

// The disk is not told: its page cache outlives the process.
void SimNode::AbortAsAsked() {
  crashed_by_.reset();
  GoDown(abort_reason_);
  ComeBack({{kDown, id_}, boot_, call_});
}

void SimNode::Exit() {
  world_.Note(Event::Kind::kExit, id_, kNobody, boot_);
  Unwind();
  ClearInbox();
  up_ = false;
}

Fiber& SimNode::Call() {
  Fiber* self = world_.running();
  CHECK(self != nullptr && self->node == this);  // Node code may use its own Env only.
  if (calls_at_ != world_.now()) {
    calls_at_ = world_.now();
    calls_now_ = 0;
  }
  if (++calls_now_ > kCallsAtOneMoment) [[unlikely]] {
    world_.Fail(
        "livelock",
        Name(id_) + " called Env " + std::to_string(kCallsAtOneMoment) + " times in one moment",
        id_);
    End(*self);
  }
  return *self;
}

void SimNode::End(Fiber& self) {
  self.killed = true;
  if (!self.fresh && std::uncaught_exceptions() == 0) throw Killed{};
}

bool SimNode::Enter() {
  Fiber& self = Call();
  if (self.killed || world_.over()) {
    End(self);
    return false;
  }
  ++call_;
  if (world_.on(Fault::kCrashAt) && role_.mortal &&
      world_.Strike(Fault::kCrashAt, id_, kNobody, boot_, call_, 2) != 0 && world_.MayCrash(id_) &&
      std::uncaught_exceptions() == 0) {
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
    world_.Push(self.armed, World::What::kTimer, self.index);
  }
  self.state = Fiber::State::kWaiting;
  world_.Block(self);
  if (self.killed) End(self);
  return self.woken;
}

Fiber* SimNode::TimeOut(Fiber& fiber) {
  Unlink(fiber);
  world_.Note(Event::Kind::kWake, id_);
  return &fiber;
}

Fiber* SimNode::Deliver(uint32_t index) {
  Flight& flight = world_.network().flight(index);
  if (!up_) {  // A node that is down receives nothing, and nobody tells the sender.
    world_.Note(Event::Kind::kNobodyUp, id_, flight.from, flight.id);
    world_.network().Free(index);
    return nullptr;
  }
  if (flight.late) ++world_.count(Fault::kLate).observed;
  if (flight.copy) ++world_.count(Fault::kDuplicate).observed;
  world_.Note(flight.copy ? Event::Kind::kDuplicate : Event::Kind::kDeliver, id_, flight.from,
              flight.id);
  flight.next = Flight::kNone;
  if (inbox_ == Flight::kNone) {
    inbox_ = index;
  } else {
    world_.network().flight(inbox_last_).next = index;
  }
  inbox_last_ = index;
  auto* waiter = static_cast<Fiber*>(mail_.first);
  if (waiter == nullptr) return nullptr;
  Unlink(*waiter);
  waiter->woken = true;
  return waiter;
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
  world_.Push(world_.now(), World::What::kResume, fiber.index, static_cast<uint16_t>(tie));
}

std::span<const NodeId> SimNode::peers() const {
  const bool drives = role_.client && role_index_ != 0;
  const std::vector<NodeId>& all = world_.role(drives ? 0 : role_index_);
  if (drives) return all;
  if (peers_.empty()) {
    for (NodeId id : all) {
      if (id != id_) peers_.push_back(id);
    }
  }
  return peers_;
}

std::span<const NodeId> SimNode::nodes(std::string_view role) const {
  for (size_t i = 0; i < world_.scenario().roles.size(); ++i) {
    if (world_.scenario().roles[i].name == role) return world_.role(i);
  }
  return {};
}

Disk& SimNode::disk() {
  if (!disk_) disk_ = std::make_unique<SimDisk>(world_, *this);
  return *disk_;
}

Time SimNode::Now() {
  Call();
  if (clock_.wrong()) {
    ++world_.count(clock_.drifts() ? Fault::kDrift : Fault::kOffset).observed;
  }
  return clock_.Monotonic(world_.now());
}

Time SimNode::WallNow() {
  Call();
  if (clock_.stepped()) ++world_.count(Fault::kJump).observed;
  return clock_.Wall(world_.now());
}

void SimNode::SleepUntil(Time deadline) {
  if (Enter()) WaitAmong(nullptr, clock_.World(deadline));
}

uint64_t SimNode::Random(Label label, uint64_t bound) {
  CHECK(bound > 0 && !label.reserved());
  if (Call().killed) return 0;
  return world_.choices().Draw({{label, id_}, NextOrdinal(label)}, bound);
}

std::optional<Envelope> SimNode::ReceiveUntil(Time deadline) {
  if (!Enter()) return std::nullopt;
  if (inbox_ == Flight::kNone) {
    const int64_t until = clock_.World(deadline);
    if (until <= world_.now()) return std::nullopt;
    WaitAmong(&mail_, until);
  }
  if (inbox_ == Flight::kNone) return std::nullopt;
  const uint32_t index = inbox_;
  Flight& flight = world_.network().flight(index);
  inbox_ = flight.next;
  std::optional<Envelope> envelope(Envelope{flight.from, std::move(flight.message)});
  world_.network().Free(index);
  return envelope;
}

void SimNode::Spawn(std::function<void()> body) {
  if (!Enter()) return;
  CHECK(body != nullptr);
  Start(std::move(body));
}

void SimNode::Abort(std::string_view reason) {
  if (Enter()) {
    abort_reason_ = reason;
    world_.Interrupt(World::What::kAbortNow, Index(id_));
  }
  throw Killed{};  // Resumed only to be unwound.
}

bool SimNode::Park(Waiters& waiters, Time deadline) {
  return Enter() && WaitAmong(&waiters, clock_.World(deadline));
}

void SimNode::WakeOne(Waiters& waiters) {
  if (Call().killed || waiters.first == nullptr) return;
  Wake(*static_cast<Fiber*>(waiters.first));
}

void SimNode::WakeAll(Waiters& waiters) {
  if (Call().killed) return;
  while (waiters.first != nullptr) Wake(*static_cast<Fiber*>(waiters.first));
}

void SimNode::SendBytes(NodeId to, const MessageType& type, std::string_view bytes) {
  if (Enter()) world_.network().Send(id_, to, type, bytes);
}

void SimNode::ReportBytes(const MessageType& type, std::string_view bytes) {
  if (!Call().killed) world_.Note(Event::Kind::kFact, id_, kNobody, 0, &type, bytes);
}

}  // namespace reprise
