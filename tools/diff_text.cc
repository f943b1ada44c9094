#include "tools/diff_text.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "tools/console.h"
#include "tools/wording.h"

namespace reprise {
namespace {

constexpr size_t kColumn = 58;   // Of one run, in characters.
constexpr size_t kAround = 2;    // Equal events that are shown before and after others.
constexpr size_t kFewMoved = 3;  // Events that only moved are no news when there are more.

// Events that say nothing by themselves.
bool IsNoise(const Event& e) {
  return e.kind == Event::Kind::kWake || e.kind == Event::Kind::kVerdict;
}

std::string TextOf(const Timeline& timeline, size_t event) {
  if (event == 0 || event > timeline.size()) return "";
  const Event e = timeline[event - 1];
  const std::string when = Padded(Exactly(e.at), 15);
  return when + (e.node == kNobody ? "--" : Name(e.node)) + " " + Clean(What(e));
}

struct Row {
  size_t one = 0, other = 0;  // Events; zero where it is not in that run.
  Time at{};
  bool moved = false;
  bool differs() const { return one == 0 || other == 0; }
};

// What happens in the first once the second has ended is told by its number only.
std::vector<Row> RowsOf(const Timeline& one, const Timeline& other, const Alignment& alignment) {
  std::vector<Row> rows;
  for (size_t i = 1; i <= other.size(); ++i) {
    const Event e = other[i - 1];
    const size_t match = alignment.of_other[i];
    if (match == 0 && IsNoise(e)) continue;
    rows.push_back({match, i, e.at, match != 0 && one[match - 1].at != e.at});
  }
  for (size_t i = 1; i <= one.size(); ++i) {
    const Event e = one[i - 1];
    if (e.at > alignment.until) break;
    if (alignment.of_one[i] == 0 && !IsNoise(e)) rows.push_back({i, 0, e.at, false});
  }
  std::ranges::stable_sort(rows, {}, [](const Row& r) { return r.at; });
  return rows;
}

class Writer {
 public:
  Writer(const Remade& one, const Remade& other, const Alignment& alignment, size_t events)
      : one_(one.run.timeline),
        other_(other.run.timeline),
        rows_(RowsOf(one_, other_, alignment)),
        events_(events) {}

  std::string Write() {
    Choose();
    size_t folded = 0;
    for (size_t i = 0; i < end_; ++i) {
      if (!shown_[i]) {
        ++folded;
        continue;
      }
      Fold(folded);
      folded = 0;
      WriteRow(rows_[i]);
    }
    Fold(folded);
    size_t left = 0;
    for (size_t i = end_; i < rows_.size(); ++i) left += rows_[i].differs() ? 1 : 0;
    if (left != 0) {
      out_ += "    ... " + Grouped(left) + " more that differ (--events N shows more)\n";
    }
    return std::move(out_);
  }

 private:
  void Choose() {
    shown_.assign(rows_.size(), false);
    size_t shown = 0, moved = 0;
    for (end_ = 0; end_ < rows_.size() && shown < events_; ++end_) {
      const Row& row = rows_[end_];
      if (row.moved && ++moved > kFewMoved) continue;
      if (!row.differs() && !row.moved) continue;
      ++shown;
      const size_t to = std::min(rows_.size(), end_ + kAround + 1);
      for (size_t i = end_ - std::min(end_, kAround); i < to; ++i) shown_[i] = true;
    }
  }

  void Fold(size_t rows) {
    if (rows != 0) out_ += Styled(Style::kDim, "    ... " + Grouped(rows) + " the same") + "\n";
  }

  void WriteRow(const Row& row) {
    const std::string left = Cell(TextOf(one_, row.one)), right = TextOf(other_, row.other);
    if (row.one == 0) {
      out_ += Styled(Style::kRed, "  > " + left + "| " + Shorten(right, kColumn));
    } else if (row.other == 0) {
      out_ += Styled(Style::kGreen, "  < " + left + "|");
    } else {
      out_ += Styled(Style::kDim,
                     (row.moved ? "  ~ " : "    ") + left + "| " + Shorten(right, kColumn));
    }
    out_ += "\n";
  }

