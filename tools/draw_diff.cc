#include "tools/draw_diff.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "tools/drawing.h"
#include "tools/wording.h"

namespace reprise {
namespace {

constexpr double kBetween = 62;  // Free between the two, for names and what the first ended with.

std::vector<Shade> ShadesOf(const std::vector<size_t>& matches, Shade only) {
  std::vector<Shade> shades;
  for (size_t match : matches) shades.push_back(match == 0 ? only : Shade::kSame);
  return shades;
}

size_t CountSends(const Timeline& timeline, Time from, Time until,
                  const std::vector<Shade>* differing) {
  size_t n = 0;
  for (size_t i = 0; i < timeline.size(); ++i) {
    const Event e = timeline[i];
    if (e.kind != Event::Kind::kSend || e.at < from || e.at > until) continue;
    n += differing == nullptr || (*differing)[i + 1] != Shade::kSame ? 1 : 0;
  }
  return n;
}

class DiffDrawing {
 public:
  DiffDrawing(const Remade& one, const Remade& other, const Alignment& alignment, size_t messages)
      : one_(one), other_(other), alignment_(alignment), messages_(messages) {}

  std::string Draw() {
    Choose();
    const Picture first = MakePicture(one_.scenario, one_.run, options_[0]);
    const Picture second = MakePicture(other_.scenario, other_.run, options_[1]);
    std::vector<Time> moments = MomentsOf(first);
    const std::vector<Time> more = MomentsOf(second);
    moments.insert(moments.end(), more.begin(), more.end());
    if (differ_at_) moments.push_back(*differ_at_);
    const Axis axis(std::move(moments), std::min(TypicalOf(first), TypicalOf(second)));
    const double callout = first.callout ? 80 : 0;
    const double base = Drawing::HeightOf(second) + kBetween + callout;
    top_ = base + Drawing::HeightOf(first) - Drawing::HeightOf({}) / 2;
    low_ = -Drawing::HeightOf({}) / 2;
    DrawGround(axis);
    Drawing(first, axis, dot_, base).DrawBody();
    Drawing(second, axis, dot_, 0).DrawBody();
    DrawName(one_, top_ + 25, paint::kGreen);
    DrawName(other_, low_ + Drawing::HeightOf(second) + 14, paint::kRed);
    DrawHead(first, second);
    return dot_.Finish(other_.name);
  }

 private:
  // What of both is shown: the same stretch of time.
  void Choose() {
    std::array<std::vector<Shade>, 2> shades = {ShadesOf(alignment_.of_one, Shade::kOnlyPass),
                                                ShadesOf(alignment_.of_other, Shade::kOnlyFail)};
    const Timeline* timelines[] = {&one_.run.timeline, &other_.run.timeline};
    if (alignment_.first != 0) {
      differ_at_ = kForever;
      for (const Timeline* t : timelines) {
        if (alignment_.first <= t->size()) {
          differ_at_ = std::min(*differ_at_, (*t)[alignment_.first - 1].at);
        }
      }
    }
    Time end = other_.run.verdict.failed() ? other_.run.verdict.at : other_.run.end;
    if (one_.run.verdict.failed()) end = std::max(end, one_.run.verdict.at);
    const Time from = FromBefore(other_.run.timeline, messages_ / 4);
    const auto count = [&](bool differing) {
      size_t most = 0;
      for (int i = 0; i < 2; ++i) {
        most = std::max(most, CountSends(*timelines[i], from, end,
                                         differing ? &shades[static_cast<size_t>(i)] : nullptr));
      }
      return most;
    };
    hide_same_ = count(false) > messages_;
    while (hide_same_ && count(true) > messages_ && end > from) {
      end = from + (end - from) * 3 / 4;
      shortened_ = true;
    }
    for (size_t i = 0; i < 2; ++i) {
      options_[i] = {.messages_whole = ~size_t{0},
                     .messages_at_most = ~size_t{0},
                     .from = from,
                     .until = end,
                     .shades = std::move(shades[i]),
                     .hide_same = hide_same_};
    }
  }

