// What fibers of one node need to work together. All of it is built on Env::Park and the wakes;
// none of it crosses nodes, for which there are messages.

#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "sim/check.h"
#include "sim/env.h"

namespace reprise {

// Mutual exclusion between fibers of one node, where a critical section blocks (on a sync, say).
// Waiters get it in the order in which they asked.
class Mutex {
 public:
  explicit Mutex(Env& env) : env_(env) {}

  void Lock() {
    if (held_) {
      env_.Park(waiters_, kForever);  // Unlock hands it over, so it is ours when this returns.
    } else {
      held_ = true;
    }
  }
  void Unlock() {
    if (waiters_.first == nullptr) {
      held_ = false;
    } else {
      env_.WakeOne(waiters_);
    }
  }

 private:
  friend class Condition;
  Env& env_;
  bool held_ = false;
  Waiters waiters_;
};

class [[nodiscard]] Lock {
 public:
  explicit Lock(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~Lock() { mutex_.Unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

// Something to wait for. Between fibers of one node nothing happens while one runs, so a condition
// needs no mutex; with one, it is released while waiting.
class Condition {
 public:
  explicit Condition(Env& env) : env_(env) {}

  // Waits for the next notification; false where the deadline came first.
  bool Wait(Time deadline = kForever) { return env_.Park(waiters_, deadline); }
  bool Wait(Mutex& mutex, Time deadline = kForever) {
    mutex.Unlock();
    const bool notified = Wait(deadline);
    mutex.Lock();
    return notified;
  }
  // Waits until the predicate holds; false where the deadline came first.
  template <class Predicate>
  bool Await(Predicate holds, Time deadline = kForever) {
    while (!holds()) {
      if (!Wait(deadline)) return holds();
    }
    return true;
  }
  void NotifyOne() { env_.WakeOne(waiters_); }
  void NotifyAll() { env_.WakeAll(waiters_); }

 private:
  Env& env_;
  Waiters waiters_;
};

// A queue between fibers. Push blocks while `capacity` values wait. Once closed it takes no more.
template <class T>
class Channel {
 public:
  explicit Channel(Env& env, size_t capacity = SIZE_MAX)
      : capacity_(capacity), filled_(env), drained_(env) {}

  // False where the channel is closed, or closes while this waits.
  bool Push(T value) {
    drained_.Await([&] { return values_.size() < capacity_ || closed_; });
    if (closed_) return false;
    values_.push_back(std::move(value));
    filled_.NotifyOne();
    return true;
  }
  // The next value; nothing where the deadline came first, or the channel is closed and empty.
  std::optional<T> Pop(Time deadline = kForever) {
    filled_.Await([&] { return !values_.empty() || closed_; }, deadline);
    if (values_.empty()) return std::nullopt;
    std::optional<T> value = std::move(values_.front());
    values_.pop_front();
    drained_.NotifyOne();
    return value;
  }
  void Close() {
    closed_ = true;
    filled_.NotifyAll();
    drained_.NotifyAll();
  }
  size_t size() const { return values_.size(); }

 private:
  const size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  Condition filled_;
  Condition drained_;
};

// A value that one fiber will set and others wait for. Copies share it.
template <class T>
class [[nodiscard]] Future {
 public:
  explicit Future(Env& env) : state_(std::make_shared<State>(env)) {}

  // The first value set stays.
  void Set(T value) const {
    if (state_->value) return;
    state_->value = std::move(value);
    state_->set.NotifyAll();
  }
  bool ready() const { return state_->value.has_value(); }
  // Nothing where the deadline came first.
  std::optional<T> Wait(Time deadline = kForever) const {
    const auto state = state_;  // Which outlives this copy, where that goes while we wait.
    state->set.Await([&] { return state->value.has_value(); }, deadline);
    return state->value;
  }

 private:
  struct State {
    explicit State(Env& env) : set(env) {}
    std::optional<T> value;
    Condition set;
  };
  std::shared_ptr<State> state_;
};

}  // namespace reprise
