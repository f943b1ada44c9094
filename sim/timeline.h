// What happened in a run, event by event, and the digest over all of it.
//
// A timeline is seldom kept: a trace (trace.h) gives it back, bit for bit, and the digest proves
// it. So events are short records in a buffer that is hashed and used again, unless somebody asked
// to keep them.

#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/bytes.h"
#include "sim/check.h"
#include "sim/message.h"
#include "sim/time.h"

struct XXH3_state_s;

namespace reprise {

struct Event {
  enum class Kind : uint8_t {
    kBoot,       // id: which boot of the node this is, from 1.
    kCrash,      // id: likewise. payload: why, where the node aborted itself.
    kExit,       // The node's Main returned.
    kSend,       // peer: the receiver. id: ties it to what becomes of the message.
    kDeliver,    // peer: the sender. id: of the send.
    kDuplicate,  // Like kDeliver, of a second copy.
    kDrop,       // node: the sender, peer: the receiver. The network lost the message.
    kCutOff,     // The same, because of a partition.
    kNobodyUp,   // node: the receiver, which was down when the message from peer arrived.
    kWake,       // A sleep or a wait of the node ran out.
    kCut,        // id: which of the partitions; payload: its sides, as text.
    kHeal,       // Likewise.
    kCreate,     // Disk events carry a path as their payload, kWrite the path and the bytes.
    kWrite,
    kTruncate,
    kRename,
    kRemove,
    kSync,     // What was written to the file before is durable.
    kSyncDir,  // The same for a directory's entries.
    kSyncFail,
    kLose,     // A crash lost an unsynced sector or directory entry.
    kRot,      // A stored bit flipped.
    kClock,    // The node's clock was set off. id: by how much, zigzag.
    kFact,     // What the node reported.
    kCalm,     // The storm ended. id: into which calm (scenario.h).
    kVerdict,  // payload: the oracle and its complaint, as text.
    kStrike,   // A fault began, of a node or of none. id: its number; payload: what it is, as text.
    kOver,     // Likewise: it has ended.
    kDamage,   // Like kDeliver, of a message that was damaged on its way.
    kStale,    // Like kDeliver, of a copy for an earlier boot of the receiver.
    kMishap,   // The disk did to a file what it should not. id: where; payload: how, and the path.
    kLeftOut,  // The calm does without the node, which stands still from now on.
  };
  static constexpr int kKinds = static_cast<int>(Kind::kLeftOut) + 1;

  Kind kind{};
  Time at{};
  NodeId node = kNobody;
  NodeId peer = kNobody;
  uint64_t id = 0;
  uint64_t index = 0;   // Of the event in its run, counted from 1.
  MessageView message;  // Of a send, a fact; or untyped bytes, which are text but for kWrite.

  template <class T>
  std::optional<T> As() const {
    return message.As<T>();
  }
  template <class... Handlers>
  bool Match(Handlers&&... handlers) const {
    return message.Match(handlers...);
  }
};

std::string_view KindName(Event::Kind kind);

// Sets of kinds of events.
using EventKinds = uint64_t;
inline constexpr EventKinds kAllEvents = ~EventKinds{0};
constexpr EventKinds MaskOf(Event::Kind kind) { return EventKinds{1} << static_cast<int>(kind); }
static_assert(Event::kKinds <= 64);

// One line for people: "   312.000 ms  n2 deliver n1  Prepare(3 17 (3 2 5))".
std::string Describe(const Event& event);
// The part of it after the time and the node.
std::string What(const Event& event);

// A digest after so many events. A run leaves at most 64 of them, evenly spread.
struct Milestone {
  uint64_t events = 0;
  uint64_t digest = 0;
  friend bool operator==(const Milestone&, const Milestone&) = default;
};

class Timeline {
 public:
  Timeline();

  // A record has 24 bits for its payload's size.
  static constexpr size_t kPayloadBytesMost = size_t{1} << 24;

  // Forgets everything. Keeps the events from now on, if asked to; and raises SIGTRAP at the event
  // of that number, for debuggers.
  void Reset(bool keep, uint64_t break_at = 0);

