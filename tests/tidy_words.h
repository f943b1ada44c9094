// The table behind BannedWords (tidy.h).

#pragma once

#include <string_view>
#include <vector>

namespace reprise::tidy {

enum Where {
  kRuns,   // Whatever happens inside a run: sim/, models/ but for models/theory/, protocols/.
  kNodes,  // What a node executes: protocols/.
};

// Words as they would stand in the code. "name(" is a call of that function, and neither a member
// nor a declaration of that name; "*_name" is a word with that ending.
struct Ban {
  std::string_view words;
  std::string_view why;
  Where where;
};
const std::vector<Ban>& Bans();

}  // namespace reprise::tidy
