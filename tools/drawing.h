// A picture on its way to DOT: private to draw_dot.cc (what stands still: lanes, bands, axis,
// title, legend) and draw_events.cc (what happens: messages, marks, flags).

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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
                                  kTeal = "#0F8B8D", kGreen = "#2F9E44", kSame = "#9AA5B1",
                                  kFaint = "#D3DAE1";

}  // namespace paint

// The moments at which something in a picture happens, and how long its messages take: what an
// axis is made for.
std::vector<Time> MomentsOf(const Picture& picture);
Duration TypicalOf(const Picture& picture);
// Words of a text in lines of about that length.
std::vector<std::string> Wrap(const std::string& text, size_t length, size_t lines_most);

class Drawing {
 public:
  explicit Drawing(const Picture& picture);
  // On somebody else's page: from `base` up, with times as that axis has them.
  Drawing(const Picture& picture, const Axis& axis, Dot& dot, double base);

  std::string Draw();
  // Without title, grid and legend.
  void DrawBody();

  // From the lowest lane to the middle of the first, with the margins on either side.
  static double HeightOf(const Picture& picture) {
    return (picture.lanes.empty() ? 0 : static_cast<double>(picture.lanes.size() - 1) * kLaneGap) +
           2 * kMargin;
  }

 private:
  static constexpr double kLaneGap = 68, kWideLaneGap = 132, kMargin = 44, kLabelSize = 6.8;

  // draw_dot.cc
  void DrawGrid();
  void DrawCuts();
  void DrawCutLine(const Picture::Span& span);
  void DrawLanes();
  void DrawLane(size_t lane, double from, double to);
  void DrawCalm();
  void DrawHead();
  void DrawCallout();
  void DrawLegend();
  // Where it begins on the page as it will be, and how far to the right it may go.
  std::pair<XY, double> LegendPlace() const;
  double X(Time at) const { return axis_.X(at); }
  double Y(size_t lane) const {
    return base_ + static_cast<double>(picture_.lanes.size() - 1 - lane) * gap_;
  }
  double Top() const { return (picture_.lanes.empty() ? base_ : Y(0)) + kMargin; }
  double Bottom() const { return base_ - kMargin; }

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

  void ClaimPlaces();
  bool turned() const { return picture_.vertical; }
  // What lies that far to the right and above, on the page as it will be.
  XY Beside(XY at, double right, double up) const {
    return turned() ? XY{at.x - up, at.y - right} : XY{at.x + right, at.y + up};
  }
  // Of an area of that width and height on the page as it will be.
  bool Take(XY centre, double width, double height) {
    return turned() ? room_.Take(centre, height, width) : room_.Take(centre, width, height);
  }
  void Claim(XY centre, double width, double height) {
    turned() ? room_.Claim(centre, height, width) : room_.Claim(centre, width, height);
  }
  bool IsFree(XY centre, double width, double height) const {
    return turned() ? room_.IsFree(centre, height, width) : room_.IsFree(centre, width, height);
  }
  std::vector<XY> NoticePlaces(XY at, double width, double side) const;
  std::string_view ColorOf(const Picture::Arrow& arrow) const;

  const Picture& picture_;
  std::optional<Axis> own_axis_;
  const Axis& axis_;
  Dot own_dot_;
  Dot& dot_;
  double base_ = 0;        // Where the lowest lane is,
  double gap_ = kLaneGap;  // and how far it is to the next.
  Room room_;
  std::map<std::string, size_t> types_, facts_;  // Those there are, by their order of appearance.
  std::set<size_t> on_lane_;  // Saved states that have their place there, by event.
};

}  // namespace reprise
