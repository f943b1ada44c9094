#include "tests/posix/program.h"

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <fstream>
#include <future>
#include <latch>
#include <mutex>
#include <random>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

namespace posix_program {
namespace {

using namespace std::chrono_literals;

// With the time, and one at a time.
class Journal {
 public:
  explicit Journal(const Say& say) : say_(say) {}
  void operator()(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    say_(std::to_string(us % 1'000'000'000) + " " + line);
  }

 private:
  const Say& say_;
  std::mutex mutex_;
};

Journal* journal = nullptr;

struct Own {  // A thread's.
  int value = 0;
  ~Own() { (*journal)("thread-local ends with " + std::to_string(value)); }
};
thread_local Own own;
thread_local int plain = 5;
std::atomic<int> wrong_thread_locals = 0;

void CheckOwn(int value) {
  if (own.value != value || plain != 100 + value) ++wrong_thread_locals;
}

struct Slow {
  Slow() {
    std::this_thread::sleep_for(3ms);
    (*journal)("static variable constructed");
  }
  int value = 1;
};
Slow& TheSlow() {
  static Slow slow;
  return slow;
}

class Queue {
 public:
  void Push(int value) {
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [&] { return values_.size() < 3; });
    values_.push_back(value);
    filled_.notify_one();
  }
  bool Pop(int& value) {
    std::unique_lock lock(mutex_);
    while (values_.empty() && !closed_) {
      if (filled_.wait_for(lock, 2ms) == std::cv_status::timeout) ++timeouts_;
    }
    if (values_.empty()) return false;
    value = values_.front();
    values_.pop_front();
    drained_.notify_one();
    return true;
  }
  void Close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }
  int timeouts() const { return timeouts_; }

 private:
  std::mutex mutex_;
  std::condition_variable filled_, drained_;
  std::deque<int> values_;
  bool closed_ = false;
  int timeouts_ = 0;
};

// Another thread runs, and throws, while this one handles its exception.
void ThrowAcrossSwitches(int value) {
  const std::string text = "v" + std::to_string(value);
  try {
    try {
      throw std::runtime_error(text);
    } catch (const std::exception& failure) {
      std::this_thread::sleep_for(200us);
      if (failure.what() != text) (*journal)("another thread's exception in " + text);
      throw;
    }
  } catch (const std::exception& failure) {
    if (failure.what() != text) (*journal)("another thread's exception after " + text);
  }
}

void ProduceAndConsume() {
  Queue queue;
  std::atomic<long> sum = 0;
  std::latch start(1);
  std::once_flag once;
  std::shared_mutex shared;
  int both = 0;
  std::counting_semaphore<8> few(2);
  std::vector<std::thread> producers, consumers;
  for (int c = 0; c < 3; ++c) {
    consumers.emplace_back([&, c] {
      start.wait();
      own.value = c;
      plain = 100 + c;
      int value = 0, n = 0;
      for (; queue.Pop(value); ++n) {
        sum += value * TheSlow().value;
        std::this_thread::sleep_for(std::chrono::microseconds(137 * (c + 1)));
        if (value % 5 == 0) ThrowAcrossSwitches(value);
        CheckOwn(c);
      }
      (*journal)("consumer " + std::to_string(c) + " had " + std::to_string(n));
    });
  }
  for (int p = 0; p < 2; ++p) {
    producers.emplace_back([&, p] {
      std::call_once(once, [] {
        std::this_thread::sleep_for(1ms);
        (*journal)("once");
      });
      own.value = 50 + p;
      plain = 150 + p;
      start.wait();
      for (int i = 0; i < 20; ++i) {
        few.acquire();
        queue.Push(p * 100 + i);
        few.release();
        {
          const std::shared_lock lock(shared);
          std::this_thread::yield();
        }
        const std::unique_lock lock(shared);
        ++both;
        CheckOwn(50 + p);
      }
    });
  }
  start.count_down();
  for (auto& thread : producers) thread.join();
  queue.Close();
  for (auto& thread : consumers) thread.join();
  (*journal)("sum " + std::to_string(sum) + " both " + std::to_string(both) + " timeouts " +
             std::to_string(queue.timeouts()));
}

void WaitInOtherWays() {
  auto future = std::async(std::launch::async, [] {
    std::this_thread::sleep_for(7ms);
    return 42;
  });
  const bool early = future.wait_for(1ms) == std::future_status::ready;
  std::atomic<int> flag = 0;
  std::jthread setter([&] {
    std::this_thread::sleep_for(2ms);
    flag = 1;
    flag.notify_all();
  });
  flag.wait(0);
  std::mutex mutex;
  std::condition_variable_any any;
  std::jthread stoppable([&](const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    any.wait(lock, stop, [] { return false; });
    (*journal)("stopped");
  });
  std::this_thread::sleep_for(1ms);
  stoppable.request_stop();
  stoppable.join();
  std::barrier together(3);
  std::array<std::jthread, 3> meeting;
  for (auto& thread : meeting) thread = std::jthread([&] { together.arrive_and_wait(); });
  for (auto& thread : meeting) thread.join();
  std::timed_mutex held;
  held.lock();
  bool got = true;
  std::jthread([&] { got = held.try_lock_for(3ms); }).join();
  held.unlock();
  std::recursive_mutex again;
  again.lock();
  const bool twice = again.try_lock();
  again.unlock();
  again.unlock();
  (*journal)("future " + std::to_string(future.get()) + (early ? " early" : "") +
             (got ? " got" : " timed out") + (twice ? " twice" : ""));
}

void UseFiles() {
  std::ofstream("notes.txt") << "one\ntwo " << 2.5 << "\n";
  std::ifstream file("notes.txt");
  std::string line, all;
  while (std::getline(file, line)) all += line + ";";
  (*journal)("file " + all);
}

}  // namespace

void Everything(const Say& say) {
  Journal here(say);
  journal = &here;
  std::random_device chance;
  const unsigned drawn = chance();
  (*journal)("drawn " + std::to_string(drawn));
  const auto day = std::chrono::system_clock::now().time_since_epoch();
  (*journal)("day " + std::to_string(std::chrono::duration_cast<std::chrono::hours>(day).count()));
  std::this_thread::sleep_for(std::chrono::microseconds(drawn % 1000));
  ProduceAndConsume();
  WaitInOtherWays();
  UseFiles();
  (*journal)("wrong thread-locals " + std::to_string(wrong_thread_locals));
}

void TwoLocks(bool planted) {
  std::mutex first, second;
  const auto work = [](std::mutex& a, std::mutex& b) {
    for (int i = 0; i < 4; ++i) {
      const std::scoped_lock one(a);
      const std::scoped_lock other(b);
    }
  };
  std::thread one([&] { work(first, second); });
  std::thread other([&] { planted ? work(second, first) : work(first, second); });
  one.join();
  other.join();
}

int Counting(bool planted) {
  constexpr int kThreads = 3, kTimes = 5;
  std::mutex mutex;
  int counter = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTimes; ++i) {
        std::unique_lock lock(mutex);
        const int seen = counter;
        if (planted) {
          lock.unlock();  // It should hold the lock from here
          lock.lock();    // to here.
        }
        counter = seen + 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  return kThreads * kTimes - counter;
}

int Count() {
  static int count = 0;
  return ++count;
}

}  // namespace posix_program