  // A few messages before the runs part; the beginning, where that is no more.
  Time FromBefore(const Timeline& timeline, size_t messages) const {
    size_t i = std::min(alignment_.first, timeline.size());
    for (size_t n = 0; i > 0; --i) {
      n += timeline[i - 1].kind == Event::Kind::kSend ? 1 : 0;
      if (n > messages) return timeline[i - 1].at;
    }
    return Time{};
  }

  void DrawGround(const Axis& axis) {
    const double right = axis.width() + 31;
    if (differ_at_) {
      const double x = axis.X(*differ_at_);
      dot_.Band({x, low_}, {right, top_}, "#D6283910");
    }
    for (const auto& fold : axis.folds()) {
      dot_.Band({fold.x_from, low_}, {fold.x_to, top_}, "#F4F7FC");
      const std::string text = "⋯ " + Roughly(fold.to - fold.from) + " ⋯";
      if (TextWidth(text, 7) > fold.x_to - fold.x_from) continue;
      dot_.Text({(fold.x_from + fold.x_to) / 2, low_ + 7}, text, {7, paint::kSame});
    }
    for (const auto& tick : axis.Ticks()) {
      dot_.Stroke({{tick.x, low_}, {tick.x, top_}}, paint::kGrid, 1);
      dot_.Text({tick.x, top_ + 9}, tick.text, {8, paint::kGrey});
    }
    if (!differ_at_) return;
    const double x = axis.X(*differ_at_);
    dot_.Stroke({{x, low_}, {x, top_ + 22}}, paint::kRed, 1.6, "dashed");
    const std::string text =
        "first difference: event " + Thousands(alignment_.first) + ", " + Exactly(*differ_at_);
    const double half = TextWidth(text, 9, true) / 2;
    const double free = TextWidth(NameOf(one_), 8.5, true) - 16;  // To the right of the name.
    dot_.Text({std::max(x, free + half), top_ + 30}, text, {9, paint::kRed, true, true});
  }

  static std::string NameOf(const Remade& made) {
    const Verdict& v = made.run.verdict;
    const bool pass = v.kind == Verdict::Kind::kPass;
    return std::string(pass         ? "PASS  "
                       : v.failed() ? "FAIL  "
                                    : "unknown  ") +
           Shorten(Clean(made.name), 70);
  }

  void DrawName(const Remade& made, double y, std::string_view usual) {
    const Verdict& v = made.run.verdict;
    const bool pass = v.kind == Verdict::Kind::kPass;
    const std::string_view color = pass ? paint::kGreen : v.failed() ? paint::kRed : usual;
    const std::string text = NameOf(made);
    const double width = TextWidth(text, 8.5, true) + 14;
    dot_.Pill({width / 2 - 42, y}, width, 16, {color, color, "#FFFFFF", 0.8}, text, 8.5, true);
  }

  void DrawHead(const Picture& first, const Picture& second) {
    double y = top_ + 52;
    const auto line = [&](const std::string& text, const Dot::Type& type, double height) {
      if (text.empty()) return;
      dot_.TextFrom({-48, y}, {text}, type);
      y += height;
    };
    std::string note = second.note;
    if (hide_same_) note = "only messages that differ are shown";
    if (shortened_) note += ", until there are too many";
    line(note, {8.5, paint::kInk}, 14);
    line("grey: the same in both  ·  green: only above  ·  red: only below  ·  " +
             Thousands(alignment_.same) + " events the same, " + Thousands(alignment_.moved) +
             " of them at another time, " + Thousands(alignment_.only_one) + " only above, " +
             Thousands(alignment_.only_other) + " only below",
         {8.5, paint::kGrey}, 17);
    line(second.callout  ? "why it fails: " + Shorten(second.title, 100)
         : first.callout ? Shorten(first.title, 110)
                         : Clean(other_.scenario.FullName()),
         {13, paint::kInk, true}, 0);
  }

  const Remade& one_;
  const Remade& other_;
  const Alignment& alignment_;
  const size_t messages_;
  std::array<DrawOptions, 2> options_;
  std::optional<Time> differ_at_;
  bool hide_same_ = false, shortened_ = false;
  double top_ = 0, low_ = 0;
  Dot dot_;
};

}  // namespace

std::string DrawDiff(const Remade& one, const Remade& other, const Alignment& alignment,
                     size_t messages) {
  return DiffDrawing(one, other, alignment, messages).Draw();
}

}  // namespace reprise
