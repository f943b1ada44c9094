#include "tools/draw_dot.h"

#include <algorithm>
#include <functional>
#include <set>

#include "tools/drawing.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Fate = Course::Fate;
using MarkKind = Picture::Mark::Kind;
using SpanKind = Picture::Span::Kind;

constexpr double kAfter = 31;  // Lanes go on for a little after the last event.
constexpr double kHeadLeft = -48;
constexpr size_t kReasonLine = 58, kReasonLines = 5;
constexpr size_t kTypesInLegend = 8;

size_t CalloutLines(const Picture& picture) {
  return 1 + Wrap(picture.callout->reason, kReasonLine, kReasonLines).size();
}

}  // namespace

std::vector<Time> MomentsOf(const Picture& picture) {
  std::vector<Time> moments;
  for (const auto& arrow : picture.arrows) moments.insert(moments.end(), {arrow.sent, arrow.ended});
  for (const auto& mark : picture.marks) moments.push_back(mark.at);
  for (const auto& flag : picture.flags) moments.push_back(flag.at);
  for (const auto& span : picture.spans) moments.insert(moments.end(), {span.from, span.to});
  if (picture.calm) moments.push_back(*picture.calm);
  if (picture.callout) moments.push_back(picture.callout->at);
  return moments;
}

// How long messages take.
Duration TypicalOf(const Picture& picture) {
  std::vector<Duration> lengths;
  for (const auto& arrow : picture.arrows) {
    if (arrow.ended > arrow.sent) lengths.push_back(arrow.ended - arrow.sent);
  }
  if (lengths.empty()) return std::max((picture.last - picture.first) / 20, Duration(1));
  std::ranges::nth_element(lengths, lengths.begin() + static_cast<long>(lengths.size() / 2));
  return lengths[lengths.size() / 2];
}

// Words of a text in lines of about that length.
std::vector<std::string> Wrap(const std::string& text, size_t length, size_t lines_most) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::min(text.find(' ', i), text.size());
    std::string word = text.substr(i, end - i);
    if (lines.back().empty()) {
      lines.back() = word;
    } else if (Length(lines.back()) + 1 + Length(word) <= length) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
    i = end + 1;
  }
  if (lines.size() > lines_most) {
    lines.resize(lines_most);
    lines.back() += " …";
  }
  for (auto& line : lines) line = Shorten(line, length + 8);  // A word may be a page long.
  return lines;
}

Drawing::Drawing(const Picture& picture)
    : picture_(picture),
      own_axis_(Axis(MomentsOf(picture), TypicalOf(picture))),
      axis_(*own_axis_),
      own_dot_({picture.dark, picture.vertical}),
      dot_(own_dot_),
      gap_(picture.vertical ? kWideLaneGap : kLaneGap) {
  ClaimPlaces();
}

Drawing::Drawing(const Picture& picture, const Axis& axis, Dot& dot, double base)
    : picture_(picture), axis_(axis), dot_(dot), base_(base) {
  ClaimPlaces();
}

void Drawing::ClaimPlaces() {
  const Picture& picture = picture_;
  for (size_t lane = 0; turned() && lane < picture.lanes.size(); ++lane) {
    Claim({-26, Y(lane)}, 34, 40);  // Its name, which is at the head of the page.
  }
  for (const auto& arrow : picture.arrows) types_.insert({arrow.type, types_.size()});
  for (const auto& mark : picture.marks) {
    if (mark.kind == MarkKind::kFact) facts_.insert({mark.type, facts_.size()});
    if (mark.saved_state && Take({X(mark.at), Y(mark.lane)}, WidthOf(mark), 14)) {
      on_lane_.insert(mark.event);
    }
    if (mark.kind != MarkKind::kCrash && mark.kind != MarkKind::kRestart) continue;
    Claim({X(mark.at), Y(mark.lane) - 6}, 26, 30);
  }
  if (picture.callout && picture.callout->lane != Picture::kNoLane) {
    Claim({X(picture.callout->at), Y(picture.callout->lane)}, 18, 18);
  }
}

std::string Drawing::Draw() {
  DrawGrid();
  DrawBody();
  DrawHead();
  DrawLegend();
  return dot_.Finish(picture_.title);
}

void Drawing::DrawBody() {
  DrawCuts();
  DrawLanes();
  DrawCalm();
  DrawArrows();
  DrawFlags();
  DrawMarks();
  LabelArrows();
  DrawCallout();
}

