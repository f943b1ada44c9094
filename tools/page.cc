#include "tools/page.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "models/spec/recovery.h"
#include "tools/again.h"
#include "tools/console.h"
#include "tools/departures.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

bool IsEnd(Kind kind) {
  return kind == Kind::kDeliver || kind == Kind::kDuplicate || kind == Kind::kDrop ||
         kind == Kind::kCutOff || kind == Kind::kNobodyUp || kind == Kind::kDamage ||
         kind == Kind::kStale;
}

// What a write says is a path, and how much; its bytes are not text.
std::string WriteText(std::string_view bytes) {
  size_t n = 0;
  while (n < bytes.size() && bytes[n] > ' ' && bytes[n] <= '~') ++n;
  std::string path(bytes.substr(0, n));
  if (path.ends_with(':')) path.pop_back();
  const size_t rest = bytes.size() - std::min(bytes.size(), n + 1);
  return Clean(path) + (rest == 0 ? "" : ", " + Thousands(rest) + " bytes");
}

std::string OffsetText(uint64_t zigzag) {
  const auto ns = static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
  return (ns < 0 ? "−" : "+") + Roughly(Duration(ns < 0 ? -ns : ns));
}

// The event's own words; nothing for the arrival of a message that is as it was sent.
std::string TextOf(const Event& event) {
  switch (event.kind) {
    case Kind::kBoot: return event.id > 1 ? "boot " + std::to_string(event.id) : "";
    case Kind::kClock: return OffsetText(event.id);
    case Kind::kWrite: return WriteText(event.message.bytes());
    case Kind::kSend:
    case Kind::kFact:
    case Kind::kDamage:
      return Clean(event.message.type() != nullptr ? event.message.text()
                                                   : std::string(event.message.bytes()));
    default: return IsEnd(event.kind) ? "" : Clean(event.message.bytes());
  }
}

class Columns {
 public:
  explicit Columns(const Timeline& timeline) : timeline_(timeline) { Text(""); }

  void WriteTo(Json& out) {
    Json kinds = Json::array();
    for (int k = 0; k < Event::kKinds; ++k) kinds.push_back(KindName(static_cast<Kind>(k)));
    std::vector<int64_t> times, nodes, peers, texts, sends;
    std::vector<int> of_kind;
    std::map<uint64_t, size_t> send_of;
    Time before{};
    for (size_t i = 0; i < timeline_.size(); ++i) {
      const Event event = timeline_[i];
      times.push_back((event.at - before).count());
      before = event.at;
      of_kind.push_back(static_cast<int>(event.kind));
      nodes.push_back(int64_t{Index(event.node)} - 1);
      peers.push_back(int64_t{Index(event.peer)} - 1);
      texts.push_back(Text(TextOf(event)));
      if (event.kind == Kind::kSend) send_of[event.id] = i;
      const auto sent = IsEnd(event.kind) ? send_of.find(event.id) : send_of.end();
      sends.push_back(sent == send_of.end() ? 0 : static_cast<int64_t>(i - sent->second));
    }
    out["kinds"] = kinds;
    out["texts"] = std::move(texts_);
    out["t"] = times;
    out["k"] = of_kind;
    out["n"] = nodes;
    out["p"] = peers;
    out["x"] = texts;
    out["s"] = sends;
  }

 private:
  int64_t Text(const std::string& text) {
    const auto [at, fresh] = number_.insert({text, static_cast<int64_t>(texts_.size())});
    if (fresh) texts_.push_back(text);
    return at->second;
  }

  const Timeline& timeline_;
  std::vector<std::string> texts_;
  std::map<std::string, int64_t> number_;
};

// "n1 n2 | n3": the nodes of each side, as indices. None where the cut has no sides.
Json SidesOf(const std::string& text) {
  Json sides = Json::array();
  if (text.find('|') == std::string::npos) return sides;
  sides.push_back(Json::array());
  for (size_t i = text.starts_with("bridge ") ? text.find(" of ") : 0; i < text.size(); ++i) {
    if (text[i] == '|') sides.push_back(Json::array());
    if (text[i] != 'n') continue;
    uint32_t node = 0;
    std::from_chars(text.data() + i + 1, text.data() + text.size(), node);
    if (node != 0) sides.back().push_back(node - 1);
  }
  return sides;
}

// What lasts: down times, recoveries, cuts, and spells of other faults.
class Spans {
 public:
  Json Of(const Timeline& timeline) {
    for (size_t i = 0; i < timeline.size(); ++i) {
      recovers_ = recovers_ || timeline[i].As<models::Recovered>().has_value();
    }
    for (size_t i = 0; i < timeline.size(); ++i) See(timeline[i], i);
    while (!open_.empty()) Close(Key(open_.begin()->first), timeline.size() - 1);
    return std::move(out_);
  }

