#include "sim/posix/process.h"

#include <sys/single_threaded.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "sim/check.h"
#include "sim/node.h"
#include "sim/posix/thread.h"
#include "sim/world.h"

namespace reprise::posix {
namespace {

// What the program has for an Env: the node's, through the gate.
class ProcessEnv final : public Env {
 public:
  explicit ProcessEnv(SimNode& node) : node_(node) {}

  NodeId self() const override { return node_.self(); }
  std::span<const NodeId> peers() const override {
    std::span<const NodeId> all;
    InKernel(Me(), [&] { all = node_.peers(); });
    return all;
  }
  std::span<const NodeId> nodes(std::string_view role) const override { return node_.nodes(role); }
  uint64_t boot() const override { return node_.boot(); }
  Disk& disk() override {
    Escape("Env::disk", nullptr, "files below the process's root", __builtin_return_address(0));
  }
  Time Now() override {
    return Ask<Time>([&] { return node_.Now(); });
  }
  Time WallNow() override {
    return Ask<Time>([&] { return node_.WallNow(); });
  }
  void SleepUntil(Time deadline) override {
    InKernel(Me(), [&] { node_.SleepUntil(deadline); });
  }
  uint64_t Random(Label label, uint64_t bound) override {
    return Ask<uint64_t>([&] { return node_.Random(label, bound); });
  }
  std::optional<Envelope> ReceiveUntil(Time deadline) override {
    return Ask<std::optional<Envelope>>([&] { return node_.ReceiveUntil(deadline); });
  }
  void Spawn(std::function<void()> body) override {
    auto* held = new std::function<void()>(std::move(body));  // In the program's memory.
    const auto entry = [](void* argument) -> void* {
      const std::unique_ptr<std::function<void()>> body(
          static_cast<std::function<void()>*>(argument));
      (*body)();
      return nullptr;
    };
    CHECK(StartThread(Me(), entry, held, true) != nullptr);
  }
  [[noreturn]] void Abort(std::string_view reason) override {
    InKernel(Me(), [&] { node_.Abort(reason); });
    std::abort();
  }
  bool Park(Waiters& waiters, Time deadline) override {
    return Ask<bool>([&] { return node_.Park(waiters, deadline); });
  }
  void WakeOne(Waiters& waiters) override {
    InKernel(Me(), [&] { node_.WakeOne(waiters); });
  }
  void WakeAll(Waiters& waiters) override {
    InKernel(Me(), [&] { node_.WakeAll(waiters); });
  }

 protected:
  void ExposeState(ExposedState& state) override {
    InKernel(Me(), [&] { node_.ExposeState(state); });
  }
  void SendBytes(NodeId to, const MessageType& type, std::string_view bytes) override {
    InKernel(Me(), [&] { node_.SendBytes(to, type, bytes); });
  }
  void ReportBytes(const MessageType& type, std::string_view bytes) override {
    InKernel(Me(), [&] { node_.ReportBytes(type, bytes); });
  }

 private:
  template <class T, class F>
  static T Ask(F&& ask) {
    T answer{};
    InKernel(Me(), [&] { answer = ask(); });
    return answer;
  }

