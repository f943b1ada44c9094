#include "tools/looking.h"

#include "tools/parse.h"

namespace reprise {

void Looking::AddTo(CLI::App& app) {
  AddDiff(app);
  AddExplain(app);
  AddExport(app);
}

void Looking::AddDiff(CLI::App& app) {
  CLI::App* c = app.add_subcommand("diff", "Two runs side by side, and where they part");
  c->add_option("TRACE", diff_.one, "The file")->required();
  c->add_option("OTHER", diff_.other, "Another; without one, the nearest run that passes");
  c->add_option("-o,--out", diff_.out, "Draw them: FILE.svg, .png, .pdf, .dot or .txt");
  c->add_option("--events", diff_.events, "Print at most so many that differ")
      ->capture_default_str()
      ->check(Whole(1, 1'000'000));
  c->add_option("--messages", diff_.messages, "Draw at most so many of each run")
      ->capture_default_str()
      ->check(Whole(1, 1'000'000));
  c->add_option("-n,--runs", diff_.runs, "At most so many, to find one that passes")
      ->capture_default_str()
      ->check(Whole(1));
  c->add_flag("--lenient", diff_.lenient, "Compare the runs as they are now, if the code changed");
  c->add_flag("--json", diff_.json, "For programs, instead of text for people");
}

void Looking::AddExplain(CLI::App& app) {
  CLI::App* c = app.add_subcommand("explain", "Why a run failed: what it needed, and from when on");
  c->add_option("TRACE", explain_.traces, "The file; with --table, files")->required();
  c->add_option("-n,--runs", explain_.runs, "At most so many runs")
      ->capture_default_str()
      ->check(Whole(1));
  c->add_option("--futures", explain_.futures, "So many runs from each event that is asked about")
      ->capture_default_str()
      ->check(Whole(1, 1'000'000));
  c->add_option("--sentences", explain_.sentences, "Tell at most so many of the causal past")
      ->capture_default_str()
      ->check(Whole(1, 1'000'000));
  c->add_flag("--table", explain_.table, "Only which faults each trace needed, as a table");
  c->add_flag("--lenient", explain_.lenient, "Explain the run as it is now, if the code changed");
  c->add_option("-j,--jobs", explain_.jobs, "Worker processes (one for each processor)")
      ->check(Whole(1, 256));
  c->add_flag("--json", explain_.json, "For programs, instead of text for people");
}

void Looking::AddExport(CLI::App& app) {
  CLI::App* c = app.add_subcommand("export", "The run in the format of another viewer");
  c->add_option("TRACE", export_.trace, "The file")->required();
  c->add_option("-o,--out", export_.out, "FILE.json, .shiviz, .mmd or .jsonl, or - for here")
      ->required();
  c->add_option("--format", export_.format,
                "perfetto, shiviz, mermaid or jsonl, whatever the name ends in");
  c->add_flag("--lenient", export_.lenient, "Export the run as it is now, if the code changed");
}

std::optional<int> Looking::Run(const CLI::App& app, const Catalogue& catalogue, int jobs) {
  if (app.got_subcommand("diff")) {
    diff_.jobs = jobs;
    return DiffCommand(catalogue, diff_);
  }
  if (app.got_subcommand("explain")) {
    if (explain_.jobs == 0) explain_.jobs = jobs;
    return ExplainCommand(catalogue, explain_);
  }
  if (app.got_subcommand("export")) return ExportCommand(catalogue, export_);
  return std::nullopt;
}

}  // namespace reprise
