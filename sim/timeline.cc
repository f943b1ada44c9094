#include "sim/timeline.h"

#include <signal.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>  // The same hash with the widest vectors that the machine has.
#else
#include <xxhash.h>
#endif

#include <algorithm>

#include "sim/check.h"

namespace reprise {
namespace {

constexpr size_t kBlock = 64 << 10;
constexpr size_t kMilestones = 64;

}  // namespace

std::string_view KindName(Event::Kind kind) {
  static constexpr std::string_view kNames[Event::kKinds] = {
      "boot",     "crash",     "exit",   "send",    "deliver",  "duplicate", "drop",
      "cut off",  "nobody up", "wake",   "cut",     "heal",     "create",    "write",
      "truncate", "rename",    "remove", "sync",    "sync dir", "sync fail", "lose",
      "rot",      "clock",     "fact",   "calm",    "verdict",  "strike",    "over",
      "damage",   "stale",     "mishap", "left out"};
  return kNames[static_cast<size_t>(kind)];
}

std::string What(const Event& event) {
  std::string out(KindName(event.kind));
  if (event.peer != kNobody) out += " " + Name(event.peer);
  if (event.message.type() != nullptr) return out + "  " + event.message.text();
  if (!event.message.bytes().empty()) {
    out += "  ";
    Print(out, std::string(event.message.bytes()));
  }
  return out;
}

std::string Describe(const Event& event) {
  std::string when = Millis(event.at);
  when.insert(0, when.size() < 14 ? 14 - when.size() : 0, ' ');
  return when + "  " + (event.node == kNobody ? "--" : Name(event.node)) + " " + What(event);
}

Timeline::Timeline() : hash_(XXH3_createState()) { Reset(false); }

void Timeline::FreeHash::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

void Timeline::Reset(bool keep, uint64_t break_at) {
  keep_ = keep;
  break_at_ = break_at;
  if (buffer_.size() < kBlock) buffer_.resize(kBlock);
  end_ = buffer_.data();
  limit_ = end_ + buffer_.size();
  hashed_ = 0;
  count_ = 0;
  if (hash_ == nullptr) hash_.reset(XXH3_createState());
  XXH3_64bits_reset(hash_.get());
  kept_.clear();
  milestones_.clear();
  milestone_every_ = next_milestone_ = 64;
  SetNextStop();
}

void Timeline::Hash() {
  const auto used = static_cast<size_t>(end_ - buffer_.data());
  XXH3_64bits_update(hash_.get(), buffer_.data() + hashed_, used - hashed_);
  hashed_ = used;
}

void Timeline::MakeRoom(size_t room) {
  size_t used = static_cast<size_t>(end_ - buffer_.data());
  if (keep_) {
    buffer_.resize(std::max(2 * buffer_.size(), used + room));
  } else {
    Hash();
    used = hashed_ = 0;
    if (buffer_.size() < room) buffer_.resize(room);
  }
  end_ = buffer_.data() + used;
  limit_ = buffer_.data() + buffer_.size();
}

uint64_t Timeline::digest() {
  Hash();
  return XXH3_64bits_digest(hash_.get());
}

void Timeline::Stop(const char* record, NodeId peer, const MessageType* type) {
  if (keep_) kept_.push_back({static_cast<size_t>(record - buffer_.data()), type, peer});
  if (count_ == break_at_) raise(SIGTRAP);
  if (count_ == next_milestone_) AddMilestone();
  SetNextStop();
}

void Timeline::SetNextStop() {
  next_stop_ = keep_ ? count_ + 1 : next_milestone_;
  if (count_ < break_at_) next_stop_ = std::min(next_stop_, break_at_);
}

void Timeline::AddMilestone() {
  milestones_.push_back({count_, digest()});
  if (milestones_.size() == kMilestones) {  // Twice as far apart from here on.
    for (size_t i = 0; i < kMilestones / 2; ++i) milestones_[i] = milestones_[2 * i + 1];
    milestones_.resize(kMilestones / 2);
    milestone_every_ *= 2;
  }
  next_milestone_ = count_ + milestone_every_;
}

Event Timeline::operator[](size_t i) const {
  CHECK(i < kept_.size());
  uint64_t at = 0, word = 0, id = 0, peer_and_type = 0;
  const char* p = Get(Get(buffer_.data() + kept_[i].offset, at), word);
  if (word & kHasId) p = Get(p, id);
  if (word & kHasPeer) p = Get(p, peer_and_type);
  const auto size = static_cast<size_t>(word >> 8 & 0xffffff);
  return {.kind = static_cast<Event::Kind>(word & 0x3f),
          .at = AtNanos(static_cast<int64_t>(at)),
          .node = NodeId(static_cast<uint32_t>(word >> 32)),
          .peer = kept_[i].peer,
          .id = id,
          .index = i + 1,
          .message = MessageView(kept_[i].type, {p, size})};
}

}  // namespace reprise
