#include "sim/search/images.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/check.h"

namespace reprise {
namespace {

const Label kTornSector = Label::Reserved("torn-sector");
const Label kTornEntry = Label::Reserved("torn-entry");

// How many draws under a crash are looked for; where there are more, eight times as many, until it
// is enough.
constexpr uint64_t kPiecesAtFirst = 64;
constexpr uint64_t kPiecesAtMost = 1 << 18;

Departure Under(const Address& crash, Fault fault, uint64_t value, uint64_t bound) {
  return {{{LabelOf(fault), crash.site.node}, crash.ordinal, crash.sub}, value, bound};
}

// As the disk addresses it: with room for a million draws to each call.
Departure TornPiece(const Address& crash, bool entry, uint64_t number, uint64_t value,
                    uint64_t bound) {
  const Label label = entry ? kTornEntry : kTornSector;
  return {{{label, crash.site.node}, crash.ordinal, crash.sub * 1'000'000 + number}, value, bound};
}

Departures Join(const Departures& a, const Departures& b) {
  Departures all = a;
  all.insert(all.end(), b.begin(), b.end());
  Sort(all);
  return all;
}

// The crash, and of up to so many pieces the oldest that each can be.
Departures Oldest(const Address& crash, uint64_t pieces) {
  Departures all = {{crash, 1, 2}, Under(crash, Fault::kTorn, 1, 2)};
  for (uint64_t number = 1; number <= pieces; ++number) {
    for (const bool entry : {false, true}) {
      all.push_back(TornPiece(crash, entry, number, UINT64_MAX, UINT64_MAX));
    }
  }
  Sort(all);
  return all;
}

// What the run took of the pieces under that crash, in their order.
std::vector<CrashPoint::Piece> PiecesOf(const RunResult& run, const Address& crash) {
  std::vector<CrashPoint::Piece> pieces;
  for (const Taken& t : run.taken) {
    const Address& a = t.departure.address;
    const bool entry = a.site.label == kTornEntry;
    if (!entry && !(a.site.label == kTornSector)) continue;
    const bool under = a == TornPiece(crash, entry, pieces.size() + 1, 0, 0).address;
    if (under) pieces.push_back({entry, t.departure.bound});
  }
  return pieces;
}

// Of a run whose crash loses all that was not synced: how many writes and names those were.
uint64_t CountLost(const Timeline& timeline, const Address& crash) {
  size_t i = 0;
  const auto is_crash = [&](const Event& e) {
    return e.kind == Event::Kind::kCrash && e.node == crash.site.node && e.id == crash.ordinal;
  };
  while (i < timeline.size() && !is_crash(timeline[i])) ++i;
  uint64_t lost = 0;
  while (++i < timeline.size() && timeline[i].kind == Event::Kind::kLose) ++lost;
  return lost;
}

class Sample {
 public:
  Sample(const CrashPoint& point, uint64_t images_at_most, uint64_t seed)
      : point_(point), images_at_most_(images_at_most), seed_(seed) {}

  std::vector<Departures> All() {
    Add({});
    Add({Under(point_.crash, Fault::kUnsynced, 1, kQuantiles)});
    AddPrefixes();
    AddSingles();
    AddPairs();
    return std::move(images_);
  }

 private:
  using Older = std::pair<size_t, uint64_t>;  // A piece by its number from 1, and how much older.

  void Add(Departures image) {
    image.push_back({point_.crash, 1, 2});
    Sort(image);
    images_.push_back(std::move(image));
  }

  void AddTorn(const std::vector<Older>& older) {
    Departures image = {Under(point_.crash, Fault::kTorn, 1, 2)};
    for (const auto& [number, back] : older) {
      const CrashPoint::Piece& piece = point_.pieces[number - 1];
      image.push_back(TornPiece(point_.crash, piece.entry, number, back, piece.bound));
    }
    Add(std::move(image));
  }

  // The disk keeps a share of what was written, in 1,024ths: the least one that is so much. Very
  // long prefixes of very many writes are none.
  void AddPrefixes() {
    for (uint64_t kept = 1; kept < point_.writes; ++kept) {
      const uint64_t share = (kept * kQuantiles + point_.writes - 1) / point_.writes;
      if (share + 1 >= kQuantiles || point_.writes * share / kQuantiles != kept) continue;
      Add({Under(point_.crash, Fault::kUnsynced, share + 1, kQuantiles)});
    }
  }

