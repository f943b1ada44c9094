// Every scenario that we ship, for tests of what holds for all of them.

#pragma once

#include <cctype>
#include <string>
#include <vector>

#include "protocols/protocols.h"

namespace reprise {

// Sound or not, a run is a run: mutants must be deterministic too, or their failures do not shrink.
inline std::vector<std::string> EveryScenario() {
  const Catalogue all = AllProtocols();
  std::vector<std::string> names;
  for (const Family& family : all.families()) {
    names.push_back(family.name);
    for (const MutantInfo& mutant : family.mutants) {
      names.push_back(family.name + ":" + mutant.name);
    }
  }
  return names;
}

// The text as GoogleTest allows it in the name of a test.
inline std::string TestName(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

}  // namespace reprise
