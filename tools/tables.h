// Tables of papers, with what our models say of each value and what comes out of simulation. A
// table is a function that makes its rows; `reprise tables` prints them.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace reprise {

struct TableRow {
  std::string what;                       // "M = 24 h, best interval, min".
  std::optional<double> paper = {};       // As printed there, where it is.
  std::optional<double> model = {};       // A closed form or a solver's.
  std::optional<double> simulation = {};  // Measured.
  double tolerance = 0;                   // How far the simulation, or else the model, may be off,
  bool relative = true;                   // as a part of what it is compared with, or as it stands.
  int digits = 4;                         // After the point, when printed.
  bool at_least = false;                  // It may be more than it is compared with, by any amount.

  // What is to be off by no more than the tolerance: the simulation from the model, or where one of
  // them is missing, what there is from the paper. Nothing where there is nothing to compare.
  std::optional<double> difference() const;  // Relative where `relative` is set.
  bool within() const;                       // True where there is nothing to compare.
};

struct Table {
  std::string id;     // "T06".
  std::string about;  // In a line.
  std::string source;
  std::string cost;  // "about 40 s".
  std::function<std::vector<TableRow>()> rows;
};
using Tables = std::vector<Table>;

}  // namespace reprise
