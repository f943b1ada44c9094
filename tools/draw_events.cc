#include <algorithm>
#include <cmath>

#include "tools/drawing.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Fate = Course::Fate;
using MarkKind = Picture::Mark::Kind;

constexpr double kDot = 5.4;
constexpr double kPillHeight = 11;
constexpr size_t kFlagsWithText = 28;  // With more of them, tips must do.
constexpr size_t kFlagLines = 3;

constexpr std::string_view kTypeColors[] = {"#4A6FA5", "#0F8B8D", "#2F9E44", "#5C5FC4",
                                            "#A0682A", "#C2417C", "#6B7A2A", "#364FC7"};
constexpr std::string_view kFactColors[] = {"#3B5BDB", "#2B8A3E", "#7048E8",
                                            "#0B7285", "#A61E4D", "#5F3DC4"};

constexpr double kFaintPen = 0.8, kBoldPen = 2.2;

// Where a shade decides the colour.
std::optional<std::string_view> ShadeColor(Shade shade) {
  switch (shade) {
    case Shade::kSame: return paint::kSame;
    case Shade::kOnlyPass: return paint::kGreen;
    case Shade::kOnlyFail: return paint::kRed;
    case Shade::kFaded: return paint::kFaint;
    default: return std::nullopt;
  }
}

double PenOf(Shade shade) {
  switch (shade) {
    case Shade::kFaded: return kFaintPen;
    case Shade::kBold:
    case Shade::kOnlyPass:
    case Shade::kOnlyFail: return kBoldPen;
    default: return 1.2;
  }
}

Dot::Ink Solid(std::string_view color) { return {color, "#FFFFFF", "#FFFFFF", 0.8}; }
Dot::Ink Hollow(std::string_view color) { return {"#FFFFFF", color, color, 1.3}; }

XY Between(XY a, XY b, double part) { return {a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part}; }

std::string TipOf(const Picture::Arrow& arrow, const Picture& picture) {
  static constexpr std::string_view kFates[] = {
      "delivered", "a copy delivered", "damaged",       "a copy for an earlier boot delivered",
      "dropped",   "cut off",          "receiver down", "still underway"};
  return picture.lanes[arrow.from].name + ">" + picture.lanes[arrow.to].name + " " + arrow.text +
         " sent at " + Exactly(arrow.sent) + ", " +
         std::string(kFates[static_cast<size_t>(arrow.fate)]) +
         (arrow.arrives.empty() ? "" : " to " + arrow.arrives) +
         (arrow.ended > arrow.sent ? " at " + Exactly(arrow.ended) : "");
}

}  // namespace

std::string_view Drawing::ColorOfType(const std::string& type) const {
  return kTypeColors[types_.at(type) % std::size(kTypeColors)];
}

std::string_view Drawing::ColorOf(const Picture::Arrow& arrow) const {
  return ShadeColor(arrow.shade).value_or(ColorOfType(arrow.type));
}

std::string_view Drawing::ColorOfFact(const std::string& type) const {
  return kFactColors[facts_.at(type) % std::size(kFactColors)];
}

// With so much room across the lanes.
bool Drawing::HitsLane(XY centre, double height) const {
  const double lane = base_ + std::round((centre.y - base_) / gap_) * gap_;
  return std::abs(centre.y - lane) < height / 2 + 3;
}

// How many lanes away the partition runs that stopped the message; half a lane where nobody knows.
double Drawing::BorderOn(const Picture::Arrow& arrow) const {
  for (const auto& span : picture_.spans) {
    if (arrow.sent < span.from || arrow.ended > span.to) continue;
    for (const auto& side : span.sides) {
      if (std::ranges::find(side, arrow.from) == side.end()) continue;
      if (std::ranges::find(side, arrow.to) != side.end()) continue;
      const size_t step = arrow.to > arrow.from ? 1 : ~size_t{0};
      size_t lane = arrow.from;
      while (lane != arrow.to && std::ranges::find(side, lane) != side.end()) lane += step;
      return std::abs(static_cast<double>(lane) - static_cast<double>(arrow.from)) - 0.5;
    }
  }
  return 0.5;
}

