#include "tools/draw_text.h"

#include <algorithm>
#include <array>
#include <map>

#include "tools/wording.h"

namespace reprise {
namespace {

using Fate = Course::Fate;
using MarkKind = Picture::Mark::Kind;

constexpr size_t kWidth = 110;  // Of the page, in characters.
constexpr size_t kTimeWidth = 12;
constexpr size_t kMarginLeast = 36;
constexpr size_t kLanesAtMost = 10;  // More do not fit beside one another.

std::string Right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, Length(text)), ' ') + text;
}

// "312.000", in milliseconds.
std::string Clock(Time at) {
  const std::string text = Millis(at);
  return text.substr(0, text.find(' '));
}

// What happens in one row: something on a lane, and perhaps an arrow from it to another.
struct Row {
  size_t event = 0;
  Time at{};
  size_t lane = Picture::kNoLane, to = Picture::kNoLane;
  char sign = 0;             // On the lane.
  char head = 0;             // On the lane at the arrow's end; zero where there is no arrow.
  std::string on_line = {};  // What the arrow carries.
  std::vector<std::string> margin = {};
  enum class Life { kSame, kDown, kUp } life = Life::kSame;
};

class Writer {
 public:
  explicit Writer(const Picture& picture)
      : picture_(picture), columns_(picture.lanes.size() <= kLanesAtMost) {
    const size_t lanes = std::max<size_t>(picture.lanes.size(), 1);
    const size_t room = kWidth - kTimeWidth - 2 - kMarginLeast;
    column_ = std::clamp<size_t>(room / lanes, 6, 12);
    up_.assign(picture.lanes.size(), true);
  }

  std::string Write() {
    Collect();
    for (const std::string& line :
         {picture_.title, picture_.subtitle, picture_.note, Shorten(picture_.elsewhere, kWidth)}) {
      if (!line.empty()) out_ += line + "\n";
    }
    out_ += "\n";
    WriteNames();
    for (const Row& row : rows_) columns_ ? WriteRow(row) : WriteItem(row);
    if (columns_ && !rows_.empty()) {
      out_ += "\n* sends  o receives  x lost  X crashes  ^ restarts  # reports  ! violation";
      out_ += picture_.flags.empty() ? "\n" : "  ~ departure\n";
    }
    return std::move(out_);
  }

 private:
  const std::string& NameOf(size_t lane) const { return picture_.lanes[lane].name; }

  void Collect() {
    for (const auto& arrow : picture_.arrows) CollectArrow(arrow);
    for (const auto& mark : picture_.marks) CollectMark(mark);
    for (const auto& span : picture_.spans) {
      if (span.kind != Picture::Span::Kind::kCut) continue;
      rows_.push_back({.at = span.from, .margin = {"CUT " + span.text}});
      rows_.push_back({.at = span.to, .margin = {"the cut ends: " + span.text}});
    }
    if (picture_.calm) rows_.push_back({.at = *picture_.calm, .margin = {"the storm ends"}});
    for (const auto& flag : picture_.flags) CollectFlag(flag);
    std::ranges::stable_sort(rows_, {},
                             [](const Row& row) { return std::pair(row.at, row.event); });
    if (picture_.callout) {  // Last, whatever else happened at that moment.
      const auto& callout = *picture_.callout;
      rows_.push_back({.event = callout.event,
                       .at = callout.at,
                       .lane = callout.lane,
                       .sign = '!',
                       .margin = {callout.oracle + ": " + callout.reason}});
    }
  }

  void CollectArrow(const Picture::Arrow& arrow) {
    const std::string between = NameOf(arrow.from) + ">" + NameOf(arrow.to);
    if (!arrow.extra) {
      Row send{.event = arrow.send,
               .at = arrow.sent,
               .lane = arrow.from,
               .to = arrow.to,
               .sign = '*',
               .head = arrow.to > arrow.from ? '>' : '<',
               .on_line = arrow.type};
      if (arrow.fate == Fate::kDropped) send.margin = {"DROPPED " + arrow.text};
      if (arrow.fate == Fate::kCutOff) send.margin = {"CUT OFF " + arrow.text};
      if (arrow.fate == Fate::kUnderway) send.margin = {"underway " + arrow.text};
      if (arrow.fate == Fate::kDropped || arrow.fate == Fate::kCutOff) send.head = 'x';
      if (!columns_) send.margin = {"send " + between + "  " + arrow.text};
      rows_.push_back(std::move(send));
    }
    if (!arrow.arrived && arrow.fate != Fate::kNobodyUp) return;
    Row end{.event = arrow.end, .at = arrow.ended, .lane = arrow.to, .sign = 'o'};
    if (arrow.fate == Fate::kNobodyUp) end.sign = 'x';
    end.margin = {WordsOf(arrow.fate) + between + "  " +
                  (arrow.fate == Fate::kDamaged ? arrow.arrives : arrow.text)};
    rows_.push_back(std::move(end));
  }

  static std::string WordsOf(Fate fate) {
    switch (fate) {
      case Fate::kDuplicate: return "AGAIN ";
      case Fate::kStale: return "STALE ";
      case Fate::kDamaged: return "DAMAGED ";
      case Fate::kNobodyUp: return "NOBODY UP ";
      default: return "";
    }
  }

