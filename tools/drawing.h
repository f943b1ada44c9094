// A picture on its way to DOT: private to draw_dot.cc (what stands still: lanes, bands, axis,
// title, legend) and draw_events.cc (what happens: messages, marks, flags).

#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/axis.h"
#include "tools/dot.h"
#include "tools/picture.h"
#include "tools/room.h"

namespace reprise {

namespace paint {

inline constexpr std::string_view kInk = "#1F2933", kLane = "#52606D", kGrey = "#7B8794",
                                  kGrid = "#EEF1F4", kRed = "#D62839", kOrange = "#E8590C",
                                  kDown = "#8D99A6", kPurple = "#AE3EC9", kAmber = "#F0B429",
                                  kFlag = "#F08C00", kFlagText = "#B35900", kBlue = "#3B5BDB",
                                  kTeal = "#0F8B8D";

}  // namespace paint

class Drawing {
 public:
  explicit Drawing(const Picture& picture);

  std::string Draw();

 private:
  static constexpr double kLaneGap = 68, kMargin = 44, kLabelSize = 6.8;

  // draw_dot.cc
  void DrawGrid();
  void DrawCuts();
  void DrawCutLine(const Picture::Span& span);
  void DrawLanes();
  void DrawCalm();
  void DrawHead();
  void DrawCallout();
  void DrawLegend();
  double X(Time at) const { return axis_.X(at); }
  double Y(size_t lane) const {
    return static_cast<double>(picture_.lanes.size() - 1 - lane) * kLaneGap;
  }
  double Top() const { return (picture_.lanes.empty() ? 0 : Y(0)) + kMargin; }
  double Bottom() const { return -kMargin; }

  // draw_events.cc
  void DrawArrows();
  void DrawArrow(const Picture::Arrow& arrow);
  void DrawSelfArrow(const Picture::Arrow& arrow, std::string_view color, const std::string& tip);
  void LabelArrows();
  void DrawMarks();
  void DrawFact(const Picture::Mark& mark);
  void DrawNotice(const Picture::Mark& mark, std::string_view color, const std::string& text);
  void DrawFlags();
  void DrawFlag(const Picture::Flag& flag, bool with_text);
  double BorderOn(const Picture::Arrow& arrow) const;
  std::string BriefOf(const Picture::Mark& mark) const;
  double WidthOf(const Picture::Mark& mark) const;
  std::string InitialsOf(const std::string& type) const;
  XY EndOf(const Picture::Arrow& arrow) const;
  XY PlaceOf(const Picture::Flag& flag);
  bool HitsLane(XY centre, double height) const;
  std::string_view ColorOfType(const std::string& type) const;
  std::string_view ColorOfFact(const std::string& type) const;

  const Picture& picture_;
  Axis axis_;
  Dot dot_;
  Room room_;
  std::map<std::string, size_t> types_, facts_;  // Those there are, by their order of appearance.
  std::set<size_t> on_lane_;  // Saved states that have their place there, by event.
};

}  // namespace reprise
