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
#include <deque>
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
  std::function<void()> undo = {};
  std::function<void()> start = {};  // Where it does something when it begins, and until then.
  Duration lasts = {};               // Where it begins later.
};

class World {
 public:
  World(const Scenario& scenario, Choices choices, const RunOptions& options);
  ~World();

  RunResult Run();

  enum class What : uint8_t {
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

  // For kDeliver and kTimer, the node it happens to is said, so that it can be fetched early.
  void Push(int64_t at, What what, uint32_t index, NodeId node = kNobody, uint64_t tie = 0) {
    queue_.Push(Entry(at, what, index, node, tie));
  }

  // Records an event, and has the oracles judge it where they want to.
  [[gnu::always_inline]] void Note(Event::Kind kind, NodeId node, NodeId peer = kNobody,
                                   uint64_t id = 0, const MessageType* type = nullptr,
                                   std::string_view payload = {}) {
    timeline_.Add(kind, AtNanos(now_), node, peer, id, type, payload);
    if ((watched_ & MaskOf(kind)) != 0 || now_ > deadline_) [[unlikely]]
      Judge(kind, node, peer, id, type, payload);
  }

  struct Menu {  // Of one fault, in this run.
    Label label;
    Ratio rate;
    uint64_t expected = 0;  // Of each draw.
    bool inert = false;
  };

  // How the fault strikes there, in [0, bound): zero but in the storm, and as often as the scenario
  // and this run's swarm have it.
  uint64_t Strike(Fault fault, NodeId node, NodeId peer, uint64_t ordinal, uint64_t sub,
                  uint64_t bound) {
    if (!on(fault) || !storm_) return 0;
    const Menu& menu = menu_[static_cast<size_t>(fault)];
    const uint64_t value =
        choices_.Rarely({{menu.label, node, peer}, ordinal, sub}, menu.rate, bound);
    FaultCount& count = faults_[fault];
    count.expected += menu.expected;
    return value == 0 ? 0 : Attempt(menu, count, value);
  }
  uint64_t Attempt(const Menu& menu, FaultCount& count, uint64_t value) const {
    ++count.attempted;
    if (!choices_.seeded()) ++count.given;
    return menu.inert ? 0 : value;
  }
  // The spell begins now. It ends with the storm at the latest.
  void Begin(Spell spell, Duration lasts);
  // Whether it can strike at all in this run.
  bool on(Fault fault) const { return on_[static_cast<size_t>(fault)]; }

  // Ends the run as failed, unless it has a verdict already.
  void Fail(const std::string& oracle, const std::string& reason, NodeId node);

  // The same, because node code asks the real world (guard.h): by which call, about what, if it
  // says so, and what there is instead. REQUIRES: a fiber runs.
  void Leak(const char* call, const char* about, const char* instead, void* caller);

  // True where that node may go down: the protocol was promised at most f, and enough holders.
  bool MayCrash(NodeId node) const;
  void CountDown(int change) { down_ += change; }
  // That a node stands still or crawls is asked of each event only while one does.
  void CountHeld(int change) { held_ += change; }
  // The end of a wait until then, which may come later.
  int64_t LateTimer(const SimNode& node, int64_t until, uint64_t boot, uint64_t wait);

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

  // A fault that is drawn by slots of virtual time, when the run begins.
  struct Slotted {
    Fault fault;
    bool each_node;  // Each mortal node has slots of its own.
    Duration (*slot)(const Scenario& scenario);
    void (World::*strike)(Fault fault, const Address& cause);
  };
  static const Slotted kSlotted[];

 private:
  static Queue::Entry Entry(int64_t at, What what, uint32_t index, NodeId node, uint64_t tie) {
    return {at, index, Index(node) & 0xffffff, static_cast<uint32_t>(what) & 0x1f,
            static_cast<uint32_t>(tie) & 0x7};
  }

  // That this is the world of the thread, for as long as it lives.
  struct Current {
    explicit Current(World* world);
    ~Current();
  };

