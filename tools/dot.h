// Writes DOT for `neato -n2`, where every position is ours. Things that need no node of their own
// (bands, lanes, grid) go into the background, which costs no layout.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reprise {

// Text as it may stand between double quotes in DOT, where a viewer shows it as it is.
std::string Quoted(std::string_view clean);
// Text as it may stand in an HTML-like label.
std::string Html(std::string_view clean);
// About how wide that text is in points: fonts differ, so rather more than less.
double TextWidth(std::string_view clean, double font_size, bool bold = false);

struct XY {
  double x = 0, y = 0;
};

// A colour of a light page as a dark page has it; an alpha at its end stays.
std::string OnDark(std::string_view color);

class Dot {
 public:
  // A dark page has other colours; on a turned one what went to the right goes down, and what went
  // up goes to the left. Colours and places are always said as of a light page that is not turned.
  struct Page {
    bool dark = false, turned = false;
  };

  Dot() = default;
  explicit Dot(Page page) : page_(page), turned_(page.turned) {}
  // For what stands upright on a turned page, such as its title.
  void Turn(bool turned) { turned_ = turned; }

  struct Ink {
    std::string_view fill = "#FFFFFF", stroke = "#FFFFFF", text = "#FFFFFF";
    double pen = 0.8;
  };
  struct Type {
    double size = 8;
    std::string_view color = "#7B8794";
    bool bold = false;
    bool backed = false;  // On a white ground, so that lines behind do not cross it out.
  };
  struct Line {
    std::string_view color;
    double pen = 1.2;
    std::string_view style = "solid";
    std::string_view head = "normal";
  };

  // Each returns the name of the node, for edges. Texts are clean; tips show on hovering.
  std::string Point(XY at);
  std::string Circle(XY at, double diameter, const Ink& ink, std::string_view tip = {},
                     std::string_view text = {}, double size = 9);
  std::string Ringed(XY at, double diameter, std::string_view color, std::string_view tip);
  std::string Diamond(XY at, double size, const Ink& ink, std::string_view tip);
  std::string Pill(XY at, double width, double height, const Ink& ink, std::string_view text,
                   double size, bool bold, std::string_view tip = {});
  std::string Text(XY at, std::string_view text, const Type& type, std::string_view tip = {});
  // Lines of text that begin at x.
  std::string TextFrom(XY at, const std::vector<std::string>& lines, const Type& type);
  // A box of several lines of which the first is bold. Its place is that of its centre.
  std::string Box(XY at, double width, double height, const Ink& ink,
                  const std::vector<std::string>& lines, double size, std::string_view tip);
  void Edge(const std::string& from, const std::string& to, const Line& line,
            std::string_view tip = {});

  void Band(XY low, XY high, std::string_view color);
  void Stroke(const std::vector<XY>& points, std::string_view color, double pen,
              std::string_view style = "solid");

  std::string Finish(std::string_view title) const;

 private:
  std::string Node(XY at, const std::string& attributes, std::string_view tip);
  void Pen(std::string_view color, double pen, std::string_view style);
  std::string Paint(std::string_view color) const {
    return page_.dark ? OnDark(color) : std::string(color);
  }
  std::string InkOf(const Ink& ink) const;
  XY Map(XY at) const { return turned_ ? XY{-at.y, -at.x} : at; }

  Page page_;
  bool turned_ = false;

  size_t count_ = 0;
  std::string background_, nodes_, edges_;
};

}  // namespace reprise