  void AddSingles() {
    for (size_t number = 1; number <= point_.pieces.size(); ++number) {
      for (uint64_t back = 1; back < point_.pieces[number - 1].bound; ++back) {
        singles_.emplace_back(number, back);
        AddTorn({singles_.back()});
      }
    }
  }

  // The k-th pair is a hash of the seed and k, so that nothing but the seed decides. Where nearly
  // all pairs are taken, it gives up early.
  void AddPairs() {
    std::set<std::pair<size_t, size_t>> seen;
    const uint64_t tries = 8 * images_at_most_;
    for (uint64_t k = 1; k <= tries && images_.size() < images_at_most_; ++k) {
      const uint64_t noise = Choices::Mix(Choices::Mix(seed_ + 0x9e3779b97f4a7c15) + k);
      size_t a = static_cast<size_t>((noise >> 32) % singles_.size());
      size_t b = static_cast<size_t>((noise & 0xffffffff) % singles_.size());
      if (a > b) std::swap(a, b);
      if (singles_[a].first == singles_[b].first || !seen.emplace(a, b).second) continue;
      AddTorn({singles_[a], singles_[b]});
    }
  }

  const CrashPoint& point_;
  const uint64_t images_at_most_;
  const uint64_t seed_;
  std::vector<Older> singles_;
  std::vector<Departures> images_;
};

// The image of that number: each piece is a digit of it, of the base that is its bound.
Departures Image(const CrashPoint& point, uint64_t number) {
  Departures image = {{point.crash, 1, 2}};
  if (number != 0) image.push_back(Under(point.crash, Fault::kTorn, 1, 2));
  for (size_t i = 0; i < point.pieces.size(); ++i) {
    const auto& [entry, bound] = point.pieces[i];
    if (number % bound != 0) {
      image.push_back(TornPiece(point.crash, entry, i + 1, number % bound, bound));
    }
    number /= bound;
  }
  Sort(image);
  return image;
}

}  // namespace

CrashPoint LookAt(const Scenario& scenario, const Departures& before, const Address& crash,
                  uint64_t images_at_most) {
  CrashPoint point{.crash = crash, .strikes = false, .known = true, .pieces = {}};
  const auto crashes = std::ranges::count_if(
      before, [](const Departure& d) { return d.address.site.label == LabelOf(Fault::kCrashAt); });
  for (uint64_t most = kPiecesAtFirst; most <= kPiecesAtMost; most *= 8) {
    const RunResult run =
        Simulate(scenario, Choices::FromDepartures(Join(before, Oldest(crash, most))));
    ++point.looks;
    point.strikes = run.faults[Fault::kCrashAt].applied > static_cast<uint64_t>(crashes);
    point.pieces = PiecesOf(run, crash);
    if (point.pieces.size() < most) break;
  }
  if (LegalImages(point) > images_at_most) {
    const Departures all_lost = {{crash, 1, 2}, Under(crash, Fault::kUnsynced, 1, kQuantiles)};
    const RunResult run =
        Simulate(scenario, Choices::FromDepartures(Join(before, all_lost)), {.keep_events = true});
    ++point.looks;
    point.writes = CountLost(run.timeline, crash);
  }
  return point;
}

uint64_t LegalImages(const CrashPoint& point) {
  unsigned __int128 legal = 1;
  for (const CrashPoint::Piece& piece : point.pieces) {
    legal = std::min<unsigned __int128>(legal * piece.bound, UINT64_MAX);
  }
  return static_cast<uint64_t>(legal);
}

std::vector<Departures> ImagesOf(const CrashPoint& point, uint64_t images_at_most, uint64_t seed) {
  if (!point.known) {
    const Departure crash = {point.crash, 1, 2};
    return {{crash},
            Join({crash}, {Under(point.crash, Fault::kUnsynced, 1, kQuantiles)}),
            Oldest(point.crash, kPiecesAtFirst)};
  }
  const uint64_t legal = LegalImages(point);
  if (legal > images_at_most) return Sample(point, images_at_most, seed).All();
  std::vector<Departures> images;
  for (uint64_t number = 0; number < legal; ++number) images.push_back(Image(point, number));
  return images;
}

}  // namespace reprise
