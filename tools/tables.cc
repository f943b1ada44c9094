// reprise tables: tables of papers, with the paper's number, the model's and the simulation's side
// by side.

#include "tools/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {
namespace {

std::string NumberText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, std::fabs(value) >= 1000 ? "%.0f" : "%.4g", value);
  return text;
}

std::string PercentText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.2f %%", 100 * value);
  return text;
}

Json RowJson(const Table& table, const TableRow& row) {
  return {{"schema", "reprise.tables/1"},
          {"table", table.name},
          {"item", row.item},
          {"paper", row.paper ? Json(*row.paper) : Json()},
          {"model", row.model},
          {"simulation", row.simulation},
          {"difference", row.difference()},
          {"tolerance", row.tolerance},
          {"within", row.within()}};
}

void PrintHead(const Table& table, bool markdown) {
  if (markdown) {
    std::printf("### %s: %s\n\n%s\n\n", table.name.c_str(), table.title.c_str(),
                table.source.c_str());
    std::printf("| | paper | model | simulation | difference | tolerance | |\n");
    std::printf("|---|--:|--:|--:|--:|--:|---|\n");
  } else {
    std::printf("%s  %s\n      %s\n", Styled(Style::kBold, table.name).c_str(), table.title.c_str(),
                table.source.c_str());
    std::printf("      %s%s%s%s%s\n", Padded("", 52).c_str(), Padded("PAPER", 10).c_str(),
                Padded("MODEL", 10).c_str(), Padded("SIMULATION", 12).c_str(), "DIFFERENCE");
  }
}

void PrintRow(const TableRow& row, bool markdown) {
  const std::string paper = row.paper ? NumberText(*row.paper) : "-";
  const std::string within = row.within() ? "within " : "OUTSIDE ";
  char tolerance[32];
  std::snprintf(tolerance, sizeof tolerance, "%.3g %%", 100 * row.tolerance);
  if (markdown) {
    std::printf("| %s | %s | %s | %s | %s | %s | %s |\n", row.item.c_str(), paper.c_str(),
                NumberText(row.model).c_str(), NumberText(row.simulation).c_str(),
                PercentText(row.difference()).c_str(), tolerance,
                row.within() ? "within" : "**outside**");
  } else {
    std::printf("      %s%s%s%s%s%s%s\n", Padded(row.item, 52).c_str(), Padded(paper, 10).c_str(),
                Padded(NumberText(row.model), 10).c_str(),
                Padded(NumberText(row.simulation), 12).c_str(),
                Padded(PercentText(row.difference()), 10).c_str(), within.c_str(), tolerance);
  }
  std::fflush(stdout);
}

}  // namespace

const std::vector<Table>& Tables() {
  static const std::vector<Table> tables = {
      {"T03", "how often votes are split",
       "Ongaro, Stanford 2014, section 9.2: a fixed latency, timeouts uniform in a range",
       SplitVoteRows},
      {"T08", "how evenly virtual nodes spread a ring",
       "Lamping and Veach, arXiv:1406.2294, table 1: 1,000 nodes, shares in units of the mean",
       RingRows},
  };
  return tables;
}

int TablesCommand(const TablesArgs& args) {
  for (const std::string& name : args.names) {
    if (std::ranges::count(Tables(), name, &Table::name) > 0) continue;
    std::string known;
    for (const Table& table : Tables()) known += (known.empty() ? "" : ", ") + table.name;
    return Complain("tables", absl::NotFoundError("no table \"" + name + "\"; there are " + known));
  }
  bool all_within = true;
  for (const Table& table : Tables()) {
    if (!args.names.empty() && std::ranges::count(args.names, table.name) == 0) continue;
    if (!args.json) PrintHead(table, args.markdown);
    for (const TableRow& row : table.rows()) {
      all_within &= row.within();
      args.json ? void(std::printf("%s\n", Dump(RowJson(table, row)).c_str()))
                : PrintRow(row, args.markdown);
    }
    if (!args.json) std::printf("\n");
  }
  return all_within ? kOk : kViolation;
}

}  // namespace reprise
