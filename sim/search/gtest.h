// Fuzzing within a GoogleTest. This header is the only one of the library's that needs GoogleTest,
// and belongs in tests:
//
//   #include "sim/search/gtest.h"
//
//   REPRISE_FUZZ(LockServer, Excludes, LockServerScenario(), 1000)
//
// is a test LockServer.Excludes that makes the calm run, every single fault, and 1,000 seeds of
// that scenario. Where one fails, it prints the complaint, the few departures that matter, and the
// commands that make it happen again. These read the environment:
//
//   REPRISE_SEED=17        makes only the run of that seed, and shrinks it again where it fails
//   REPRISE_TRACE=FILE     makes only the run of that trace, in this process
//   REPRISE_RUNS=100000    makes so many seeds instead of those that the test asks for
//   REPRISE_OUT=DIR        writes traces there instead of failures/

#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sim/search/fuzz.h"

namespace reprise {

namespace internal {

// Decimal, or 0x and hexadecimal digits; false where the variable is set to something else.
inline bool ReadNumber(const char* variable, std::optional<uint64_t>& out) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return true;
  std::string_view digits = value;
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (hex) digits.remove_prefix(2);
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  out = number;
  return true;
}

inline std::string CurrentTest() {
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  if (info == nullptr) return "";
  return std::string(info->test_suite_name()) + "." + info->name();
}

}  // namespace internal

// Fuzzes the scenario as REPRISE_FUZZ does, within a test that does more than that:
//
//   EXPECT_TRUE(Fuzz(Sound(), 1000));
//   EXPECT_FALSE(Fuzz(WithAnOldBug(), 1000));   // That it would still be found.
inline testing::AssertionResult Fuzz(const Scenario& scenario, FuzzOptions options) {
  std::optional<uint64_t> runs;
  if (!internal::ReadNumber("REPRISE_SEED", options.seed)) {
    return testing::AssertionFailure() << "REPRISE_SEED is no seed: want a number, or 0xHEX\n";
  }
  if (!internal::ReadNumber("REPRISE_RUNS", runs)) {
    return testing::AssertionFailure() << "REPRISE_RUNS is no number\n";
  }
  if (runs) options.runs = *runs;
  if (const char* trace = std::getenv("REPRISE_TRACE")) options.trace = trace;
  if (const char* out = std::getenv("REPRISE_OUT"); out != nullptr && *out != '\0') {
    options.out = out;
  }
  if (options.test.empty()) options.test = internal::CurrentTest();
  const Fuzzed fuzzed = FuzzForTest(scenario, options);
  return (fuzzed.passed ? testing::AssertionSuccess() : testing::AssertionFailure()) << fuzzed.text;
}

inline testing::AssertionResult Fuzz(const Scenario& scenario, uint64_t runs) {
  return Fuzz(scenario, FuzzOptions{.runs = runs});
}

}  // namespace reprise

#define REPRISE_FUZZ(suite, name, scenario, runs)                                        \
  TEST(suite, name) {                                                                    \
    const testing::AssertionResult reprise_fuzzed = ::reprise::Fuzz((scenario), (runs)); \
    if (!reprise_fuzzed) ADD_FAILURE() << reprise_fuzzed.message();                      \
    if (reprise_fuzzed) std::printf("%s", reprise_fuzzed.message());                     \
  }
