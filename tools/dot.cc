#include "tools/dot.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"
#include "tools/wording.h"

namespace reprise {
namespace {

// What a colour of a light page is on a dark one.
constexpr std::pair<std::string_view, std::string_view> kDark[] = {
    {"#FFFFFF", "#10171F"}, {"#1F2933", "#F1F5F9"}, {"#52606D", "#A0B0C0"}, {"#7B8794", "#8696A6"},
    {"#EEF1F4", "#1C2731"}, {"#D62839", "#FF6B6B"}, {"#B01E2E", "#FF8787"}, {"#E8590C", "#FF922B"},
    {"#8D99A6", "#6B7885"}, {"#AE3EC9", "#DA77F2"}, {"#F0B429", "#FFD43B"}, {"#F08C00", "#FFA94D"},
    {"#B35900", "#FFC078"}, {"#3B5BDB", "#748FFC"}, {"#0F8B8D", "#3BC9DB"}, {"#2F9E44", "#69DB7C"},
    {"#9AA5B1", "#66727F"}, {"#D3DAE1", "#2B3743"}, {"#FFE3E3", "#3B1219"}, {"#F4F7FC", "#16202B"},
    {"#E4EAF5", "#22303F"}, {"#D9E0E6", "#2B3744"}, {"#E4E9EE", "#26323D"}, {"#4A6FA5", "#74A9FF"},
    {"#5C5FC4", "#9A9CFF"}, {"#A0682A", "#E0A458"}, {"#C2417C", "#FF7EB6"}, {"#6B7A2A", "#C0D060"},
    {"#364FC7", "#8FA6FF"}, {"#2B8A3E", "#8CE99A"}, {"#7048E8", "#B197FC"}, {"#0B7285", "#66D9E8"},
    {"#A61E4D", "#FAA2C1"}, {"#5F3DC4", "#D0BFFF"}, {"#000000", "#000000"}};

constexpr std::string_view kFont = "Inter,Helvetica,Arial,sans-serif";

std::string Attribute(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + "\", ";
}

std::string Inches(double points) { return Fixed(points / 72, 4); }

std::string Size(double width, double height) {
  return Attribute("width", Inches(width)) + Attribute("height", Inches(height)) +
         Attribute("fixedsize", "true");
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

// An empty HTML-like label is an error, an empty quoted one is not.
std::string Label(std::string_view text, bool bold) {
  if (IsBlank(text)) return "label=\"\", ";
  return bold ? "label=<<B>" + Html(text) + "</B>>, " : "label=<" + Html(text) + ">, ";
}

// An operand of the background: its length in bytes, and it.
std::string Operand(std::string_view text) {
  return std::to_string(text.size()) + " -" + std::string(text) + " ";
}

// One line of several.
std::string HtmlLine(std::string_view text, bool bold) {
  const std::string html = IsBlank(text) ? "&#160;" : Html(text);
  return bold ? "<B>" + html + "</B>" : html;
}

std::string PointText(XY at) { return Fixed(at.x) + " " + Fixed(at.y) + " "; }

}  // namespace

std::string OnDark(std::string_view color) {
  for (const auto& [light, dark] : kDark) {
    if (color.starts_with(light))
      return std::string(dark) + std::string(color.substr(light.size()));
  }
  CHECK(color.empty());  // Each colour that is drawn stands in the table.
  return "";
}

std::string Dot::InkOf(const Ink& ink) const {
  return Attribute("fillcolor", Paint(ink.fill)) + Attribute("color", Paint(ink.stroke)) +
         Attribute("penwidth", Fixed(ink.pen)) + Attribute("fontcolor", Paint(ink.text));
}

std::string Quoted(std::string_view clean) {
  std::string out;
  for (char c : clean) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '&') {
      out += "&amp;";  // Or "&lt;" in a message would show as "<".
    } else {
      out += c;
    }
  }
  return out;
}

std::string Html(std::string_view clean) {
  std::string out;
  for (char c : clean) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

double TextWidth(std::string_view clean, double font_size, bool bold) {
  double width = 0;
  for (char c : clean) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    if (std::string_view("iljtfr.,:;|!'()[] ").find(c) != std::string_view::npos) {
      width += 0.34;
    } else if (std::string_view("mwMW%@").find(c) != std::string_view::npos) {
      width += 0.86;
    } else {
      width += c >= 'A' && c <= 'Z' ? 0.68 : 0.57;
    }
  }
  return width * font_size * (bold ? 1.08 : 1);
}

std::string Dot::Node(XY at, const std::string& attributes, std::string_view tip) {
  const std::string name = "x" + std::to_string(++count_);
  at = Map(at);
  nodes_ += "  " + name + " [" + attributes +
            (tip.empty() ? "" : Attribute("tooltip", Quoted(tip))) + "pos=\"" + Fixed(at.x) + "," +
            Fixed(at.y) + "!\"];\n";
  return name;
}

std::string Dot::Point(XY at) {
  return Node(at, "shape=\"point\", width=\"0.001\", height=\"0.001\", style=\"invis\", ", {});
}

std::string Dot::Circle(XY at, double diameter, const Ink& ink, std::string_view tip,
                        std::string_view text, double size) {
  return Node(at,
              "shape=\"circle\", style=\"filled\", " + Label(text, true) +
                  Size(diameter, diameter) + InkOf(ink) + Attribute("fontsize", Fixed(size)),
              tip);
}