  SimNode& node_;
};

SimNode& NodeOf(Env& env) {
  auto* node = dynamic_cast<SimNode*>(&env);
  CHECK(node != nullptr);  // A process is a simulated node's, and no process's.
  return *node;
}

Thread* MakeThread(Process& process) {
  auto thread = std::make_unique<Thread>();
  thread->process = &process;
  thread->id = process.threads_made + 1;
  if (MakeStorage(*thread) == 0) return nullptr;
  ++process.threads_made;
  ++process.alive;
  return (process.threads[thread->id] = std::move(thread)).get();
}

// Runs in the program.
[[gnu::noinline]] void ThreadMain(Thread& me) {
  const auto fails = [&](Thread::Failure how, const char* why) {
    me.failure = how;
    std::strncpy(me.what, why, sizeof me.what - 1);
  };
  EnterThread();
  try {
    me.result = me.entry(me.argument);
  } catch (const ThreadExit& exit) {
    me.result = exit.result;
  } catch (const CheckFailure& failure) {
    fails(Thread::Failure::kCheck, failure.what());
  } catch (const std::exception& failure) {
    fails(Thread::Failure::kException, failure.what());
  } catch (...) {
    fails(Thread::Failure::kException, "something that is no std::exception");
  }
  CallThreadLocalDestructors();
  CallKeyDestructors();
}

// Runs the thread; false where it was dropped. It is left there by longjmp(), so that nothing in
// this frame needs a destructor.
[[gnu::noinline]] bool Live(Thread& me) {
  if (_setjmp(me.base) != 0) return false;
  me.process->image.Show();
  SetFs(me.fs);
  ThreadMain(me);
  SetFs(simulator_fs);
  return true;
}

void CheckForDeadlock(Process& process) {
  if (process.alive == 0 || process.waiting_for_ever < process.alive || process.over) return;
  std::string text = Name(process.node.self()) + "'s threads wait for each other:";
  const char* separator = " ";
  for (const auto& [id, thread] : process.threads) {
    if (thread->done) continue;
    text += separator + ("thread " + std::to_string(id)) + " for " + thread->waits_for;
    if (thread->holder != nullptr && *thread->holder != 0) {
      text += " that thread " + std::to_string(*thread->holder) + " has";
    }
    separator = ", ";
  }
  process.world.Fail("deadlock", text, process.node.self());
}

void EndThread(Thread& me) {
  Process& process = *me.process;
  FreeStorage(std::exchange(me.fs, 0));
  me.done = true;
  --process.alive;
  WakeInKernel(process, &me, INT32_MAX);
  CheckForDeadlock(process);
}

// A thread's fiber, from its beginning to its end.
void RunThread(Process& process, Thread& me) {
  if (process.over) return;
  if (!Live(me)) {
    FreeStorage(std::exchange(me.fs, 0));
    if (me.killed) throw Killed{};
    return;
  }
  EndThread(me);
  if (me.failure != Thread::Failure::kNone) {
    const bool check = me.failure == Thread::Failure::kCheck;
    process.world.Fail(check ? "check" : "exception",
                       Name(process.node.self()) + "'s thread " + std::to_string(me.id) +
                           (check ? " failed " : " threw ") + me.what,
                       process.node.self());
  }
  if (me.detached) ForgetThread(me);
}

[[noreturn]] void Drop(Thread& me) { longjmp(me.base, 1); }

// The threads that are left end at their next call, and those that wait for something, now.
void EndProcess(Process& process) {
  process.over = true;
  for (const auto& [id, thread] : process.threads) {
    if (thread->waits_for != nullptr) process.env.WakeAll(thread->parked);
  }
}

}  // namespace

Process::Process(Env& env, const ProcessOptions& options)
    : env(env),
      node(NodeOf(env)),
      world(node.world()),
      options(options),
      arena(Index(node.self())),
      image(Libraries::Of(options.libraries)),
      files(*this, this->options) {
  inner = std::make_unique<ProcessEnv>(node);
}

Process::~Process() {
  CloseStreams(*this);
  ForgetKeys(*this);
  for (const auto& [id, thread] : threads) {
    if (thread->fs != 0) FreeStorage(thread->fs);
  }
}

void InKernel(Thread& me, absl::FunctionRef<void()> job) {
  SetFs(simulator_fs);
  bool ends = false;
  try {
    job();
  } catch (const Killed&) {
    ends = me.killed = true;
  } catch (const CheckFailure& failure) {
    const NodeId node = me.process->node.self();
    me.process->world.Fail("check", Name(node) + " failed " + failure.what(), node);
    ends = me.killed = true;
  }
  if (ends || me.process->over) Drop(me);
  me.process->image.Show();
  SetFs(me.fs);
}

void Escape(const char* call, const char* about, const char* instead, void* caller) {
  Thread& me = Me();
  InKernel(me, [&] {
    me.process->world.Leak(call, about, instead, caller);
    throw Killed{};
  });
  __builtin_unreachable();
}

void Unsimulated(Thread& me, const char* call, const std::string& what) {
  const NodeId node = me.process->node.self();
  InKernel(me, [&] {
    me.process->world.Fail(
        "unsimulated", Name(node) + "'s program called " + call + what.c_str() + ": not simulated",
        node);
    throw Killed{};
  });
  __builtin_unreachable();
}

void GiveUp(Thread& me, const char* how, const std::string& why) {
  const NodeId node = me.process->node.self();
  InKernel(me, [&] {
    me.process->world.Fail(
        how, Name(node) + "'s thread " + std::to_string(me.id) + " gave up: " + why.c_str(), node);
    throw Killed{};
  });
  __builtin_unreachable();
}

Thread* StartThread(Thread& me, void* (*entry)(void*), void* argument, bool detached) {
  Thread* thread = nullptr;
  InKernel(me, [&] {
    Process& process = *me.process;
    thread = MakeThread(process);
    if (thread == nullptr) return;
    thread->entry = entry;
    thread->argument = argument;
    thread->detached = detached;
    process.env.Spawn([held = process.shared_from_this(), thread] { RunThread(*held, *thread); });
  });
  SchedulingPoint(me);
  return thread;
}

void ForgetThread(Thread& thread) { thread.process->threads.erase(thread.id); }

bool WaitInKernel(Thread& me, const void* object, const char* what, Time deadline,
                  const int* holder) {
  Process& process = *me.process;
  const auto key = reinterpret_cast<uintptr_t>(object);
  process.queues[key].push_back(&me);
  me.woken = false;
  me.waits_for = what;
  me.holder = holder;
  me.for_ever = deadline == kForever;
  if (me.for_ever) {
    ++process.waiting_for_ever;
    CheckForDeadlock(process);
  }
  process.env.Park(me.parked, deadline);
  me.waits_for = nullptr;
  if (me.woken) return true;
  const auto queue = process.queues.find(key);
  if (queue != process.queues.end()) {
    std::erase(queue->second, &me);
    if (queue->second.empty()) process.queues.erase(queue);
  }
  if (std::exchange(me.for_ever, false)) --process.waiting_for_ever;
  return false;
}

int WakeInKernel(Process& process, const void* object, int most) {
  const auto queue = process.queues.find(reinterpret_cast<uintptr_t>(object));
  if (queue == process.queues.end()) return 0;
  int woken = 0;
  while (woken < most && !queue->second.empty()) {
    Thread& thread = *queue->second.front();
    queue->second.erase(queue->second.begin());
    thread.woken = true;
    if (std::exchange(thread.for_ever, false)) --process.waiting_for_ever;
    process.env.WakeAll(thread.parked);
    ++woken;
  }
  if (queue->second.empty()) process.queues.erase(queue);
  return woken;
}

bool Wait(Thread& me, const void* object, const char* what, Time deadline, const int* holder) {
  bool woken = false;
  InKernel(me, [&] { woken = WaitInKernel(me, object, what, deadline, holder); });
  return woken;
}

int Wake(Thread& me, const void* object, int most) {
  int woken = 0;
  InKernel(me, [&] { woken = WakeInKernel(*me.process, object, most); });
  return woken;
}

void RunProcess(Env& env, const ProcessOptions& options, std::function<void(Env&)> program) {
  LinkCalls();
  if (const std::string_view why = PrepareStorage(); !why.empty()) {
    throw CheckFailure("no process can run here: " + std::string(why));
  }
  __libc_single_threaded = 0;  // Or libstdc++ leaves out what only other threads need.
  const auto process = std::make_shared<Process>(env, options);
  Thread* const main = MakeThread(*process);
  CHECK(main != nullptr);
  struct Start {
    std::function<void(Env&)>* program;
    Env* env;
  } start{&program, process->inner.get()};
  main->entry = [](void* argument) -> void* {
    const auto* start = static_cast<Start*>(argument);
    (*start->program)(*start->env);
    return nullptr;
  };
  main->argument = &start;
  const bool lived = Live(*main);
  FreeStorage(std::exchange(main->fs, 0));
  if (!lived && main->killed) throw Killed{};
  main->done = true;
  EndProcess(*process);
  if (main->failure == Thread::Failure::kCheck) throw CheckFailure(main->what);
  if (main->failure == Thread::Failure::kException) throw std::runtime_error(main->what);
}

}  // namespace reprise::posix
