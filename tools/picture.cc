#include "tools/picture.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;
using MarkKind = Picture::Mark::Kind;

constexpr size_t kLanesAlways = 12;  // Of more nodes, those to which nothing happens get no lane.
constexpr size_t kElsewhereAtMost = 6;
constexpr std::string_view kBetween = "  ·  ";

std::string Hex(uint64_t n) {
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text, n, 16);
  const std::string digits(text, end.ptr);
  return std::string(16 - digits.size(), '0') + digits;
}

std::string TextOf(const Departure& departure) {
  return Describe(departure.address) +
         (departure.bound == 2 ? "" : " = " + std::to_string(departure.value));
}

// What a mark says of an event; nothing where the event leaves no mark.
std::optional<MarkKind> MarkOf(const Event& event) {
  switch (event.kind) {
    case Kind::kFact: return MarkKind::kFact;
    case Kind::kCrash: return MarkKind::kCrash;
    case Kind::kBoot: return event.id > 1 ? std::optional(MarkKind::kRestart) : std::nullopt;
    case Kind::kExit: return MarkKind::kExit;
    case Kind::kWrite: return MarkKind::kWrite;
    case Kind::kSync: return MarkKind::kSync;
    case Kind::kSyncFail: return MarkKind::kSyncFail;
    case Kind::kLose: return MarkKind::kLose;
    case Kind::kRot: return MarkKind::kRot;
    case Kind::kMishap:
    case Kind::kStrike: return MarkKind::kMishap;  // A spell, where it is one node's.
    case Kind::kClock: return MarkKind::kClock;
    default: return std::nullopt;
  }
}

// A path, which is text, and what may follow it, which is not.
std::string PathIn(std::string_view bytes) {
  size_t n = 0;
  while (n < bytes.size() && bytes[n] > ' ' && bytes[n] <= '~') ++n;
  return std::string(bytes.substr(0, n));
}

class Painter {
 public:
  Painter(const Scenario& scenario, const RunResult& result, const DrawOptions& options)
      : scenario_(scenario), result_(result), timeline_(result.timeline), options_(options) {}

  Picture Paint() {
    places_ = PlacesOf(scenario_, result_);
    selection_ = Select(result_, places_, options_);
    out_.dark = options_.dark;
    out_.vertical = options_.vertical;
    FindCone();
    AddLanes();
    AddArrows();
    AddMarks();
    AddFlags();
    AddCallout();
    SetTimes();
    AddSpans();
    FadeLanes();
    Head();
    out_.left_out = std::move(selection_.left_out);
    return std::move(out_);
  }

 private:
  Event At(size_t event) const { return timeline_[event - 1]; }
  bool Shown(size_t event) const {
    return event < selection_.events.size() && selection_.events[event];
  }
  // What can have caused the violation; the violation itself is judged when all of it is over.
  void FindCone() {
    const Verdict& verdict = result_.verdict;
    out_.cone = options_.cone && verdict.failed() && verdict.node != kNobody;
    if (!out_.cone) return;
    const size_t last = std::min<size_t>(verdict.event, timeline_.size());
    const std::vector<bool> past = CausalPast(timeline_, last, verdict.node);
    for (const bool in_past : past) shades_.push_back(in_past ? Shade::kBold : Shade::kFaded);
  }

  void FadeLanes() {
    if (!out_.cone) return;
    for (auto& lane : out_.lanes) lane.past_until = out_.first;
    for (size_t i = 1; i <= timeline_.size(); ++i) {
      const size_t lane = LaneOf(At(i).node);
      if (lane == Picture::kNoLane || shades_[i] != Shade::kBold) continue;
      out_.lanes[lane].past_until = std::max(*out_.lanes[lane].past_until, At(i).at);
    }
  }

  Shade ShadeOf(size_t event) const {
    if (event < shades_.size()) return shades_[event];
    return event < options_.shades.size() ? options_.shades[event] : Shade::kPlain;
  }
  // A message that ends otherwise is another one, and it counts only where it arrived.
  Shade ShadeOf(const Course& course) const {
    const Shade send = ShadeOf(course.send);
    const Shade end = course.end == 0 ? send : ShadeOf(course.end);
    if (send == Shade::kBold && !course.arrived()) return Shade::kFaded;
    return send == Shade::kSame || send == Shade::kBold ? end : send;
  }
  size_t LaneOf(NodeId node) const {
    const auto at = lanes_.find(node);
    return at == lanes_.end() ? Picture::kNoLane : at->second;
  }