  static std::string Cell(const std::string& text) {
    const std::string brief = Shorten(text, kColumn);
    return brief + std::string(kColumn + 1 - Length(brief), ' ');
  }

  const Timeline& one_;
  const Timeline& other_;
  const std::vector<Row> rows_;
  const size_t events_;
  std::vector<bool> shown_;
  size_t end_ = 0;
  std::string out_;
};

std::string HeadOf(const Remade& made) {
  const Verdict& v = made.run.verdict;
  const std::string kind(KindName(v.kind));
  const bool pass = v.kind == Verdict::Kind::kPass;
  const Style style = pass ? Style::kGreen : v.failed() ? Style::kRed : Style::kYellow;
  return Styled(style, Padded(kind, 8)) + Padded(Grouped(made.run.events) + " events", 16) +
         made.name + (v.failed() ? "   " + v.oracle + ": " + Shorten(Clean(v.reason), 60) : "") +
         "\n";
}

Json SideJson(const Remade& made) {
  Json json = RunJson(made.scenario, made.run, std::nullopt);
  json.erase("metrics");
  json.erase("facts");
  json["name"] = made.name;
  return json;
}

Json EventJson(const Timeline& timeline, size_t event) {
  if (event == 0 || event > timeline.size()) return nullptr;
  const Event e = timeline[event - 1];
  Json json;
  json["event"] = e.index;
  json["ns"] = Nanos(e.at);
  if (e.node != kNobody) json["node"] = Name(e.node);
  json["text"] = What(e);
  return json;
}

}  // namespace

std::string FirstDifferenceText(const Remade& one, const Remade& other,
                                const Alignment& alignment) {
  const auto side = [&](const Remade& made) {
    const std::string text = TextOf(made.run.timeline, alignment.first);
    return text.empty() ? "(has ended)" : Shorten(text, 100);
  };
  return "event " + Grouped(alignment.first) + "\n        first   " + side(one) +
         "\n        second  " + side(other) + "\n";
}

std::string DiffText(const Remade& one, const Remade& other, const Alignment& alignment,
                     size_t events) {
  std::string out = Styled(Style::kBold, "first   ") + HeadOf(one) +
                    Styled(Style::kBold, "second  ") + HeadOf(other);
  if (alignment.first == 0) return out + "the same run\n";
  out += Grouped(alignment.same) + " events the same, " + Grouped(alignment.moved) +
         " of them at another time; " + Grouped(alignment.only_one) + " only in the first (<), " +
         Grouped(alignment.only_other) + " only in the second (>)" +
         (alignment.later == 0
              ? ""
              : "; " + Grouped(alignment.later) + " in the first when the second had failed") +
         "\n\n";
  out += Styled(Style::kBold, "first difference") + "  " +
         FirstDifferenceText(one, other, alignment) + "\n";
  return out + Writer(one, other, alignment, events).Write();
}

Json DiffJson(const Remade& one, const Remade& other, const Alignment& alignment, size_t events) {
  const Timeline &a = one.run.timeline, &b = other.run.timeline;
  Json json;
  json["schema"] = "reprise.diff/1";
  json["one"] = SideJson(one);
  json["other"] = SideJson(other);
  json["same"] = alignment.same;
  json["moved"] = alignment.moved;
  json["only_one"] = alignment.only_one;
  json["only_other"] = alignment.only_other;
  json["later"] = alignment.later;
  json["first_difference"] = nullptr;
  if (alignment.first != 0) {
    json["first_difference"] = {{"event", alignment.first},
                                {"one", EventJson(a, alignment.first)},
                                {"other", EventJson(b, alignment.first)}};
  }
  Json rows = Json::array();
  for (const Row& row : RowsOf(a, b, alignment)) {
    if (!row.differs() || rows.size() >= events) continue;
    rows.push_back({{"one", EventJson(a, row.one)}, {"other", EventJson(b, row.other)}});
  }
  json["differing"] = std::move(rows);
  return json;
}

}  // namespace reprise