void Drawing::DrawGrid() {
  for (const auto& fold : axis_.folds()) {
    dot_.Band({fold.x_from, Bottom()}, {fold.x_to, Top()}, "#F4F7FC");
    const auto first = std::ranges::upper_bound(picture_.left_out, fold.from);
    const auto last = std::ranges::lower_bound(picture_.left_out, fold.to);
    const std::string length = Roughly(fold.to - fold.from);
    std::string text = "⋯ " + length + " ⋯";
    if (last > first) {
      const std::string count = Thousands(static_cast<uint64_t>(last - first));
      const std::string longer = "⋯ " + count + " more, " + length + " ⋯";
      if (TextWidth(longer, 7) < fold.x_to - fold.x_from) text = longer;
    }
    if (!turned() && TextWidth(text, 7) > fold.x_to - fold.x_from) continue;
    dot_.Text({(fold.x_from + fold.x_to) / 2, turned() ? Top() - 30 : Bottom() + 7}, text,
              {7, "#9AA5B1"});
  }
  for (const auto& tick : axis_.Ticks()) {
    dot_.Stroke({{tick.x, Bottom()}, {tick.x, Top()}}, paint::kGrid, 1);
    dot_.Text({tick.x, Top() + (turned() ? 26 : 9)}, tick.text, {8, paint::kGrey});
  }
}

void Drawing::DrawCuts() {
  size_t n = 0;
  for (const auto& span : picture_.spans) {
    if (span.kind != SpanKind::kCut) continue;
    const double from = X(span.from), to = std::max(X(span.to), from + 2);
    dot_.Band({from, Bottom()}, {to, Top()}, "#E8590C14");
    for (double x : {from, to}) {
      dot_.Stroke({{x, Bottom()}, {x, Top()}}, "#E8590C90", 1, "dotted");
    }
    DrawCutLine(span);
    const std::string text = "partition  " + Shorten(span.text, 60);
    const double width = TextWidth(text, 8.5, true) + 4;
    // Partitions overlap; their names must not.
    for (double y = Top() - 7; n < 64; y -= 11, ++n) {
      XY at{std::max((from + to) / 2, width / 2 - 20), y};
      if (turned()) at = {(from + to) / 2 + (Top() - 7 - y), Bottom() - width / 2 - 6};
      if (y < Top() - 30 || Take(at, width, 10)) {
        dot_.Text(at, text, {8.5, paint::kOrange, true, false},
                  "from " + Exactly(span.from) + " to " + Exactly(span.to));
        break;
      }
    }
    n = 0;
  }
}

// Between neighbours on different sides.
void Drawing::DrawCutLine(const Picture::Span& span) {
  std::map<size_t, size_t> side_of;
  for (size_t side = 0; side < span.sides.size(); ++side) {
    for (size_t lane : span.sides[side]) side_of[lane] = side;
  }
  for (size_t lane = 1; lane < picture_.lanes.size(); ++lane) {
    const auto above = side_of.find(lane - 1), below = side_of.find(lane);
    if (above == side_of.end() || below == side_of.end() || above->second == below->second)
      continue;
    const double y = Y(lane) + gap_ / 2;
    dot_.Stroke({{X(span.from), y}, {X(span.to), y}}, paint::kOrange, 1.6, "dashed");
  }
}

// Bold as far as it can have caused anything, where that is shown.
void Drawing::DrawLane(size_t lane, double from, double to) {
  const double y = Y(lane);
  const auto& past = picture_.lanes[lane].past_until;
  if (!past) return dot_.Stroke({{from, y}, {to, y}}, paint::kLane, 1.4);
  const double until = std::clamp(X(*past), from, to);
  if (until > from) dot_.Stroke({{from, y}, {until, y}}, paint::kInk, 2.4);
  if (to > until) dot_.Stroke({{until, y}, {to, y}}, paint::kFaint, 1.4);
}

void Drawing::DrawLanes() {
  const double end = axis_.width() + kAfter;
  for (size_t lane = 0; lane < picture_.lanes.size(); ++lane) {
    const double y = Y(lane);
    double from = 0;
    for (const auto& span : picture_.spans) {
      if (span.kind != SpanKind::kDown || span.lane != lane) continue;
      const double down = X(span.from);
      const double up = span.to >= picture_.last ? end : X(span.to);
      DrawLane(lane, from, down);
      dot_.Band({down, y - 9}, {up, y + 9}, "#D6283922");
      dot_.Stroke({{down, y}, {up, y}}, "#D62839A0", 1.2, "dotted");
      from = up;
    }
    DrawLane(lane, from, end);
    const auto& names = picture_.lanes[lane];
    const std::string_view color = names.client ? "#8D99A6" : paint::kLane;
    dot_.Pill({-26, y}, 30.2, 17.3, {color, color, "#FFFFFF", 0.8}, names.name, 10, false);
    if (!names.role.empty()) {
      dot_.Text(Beside({-26, y}, 0, turned() ? 14 : -15), Shorten(names.role, 16),
                {6.5, paint::kGrey});
    }
  }
  // The page is as large as its nodes say, and the background is no node.
  dot_.Point({end, Bottom()});
  dot_.Point({end, Top()});
}