  // A record is the time and a word with kind, node and size; then the id, unless it is zero; then
  // peer and type, unless there are none; then the payload, padded with zeros. Two bits beside the
  // kind say what is there. The peer of a delivery is not said again: the id says whose send it is.
  [[gnu::always_inline]] void Add(Event::Kind kind, Time at, NodeId node, NodeId peer, uint64_t id,
                                  const MessageType* type, std::string_view payload) {
    CHECK(payload.size() < kPayloadBytesMost);
    const size_t padded = (payload.size() + 7) / 8 * 8;
    if (kHeaderBytesMost + padded > static_cast<size_t>(limit_ - end_)) [[unlikely]]
      MakeRoom(kHeaderBytesMost + padded);
    char* const record = end_;
    const bool has_id = id != 0;
    const bool has_peer = (peer != kNobody && !IdImpliesPeer(kind)) || type != nullptr;
    char* p = Put(record, static_cast<uint64_t>(Nanos(at)));
    p = Put(p, static_cast<uint64_t>(kind) | (has_id ? kHasId : 0) | (has_peer ? kHasPeer : 0) |
                   payload.size() << 8 | uint64_t{Index(node)} << 32);
    if (has_id) p = Put(p, id);
    if (has_peer) p = Put(p, uint64_t{Index(peer)} << 32 | (type == nullptr ? 0 : type->hash));
    if (!payload.empty()) {
      std::memset(p + padded - 8, 0, 8);
      CopyFew(p, payload.data(), payload.size());
      p += padded;
    }
    end_ = p;
    if (++count_ == next_stop_) [[unlikely]]
      Stop(record, peer, type);
  }

  uint64_t count() const { return count_; }
  const uint64_t* counter() const { return &count_; }

  // A hash over every event so far. Two runs with equal digests are the same run.
  uint64_t digest();
  const std::vector<Milestone>& milestones() const { return milestones_; }

  // The events, where they were kept: i from 0 to size() - 1.
  size_t size() const { return kept_.size(); }
  Event operator[](size_t i) const;

 private:
  static constexpr size_t kHeaderBytesMost = 32;
  static constexpr uint64_t kHasId = 0x40, kHasPeer = 0x80;
  static_assert(Event::kKinds <= 0x40);

  struct Kept {
    size_t offset;
    const MessageType* type;
    NodeId peer;
  };

  static constexpr bool IdImpliesPeer(Event::Kind kind) {
    return kind == Event::Kind::kDeliver || kind == Event::Kind::kDuplicate ||
           kind == Event::Kind::kDrop || kind == Event::Kind::kCutOff ||
           kind == Event::Kind::kNobodyUp || kind == Event::Kind::kDamage ||
           kind == Event::Kind::kStale;
  }
  // Little-endian, so that the digest is the same on every machine.
  static constexpr uint64_t LittleEndian(uint64_t x) {
    return std::endian::native == std::endian::little ? x : __builtin_bswap64(x);
  }
  static char* Put(char* p, uint64_t x) {
    x = LittleEndian(x);
    std::memcpy(p, &x, sizeof x);
    return p + sizeof x;
  }
  static const char* Get(const char* p, uint64_t& x) {
    std::memcpy(&x, p, sizeof x);
    x = LittleEndian(x);
    return p + sizeof x;
  }

  void MakeRoom(size_t room);
  void Hash();
  // Where there is more to do about an event than to write it down: it is to be kept, or a
  // milestone, or where a debugger wants to stop.
  void Stop(const char* record, NodeId peer, const MessageType* type);
  void SetNextStop();
  void AddMilestone();

  // What every event needs comes first.
  char* end_ = nullptr;  // Of the records in the buffer,
  char* limit_ = nullptr;
  uint64_t count_ = 0;
  uint64_t next_stop_ = 64;

  bool keep_ = false;
  std::vector<char> buffer_;
  size_t hashed_ = 0;  // How much of the buffer has gone into the digest.
  struct FreeHash {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, FreeHash> hash_;
  std::vector<Kept> kept_;
  std::vector<Milestone> milestones_;
  uint64_t milestone_every_ = 64;
  uint64_t next_milestone_ = 64;
  uint64_t break_at_ = 0;
};

}  // namespace reprise
