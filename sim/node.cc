#include "sim/node.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "sim/check.h"
#include "sim/weather.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kDown = Label::Reserved("down");
const Label kFlipState = Label::Reserved("flip-state");
const Label kFlipBit = Label::Reserved("flip-bit");

}  // namespace

SimNode::SimNode(World& world, NodeId id, const Role& role, size_t role_index)
    : world_(world), id_(id), role_(role), role_index_(role_index) {}

uint32_t Ordinals::NextOfMany(Label label) {
  if (label.index() >= many_.size()) many_.resize(Label::count());
  return ++many_[label.index()];
}

void SimNode::Boot() {
  if (up_ || exited_ || hold_.left_out) return;
  if (boot_ > 0) {
    world_.CountDown(-1);
    if (crashed_by_) ++world_.count(*crashed_by_).observed;
  }
  up_ = true;
  ++boot_;
  call_ = 0;
  waits_ = 0;
  hold_ = {};
  flipped_ = false;
  crash_again_at_ = boot_ == 1 ? 0
                               : world_.Strike(Fault::kCrashAgain, id_, kNobody, boot_, 0,
                                               world_.scenario().crashes.again_within + 1);
  world_.Note(Event::Kind::kBoot, id_, kNobody, boot_);
  if (Weather* weather = world_.network().weather()) weather->OnBoot(*this);
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

void SimNode::Crash(Fault by, const Address& cause, Duration least_more) {
  crashed_by_ = by;
  ++world_.count(by).applied;
  GoDown("");
  if (disk_) disk_->Crash(cause);
  ComeBack(cause, least_more);
}

void SimNode::GoDown(std::string_view reason) {
  world_.Note(Event::Kind::kCrash, id_, kNobody, boot_, nullptr, reason);
  Unwind();
  ClearInbox();
  exposed_ = nullptr;
  up_ = false;
  world_.CountDown(1);
}

void SimNode::ComeBack(const Address& cause, Duration least_more) {
  const CrashModel& model = world_.scenario().crashes;
  const Address down{{kDown, id_}, cause.ordinal, cause.sub};
  const Duration more = Share(model.down_more, world_.choices().Draw(down, kQuantiles));
  int64_t at = world_.now() + (model.down + least_more + more).count();
  // In the calm everything comes back, the sooner the better.
  const int64_t calm = world_.scenario().storm.count();
  at = std::min(at, std::max(calm, world_.now() + model.down.count()));
  world_.Push(at, World::What::kBoot, Index(id_));
}

void SimNode::CrashAsAsked() { Crash(*asked_, {{LabelOf(*asked_), id_}, boot_, call_}); }

// The disk is not told: its page cache outlives the process.
void SimNode::AbortAsAsked() {
  crashed_by_.reset();
  GoDown(abort_reason_);
  ComeBack({{kDown, id_}, boot_, call_}, {});
}

void SimNode::ExposeState(ExposedState& state) {
  if (Call().killed) return;
  state.older = exposed_;
  state.head = &exposed_;
  exposed_ = &state;
}

bool SimNode::FlipBit(const Address& cause) {
  std::vector<ExposedState*> all;
  for (ExposedState* e = exposed_; e != nullptr; e = e->older) all.push_back(e);
  if (all.empty()) return false;
  const uint64_t which = world_.choices().Draw({{kFlipState, id_}, cause.ordinal}, all.size());
  ExposedState& exposed = *all[all.size() - 1 - which];
  std::string bytes = exposed.encode(exposed.state);
  if (bytes.empty()) return false;
  const uint64_t bit = world_.choices().Draw({{kFlipBit, id_}, cause.ordinal}, 8 * bytes.size());
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  if (!exposed.decode(bytes, exposed.state)) return false;
  flipped_ = true;
  return true;
}

void SimNode::Exit() {
  world_.Note(Event::Kind::kExit, id_, kNobody, boot_);
  Unwind();
  ClearInbox();
  up_ = false;
}

void SimNode::CountMoreCalls(Fiber& self) {
  if (world_.over()) {
    End(self);
    return;
  }
  if (calls_at_ != world_.now()) {
    calls_at_ = world_.now();
    calls_most_ = calls_ + kCallsAtOneMoment;
    return;
  }
  world_.Fail(
      "livelock",
      Name(id_) + " called Env " + std::to_string(kCallsAtOneMoment) + " times in one moment", id_);
  End(self);
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
  if (clock_.has_frozen()) ++world_.count(Fault::kFreeze).observed;
  return clock_.Monotonic(world_.now());
}

Time SimNode::WallNow() {
  Call();
  if (clock_.stepped()) ++world_.count(Fault::kJump).observed;
  if (clock_.has_frozen()) ++world_.count(Fault::kFreeze).observed;
  return clock_.Wall(world_.now());
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

void SimNode::ReportBytes(const MessageType& type, std::string_view bytes) {
  if (!Call().killed) world_.Note(Event::Kind::kFact, id_, kNobody, 0, &type, bytes);
}

}  // namespace reprise
