#include "sim/world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "sim/check.h"
#include "sim/guard.h"
#include "sim/tape.h"

namespace reprise {
namespace {

// The world whose fibers this thread runs, for the report of a stack overflow.
World* current = nullptr;

const char* DescribeCurrent() { return current == nullptr ? nullptr : current->Describe(); }

// Room that one run leaves to the next, so that setting up allocates little.
struct Room {
  Queue queue;
  Timeline timeline;
  Slab<Fiber> fibers;
  Flights flights;
};

Room& TheRoom() {
  static Room* room = new Room;
  return *room;
}

}  // namespace

World::World(const Scenario& scenario, Choices choices, const RunOptions& options)
    : scenario_(scenario),
      choices_(std::move(choices)),
      options_(options),
      timeline_(std::move(TheRoom().timeline)),
      end_((scenario.storm + scenario.calm).count()),
      queue_(std::move(TheRoom().queue)),
      fibers_(std::move(TheRoom().fibers)) {
  ReportStackOverflows(&DescribeCurrent);
  SetMenu();
  Populate();
  many_nodes_ = nodes_.size() >= 256;
  network_.emplace(*this, std::move(TheRoom().flights));
  for (uint32_t i = static_cast<uint32_t>(fibers_.size()); i-- > 0;) free_fibers_.push_back(i);
}

World::Current::Current(World* world) {
  CHECK(current == nullptr);  // Simulate() is not for node code, nor for two runs at once.
  current = world;
  GuardAgainstLeaks(world);
}

World::Current::~Current() {
  GuardAgainstLeaks(nullptr);
  current = nullptr;
}

World::~World() {
  over_ = careful_ = true;
  running_ = dead_ = nullptr;
  job_ = nullptr;
  // There is something to unwind where an exception ended the run.
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i].Unwind();
  queue_.Clear();
  if (timeline_.size() == 0) TheRoom().timeline = std::move(timeline_);
  TheRoom().queue = std::move(queue_);
  fibers_.Shrink(4096);
  TheRoom().fibers = std::move(fibers_);
  TheRoom().flights = network_->Release();
}

void World::SetMenu() {
  timeline_.Reset(options_.keep_events, options_.break_at);
  choices_.set_event_counter(timeline_.counter());
  if (options_.find_opportunities) choices_.set_opportunities(&opportunities_);
  if (scenario_.oracles) oracles_ = scenario_.oracles();
  for (const auto& oracle : oracles_) {
    const EventKinds kinds = oracle->Watches() | MaskOf(Event::Kind::kFact);
    watched_ |= kinds;
    attention_.push_back({kinds, Nanos(oracle->Deadline())});
    deadline_ = std::min(deadline_, attention_.back().deadline);
  }
  for (size_t i = 0; i < kFaults; ++i) {
    const Fault fault = static_cast<Fault>(i);
    const Ratio rate = RateOf(scenario_, fault);
    Menu menu{.label = LabelOf(fault), .rate = {0, 1}};
    if (rate.num != 0) {
      const uint64_t swarm = choices_.Draw({{SwarmLabelOf(fault)}, 1}, std::size(kIntensities));
      menu.rate = {std::min(rate.num * kIntensities[swarm], rate.den), rate.den};
      on_[i] = (choices_.seeded() && menu.rate.num != 0) || choices_.looks_for_opportunities();
    }
    if (choices_.seeded()) {
      menu.expected = static_cast<uint64_t>(static_cast<unsigned __int128>(menu.rate.num) *
                                            FaultCount::kOnce / menu.rate.den);
    }
    menu.inert = scenario_.inert == fault;
    on_[i] |= choices_.gives(menu.label);  // Whether it is on the menu or not.
    menu_.push_back(menu);
  }
  careful_ = on(Fault::kCrashAt) || on(Fault::kCrashAgain) || on(Fault::kMemory);
}

void World::Populate() {
  uint32_t next = 1;
  for (size_t r = 0; r < scenario_.roles.size(); ++r) {
    std::vector<NodeId>& ids = roles_.emplace_back();
    for (int i = 0; i < scenario_.roles[r].count; ++i) {
      ids.push_back(NodeId{next++});
      CHECK(next < 1 << 24);  // Or the queue's entries could not name it.
      nodes_.Add(*this, ids.back(), scenario_.roles[r], r);
    }
  }
}

RunResult World::Run() {
  SetClocks();
  for (uint32_t i = 1; i <= nodes_.size(); ++i) Push(0, What::kBoot, i);
  PlanStorm();
  Push(scenario_.storm.count(), What::kCalm, 0);
  Loop();
  if (!over_) Conclude();
  over_ = careful_ = true;
  for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i].Unwind();
  return Result();
}

