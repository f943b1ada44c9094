// Tables of papers, reproduced: what the paper says, what theory says, and what comes out here.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reprise {

struct TableRow {
  std::string item;
  std::optional<double> paper;  // Where it says anything of this.
  double model = 0;             // A closed form, or a Markov chain: models/theory.
  double simulation = 0;
  double tolerance = 0;  // Between model and simulation, relative to the model.

  double difference() const { return (simulation - model) / model; }
  bool within() const { return difference() <= tolerance && -difference() <= tolerance; }
};

struct Table {
  std::string name;  // "T03".
  std::string title;
  std::string source;  // The paper, and where in it.
  std::vector<TableRow> (*rows)();
};

// All there are, in the order of their names.
const std::vector<Table>& Tables();

// table_*.cc
std::vector<TableRow> SplitVoteRows();
std::vector<TableRow> RingRows();

}  // namespace reprise