  void AddLanes() {
    std::set<NodeId> nodes;
    for (const Course& course : selection_.courses) {
      nodes.insert({At(course.send).node, At(course.send).peer});
    }
    for (size_t i = 1; i <= timeline_.size(); ++i) {
      const Kind kind = At(i).kind;
      // That it started, wrote or woke is no reason to draw one node among hundreds.
      if (Shown(i) && (kind == Kind::kFact || kind == Kind::kCrash)) nodes.insert(At(i).node);
    }
    if (result_.verdict.failed()) nodes.insert(result_.verdict.node);
    const auto all = static_cast<uint32_t>(scenario_.nodes());
    if (all <= kLanesAlways) {
      for (uint32_t i = 1; i <= all; ++i) nodes.insert(NodeId{i});
    }
    nodes.erase(kNobody);
    for (NodeId node : nodes) {
      lanes_[node] = out_.lanes.size();
      const Role* role = RoleOf(node);
      out_.lanes.push_back({node, Name(node), role == nullptr ? "" : Clean(role->name),
                            role != nullptr && role->client});
    }
  }

  const Role* RoleOf(NodeId node) const {
    uint32_t last = 0;
    for (const Role& role : scenario_.roles) {
      last += static_cast<uint32_t>(std::max(role.count, 0));
      if (Index(node) <= last) return &role;
    }
    return nullptr;
  }

  void AddArrows() {
    std::set<std::tuple<NodeId, Time, std::string>> said;
    for (const Course& course : selection_.courses) {
      const Event send = At(course.send);
      const Event end = At(course.end == 0 ? course.send : course.end);
      Picture::Arrow arrow;
      arrow.fate = course.fate;
      arrow.arrived = course.arrived();
      arrow.extra = course.extra();
      arrow.from = LaneOf(send.node);
      arrow.to = LaneOf(send.peer);
      if (arrow.from == Picture::kNoLane || arrow.to == Picture::kNoLane) continue;
      arrow.sent = send.at;
      arrow.ended = std::max(end.at, send.at);
      arrow.send = course.send;
      arrow.end = course.end;
      arrow.id = send.id;
      arrow.shade = ShadeOf(course);
      arrow.type = Clean(send.message.name());
      arrow.text = Clean(send.message.type() != nullptr ? send.message.text()
                                                        : PathIn(send.message.bytes()));
      if (course.fate == Course::Fate::kDamaged) arrow.arrives = Clean(end.message.text());
      arrow.repeats = !said.insert({send.node, send.at, arrow.text}).second;
      out_.arrows.push_back(std::move(arrow));
    }
  }

  void AddMarks() {
    for (size_t i = 1; i <= timeline_.size(); ++i) {
      if (!Shown(i)) continue;
      const Event event = At(i);
      const auto kind = MarkOf(event);
      const size_t lane = LaneOf(event.node);
      if (!kind || lane == Picture::kNoLane) continue;
      Picture::Mark mark{*kind, lane,  event.at,  i, Clean(event.message.name()),
                         "",    false, ShadeOf(i)};
      if (*kind == MarkKind::kFact) {
        mark.text = Clean(event.message.text());
        mark.saved_state = mark.type.find("heckpoint") != std::string::npos ||
                           mark.type.find("napshot") != std::string::npos;
      } else if (*kind == MarkKind::kMishap) {
        mark.text = Clean(event.message.bytes());
      } else {
        mark.text = Clean(PathIn(event.message.bytes()));
      }
      if (!MergeLoss(mark)) out_.marks.push_back(std::move(mark));
    }
  }

  // A crash that loses a hundred sectors is one mark.
  bool MergeLoss(const Picture::Mark& mark) {
    if (mark.kind != MarkKind::kLose || out_.marks.empty()) return false;
    Picture::Mark& before = out_.marks.back();
    if (before.kind != mark.kind || before.lane != mark.lane || before.at != mark.at) return false;
    if ((" " + before.text + " ").find(" " + mark.text + " ") == std::string::npos) {
      before.text += " " + mark.text;
    }
    return true;
  }

