// The command line, from its arguments to its exit status: each mistake gives one clear line.

#include "tools/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "sim/trace.h"
#include "tests/temporary_folder.h"
#include "tests/toys.h"
#include "tools/bench.h"

namespace reprise {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// What the node of `shifty` reports: a change of the code between recording and replay.
uint64_t shift = 0;

bool Any(const toys::Numbers& got) { return !got.contains(3); }

Family Stream() {
  Family f;
  f.name = "stream";
  f.about = "n1 sends numbers to n2";
  f.source = "nobody, 2024";
  f.options = {{"numbers", "how many are sent", 1, 100, 10}};
  f.mutants = {{"needs-third", "ST-M1", "D1", "third", "the third must arrive", "", false},
               {"dies", "ST-M2", "D1", "crash", "aborts without the third", "", false},
               {"moody", "ST-M3", "D1", "", "no two runs are the same", "", false},
               {"unjudged", "ST-M4", "D1", "", "nobody can say", "", false},
               {"shifty", "ST-M5", "D1", "", "reports what it likes", "", true}};
  f.make = [](const Options& options, const std::string& mutant) {
    Scenario s = toys::Stream(static_cast<uint64_t>(options["numbers"]),
                              {{"sound", [](auto&) { return false; }}});
    if (mutant == "needs-third") s.oracles = JudgedBy(toys::GotOracle("third", Any));
    if (mutant == "dies") {
      s.roles[1].main = [](Env& env) {
        for (uint64_t heard = 0;;) {
          env.Receive().Match([&](const toys::Number& m) { heard += m.n; });
          if (heard == 1 + 2 + 4) std::abort();
        }
      };
    }
    if (mutant == "moody" || mutant == "shifty") {
      s.roles[1].main = [moody = mutant == "moody"](Env& env) {
        static uint64_t runs = 0;
        ++runs;
        for (;;) {
          env.Receive().Match([&](const toys::Number& m) {
            env.Report(toys::Got{m.n < 3 ? m.n : m.n + (moody ? runs : shift)});
          });
        }
      };
    }
    if (mutant == "unjudged") {
      class Unsure final : public Oracle {
       public:
        std::string name() const override { return "unsure"; }
        std::optional<std::string> Undecided() const override { return "it is late"; }
      };
      s.oracles = JudgedBy(Unsure());
    }
    return s;
  };
  return f;
}

struct Output {
  int status = 0;
  std::string out, err;
};

Output Reprise(std::vector<std::string> arguments) {
  static const Catalogue catalogue = [] {
    Catalogue all;
    all.Add(Stream());
    return all;
  }();
  arguments.insert(arguments.begin(), "reprise");
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Output output;
  output.status = RepriseCommand(static_cast<int>(argv.size()), argv.data(), catalogue);
  output.out = testing::internal::GetCapturedStdout();
  output.err = testing::internal::GetCapturedStderr();
  return output;
}

// A complaint is one line on stderr, which begins with who complains, and nothing on stdout.
void ExpectComplaint(const Output& output, int status, const std::string& words) {
  EXPECT_EQ(output.status, status);
  EXPECT_THAT(output.err, HasSubstr(words));
  EXPECT_THAT(output.err, StartsWith("reprise"));
  EXPECT_EQ(std::ranges::count(output.err, '\n'), 1) << output.err;
  EXPECT_THAT(output.err, Not(HasSubstr("\033")));
  EXPECT_EQ(output.out, "");
}

void ExpectComplaint(const std::vector<std::string>& arguments, int status,
                     const std::string& words) {
  SCOPED_TRACE(testing::PrintToString(arguments));
  ExpectComplaint(Reprise(arguments), status, words);
}

TEST(Command, SaysWhatItIs) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--help"}, {"-h"}}) {
    const Output output = Reprise(arguments);
    EXPECT_EQ(output.status, 0);
    for (const char* command : {"list", "run", "fuzz", "replay", "timeline", "shrink", "mutants",
                                "bench", "demo", "Exit status"}) {
      EXPECT_THAT(output.out, HasSubstr(command));
    }
  }
  EXPECT_THAT(Reprise({"--version"}).out, StartsWith("reprise 0."));
  for (const char* command :
       {"list", "run", "fuzz", "replay", "timeline", "shrink", "mutants", "bench", "demo"}) {
    const Output output = Reprise({command, "--help"});
    EXPECT_EQ(output.status, 0);
    EXPECT_THAT(output.out,
                AllOf(HasSubstr("Usage: reprise " + std::string(command)), HasSubstr("Options:")));
    EXPECT_EQ(output.err, "");
  }
}

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
  ExpectComplaint({"mutants", "stream:needs-third"}, 2, "give a family, not a mutant of it");
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

