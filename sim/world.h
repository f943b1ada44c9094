// One run: the queue of what is to happen, the nodes it happens to, and the oracles that watch.
//
// Private to sim/. Everybody else calls Simulate() in scenario.h; nodes see Env.
//
// There is no scheduler that every event goes through. A fiber that blocks takes the next events
// off the queue itself and switches straight to the fiber that one of them makes runnable, which
// saves a switch an event. Only what is rare -- boots, crashes, partitions, judging -- is done in
// the main context, on the thread's own stack, where there is room for it.

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "sim/fiber.h"
#include "sim/holders.h"
#include "sim/network.h"
#include "sim/node.h"
#include "sim/queue.h"
#include "sim/scenario.h"
#include "sim/slab.h"

namespace reprise {

// A stretch of time in which something is wrong.
struct Spell {
  bool partition = false;
  NodeId node = kNobody;  // Whose it is, where it is one node's.
  uint64_t number = 0;
  std::string text;  // What is wrong, for people: "n1 | the rest".
  std::function<void()> undo;
};

class World {
 public:
  World(const Scenario& scenario, Choices choices, const RunOptions& options);
  ~World();

  RunResult Run();

  enum class What : uint16_t {
    kDeliver,
    kTimer,
    kResume,
    kBoot,
    kPlanned,
    kOver,
    kCalm,
    kCrashNow,
    kAbortNow
  };

  const Scenario& scenario() const { return scenario_; }
  Choices& choices() { return choices_; }
  Network& network() { return *network_; }
  FaultCount& count(Fault fault) { return faults_[fault]; }
  int64_t now() const { return now_; }
  bool storm() const { return storm_; }
  bool over() const { return over_; }
  Fiber* running() const { return running_; }
  SimNode& node(NodeId id) const { return nodes_[Index(id) - 1]; }
  size_t nodes() const { return nodes_.size(); }
  const std::vector<NodeId>& role(size_t i) const { return roles_[i]; }

  void Push(int64_t at, What what, uint32_t index, uint16_t tie = 0) {
    queue_.Push({at, index, static_cast<uint16_t>(what), tie});
  }

  // Records an event, and has the oracles judge it where they want to.
  [[gnu::always_inline]] void Note(Event::Kind kind, NodeId node, NodeId peer = kNobody,
                                   uint64_t id = 0, const MessageType* type = nullptr,
                                   std::string_view payload = {}) {
    timeline_.Add(kind, AtNanos(now_), node, peer, id, type, payload);
    if (kind == Event::Kind::kFact || watched_) [[unlikely]]
      Judge(kind, node, peer, id, type, payload);
  }

  // How the fault strikes there, in [0, bound): zero but in the storm, and as often as the scenario
  // and this run's swarm have it.
  uint64_t Strike(Fault fault, NodeId node, NodeId peer, uint64_t ordinal, uint64_t sub,
                  uint64_t bound) {
    if (!on(fault) || !storm_) return 0;
    const Menu& menu = menu_[static_cast<size_t>(fault)];
    const uint64_t value =
        choices_.Rarely({{menu.label, node, peer}, ordinal, sub}, menu.rate, bound);
    if (value != 0) ++faults_[fault].attempted;
    return value;
  }
  // Whether it can strike at all in this run.
  bool on(Fault fault) const { return on_[static_cast<size_t>(fault)]; }

  // Ends the run as failed, unless it has a verdict already.
  void Fail(const std::string& oracle, const std::string& reason, NodeId node);

  // True where that node may go down: the protocol was promised at most f, and enough holders.
  bool MayCrash(NodeId node) const;
  void CountDown(int change) { down_ += change; }

  // Fibers. A fiber that is not running and not in the queue waits until it is woken.
  Fiber& NewFiber(SimNode& node);
  // Leaves the running fiber until something resumes it.
  void Block(Fiber& self);
  // Leaves the running fiber to have the main context do something, now.
  void Interrupt(What what, uint32_t index);
  // Ends the running fiber; it is recycled in the main context.
  [[noreturn]] void Finish(Fiber& self);
  // Unwinds a suspended fiber. REQUIRES: in the main context.
  void Kill(Fiber& fiber);
  // Runs the job on the main stack.
  void OnMain(absl::FunctionRef<void()> job);
  // Whether a call into Env may have to end the fiber that makes it.
  bool careful() const { return careful_; }

