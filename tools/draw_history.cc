#include <algorithm>
#include <map>
#include <set>

#include "tools/drawing.h"
#include "tools/history.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using End = HistoryOperation::End;
using Part = HistoryOperation::Part;

constexpr size_t kOperationsAtMost = 80;
constexpr double kRow = 26, kBetween = 16, kBar = 14, kTop = 22;

std::string NameOf(const HistoryOperation& o) {
  return o.text + (o.result.empty() || o.result == "ok" ? "" : ": " + o.result) +
         (o.end == End::kInDoubt ? ", in doubt" : "");
}

// What of a history is drawn: of a contradiction, its key, and what overlaps with what conflicts;
// and no more than the last so many.
std::vector<HistoryOperation> Choose(const History& history) {
  std::vector<HistoryOperation> chosen;
  Time from = kForever, until{};
  for (const HistoryOperation& o : history.operations) {
    if (o.part != Part::kConflicts && o.part != Part::kUnexplained) continue;
    from = std::min(from, o.from);
    until = std::max(until, o.to);
  }
  for (const HistoryOperation& o : history.operations) {
    if (history.key && o.key != *history.key) continue;
    const bool near = !history.key || (o.to >= from && o.from <= until);
    if (near || o.part != Part::kNone) chosen.push_back(o);
  }
  while (chosen.size() > kOperationsAtMost) {
    const auto least = std::ranges::find(chosen, Part::kNone, &HistoryOperation::part);
    chosen.erase(least == chosen.end() ? chosen.begin() : least);
  }
  return chosen;
}

size_t CountOf(const History& history) {
  return static_cast<size_t>(std::ranges::count_if(
      history.operations,
      [&](const HistoryOperation& o) { return !history.key || o.key == *history.key; }));
}

std::string_view ColorOf(Part part) {
  switch (part) {
    case Part::kUnexplained: return paint::kRed;
    case Part::kConflicts: return paint::kOrange;
    case Part::kSource: return paint::kBlue;
    case Part::kNone: break;
  }
  return paint::kDown;
}

Axis AxisOf(const std::vector<HistoryOperation>& operations) {
  std::vector<Time> moments;
  std::vector<Duration> lengths;
  for (const HistoryOperation& o : operations) {
    moments.push_back(o.from);
    if (o.end == End::kInDoubt) continue;
    moments.push_back(o.to);
    lengths.push_back(std::max(o.to - o.from, Duration(1)));
  }
  std::ranges::sort(lengths);
  return Axis(moments, lengths.empty() ? Duration(1ms) : lengths[lengths.size() / 2]);
}

class HistoryDrawing {
 public:
  HistoryDrawing(const Scenario& scenario, const History& history, bool dark)
      : scenario_(scenario),
        history_(history),
        operations_(Choose(history)),
        axis_(AxisOf(operations_)),
        dot_({.dark = dark}) {
    Arrange();
  }

  std::string Draw() {
    const double right = axis_.width() + 60;
    for (const auto& fold : axis_.folds()) {
      dot_.Band({fold.x_from, 0}, {fold.x_to, height_}, "#F4F7FC");
    }
    for (const auto& tick : axis_.Ticks()) {
      dot_.Stroke({{tick.x, 0}, {tick.x, height_}}, paint::kGrid, 1);
      dot_.Text({tick.x, height_ + 9}, tick.text, {8, paint::kGrey});
    }
    for (const auto& [client, y] : lanes_) {
      dot_.Stroke({{-8, y + kRow / 2}, {right, y + kRow / 2}}, "#D9E0E6", 0.8);
      dot_.Pill({-30, y}, 30.2, 17.3, {"#8D99A6", "#8D99A6", "#FFFFFF", 0.8}, Name(client), 10,
                false);
    }
    for (size_t i = 0; i < operations_.size(); ++i) DrawOperation(operations_[i], rows_[i]);
    DrawHead();
    DrawLegend();
    dot_.Point({right, 0});
    return dot_.Finish("operations of clients");
  }

 private:
  // Each client has a lane, and in it as many rows as it had operations at a time.
  void Arrange() {
    std::map<NodeId, std::vector<Time>> ends;  // Of the last one in each row.
    for (const HistoryOperation& o : operations_) {
      auto& rows = ends[o.client];
      size_t row = 0;
      while (row < rows.size() && rows[row] > o.from) ++row;
      if (row == rows.size()) rows.emplace_back();
      rows[row] = o.end == End::kInDoubt ? kForever : o.to;
      rows_.push_back(static_cast<double>(row));
    }
    double y = 0;
    for (auto at = ends.rbegin(); at != ends.rend(); ++at) {
      y += kBetween / 2 + kRow * static_cast<double>(at->second.size());
      lanes_[at->first] = y - kRow / 2;
      y += kBetween / 2;
    }
    height_ = y + 4;
    for (size_t i = 0; i < rows_.size(); ++i) {
      rows_[i] = lanes_.at(operations_[i].client) - kRow * rows_[i];
    }
  }