// A failure found, shrunk and written: its trace.
std::string MakeTrace(const TemporaryFolder& folder, const std::string& scenario) {
  const Output output = Reprise(
      {"fuzz", scenario, "--strategy", "single", "--jobs", "2", "--out", folder / "out", "--json"});
  EXPECT_EQ(output.status, 1) << output.err;
  for (size_t at = 0; at < output.out.size(); at = output.out.find('\n', at) + 1) {
    const json line = json::parse(output.out.substr(at, output.out.find('\n', at) - at));
    if (line["type"] == "failure") return line["trace"];
  }
  ADD_FAILURE() << output.out;
  return "";
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

TEST(Command, AFailureIsFoundReplayedAndShrunk) {
  const TemporaryFolder folder;
  const Output fuzz =
      Reprise({"fuzz", "stream:ST-M1", "--strategy", "swarm", "--runs", "500", "--jobs", "2",
               "--out", folder / "new/out", "--option", "numbers=20"});
  EXPECT_EQ(fuzz.status, 1);
  EXPECT_THAT(fuzz.out, AllOf(HasSubstr("FAIL  third"), HasSubstr("departures -> 1,"),
                              HasSubstr("drop n1>n2 #3"), HasSubstr("replayed twice"),
                              HasSubstr("facts "), HasSubstr("--option numbers=20")));
  const size_t at = fuzz.out.find("reprise replay ") + 15;
  const std::string trace = fuzz.out.substr(at, fuzz.out.find('\n', at) - at);
  EXPECT_THAT(trace, StartsWith(folder / "new/out/stream-needs-third-"));

  const Output replay = Reprise({"replay", trace});
  EXPECT_EQ(replay.status, 1);
  EXPECT_THAT(replay.out, AllOf(HasSubstr("the same run as recorded"), HasSubstr("FAIL    third")));
  EXPECT_EQ(replay.err, "");
  EXPECT_EQ(Reprise({"replay", trace, "--expect", "fail"}).status, 0);
  EXPECT_EQ(Reprise({"replay", trace, "--expect", "third"}).status, 0);
  EXPECT_EQ(Reprise({"replay", trace, "--expect", "pass"}).status, 1);
  EXPECT_EQ(Reprise({"replay", trace, "--lenient"}).status, 1);
  EXPECT_THAT(Reprise({"replay", trace, "--until", "4"}).out, HasSubstr("       4 "));

  const std::string shrunk = folder / "again.trace";
  EXPECT_EQ(Reprise({"shrink", trace, "-o", shrunk}).status, 0);
  EXPECT_EQ(Contents(shrunk), Contents(trace));
}

TEST(Command, EachVerdictHasItsStatus) {
  EXPECT_EQ(Reprise({"run", "stream", "--seed", "3", "--twice"}).status, 0);
  EXPECT_EQ(Reprise({"run", "stream:unjudged", "--seed", "3"}).status, 5);
  EXPECT_EQ(Reprise({"run", "stream:moody", "--twice"}).status, 4);
  const TemporaryFolder folder;
  const auto fuzz = [&](const std::string& scenario) {
    return Reprise({"fuzz", scenario, "--runs", "30", "--jobs", "2", "--out", folder / "out"});
  };
  EXPECT_EQ(fuzz("stream").status, 0);
  EXPECT_EQ(fuzz("stream:unjudged").status, 5);
  const Output moody = fuzz("stream:moody");
  EXPECT_EQ(moody.status, 4);
  EXPECT_THAT(moody.err,
              AllOf(HasSubstr("NOT DETERMINISTIC"), HasSubstr("first difference at event")));
  uint64_t seed = 1;
  while (Reprise({"run", "stream:needs-third", "--seed", std::to_string(seed)}).status == 0) ++seed;
  EXPECT_EQ(Reprise({"run", "stream:needs-third", "--seed", std::to_string(seed)}).status, 1);
}

TEST(Command, OfSeveralScenariosTheWorstCounts) {
  const TemporaryFolder folder;
  const auto fuzz = [&](std::vector<std::string> scenarios) {
    for (const char* more : {"--runs", "200", "--jobs", "2", "--keep-going", "--out"}) {
      scenarios.emplace_back(more);
    }
    scenarios.insert(scenarios.begin(), "fuzz");
    scenarios.push_back(folder / "out");
    return Reprise(scenarios).status;
  };
  EXPECT_EQ(fuzz({"stream", "stream:unjudged"}), 5);
  EXPECT_EQ(fuzz({"stream:unjudged", "stream:needs-third", "stream"}), 1);
}

TEST(Command, AReplayThatDivergesNamesTheFirstEvent) {
  const TemporaryFolder folder;
  const std::string trace = folder / "a.trace";
  ASSERT_EQ(
      Reprise({"run", "stream:shifty", "--trace", trace, "--events", folder / "a.events"}).status,
      0);
  EXPECT_EQ(Reprise({"replay", trace}).status, 0);
  shift = 7;
  const Output output = Reprise({"replay", trace});
  const Output lenient = Reprise({"replay", trace, "--lenient"});
  const Output drawn = Reprise({"timeline", trace, "-o", "-"});
  ASSERT_TRUE(SaveFile(folder / "a.events", "rubbish").ok());
  const Output without = Reprise({"replay", trace});
  shift = 0;
  EXPECT_EQ(output.status, 4);
  EXPECT_THAT(output.err, AllOf(HasSubstr("DIVERGED at event "),
                                HasSubstr("recorded       4.000 ms  n2 fact  Got(3)\n"),
                                HasSubstr("now            4.000 ms  n2 fact  Got(10)\n"),
                                HasSubstr("--lenient " + trace)));
  EXPECT_EQ(lenient.status, 0);
  ExpectComplaint(drawn, 4, "not the recorded run any more");
  EXPECT_EQ(without.status, 4);
  EXPECT_THAT(without.err, HasSubstr("DIVERGED after event 0"));
}

TEST(Command, ALenientReplayMustEndAlike) {
  const TemporaryFolder folder;
  Trace trace = *LoadTrace(MakeTrace(folder, "stream:needs-third"));
  trace.scenario = "stream";  // Where the bug has been mended.
  const std::string path = folder / "mended.trace";
  ASSERT_TRUE(SaveFile(path, FormatTrace(trace)).ok());
  EXPECT_EQ(Reprise({"replay", path}).status, 4);
  const Output lenient = Reprise({"replay", path, "--lenient"});
  EXPECT_EQ(lenient.status, 4);
  EXPECT_THAT(lenient.err, HasSubstr("does not end as it is recorded: fail third"));
  EXPECT_EQ(Reprise({"replay", path, "--lenient", "--expect", "pass"}).status, 0);
}

TEST(Command, AFailureThatKillsIsFoundAndReplayed) {
  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:dies");
  EXPECT_EQ(LoadTrace(trace)->departures, Departures{toys::Drop(3)});
  const Output replay = Reprise({"replay", trace});
  EXPECT_EQ(replay.status, 1);
  EXPECT_THAT(replay.out, AllOf(HasSubstr("FAIL    crash: the process died: Aborted"),
                                HasSubstr("the same run as recorded\n")));
  EXPECT_EQ(Reprise({"replay", trace, "--expect", "crash"}).status, 0);
  ExpectComplaint({"timeline", trace, "-o", "-"}, 2, "leaves nothing to draw");
  const Output shrunk = Reprise({"shrink", trace, "-o", folder / "b.trace"});
  EXPECT_EQ(shrunk.status, 0);
  Trace mended = *LoadTrace(trace);
  mended.scenario = "stream";
  ASSERT_TRUE(SaveFile(folder / "c.trace", FormatTrace(mended)).ok());
  const Output other = Reprise({"replay", folder / "c.trace"});
  EXPECT_EQ(other.status, 4);
  EXPECT_THAT(other.err, HasSubstr("DIVERGED: the run is recorded as one that ended in a crash"));
}

void ExpectKeys(const json& object, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) EXPECT_TRUE(object.contains(key)) << key << " in " << object;
}

