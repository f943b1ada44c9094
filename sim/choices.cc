#include "sim/choices.h"

#include <algorithm>
#include <bit>

namespace reprise {

Choices Choices::FromSeed(uint64_t seed) {
  Choices choices;
  choices.seeded_ = true;
  choices.seed_ = Mix(seed + 0x9e3779b97f4a7c15);
  return choices;
}

Choices Choices::FromSeed(uint64_t seed, const Departures& instead) {
  Choices choices = FromSeed(seed);
  choices.Give(instead);
  return choices;
}

Choices Choices::FromDepartures(const Departures& departures) {
  Choices choices;
  choices.Give(departures);
  return choices;
}

void Choices::Give(const Departures& departures) {
  given_ = departures;
  given_count_ = departures.size();
  given_at_.assign(std::bit_ceil(2 * departures.size() + 2), kFree);
  given_seen_.assign(departures.size(), false);
  given_labels_.assign(Label::count(), false);
  const uint64_t mask = given_at_.size() - 1;
  for (uint32_t d = 0; d < given_.size(); ++d) {
    uint64_t i = HashOf(given_[d].address) & mask;
    while (given_at_[i] != kFree) i = (i + 1) & mask;
    given_at_[i] = d;
    given_labels_[given_[d].address.site.label.index()] = true;
  }
}

uint64_t Choices::Given(const Address& address, uint64_t bound, uint64_t otherwise) {
  const uint16_t label = address.site.label.index();
  if (label >= given_labels_.size() || !given_labels_[label]) return otherwise;
  const uint64_t mask = given_at_.size() - 1;
  for (uint64_t i = HashOf(address) & mask; given_at_[i] != kFree; i = (i + 1) & mask) {
    const uint32_t d = given_at_[i];
    if (!(given_[d].address == address)) continue;
    if (!given_seen_[d]) ++given_drawn_;
    given_seen_[d] = true;
    // The code may have changed its domain since the list was written.
    return std::min(given_[d].value, bound - 1);
  }
  return otherwise;
}

Departures Choices::departures() const {
  Departures out;
  out.reserve(taken_.size());
  for (const Taken& t : taken_) out.push_back(t.departure);
  Sort(out);
  return out;
}

}  // namespace reprise
