// The trace file: what it looks like, and that nothing else is taken for one.

#include "sim/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tests/temporary_folder.h"

namespace reprise {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Label kAmount("trace-test-amount");

Trace Small() {
  Trace t;
  t.scenario = "toy:broken";
  t.options = {{"nodes", "5"}, {"ops", "20"}};
  t.verdict = "fail";
  t.oracle = "no-lost-update";
  t.reason = "key 3 lost what n2 was told";
  t.seed = 18446744073709551615u;
  t.events = 130;
  t.digest = 0x0123456789abcdef;
  t.milestones = {{64, 1}, {128, 0xffffffffffffffff}};
  t.faults = {{"drop", {3, 2, 1}}, {"crash-at", {1, 1, 0}}};
  t.departures = {{{{LabelOf(Fault::kCrashAt), NodeId{3}}, 2, 17}, 1, 2},
                  {{{LabelOf(Fault::kCut)}, 4}, 512, 1024},
                  {{{LabelOf(Fault::kDrop), NodeId{1}, NodeId{2}}, 7}, 1, 2},
                  {{{kAmount, NodeId{4}}, 1}, 99, 100}};
  return t;
}

constexpr const char* kGolden = R"(reprise-trace 1
scenario toy:broken
option nodes 5
option ops 20
verdict fail no-lost-update
reason key 3 lost what n2 was told
seed 18446744073709551615
events 130
digest 0123456789abcdef
milestone 64 0000000000000001
milestone 128 ffffffffffffffff
fault drop 3 2 1
fault crash-at 1 1 0

crash-at n3 #2.17 = 1/2
cut #4 = 512/1024
drop n1>n2 #7 = 1/2
trace-test-amount n4 #1 = 99/100

end 4 540f18de7d9e9b32
)";

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string Text(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// What is said of a text that is no trace; empty where it is one.
std::string ErrorOf(const std::string& text, bool lenient = false) {
  const auto trace = ParseTrace(text, lenient);
  if (trace.ok()) return "";
  EXPECT_EQ(trace.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(trace.status().message());
}

// One line of printable text that begins with the number of a line.
void ExpectClear(const std::string& error) {
  EXPECT_THAT(error, testing::MatchesRegex("line [0-9]+: .+"));
  const auto odd = [](char c) { return c < ' ' || c > '~'; };
  EXPECT_TRUE(std::ranges::none_of(error, odd)) << error;
  EXPECT_LT(error.size(), 200u);
}

bool Equal(const Trace& a, const Trace& b) {
  return FormatTrace(a) == FormatTrace(b) && a.departures == b.departures;
}

TEST(Trace, LooksLikeThis) { EXPECT_EQ(FormatTrace(Small()), kGolden); }

TEST(Trace, IsReadAsItWasWritten) {
  for (const bool lenient : {false, true}) {
    const auto trace = ParseTrace(kGolden, lenient);
    ASSERT_TRUE(trace.ok()) << trace.status();
    EXPECT_TRUE(Equal(*trace, Small()));
    EXPECT_FALSE(trace->edited);
    EXPECT_EQ(trace->unknown_sites, 0u);
  }
}

TEST(Trace, OfACalmRunHasNoDepartures) {
  Trace calm = Small();
  calm.departures.clear();
  calm.oracle = calm.reason = "";
  calm.verdict = "pass";
  calm.seed.reset();
  const auto trace = ParseTrace(FormatTrace(calm));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(Equal(*trace, calm));
}

TEST(Trace, OfARunThatWasOddInEveryWay) {
  Scenario scenario;
  scenario.name = "toy";
  RunResult result;
  result.verdict = {.kind = Verdict::Kind::kFail,
                    .oracle = "two words",
                    .reason = "line\nbreak\r\x1b[31m\xff" + std::string(9000, 'x')};
  const Trace written = TraceOf(scenario, result, 0);
  EXPECT_THAT(written.reason, StartsWith("line?break??[31m?xxx"));
  const auto trace = ParseTrace(FormatTrace(written));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(Equal(*trace, written));
  EXPECT_EQ(trace->oracle, "two words");
  EXPECT_EQ(trace->seed, 0u);
}

TEST(Trace, WithoutOneOfItsLinesIsNone) {
  const auto lines = Lines(kGolden);
  for (size_t i = 0; i < lines.size(); ++i) {
    auto fewer = lines;
    fewer.erase(fewer.begin() + static_cast<int64_t>(i));
    SCOPED_TRACE(lines[i]);
    ExpectClear(ErrorOf(Text(fewer)));
  }
}

TEST(Trace, WithOneOfItsLinesTwiceIsNone) {
  const auto lines = Lines(kGolden);
  for (size_t i = 0; i < lines.size(); ++i) {
    auto more = lines;
    more.insert(more.begin() + static_cast<int64_t>(i), lines[i]);
    SCOPED_TRACE(lines[i]);
    ExpectClear(ErrorOf(Text(more)));
  }
}

TEST(Trace, ErrorsNameTheLine) {
  const auto with = [](size_t line, const std::string& text) {
    auto lines = Lines(kGolden);
    lines[line - 1] = text;
    return Text(lines);
  };
  const struct {
    size_t line;
    const char* text;
    const char* error;
  } kCases[] = {
      {1, "reprise-trace one", "line 1: this is no trace"},
      {1, "", "line 1: this is no trace"},
      {1, "reprise-trace 2", "line 1: trace version 2 is newer than this program"},
      {1, "reprise-trace 0", "line 1: there is no trace version 0"},
      {1, "reprise-trace 99999999999999999999", "line 1: this is no trace"},
      {2, "scenario", "line 2: scenario wants a text"},
      {2, "scenary toy", "line 2: \"scenary\" is no header"},
      {3, "option nodes", "line 3: option wants a name and a value"},
      {5, "verdict broken", "line 5: a verdict is pass, fail, skipped or unknown"},
      {5, "verdict", "line 5: a verdict is"},
      {6, "digest 0123456789abcdef", "line 9: a second \"digest\""},
      {7, "seed -1", "line 7: seed wants a number"},
      {7, "seed 18446744073709551616", "line 7: seed wants a number"},
      {8, "events many", "line 8: events wants a number"},
      {9, "digest 123", "line 9: a digest has 16 hexadecimal digits"},
      {10, "milestone 64", "line 10: milestone wants"},
      {10, "milestone 64 xyz", "line 10: milestone wants"},
      {12, "fault drop 1 2", "line 12: fault wants"},
      {12, "fault drop 1 2 x", "line 12: fault wants"},
      {15, "crash-at n3 #2.17", "line 15: a departure looks like"},
      {15, "crash-at n3 #2.17 = 1", "line 15: a departure looks like"},
      {15, "crash-at n3 #2.17 = 0/2", "line 15: a departure's value"},
      {15, "crash-at n3 #2.17 = 2/2", "line 15: a departure's value"},
      {15, "crash-at n3 #2.17 = 1/0", "line 15: a departure's value"},
      {15, "crash-at n0 #2.17 = 1/2", "line 15: this program has no site \"crash-at n0 #2.17\""},
      {15, "meteor n3 #2 = 1/2", "line 15: this program has no site \"meteor n3 #2\""},
      {16, "crash-at n1 #1.1 = 1/2", "line 16: departures must be sorted"},
      {16, "crash-at n3 #2.17 = 1/2", "line 16: departures must be sorted by address, each once"},
      {18, "trace-test-amount n4 #1 = 98/100", "line 20: the checksum does not match"},
      {20, "end 3 3ac0d1b49b14d0cd", "line 20: the checksum does not match"},
      {20, "ende", "line 20: the trace is cut short or damaged"},
  };
  for (const auto& c : kCases) {
    const std::string error = ErrorOf(with(c.line, c.text));
    EXPECT_THAT(error, StartsWith(c.error)) << c.text;
    ExpectClear(error);
  }
  EXPECT_THAT(ErrorOf(""), StartsWith("line 0: empty"));
  EXPECT_THAT(ErrorOf(std::string(kGolden) + "x\n"), StartsWith("line 21: there is more after"));
  EXPECT_THAT(ErrorOf(std::string(kGolden) + "\n"), StartsWith("line 21: there is more after"));
}

TEST(Trace, GarbledLinesGetOneClearError) {
  const auto lines = Lines(kGolden);
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const char* garbage : {"\x1b[31m\x01\xff", "=", " = / ", "#", "end", "reason", " "}) {
      auto garbled = lines;
      garbled[i] = garbage;
      ExpectClear(ErrorOf(Text(garbled)));
    }
    auto huge = lines;
    huge[i] = std::string(100'000, '\x02');
    ExpectClear(ErrorOf(Text(huge)));
    ExpectClear(ErrorOf(Text(huge), true));
  }
}

TEST(Trace, CutShortAnywhereIsNone) {
  const std::string text = kGolden;
  for (size_t size = 0; size < text.size(); ++size) ExpectClear(ErrorOf(text.substr(0, size)));
}

TEST(Trace, WithAnyBitFlippedIsNone) {
  const std::string text = kGolden;
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ 1 << bit);
      SCOPED_TRACE(std::to_string(i) + "." + std::to_string(bit));
      ExpectClear(ErrorOf(flipped));
    }
  }
}