const std::vector<std::string> kRunKeys = {"schema",     "scenario",   "seed",   "verdict",
                                           "oracle",     "reason",     "digest", "events",
                                           "virtual_ns", "departures", "faults", "metrics"};

TEST(Command, JsonOfARun) {
  const Output output = Reprise(
      {"run", "stream", "--seed", "0xffffffffffffffff", "--json", "--option", "numbers=50"});
  const json run = json::parse(output.out);
  ExpectKeys(run, kRunKeys);
  EXPECT_EQ(run["schema"], "reprise.run/1");
  EXPECT_EQ(run["seed"], "18446744073709551615");
  EXPECT_EQ(run["options"]["numbers"], "50");
  EXPECT_THAT(std::string(run["digest"]), SizeIs(16));
  ASSERT_FALSE(run["departures"].empty());
  ExpectKeys(run["departures"][0], {"address", "value", "bound"});
  ASSERT_FALSE(run["faults"].empty());
  for (const auto& [name, fault] : run["faults"].items()) {
    ExpectKeys(fault, {"attempted", "applied", "observed"});
  }
  EXPECT_TRUE(json::parse(Reprise({"run", "stream", "--json"}).out)["seed"].is_null());
}

TEST(Command, JsonOfFuzzing) {
  const TemporaryFolder folder;
  const Output output = Reprise({"fuzz", "stream:needs-third", "--runs", "300", "--jobs", "2",
                                 "--out", folder / "out", "--json", "--keep-going"});
  EXPECT_EQ(output.err, "");
  std::vector<std::string> types;
  for (size_t at = 0; at < output.out.size(); at = output.out.find('\n', at) + 1) {
    const json line = json::parse(output.out.substr(at, output.out.find('\n', at) - at));
    EXPECT_EQ(line["schema"], "reprise.fuzz/1");
    const std::string type = line["type"];
    if (types.empty() || types.back() != type) types.push_back(type);
    if (type == "start") ExpectKeys(line, {"scenario", "jobs", "base_seed"});
    if (type == "progress") ExpectKeys(line, {"runs", "seconds", "failures"});
    if (type == "failure") {
      ExpectKeys(line, kRunKeys);
      ExpectKeys(line, {"trace", "signature", "run", "shrink_runs", "twice"});
      EXPECT_TRUE(LoadTrace(line["trace"]).ok());
      EXPECT_EQ(line["departures"].size(), 1u);
    }
    if (type == "end") {
      ExpectKeys(line, {"runs", "events", "failures", "interrupted", "faults", "facts"});
      EXPECT_EQ(line["runs"], 300);
      EXPECT_EQ(line["findings"], 1);
    }
  }
  EXPECT_THAT(types, testing::ElementsAre("start", "progress", "failure", "end"));
}

