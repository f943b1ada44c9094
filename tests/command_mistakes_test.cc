// Each mistake at the command line gives one clear line and its exit status.

#include "sim/files.h"
#include "sim/trace.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using testing::HasSubstr;

TEST(Command, MistakesGetOneLine) {
  const std::string seeds = "is not a seed; want 0 to 18446744073709551615, 0xHEX";
  ExpectComplaint({"fuz", "stream"}, 2, "no command \"fuz\". Did you mean \"fuzz\"?");
  ExpectComplaint({""}, 2, "no command \"\"");
  ExpectComplaint({"--"}, 2, "no command");
  ExpectComplaint({"--json"}, 2, "no option --json");
  ExpectComplaint({"run"}, 2, "reprise run: SCENARIO is missing   (reprise run --help)");
  ExpectComplaint({"shrink", "x.trace"}, 2, "--out is missing");
  ExpectComplaint({"run", "strem"}, 2, "no scenario \"strem\". Did you mean \"stream\"?");
  ExpectComplaint({"run", "stream:need-third"}, 2, "Did you mean \"needs-third\"?");
  ExpectComplaint({"list", "stream:needs-third"}, 2, "give a family, not a mutant of it");
  ExpectComplaint({"mutants", "stream:nothing"}, 2, "no mutant \"nothing\" of stream");
  ExpectComplaint({"mutants", "strem"}, 2, "no scenario \"strem\"");
  ExpectComplaint({"run", "stream", "more"}, 2, "\"more\" is one argument too many");
  ExpectComplaint({"run", "stream", "--sed", "1"}, 2, "no option --sed. Did you mean --seed?");
  ExpectComplaint({"run", "stream", "--sed=1"}, 2, "no option --sed. Did you mean --seed?");
  ExpectComplaint({"run", "stream", "--seed"}, 2, "--seed wants a value");
  for (const char* seed :
       {"-1", "18446744073709551616", "one", "", "1.5", "0x", "0xfffffffffffffffff"}) {
    ExpectComplaint({"run", "stream", "--seed", seed}, 2, "\"" + std::string(seed) + "\" " + seeds);
  }
  ExpectComplaint({"run", "stream", "--option", "numbers"}, 2, "\"numbers\" is not NAME=VALUE");
  ExpectComplaint({"run", "stream", "--option", "=3"}, 2, "\"=3\" is not NAME=VALUE");
  ExpectComplaint({"run", "stream", "--option", "number=3"}, 2, "Did you mean \"numbers\"?");
  for (const char* value : {"0", "101", "x", "", "5x", "99999999999999999999"}) {
    ExpectComplaint({"run", "stream", "--option", "numbers=" + std::string(value)}, 2,
                    "want 1 to 100");
  }
  for (const char* time : {"10x", "-1s", "s", "", "0", "99999999999999h"}) {
    ExpectComplaint({"fuzz", "stream", "--time", time}, 2, "is no length of time; want 500ms");
  }
  for (const char* runs : {"0", "-5", "many", "1e3", "18446744073709551616"}) {
    ExpectComplaint({"fuzz", "stream", "--runs", runs}, 2, "want a whole number, 1 or more");
  }
  ExpectComplaint({"fuzz", "stream", "--jobs", "0"}, 2, "want a whole number, 1 to 256");
  ExpectComplaint({"fuzz", "stream", "--strategy", "best"}, 2, "want all, single or swarm");
  ExpectComplaint({"fuzz", "stream", "strem", "--runs", "1"}, 2, "no scenario \"strem\"");
  ExpectComplaint({"bench", "pingpong"}, 2, "Did you mean \"ping-pong\"?");
  ExpectComplaint({"bench", "--repeats", "0"}, 2, "want a whole number, 1 to 1000");
}

TEST(Command, NothingCanBeWrittenBelowAFile) {
  const TemporaryFolder folder;
  ASSERT_TRUE(SaveFile(folder / "file", "x").ok());
  ASSERT_EQ(Reprise({"run", "stream", "--trace", folder / "a.trace"}).status, 0);
  const std::string below = folder / "file/below";
  ExpectComplaint({"fuzz", "stream", "--runs", "1", "--out", below}, 3,
                  "cannot write to the folder \"" + below + "\": Not a directory");
  ExpectComplaint({"fuzz", "stream", "--runs", "1", "--out", folder / "file"}, 3, "cannot write");
  for (const char* option : {"--trace", "--events"}) {
    const Output output = Reprise({"run", "stream", option, below});
    EXPECT_EQ(output.status, 3);
    EXPECT_EQ(output.err, "reprise run: cannot write " + below + ": Not a directory\n");
  }
  ExpectComplaint({"timeline", folder / "a.trace", "-o", below + ".txt"}, 3, "Not a directory");
}

TEST(Command, BadTracesGetOneLine) {
  const TemporaryFolder folder;
  const std::string good = Contents(MakeTrace(folder, "stream:needs-third"));
  const auto is_rejected = [&](const std::string& text, const std::string& words, int status = 2) {
    const std::string path = folder / "bad.trace";
    ASSERT_TRUE(SaveFile(path, text).ok());
    ExpectComplaint({"replay", path}, status, words);
    ExpectComplaint({"timeline", path, "-o", "-"}, status, words);
  };
  ExpectComplaint({"replay", folder / "none.trace"}, 3, "none.trace: No such file");
  ExpectComplaint({"shrink", folder / "none.trace", "-o", folder / "x"}, 3, "No such file");
  is_rejected("", "bad.trace: line 0: empty");
  is_rejected(good.substr(0, good.size() / 2), "bad.trace: line ");
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 4);
  is_rejected(flipped, "bad.trace: line ");
  is_rejected("reprise-trace 2\n" + good.substr(16), "line 1: trace version 2 is newer");
  is_rejected("\033[31mred\n", "line 1: this is no trace");
  Trace trace = *ParseTrace(good);
  trace.scenario = "raft";
  is_rejected(FormatTrace(trace), "bad.trace: no scenario \"raft\"");
  trace.scenario = "stream:strange\033[31m";
  trace.options = {{"numbers", "five"}};
  is_rejected(FormatTrace(trace), "bad.trace: no mutant \"strange?[31m\"");
  trace.scenario = "stream";
  is_rejected(FormatTrace(trace), "bad.trace: option numbers: \"five\" will not do");
  ASSERT_EQ(Reprise({"run", "stream", "--trace", folder / "pass.trace"}).status, 0);
  ExpectComplaint({"shrink", folder / "pass.trace", "-o", folder / "x.trace"}, 2, "does not fail");
}

TEST(Command, UnknownFormatsAndMissingPrograms) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  ExpectComplaint({"timeline", trace, "-o", "x.jpeg"}, 2, "unknown format \"jpeg\" of x.jpeg");
  ExpectComplaint({"timeline", trace, "-o", "picture"}, 2, "no format in the name picture");
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const Output output = Reprise({"timeline", trace, "-o", folder / "x.svg"});
  setenv("PATH", path.c_str(), 1);
  ExpectComplaint(output, 3, "SVG needs Graphviz (neato), which is not installed");
  const Output text = Reprise({"timeline", trace, "-o", "-"});
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.out, HasSubstr("third"));
  EXPECT_EQ(Reprise({"timeline", trace, "-o", folder / "x.dot"}).status, 0);
  EXPECT_THAT(Contents(folder / "x.dot"), HasSubstr("digraph"));
}

}  // namespace
}  // namespace reprise