std::string Dot::Ringed(XY at, double diameter, std::string_view color, std::string_view tip) {
  return Node(at,
              "shape=\"doublecircle\", style=\"filled\", label=\"\", " + Size(diameter, diameter) +
                  InkOf({color, color, color, 0.8}),
              tip);
}

std::string Dot::Diamond(XY at, double size, const Ink& ink, std::string_view tip) {
  return Node(
      at, "shape=\"diamond\", style=\"filled\", label=\"\", " + Size(size, size) + InkOf(ink), tip);
}

std::string Dot::Pill(XY at, double width, double height, const Ink& ink, std::string_view text,
                      double size, bool bold, std::string_view tip) {
  return Node(at,
              "shape=\"box\", style=\"rounded,filled\", " + Label(text, bold) +
                  Size(width, height) + InkOf(ink) + Attribute("fontsize", Fixed(size)),
              tip);
}

std::string Dot::Text(XY at, std::string_view text, const Type& type, std::string_view tip) {
  return Node(
      at,
      "shape=\"plaintext\", " + Label(text, type.bold) + Attribute("fontsize", Fixed(type.size)) +
          Attribute("fontcolor", Paint(type.color)) +
          (type.backed ? "style=\"filled\", " + Attribute("fillcolor", Paint("#FFFFFFD8")) : "") +
          "margin=\"0.012,0.0\", width=\"0.01\", height=\"0.01\", ",
      tip);
}

std::string Dot::TextFrom(XY at, const std::vector<std::string>& lines, const Type& type) {
  std::string label;
  double widest = 1;
  for (const std::string& line : lines) {
    if (!label.empty()) label += "<BR ALIGN=\"LEFT\"/>";
    label += HtmlLine(line, type.bold);
    widest = std::max(widest, TextWidth(line, type.size, type.bold) * 1.25);
  }
  // A node's place is that of its centre; the table makes it wider than its text, at a known width.
  label = "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"0\" CELLSPACING=\"0\" WIDTH=\"" +
          Fixed(widest, 0) + "\"><TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\">" + label +
          "</TD></TR></TABLE>";
  at = {Map(at).x + widest / 2, Map(at).y};
  at = turned_ ? XY{-at.y, -at.x} : at;
  return Node(at,
              "shape=\"plaintext\", label=<" + label + ">, " +
                  Attribute("fontsize", Fixed(type.size)) +
                  Attribute("fontcolor", Paint(type.color)) +
                  "margin=\"0\", width=\"0.01\", height=\"0.01\", ",
              {});
}

std::string Dot::Box(XY at, double width, double height, const Ink& ink,
                     const std::vector<std::string>& lines, double size, std::string_view tip) {
  std::string label;
  for (size_t i = 0; i < lines.size(); ++i) {
    label += (i == 0 ? "" : "<BR/>") + HtmlLine(lines[i], i == 0);
  }
  return Node(at,
              "shape=\"box\", style=\"rounded,filled\", label=<" + label + ">, " +
                  Size(width, height) + InkOf(ink) + Attribute("fontsize", Fixed(size)),
              tip);
}

void Dot::Edge(const std::string& from, const std::string& to, const Line& line,
               std::string_view tip) {
  const std::string text = Quoted(tip);
  edges_ += "  " + from + " -> " + to + " [" + Attribute("color", Paint(line.color)) +
            Attribute("penwidth", Fixed(line.pen)) + Attribute("style", line.style) +
            (tip.empty() ? "" : Attribute("tooltip", text) + Attribute("edgetooltip", text)) +
            "arrowhead=\"" + std::string(line.head) + "\"];\n";
}

void Dot::Pen(std::string_view color, double pen, std::string_view style) {
  const std::string width = "setlinewidth(" + Fixed(pen) + ")";
  background_ += "c " + Operand(Paint(color)) + "S " + Operand(width) + "S " + Operand(style);
}

void Dot::Band(XY low, XY high, std::string_view color) {
  low = Map(low), high = Map(high);
  // A filled polygon is outlined with whatever pen was used last, so put that away first.
  background_ += "S 5 -solid c 9 -#00000000 C " + Operand(Paint(color)) + "P 4 " + PointText(low) +
                 PointText({high.x, low.y}) + PointText(high) + PointText({low.x, high.y});
}

void Dot::Stroke(const std::vector<XY>& points, std::string_view color, double pen,
                 std::string_view style) {
  Pen(color, pen, style);
  background_ += "L " + std::to_string(points.size()) + " ";
  for (XY point : points) background_ += PointText(Map(point));
}

std::string Dot::Finish(std::string_view title) const {
  const std::string font = Attribute("fontname", kFont);
  return "// Every place is fixed: render with  neato -n2 -Tsvg\n"
         "digraph timeline {\n"
         "  graph [bgcolor=\"" +
         Paint("#FFFFFF") +
         "\", outputorder=\"edgesfirst\", splines=\"line\", "
         "pad=\"0.25\", " +
         font + Attribute("tooltip", Quoted(title)) + "_background=\"" + background_ + "\"];\n" +
         "  node [" + font + "fontsize=\"9\", tooltip=\" \"];\n" + "  edge [" + font +
         "fontsize=\"8\", arrowsize=\"0.5\", tooltip=\" \"];\n" + nodes_ + edges_ + "}\n";
}

}  // namespace reprise