TEST(Command, JsonOfTheRest) {
  const json families = json::parse(Reprise({"list", "--json"}).out);
  ASSERT_THAT(families, SizeIs(1));
  ExpectKeys(families[0], {"name", "about", "source", "options", "mutants"});
  ASSERT_THAT(families[0]["mutants"], SizeIs(5));
  ExpectKeys(families[0]["mutants"][0], {"name", "id", "class", "oracle", "origin", "decoy"});
  ExpectKeys(json::parse(Reprise({"list", "--faults", "--json"}).out)[0], {"name", "about"});

  const TemporaryFolder folder;
  const std::string trace = MakeTrace(folder, "stream:needs-third");
  const json replay = json::parse(Reprise({"replay", trace, "--json"}).out);
  ExpectKeys(replay, kRunKeys);
  EXPECT_EQ(replay["same_run"], true);
  EXPECT_EQ(replay["departures_matched"], replay["departures_given"]);
  const json shrunk =
      json::parse(Reprise({"shrink", trace, "-o", folder / "b.trace", "--json"}).out);
  ExpectKeys(shrunk, kRunKeys);
  ExpectKeys(shrunk, {"departures_before", "shrink_runs", "trace"});

  const json bench =
      json::parse(Reprise({"bench", "raft-like", "phold-64", "--repeats", "1", "--json"}).out);
  ASSERT_THAT(bench, SizeIs(2));
  for (const json& row : bench) {
    ExpectKeys(row, {"schema", "workload", "ns_per_event", "events_per_s", "bytes_per_node"});
    EXPECT_EQ(row["schema"], "reprise.bench/1");
    EXPECT_GT(row["ns_per_event"], 0);
    EXPECT_GT(row["events_per_s"], 0);
  }
}