  void AddFlags() {
    std::map<std::tuple<size_t, size_t, size_t>, size_t> flag_at;  // By event, lane and peer.
    std::vector<std::string> elsewhere;
    for (size_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[i];
      const std::string text = Clean(TextOf(result_.taken[i].departure));
      const size_t lane = LaneOf(place.node);
      const bool in_view = place.event >= selection_.first && place.event <= selection_.last;
      if (place.event == 0 || !in_view || (place.node != kNobody && lane == Picture::kNoLane)) {
        elsewhere.push_back(place.event == 0 ? text : text + " at " + Exactly(At(place.event).at));
        continue;
      }
      const auto [at, fresh] =
          flag_at.insert({{place.event, lane, LaneOf(place.peer)}, out_.flags.size()});
      if (fresh) {
        out_.flags.push_back({lane, LaneOf(place.peer), At(place.event).at, place.event, {}});
      }
      out_.flags[at->second].texts.push_back(text);
    }
    std::ranges::sort(out_.flags, {}, &Picture::Flag::event);
    for (size_t i = 0; i < std::min(elsewhere.size(), kElsewhereAtMost); ++i) {
      out_.elsewhere += (i == 0 ? "other departures: " : ", ") + elsewhere[i];
    }
    if (elsewhere.size() > kElsewhereAtMost) {
      out_.elsewhere += " and " + Thousands(elsewhere.size() - kElsewhereAtMost) + " more";
    }
  }

  void AddCallout() {
    const Verdict& verdict = result_.verdict;
    if (!verdict.failed()) return;
    out_.failed = true;
    const size_t event = std::min<size_t>(verdict.event, timeline_.size());
    out_.callout = {LaneOf(verdict.node), verdict.at, event, Clean(verdict.oracle),
                    Clean(verdict.reason)};
  }

  // The picture begins and ends with what is shown: hours of silence at either end say nothing.
  void SetTimes() {
    bool some = false;
    const auto see = [&](Time at) {
      out_.first = some ? std::min(out_.first, at) : at;
      out_.last = some ? std::max(out_.last, at) : at;
      some = true;
    };
    for (const auto& arrow : out_.arrows) see(arrow.sent), see(arrow.ended);
    for (const auto& mark : out_.marks) see(mark.at);
    for (const auto& flag : out_.flags) see(flag.at);
    if (out_.callout && (!options_.until || out_.callout->at <= *options_.until)) {
      see(out_.callout->at);
    } else {
      out_.callout.reset();
    }
    for (size_t i = 1; i <= timeline_.size(); ++i) {
      const Kind kind = At(i).kind;
      if (Shown(i) && (kind == Kind::kCut || kind == Kind::kHeal)) see(At(i).at);
    }
  }

  void AddSpans() {
    std::map<size_t, Time> down;                            // By lane.
    std::map<std::pair<uint64_t, std::string>, Time> cuts;  // By number and text.
    const auto end_cut = [&](const std::pair<uint64_t, std::string>& cut, Time to) {
      const auto at = cuts.find(cut);
      if (at == cuts.end()) return;
      const std::string& text = at->first.second;
      AddSpan({Picture::Span::Kind::kCut, Picture::kNoLane, at->second, to, text, SidesOf(text)});
      cuts.erase(at);
    };
    for (size_t i = 1; i <= selection_.last && i <= timeline_.size(); ++i) {
      const Event event = At(i);
      const size_t lane = LaneOf(event.node);
      if (event.kind == Kind::kCrash && lane != Picture::kNoLane) {
        down.insert({lane, event.at});
      } else if (event.kind == Kind::kBoot && down.contains(lane)) {
        AddSpan({Picture::Span::Kind::kDown, lane, down[lane], event.at, "", {}});
        down.erase(lane);
      } else if (event.kind == Kind::kCut) {
        cuts[{event.id, Clean(event.message.bytes())}] = event.at;
      } else if (event.kind == Kind::kHeal) {
        end_cut({event.id, Clean(event.message.bytes())}, event.at);
      } else if (event.kind == Kind::kCalm) {
        // The calm mends all links at once.
        while (!cuts.empty()) end_cut(cuts.begin()->first, event.at);
        if (event.at >= out_.first && event.at <= out_.last) out_.calm = event.at;
      }
    }
    for (const auto& [lane, from] : down) {
      AddSpan({Picture::Span::Kind::kDown, lane, from, out_.last, "", {}});
    }
    while (!cuts.empty()) end_cut(cuts.begin()->first, out_.last);
    std::ranges::sort(out_.spans, {}, [](const Picture::Span& span) {
      return std::tuple(span.from, span.to, span.lane);
    });
  }

