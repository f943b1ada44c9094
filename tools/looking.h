// The part of the command line that looks at one run: diff, explain, export. Private to tools/.

#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "tools/commands.h"

namespace reprise {

class Looking {
 public:
  void AddTo(CLI::App& app);
  // The exit status, where the command is one of these.
  std::optional<int> Run(const CLI::App& app, const Catalogue& catalogue, int jobs);

 private:
  void AddDiff(CLI::App& app);
  void AddExplain(CLI::App& app);
  void AddExport(CLI::App& app);

  DiffArgs diff_;
  ExplainArgs explain_;
  ExportArgs export_;
};

}  // namespace reprise
