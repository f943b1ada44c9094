// A scenario family: a protocol as it can be asked for on a command line, `raft:vote-not-durable
// --option nodes=5`. It has options, and mutants: known wrong variations, each a decision point
// replaced, that fuzzing must find.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sim/scenario.h"

namespace reprise {

struct MutantInfo {
  std::string name;         // "reply-before-sync": what is asked for.
  std::string id;           // "WAL-M1": in docs/protocols and the literature list.
  std::string difficulty;   // "D1" to "D3"; see docs/glossary.md.
  std::string oracle;       // Whose complaint it must provoke.
  std::string about;        // What is wrong, in a line.
  std::string origin = {};  // Where it comes from, where that is known.
  bool decoy = false;       // A safe variation, which nobody may complain of.
  std::string story = {};   // Test that tells it as a story, where seeds may not find it.
};

struct OptionInfo {
  std::string name;
  std::string about;
  int64_t least = 0, most = 0, otherwise = 0;  // The range, and the value where none is given.
};

// Option values by name. Every option has one.
class Options {
 public:
  int64_t operator[](const std::string& name) const { return values_.at(name); }
  void Set(const std::string& name, int64_t value) { values_[name] = value; }

 private:
  std::map<std::string, int64_t> values_;
};

struct Family {
  std::string name;         // "primary-backup".
  std::string about;        // In a line.
  std::string source = {};  // The paper.
  std::vector<OptionInfo> options = {};
  std::vector<MutantInfo> mutants = {};
  // The scenario, with the protocol as that mutant has it; sound where the name is empty.
  std::function<Scenario(const Options&, const std::string& mutant)> make;
};

// The families that a program knows, in order of their names.
class Catalogue {
 public:
  void Add(Family family);
  const std::vector<Family>& families() const { return families_; }

  // A family that this program would have if `why` did not stand in the way, such as a library that
  // was not there when it was built. Whoever asks for it is told.
  void LeaveOut(std::string family, std::string why);
  const std::map<std::string, std::string, std::less<>>& left_out() const { return left_out_; }

  // The scenario of "family" or "family:mutant", where a mutant may be given by name or id. Errors
  // (kNotFound, kInvalidArgument) say what is wrong and what was probably meant; kUnavailable, why
  // the family is left out.
  absl::StatusOr<Scenario> Make(
      std::string_view name,
      const std::vector<std::pair<std::string, std::string>>& options = {}) const;

  // The family of that name and the mutant in it; null where there is none.
  const Family* Find(std::string_view family) const;
  const MutantInfo* FindMutant(std::string_view full_name) const;

 private:
  std::vector<Family> families_;
  std::map<std::string, std::string, std::less<>> left_out_;  // Why.
};

// A mutant of a protocol whose decision points are the members of D: what it replaces.
template <class D>
struct Mutant {
  MutantInfo info;
  void (*apply)(D& decisions);
};

template <class D>
std::vector<MutantInfo> InfoOf(const std::vector<Mutant<D>>& mutants) {
  std::vector<MutantInfo> out;
  for (const auto& m : mutants) out.push_back(m.info);
  return out;
}

// The decisions as that mutant has them.
template <class D>
D DecisionsOf(const std::vector<Mutant<D>>& mutants, const std::string& name) {
  D decisions;
  for (const auto& m : mutants) {
    if (m.info.name == name) m.apply(decisions);
  }
  return decisions;
}

// The candidate nearest to what was typed, by edit distance; empty where none is near.
std::string Nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace reprise