void Drawing::DrawCalm() {
  if (!picture_.calm) return;
  const double x = X(*picture_.calm);
  dot_.Stroke({{x, Bottom()}, {x, Top()}}, paint::kTeal, 1.2, "dashed");
  XY at{x, turned() ? Bottom() - 32 : Top() - 7};
  while (!turned() && !Take(at, 50, 10) && at.y > Top() - 40) at.y -= 11;
  dot_.Text(at, "the storm ends", {7.5, paint::kTeal, true, true});
}

void Drawing::DrawHead() {
  double y = turned() ? 66 : Top() + 28;
  const double left = turned() ? -Top() - 44 : kHeadLeft;
  dot_.Turn(false);
  const auto line = [&](const std::string& text, const Dot::Type& type, double height) {
    if (text.empty()) return;
    dot_.TextFrom({left, y}, {text}, type);
    y += height;
  };
  line(Shorten(picture_.elsewhere, 220), {7.5, paint::kFlagText}, 13);
  line(picture_.note, {8.5, paint::kInk}, 14);
  line(picture_.subtitle, {8.5, paint::kGrey}, 17);
  line(picture_.title, {13, picture_.failed ? "#B01E2E" : paint::kInk, true}, 0);
  dot_.Turn(turned());
}

void Drawing::DrawCallout() {
  if (!picture_.callout) return;
  const auto& callout = *picture_.callout;
  const std::string tip = callout.oracle + ": " + callout.reason;
  std::vector<std::string> lines = Wrap(callout.reason, kReasonLine, kReasonLines);
  lines.insert(lines.begin(),
               callout.oracle +
                   (callout.lane == Picture::kNoLane ? ", at the end"
                                                     : ", " + picture_.lanes[callout.lane].name) +
                   " at " + Exactly(callout.at));
  double width = 0;
  for (const auto& line : lines) width = std::max(width, TextWidth(line, 8, &line == &lines[0]));
  width += 20;
  const double height = 10.5 * static_cast<double>(lines.size()) + 10;
  const double x = X(callout.at);
  const double low = Bottom() - 6;
  const double centre =
      std::max(std::min(x, axis_.width() + kAfter - width / 2), width / 2 + kHeadLeft);
  const bool everywhere = callout.lane == Picture::kNoLane;
  const double from = everywhere ? Top() : Y(callout.lane);
  if (everywhere || !turned()) {
    dot_.Stroke({{x, from}, {x, turned() ? Bottom() : low}}, paint::kRed, 1,
                everywhere ? "solid" : "dotted");
  }
  if (!everywhere) dot_.Ringed({x, from}, 12.2, paint::kRed, tip);
  XY place{centre, low - height / 2};
  if (turned()) {  // Under all lanes, and as far to the right as they go at most.
    const double lane = everywhere ? (Top() + Bottom()) / 2 : from;
    place = {axis_.width() + kAfter + height / 2 + 4,
             std::clamp(lane, std::min(Bottom() + width / 2, Top()), Top())};
  }
  dot_.Box(place, width, height, {"#FFE3E3", paint::kRed, paint::kRed, 1}, lines, 8, tip);
}

namespace {

// What a legend explains: how wide its sign is, and how to draw it with its left end at a place.
struct Entry {
  std::string text;
  double width;
  std::function<void(XY)> sign;
};

class Legend {
 public:
  explicit Legend(Dot& dot) : dot_(dot) {}

  void Arrow(const std::string& text, std::string_view color, std::string_view style = "solid",
             std::string_view head = "normal") {
    entries_.push_back({text, 20, [=, this](XY at) {
                          const std::string from = dot_.Point(at);
                          dot_.Edge(from, dot_.Point({at.x + 19, at.y}), {color, 1.4, style, head});
                        }});
  }
  void Lost(const std::string& text, std::string_view color) {
    entries_.push_back({text, 11, [=, this](XY at) {
                          dot_.Circle({at.x + 5.5, at.y}, 10.8, {color}, {}, "×", 9);
                        }});
  }
  void Band(const std::string& text, std::string_view color) {
    entries_.push_back({text, 20, [=, this](XY at) {
                          dot_.Band({at.x, at.y - 5}, {at.x + 20, at.y + 5}, color);
                        }});
  }
  void Sign(const std::string& text, double width, std::function<void(XY)> sign) {
    entries_.push_back({text, width, std::move(sign)});
  }

  // In as many rows as it takes, down from there.
  void Draw(XY at, double right) {
    const double left = at.x;
    for (const Entry& entry : entries_) {
      const double width = TextWidth(entry.text, 7.5) * 1.06;
      if (at.x > left && at.x + entry.width + width > right) at = {left, at.y - 17};
      entry.sign(at);
      dot_.Text({at.x + entry.width + 4 + width / 2, at.y}, entry.text, {7.5, paint::kGrey});
      at.x += entry.width + width + 20;
    }
  }

