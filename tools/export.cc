// reprise export: the run of a trace in the formats of other people's viewers.

#include "tools/export.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "sim/files.h"
#include "tools/causal.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/event_log.h"
#include "tools/nearest.h"
#include "tools/wording.h"

namespace reprise {
namespace {

using Kind = Event::Kind;

struct NamedFormat {
  std::string name;
  std::vector<std::string> endings;
  ExportFormat format;
};

const std::vector<NamedFormat>& Formats() {
  static const std::vector<NamedFormat> kFormats = {
      {"perfetto", {".json"}, ExportFormat::kPerfetto},
      {"shiviz", {".shiviz", ".log"}, ExportFormat::kShiviz},
      {"mermaid", {".mmd", ".mermaid"}, ExportFormat::kMermaid},
      {"jsonl", {".jsonl"}, ExportFormat::kJsonLines}};
  return kFormats;
}

// The network's events, of which no node knows.
bool IsOfNetwork(Kind kind) {
  return kind == Kind::kDrop || kind == Kind::kCutOff || kind == Kind::kNobodyUp ||
         kind == Kind::kVerdict;
}

bool Arrives(Kind kind) {
  return kind == Kind::kDeliver || kind == Kind::kDuplicate || kind == Kind::kDamage ||
         kind == Kind::kStale;
}

using VectorClock = std::map<NodeId, uint64_t>;

std::string TextOf(const VectorClock& clock) {
  std::string out = "{";
  for (const auto& [node, count] : clock) {
    out += (out.size() == 1 ? "\"" : ", \"") + Name(node) + "\":" + std::to_string(count);
  }
  return out + "}";
}

// Text after a colon in a Mermaid diagram: ';' would end it, and '#' begins an escape.
std::string MermaidText(const std::string& text) {
  std::string out;
  for (char c : Shorten(text, 60)) {
    switch (c) {
      case '#': out += "#35;"; break;
      case ';': out += "#59;"; break;
      case '<': out += "#lt;"; break;
      case '>': out += "#gt;"; break;
      case '%': out += "#37;"; break;
      default: out += c;
    }
  }
  return out.empty() ? "message" : out;
}

std::string NoteOf(const Event& e) {
  switch (e.kind) {
    case Kind::kCrash: return "crash";
    case Kind::kBoot: return e.id > 1 ? "restart" : "";
    case Kind::kExit: return "exit";
    case Kind::kSyncFail: return "a sync fails";
    case Kind::kRot: return "a bit rots";
    case Kind::kClock: return "the clock is set off";
    case Kind::kFact: return Clean(e.message.text());
    case Kind::kMishap:
    case Kind::kStrike: return Clean(e.message.bytes());
    case Kind::kCut: return "cut: " + Clean(e.message.bytes());
    case Kind::kHeal: return "healed: " + Clean(e.message.bytes());
    case Kind::kCalm: return "the storm ends";
    default: return "";
  }
}

}  // namespace

absl::StatusOr<ExportFormat> ExportFormatOf(const std::string& name, const std::string& path) {
  for (const NamedFormat& f : Formats()) {
    if (!name.empty() ? f.name == name : std::ranges::any_of(f.endings, [&](const auto& ending) {
          return path.ends_with(ending) && path.size() > ending.size();
        })) {
      return f.format;
    }
  }
  const std::string what =
      name.empty() ? "no format in the name " + path : "no format \"" + name + "\"";
  return absl::InvalidArgumentError(what +
                                    "; want --format perfetto, shiviz, mermaid or jsonl, or "
                                    "a name that ends in .json, .shiviz, .mmd or .jsonl");
}

std::string ToShiviz(const Scenario&, const RunResult& run) {
  std::string out = "(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n";
  std::map<NodeId, VectorClock> clocks;
  std::map<uint64_t, VectorClock> sent;
  for (size_t i = 0; i < run.timeline.size(); ++i) {
    const Event e = run.timeline[i];
    if (e.node == kNobody || IsOfNetwork(e.kind)) continue;
    VectorClock& clock = clocks[e.node];
    if (Arrives(e.kind)) {
      for (const auto& [node, count] : sent[e.id]) clock[node] = std::max(clock[node], count);
    }
    ++clock[e.node];
    if (e.kind == Kind::kSend) sent[e.id] = clock;
    out += Name(e.node) + " " + TextOf(clock) + "\n" + Exactly(e.at) + " " + Clean(What(e)) + "\n";
  }
  return out;
}

absl::StatusOr<std::string> ToMermaid(const Scenario& scenario, const RunResult& run) {
  std::map<size_t, Course> courses;  // The first of each message, by its send.
  for (const Course& course : CoursesOf(run.timeline)) courses.insert({course.send, course});
  if (courses.size() > kMermaidMessagesAtMost) {
    return absl::InvalidArgumentError(
        "a sequence diagram has room for " + std::to_string(kMermaidMessagesAtMost) +
        " messages, and this run has " + Thousands(courses.size()) +
        "; use --format perfetto or shiviz, or reprise timeline, which shows what matters");
  }
  std::string out = "sequenceDiagram\n", all;
  uint32_t node = 0;
  for (const Role& role : scenario.roles) {
    for (int i = 0; i < role.count; ++i) {
      const std::string name = Name(NodeId{++node});
      out += "    participant " + name + " as " + name + " " + MermaidText(Clean(role.name)) + "\n";
    }
  }
  all = "n1" + (node > 1 ? ",n" + std::to_string(node) : "");
  for (size_t i = 1; i <= run.timeline.size(); ++i) {
    const Event e = run.timeline[i - 1];
    if (const auto at = courses.find(i); at != courses.end()) {
      const bool arrives = at->second.arrived() || at->second.fate == Course::Fate::kUnderway;
      out += "    " + Name(e.node) + (arrives ? "-)" : "-x") + Name(e.peer) + ": " +
             MermaidText(Clean(e.message.text())) + "\n";
      continue;
    }
    const std::string note = NoteOf(e);
    if (note.empty()) continue;
    out += "    Note over " + (e.node == kNobody ? all : Name(e.node)) + ": " + MermaidText(note) +
           "\n";
  }
  const Verdict& v = run.verdict;
  if (v.failed()) {
    out += "    Note over " + (v.node == kNobody ? all : Name(v.node)) + ": VIOLATION " +
           MermaidText(Clean(v.oracle + ": " + v.reason)) + "\n";
  }
  return out;
}

absl::StatusOr<std::string> Export(const Scenario& scenario, const RunResult& run,
                                   ExportFormat format) {
  switch (format) {
    case ExportFormat::kPerfetto: return ToPerfetto(scenario, run);
    case ExportFormat::kShiviz: return ToShiviz(scenario, run);
    case ExportFormat::kMermaid: return ToMermaid(scenario, run);
    case ExportFormat::kJsonLines: return JsonLines(run.timeline);
  }
  return absl::InternalError("no such format");
}

int ExportCommand(const Catalogue& catalogue, const ExportArgs& args) {
  const auto format = ExportFormatOf(args.format, args.out);
  if (!format.ok()) return Complain("export", format.status());
  const auto made = Remake(catalogue, args.trace, args.lenient);
  if (!made.ok()) return Complain("export", made.status());
  const auto text = Export(made->scenario, made->run, *format);
  if (!text.ok()) return Complain("export", text.status());
  if (args.out == "-") {
    std::printf("%s", text->c_str());
    return kOk;
  }
  if (const absl::Status saved = SaveFile(args.out, *text); !saved.ok()) {
    return Complain("export", saved);
  }
  std::fprintf(stderr, "wrote %s\n", args.out.c_str());
  return kOk;
}

}  // namespace reprise
