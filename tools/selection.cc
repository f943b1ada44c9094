#include "tools/selection.h"

#include <algorithm>
#include <utility>

#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

// Beyond so many departures, the surroundings of each would leave nothing for the violation.
constexpr size_t kSurroundedAtMost = 12;

// A stretch of events, by number.
struct Stretch {
  size_t first, last;
};

size_t CountSends(const std::vector<Course>& courses) {
  size_t n = 0, send = 0;
  for (const Course& course : courses) n += std::exchange(send, course.send) == course.send ? 0 : 1;
  return n;
}

// Events that give every other one its meaning, whoever was touched by them.
bool IsWeather(Kind kind) {
  return kind == Kind::kCut || kind == Kind::kHeal || kind == Kind::kCalm;
}

class Selector {
 public:
  Selector(const RunResult& result, const std::vector<Place>& places, const DrawOptions& options)
      : result_(result), timeline_(result.timeline), struck_(places), options_(options) {}

  Selection Select() {
    FindWindow();
    const std::vector<Course> all = CoursesOf(timeline_);
    for (const Course& course : all) {
      if (Hidden(course)) continue;
      if (InWindow(course.send) && (course.end == 0 || InWindow(course.end))) {
        out_.courses.push_back(course);
      }
    }
    past_.assign(timeline_.size() + 1, true);
    const size_t whole = CountSends(all);
    if (CountSends(out_.courses) > options_.messages_whole) Cut();
    MarkEvents();
    const size_t shown = CountSends(out_.courses);
    if (shown < whole) {
      out_.note = "showing " + Thousands(shown) + " of " + Thousands(whole) + " messages" +
                  (why_.empty() ? "" : ": " + why_);
      NoteLeftOut(all);
    }
    return std::move(out_);
  }

 private:
  bool InWindow(size_t event) const { return event >= out_.first && event <= out_.last; }
  Time At(size_t event) const { return timeline_[event - 1].at; }

  bool Hidden(const Course& course) const {
    const auto same = [this](size_t event) {
      return event == 0 ||
             (event < options_.shades.size() && options_.shades[event] == Shade::kSame);
    };
    return options_.hide_same && same(course.send) && same(course.end);
  }

  void FindWindow() {
    out_.last = timeline_.size();
    if (result_.verdict.event != 0) out_.last = std::min<size_t>(out_.last, result_.verdict.event);
    if (options_.until) {
      while (out_.last > 0 && At(out_.last) > *options_.until) --out_.last;
      why_ = "until " + Exactly(*options_.until);
    }
    if (options_.from) {
      while (out_.first < out_.last && At(out_.first) < *options_.from) ++out_.first;
      why_ = "from " + Exactly(*options_.from) + (why_.empty() ? "" : " ") + why_;
    }
    stretches_ = {{out_.first, out_.last}};
  }

  // Leaves what can have caused the violation; then as much as is allowed.
  void Cut() {
    const Verdict& verdict = result_.verdict;
    const bool causal = verdict.failed() && out_.last == verdict.event && !options_.cone;
    if (causal) {
      past_ = CausalPast(timeline_, verdict.event, verdict.node);
      std::erase_if(out_.courses, [this](const Course& course) {
        if (!past_[course.send] || course.fate == Course::Fate::kUnderway) return true;
        return course.arrived() && !past_[course.end];
      });
    }
    if (!why_.empty()) why_ += ", ";
    why_ += causal && verdict.node != kNobody ? "the causal past of the violation" : "";
    if (CountSends(out_.courses) > options_.messages_at_most) TakeStretches();
  }

  // The end of the run, and the surroundings of each departure where there are few.
  void TakeStretches() {
    const std::vector<size_t> places = DepartedAt();
    const bool surround = !places.empty() && places.size() <= kSurroundedAtMost;
    const size_t most = std::max<size_t>(options_.messages_at_most, 1);
    const size_t around = surround ? most / 3 / places.size() : 0;
    stretches_.clear();
    // A message has more than one course at times; taking a few too few is harmless.
    for (size_t place : places) {
      if (around != 0) TakeAround(place, around);
    }
    const size_t rest = most - around * places.size();
    const size_t from = out_.courses.size() - std::min(rest, out_.courses.size());
    stretches_.push_back({out_.courses[from].send, out_.last});
    std::erase_if(out_.courses, [this](const Course& course) {
      return !Within(course.send) || (course.end != 0 && !Within(course.end));
    });
    out_.first = out_.last;
    for (const Stretch& stretch : stretches_) out_.first = std::min(out_.first, stretch.first);
    const Duration length = At(out_.last) - At(stretches_.back().first);
    why_ += (why_.empty() || why_.ends_with(", ") ? "the " : ", ") + std::string("last ") +
            Roughly(length) + (around != 0 ? " and around the departures" : "");
  }

  void TakeAround(size_t place, size_t count) {
    const auto& courses = out_.courses;
    const auto at = std::ranges::lower_bound(courses, place, {}, &Course::send);
    size_t first = static_cast<size_t>(at - courses.begin());
    first -= std::min(first, count / 3);
    const size_t last = std::min(first + count, courses.size());
    if (first == last) return;
    Stretch stretch{std::min(courses[first].send, place), place};
    for (size_t i = first; i < last; ++i) {
      stretch.last = std::max({stretch.last, courses[i].send, courses[i].end});
    }
    // One message that took seconds must not pull in all that happened meanwhile.
    if (last < courses.size()) {
      stretch.last = std::min(stretch.last, std::max(place, courses[last].send) + count);
    }
    stretches_.push_back(stretch);
  }

  // The events at which departures struck, if within the window; each once.
  std::vector<size_t> DepartedAt() const {
    std::vector<size_t> places;
    for (const Place& place : struck_) {
      if (place.event != 0 && InWindow(place.event)) places.push_back(place.event);
    }
    std::ranges::sort(places);
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return places;
  }

  bool Within(size_t event) const {
    return std::ranges::any_of(stretches_, [event](const Stretch& stretch) {
      return event >= stretch.first && event <= stretch.last;
    });
  }

  void MarkEvents() {
    out_.events.assign(timeline_.size() + 1, false);
    for (size_t i = out_.first; i <= out_.last && i <= timeline_.size(); ++i) {
      const Kind kind = timeline_[i - 1].kind;
      out_.events[i] = (past_[i] && Within(i)) || IsWeather(kind) ||
                       (past_[i] && (kind == Kind::kCrash || kind == Kind::kBoot));
    }
  }

  void NoteLeftOut(const std::vector<Course>& all) {
    size_t shown = 0, send = 0;
    for (const Course& course : all) {
      if (std::exchange(send, course.send) == course.send || !InWindow(course.send)) continue;
      while (shown < out_.courses.size() && out_.courses[shown].send < course.send) ++shown;
      const bool is_shown = shown < out_.courses.size() && out_.courses[shown].send == course.send;
      if (!is_shown) out_.left_out.push_back(At(course.send));
    }
  }

  const RunResult& result_;
  const Timeline& timeline_;
  const std::vector<Place>& struck_;
  const DrawOptions& options_;
  Selection out_;
  std::vector<bool> past_;          // By number: what may be shown at all.
  std::vector<Stretch> stretches_;  // What is shown of it.
  std::string why_;
};

}  // namespace

Selection Select(const RunResult& result, const std::vector<Place>& places,
                 const DrawOptions& options) {
  return Selector(result, places, options).Select();
}

}  // namespace reprise
