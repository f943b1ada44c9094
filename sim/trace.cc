#include "sim/trace.h"

#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
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
    if (trace_.scenario.empty()) return Bad("a trace must name its scenario");
    if (trace_.verdict.empty()) return Bad("a trace must have a verdict");
    if (!has_digest_) return Bad("a trace must have a digest");
    while (Next(line) && !line.empty()) {
      if (absl::Status s = OneDeparture(line); !s.ok()) return s;
    }
    if (absl::Status s = End(); !s.ok()) return s;
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
    if (!out.empty()) return Bad("a second \"" + std::string(key) + "\"");
    if (rest.empty() || rest.size() > 4096) return Bad(std::string(key) + " wants a text");
    out = OneLine(std::string(rest));
    return absl::OkStatus();
  }

  absl::Status Option(std::string_view rest) {
    const size_t space = rest.find(' ');
    if (space == rest.npos || space == 0) return Bad("option wants a name and a value");
    trace_.options.emplace_back(rest.substr(0, space), rest.substr(space + 1));
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
    has_digest_ = true;
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
    trace_.faults.emplace_back(rest, count);
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
    ++count_;
    if (!address) {
      if (!lenient_) {
        return Bad("this program has no site \"" + OneLine(std::string(where.substr(0, 60))) +
                   "\": the trace is of another version or damaged; --lenient leaves it out");
      }
      ++trace_.unknown_sites;
      return absl::OkStatus();
    }
    if (!trace_.departures.empty() && !lenient_ &&
        !Before(trace_.departures.back().address, *address)) {
      return Bad("departures must be sorted by address, each once");
    }
    trace_.departures.push_back({*address, value, bound});
    return absl::OkStatus();
  }

  absl::Status End() {
    std::string_view line;
    if (!Next(line)) return Bad("the trace is cut short: it has no \"end\"");
    const uint64_t checksum = XXH3_64bits(text_.data(), begin_);
    uint64_t count = 0, given = 0;
    const size_t space = line.rfind(' ');
    if (!line.starts_with("end ") || space < 4 || !ParseNumber(line.substr(4, space - 4), count) ||
        !ParseNumber(line.substr(space + 1), given, 16)) {
      return Bad("the trace is cut short or damaged: here belongs \"end COUNT CHECKSUM\"");
    }
    trace_.edited = given != checksum || count != count_;
    if (trace_.edited && !lenient_) {
      return Bad(
          "the checksum does not match: the trace was damaged or edited; --lenient reads it");
    }
    if (lenient_) Sort(trace_.departures);
    return absl::OkStatus();
  }

  const std::string& text_;
  const bool lenient_;
  size_t at_ = 0;
  size_t begin_ = 0;  // Of the current line.
  size_t line_ = 0;
  size_t count_ = 0;
  bool has_digest_ = false;
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
  const uint64_t checksum = XXH3_64bits(out.data(), out.size());
  return out + "end " + std::to_string(trace.departures.size()) + " " + Hex(checksum) + "\n";
}

absl::StatusOr<Trace> ParseTrace(const std::string& text, bool lenient) {
  return Reader(text, lenient).Read();
}

absl::StatusOr<std::string> LoadFile(const std::string& path, size_t bytes_at_most) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return absl::NotFoundError(path + ": cannot be read");
  std::string content;
  char buffer[64 << 10];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file)) {
    content.append(buffer, n);
    if (content.size() > bytes_at_most) break;
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return absl::NotFoundError(path + ": cannot be read");
  if (content.size() > bytes_at_most) {
    return absl::InvalidArgumentError(path + ": longer than " +
                                      std::to_string(bytes_at_most >> 20) + " MiB");
  }
  return content;
}

absl::Status SaveFile(const std::string& path, const std::string& content) {
  const std::string beside = path + ".partial";
  std::FILE* file = std::fopen(beside.c_str(), "wb");
  if (file == nullptr) return absl::PermissionDeniedError(path + ": cannot be written");
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (written && closed && std::rename(beside.c_str(), path.c_str()) == 0) return absl::OkStatus();
  std::remove(beside.c_str());
  return absl::PermissionDeniedError(path + ": cannot be written");
}

absl::StatusOr<Trace> LoadTrace(const std::string& path, bool lenient) {
  const absl::StatusOr<std::string> text = LoadFile(path, 64 << 20);
  if (!text.ok()) return text.status();
  absl::StatusOr<Trace> trace = ParseTrace(*text, lenient);
  if (trace.ok()) return trace;
  return absl::InvalidArgumentError(path + ": " + std::string(trace.status().message()));
}

}  // namespace reprise