TEST(Command, EventsAsJsonLines) {
  const TemporaryFolder folder;
  ASSERT_EQ(Reprise({"run", "stream", "--events", folder / "a.jsonl"}).status, 0);
  std::ifstream file(folder / "a.jsonl");
  uint64_t events = 0;
  for (std::string line; std::getline(file, line);) {
    const json event = json::parse(line);
    EXPECT_EQ(event["event"], ++events);
    ExpectKeys(event, {"ns", "kind", "text"});
  }
  EXPECT_EQ(events, json::parse(Reprise({"run", "stream", "--json"}).out)["events"]);
}

TEST(Command, BenchPrintsATable) {
  const Output output = Reprise({"bench", "phold-64", "--repeats", "2"});
  EXPECT_EQ(output.status, 0);
  EXPECT_THAT(output.out, StartsWith("WORKLOAD            ns/event      events/s  bytes/node\n"
                                     "phold-64 "));
  EXPECT_THAT(BenchNames(), testing::Contains("gossip-1000"));
}

TEST(Command, NoColourWhereThereIsNoTerminal) {
  const TemporaryFolder folder;
  unsetenv("NO_COLOR");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"list"},
           {"list", "--faults"},
           {"run", "stream", "--seed", "1"},
           {"fuzz", "stream", "--runs", "20", "--out", folder / "out"}}) {
    const Output output = Reprise(arguments);
    EXPECT_EQ(output.status, 0);
    EXPECT_THAT(output.out + output.err, Not(HasSubstr("\033")));
    EXPECT_THAT(output.err, IsEmpty());
  }
}

// Runs the command in a child that is interrupted once it has said something in its first file.
TEST(Command, InterruptedItKeepsWhatItFound) {
  const TemporaryFolder folder;
  const std::string out = folder / "stdout";
  const pid_t pid = fork();
  if (pid == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr) _exit(99);
    std::vector<std::string> words = {"reprise",      "fuzz",        "stream:needs-third",
                                      "--keep-going", "--json",      "--time",
                                      "60s",          "--jobs",      "2",
                                      "--out",        folder / "out"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    Catalogue catalogue;
    catalogue.Add(Stream());
    const int status = RepriseCommand(static_cast<int>(argv.size()), argv.data(), catalogue);
    std::fflush(stdout);
    _exit(status);
  }
  const auto failures = [&] {
    const std::string said = Contents(out);
    const size_t line = said.rfind("{\"schema\":\"reprise.fuzz/1\",\"type\":\"progress\"");
    if (line == std::string::npos || said.find('\n', line) == std::string::npos) return 0;
    return json::parse(said.substr(line, said.find('\n', line) - line))["failures"].get<int>();
  };
  for (int i = 0; i < 500 && failures() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  kill(pid, SIGINT);
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  const std::string said = Contents(out);
  EXPECT_THAT(said, AllOf(HasSubstr("\"type\":\"failure\""), HasSubstr("\"interrupted\":true")));
  const size_t at = said.find("\"trace\":\"") + 9;
  EXPECT_TRUE(LoadTrace(said.substr(at, said.find('"', at) - at)).ok());
}

}  // namespace
}  // namespace reprise
