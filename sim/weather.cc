#include "sim/weather.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "sim/world.h"

namespace reprise {
namespace {

const Label kBurstLoss = Label::Reserved("burst-loss");

// A message takes as much of a slow link as it has bytes, and so many more for the headers that
// real ones have.
constexpr uint64_t kHeaderBytes = 40;
// The first bits of a message, which may flip.
constexpr uint64_t kBits = uint64_t{1} << 16;

bool Same(const Link& link, const Ticket& ticket) {
  return link.from == ticket.from && link.to == ticket.to;
}

}  // namespace

Weather::Weather(World& world)
    : world_(world), model_(world.scenario().links), clogs_(world.nodes()), bursts_(world.nodes()) {
  CHECK(!world.on(Fault::kBurst) || model_.burst_slot > Duration(0));
  CHECK(!world.on(Fault::kBandwidth) ||
        (model_.bandwidth_least > 0 && model_.bandwidth_most >= model_.bandwidth_least));
  CHECK(!world.on(Fault::kQueue) || model_.queue_most > 0);
}

bool Weather::Possible(const World& world) {
  constexpr Fault kNeedIt[] = {Fault::kCorrupt, Fault::kTruncate,  Fault::kStale,
                               Fault::kBurst,   Fault::kBlackhole, Fault::kBandwidth,
                               Fault::kQueue,   Fault::kClog,      Fault::kSwizzle};
  return std::ranges::any_of(kNeedIt, [&](Fault fault) { return world.on(fault); });
}

bool Weather::Hold(const Ticket& ticket, uint32_t ordinal, const MessageType& type,
                   std::string_view bytes) {
  if (world_.on(Fault::kBlackhole) && std::ranges::find(types_, &type) == types_.end()) {
    types_.push_back(&type);
  }
  if (!world_.on(Fault::kClog) && !world_.on(Fault::kSwizzle)) return false;
  const Clogs& clogs = clogs_.At(ticket.from, ticket.to);
  if (clogs.clog == 0 && clogs.swizzle == 0) return false;
  const Fault fault = clogs.clog != 0 ? Fault::kClog : Fault::kSwizzle;
  held_.push_back({ticket, ordinal, Message(&type, bytes)});
  held_.back().ticket.met |= Ticket::Bit(fault);
  if ((ticket.met & Ticket::Bit(fault)) == 0) ++world_.count(fault).applied;
  return true;
}

bool Weather::Carry(int64_t& at, Ticket& ticket, uint32_t ordinal, const MessageType& type,
                    std::string_view& bytes) {
  Network& network = world_.network();
  if (!holes_.empty() && Swallowed(ticket, type)) {
    network.Lose(Fault::kBlackhole, ticket);
    return false;
  }
  if (world_.on(Fault::kBurst) && world_.storm() && LostInBurst(ticket, ordinal)) {
    network.Lose(Fault::kBurst, ticket);
    return false;
  }
  if (!short_.empty() && Full(ticket)) {
    network.Lose(Fault::kQueue, ticket);
    return false;
  }
  if (!Damage(ticket, ordinal, bytes)) return false;
  if (!slow_.empty()) Delay(at, ticket, bytes.size());
  return true;
}

void Weather::OnLaunch(const Ticket& ticket, int64_t arrival) {
  for (Short& link : short_) {
    if (Same(link.link, ticket)) link.arrivals.push_back(arrival);
  }
}

// Clogs

bool Weather::Clogged(const Link& link) {
  const Clogs& clogs = clogs_.At(link.from, link.to);
  return clogs.clog != 0 || clogs.swizzle != 0;
}

void Weather::Clog(Fault fault, const std::vector<Link>& links) {
  for (const Link& link : links) {
    Clogs& clogs = clogs_.At(link.from, link.to);
    ++(fault == Fault::kClog ? clogs.clog : clogs.swizzle);
  }
  world_.network().CountSpells(1);
}

void Weather::Unclog(Fault fault, const std::vector<Link>& links) {
  for (const Link& link : links) {
    Clogs& clogs = clogs_.At(link.from, link.to);
    --(fault == Fault::kClog ? clogs.clog : clogs.swizzle);
  }
  world_.network().CountSpells(-1);
  std::vector<Held> still, released;
  for (Held& held : held_) {
    const bool clogged = Clogged({held.ticket.from, held.ticket.to});
    (clogged ? still : released).push_back(std::move(held));
  }
  held_ = std::move(still);
  for (const Held& held : released) {
    world_.network().Release(held.ticket, held.ordinal, held.message);
  }
}

void Weather::LoseHeld(NodeId a, NodeId b) {
  std::erase_if(held_, [&](const Held& held) {
    const Ticket& ticket = held.ticket;
    const bool between =
        (ticket.from == a && ticket.to == b) || (ticket.from == b && ticket.to == a);
    if (between) world_.Note(Event::Kind::kDrop, ticket.from, ticket.to, ticket.id);
    return between;
  });
}

// Black holes

void Weather::OpenHole(uint64_t number, const MessageType* type, NodeId to) {
  holes_.push_back({number, type, to});
  world_.network().CountSpells(1);
}

void Weather::CloseHole(uint64_t number) {
  std::erase_if(holes_, [&](const Hole& hole) { return hole.number == number; });
  world_.network().CountSpells(-1);
}

bool Weather::Swallowed(const Ticket& ticket, const MessageType& type) const {
  return std::ranges::any_of(
      holes_, [&](const Hole& hole) { return hole.type == &type && hole.to == ticket.to; });
}

// Bursts

bool Weather::LostInBurst(const Ticket& ticket, uint32_t ordinal) {
  if (!Bursting({ticket.from, ticket.to})) return false;
  const Address address{{kBurstLoss, ticket.from, ticket.to}, ordinal};
  return world_.choices().Rarely(address, model_.burst_loss, 2) != 0;
}

// Looks at the slots that have begun since it last did, but for those that are too long ago. So a
// link on which nothing is sent costs nothing, and its slots are what they would have been.
bool Weather::Bursting(const Link& link) {
  Burst& burst = bursts_.At(link.from, link.to);
  const int64_t slot = model_.burst_slot.count();
  const int64_t now = world_.now();
  const auto current = static_cast<uint64_t>(now / slot) + 1;
  const auto reach = static_cast<uint64_t>(model_.burst_most.count() / slot) + 1;
  const uint64_t first = std::max(burst.slots + 1, current > reach ? current - reach : 1);
  for (uint64_t k = first; k <= current; ++k) {
    const uint64_t value = world_.Strike(Fault::kBurst, link.from, link.to, k, 0, kQuantiles);
    if (value == 0) continue;
    const int64_t until =
        slot * static_cast<int64_t>(k - 1) + Share(model_.burst_most, value).count();
    if (until <= std::max(now, burst.until)) continue;
    burst.until = until;
    world_.Begin({.node = link.from,
                  .number = k,
                  .text = "burst " + Name(link.from) + ">" + Name(link.to),
                  .undo = [] {}},
                 Duration(until - now));
  }
  burst.slots = current;
  return now < burst.until;
}

// Links that carry or hold little

void Weather::Throttle(uint64_t number, const Link& link, uint64_t bytes_a_second, int64_t until) {
  slow_.push_back({number, link, bytes_a_second, until, world_.now()});
  world_.network().CountSpells(1);
}

void Weather::Unthrottle(uint64_t number) {
  std::erase_if(slow_, [&](const Slow& link) { return link.number == number; });
  world_.network().CountSpells(-1);
}

// What would still wait when the spell is over goes then.
void Weather::Delay(int64_t& at, Ticket& ticket, size_t size) {
  int64_t goes = world_.now();
  for (Slow& link : slow_) {
    if (!Same(link.link, ticket)) continue;
    const auto takes =
        static_cast<int64_t>((size + kHeaderBytes) * 1'000'000'000 / link.bytes_a_second);
    link.free_at = std::min(std::max(link.free_at, world_.now()) + takes, link.until);
    goes = std::max(goes, link.free_at);
  }
  if (goes == world_.now()) return;
  at += goes - world_.now();
  ticket.met |= Ticket::Bit(Fault::kBandwidth);
  ++world_.count(Fault::kBandwidth).applied;
}

void Weather::Narrow(uint64_t number, const Link& link, uint64_t room) {
  short_.push_back({number, link, room, {}});
  world_.network().CountSpells(1);
}

void Weather::Widen(uint64_t number) {
  std::erase_if(short_, [&](const Short& link) { return link.number == number; });
  world_.network().CountSpells(-1);
}

bool Weather::Full(const Ticket& ticket) {
  bool full = false;
  for (Short& link : short_) {
    if (!Same(link.link, ticket)) continue;
    std::erase_if(link.arrivals, [&](int64_t at) { return at <= world_.now(); });
    full |= link.arrivals.size() >= link.room;
  }
  return full;
}

// Damage

bool Weather::Damage(Ticket& ticket, uint32_t ordinal, std::string_view& bytes) {
  const NodeId from = ticket.from, to = ticket.to;
  const uint64_t flip = world_.Strike(Fault::kCorrupt, from, to, ordinal, 0, kBits);
  const uint64_t cut = world_.Strike(Fault::kTruncate, from, to, ordinal, 0, kQuantiles);
  if (flip == 0 && cut == 0) return true;
  if (model_.checksum) {
    world_.network().Lose(flip != 0 ? Fault::kCorrupt : Fault::kTruncate, ticket);
    return false;
  }
  if (bytes.empty()) return true;  // There is nothing to damage.
  damaged_ = bytes;
  if (cut != 0) {  // At least one byte, and at most all.
    const uint64_t more = (damaged_.size() - 1) * (cut - 1) / (kQuantiles - 2);
    damaged_.resize(damaged_.size() - 1 - more);
    ticket.met |= Ticket::Bit(Fault::kTruncate);
    ++world_.count(Fault::kTruncate).applied;
  }
  if (flip != 0 && !damaged_.empty()) {
    const uint64_t bit = (flip - 1) % (8 * damaged_.size());
    damaged_[bit / 8] = static_cast<char>(damaged_[bit / 8] ^ (1 << (bit % 8)));
    ticket.met |= Ticket::Bit(Fault::kCorrupt);
    ++world_.count(Fault::kCorrupt).applied;
  }
  bytes = damaged_;
  return true;
}

// Stale copies

void Weather::KeepStale(const Ticket& ticket, uint32_t ordinal, const MessageType& type,
                        std::string_view bytes) {
  const uint64_t quantile =
      world_.Strike(Fault::kStale, ticket.from, ticket.to, ordinal, 0, kQuantiles);
  if (quantile == 0) return;
  stale_.push_back({ticket, world_.node(ticket.to).boot(), quantile, Message(&type, bytes)});
  stale_.back().ticket.met = Ticket::Bit(Fault::kStale);
}

// Those that would arrive only in the calm do not.
void Weather::OnBoot(const SimNode& node) {
  const int64_t calm = world_.scenario().storm.count();
  std::erase_if(stale_, [&](const Stale& stale) {
    if (stale.ticket.to != node.self() || stale.boot >= node.boot()) return false;
    const int64_t at =
        world_.now() + model_.delay.count() + world_.network().LateBy(stale.quantile).count();
    if (at < calm) {
      ++world_.count(Fault::kStale).applied;
      world_.network().LaunchAt(at, stale.ticket, stale.message);
    }
    return true;
  });
}

}  // namespace reprise
