#include "sim/search/explore.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "sim/check.h"
#include "sim/codec.h"
#include "sim/search/images.h"
#include "sim/search/map.h"

namespace reprise {
namespace {

// How many neighbouring points are looked at by one job, which first makes their base's run again;
// and how many such jobs are done before what they found is run. Few at first, because a failure
// may be near; then twice as many each time.
constexpr uint64_t kPointsOfUnit = 8;
constexpr size_t kUnitsAtFirst = 4, kUnitsAtMost = 64;

uint64_t AddSaturated(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

// A run that did not fail, to which another crash is added.
struct Base {
  Departures departures;
  uint64_t from = 0;  // The first of its crash points that lies behind its last crash.
  uint64_t to = 0;    // And how many it has. Unknown until it was looked at.
};

// Some crash points of a base.
struct Unit {
  size_t base = 0;
  uint64_t from = 0, to = 0;
};

struct Found {
  Unit unit;
  uint64_t number = 0;  // Of the point, among those of the base.
  CrashPoint point;
};

// A crash point as plain data, to come from a child.
struct WirePiece {
  bool entry = false;
  uint64_t bound = 0;
};
struct WirePoint {
  uint32_t node = 0;
  uint64_t boot = 0, call = 0;
  bool strikes = false, known = true;
  std::vector<WirePiece> pieces;
  uint64_t writes = 0, looks = 0;
};
struct WirePoints {
  std::vector<WirePoint> points;
};

WirePoint ToWire(const CrashPoint& p) {
  WirePoint w{.node = Index(p.crash.site.node),
              .boot = p.crash.ordinal,
              .call = p.crash.sub,
              .strikes = p.strikes,
              .known = p.known,
              .pieces = {},
              .writes = p.writes,
              .looks = p.looks};
  for (const auto& [entry, bound] : p.pieces) w.pieces.push_back({entry, bound});
  return w;
}

CrashPoint FromWire(const WirePoint& w) {
  CrashPoint p{.crash = {{LabelOf(Fault::kCrashAt), NodeId{w.node}}, w.boot, w.call},
               .strikes = w.strikes,
               .known = w.known,
               .pieces = {},
               .writes = w.writes,
               .looks = w.looks};
  for (const auto& [entry, bound] : w.pieces) p.pieces.push_back({entry, bound});
  return p;
}

class Explorer {
 public:
  Explorer(const Scenario& scenario, const ExploreOptions& options,
           const std::function<bool(const Progress&)>& report)
      : scenario_(scenario),
        searched_(scenario),
        options_(options),
        report_(report),
        started_(std::chrono::steady_clock::now()) {
    // A call is an opportunity only where the fault is on the menu. No draw depends on it.
    if (searched_.crashes.crash_at.num == 0) searched_.crashes.crash_at = OneIn(1000);
  }

  ExploreResult Run() {
    std::vector<Base> bases = {Base()};
    RunAll({Departures()});
    for (int level = 1; level <= options_.depth && GoesOn(); ++level) {
      result_.levels.emplace_back();
      bases = RunLevel(std::move(bases), level < options_.depth);
    }
    result_.campaign.interrupted = interrupted_;
    result_.complete = GoesOn();
    return std::move(result_);
  }

 private:
  bool GoesOn() const {
    return !interrupted_ && !out_of_runs_ && result_.campaign.findings.empty();
  }

  // Tells how far it is, and asks whether to go on.
  bool Report(Progress progress) {
    using Seconds = std::chrono::duration<double>;
    progress.seconds = Seconds(std::chrono::steady_clock::now() - started_).count();
    if (!interrupted_ && progress.seconds >= next_report_) {
      next_report_ = progress.seconds + 0.1;
      interrupted_ = !report_(progress);
    }
    return !interrupted_;
  }

  std::vector<std::optional<std::string>> Map(size_t count,
                                              absl::FunctionRef<std::string(size_t)> job) {
    return MapInChildren(count, {.jobs = options_.jobs, .limit = options_.run_limit}, job,
                         [&] { return Report(result_.campaign.progress); });
  }

  // All calls of that run at which a crash could strike, in their order.
  std::vector<Address> PointsOf(const Departures& departures) const {
    const RunResult run =
        Simulate(searched_, Choices::FromDepartures(departures), {.find_opportunities = true});
    std::vector<Address> points;
    for (const Opportunity& o : run.opportunities) {
      if (o.address.site.label == LabelOf(Fault::kCrashAt)) points.push_back(o.address);
    }
    return points;
  }

  // The runs of one crash more than those of the bases, which become the bases of the next level.
  std::vector<Base> RunLevel(std::vector<Base> bases, bool keep) {
    CountPoints(bases);
    std::vector<Base> next;
    const std::vector<Unit> units = UnitsOf(bases);
    size_t at_a_time = kUnitsAtFirst;
    for (auto at = units.begin(); at != units.end() && GoesOn();) {
      const auto end = at + std::min(units.end() - at, static_cast<ptrdiff_t>(at_a_time));
      RunPoints(bases, LookAtAll(bases, {at, end}), keep ? &next : nullptr);
      at = end;
      at_a_time = std::min(2 * at_a_time, kUnitsAtMost);
    }
    return next;
  }

  void CountPoints(std::vector<Base>& bases) {
    const auto answers = Map(bases.size(), [&](size_t i) {
      return Encode(static_cast<uint64_t>(PointsOf(bases[i].departures).size()));
    });
    for (size_t i = 0; i < bases.size(); ++i) {
      bases[i].to = bases[i].from;
      if (!answers[i]) continue;  // It would have failed when it was run, but it did not.
      Read(answers[i]->data(), answers[i]->data() + answers[i]->size(), bases[i].to);
      result_.levels.back().points += bases[i].to - bases[i].from;
    }
    result_.looks += bases.size();
  }

  // The first few points of every base, then the next few of every base that has any.
  static std::vector<Unit> UnitsOf(const std::vector<Base>& bases) {
    std::vector<Unit> units;
    bool more = true;
    for (uint64_t skip = 0; more; skip += kPointsOfUnit) {
      more = false;
      for (size_t i = 0; i < bases.size(); ++i) {
        const uint64_t from = bases[i].from + skip;
        if (from >= bases[i].to) continue;
        units.push_back({i, from, std::min(from + kPointsOfUnit, bases[i].to)});
        more = true;
      }
    }
    return units;
  }

  // In the order of the units. What kills its process is looked at alone, and what kills it then is
  // not known.
  std::vector<Found> LookAtAll(const std::vector<Base>& bases, const std::vector<Unit>& units) {
    const auto answers = Map(units.size(), [&](size_t i) { return Look(bases, units[i], true); });
    std::vector<Found> found;
    for (size_t i = 0; i < units.size() && !interrupted_; ++i) {
      const Unit& unit = units[i];
      auto wire = answers[i] ? Decode<WirePoints>(*answers[i]) : std::nullopt;
      if (!wire && unit.to - unit.from > 1) {
        std::vector<Unit> singles;
        for (uint64_t k = unit.from; k < unit.to; ++k) singles.push_back({unit.base, k, k + 1});
        std::ranges::move(LookAtAll(bases, singles), std::back_inserter(found));
        continue;
      }
      if (!wire) {
        const auto blind = Map(1, [&](size_t) { return Look(bases, unit, false); });
        wire = blind[0] ? Decode<WirePoints>(*blind[0]) : std::nullopt;
      }
      if (!wire) continue;
      ++result_.looks;
      for (size_t k = 0; k < wire->points.size(); ++k) {
        found.push_back({unit, unit.from + k, FromWire(wire->points[k])});
        result_.looks += found.back().point.looks;
      }
    }
    return found;
  }

  // In a child.
  std::string Look(const std::vector<Base>& bases, const Unit& unit, bool closely) const {
    const Departures& departures = bases[unit.base].departures;
    const std::vector<Address> points = PointsOf(departures);
    WirePoints wire;
    for (uint64_t k = unit.from; k < unit.to && k < points.size(); ++k) {
      wire.points.push_back(ToWire(
          closely ? LookAt(scenario_, departures, points[k], options_.images_at_most)
                  : CrashPoint{.crash = points[k], .strikes = true, .known = false, .pieces = {}}));
    }
    return Encode(wire);
  }

  void RunPoints(const std::vector<Base>& bases, const std::vector<Found>& found,
                 std::vector<Base>* next) {
    std::vector<Departures> runs;
    std::vector<Tried> tried;
    for (const auto& [unit, number, point] : found) {
      Tried& t = tried.emplace_back(Tried{runs.size()});
      if (!point.strikes) continue;
      const auto images = ImagesOf(point, options_.images_at_most, SeedFor(point.crash));
      t.images = point.known ? LegalImages(point) : images.size();
      t.sampled = images.size() < t.images;
      for (const Departures& image : images) {
        Departures& run = runs.emplace_back(bases[unit.base].departures);
        run.insert(run.end(), image.begin(), image.end());
        Sort(run);
        if (next != nullptr) next->push_back({run, number});
      }
    }
    Count(tried, RunAll(std::move(runs)));
  }

  // A point of those that are run together. Without images, where no crash may strike.
  struct Tried {
    uint64_t begin = 0;  // Its first run.
    uint64_t images = 0;
    bool sampled = false;
  };

  // As far as they were run.
  void Count(const std::vector<Tried>& tried, uint64_t made) {
    ExploreLevel& level = result_.levels.back();
    level.images_run += made;
    for (const Tried& t : tried) {
      if (t.begin >= made && !GoesOn()) return;
      level.refused += t.images == 0;
      level.points_run += t.images != 0;
      level.images = AddSaturated(level.images, t.images);
      level.sampled += t.sampled;
    }
  }

  uint64_t SeedFor(const Address& crash) const {
    const uint64_t where = Choices::Mix(uint64_t{Index(crash.site.node)} << 32 | crash.sub);
    return Choices::Mix(options_.base_seed ^ Choices::Mix(where + crash.ordinal));
  }

  // As many as the options leave, and up to the first failure; how many that were.
  uint64_t RunAll(std::vector<Departures> runs) {
    if (options_.runs_at_most) {
      const uint64_t left = *options_.runs_at_most - std::min(*options_.runs_at_most, result_.runs);
      out_of_runs_ |= runs.size() > left;
      if (runs.size() > left) runs.resize(left);
    }
    if (runs.empty()) return 0;
    const uint64_t count = runs.size();
    const CampaignOptions options{.jobs = options_.jobs,
                                  .failures_to_shrink = options_.failures_to_shrink,
                                  .run_limit = options_.run_limit};
    const Progress before = result_.campaign.progress;
    CampaignResult made =
        RunCampaign(scenario_, Plan(std::move(runs)), options,
                    [&](const Progress& now) { return Report(Sum(before, now)); });
    uint64_t counted = count;
    if (!made.findings.empty()) counted = made.findings.front().index + 1;
    if (interrupted_) counted = std::min(counted, made.progress.runs);
    for (Finding& finding : made.findings) {
      finding.index += result_.runs;
      result_.campaign.findings.push_back(std::move(finding));
    }
    result_.runs += counted;
    Add(before, made);
    return counted;
  }

  static Progress Sum(const Progress& a, const Progress& b) {
    return {.runs = a.runs + b.runs,
            .events = a.events + b.events,
            .failures = a.failures + b.failures,
            .seconds = 0};
  }

  void Add(const Progress& before, const CampaignResult& made) {
    CampaignResult& all = result_.campaign;
    using Seconds = std::chrono::duration<double>;
    all.progress = Sum(before, made.progress);
    all.progress.seconds = Seconds(std::chrono::steady_clock::now() - started_).count();
    all.faults += made.faults;
    all.unknown += made.unknown;
    all.skipped += made.skipped;
    std::map<std::string, uint64_t> facts(all.facts.begin(), all.facts.end());
    for (const auto& [name, count] : made.facts) facts[name] += count;
    all.facts.assign(facts.begin(), facts.end());
  }

  const Scenario& scenario_;
  Scenario searched_;
  const ExploreOptions options_;
  const std::function<bool(const Progress&)>& report_;
  const std::chrono::steady_clock::time_point started_;
  double next_report_ = 0;
  bool interrupted_ = false;
  bool out_of_runs_ = false;
  ExploreResult result_;
};

}  // namespace

ExploreResult Explore(const Scenario& scenario, const ExploreOptions& options,
                      const std::function<bool(const Progress&)>& report) {
  CHECK(options.depth >= 1 && options.images_at_most >= 1);
  return Explorer(scenario, options, report).Run();
}

}  // namespace reprise