  void AddSpan(Picture::Span span) {
    if (span.to < out_.first || span.from > out_.last) return;
    span.from = std::max(span.from, out_.first);
    span.to = std::min(span.to, out_.last);
    out_.spans.push_back(std::move(span));
  }

  // "n1 n2 | n3" or "n1 | the rest"; no sides where the cut is not of that kind. A bridge is on
  // neither side: "bridge n1 of n2 | n3".
  std::vector<std::vector<size_t>> SidesOf(const std::string& text) const {
    if (text.find('|') == std::string::npos) return {};
    std::vector<std::vector<size_t>> sides(1);
    std::set<size_t> named;
    for (size_t i = text.starts_with("bridge ") ? text.find(" of ") : 0; i < text.size(); ++i) {
      if (text[i] == '|') sides.emplace_back();
      if (text[i] != 'n') continue;
      uint32_t node = 0;
      std::from_chars(text.data() + i + 1, text.data() + text.size(), node);
      const size_t lane = LaneOf(NodeId{node});
      if (lane != Picture::kNoLane && named.insert(lane).second) sides.back().push_back(lane);
    }
    if (text.ends_with("the rest")) {
      for (size_t lane = 0; lane < out_.lanes.size(); ++lane) {
        if (!named.contains(lane)) sides.back().push_back(lane);
      }
    }
    return sides;
  }

  void Head() {
    const Verdict& verdict = result_.verdict;
    const std::string name = Clean(scenario_.FullName());
    const std::string kind(
        std::array{"pass", "fail", "skipped", "unknown"}[static_cast<size_t>(verdict.kind)]);
    out_.title = Clean(options_.title);
    if (out_.title.empty() && verdict.failed()) {
      out_.title = Clean(verdict.oracle) + ": " + Clean(verdict.reason);
    } else if (out_.title.empty()) {
      out_.title =
          name + ": " + kind + (verdict.reason.empty() ? "" : ", " + Clean(verdict.reason));
    }
    out_.title = Shorten(out_.title, 110);
    out_.subtitle = name;
    for (const auto& [key, value] : scenario_.options) {
      out_.subtitle += " " + Clean(key) + "=" + Clean(value);
    }
    out_.subtitle += std::string(kBetween) + std::to_string(scenario_.nodes()) + " nodes";
    if (!options_.subtitle.empty())
      out_.subtitle += std::string(kBetween) + Clean(options_.subtitle);
    out_.subtitle += std::string(kBetween) + "verdict " + kind + std::string(kBetween) + "digest " +
                     Hex(result_.digest);
    out_.note = selection_.note;
    if (timeline_.size() == 0) out_.note = "the events of this run were not kept";
    const size_t lanes = out_.lanes.size(), nodes = static_cast<size_t>(scenario_.nodes());
    if (lanes < nodes) {
      out_.note += (out_.note.empty() ? "" : std::string(kBetween)) + Thousands(nodes - lanes) +
                   " nodes without part in it are not drawn";
    }
  }

  const Scenario& scenario_;
  const RunResult& result_;
  const Timeline& timeline_;
  const DrawOptions& options_;
  std::vector<Place> places_;
  Selection selection_;
  std::map<NodeId, size_t> lanes_;
  std::vector<Shade> shades_;  // Of a cone.
  Picture out_;
};

}  // namespace

Picture MakePicture(const Scenario& scenario, const RunResult& result, const DrawOptions& options) {
  return Painter(scenario, result, options).Paint();
}

}  // namespace reprise