void World::Loop() {
  for (;;) {
    if (Fiber* fiber = Next()) {
      running_ = fiber;
      main_.SwitchTo(fiber->context);
      // Some context came back here, because it wants something done on this stack.
      while (job_ != nullptr) {
        const auto* job = std::exchange(job_, nullptr);
        Fiber* asker = std::exchange(running_, nullptr);
        (*job)();
        running_ = asker;
        main_.SwitchTo(asker->context);
      }
      running_ = nullptr;
      if (dead_ != nullptr) Recycle(*dead_);
    }
    if (has_special_) {
      has_special_ = false;
      Special(special_);
    } else if (over_ || queue_.empty()) {
      return;
    }
  }
}

void World::Special(const Queue::Entry& entry) {
  switch (static_cast<What>(entry.kind)) {
    case What::kBoot: node(NodeId{entry.index}).Boot(); break;
    case What::kPlanned: StrikePlanned(planned_[entry.index]); break;
    case What::kOver: Turn(entry.index); break;
    case What::kCalm: BeginCalm(); break;
    case What::kCrashNow: node(NodeId{entry.index}).CrashAsAsked(); break;
    case What::kAbortNow: node(NodeId{entry.index}).AbortAsAsked(); break;
    default: CHECK(false);
  }
}

Fiber& World::NewFiber(SimNode& node) {
  if (free_fibers_.empty()) {
    free_fibers_.push_back(static_cast<uint32_t>(fibers_.size()));
    fibers_.Add();
  }
  const uint32_t index = free_fibers_.back();
  free_fibers_.pop_back();
  Fiber& fiber = fibers_[index];
  fiber.node = &node;
  fiber.index = index;
  fiber.fresh = true;
  fiber.killed = fiber.woken = false;
  fiber.deadline = fiber.armed = Fiber::kNever;
  fiber.late_until = -1;
  fiber.among = nullptr;
  return fiber;
}

void World::Interrupt(What what, uint32_t index) {
  special_ = Entry(now_, what, index, kNobody, 0);
  has_special_ = true;
  Fiber* self = running_;
  self->context.SwitchTo(main_);
}

void World::Finish(Fiber& self) {
  dead_ = &self;
  self.context.Leave(main_);
}

void World::Recycle(Fiber& fiber) {
  dead_ = nullptr;
  if (!fiber.context.intact()) {
    std::fprintf(stderr, "reprise: stack overflow in %s: raise Scenario::stack_bytes\n",
                 Name(fiber.node->self()).c_str());
    std::abort();
  }
  fiber.context.Forget();
  GiveStack(fiber.context.stack());
  const bool was_main = fiber.main;
  fiber.state = Fiber::State::kFree;
  SimNode& node = *fiber.node;
  node.Forget(fiber);
  free_fibers_.push_back(fiber.index);
  if (was_main && !fiber.killed && !over_) node.Exit();
}

void World::Kill(Fiber& fiber) {
  CHECK(running_ == nullptr);
  fiber.killed = true;
  if (fiber.fresh) {  // It never ran, so that there is nothing to unwind but what it captured.
    running_ = &fiber;
    fiber.body = nullptr;
    running_ = nullptr;
    Recycle(fiber);
    return;
  }
  running_ = &fiber;
  main_.SwitchTo(fiber.context);
  CHECK(job_ == nullptr && dead_ == &fiber);  // Nothing is judged while a crash unwinds.
  running_ = nullptr;
  Recycle(fiber);
}

void World::OnMain(absl::FunctionRef<void()> job) {
  if (running_ == nullptr) {
    job();
    return;
  }
  Fiber* self = running_;
  job_ = &job;
  self->context.SwitchTo(main_);
}

template <class Ask>
void World::Consult(Oracle& oracle, Ask ask, NodeId node) {
  try {
    if (Complaint why = ask(oracle)) Fail(oracle.name(), *why, node);
  } catch (const std::exception& failure) {
    Fail("broken-oracle", oracle.name() + " threw " + failure.what(), node);
  } catch (...) {
    Fail("broken-oracle", oracle.name() + " threw something that is no std::exception", node);
  }
}

void World::Judge(Event::Kind kind, NodeId node, NodeId peer, uint64_t id, const MessageType* type,
                  std::string_view payload) {
  if (kind == Event::Kind::kFact) {
    CountFact(type);
    const auto held = MessageView(type, payload).As<HeldBy>();
    if (held) Protect(held->holders);
    const auto in_zones = MessageView(type, payload).As<HeldInZones>();
    if (in_zones) held_in_zones_ = in_zones->holders;
  }
  if (oracles_.empty() || over_) return;
  const Event event{kind, AtNanos(now_), node, peer, id, timeline_.count(), {type, payload}};
  OnMain([&] { JudgeOnMain(event); });
}

void World::JudgeOnMain(const Event& event) {
  const EventKinds kind = MaskOf(event.kind);
  deadline_ = INT64_MAX;
  for (size_t i = 0; i < oracles_.size() && !over_; ++i) {
    Attention& attention = attention_[i];
    if ((attention.kinds & kind) != 0 || now_ > attention.deadline) {
      Consult(
          *oracles_[i],
          [&](Oracle& o) {
            Complaint why = event.kind == Event::Kind::kFact ? o.OnFact(event) : o.OnEvent(event);
            attention.deadline = Nanos(o.Deadline());
            return why;
          },
          event.node);
    }
    deadline_ = std::min(deadline_, attention.deadline);
  }
}

