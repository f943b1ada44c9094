// The tests of docs/tutorial.md.

#include "counter.h"

#include "sim/search/gtest.h"

namespace {

reprise::Scenario Named(const std::string& name) {
  reprise::Catalogue catalogue;
  catalogue.Add(CounterFamily());
  return *catalogue.Make(name);
}

REPRISE_FUZZ(Counter, CountsEachRequestOnce, Named("counter"), 1000)

TEST(Counter, EveryMutantIsFound) {
  for (const auto& mutant : CounterFamily().mutants) {
    EXPECT_FALSE(reprise::Fuzz(Named("counter:" + mutant.name), 1000)) << mutant.name;
  }
}

}  // namespace
