#include "tools/dot.h"

#include <algorithm>

#include "tools/wording.h"

namespace reprise {
namespace {

constexpr std::string_view kFont = "Inter,Helvetica,Arial,sans-serif";

std::string Attribute(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + "\", ";
}

std::string Inches(double points) { return Fixed(points / 72, 4); }

std::string Size(double width, double height) {
  return Attribute("width", Inches(width)) + Attribute("height", Inches(height)) +
         Attribute("fixedsize", "true");
}

std::string InkOf(const Dot::Ink& ink) {
  return Attribute("fillcolor", ink.fill) + Attribute("color", ink.stroke) +
         Attribute("penwidth", Fixed(ink.pen)) + Attribute("fontcolor", ink.text);
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
  return Node(at,
              "shape=\"plaintext\", " + Label(text, type.bold) +
                  Attribute("fontsize", Fixed(type.size)) + Attribute("fontcolor", type.color) +
                  (type.backed ? "style=\"filled\", fillcolor=\"#FFFFFFD8\", " : "") +
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
  at.x += widest / 2;
  return Node(at,
              "shape=\"plaintext\", label=<" + label + ">, " +
                  Attribute("fontsize", Fixed(type.size)) + Attribute("fontcolor", type.color) +
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
  edges_ += "  " + from + " -> " + to + " [" + Attribute("color", line.color) +
            Attribute("penwidth", Fixed(line.pen)) + Attribute("style", line.style) +
            (tip.empty() ? "" : Attribute("tooltip", text) + Attribute("edgetooltip", text)) +
            "arrowhead=\"" + std::string(line.head) + "\"];\n";
}

void Dot::Pen(std::string_view color, double pen, std::string_view style) {
  const std::string width = "setlinewidth(" + Fixed(pen) + ")";
  background_ += "c " + Operand(color) + "S " + Operand(width) + "S " + Operand(style);
}

void Dot::Band(XY low, XY high, std::string_view color) {
  // A filled polygon is outlined with whatever pen was used last, so put that away first.
  background_ += "S 5 -solid c 9 -#00000000 C " + Operand(color) + "P 4 " + PointText(low) +
                 PointText({high.x, low.y}) + PointText(high) + PointText({low.x, high.y});
}

void Dot::Stroke(const std::vector<XY>& points, std::string_view color, double pen,
                 std::string_view style) {
  Pen(color, pen, style);
  background_ += "L " + std::to_string(points.size()) + " ";
  for (XY point : points) background_ += PointText(point);
}

std::string Dot::Finish(std::string_view title) const {
  const std::string font = Attribute("fontname", kFont);
  return "// Every place is fixed: render with  neato -n2 -Tsvg\n"
         "digraph timeline {\n"
         "  graph [bgcolor=\"#FFFFFF\", outputorder=\"edgesfirst\", splines=\"line\", "
         "pad=\"0.25\", " +
         font + Attribute("tooltip", Quoted(title)) + "_background=\"" + background_ + "\"];\n" +
         "  node [" + font + "fontsize=\"9\", tooltip=\" \"];\n" + "  edge [" + font +
         "fontsize=\"8\", arrowsize=\"0.5\", tooltip=\" \"];\n" + nodes_ + edges_ + "}\n";
}

}  // namespace reprise
