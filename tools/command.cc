// The command line itself: options, help and mistakes. What the commands do is in files of their
// own.

#include "tools/command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "tools/again.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/looking.h"
#include "tools/parse.h"

namespace reprise {
namespace {

constexpr const char* kAbout =
    "reprise 0.1.0: run recovery protocols in a deterministic simulator\n\n"
    "  reprise list                         what can be run: protocols, mutants, faults\n"
    "  reprise run chandy-lamport --seed 7  one run: verdict, digest, counts\n"
    "  reprise fuzz chandy-lamport          search for a run that breaks it, and shrink that\n"
    "  reprise explore write-ahead-log      a crash at every call, with every disk it may leave\n"
    "  reprise replay FILE.trace            make a recorded run happen again, bit for bit\n"
    "  reprise timeline FILE.trace -o -     draw it: html, svg, png, pdf, dot, txt, or - for here\n"
    "  reprise explain FILE.trace           why it failed: what was needed, and when it was too "
    "late\n"
    "  reprise diff FILE.trace              beside the nearest run that passes, and where they "
    "part\n"
    "  reprise export FILE.trace -o F.json  for other viewers: Perfetto, ShiViz, Mermaid, JSON\n"
    "  reprise shrink FILE.trace -o OUT     fewer departures that fail the same way\n"
    "  reprise report primary-backup        how well it recovers: RTO, availability, ...\n"
    "  reprise mutants                      how soon every known bug is found, and how small\n"
    "  reprise needs                        which faults each known bug needs\n"
    "  reprise tables                       tables of papers, reproduced\n"
    "  reprise digests                      whether runs are what they were: other machines, "
    "versions\n"
    "  reprise bench                        what an event costs on this machine\n"
    "  reprise demo                         all of it, in a few minutes\n\n"
    "reprise COMMAND --help says more. Exit status: 0 nothing wrong, 1 a violation, 2 usage or "
    "input\n"
    "error, 3 something is missing here, 4 not the same run, 5 undecided, 130 interrupted.";

// What the options are read into, before they are turned into arguments.
struct Raw {
  std::string seed, base_seed, time, strategy = "all";
  std::vector<std::string> options;
  uint64_t runs = 0, until = 0, break_at = 0;
  int jobs = 0;
  bool json = false, markdown = false;
};

class CommandLine {
 public:
  CommandLine(const Catalogue& catalogue, const Tables& tables)
      : catalogue_(catalogue), tables_(tables), app_(kAbout, "reprise") {
    app_.set_version_flag("--version", "reprise 0.1.0");
    app_.require_subcommand(0, 1);
    AddList();
    AddRun();
    AddFuzz();
    AddExplore();
    AddReplay();
    AddShrink();
    AddTimeline();
    looking_.AddTo(app_);
    AddReport();
    AddMutants();
    AddNeeds();
    AddTables();
    AddDigests();
    AddBench();
    AddDemo();
  }

  int Run(int argc, char** argv) {
    if (argc == 1) {
      std::printf("%s\n", kAbout);
      return kOk;
    }
    if (argv[1][0] != '-' && !Knows(argv[1])) return UnknownCommand(argv[1]);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return PrintHelp();
    } catch (const CLI::CallForVersion&) {
      std::printf("reprise 0.1.0\n");
      return kOk;
    } catch (const CLI::ParseError& error) {
      return Mistake(error);
    }
    if (!app_.get_subcommands().empty()) return Dispatch();
    return Complain("", absl::InvalidArgumentError("no command   (reprise --help lists all)"));
  }

 private:
  int PrintHelp() {
    const auto chosen = app_.get_subcommands();
    std::printf("%s", chosen.empty() ? (std::string(kAbout) + "\n").c_str()
                                     : chosen.front()->help("reprise").c_str());
    return kOk;
  }