bool World::Holds(const Holder& holder) const {
  const SimNode& held = node(holder.node);
  return held.up() && held.boot() == holder.boot;
}

void World::Protect(std::vector<Holder> holders) {
  for (const Holder& holder : holders) {
    CHECK(holder.node != kNobody && Index(holder.node) <= nodes());
  }
  const auto alive = std::ranges::count_if(holders, [&](const Holder& h) { return Holds(h); });
  if (alive >= scenario_.crashes.holders_at_least) holders_ = std::move(holders);
}

bool World::MayLoseItsZone(NodeId node) const {
  if (!held_in_zones_) return true;
  const int zones = scenario_.crashes.placement.zones;
  for (int zone = 0; zone < zones; ++zone) {
    const std::vector<NodeId> nodes = MortalIn(zone, -1);
    const bool whole = std::ranges::all_of(nodes, [&](NodeId id) {
      return std::ranges::any_of(*held_in_zones_,
                                 [&](const Holder& h) { return h.node == id && Holds(h); });
    });
    if (!whole && std::ranges::count(nodes, node) == 0) return false;
  }
  return true;
}

bool World::MayCrash(NodeId node) const {
  if (down_ >= scenario_.crashes.down_at_most) return false;
  bool needed = false;
  int others = 0;
  for (const Holder& holder : holders_) {
    if (!Holds(holder)) continue;
    if (holder.node == node) {
      needed = true;
    } else {
      ++others;
    }
  }
  if (needed && others < scenario_.crashes.holders_at_least) return false;
  return MayLoseItsZone(node);
}

void World::ForEachOracle(absl::FunctionRef<Complaint(Oracle&)> ask, NodeId node) {
  for (auto& oracle : oracles_) {
    if (over_) return;
    Consult(*oracle, ask, node);
  }
}

void World::CountFact(const MessageType* type) {
  for (auto& [known, count] : facts_) {
    if (known == type) {
      ++count;
      return;
    }
  }
  facts_.emplace_back(type, 1);
}

void World::Fail(const std::string& oracle, const std::string& reason, NodeId node) {
  if (over_) return;
  over_ = careful_ = true;
  verdict_ = {Verdict::Kind::kFail, oracle, reason, timeline_.count(), AtNanos(now_), node};
}

// A run is undecided where any oracle is; skipped only where all had nothing to judge: where those
// for safety did, it has passed them.
void World::Conclude() {
  ForEachOracle([](Oracle& oracle) { return oracle.AtEnd(); }, kNobody);
  size_t skipped = 0;
  ForEachOracle(
      [&](Oracle& oracle) -> Complaint {
        if (verdict_.kind == Verdict::Kind::kUnknown) return std::nullopt;
        const auto give = [&](Verdict::Kind kind, const std::optional<std::string>& why) {
          if (!why) return;
          verdict_ = {kind, oracle.name(), *why, timeline_.count(), AtNanos(now_), kNobody};
        };
        const std::optional<std::string> nothing = oracle.Skipped();
        skipped += nothing ? 1 : 0;
        if (skipped == oracles_.size()) give(Verdict::Kind::kSkipped, nothing);
        give(Verdict::Kind::kUnknown, oracle.Undecided());
        return std::nullopt;
      },
      kNobody);
}

RunResult World::Result() {
  const std::string text =
      std::string(KindName(verdict_.kind)) + " " + verdict_.oracle + ": " + verdict_.reason;
  timeline_.Add(Event::Kind::kVerdict, AtNanos(now_), verdict_.node, kNobody, 0, nullptr, text);
  RunResult result;
  result.verdict = verdict_;
  result.digest = timeline_.digest();
  result.events = timeline_.count();
  result.dispatched = dispatched_;
  result.end = AtNanos(now_);
  result.taken = choices_.ReleaseTaken();
  result.faults = faults_;
  for (const auto& [type, count] : facts_) result.facts.emplace_back(type->name, count);
  std::ranges::sort(result.facts);
  const RunTotals totals{result.end, AtNanos(end_), network_->sent()};
  for (const auto& oracle : oracles_) oracle->Measure(totals, result.metrics);
  result.milestones = timeline_.milestones();
  result.opportunities = std::move(opportunities_);
  result.stack = StackText();
  result.given = choices_.given();
  result.given_drawn = choices_.given_drawn();
  if (options_.keep_events) result.timeline = std::move(timeline_);
  return result;
}

const char* World::Describe() {
  static char text[64];
  if (running_ == nullptr) return nullptr;
  std::snprintf(text, sizeof text, "n%u at %lld ns", Index(running_->node->self()),
                static_cast<long long>(now_));
  return text;
}

const Tape* CurrentTape() { return current == nullptr ? nullptr : &current->choices().taken(); }

RunResult Simulate(const Scenario& scenario, Choices choices, const RunOptions& options) {
  return World(scenario, std::move(choices), options).Run();
}

}  // namespace reprise