 private:
  struct Key {
    std::string kind;
    NodeId node;
    uint64_t id;
    std::string text;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void See(const Event& event, size_t i) {
    const std::string text = Clean(event.message.type() == nullptr ? event.message.bytes() : "");
    const Key recovering{"recovering", event.node, 0, ""};
    switch (event.kind) {
      case Kind::kCrash:
        Close(recovering, i);
        open_[{"down", event.node, 0, ""}] = i;
        break;
      case Kind::kBoot:
        Close({"down", event.node, 0, ""}, i);
        if (event.id > 1 && recovers_) open_[recovering] = i;
        break;
      case Kind::kFact:
        if (event.As<models::Recovered>()) Close(recovering, i);
        break;
      case Kind::kCut: open_[{"cut", kNobody, event.id, text}] = i; break;
      case Kind::kHeal: Close({"cut", kNobody, event.id, text}, i); break;
      case Kind::kStrike: open_[{"spell", event.node, event.id, text}] = i; break;
      case Kind::kOver: Close({"spell", event.node, event.id, text}, i); break;
      case Kind::kCalm: EndCuts(i); break;  // It mends all links at once.
      default: break;
    }
  }
  void EndCuts(size_t i) {
    std::vector<Key> cuts;
    for (const auto& [key, from] : open_) {
      if (key.kind == "cut") cuts.push_back(key);
    }
    for (const Key& cut : cuts) Close(cut, i);
  }
  void Close(const Key& key, size_t to) {
    const auto at = open_.find(key);
    if (at == open_.end()) return;
    out_.push_back({{"kind", key.kind},
                    {"node", int64_t{Index(key.node)} - 1},
                    {"from", at->second},
                    {"to", to},
                    {"text", key.text},
                    {"sides", key.kind == "cut" ? SidesOf(key.text) : Json::array()}});
    open_.erase(at);
  }

  std::map<Key, size_t> open_;
  bool recovers_ = false;  // Where no node says that it has recovered, nothing is known of when.
  Json out_ = Json::array();
};

Json NodesOf(const Scenario& scenario) {
  Json nodes = Json::array();
  for (const Role& role : scenario.roles) {
    for (int i = 0; i < role.count; ++i) {
      nodes.push_back({{"name", Name(NodeId{static_cast<uint32_t>(nodes.size() + 1)})},
                       {"role", Clean(role.name)},
                       {"client", role.client}});
    }
  }
  return nodes;
}

Json DeparturesOf(const Scenario& scenario, const RunResult& result) {
  Json out = Json::array();
  const std::vector<Place> places = PlacesOf(scenario, result);
  for (size_t i = 0; i < places.size(); ++i) {
    const Departure& d = result.taken[i].departure;
    out.push_back({{"event", static_cast<int64_t>(places[i].event) - 1},
                   {"node", int64_t{Index(places[i].node)} - 1},
                   {"text", Clean(Describe(d.address)) +
                                (d.bound == 2 ? "" : " = " + std::to_string(d.value))}});
  }
  return out;
}

Json MetricsOf(const Metrics& metrics) {
  Json out = Json::array();
  for (size_t i = 0; i < kMetrics; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (metrics[metric].count == 0) continue;
    out.push_back({{"name", Info(metric).name},
                   {"value", ValueText(metric, metrics[metric])},
                   {"about", Info(metric).about}});
  }
  return out;
}

Json FaultsOf(const FaultCounts& faults) {
  Json out = Json::array();
  const Json by_name = FaultsJson(faults);
  for (const auto& [name, counts] : by_name.items()) {
    out.push_back(
        {{"name", name},
         {"counts", Json::array({counts["attempted"], counts["applied"], counts["observed"]})}});
  }
  return out;
}

// In a shell, whatever the file is called.
std::string Quoted(const std::string& path) {
  const bool plain = !path.empty() && std::ranges::all_of(path, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-_./:+@").find(c) != std::string_view::npos;
  });
  if (plain) return path;
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// JSON within <script>: no "</script" and no "<!--" can be in it.
std::string WithoutTags(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Json PageData(const Scenario& scenario, const RunResult& result, const PageOptions& options) {
  const Verdict& verdict = result.verdict;
  Json out;
  out["schema"] = "reprise.page/1";
  out["title"] = options.title.empty() ? Clean(scenario.FullName()) : Clean(options.title);
  out["subtitle"] = Clean(options.subtitle);
  out["scenario"] = Clean(scenario.FullName());
  out["verdict"] = std::string(KindName(verdict.kind));
  out["oracle"] = Clean(verdict.oracle);
  out["reason"] = Clean(verdict.reason);
  out["digest"] = Hex(result.digest);
  out["trace"] = Clean(options.trace);
  out["replay"] = Clean(Quoted(ProgramName()) + " replay " + Quoted(options.trace));
  const bool failed = verdict.failed() && verdict.event != 0 && result.timeline.size() != 0;
  const auto last = static_cast<int64_t>(std::min<size_t>(verdict.event, result.timeline.size()));
  out["violation"] = failed ? last - 1 : -1;
  out["violation_node"] = failed ? int64_t{Index(verdict.node)} - 1 : -1;
  int64_t calm = -1;
  for (size_t i = 0; i < result.timeline.size() && calm < 0; ++i) {
    if (result.timeline[i].kind == Kind::kCalm) calm = static_cast<int64_t>(i);
  }
  out["calm"] = calm;
  out["nodes"] = NodesOf(scenario);
  out["spans"] = Spans().Of(result.timeline);
  out["departures"] = DeparturesOf(scenario, result);
  out["metrics"] = MetricsOf(result.metrics);
  out["faults"] = FaultsOf(result.faults);
  Columns(result.timeline).WriteTo(out);
  return out;
}

std::string MakePage(const Scenario& scenario, const RunResult& result,
                     const PageOptions& options) {
  const std::string json = WithoutTags(Dump(PageData(scenario, result, options)));
  std::string out;
  std::string_view rest = FrameOfPage();
  const std::pair<std::string_view, std::string_view> parts[] = {
      {"<!--STYLE-->", StyleOfPage()}, {"<!--DATA-->", json}, {"<!--SCRIPT-->", ScriptOfPage()}};
  for (const auto& [mark, part] : parts) {
    const size_t at = rest.find(mark);
    CHECK(at != std::string_view::npos);
    out.append(rest.substr(0, at)).append(part);
    rest.remove_prefix(at + mark.size());
  }
  return out.append(rest);
}

}  // namespace reprise