  void CollectMark(const Picture::Mark& mark) {
    static constexpr std::array<std::string_view, 11> kWords = {
        "", "CRASH", "RESTART", "exit", "", "", "SYNC FAILED ", "LOST ", "ROT ", "", "clock off"};
    if (mark.kind == MarkKind::kWrite || mark.kind == MarkKind::kSync) return;
    const bool crash = mark.kind == MarkKind::kCrash, restart = mark.kind == MarkKind::kRestart;
    Row row{.event = mark.event, .at = mark.at, .lane = mark.lane};
    row.sign = crash ? 'X' : restart ? '^' : mark.kind == MarkKind::kExit ? '.' : '#';
    row.life = crash ? Row::Life::kDown : restart ? Row::Life::kUp : Row::Life::kSame;
    row.margin = {std::string(kWords[static_cast<size_t>(mark.kind)]) +
                  (crash || restart ? " " + NameOf(mark.lane) : mark.text)};
    rows_.push_back(std::move(row));
  }

  // In the margin of the event it was drawn at, if that is there.
  void CollectFlag(const Picture::Flag& flag) {
    const auto row = std::ranges::find(rows_, flag.event, &Row::event);
    std::vector<std::string> lines;
    for (const auto& text : flag.texts) lines.push_back("~ " + text);
    if (row == rows_.end()) {
      rows_.push_back({.event = flag.event, .at = flag.at, .margin = lines});
      return;
    }
    if (row->margin.size() == 1 && Length(row->margin[0]) + Length(lines[0]) < kMarginLeast - 4) {
      row->margin[0] += "   " + lines[0];
      lines.erase(lines.begin());
    }
    row->margin.insert(row->margin.end(), lines.begin(), lines.end());
  }

  void WriteNames() {
    if (!columns_ || picture_.lanes.empty()) return;
    std::string names = Right("t/ms", kTimeWidth) + "  ", roles(kTimeWidth + 2, ' ');
    for (const auto& lane : picture_.lanes) {
      names += lane.name + std::string(column_ - std::min(column_, lane.name.size()), ' ');
      const std::string role = Shorten(lane.role, column_ - 1);
      roles += role + std::string(column_ - std::min(column_, Length(role)), ' ');
    }
    WriteLine(names, "");
    WriteLine(roles, "");
  }

  void WriteRow(const Row& row) {
    std::string lanes(picture_.lanes.size() * column_, ' ');
    for (size_t i = 0; i < up_.size(); ++i) lanes[i * column_] = up_[i] ? '|' : ':';
    const std::string still = lanes;
    if (row.head != 0 && row.to != row.lane) DrawLine(lanes, row);
    if (row.sign != 0 && row.lane != Picture::kNoLane) lanes[row.lane * column_] = row.sign;
    const std::string when = Clock(row.at) == clock_ ? "" : Clock(row.at);
    clock_ = Clock(row.at);
    const size_t room =
        kWidth > kTimeWidth + 2 + lanes.size() + 8 ? kWidth - kTimeWidth - 2 - lanes.size() : 8;
    WriteLine(Right(when, kTimeWidth) + "  " + lanes,
              row.margin.empty() ? "" : Shorten(row.margin[0], room));
    // The violation is what all of this is about: all of its words, on as many lines as it takes.
    std::string rest = row.sign == '!' && Length(row.margin[0]) > room ? row.margin[0] : "";
    for (size_t i = 1; i < row.margin.size(); ++i) {
      WriteLine(std::string(kTimeWidth + 2, ' ') + still, Shorten(row.margin[i], room));
    }
    if (!rest.empty()) out_ += "\n" + rest + "\n";
    if (row.life != Row::Life::kSame) up_[row.lane] = row.life == Row::Life::kUp;
  }

  void DrawLine(std::string& lanes, const Row& row) const {
    const size_t low = std::min(row.lane, row.to) * column_,
                 high = std::max(row.lane, row.to) * column_;
    for (size_t i = low + 1; i < high; ++i) {
      if (lanes[i] == ' ') lanes[i] = '-';
    }
    // Beside the sender, so that it is clear whose it is; other lanes stay visible.
    const size_t room = column_ - 3;
    const std::string word = row.on_line.substr(0, room);
    const bool ascii = std::ranges::all_of(word, [](char c) { return c >= ' ' && c <= '~'; });
    const size_t at = row.to > row.lane ? low + 2 : high - 1 - word.size();
    if (ascii) lanes.replace(at, word.size(), word);
    const bool right = row.to > row.lane;
    lanes[right ? high - 1 : low + 1] = row.head;
  }

  // For more nodes than fit beside one another.
  void WriteItem(const Row& row) {
    for (const std::string& text : row.margin) {
      const std::string when = &text == &row.margin[0] ? Clock(row.at) : "";
      const std::string who = row.lane == Picture::kNoLane ? "--" : NameOf(row.lane);
      WriteLine(Right(when, kTimeWidth) + "  " + who +
                    std::string(6 - std::min<size_t>(5, who.size()), ' '),
                row.sign == '!' ? "VIOLATION " + text : text);
    }
  }

  void WriteLine(const std::string& left, const std::string& right) {
    const std::string line = right.empty() ? left : left + right;
    out_ += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }

  const Picture& picture_;
  const bool columns_;
  size_t column_ = 0;     // How wide each is.
  std::vector<bool> up_;  // Which nodes are.
  std::vector<Row> rows_;
  std::string clock_;  // As last printed.
  std::string out_;
};

}  // namespace

std::string DrawText(const Picture& picture) { return Writer(picture).Write(); }

std::string DrawText(const Scenario& scenario, const RunResult& result,
                     const DrawOptions& options) {
  return DrawText(MakePicture(scenario, result, options));
}

}  // namespace reprise
