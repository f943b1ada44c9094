// The one place where anything is decided.
//
// A run is a pure function of a Scenario and its Choices. Whatever could have gone otherwise in a
// real cluster -- a packet lost, a node killed, a slow disk, a client's next request -- is a number
// drawn here, and drawn nowhere else. Four rules make the rest of the testbed small:
//
//   1. Zero is calm. The value 0 always means that nothing unusual happens: the packet arrives, in
//      order, after the least delay; the node survives; the disk tells the truth. The run whose
//      every draw is 0 is the *calm run*.
//   2. A draw has an address, and depends on the seed and on that address alone. So draws never
//      shift one another, a seed survives most edits to the code under test, and taking one
//      departure away leaves all others where they were.
//   3. One decision, one draw. Rarely() answers both whether and how much.
//   4. A run is its departures: the list of its nonzero draws. To record a run is to write that
//      list down; to replay it is to read it back; to shrink it is to take entries away; to
//      explore is to enumerate short lists. No other mechanism exists.
//
// Answers come in layers: what a departure list says of an address, else what the seed says, else
// zero. A list without a seed is a replay, a seed without a list is fuzzing, and neither is calm.

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sim/address.h"
#include "sim/tape.h"

namespace reprise {

// A chance of num in den. REQUIRES: num <= den.
struct Ratio {
  uint64_t num = 0;
  uint64_t den = 1;
};

constexpr Ratio OneIn(uint64_t n) { return {1, n}; }

// A fault that could have struck and did not: what exploring enumerates.
struct Opportunity {
  Address address;
  uint64_t bound = 0;
};

class Choices {
 public:
  static Choices Calm() { return Choices(); }
  static Choices FromSeed(uint64_t seed);
  static Choices FromDepartures(const Departures& departures);
  // The run of that seed, but for what the list says. A listed zero takes a departure away.
  static Choices FromSeed(uint64_t seed, const Departures& instead);

  // A number in [0, bound), each as likely as the next. REQUIRES: bound > 0.
  uint64_t Draw(const Address& address, uint64_t bound) {
    uint64_t value = seeded_ ? Scale(Noise(address), bound) : 0;
    if (given_count_ != 0) value = Given(address, bound, value);
    if (value != 0) Take(address, value, bound);
    return value;
  }

  // Zero, but with the chance given a number in [1, bound): a fault, and how it strikes. One draw
  // decides both; two would shift each other when one is shrunk away. REQUIRES: bound > 1.
  uint64_t Rarely(const Address& address, Ratio chance, uint64_t bound) {
    uint64_t value = 0;
    if (seeded_ && chance.num != 0) {
      const uint64_t noise = Noise(address);
      if (Scale(noise, chance.den) < chance.num) value = 1 + Scale(Mix(noise), bound - 1);
    }
    if (given_count_ != 0) value = Given(address, bound, value);
    if (value != 0) {
      Take(address, value, bound);
    } else if (opportunities_ != nullptr) {
      opportunities_->push_back({address, bound});
    }
    return value;
  }

  // True with the chance given; false is calm.
  bool Chance(const Address& address, Ratio chance) { return Rarely(address, chance, 2) == 1; }

  // False where every Rarely with a chance of zero will be zero: a way round asking at all.
  bool may_depart() const { return given_count_ != 0 || opportunities_ != nullptr; }
  bool seeded() const { return seeded_; }

  // Every nonzero draw so far, in the order drawn.
  const Tape& taken() const { return taken_; }
  // Gives them away; nothing is drawn after that.
  Tape ReleaseTaken() { return std::move(taken_); }
  // The same, sorted by address.
  Departures departures() const;

  // How many of the given departures were drawn at all, and how many there are.
  size_t given_drawn() const { return given_drawn_; }
  size_t given() const { return given_count_; }

  // From now on, notes the number at `event` with each departure. Null to stop.
  void set_event_counter(const uint64_t* event) { event_ = event; }
  // From now on, notes each fault that does not strike. Null to stop.
  void set_opportunities(std::vector<Opportunity>* out) { opportunities_ = out; }

  // SplitMix64's finaliser: every bit of the result depends on every bit of x.
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  static constexpr uint32_t kFree = ~uint32_t{0};

  Choices() = default;
  void Give(const Departures& departures);

  // Maps a uniform 64-bit number onto [0, bound) by multiplication. The bias is below bound / 2^64.
  static uint64_t Scale(uint64_t noise, uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(noise) * bound) >> 64);
  }
  // Two rounds, of which the first is the same for all labels of one place and ordinal: where
  // several draws decide one message's fate, the compiler shares it.
  static uint64_t HashOf(const Address& a) {
    const uint64_t where = uint64_t{Index(a.site.node)} << 32 | Index(a.site.peer);
    return Mix(where * 0xff51afd7ed558ccd + a.ordinal * 0x9e3779b97f4a7c15 +
               a.sub * 0xd1b54a32d192ed03);
  }
  uint64_t Noise(const Address& address) const {
    return Mix(HashOf(address) ^ address.site.label.key() ^ seed_);
  }

  uint64_t Given(const Address& address, uint64_t bound, uint64_t otherwise);
  void Take(const Address& address, uint64_t value, uint64_t bound) {
    taken_.Add(address, value, bound, event_ == nullptr ? 0 : *event_);
  }

  bool seeded_ = false;
  uint64_t seed_ = 0;
  size_t given_count_ = 0;
  size_t given_drawn_ = 0;
  Departures given_;
  std::vector<uint32_t> given_at_;  // An open-addressing table of indices into given_, or kFree.
  std::vector<bool> given_seen_;    // Which of given_ were drawn.
  std::vector<bool> given_labels_;  // Which labels they have: most draws need look no further.
  Tape taken_;
  const uint64_t* event_ = nullptr;
  std::vector<Opportunity>* opportunities_ = nullptr;
};

}  // namespace reprise