// A text like the golden one, but for some damage drawn from the seed.
std::string Mutated(uint64_t seed) {
  static const Label kWhat("trace-test-what");
  Choices choices = Choices::FromSeed(seed);
  uint64_t ordinal = 0;
  const auto draw = [&](uint64_t bound) { return choices.Draw({{kWhat}, ++ordinal}, bound); };
  std::string text = kGolden;
  for (uint64_t n = 1 + draw(8); n > 0 && !text.empty(); --n) {
    const size_t at = draw(text.size());
    const size_t length = 1 + draw(20);
    switch (draw(6)) {
      case 0: text[at] = static_cast<char>(draw(256)); break;
      case 1: text.erase(at, length); break;
      case 2: text.insert(at, text.substr(draw(text.size()), length)); break;
      case 3:
        text.insert(at, std::to_string(choices.Draw({{kWhat}, ++ordinal}, UINT64_MAX)));
        break;
      case 4: text.insert(at, "\n"); break;
      default: std::swap(text[at], text[draw(text.size())]); break;
    }
  }
  return text;
}

TEST(Trace, NoDamageCrashesTheReader) {
  int read = 0;
  for (uint64_t seed = 1; seed <= 10'000; ++seed) {
    const std::string text = Mutated(seed);
    if (text == kGolden) continue;  // Mended itself.
    ASSERT_NE(ErrorOf(text), "") << text;
    const auto trace = ParseTrace(text, true);
    if (!trace.ok()) continue;
    ++read;
    // What a lenient reading took can be written and read again.
    ASSERT_TRUE(ParseTrace(FormatTrace(*trace)).ok()) << text;
  }
  EXPECT_GT(read, 100);  // The test reaches what comes after the first check.
}

