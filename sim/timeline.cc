#include "sim/timeline.h"

#include <signal.h>
#include <xxhash.h>

#include <algorithm>

#include "sim/check.h"

namespace reprise {
namespace {

constexpr size_t kBlock = 64 << 10;
constexpr size_t kMilestones = 64;

}  // namespace

std::string_view KindName(Event::Kind kind) {
  static constexpr std::string_view kNames[Event::kKinds] = {
      "boot",     "crash",     "exit",   "send", "deliver",  "duplicate", "drop",
      "cut off",  "nobody up", "wake",   "cut",  "heal",     "create",    "write",
      "truncate", "rename",    "remove", "sync", "sync dir", "sync fail", "lose",
      "rot",      "clock",     "fact",   "calm", "verdict"};
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
  used_ = hashed_ = 0;
  count_ = 0;
  if (hash_ == nullptr) hash_.reset(XXH3_createState());
  XXH3_64bits_reset(hash_.get());
  kept_.clear();
  milestones_.clear();
  milestone_every_ = next_milestone_ = 64;
  next_stop_ = break_at_ == 0 ? next_milestone_ : std::min(break_at_, next_milestone_);
}

void Timeline::Hash() {
  XXH3_64bits_update(hash_.get(), buffer_.data() + hashed_, used_ - hashed_);
  hashed_ = used_;
}

void Timeline::MakeRoom(size_t room) {
  if (keep_) {
    buffer_.resize(std::max(2 * buffer_.size(), used_ + room));
    return;
  }
  Hash();
  used_ = hashed_ = 0;
  if (buffer_.size() < room) buffer_.resize(room);
}

uint64_t Timeline::digest() {
  Hash();
  return XXH3_64bits_digest(hash_.get());
}

void Timeline::Stop() {
  if (count_ == break_at_) raise(SIGTRAP);
  if (count_ == next_milestone_) AddMilestone();
  next_stop_ = count_ < break_at_ ? std::min(break_at_, next_milestone_) : next_milestone_;
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
  const char* p = buffer_.data() + kept_[i].offset;
  Header header;
  std::memcpy(&header, p, sizeof header);
  const uint64_t nodes = LittleEndian(header.nodes);
  const uint64_t word = LittleEndian(header.kind_size_type);
  const size_t size = static_cast<size_t>(word >> 8 & 0xffffff);
  return {.kind = static_cast<Event::Kind>(word & 0xff),
          .at = AtNanos(static_cast<int64_t>(LittleEndian(header.at))),
          .node = NodeId(static_cast<uint32_t>(nodes >> 32)),
          .peer = NodeId(static_cast<uint32_t>(nodes)),
          .id = LittleEndian(header.id),
          .index = i + 1,
          .message = MessageView(kept_[i].type, {p + sizeof header, size})};
}

}  // namespace reprise
