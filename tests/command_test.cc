// The command line, from its arguments to its exit status and what it prints.

#include "tools/command.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "sim/trace.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(Command, SaysWhatItIs) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"--help"}, {"-h"}}) {
    const Output output = Reprise(arguments);
    EXPECT_EQ(output.status, 0);
    for (const char* command : {"list", "run", "fuzz", "replay", "timeline", "shrink", "mutants",
                                "digests", "bench", "demo", "Exit status"}) {
      EXPECT_THAT(output.out, HasSubstr(command));
    }
  }
  EXPECT_THAT(Reprise({"--version"}).out, StartsWith("reprise 0."));
  for (const char* command : {"list", "run", "fuzz", "replay", "timeline", "shrink", "mutants",
                              "digests", "bench", "demo"}) {
    const Output output = Reprise({command, "--help"});
    EXPECT_EQ(output.status, 0);
    EXPECT_THAT(output.out,
                AllOf(HasSubstr("Usage: reprise " + std::string(command)), HasSubstr("Options:")));
    EXPECT_EQ(output.err, "");
  }
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
  const Output twice = Reprise({"run", "stream:moody", "--twice"});
  EXPECT_EQ(twice.status, 4);
  EXPECT_THAT(twice.err, HasSubstr("first difference at event"));
  EXPECT_THAT(twice.err, HasSubstr("depends on earlier runs"));
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
                                HasSubstr("recorded        3.000 ms  n2 fact  Got(3)\n"),
                                HasSubstr("now             3.000 ms  n2 fact  Got(10)\n"),
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
    ExpectKeys(row, {"schema", "workload", "ns_per_event", "events_per_s", "bytes_per_node",
                     "bytes_most"});
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
  EXPECT_THAT(output.out,
              StartsWith("WORKLOAD            ns/event      events/s  bytes/node  peak MB\n"
                         "phold-64 "));
  EXPECT_THAT(Reprise({"bench", "phold-46"}).err, HasSubstr("Did you mean \"phold-64\"?"));
}

TEST(Command, BenchTakesAScenarioWithAndWithoutItsOracles) {
  const Output output = Reprise({"bench", "stream", "--repeats", "1", "--json"});
  ASSERT_EQ(output.status, 0) << output.err;
  const json rows = json::parse(output.out);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2]["workload"], "  calm");
  EXPECT_EQ(rows[0]["events"], rows[1]["events"]);
  EXPECT_EQ(rows[0]["recorded"], rows[1]["recorded"]);
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
    catalogue.Add(StreamFamily());
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