TEST(LenientTrace, MayBeEdited) {
  auto lines = Lines(kGolden);
  lines.erase(lines.begin() + 15);  // The cut.
  std::swap(lines[14], lines[15]);
  lines[16] += " \r";
  lines.insert(lines.begin() + 15, "");
  EXPECT_THAT(ErrorOf(Text(lines)), StartsWith("line "));
  const auto trace = ParseTrace(Text(lines) + "\n\n", true);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(trace->edited);
  Departures left = Small().departures;
  left.erase(left.begin() + 1);
  EXPECT_EQ(trace->departures, left);  // Sorted again.
}

TEST(LenientTrace, LeavesOutSitesThatAreGone) {
  auto lines = Lines(kGolden);
  lines[15] = "meteor n3 #2 = 1/2";
  const auto trace = ParseTrace(Text(lines), true);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->unknown_sites, 1u);
  EXPECT_EQ(trace->departures.size(), 3u);
}

TEST(LenientTrace, MustStillBeATrace) {
  auto lines = Lines(kGolden);
  lines.pop_back();
  EXPECT_THAT(ErrorOf(Text(lines), true), HasSubstr("cut short"));
  lines = Lines(kGolden);
  lines[17] = lines[16];
  EXPECT_EQ(ErrorOf(Text(lines), true), "line 18: a second \"drop n1>n2 #7\"");
  lines = Lines(kGolden);
  lines[0] = "reprise-trace 2";
  EXPECT_THAT(ErrorOf(Text(lines), true), StartsWith("line 1: trace version 2 is newer"));
}

TEST(TraceFile, IsSavedAndLoaded) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.trace";
  ASSERT_TRUE(SaveFile(path, "old").ok());
  ASSERT_TRUE(SaveFile(path, kGolden).ok());
  EXPECT_EQ(folder.files(), 1u);
  const auto trace = LoadTrace(path);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_TRUE(Equal(*trace, Small()));
}

TEST(TraceFile, ErrorsNameThePath) {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.trace";
  EXPECT_EQ(LoadTrace(missing).status(),
            absl::UnavailableError("cannot read " + missing + ": No such file or directory"));
  EXPECT_EQ(LoadTrace(folder / ".").status().code(), absl::StatusCode::kUnavailable);
  const std::string damaged = folder / "damaged.trace";
  ASSERT_TRUE(SaveFile(damaged, "reprise-trace 1\nbad\n").ok());
  EXPECT_EQ(LoadTrace(damaged).status(),
            absl::InvalidArgumentError(damaged + ": line 2: \"bad\" is no header of a trace"));
  const auto large = LoadFile(damaged, 3);
  EXPECT_EQ(large.status(), absl::InvalidArgumentError(damaged + ": longer than 0 MiB"));
}

TEST(SaveFile, LeavesNothingHalfWritten) {
  const TemporaryFolder folder;
  const std::string below = folder / "no/such/x";
  EXPECT_EQ(SaveFile(below, "x"),
            absl::UnavailableError("cannot write " + below + ": No such file or directory"));
  std::filesystem::create_directory(folder / "directory");
  EXPECT_EQ(SaveFile(folder / "directory", "x").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(folder.files(), 1u);
  ASSERT_TRUE(SaveFile("/dev/null", "x").ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));  // Written to, not replaced.
  ASSERT_FALSE(SaveFile("/dev/full", std::string(100'000, 'x')).ok());
  ASSERT_TRUE(SaveFile(folder / "y", "old").ok());
  EXPECT_EQ(SaveFile(folder / "y/z", "x").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Contents(folder / "y"), "old");
}

// A reader sees the old content or the new one whole, never a part: the file is another one.
TEST(SaveFile, ReplacesAtOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  ASSERT_TRUE(SaveFile(path, "old").ok());
  std::ifstream reader(path);
  ASSERT_TRUE(SaveFile(path, "newer").ok());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_EQ(Contents(path), "newer");
}

TEST(SaveFile, WritesThroughLinks) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SaveFile(folder / "a", "old").ok());
  ASSERT_EQ(symlink((folder / "a").c_str(), (folder / "link").c_str()), 0);
  ASSERT_TRUE(SaveFile(folder / "link", "new").ok());
  EXPECT_EQ(Contents(folder / "a"), "new");
}

}  // namespace
}  // namespace reprise