// A message that is lost ends between the lanes, the further right the further it had to go, so
// that those of one broadcast fan out.
XY Drawing::EndOf(const Picture::Arrow& arrow) const {
  const double y = Y(arrow.from), to = Y(arrow.to);
  if (arrow.arrived) return {X(arrow.ended), to};
  const double away = to < y ? -1 : 1;
  if (arrow.fate == Fate::kNobodyUp) return {X(arrow.ended), to - away * 5};
  const double lanes = std::abs(to - y) / gap_;
  const double border = arrow.fate == Fate::kCutOff ? BorderOn(arrow) : 0.6;
  return {std::max(X(arrow.sent) + 10 + 10 * std::max(lanes, border), X(arrow.ended)),
          y + away * border * gap_};
}

void Drawing::DrawArrows() {
  for (const auto& arrow : picture_.arrows) DrawArrow(arrow);
}

void Drawing::DrawArrow(const Picture::Arrow& arrow) {
  const std::string_view color = ColorOf(arrow);
  const double pen = PenOf(arrow.shade);
  const std::string tip = TipOf(arrow, picture_);
  if (arrow.from == arrow.to) return DrawSelfArrow(arrow, color, tip);
  const XY a{X(arrow.sent), Y(arrow.from)}, b = EndOf(arrow);
  const std::string from = dot_.Circle(a, kDot, Solid(color), tip);
  const auto lost = [&](std::string_view usual) {
    const std::string_view paint = ShadeColor(arrow.shade).value_or(usual);
    Claim(b, 11, 11);
    const std::string to = dot_.Circle(b, 10.8, Solid(paint), tip, "×", 9);
    dot_.Edge(from, to, {paint, pen, "dashed", "none"}, tip);
  };
  const auto pilled = [&](std::string_view usual, std::string_view words) {
    const std::string_view paint = ShadeColor(arrow.shade).value_or(usual);
    dot_.Edge(from, dot_.Circle(b, kDot, Hollow(paint), tip), {paint, pen, "dashed"}, tip);
    const XY middle = Between(a, b, 0.62);
    const double width = words == "×2" ? 15.8 : 20;
    Claim(middle, width, 11);
    dot_.Pill(middle, width, 10.8, Solid(paint), std::string(words), 7.5, false, tip);
  };
  switch (arrow.fate) {
    case Fate::kDelivered:
      dot_.Edge(from, dot_.Circle(b, kDot, Hollow(color), tip), {color, pen}, tip);
      break;
    case Fate::kDuplicate: pilled(paint::kPurple, "×2"); break;
    case Fate::kStale: pilled(paint::kPurple, "old"); break;
    case Fate::kDamaged: pilled(paint::kRed, "bad"); break;
    case Fate::kDropped: lost(paint::kRed); break;
    case Fate::kCutOff: lost(paint::kOrange); break;
    case Fate::kNobodyUp: lost(paint::kDown); break;
    case Fate::kUnderway: dot_.Edge(from, dot_.Point(b), {color, 1.0, "dotted", "vee"}, tip); break;
  }
}

void Drawing::DrawSelfArrow(const Picture::Arrow& arrow, std::string_view color,
                            const std::string& tip) {
  const double y = Y(arrow.from), pen = PenOf(arrow.shade);
  const std::string from = dot_.Circle({X(arrow.sent), y}, kDot, Solid(color), tip);
  const double end = std::max(X(arrow.ended), X(arrow.sent) + 8);
  const std::string top = dot_.Point({(X(arrow.sent) + end) / 2, y - 12});
  const std::string to = dot_.Circle({end, y}, kDot, Hollow(color), tip);
  dot_.Edge(from, top, {color, pen, "solid", "none"}, tip);
  dot_.Edge(top, to, {color, pen}, tip);
}

// Where there is no room for what a message says, its type; where not even for that, nothing.
void Drawing::LabelArrows() {
  static constexpr double kParts[] = {0.38, 0.5, 0.27, 0.6, 0.7, 0.2, 0.8};
  for (const auto& arrow : picture_.arrows) {
    if (arrow.repeats || arrow.text.empty() || arrow.extra) continue;
    if (arrow.shade == Shade::kFaded) continue;
    const XY a{X(arrow.sent), Y(arrow.from)}, b = EndOf(arrow);
    const std::string_view color = ColorOf(arrow);
    bool placed = false;
    for (const std::string& text : {Shorten(arrow.text, 24), Shorten(arrow.type, 20)}) {
      const double width = TextWidth(text, kLabelSize) + 4;
      for (const double part : kParts) {
        const XY at = Between(a, b, part);
        if (placed || HitsLane(at, turned() ? width : 9) || !Take(at, width, 9.5)) continue;
        dot_.Text(at, text, {kLabelSize, color, false, true}, TipOf(arrow, picture_));
        placed = true;
      }
      if (text.empty() || placed) break;
    }
  }
}

