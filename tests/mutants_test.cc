// The quick part of `reprise mutants`: known bugs of the easy class are found within 200 seeds, by
// the oracle that they name, and safe variations are not complained of. The rest is in the traces.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/every_scenario.h"

namespace reprise {
namespace {

constexpr uint64_t kSeeds = 200;

struct Known {
  std::string scenario;
  MutantInfo mutant;
};

std::vector<Known> EveryMutant() {
  std::vector<Known> all;
  const Catalogue catalogue = AllProtocols();
  for (const Family& family : catalogue.families()) {
    for (const MutantInfo& mutant : family.mutants) {
      all.push_back({family.name + ":" + mutant.name, mutant});
    }
  }
  return all;
}

class EachMutant : public testing::TestWithParam<Known> {};

// A run that another oracle ended is none in which its own might not have spoken later.
TEST_P(EachMutant, IsFoundByItsOracleWhereItIsEasyAndNotAtAllWhereItIsSafe) {
  const auto& [name, mutant] = GetParam();
  const Scenario scenario = *AllProtocols().Make(name);
  bool found = false;
  for (uint64_t seed = 1; seed <= kSeeds && !found; ++seed) {
    const Verdict verdict = Simulate(scenario, Choices::FromSeed(seed)).verdict;
    if (mutant.decoy) {
      ASSERT_FALSE(verdict.failed())
          << "seed " << seed << ", " << verdict.oracle << ": " << verdict.reason;
    }
    found = verdict.failed() && verdict.oracle == mutant.oracle;
  }
  EXPECT_TRUE(found || mutant.decoy) << mutant.id << " was not found in " << kSeeds << " seeds";
}

std::vector<Known> EasyOrSafe() {
  std::vector<Known> all = EveryMutant();
  std::erase_if(all, [](const Known& k) { return !k.mutant.decoy && k.mutant.difficulty != "D1"; });
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, EachMutant, testing::ValuesIn(EasyOrSafe()),
                         [](const auto& info) { return TestName(info.param.scenario); });

}  // namespace
}  // namespace reprise
