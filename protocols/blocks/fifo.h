// Reliable FIFO channels between nodes, over a network that loses, repeats and reorders.
//
// Many papers assume such channels. Here a sender numbers what it sends on each channel, from 1,
// keeps it until it is acknowledged, and sends it again until then; a receiver delivers by number,
// holds back what comes early, and drops what it has had.
//
// All channels of a node belong to an *epoch*, which the protocol on top counts: Open() begins a
// new one with empty channels and numbers from 1. What was sent in an older epoch is dropped,
// however late it arrives; what was sent in a newer one is dropped as well, and sent again until
// the receiver has come to that epoch too. So a channel is FIFO within an epoch and nothing crosses
// epochs. REQUIRES: a node never opens an epoch twice, not even in different boots: its numbers
// would begin afresh where its peers' went on.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "sim/check.h"
#include "sim/env.h"

namespace reprise {

template <class Body>
struct Segment {
  uint64_t epoch = 0, number = 0;
  Body body;
};
struct SegmentAck {
  uint64_t epoch = 0, received = 0;  // All up to this number.
};

// The decisions of a channel. Each is a pure function, and these are the right ones.
struct FifoDecisions {
  // Whether what was not acknowledged is sent again, when it was sent so often already.
  bool (*SendsAgain)(uint64_t times) = [](uint64_t) { return true; };
  // Whether a message that comes before its turn is delivered at once, instead of being held back.
  bool (*DeliversEarly)() = [] { return false; };
};

// Body is the plain struct, or the variant of them, that the channels carry.
template <class Body>
class Fifo {
 public:
  // What is not acknowledged `resend_after` it was sent is sent again, by the fiber that runs
  // Resend().
  Fifo(Env& env, Duration resend_after, const FifoDecisions& decisions = {})
      : env_(env), resend_after_(resend_after), decisions_(decisions) {}

  // REQUIRES: the epoch is greater than any before.
  void Open(uint64_t epoch) {
    CHECK(epoch > last_);
    out_.clear();
    in_.clear();
    epoch_ = last_ = epoch;
  }
  // Until the next Open nothing is delivered, and nothing may be sent.
  void Close() {
    out_.clear();
    in_.clear();
    epoch_ = 0;
  }
  bool is_open() const { return epoch_ != 0; }
  uint64_t epoch() const { return epoch_; }  // Zero while closed.

  // REQUIRES: is_open().
  void Send(NodeId to, Body body) {
    CHECK(is_open());
    Out& out = out_[to];
    out.unacknowledged.push_back({{epoch_, ++out.sent, std::move(body)}, env_.Now(), 1});
    env_.Send(to, out.unacknowledged.back().segment);
  }

  // Takes a message that belongs to it, and calls deliver(from, body) for each one that is now next
  // on its channel; false where the message does not belong to it.
  template <class Deliver>
  bool Handle(const Envelope& mail, Deliver deliver) {
    return mail.Match([&](const Segment<Body>& m) { OnSegment(mail.from, m, deliver); },
                      [&](const SegmentAck& m) { OnAck(mail.from, m); });
  }

  // What was sent there and may not have arrived, in order.
  std::vector<Body> Unacknowledged(NodeId to) const {
    std::vector<Body> bodies;
    if (const auto at = out_.find(to); at != out_.end()) {
      for (const Sent& sent : at->second.unacknowledged) bodies.push_back(sent.segment.body);
    }
    return bodies;
  }

  // For a fiber of its own.
  [[noreturn]] void Resend() {
    for (;;) {
      env_.Sleep(resend_after_ / 2);
      const Time now = env_.Now();
      for (auto& [to, out] : out_) {
        for (Sent& sent : out.unacknowledged) {
          if (now - sent.at < resend_after_ || !decisions_.SendsAgain(sent.times)) continue;
          sent.at = now;
          ++sent.times;
          env_.Send(to, sent.segment);
        }
      }
    }
  }

 private:
  struct Sent {
    Segment<Body> segment;
    Time at;
    uint64_t times;  // So often it was sent.
  };
  struct Out {
    uint64_t sent = 0;
    std::deque<Sent> unacknowledged;
  };
  struct In {
    uint64_t received = 0;  // All up to this number.
    std::map<uint64_t, Body> early;
  };

  template <class Deliver>
  void OnSegment(NodeId from, const Segment<Body>& m, Deliver& deliver) {
    if (m.epoch != epoch_) return;
    In& in = in_[from];
    const bool is_new = m.number > in.received && in.early.emplace(m.number, m.body).second;
    std::vector<Body> next;
    if (is_new && decisions_.DeliversEarly()) next.push_back(m.body);
    while (!in.early.empty() && in.early.begin()->first == in.received + 1) {
      if (!decisions_.DeliversEarly()) next.push_back(std::move(in.early.begin()->second));
      in.early.erase(in.early.begin());
      ++in.received;
    }
    env_.Send(from,
              SegmentAck{epoch_, in.received});  // Also of what it has had: acks are lost too.
    for (const Body& body : next) {
      if (epoch_ == m.epoch) deliver(from, body);
    }
  }

  void OnAck(NodeId from, const SegmentAck& m) {
    if (m.epoch != epoch_) return;
    auto& waiting = out_[from].unacknowledged;
    while (!waiting.empty() && waiting.front().segment.number <= m.received) waiting.pop_front();
  }

  Env& env_;
  const Duration resend_after_;
  const FifoDecisions decisions_;
  uint64_t epoch_ = 0;
  uint64_t last_ = 0;  // The greatest epoch so far.
  std::map<NodeId, Out> out_;
  std::map<NodeId, In> in_;
};

}  // namespace reprise