void Drawing::DrawMarks() {
  for (const auto& mark : picture_.marks) {
    const XY at{X(mark.at), Y(mark.lane)};
    const std::string tip = mark.text + " at " + Exactly(mark.at);
    const std::string name = picture_.lanes[mark.lane].name;
    switch (mark.kind) {
      case MarkKind::kFact: DrawFact(mark); break;
      case MarkKind::kCrash:
        dot_.Circle(at, 15.8, Solid(paint::kRed), name + " crashed at " + Exactly(mark.at), "×",
                    13);
        dot_.Text(Beside(at, turned() ? 26 : 0, turned() ? 0 : -16), "crash",
                  {8, paint::kRed, true, true});
        break;
      case MarkKind::kRestart:
        dot_.Circle(at, 15.8, {"#FFFFFF", paint::kAmber, paint::kAmber, 1.8},
                    name + " restarted at " + Exactly(mark.at), "↻", 10);
        dot_.Text(Beside(at, turned() ? -28 : 0, turned() ? 0 : -16), "restart",
                  {8, paint::kAmber, true, true});
        break;
      case MarkKind::kExit: DrawNotice(mark, paint::kLane, "exit"); break;
      case MarkKind::kWrite:
        dot_.Stroke({{at.x, at.y - 1}, {at.x, at.y - 4}}, paint::kDown, 0.8);
        break;
      case MarkKind::kSync:
        dot_.Stroke({{at.x, at.y - 1}, {at.x, at.y - 6}}, paint::kLane, 1.8);
        break;
      case MarkKind::kSyncFail: DrawNotice(mark, paint::kRed, "sync failed " + mark.text); break;
      case MarkKind::kLose: DrawNotice(mark, paint::kGrey, "lost " + mark.text); break;
      case MarkKind::kRot: DrawNotice(mark, paint::kRed, "rot " + mark.text); break;
      case MarkKind::kMishap: DrawNotice(mark, paint::kRed, mark.text); break;
      case MarkKind::kClock: DrawNotice(mark, paint::kFlagText, "clock off"); break;
    }
  }
}

// "C1" for CheckpointTaken(1): wide labels on a lane would hide what arrives there.
std::string Drawing::BriefOf(const Picture::Mark& mark) const {
  const size_t open = mark.text.find('(');
  std::string inside = open == std::string::npos ? "" : mark.text.substr(open + 1);
  inside = inside.substr(0, inside.find_first_of(" )"));
  return InitialsOf(mark.type) + (inside.size() <= 4 ? inside : "");
}

// The first letter of a type, or all its capitals where another type of saved state begins like it.
std::string Drawing::InitialsOf(const std::string& type) const {
  const auto rival = [&](const Picture::Mark& mark) {
    return mark.saved_state && mark.type != type && mark.type[0] == type[0];
  };
  if (std::ranges::none_of(picture_.marks, rival)) return type.substr(0, 1);
  std::string capitals;
  for (char c : type) capitals += c >= 'A' && c <= 'Z' ? std::string(1, c) : "";
  return capitals;
}

double Drawing::WidthOf(const Picture::Mark& mark) const {
  return std::max(18.0, TextWidth(BriefOf(mark), 7.5, true) + 6);
}

// A checkpoint sits on its lane, as it divides it; all other facts beside it.
void Drawing::DrawFact(const Picture::Mark& mark) {
  const XY at{X(mark.at), Y(mark.lane)};
  const std::string text = Shorten(mark.text, 26);
  const std::string brief = BriefOf(mark);
  if (on_lane_.contains(mark.event)) {
    dot_.Pill(at, WidthOf(mark), 13.6, Solid(paint::kBlue), brief, 7.5, true,
              mark.text + " at " + Exactly(mark.at));
    return;
  }
  DrawNotice(mark, mark.saved_state ? paint::kBlue : ColorOfFact(mark.type), text);
}

