#include "tools/report.h"

#include <algorithm>
#include <cstdio>

#include "tools/console.h"

namespace reprise {
namespace {

std::string Word(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kPass: return Styled(Style::kGreen, "PASS");
    case Verdict::Kind::kFail: return Styled(Style::kRed, "FAIL");
    case Verdict::Kind::kSkipped: return Styled(Style::kYellow, "SKIP");
    case Verdict::Kind::kUnknown: return Styled(Style::kYellow, "????");
  }
  return "";
}

}  // namespace

std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json FaultsJson(const FaultCounts& faults) {
  Json out = Json::object();
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    const FaultCount& c = faults[fault];
    if (c.attempted == 0 && c.applied == 0) continue;
    out[std::string(Info(fault).name)] = {
        {"attempted", c.attempted}, {"applied", c.applied}, {"observed", c.observed}};
  }
  return out;
}

Json FactsJson(const std::vector<std::pair<std::string, uint64_t>>& facts) {
  Json out = Json::object();
  for (const auto& [name, count] : facts) out[name] = count;
  return out;
}

Json RunJson(const Scenario& scenario, const RunResult& result, std::optional<uint64_t> seed) {
  Json out;
  out["schema"] = "reprise.run/1";
  out["scenario"] = scenario.FullName();
  out["options"] = Json::object();
  for (const auto& [key, value] : scenario.options) out["options"][key] = value;
  out["seed"] = seed ? Json(std::to_string(*seed)) : Json();
  out["verdict"] = std::string(KindName(result.verdict.kind));
  out["oracle"] = result.verdict.oracle;
  out["reason"] = result.verdict.reason;
  if (!result.stack.empty()) out["stack"] = result.stack;
  out["digest"] = Hex(result.digest);
  out["events"] = result.events;
  out["virtual_ns"] = Nanos(result.end);
  out["departures"] = Json::array();
  for (const Departure& d : result.departures()) {
    out["departures"].push_back(
        {{"address", Describe(d.address)}, {"value", d.value}, {"bound", d.bound}});
  }
  out["faults"] = FaultsJson(result.faults);
  out["facts"] = FactsJson(result.facts);
  out["metrics"] = MetricsJson(result.metrics);
  return out;
}

Json MetricsJson(const Metrics& metrics) {
  Json out = Json::object();
  for (size_t i = 0; i < kMetrics; ++i) {
    const auto metric = static_cast<Metric>(i);
    const Quotient& q = metrics[metric];
    if (q.count == 0) continue;
    const bool time = Info(metric).unit == MetricInfo::Unit::kTime;
    Json& json = out[std::string(Info(metric).name)];
    json = {{time ? "mean_ns" : "value", static_cast<double>(q.sum) / static_cast<double>(q.count)},
            {"sum", q.sum},
            {"count", q.count}};
    if (time && q.most != 0) json["most_ns"] = q.most;
  }
  return out;
}

std::string ValueText(Metric metric, const Quotient& q) {
  if (q.count == 0) return "-";
  const double value = static_cast<double>(q.sum) / static_cast<double>(q.count);
  char text[32];
  switch (Info(metric).unit) {
    case MetricInfo::Unit::kTime:
      if (value < 1e9) {
        std::snprintf(text, sizeof text, "%.1f ms", value / 1e6);
      } else {
        std::snprintf(text, sizeof text, "%.2f s", value / 1e9);
      }
      break;
    case MetricInfo::Unit::kShare: std::snprintf(text, sizeof text, "%.2f %%", 100 * value); break;
    case MetricInfo::Unit::kNumber: std::snprintf(text, sizeof text, "%.2f", value); break;
  }
  return text;
}

std::string MetricsText(const Metrics& metrics) {
  std::string out;
  for (size_t i = 0; i < kMetrics; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (metrics[metric].count == 0) continue;
    out += (out.empty() ? "" : "   ") + std::string(Info(metric).name) + " " +
           ValueText(metric, metrics[metric]);
  }
  return out;
}

