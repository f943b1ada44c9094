// What a user's project relies on: the headers under their own names, and a library that links.

#include <cstdio>

#include "sim/choices.h"
#include "sim/timeline.h"

int main() {
  const reprise::Label label("consumer");
  auto choices = reprise::Choices::FromSeed(1);
  const uint64_t first = choices.Draw({{label}, 1}, 1000);

  // Replayed from its departures, the draw is the same: this is the whole promise.
  auto replay = reprise::Choices::FromDepartures(choices.departures());
  const bool same = replay.Draw({{label}, 1}, 1000) == first;

  reprise::Timeline timeline;  // Links xxHash, which the package brings along.
  timeline.Add(reprise::Event::Kind::kCalm, {}, {}, {}, first, nullptr, {});
  std::printf("drew %llu, replayed %s, digest %016llx\n", static_cast<unsigned long long>(first),
              same ? "the same" : "another", static_cast<unsigned long long>(timeline.digest()));
  return same ? 0 : 1;
}