  void DrawOperation(const HistoryOperation& o, double y) {
    const double from = axis_.X(o.from);
    const bool open = o.end == End::kInDoubt;
    const double to = open ? axis_.width() + 50 : std::max(axis_.X(o.to), from + 4);
    const std::string_view color = ColorOf(o.part);
    const bool part = o.part != Part::kNone;
    const std::string tip = Name(o.client) + "'s operation " + std::to_string(o.sequence) +
                            " on key " + std::to_string(o.key) + ": " + Clean(NameOf(o)) +
                            ", from " + Exactly(o.from) + (open ? "" : " to " + Exactly(o.to));
    if (open) {
      dot_.Stroke({{from, y}, {to, y}}, color, 2, "dashed");
      dot_.Circle({from, y}, 6, {color, color, "#FFFFFF", 0.8}, tip);
    } else {
      dot_.Pill({(from + to) / 2, y}, to - from, kBar,
                {part ? color : "#E4E9EE", color, part ? "#FFFFFF" : paint::kInk, 1.2}, "", 7, part,
                tip);
    }
    const double size = 7.2;
    for (const size_t length : {34, 22, 14}) {
      const std::string text = Shorten(Clean(NameOf(o)), length);
      const double width = TextWidth(text, size, part) + 4;
      if (!open && width < to - from) {
        dot_.Text({(from + to) / 2, y}, text,
                  {size, part ? std::string_view("#FFFFFF") : paint::kInk, part});
        return;
      }
      const XY over{from + width / 2, y + 11};
      if (!room_.Take(over, width, 9)) continue;
      dot_.Text(over, text, {size, part ? color : paint::kLane, part, true});
      return;
    }
  }

  void DrawHead() {
    double y = height_ + kTop;
    const auto line = [&](const std::string& text, const Dot::Type& type, double height) {
      if (text.empty()) return;
      dot_.TextFrom({-48, y}, {text}, type);
      y += height;
    };
    const size_t all = CountOf(history_);
    if (operations_.size() < all) {
      line("showing " + Thousands(operations_.size()) + " of " + Thousands(all) +
               " operations: those that overlap with what conflicts, and those that take part",
           {8.5, paint::kInk}, 14);
    }
    line(Clean(scenario_.FullName()) +
             (history_.key ? "  ·  key " + std::to_string(*history_.key) : std::string()),
         {8.5, paint::kGrey}, 17);
    line(history_.key ? Shorten(Clean(history_.why), 120) : "operations of clients",
         {13, history_.key ? "#B01E2E" : paint::kInk, true}, 0);
  }

  void DrawLegend() {
    double x = -40;
    const auto entry = [&](Part part, const std::string& text) {
      if (std::ranges::find(operations_, part, &HistoryOperation::part) == operations_.end())
        return;
      dot_.Pill({x + 8, -16}, 16, 9, {ColorOf(part), ColorOf(part), "#FFFFFF", 0.8}, "", 7, false);
      const double width = TextWidth(text, 7.5);
      dot_.Text({x + 20 + width / 2, -16}, text, {7.5, paint::kGrey});
      x += width + 40;
    };
    entry(Part::kUnexplained, "no order explains its answer");
    entry(Part::kConflicts, "contradicts it");
    entry(Part::kSource, "wrote what another one read");
    entry(Part::kNone, "takes no part");
    if (std::ranges::find(operations_, End::kInDoubt, &HistoryOperation::end) !=
        operations_.end()) {
      dot_.Stroke({{x, -16}, {x + 18, -16}}, paint::kDown, 2, "dashed");
      const std::string text = "in doubt: without an answer";
      dot_.Text({x + 24 + TextWidth(text, 7.5) / 2, -16}, text, {7.5, paint::kGrey});
    }
  }

  const Scenario& scenario_;
  const History& history_;
  const std::vector<HistoryOperation> operations_;
  const Axis axis_;
  std::vector<double> rows_;        // Where each operation is.
  std::map<NodeId, double> lanes_;  // Where the first row of each client is.
  double height_ = 0;
  Dot dot_;
  Room room_;
};

}  // namespace

std::string DrawHistory(const Scenario& scenario, const History& history, bool dark) {
  return HistoryDrawing(scenario, history, dark).Draw();
}

std::string HistoryText(const Scenario& scenario, const History& history) {
  static constexpr std::string_view kMarks[] = {" ", "<", "!", "X"};
  const std::vector<HistoryOperation> chosen = Choose(history);
  std::string out = scenario.FullName() + (history.key ? "\n" + Clean(history.why) : "") + "\n";
  const size_t all = CountOf(history);
  if (chosen.size() < all) {
    out += "showing " + Thousands(chosen.size()) + " of " + Thousands(all) + " operations\n";
  }
  out += "\n";
  for (const HistoryOperation& o : chosen) {
    const auto pad = [](std::string text, size_t width) {
      return text + std::string(width - std::min(width, Length(text)), ' ');
    };
    out += std::string(kMarks[static_cast<size_t>(o.part)]) + " " + pad(Name(o.client), 6) +
           pad(Exactly(o.from), 14) + "to " +
           pad(o.end == End::kInDoubt ? "?" : Exactly(o.to), 14) + "key " +
           pad(std::to_string(o.key), 4) + Shorten(Clean(NameOf(o)), 100) + "\n";
  }
  if (history.key) {
    out +=
        "\nX no order explains its answer   ! contradicts it   < wrote what "
        "another one read\n";
  }
  return out;
}

}  // namespace reprise
