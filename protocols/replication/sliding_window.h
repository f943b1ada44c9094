// Frames, rules and decisions of the sliding window; what its two ends do is in sliding_window.cc.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sim/codec.h"
#include "sim/crc32c.h"
#include "sim/env.h"

namespace reprise::window {

// Frames of a session are numbered 0 to 7 and around, as in HDLC.
inline constexpr uint8_t kNumbers = 8;
// So many of them may be under way: half, so that a number tells whether its frame is the next one,
// an older one or a later one. With all of them, to have got all would look like to have got none.
inline constexpr uint8_t kWindow = 4;

// The number that comes so many after `number`.
constexpr uint8_t After(uint8_t number, uint64_t by = 1) {
  return static_cast<uint8_t>((number + by) % kNumbers);
}
// How many steps it takes from one number to the other, going up.
constexpr uint8_t Distance(uint8_t from, uint8_t to) {
  return static_cast<uint8_t>((kNumbers + to % kNumbers - from % kNumbers) % kNumbers);
}

// clang-format off
// From the primary. The last field of each frame is its checksum.
struct Hello { uint64_t session; uint32_t sum; };                     // Let us begin anew.
struct Data {                                                         // One record.
  uint64_t session; uint8_t number;
  bool again;                                                         // It was sent before.
  std::string payload; uint32_t sum;
};
struct Inquire { uint64_t session; uint32_t sum; };                   // How far are you?

// From the standby.
struct Welcome { uint64_t session, records; uint32_t sum; };          // I have so many records.
struct Ack { uint64_t session; uint8_t next; uint32_t sum; };         // I have all before this one.
struct Nak { uint64_t session; uint8_t next; uint32_t sum; };         // The same; send from there.
struct Reopen { uint64_t session; uint32_t sum; };                    // That session is over.

// Facts.
struct Opened { uint64_t session, records; };                         // It goes on after so many.
struct SentAgain { uint64_t frames; };
struct FoundDamaged {};
// clang-format on

// What a frame's number says of it to the standby.
enum class Place : uint8_t {
  kNext,   // It is the one that is waited for.
  kOld,    // It came before.
  kEarly,  // One before it is missing.
};

// The decisions of both ends. Each is a pure function, and these are the right ones.
struct Decisions {
  // What a frame's checksum is over: all of it.
  uint32_t (*SumOf)(std::string_view header, std::string_view payload) =
      [](std::string_view header, std::string_view payload) {
        return Crc32c(std::string(header) + std::string(payload));
      };
  // Where a frame belongs: its number alone says so. That it is marked as sent again says nothing:
  // the first copy of it may have been lost, and one that is not marked may come twice.
  Place (*PlaceOf)(uint8_t awaited, uint8_t number, bool again) = [](uint8_t awaited,
                                                                     uint8_t number, bool) {
    const uint8_t distance = Distance(awaited, number);
    return distance == 0 ? Place::kNext : distance < kWindow ? Place::kEarly : Place::kOld;
  };
  // How long the primary hears nothing before it asks, after so many questions in vain. Where
  // nothing is unanswered, it only wants to know whether the standby is there.
  Duration (*Patience)(bool unanswered, uint64_t tries) = [](bool unanswered,
                                                             uint64_t tries) -> Duration {
    return unanswered ? 30ms * (1 << (tries < 4 ? tries : 4)) : 50ms;
  };
  // After how many records a new session goes on: those that the standby says it has, of which the
  // primary may not know yet.
  uint64_t (*GoesOnAfter)(uint64_t acknowledged, uint64_t welcomed, uint64_t sent) =
      [](uint64_t, uint64_t welcomed, uint64_t) { return welcomed; };
  // Whether an answer is about frames of this session. Those of others had the same numbers.
  bool (*Concerns)(uint64_t answer, uint64_t session) = [](uint64_t answer, uint64_t session) {
    return answer == session;
  };
  // How many frames may be under way.
  uint64_t (*WindowOf)() = []() -> uint64_t { return kWindow; };
  // Whether a standby that was told of a break says so to the primary, which may not know.
  bool (*TellsOfBreak)() = [] { return true; };
};

template <class F>
uint32_t SumOf(F frame, const Decisions& decide) {
  std::string payload;
  if constexpr (std::is_same_v<F, Data>) payload = std::exchange(frame.payload, {});
  frame.sum = 0;
  return decide.SumOf(Encode(frame), payload);
}

// The frame with its checksum.
template <class F>
F Sealed(F frame, const Decisions& decide) {
  frame.sum = SumOf(frame, decide);
  return frame;
}

// Whether the message is a frame of one of these kinds, as it was sent.
template <class... F>
bool IsWhole(const Envelope& mail, const Decisions& decide) {
  const auto is_whole = [&decide](const auto& frame) {
    return frame && frame->sum == SumOf(*frame, decide);
  };
  return (is_whole(mail.As<F>()) || ...);
}

// Two ends, one of each. The primary has so many bursts of records, one in each kPeriod.
inline constexpr Duration kPeriod = 100ms;
NodeMain Primary(uint64_t bursts, Decisions decide);
NodeMain Standby(Decisions decide);

// How many records that is, and what they hold: each its number, from 0, and some text.
uint64_t RecordsOf(uint64_t bursts);
std::string RecordOf(uint64_t sequence);

}  // namespace reprise::window