 private:
  Dot& dot_;
  std::vector<Entry> entries_;
};

}  // namespace

std::pair<XY, double> Drawing::LegendPlace() const {
  double y = (turned() ? -axis_.width() - kAfter : Bottom()) - 24;
  if (picture_.callout) y -= 10.5 * static_cast<double>(CalloutLines(picture_)) + 16;
  if (turned()) return {{-Top() - 44, y}, std::max(-Bottom(), 420 - Top())};
  return {{kHeadLeft, y}, std::max(axis_.width() + kAfter, 500.0)};
}

// Only what occurs.
void Drawing::DrawLegend() {
  Legend legend(dot_);
  std::vector<std::string> names(types_.size());
  for (const auto& [type, i] : types_) names[i] = type;
  for (size_t i = 0; i < std::min(names.size(), kTypesInLegend); ++i) {
    legend.Arrow(names[i].empty() ? "message" : names[i], ColorOfType(names[i]));
  }
  if (names.size() > kTypesInLegend) {
    legend.Sign("and " + std::to_string(names.size() - kTypesInLegend) + " more types", 0,
                [](XY) {});
  }
  const auto any = [&](auto kind, const auto& things, auto member) {
    return std::ranges::any_of(things, [&](const auto& thing) { return thing.*member == kind; });
  };
  const auto fate = [&](Fate f) { return any(f, picture_.arrows, &Picture::Arrow::fate); };
  const auto mark = [&](MarkKind k) { return any(k, picture_.marks, &Picture::Mark::kind); };
  if (fate(Fate::kDropped)) legend.Lost("dropped", paint::kRed);
  if (fate(Fate::kCutOff)) legend.Lost("cut off by a partition", paint::kOrange);
  if (fate(Fate::kNobodyUp)) legend.Lost("receiver down", paint::kDown);
  const auto pill = [&](Fate f, const char* text, double width, std::string_view color,
                        const char* words) {
    if (!fate(f)) return;
    legend.Sign(text, width, [this, width, color, words](XY at) {
      dot_.Pill({at.x + width / 2, at.y}, width, 10.8, {color}, words, 7.5, false);
    });
  };
  pill(Fate::kDuplicate, "second copy", 15.8, paint::kPurple, "×2");
  pill(Fate::kStale, "copy for an earlier boot", 20, paint::kPurple, "old");
  pill(Fate::kDamaged, "damaged", 20, paint::kRed, "bad");
  if (fate(Fate::kUnderway)) legend.Arrow("still underway", paint::kGrey, "dotted", "vee");
  std::set<std::string> saved;
  for (const auto& m : picture_.marks) {
    if (m.saved_state && saved.insert(m.type).second) {
      legend.Sign(m.type, 18, [this, letters = InitialsOf(m.type)](XY at) {
        dot_.Pill({at.x + 9, at.y}, 18, 12, {paint::kBlue}, letters, 7.5, true);
      });
    }
  }
  if (facts_.size() > saved.size()) {
    legend.Sign("fact", 8, [this](XY at) {
      dot_.Diamond({at.x + 4, at.y}, 7.5, {paint::kBlue}, {});
    });
  }
  if (any(SpanKind::kDown, picture_.spans, &Picture::Span::kind)) legend.Band("down", "#D6283955");
  if (any(SpanKind::kCut, picture_.spans, &Picture::Span::kind))
    legend.Band("partition", "#E8590C30");
  if (mark(MarkKind::kWrite)) {
    legend.Sign("write", 3, [this](XY at) {
      dot_.Stroke({{at.x, at.y + 2}, {at.x, at.y - 2}}, paint::kDown, 0.8);
    });
  }
  if (mark(MarkKind::kSync)) {
    legend.Sign("sync", 3, [this](XY at) {
      dot_.Stroke({{at.x, at.y + 3}, {at.x, at.y - 3}}, paint::kLane, 1.8);
    });
  }
  if (!picture_.flags.empty()) {
    legend.Sign("departure from the calm run", 11, [this](XY at) {
      dot_.Diamond({at.x + 5.5, at.y}, 11, {paint::kFlag}, {});
    });
  }
  if (!axis_.folds().empty()) legend.Band("time folded", "#E4EAF5");
  const auto [at, right] = LegendPlace();
  dot_.Turn(false);
  legend.Draw(at, right);
  dot_.Turn(turned());
}

std::string DrawDot(const Picture& picture) { return Drawing(picture).Draw(); }

std::string DrawDot(const Scenario& scenario, const RunResult& result, const DrawOptions& options) {
  return DrawDot(MakePicture(scenario, result, options));
}

}  // namespace reprise
