#include "sim/trace.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <string_view>

namespace reprise {
namespace {

std::string Hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string OneLine(std::string text) {
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return text;
}

bool ParseNumber(std::string_view text, uint64_t& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string EndLine(size_t departures, std::string_view above) {
  return "end " + std::to_string(departures) + " " + Hex(XXH3_64bits(above.data(), above.size()));
}

// Reads a trace line by line; the first thing that is wrong ends it.
class Reader {
 public:
  Reader(const std::string& text, bool lenient) : text_(text), lenient_(lenient) {}

  absl::StatusOr<Trace> Read() {
    std::string_view line;
    if (!Next(line)) return Bad("empty: this is no trace");
    if (absl::Status s = Version(line); !s.ok()) return s;
    while (Next(line) && !line.empty()) {
      if (absl::Status s = Header(line); !s.ok()) return s;
    }
    for (const char* key : {"scenario", "verdict", "events", "digest"}) {
      if (!seen_.contains(key)) return Bad("before here belongs \"" + std::string(key) + " ...\"");
    }
    while (Next(line) && (!line.empty() || lenient_)) {
      if (line.empty()) continue;
      if (lenient_ && line.starts_with("end")) break;
      if (absl::Status s = OneDeparture(line); !s.ok()) return s;
    }
    if (absl::Status s = lenient_ ? LenientEnd(line) : End(); !s.ok()) return s;
    return std::move(trace_);
  }

 private:
  absl::Status Bad(const std::string& what) const {
    return absl::InvalidArgumentError("line " + std::to_string(line_) + ": " + what);
  }

  bool Next(std::string_view& line) {
    if (at_ >= text_.size()) return false;
    ++line_;
    begin_ = at_;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    line = std::string_view(text_).substr(at_, end - at_);
    at_ = end + 1;
    // Editors add what nobody sees.
    while (lenient_ && (line.ends_with('\r') || line.ends_with(' '))) line.remove_suffix(1);
    return true;
  }

  absl::Status Version(std::string_view line) {
    constexpr std::string_view kMagic = "reprise-trace ";
    uint64_t version = 0;
    if (!line.starts_with(kMagic) || !ParseNumber(line.substr(kMagic.size()), version)) {
      return Bad("this is no trace: it does not begin with \"reprise-trace 1\"");
    }
    if (version > kTraceVersion) {
      return Bad("trace version " + std::to_string(version) +
                 " is newer than this program, which " + "reads up to " +
                 std::to_string(kTraceVersion) + ": use a newer reprise");
    }
    return version == 0 ? Bad("there is no trace version 0") : absl::OkStatus();
  }

  absl::Status Header(std::string_view line) {
    const size_t space = line.find(' ');
    const std::string_view key = line.substr(0, space);
    const std::string_view rest = space == line.npos ? "" : line.substr(space + 1);
    const bool many = key == "option" || key == "milestone" || key == "fault";
    if (!seen_.emplace(key).second && !many) {
      return Bad("a second \"" + OneLine(std::string(key.substr(0, 40))) + "\"");
    }
    if (key == "scenario") return Text(key, rest, trace_.scenario);
    if (key == "reason") return Text(key, rest, trace_.reason);
    if (key == "option") return Option(rest);
    if (key == "verdict") return VerdictLine(rest);
    if (key == "digest") return Digest(rest);
    if (key == "milestone") return MilestoneLine(rest);
    if (key == "fault") return FaultLine(rest);
    uint64_t number = 0;
    if (key == "events" || key == "seed") {
      if (!ParseNumber(rest, number)) return Bad(std::string(key) + " wants a number");
      if (key == "seed") trace_.seed = number;
      if (key == "events") trace_.events = number;
      return absl::OkStatus();
    }
    return Bad("\"" + OneLine(std::string(key.substr(0, 40))) + "\" is no header of a trace");
  }

  absl::Status Text(std::string_view key, std::string_view rest, std::string& out) {
    if (rest.empty() || rest.size() > 4096) return Bad(std::string(key) + " wants a text");
    out = OneLine(std::string(rest));
    return absl::OkStatus();
  }

  absl::Status Option(std::string_view rest) {
    const size_t space = rest.find(' ');
    if (space == rest.npos || space == 0) return Bad("option wants a name and a value");
    trace_.options.emplace_back(OneLine(std::string(rest.substr(0, space))),
                                OneLine(std::string(rest.substr(space + 1))));
    return absl::OkStatus();
  }

  absl::Status VerdictLine(std::string_view rest) {
    const size_t space = rest.find(' ');
    trace_.verdict = std::string(rest.substr(0, space));
    if (space != rest.npos) trace_.oracle = OneLine(std::string(rest.substr(space + 1)));
    for (const char* known : {"pass", "fail", "skipped", "unknown"}) {
      if (trace_.verdict == known) return absl::OkStatus();
    }
    return Bad("a verdict is pass, fail, skipped or unknown");
  }

  absl::Status Digest(std::string_view rest) {
    if (rest.size() != 16 || !ParseNumber(rest, trace_.digest, 16)) {
      return Bad("a digest has 16 hexadecimal digits");
    }
    return absl::OkStatus();
  }

  absl::Status MilestoneLine(std::string_view rest) {
    const size_t space = rest.find(' ');
    Milestone m;
    if (space == rest.npos || !ParseNumber(rest.substr(0, space), m.events) ||
        !ParseNumber(rest.substr(space + 1), m.digest, 16)) {
      return Bad("milestone wants a number of events and a digest");
    }
    trace_.milestones.push_back(m);
    return absl::OkStatus();
  }

  absl::Status FaultLine(std::string_view rest) {
    FaultCount count;
    uint64_t* const numbers[] = {&count.observed, &count.applied, &count.attempted};
    for (uint64_t* number : numbers) {
      const size_t space = rest.rfind(' ');
      if (space == rest.npos || !ParseNumber(rest.substr(space + 1), *number)) {
        return Bad("fault wants a name and three numbers");
      }
      rest = rest.substr(0, space);
    }
    trace_.faults.emplace_back(OneLine(std::string(rest)), count);
    return absl::OkStatus();
  }

  absl::Status OneDeparture(std::string_view line) {
    const size_t equals = line.find(" = ");
    const size_t slash = line.find('/', equals == line.npos ? 0 : equals);
    uint64_t value = 0, bound = 0;
    if (equals == line.npos || slash == line.npos ||
        !ParseNumber(line.substr(equals + 3, slash - equals - 3), value) ||
        !ParseNumber(line.substr(slash + 1), bound)) {
      return Bad("a departure looks like \"drop n1>n2 #7 = 1/2\"");
    }
    if (value == 0 || value >= bound)
      return Bad("a departure's value is above 0 and below its bound");
    const std::string_view where = line.substr(0, equals);
    const auto address = ParseAddress(where);
    if (!address) {
      if (!lenient_) {
        return Bad("this program has no site \"" + OneLine(std::string(where.substr(0, 60))) +
                   "\": the trace is of another version or damaged; --lenient leaves it out");
      }
      ++trace_.unknown_sites;
      return absl::OkStatus();
    }
    if (lenient_ && !addresses_.insert(*address).second) {
      return Bad("a second \"" + Describe(*address) + "\"");
    }
    auto& all = trace_.departures;
    if (!lenient_ && !all.empty() && !Before(all.back().address, *address)) {
      return Bad("departures must be sorted by address, each once");
    }
    all.push_back({*address, value, bound});
    return absl::OkStatus();
  }

  // The text as it must be from here on, to the byte.
  absl::Status End() {
    std::string_view line;
    if (!Next(line)) return Bad("the trace is cut short: it has no \"end\"");
    if (!line.starts_with("end ")) {
      return Bad("the trace is cut short or damaged: here belongs \"end COUNT CHECKSUM\"");
    }
    if (line != EndLine(trace_.departures.size(), std::string_view(text_).substr(0, begin_))) {
      return Bad(
          "the checksum does not match: the trace was damaged or edited; --lenient reads it");
    }
    if (at_ > text_.size()) return Bad("the trace is cut short: its last line has no end");
    ++line_;
    return at_ == text_.size() ? absl::OkStatus() : Bad("there is more after the end");
  }

  absl::Status LenientEnd(std::string_view line) {
    if (!line.starts_with("end")) return Bad("the trace is cut short: it has no \"end\"");
    const auto before = std::string_view(text_).substr(0, begin_);
    trace_.edited = line != EndLine(trace_.departures.size() + trace_.unknown_sites, before);
    while (Next(line)) {
      if (!line.empty()) return Bad("there is more after the end");
    }
    Sort(trace_.departures);
    return absl::OkStatus();
  }

  const std::string& text_;
  const bool lenient_;
  size_t at_ = 0;
  size_t begin_ = 0;  // Of the current line.
  size_t line_ = 0;
  std::set<std::string, std::less<>> seen_;  // Headers.
  std::set<Address, decltype(&Before)> addresses_{&Before};
  Trace trace_;
};

}  // namespace

Trace TraceOf(const Scenario& scenario, const RunResult& result, std::optional<uint64_t> seed) {
  Trace trace;
  trace.scenario = scenario.FullName();
  trace.options = scenario.options;
  trace.verdict = std::string(KindName(result.verdict.kind));
  trace.oracle = OneLine(result.verdict.oracle);
  trace.reason = OneLine(result.verdict.reason.substr(0, 4000));
  trace.seed = seed;
  trace.events = result.events;
  trace.digest = result.digest;
  trace.milestones = result.milestones;
  for (size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    const FaultCount& count = result.faults[fault];
    if (count.attempted != 0) trace.faults.emplace_back(Info(fault).name, count);
  }
  trace.departures = result.departures();
  return trace;
}

std::string FormatTrace(const Trace& trace) {
  std::string out = "reprise-trace " + std::to_string(kTraceVersion) + "\n";
  const auto line = [&out](const std::string& key, const std::string& value) {
    out += key + " " + value + "\n";
  };
  line("scenario", trace.scenario);
  for (const auto& [key, value] : trace.options) line("option", key + " " + value);
  line("verdict", trace.oracle.empty() ? trace.verdict : trace.verdict + " " + trace.oracle);
  if (!trace.reason.empty()) line("reason", trace.reason);
  if (trace.seed) line("seed", std::to_string(*trace.seed));
  line("events", std::to_string(trace.events));
  line("digest", Hex(trace.digest));
  for (const Milestone& m : trace.milestones) {
    line("milestone", std::to_string(m.events) + " " + Hex(m.digest));
  }
  for (const auto& [name, count] : trace.faults) {
    line("fault", name + " " + std::to_string(count.attempted) + " " +
                      std::to_string(count.applied) + " " + std::to_string(count.observed));
  }
  out += "\n";
  for (const Departure& d : trace.departures) {
    out += Describe(d.address) + " = " + std::to_string(d.value) + "/" + std::to_string(d.bound) +
           "\n";
  }
  out += "\n";
  return out + EndLine(trace.departures.size(), out) + "\n";
}

absl::StatusOr<Trace> ParseTrace(const std::string& text, bool lenient) {
  return Reader(text, lenient).Read();
}

absl::StatusOr<Trace> LoadTrace(const std::string& path, bool lenient) {
  const absl::StatusOr<std::string> text = LoadFile(path, 64 << 20);
  if (!text.ok()) return text.status();
  absl::StatusOr<Trace> trace = ParseTrace(*text, lenient);
  if (trace.ok()) return trace;
  return absl::InvalidArgumentError(path + ": " + std::string(trace.status().message()));
}

}  // namespace reprise