std::string FaultsText(const FaultCounts& faults) {
  std::string out;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (faults[fault].applied == 0) continue;
    out += (out.empty() ? "" : "  ") + Grouped(faults[fault].applied) + " " +
           std::string(Info(fault).name);
  }
  return out.empty() ? "none" : out;
}

std::string FaultCountsText(const FaultCounts& faults, const std::string& indent) {
  constexpr size_t kWidth = 100;
  std::string out, line = "attempted/applied/observed:";
  for (size_t i = 0; i < kFaults; ++i) {
    const FaultCount& count = faults[static_cast<Fault>(i)];
    if (count.attempted == 0) continue;
    const std::string text = "  " + std::string(Info(static_cast<Fault>(i)).name) + " " +
                             Grouped(count.attempted) + "/" + Grouped(count.applied) + "/" +
                             Grouped(count.observed);
    if (indent.size() + line.size() + text.size() > kWidth) {
      out += line + "\n" + indent;
      line.clear();
    }
    line += line.empty() ? text.substr(2) : text;
  }
  return out + line;
}

std::string FactsText(const std::vector<std::pair<std::string, uint64_t>>& facts) {
  std::string out;
  for (const auto& [name, count] : facts) {
    out += (out.empty() ? "" : "  ") + Grouped(count) + " " + name;
  }
  return out.empty() ? "none: nothing that an oracle could judge happened" : out;
}

std::string RunText(const Scenario& scenario, const RunResult& result, std::optional<uint64_t> seed,
                    double seconds) {
  const Verdict& v = result.verdict;
  std::string out = Word(v) + "  " + scenario.FullName() + "  " +
                    (seed ? "seed " + std::to_string(*seed) : "") + "\n";
  const auto line = [&out](const std::string& key, const std::string& text) {
    out += "      " + Padded(key, 9) + text + "\n";
  };
  if (v.kind != Verdict::Kind::kPass) {
    line(v.oracle, " " + OneLine(v.reason));
    line("where", "event " + Grouped(v.event) + "   t = " + Millis(v.at) +
                      (v.node == kNobody ? "" : "   node " + Name(v.node)));
    for (const std::string& frame : result.stack) {
      line(&frame == &result.stack.front() ? "by" : "", frame);
    }
  }
  const double speed = static_cast<double>(Nanos(result.end)) / 1e9 / std::max(seconds, 1e-9);
  line("ran", std::to_string(scenario.nodes()) + " nodes  " + Grouped(result.events) + " events  " +
                  VirtualTime(Nanos(result.end)) + " virtual in " + Seconds(seconds) + " (" +
                  Grouped(static_cast<uint64_t>(speed)) + "x)");
  line("faults", FaultsText(result.faults));
  line("facts", FactsText(result.facts));
  const std::string metrics = MetricsText(result.metrics);
  if (!metrics.empty()) line("metrics", metrics);
  line("departs", Grouped(result.taken.size()) + " times from the calm run");
  line("digest", Hex(result.digest));
  return out;
}

std::string DeparturesText(const RunResult& kept, size_t at_most) {
  std::string out;
  size_t shown = 0;
  for (const Taken& t : kept.taken) {
    if (shown == at_most) {
      out += "        ... and " + Grouped(kept.taken.size() - shown) + " more\n";
      break;
    }
    ++shown;
    // What was drawn after so many events was drawn at the time of the next.
    const size_t next = std::min<size_t>(t.event, kept.timeline.size() - 1);
    std::string when = kept.timeline.size() == 0 ? "" : Millis(kept.timeline[next].at);
    when.insert(0, when.size() < 13 ? 13 - when.size() : 0, ' ');
    const Departure& d = t.departure;
    out += "     " + std::string(shown < 10 ? " " : "") + std::to_string(shown) + "  " + when +
           "   " + Padded(Describe(d.address), 24) + " = " + std::to_string(d.value) + "/" +
           std::to_string(d.bound) + "\n";
  }
  return out;
}

std::string FileName(const Scenario& scenario) {
  std::string out = scenario.FullName();
  std::ranges::replace(out, ':', '-');
  return out;
}

}  // namespace reprise