void Drawing::DrawNotice(const Picture::Mark& mark, std::string_view usual,
                         const std::string& text) {
  const XY at{X(mark.at), Y(mark.lane)};
  const std::string tip = (mark.text.empty() ? text : mark.text) + " at " + Exactly(mark.at);
  const std::string_view color = ShadeColor(mark.shade).value_or(usual);
  // What a crash loses lies under its sign.
  if (mark.kind != MarkKind::kLose) dot_.Diamond(at, 6.5, Solid(color), tip);
  if (mark.shade == Shade::kFaded) return;
  const std::string type = Shorten(mark.type, 18);
  // Away from the middle of the page, where most messages come from.
  const double side = 2 * mark.lane < picture_.lanes.size() ? 1 : -1;
  for (const std::string& words : {Shorten(text, 26), type}) {
    const double width = TextWidth(words, kLabelSize) + 7;
    for (const XY centre : NoticePlaces(at, width, side)) {
      if (words.empty() || !Take(centre, width + 2, kPillHeight + 1)) continue;
      const double back = turned() ? 0 : centre.y > at.y ? -kPillHeight / 2 : kPillHeight / 2;
      dot_.Stroke({at, {turned() ? centre.x : at.x, centre.y + back}}, color, 0.8);
      dot_.Pill(centre, width, kPillHeight, {"#FFFFFFF0", color, color, 0.8}, words, kLabelSize,
                false, tip);
      return;
    }
  }
}

// Where a notice of that width may stand, the best place first.
std::vector<XY> Drawing::NoticePlaces(XY at, double width, double side) const {
  std::vector<XY> places;
  for (const double away : {13.0, -13.0, 26.0, -28.0, 38.0, -40.0}) {
    const double dy = away * side;
    for (const double part : {0.0, 0.42, -0.42}) {
      if (turned()) {  // Beside its lane, at its height or a little off.
        const double right = (away > 0 ? 1 : -1) * (width / 2 + 9);
        places.push_back(Beside(at, -side * right, part * std::abs(away)));
      } else {
        places.push_back({at.x + width * part, at.y + dy});
      }
    }
  }
  return places;
}

void Drawing::DrawFlags() {
  const bool with_text = picture_.flags.size() <= kFlagsWithText;
  for (const auto& flag : picture_.flags) DrawFlag(flag, with_text);
}

// On the message it concerns; else over the node; else over all.
XY Drawing::PlaceOf(const Picture::Flag& flag) {
  const double x = X(flag.at);
  if (flag.lane == Picture::kNoLane) {
    const XY at{x, Top() - 20};
    dot_.Stroke({at, {x, Bottom()}}, "#F08C0060", 0.8, "dotted");
    return at;
  }
  for (const auto& arrow : picture_.arrows) {
    if (arrow.send != flag.event || arrow.from != flag.lane || arrow.to != flag.peer) continue;
    const XY a{X(arrow.sent), Y(arrow.from)}, b = EndOf(arrow);
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (length > 0) return Between(a, b, std::min(0.5, 13 / length));
  }
  const XY at{x, Y(flag.lane) + 17};
  dot_.Stroke({at, {x, Y(flag.lane)}}, paint::kFlag, 0.8);
  return at;
}

void Drawing::DrawFlag(const Picture::Flag& flag, bool with_text) {
  const XY at = PlaceOf(flag);
  std::string tip = "departure: ";
  for (const std::string& text : flag.texts) tip += (&text == &flag.texts[0] ? "" : ", ") + text;
  dot_.Diamond(at, 11, Solid(paint::kFlag), tip);
  Claim(at, 9, 9);
  if (!with_text) return;
  std::vector<std::string> lines(flag.texts.begin(),
                                 flag.texts.begin() + std::min(flag.texts.size(), kFlagLines));
  if (flag.texts.size() > kFlagLines) {
    lines.back() += " and " + Thousands(flag.texts.size() - kFlagLines) + " more";
  }
  double width = 0;
  for (const auto& line : lines) width = std::max(width, TextWidth(line, 7, true) + 3);
  const double height = 8.5 * static_cast<double>(lines.size()) + 1;
  const double side = width / 2 + 7, over = height / 2 + 7;
  const XY places[] = {{side, 0},  {-side, 0},    {0, over},      {side, over},  {-side, over},
                       {0, -over}, {side, -over}, {-side, -over}, {0, over + 12}};
  for (const XY& place : places) {
    const XY centre = Beside(at, place.x, place.y);
    if (!IsFree(centre, width, height) && &place != std::end(places) - 1) continue;
    if (HitsLane(centre, turned() ? width : height - 3) && &place != std::end(places) - 1) continue;
    Claim(centre, width, height);
    double up = height / 2 - 4.5;
    for (const auto& line : lines) {
      dot_.Text(Beside(centre, 0, up), line, {7, paint::kFlagText, true, true}, tip);
      up -= 8.5;
    }
    return;
  }
}

}  // namespace reprise
