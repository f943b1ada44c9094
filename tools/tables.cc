// reprise tables: prints them, and says whether all values are within their tolerances.

#include "tools/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {

std::optional<double> TableRow::difference() const {
  const std::optional<double> has = simulation ? simulation : model;
  const std::optional<double> wants = simulation && model ? model : paper;
  if (!has || !wants) return std::nullopt;
  return relative ? *has / *wants - 1 : *has - *wants;
}

bool TableRow::within() const {
  const auto off = difference();
  return !off || (at_least && *off > 0) || std::fabs(*off) <= tolerance;
}

namespace {

std::string Number(const std::optional<double>& value, int digits) {
  if (!value) return "";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, *value);
  return text;
}

std::string Difference(const TableRow& row) {
  const auto off = row.difference();
  if (!off) return "";
  char text[64];
  std::snprintf(text, sizeof text, row.relative ? "%+.2f %%" : "%+.3f",
                row.relative ? 100 * *off : *off);
  return text;
}

std::string Within(const TableRow& row) {
  if (!row.difference()) return "";
  if (row.at_least) return row.within() ? "at least" : "NOT at least";
  char text[64];
  std::snprintf(text, sizeof text, row.relative ? "%s %.3g %%" : "%s %.3g",
                row.within() ? "within" : "NOT within",
                row.relative ? 100 * row.tolerance : row.tolerance);
  return text;
}

std::vector<std::string> Cells(const TableRow& row) {
  return {row.what,
          Number(row.paper, row.digits),
          Number(row.model, row.digits),
          Number(row.simulation, row.digits),
          Difference(row),
          Within(row)};
}

const std::vector<std::string> kHeads = {"",           "paper",      "model",
                                         "simulation", "difference", "tolerance"};

void PrintText(const Table& table, const std::vector<TableRow>& rows) {
  std::vector<std::vector<std::string>> lines = {kHeads};
  for (const TableRow& row : rows) lines.push_back(Cells(row));
  std::vector<size_t> widths(kHeads.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::printf("%s   %s\n    %s\n", Styled(Style::kBold, table.id).c_str(), table.about.c_str(),
              Styled(Style::kDim, table.source).c_str());
  for (const auto& line : lines) {
    std::string text = "    " + Padded(line[0], widths[0]);
    for (size_t i = 1; i < line.size(); ++i) {
      text += "  " + std::string(widths[i] - line[i].size(), ' ') + line[i];
    }
    std::printf("%s\n", text.c_str());
  }
}

void PrintMarkdown(const Table& table, const std::vector<TableRow>& rows) {
  std::printf("**%s** %s (%s)\n\n", table.id.c_str(), table.about.c_str(), table.source.c_str());
  std::printf("| | paper | model | simulation | difference | tolerance |\n");
  std::printf("|---|--:|--:|--:|--:|--:|\n");
  for (const TableRow& row : rows) {
    for (const std::string& cell : Cells(row)) std::printf("| %s ", cell.c_str());
    std::printf("|\n");
  }
  std::printf("\n");
}

Json ValueJson(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json TableJson(const Table& table, const std::vector<TableRow>& rows) {
  Json out = {{"schema", "reprise.tables/1"}, {"table", table.id}, {"about", table.about}};
  out["source"] = table.source;
  out["rows"] = Json::array();
  for (const TableRow& row : rows) {
    out["rows"].push_back({{"what", row.what},
                           {"paper", ValueJson(row.paper)},
                           {"model", ValueJson(row.model)},
                           {"simulation", ValueJson(row.simulation)},
                           {"difference", ValueJson(row.difference())},
                           {"tolerance", row.tolerance},
                           {"relative", row.relative},
                           {"at_least", row.at_least},
                           {"within", row.within()}});
  }
  return out;
}

}  // namespace

int TablesCommand(const Tables& tables, const TablesArgs& args) {
  std::vector<const Table*> chosen;
  for (const std::string& id : args.tables) {
    const auto at = std::ranges::find(tables, id, &Table::id);
    if (at == tables.end()) {
      std::string all;
      for (const Table& table : tables) all += (all.empty() ? "" : ", ") + table.id;
      return Complain("tables", absl::NotFoundError("no table \"" + id + "\"; there is " +
                                                    (all.empty() ? "none" : all)));
    }
    chosen.push_back(&*at);
  }
  if (args.tables.empty()) {
    for (const Table& table : tables) chosen.push_back(&table);
  }
  Json all = Json::array();
  size_t off = 0;
  for (const Table* table : chosen) {
    if (!args.json) std::fprintf(stderr, "%s takes %s\n", table->id.c_str(), table->cost.c_str());
    const std::vector<TableRow> rows = table->rows();
    for (const TableRow& row : rows) off += row.within() ? 0 : 1;
    if (args.json) {
      all.push_back(TableJson(*table, rows));
    } else if (args.markdown) {
      PrintMarkdown(*table, rows);
    } else {
      PrintText(*table, rows);
    }
  }
  if (args.json) std::printf("%s\n", Dump(all, 2).c_str());
  if (off != 0) std::fprintf(stderr, "%zu values are not within their tolerances\n", off);
  return off == 0 ? kOk : kViolation;
}

}  // namespace reprise
