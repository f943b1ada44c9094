// What docs/ says is so: code that pages show is compiled, traces that they show can be read, and
// what they list is complete.

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "sim/faults.h"
#include "sim/timeline.h"
#include "sim/trace.h"
#include "tests/tutorial/counter.h"

namespace reprise {
namespace {

using testing::HasSubstr;

std::string Load(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(REPRISE_SOURCE_DIR "/" + path).rdbuf();
  return text.str();
}

// What stands between "```<language>" and "```", each block with its line ends.
std::vector<std::string> Blocks(const std::string& page, const std::string& language) {
  std::vector<std::string> out;
  std::istringstream lines(page);
  bool inside = false, wanted = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      wanted = inside && line == "```" + language;
      if (wanted) out.emplace_back();
    } else if (wanted) {
      out.back() += line + "\n";
    }
  }
  return out;
}

// The text without that part; nothing where it is no part of it.
std::optional<std::string> Without(std::string text, const std::string& part) {
  const size_t at = text.find(part);
  if (at == text.npos) return std::nullopt;
  return text.erase(at, part.size());
}

TEST(Docs, BlocksAreFound) {
  EXPECT_THAT(Blocks("a\n```cpp\nb\n\nc\n```\nd\n```\ne\n```\n```cpp\n```\n", "cpp"),
              testing::ElementsAre("b\n\nc\n", ""));
}

// Every line that the tutorial shows is one that is compiled, and the other way round.
TEST(Docs, TutorialShowsItsCode) {
  const std::string page = Load("docs/tutorial.md");
  const std::string folder = "tests/tutorial/";
  std::string header = Load(folder + "counter.h"), main = Load(folder + "main.cc");
  std::string code = Load(folder + "counter.cc"), test = Load(folder + "counter_test.cc");
  std::string cmake = Load(folder + "CMakeLists.txt");
  const auto take = [](const std::string& block, std::initializer_list<std::string*> files) {
    for (std::string* file : files) {
      if (const auto rest = Without(*file, block)) {
        *file = *rest;
        return true;
      }
    }
    return false;
  };
  EXPECT_GT(Blocks(page, "cpp").size(), 10u);
  for (const std::string& block : Blocks(page, "cpp")) {
    EXPECT_TRUE(take(block, {&header, &code, &test, &main})) << "not in tests/tutorial:\n" << block;
  }
  for (const std::string& block : Blocks(page, "cmake")) {
    EXPECT_TRUE(take(block, {&cmake})) << "not in tests/tutorial/CMakeLists.txt:\n" << block;
  }
  for (const std::string& rest : {header, code, test, main, cmake}) {
    std::istringstream lines(rest);
    for (std::string line; std::getline(lines, line);) {
      const bool opening = line.starts_with("//") || line.starts_with("#");
      EXPECT_TRUE(line.empty() || opening) << "docs/tutorial.md does not show: " << line;
    }
  }
}

TEST(Docs, TracesCanBeRead) {
  for (const char* path : {"docs/tutorial.md", "docs/trace-format.md"}) {
    const auto blocks = Blocks(Load(path), "trace");
    EXPECT_FALSE(blocks.empty()) << path;
    for (const std::string& block : blocks) {
      const absl::StatusOr<Trace> trace = ParseTrace(block);
      ASSERT_TRUE(trace.ok()) << path << ": " << trace.status();
      EXPECT_EQ(FormatTrace(*trace), block) << path;
    }
  }
}

// Leniently: digests may change with the simulator, the bug and the departures may not.
TEST(Docs, TracesFail) {
  Catalogue catalogue;
  catalogue.Add(CounterFamily());
  for (const char* path : {"docs/tutorial.md", "docs/trace-format.md"}) {
    for (const std::string& block : Blocks(Load(path), "trace")) {
      const auto trace = ParseTrace(block);
      ASSERT_TRUE(trace.ok()) << trace.status();
      // A test's trace may be of the protocol itself, with a mistake that was undone since.
      if (trace->scenario == "counter") continue;
      const auto scenario = catalogue.Make(trace->scenario, trace->options);
      ASSERT_TRUE(scenario.ok()) << scenario.status();
      const RunResult run = Simulate(*scenario, Choices::FromDepartures(trace->departures));
      EXPECT_EQ(run.verdict.oracle, trace->oracle) << path;
      EXPECT_EQ(run.verdict.reason, trace->reason) << path;
      EXPECT_EQ(run.given_drawn, run.given) << path;
    }
  }
}

TEST(Docs, ListEveryFault) {
  const std::string page = Load("docs/faults.md");
  for (size_t i = 0; i < kFaults; ++i) {
    const std::string name(Info(static_cast<Fault>(i)).name);
    EXPECT_THAT(page, HasSubstr("\n| `" + name + "` | ")) << "docs/faults.md has no row for it";
  }
}

// Every picture of the gallery stands below the command that drew it, whose trace is there.
TEST(Docs, GalleryShowsWhatItsCommandsDraw) {
  const std::string page = Load("docs/gallery.md");
  std::istringstream lines(page);
  size_t drawn = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("    reprise timeline ")) continue;
    std::istringstream words(line.substr(21));
    std::string trace, word, out;
    words >> trace;
    while (words >> word) out = word;
    EXPECT_TRUE(ParseTrace(Load(trace)).ok()) << trace;
    if (!out.ends_with(".svg")) continue;
    ++drawn;
    EXPECT_THAT(page, HasSubstr("](" + out.substr(5) + ")")) << "not shown: " << out;
    EXPECT_THAT(Load(out), HasSubstr("<svg")) << out;
    std::string name;  // As Graphviz writes it.
    for (const char c : trace.substr(trace.rfind('/') + 1)) {
      name += c == '-' ? "&#45;" : std::string(1, c);
    }
    EXPECT_THAT(Load(out), HasSubstr(name)) << out;
  }
  EXPECT_GE(drawn, 5u);
}

TEST(Docs, ListEveryKindOfEvent) {
  std::string page = Load("docs/trace-format.md");
  for (char& c : page) c = c == '\n' ? ' ' : c;
  for (int i = 0; i < Event::kKinds; ++i) {
    EXPECT_THAT(page, HasSubstr(" " + std::string(KindName(static_cast<Event::Kind>(i)))));
  }
}

}  // namespace
}  // namespace reprise