  const char* Describe();  // Which fiber runs, for reports of faults.

 private:
  // That this is the world of the thread, for as long as it lives.
  struct Current {
    explicit Current(World* world);
    ~Current();
  };

  struct Menu {  // Of one fault, in this run.
    Label label;
    Ratio rate;
  };

  void Populate();
  void SetMenu();
  void Loop();
  // Takes events off the queue until one makes a fiber runnable, and returns that fiber; null where
  // the main context must act.
  Fiber* Next();
  Fiber* OnTimer(const Queue::Entry& entry);
  Fiber* Dispatch();
  void Special(const Queue::Entry& entry);
  void Recycle(Fiber& fiber);
  void Judge(Event::Kind kind, NodeId node, NodeId peer, uint64_t id, const MessageType* type,
             std::string_view payload);
  void CountFact(const MessageType* type);
  void Protect(std::vector<Holder> holders);
  bool Holds(const Holder& holder) const;
  void ForEachOracle(absl::FunctionRef<Complaint(Oracle&)> ask, NodeId node);
  void Conclude();
  RunResult Result();

  // A fault that is drawn by slots of virtual time, when the run begins.
  struct Slotted {
    Fault fault;
    bool each_node;  // Each mortal node has slots of its own.
    Duration (*slot)(const Scenario& scenario);
    void (World::*strike)(Fault fault, const Address& cause);
  };
  static const Slotted kSlotted[];
  struct Planned {  // One of them, for a moment to come.
    const Slotted* slotted;
    Address address;
  };

  // storm.cc
  void PlanStorm();
  void PlanSlots(const Slotted& slotted, NodeId node);
  void StrikePlanned(const Planned& planned);
  void Begin(Spell spell, Duration lasts);
  void End(Spell& spell);
  // storm_cuts.cc
  void StrikeCut(Fault fault, const Address& cause);
  // storm_nodes.cc
  void SetClocks();
  void StrikeCrash(Fault fault, const Address& cause);
  void StrikeRot(Fault fault, const Address& cause);
  void StrikeJump(Fault fault, const Address& cause);
  // storm_disks.cc
  void StrikeFull(Fault fault, const Address& cause);
  void BeginCalm();

  const Current current_{this};
  const Scenario& scenario_;
  Choices choices_;
  const RunOptions options_;

  Timeline timeline_;
  int64_t now_ = 0;
  int64_t end_ = 0;
  Fiber* running_ = nullptr;  // Null in the main context.
  uint64_t dispatched_ = 0;
  bool storm_ = true;
  bool over_ = false;
  bool watched_ = false;  // By an oracle that watches all events.
  bool careful_ = false;  // A call into Env may have to end the fiber.
  bool has_special_ = false;
  Queue::Entry special_{};
  Queue queue_;
  int down_ = 0;
  std::vector<Holder> holders_;

  std::vector<Menu> menu_;
  std::array<bool, kFaults> on_{};  // Which of them can strike at all.
  FaultCounts faults_;
  std::vector<Planned> planned_;
  std::vector<Spell> spells_;
  std::vector<Opportunity> opportunities_;

  Oracles oracles_;
  Verdict verdict_;
  std::vector<std::pair<const MessageType*, uint64_t>> facts_;

  Context main_;
  Fiber* dead_ = nullptr;  // Just finished, to be recycled.
  const absl::FunctionRef<void()>* job_ = nullptr;
  Slab<Fiber> fibers_;
  std::vector<uint32_t> free_fibers_;

  std::vector<std::vector<NodeId>> roles_;
  Slab<SimNode> nodes_;
  std::optional<Network> network_;
};

[[gnu::always_inline]] inline Fiber& SimNode::Call() {
  Fiber* const self = world_.running();
  CHECK(self != nullptr && self->node == this);  // Node code may use its own Env only.
  if (++calls_ > calls_most_) [[unlikely]]
    CountMoreCalls(*self);
  return *self;
}

inline bool SimNode::Enter() {
  Fiber& self = Call();
  if (self.killed || world_.careful()) [[unlikely]]
    return EnterCarefully(self);
  ++call_;
  return true;
}

}  // namespace reprise