  void Populate();
  void SetMenu();
  void Loop();
  // Takes events off the queue until one makes a fiber runnable, and returns that fiber; null where
  // the main context must act.
  Fiber* Next();
  Fiber* OnTimer(const Queue::Entry& entry);
  Fiber* Dispatch();
  void PrefetchSoon();
  void Special(const Queue::Entry& entry);
  void Recycle(Fiber& fiber);
  void Judge(Event::Kind kind, NodeId node, NodeId peer, uint64_t id, const MessageType* type,
             std::string_view payload);
  void CountFact(const MessageType* type);
  void Protect(std::vector<Holder> holders);
  // True where that node's crash would leave those who hold everything with one zone missing.
  bool MayLoseItsZone(NodeId node) const;
  bool Holds(const Holder& holder) const;
  void JudgeOnMain(const Event& event);
  void ForEachOracle(absl::FunctionRef<Complaint(Oracle&)> ask, NodeId node);
  // Asks one of them, and fails the run where it complains, or breaks.
  template <class Ask>
  void Consult(Oracle& oracle, Ask ask, NodeId node);
  void Conclude();
  RunResult Result();
  std::vector<std::string> StackText() const;

  struct Planned {  // One of them, for a moment to come.
    const Slotted* slotted;
    Address address;
  };

  // storm.cc
  void LeaveOut();
  void PlanStorm();
  void PlanSlots(const Slotted& slotted, NodeId node);
  void StrikePlanned(const Planned& planned);
  // The spell begins after so long, unless the storm is over by then.
  void BeginLater(Duration wait, Spell spell);
  void Turn(uint32_t index);  // It begins, or it ends.
  void End(Spell& spell);
  void EndSpells();
  // storm_cuts.cc
  void StrikeCut(Fault fault, const Address& cause);
  // The nodes that a partition can be between, with or without clients.
  std::vector<NodeId> CutMembers(Label clients, uint64_t ordinal);
  Duration CutFor(Label label, uint64_t ordinal);
  // A partition: those links carry nothing.
  Spell Sever(Fault fault, const Address& cause, std::string text, std::vector<Link> links);
  // storm_shapes.cc
  void StrikeGroups(Fault fault, const Address& cause);
  void StrikeBridge(Fault fault, const Address& cause);
  void StrikeRing(Fault fault, const Address& cause);
  void StrikeFlap(Fault fault, const Address& cause);
  // storm_links.cc
  void StrikeClog(Fault fault, const Address& cause);
  void StrikeSwizzle(Fault fault, const Address& cause);
  void StrikeBlackhole(Fault fault, const Address& cause);
  void StrikeBandwidth(Fault fault, const Address& cause);
  void StrikeQueue(Fault fault, const Address& cause);
  void StrikeReset(Fault fault, const Address& cause);
  Spell ClogSpell(Fault fault, const Address& cause, std::string text, std::vector<Link> links);
  std::vector<NodeId> AllNodes() const;
  // storm_nodes.cc
  void SetClocks();
  void StrikeCrash(Fault fault, const Address& cause);
  void StrikeSeveral(Fault fault, const Address& cause);
  void StrikeChurn(Fault fault, const Address& cause);
  std::vector<NodeId> MortalIn(int zone, int rack) const;
  void CrashAll(Fault fault, const Address& cause, const std::vector<NodeId>& nodes);
  void StrikeRot(Fault fault, const Address& cause);
  void StrikeJump(Fault fault, const Address& cause);
  void StrikeFreeze(Fault fault, const Address& cause);
  void StrikeMemory(Fault fault, const Address& cause);
  // hold.cc
  void StrikePause(Fault fault, const Address& cause);
  void StrikeSlow(Fault fault, const Address& cause);
  // Whether what is to happen happens later, because its node is held; it has been put off then.
  bool PutOff(Queue::Entry& entry);
  SimNode* NodeOf(const Queue::Entry& entry);
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
  EventKinds watched_ = MaskOf(Event::Kind::kFact);  // By some oracle.
  bool careful_ = false;                             // A call into Env may have to end the fiber.
  int held_ = 0;  // How many nodes stand still or crawl, and steps of theirs put off.
  bool has_special_ = false;
  bool many_nodes_ = false;  // They do not fit into the cache.
  Queue::Entry special_{};
  Queue queue_;
  int down_ = 0;
  std::vector<Holder> holders_;
  std::optional<std::vector<Holder>> held_in_zones_;

  std::vector<Menu> menu_;
  std::array<bool, kFaults> on_{};  // Which of them can strike at all.
  FaultCounts faults_;
  std::vector<Planned> planned_;
  std::deque<Spell> spells_;  // None moves when another begins.
  std::vector<Opportunity> opportunities_;

  Oracles oracles_;
  struct Attention {  // Of the oracle at the same place: the events that it judges.
    EventKinds kinds;
    int64_t deadline;
  };
  std::vector<Attention> attention_;
  int64_t deadline_ = INT64_MAX;  // The first of theirs.
  Verdict verdict_;
  std::vector<void*> stack_;  // Of a leak.
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