  // What the user did wrong, in the words of the rest of the program.
  int Mistake(const CLI::ParseError& error) {
    const auto chosen = app_.get_subcommands();
    const CLI::App& app = chosen.empty() ? app_ : *chosen.front();
    const std::string command = chosen.empty() ? "" : app.get_name();
    std::string what = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      const auto extra = chosen.empty() ? app_.remaining() : app.remaining();
      if (!extra.empty()) what = Unexpected(app, extra.front());
    } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      what = what.substr(0, what.find(':')) + " wants a value";
    } else if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
      what = what.substr(0, what.find(' ')) + " is missing";
    }
    return Complain(command,
                    absl::InvalidArgumentError(what + "   (reprise " + command +
                                               (command.empty() ? "--help)" : " --help)")));
  }

  static std::string Unexpected(const CLI::App& app, const std::string& typed) {
    if (!typed.starts_with('-')) return "\"" + typed + "\" is one argument too many";
    const std::string name = typed.substr(0, typed.find('='));
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
    }
    const std::string nearest = Nearest(name, names);
    return "no option " + name + "." + (nearest.empty() ? "" : " Did you mean " + nearest + "?");
  }

  bool Knows(const std::string& command) const {
    const auto commands = app_.get_subcommands([](const CLI::App*) { return true; });
    return std::ranges::any_of(commands, [&](auto* c) { return c->get_name() == command; });
  }

  int UnknownCommand(const std::string& typed) {
    std::vector<std::string> names;
    for (const CLI::App* c : app_.get_subcommands([](CLI::App*) { return true; }))
      names.push_back(c->get_name());
    const std::string nearest = Nearest(typed, names);
    return Complain("", absl::InvalidArgumentError(
                            "no command \"" + typed + "\"." +
                            (nearest.empty() ? "" : " Did you mean \"" + nearest + "\"?") +
                            "   (reprise --help lists all)"));
  }

  CLI::App* Add(const char* name, const char* about) { return app_.add_subcommand(name, about); }
  void AddJson(CLI::App* command, bool& json) {
    command->add_flag("--json", json, "For programs, instead of text for people");
  }
  void AddScenarioOptions(CLI::App* command) {
    command->add_option("-o,--option", raw_.options, "NAME=VALUE: see reprise list SCENARIO")
        ->allow_extra_args(false);
  }
  void AddFaults(CLI::App* command, FaultArgs& faults) {
    command->add_option("--only", faults.only, "No faults but these: FAULT,... or an area")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CheckFaultName);
    command->add_option("--without", faults.without, "None of these: FAULT,... or an area")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CheckFaultName);
  }
  void AddJobs(CLI::App* command) {
    command->add_option("-j,--jobs", raw_.jobs, "Worker processes (one for each processor)")
        ->check(Whole(1, 256));
  }

  void AddList() {
    CLI::App* c = Add("list", "What can be run: protocols, their options and mutants, and faults");
    c->add_option("SCENARIO", list_.family, "Only this one");
    c->add_flag("--faults", list_.faults, "The menu of faults instead");
    AddJson(c, list_.json);
  }

  void AddRun() {
    CLI::App* c = Add("run", "One run of a scenario: verdict, digest, counts");
    c->add_option("SCENARIO", run_.scenario.name, "As reprise list has it")->required();
    c->add_option("-s,--seed", raw_.seed, "Which run; without one, the calm run")->check(CheckSeed);
    c->add_option("--trace", run_.trace, "Write the run down, to be replayed");
    c->add_option("--events", run_.events, "Write all events: .jsonl, or compressed");
    auto* twice =
        c->add_flag("--twice", run_.twice, "Run it again in four ways, and compare every event");
    AddFaults(c, run_.faults);
    for (const char* faults : {"--only", "--without"}) {
      c->get_option(faults)->needs("--seed")->excludes(twice);
    }
    AddScenarioOptions(c);
    AddJson(c, run_.json);
  }

  void AddFuzz() {
    CLI::App* c = Add("fuzz", "Search for runs that fail; shrink each and write its trace");
    c->add_option("SCENARIO", fuzz_.scenarios, "One or more; or all, for every sound one")
        ->required();
    c->add_option("-n,--runs", raw_.runs, "At most so many runs")->check(Whole(1));
    c->add_option("-t,--time,--for", raw_.time, "At most so long: 60s, 5m (10s, without --runs)")
        ->check(CheckDuration);
    AddJobs(c);
    AddFaults(c, fuzz_.faults);
    c->add_option("--out", fuzz_.out, "Where traces go")->capture_default_str();
    c->add_option("--base-seed,--seed", raw_.base_seed, "The first seed (1)")->check(CheckSeed);
    c->add_option("--strategy", raw_.strategy,
                  "all: the calm run, every single fault, then seeds; single; or swarm: seeds only")
        ->check(OneOf({"all", "single", "swarm"}));
    c->add_flag("--keep-going", fuzz_.campaign.keep_going, "Do not stop at the first failure");
    c->add_flag("-q,--quiet", fuzz_.quiet, "No progress");
    AddScenarioOptions(c);
    AddJson(c, fuzz_.json);
  }

  void AddExplore() {
    CLI::App* c = Add("explore", "A crash at every call, with every disk that it may leave");
    c->add_option("SCENARIO", explore_.scenario.name, "As reprise list has it")->required();
    ExploreOptions& options = explore_.explore;
    c->add_option("-d,--depth", options.depth, "How many crashes")
        ->capture_default_str()
        ->check(Whole(1, 2));
    c->add_option(
         "--images", options.images_at_most,
         "All disks that a crash may leave, where there are at most so many; else a sample")
        ->capture_default_str()
        ->check(Whole(1, 1'000'000));
    c->add_option("-n,--runs", raw_.runs, "At most so many runs")->check(Whole(1));
    c->add_option("--base-seed,--seed", raw_.base_seed, "Of the samples (1)")->check(CheckSeed);
    AddJobs(c);
    c->add_option("--out", explore_.out, "Where traces go")->capture_default_str();
    c->add_flag("-q,--quiet", explore_.quiet, "No progress");
    AddScenarioOptions(c);
    AddJson(c, explore_.json);
  }

  void AddReplay() {
    CLI::App* c = Add("replay", "Make a recorded run happen again, and say whether it is the same");
    c->add_option("TRACE", replay_.trace, "The file")->required();
    c->add_flag("--lenient", replay_.lenient, "Only the verdict must hold: the code has changed");
    c->add_option("--expect", replay_.expect, "Exit with 0 if it ends so: fail, pass or an oracle");
    c->add_flag("--print", replay_.print_events, "Print the events");
    c->add_option("--until", raw_.until, "Print the events up to this number")->check(Whole(1));
    c->add_option("--break-at", raw_.break_at, "Stop in the debugger at the event of this number")
        ->check(Whole(1));
    c->add_option("--events", replay_.events, "Write all events: .jsonl, or compressed");
    auto* walk = c->add_flag("--interactive", replay_.interactive,
                             "Walk through the events, forwards and back; help lists commands");
    AddJson(c, replay_.json);
    walk->excludes(c->get_option("--json"));
  }

  void AddShrink() {
    CLI::App* c = Add("shrink", "Fewer and smaller departures that fail the same way");
    c->add_option("TRACE", shrink_.trace, "The file")->required();
    c->add_option("-o,--out", shrink_.out, "Where the shrunk trace goes")->required();
    c->add_option("-n,--runs", shrink_.runs_at_most, "At most so many runs")
        ->capture_default_str()
        ->check(Whole(3));
    AddJson(c, shrink_.json);
  }

  void AddTimeline() {
    CLI::App* c = Add("timeline", "Draw the run of a trace");
    c->add_option("TRACE", timeline_.trace, "The file")->required();
    c->add_option("-o,--out", timeline_.out,
                  "FILE.html (a page to walk through), .svg, .png, .pdf, .dot or .txt, or - for "
                  "text here")
        ->required();
    c->add_option("--title", timeline_.title, "Instead of what the verdict says");
    c->add_option("--messages", timeline_.messages, "Show at most so many")
        ->check(Whole(1, 1'000'000));
    c->add_flag("--cone", timeline_.cone, "The causal past of the violation bold, the rest faded");
    c->add_flag("--vertical", timeline_.vertical, "Time runs down");
    c->add_flag("--dark", timeline_.dark, "For a dark page");
    c->add_flag("--history", timeline_.history,
                "What clients invoked and got back, with what conflicts marked");
    c->add_flag("--lenient", timeline_.lenient,
                "Draw the run as it is now, though the code changed");
  }

  void AddReport() {
    CLI::App* c = Add("report", "How well a protocol recovers, over many runs");
    c->add_option("SCENARIO", report_.scenario.name, "As reprise list has it")->required();
    c->add_option("-n,--runs", report_.runs, "How many")->capture_default_str()->check(Whole(1));
    c->add_option("--base-seed,--seed", raw_.base_seed, "The first seed (1)")->check(CheckSeed);
    c->add_option("--plot", report_.plot, "Draw availability over time: FILE.svg");
    AddJobs(c);
    AddScenarioOptions(c);
    AddJson(c, report_.json);
  }

  void AddMutants() {
    CLI::App* c =
        Add("mutants", "How soon each known bug is found, and how small its failure gets");
    c->add_option("SCENARIO", mutants_.names, "Only these families, or mutants");
    c->add_option("--decoys", mutants_.decoy_runs, "Runs in which nobody may complain of a decoy")
        ->capture_default_str()
        ->check(Whole(1));
    c->add_option("--seeds", mutants_.seeds_at_most,
                  "At most so many for each, if its class has more")
        ->capture_default_str()
        ->check(Whole(1));
    c->add_option("--shrink-runs", mutants_.shrink_runs, "At most so many to shrink each")
        ->capture_default_str()
        ->check(Whole(3));
    c->add_option("--base-seed,--seed", raw_.base_seed, "The first seed (1)")->check(CheckSeed);
    c->add_option("--out", mutants_.out, "Write each shrunk trace there: FAMILY/MUTANT.trace");
    c->add_option("--resume", mutants_.resume,
                  "Go on from the rows in that file, and add to it what is found");
    c->add_flag("--markdown", raw_.markdown, "As docs/mutants.md has it");
    AddJobs(c);
    AddJson(c, raw_.json);
  }

  void AddNeeds() {
    CLI::App* c = Add("needs", "Which faults each known bug needs: found with, and without, them");
    c->add_option("SCENARIO", needs_.scenarios, "Only these families or mutants");
    c->add_option("-n,--runs", needs_.runs, "Seeds of each campaign")
        ->capture_default_str()
        ->check(Whole(1));
    c->add_option("--base-seed,--seed", raw_.base_seed, "The first seed (1)")->check(CheckSeed);
    AddJobs(c);
    AddJson(c, needs_.json);
  }

  void AddDigests() {
    CLI::App* c = Add("digests", "A table of every scenario's first digests, or a check of one");
    auto* out = c->add_option("-o,--out", digests_.out, "Write the table there");
    c->add_option("--check", digests_.check, "Say whether all runs are as in this table")
        ->excludes(out);
    c->add_option("--seeds", digests_.seeds, "The calm run, and seeds from 1 to this")
        ->capture_default_str()
        ->check(Whole(1, 1'000'000));
    AddJson(c, digests_.json);
  }

  void AddTables() {
    CLI::App* c = Add("tables", "Values of papers, with what models and simulation say of them");
    c->add_option("TABLE", tables_args_.tables, "Only these: T03, T06, ...");
    c->add_flag("--markdown", tables_args_.markdown, "As docs/tables.md has them");
    AddJson(c, tables_args_.json);
  }

  void AddBench() {
    CLI::App* c = Add("bench", "What an event costs on this machine, and a node");
    c->add_option("WORKLOAD", bench_.workloads,
                  "Only these, or scenarios as reprise list has them; all take a minute or so");
    c->add_option("--repeats", bench_.repeats, "Of which the median counts")
        ->capture_default_str()
        ->check(Whole(1, 1000));
    AddScenarioOptions(c);
    AddJson(c, bench_.json);
  }

  void AddDemo() {
    CLI::App* c = Add("demo", "The main job in a few minutes, on the protocols we ship");
    c->add_option("--out", demo_.out, "Where traces and pictures go")->capture_default_str();
    c->add_option("--seconds", demo_.seconds, "How long to fuzz")->check(Whole(1, 86400));
    AddJobs(c);
  }

  bool Chose(const char* name) { return app_.got_subcommand(name); }

  int Dispatch() {
    const auto options = SplitOptions(raw_.options);
    const std::string command = app_.get_subcommands().front()->get_name();
    if (!options.ok()) return Complain(command, options.status());
    const int jobs =
        raw_.jobs != 0 ? raw_.jobs : static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
    const uint64_t base_seed = raw_.base_seed.empty() ? 1 : *ParseSeed(raw_.base_seed);
    if (Chose("list")) return ListCommand(catalogue_, list_);
    if (Chose("run")) {
      run_.scenario.options = *options;
      if (!raw_.seed.empty()) run_.seed = ParseSeed(raw_.seed);
      return RunCommand(catalogue_, run_);
    }
    if (Chose("fuzz")) return Fuzz(*options, jobs, base_seed);
    if (Chose("explore")) {
      explore_.scenario.options = *options;
      explore_.explore.jobs = jobs;
      explore_.explore.base_seed = base_seed;
      if (raw_.runs != 0) explore_.explore.runs_at_most = raw_.runs;
      return ExploreCommand(catalogue_, explore_);
    }
    if (Chose("replay")) {
      if (raw_.until != 0) replay_.until = raw_.until;
      if (raw_.break_at != 0) replay_.break_at = raw_.break_at;
      return ReplayCommand(catalogue_, replay_);
    }
    if (Chose("shrink")) return ShrinkCommand(catalogue_, shrink_);
    if (Chose("timeline")) return TimelineCommand(catalogue_, timeline_);
    if (const auto status = looking_.Run(app_, catalogue_, jobs)) return *status;
    if (Chose("report")) {
      report_.scenario.options = *options;
      report_.jobs = jobs;
      report_.base_seed = base_seed;
      return ReportCommand(catalogue_, report_);
    }
    if (Chose("mutants")) {
      mutants_.jobs = jobs;
      mutants_.base_seed = base_seed;
      mutants_.form = raw_.json       ? TableForm::kJson
                      : raw_.markdown ? TableForm::kMarkdown
                                      : TableForm::kText;
      return MutantsCommand(catalogue_, mutants_);
    }
    if (Chose("needs")) {
      needs_.jobs = jobs;
      needs_.base_seed = base_seed;
      return NeedsCommand(catalogue_, needs_);
    }
    if (Chose("digests")) return DigestsCommand(catalogue_, digests_);
    if (Chose("tables")) return TablesCommand(tables_, tables_args_);
    if (Chose("bench")) {
      bench_.options = *options;
      return BenchCommand(catalogue_, bench_);
    }
    demo_.jobs = jobs;
    return DemoCommand(catalogue_, demo_);
  }

  int Fuzz(const std::vector<std::pair<std::string, std::string>>& options, int jobs,
           uint64_t base_seed) {
    fuzz_.options = options;
    CampaignOptions& campaign = fuzz_.campaign;
    campaign.jobs = jobs;
    campaign.base_seed = base_seed;
    if (raw_.runs != 0) campaign.runs_at_most = raw_.runs;
    if (!raw_.time.empty()) campaign.time_at_most = ParseDuration(raw_.time);
    if (raw_.runs == 0 && raw_.time.empty()) campaign.time_at_most = std::chrono::seconds(10);
    campaign.strategy = raw_.strategy == "single"  ? Strategy::kSingle
                        : raw_.strategy == "swarm" ? Strategy::kSwarm
                                                   : Strategy::kAll;
    return FuzzCommand(catalogue_, fuzz_);
  }

  const Catalogue& catalogue_;
  const Tables& tables_;
  CLI::App app_;
  Raw raw_;
  ListArgs list_;
  RunArgs run_;
  FuzzArgs fuzz_;
  ExploreArgs explore_;
  ReplayArgs replay_;
  ShrinkArgs shrink_;
  TimelineArgs timeline_;
  Looking looking_;
  ReportArgs report_;
  MutantsArgs mutants_;
  NeedsArgs needs_;
  DigestsArgs digests_;
  TablesArgs tables_args_;
  BenchArgs bench_;
  DemoArgs demo_;
};

}  // namespace

int RepriseCommand(int argc, char** argv, const Catalogue& catalogue, const Tables& tables) {
  RememberProgram(argc, argv);
  return CommandLine(catalogue, tables).Run(argc, argv);
}

}  // namespace reprise
