// sim/search/gtest.h: that a test which fuzzes passes where it should, and that what it prints
// where it fails makes the failure happen again.

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "models/spec/recovery.h"
#include "sim/search/gtest.h"

namespace reprise {
namespace {

using testing::HasSubstr;

struct Number {
  uint64_t n;
};

// Complains where fewer than `least` of the numbers 1 to 20 came in, or where one came in twice.
class Arrivals final : public Oracle {
 public:
  explicit Arrivals(size_t least) : least_(least) {}
  std::string name() const override { return "arrivals"; }
  Complaint OnFact(const Event& event) override {
    if (const auto number = event.As<Number>(); number && !seen_.insert(number->n).second) {
      return "number " + std::to_string(number->n) + " came in twice";
    }
    return std::nullopt;
  }
  Complaint AtEnd() override {
    if (seen_.size() >= least_) return std::nullopt;
    return "only " + std::to_string(seen_.size()) + " numbers came in";
  }

 private:
  size_t least_;
  std::set<uint64_t> seen_;
};

// One node sends the numbers 1 to 20, once; the other does something with each that comes in.
Scenario Numbers(size_t least, void (*receive)(Env&, const Number&)) {
  const auto sender = [](Env& env) {
    for (uint64_t n = 1; n <= 20; ++n) {
      env.Send(env.nodes("receiver")[0], Number{n});
      env.Sleep(10ms);
    }
  };
  const auto receiver = [receive](Env& env) {
    for (;;) env.Receive().Match([&](const Number& m) { receive(env, m); });
  };
  Scenario s;
  s.name = "numbers";
  s.roles = {{.name = "receiver", .count = 1, .main = receiver},
             {.name = "sender", .count = 1, .main = sender, .client = true}};
  s.links.drop = OneIn(20);
  s.storm = 1s;
  s.calm = 1s;
  s.oracles = JudgedBy(Arrivals(least));
  return s;
}

void Report(Env& env, const Number& m) { env.Report(m); }

Scenario Sound() { return Numbers(0, Report); }
Scenario LosesOne() { return Numbers(20, Report); }  // A single fault will do.
Scenario LosesTwo() { return Numbers(19, Report); }  // It takes a seed.
Scenario Dies() {
  Scenario s = Numbers(0, [](Env& env, const Number& m) {
    static uint64_t last = 0;  // Never do this. It also shows that children share nothing.
    if (m.n > 1 && m.n != last + 1) raise(SIGSEGV);
    last = m.n;
    env.Report(m);
  });
  return s;
}

// An environment variable, for a while.
class Set {
 public:
  Set(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Set() { unsetenv(name_); }
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

 private:
  const char* name_;
};

class GtestMacro : public testing::Test {
 protected:
  // What stands between the quotes after REPRISE_TRACE=.
  static std::string TraceIn(const std::string& text) {
    const size_t at = text.find("REPRISE_TRACE='");
    if (at == text.npos) return "";
    return text.substr(at + 15, text.find('\'', at + 15) - at - 15);
  }
  static std::string SeedIn(const std::string& text) {
    const size_t at = text.find("REPRISE_SEED=");
    if (at == text.npos) return "";
    return text.substr(at + 13, text.find(' ', at) - at - 13);
  }

  const std::string out_ = testing::TempDir() + "gtest_macro";
  const Set set_{"REPRISE_OUT", out_};
};

REPRISE_FUZZ(GtestMacroFuzz, Passes, Sound(), 100)

TEST_F(GtestMacro, PassSaysWhatWasDone) {
  const auto fuzzed = Fuzz(Sound(), 50);
  EXPECT_TRUE(fuzzed);
  EXPECT_THAT(fuzzed.message(), HasSubstr("numbers: 20 single faults and 50 seeds, no violation"));
}

TEST_F(GtestMacro, SingleFaultIsShrunkAndReplays) {
  const auto fuzzed = Fuzz(LosesOne(), 0);
  ASSERT_FALSE(fuzzed);
  const std::string text = fuzzed.message();
  EXPECT_THAT(text, HasSubstr("FAIL  arrivals: only 19 numbers came in\n"));
  EXPECT_THAT(text, HasSubstr("a single fault"));
  EXPECT_THAT(text, HasSubstr("drop n2>n1 #1 = 1/2\n"));
  EXPECT_THAT(text, HasSubstr("n2 exit"));  // How it ends.
  EXPECT_THAT(text, HasSubstr(" ctest -R '^GtestMacro.SingleFaultIsShrunkAndReplays$'"
                              " --output-on-failure\n"));
  const Set trace("REPRISE_TRACE", TraceIn(text));
  const auto again = Fuzz(LosesOne(), 0);
  EXPECT_FALSE(again);
  EXPECT_THAT(again.message(), HasSubstr("the same run as recorded, bit for bit"));
  EXPECT_THAT(again.message(), HasSubstr("FAIL  arrivals: only 19 numbers came in\n"));
}

TEST_F(GtestMacro, SeedIsPrintedAndFailsAgain) {
  const auto fuzzed = Fuzz(LosesTwo(), 1000);
  ASSERT_FALSE(fuzzed);
  const std::string text = fuzzed.message();
  EXPECT_THAT(text, HasSubstr(" -> 2, events "));
  EXPECT_THAT(text, HasSubstr("reproduce   REPRISE_SEED="));
  {
    const Set trace("REPRISE_TRACE", TraceIn(text));
    EXPECT_THAT(Fuzz(LosesTwo(), 0).message(), HasSubstr("the same run as recorded"));
  }
  const Set seed("REPRISE_SEED", SeedIn(text));
  const auto again = Fuzz(LosesTwo(), 0);
  EXPECT_FALSE(again);
  EXPECT_THAT(again.message(), HasSubstr("FAIL  arrivals: only 18 numbers came in\n"));
  EXPECT_THAT(again.message(), HasSubstr("reproduce   REPRISE_SEED=" + SeedIn(text) + " ctest"));
}

// In a process of its own, by the very words that were printed.
TEST_F(GtestMacro, PrintedCommandReproduces) {
  if (std::getenv("REPRISE_TRACE") != nullptr) {  // This is that process.
    EXPECT_TRUE(Fuzz(LosesOne(), 0));
    return;
  }
  const std::string text = Fuzz(LosesOne(), 0).message();
  size_t at = text.find("to debug    ");
  ASSERT_NE(at, text.npos);
  at += 12;
  const std::string command = text.substr(at, text.find('\n', at) - at);
  const std::string output = out_ + "/output";
  EXPECT_NE(std::system((command + " >" + output + " 2>&1").c_str()), 0) << command;
  std::ifstream file(output);
  const std::string printed{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(printed, HasSubstr("the same run as recorded, bit for bit"));
}

// AddressSanitizer takes the signal itself: it says where it came from, and exits.
#ifdef REPRISE_ASAN
constexpr const char* kDeath = "FAIL  crash: the process exited with 1";
#else
constexpr const char* kDeath = "FAIL  crash: the process died: Segmentation fault";
#endif

TEST_F(GtestMacro, WhatKillsTheProcessIsAFailure) {
  const auto fuzzed = Fuzz(Dies(), 100);
  ASSERT_FALSE(fuzzed);
  EXPECT_THAT(fuzzed.message(), HasSubstr(kDeath));
  EXPECT_THAT(fuzzed.message(), HasSubstr("drop n2>n1 #"));
  EXPECT_TRUE(std::filesystem::exists(TraceIn(fuzzed.message())));
}

TEST_F(GtestMacro, TraceThatNoLongerFailsPasses) {
  const std::string text = Fuzz(LosesOne(), 0).message();
  const Set trace("REPRISE_TRACE", TraceIn(text));
  const auto fixed = Fuzz(LosesTwo(), 0);
  EXPECT_TRUE(fixed);
  EXPECT_THAT(fixed.message(), HasSubstr("does not fail"));
}

TEST_F(GtestMacro, NothingJudgedIsNoPass) {
  const auto silent = Fuzz(Numbers(0, [](Env&, const Number&) {}), 5);
  EXPECT_FALSE(silent);
  EXPECT_THAT(silent.message(), HasSubstr("no node reported a fact"));
}

// A meter watches crashes, but it does not judge them.
TEST_F(GtestMacro, NothingJudgedIsNoPassWhereItWasMeasured) {
  Scenario s = Numbers(0, [](Env&, const Number&) {});
  s.oracles = [judges = s.oracles] {
    Oracles oracles = judges();
    oracles.push_back(std::make_unique<models::RecoveryMeter>());
    return oracles;
  };
  const auto silent = Fuzz(s, 5);
  EXPECT_FALSE(silent);
  EXPECT_THAT(silent.message(), HasSubstr("no node reported a fact"));
}

TEST_F(GtestMacro, EnvironmentThatMakesNoSenseIsToldSo) {
  {
    const Set seed("REPRISE_SEED", "soon");
    EXPECT_THAT(Fuzz(Sound(), 5).message(), HasSubstr("REPRISE_SEED is no seed"));
  }
  {
    const Set runs("REPRISE_RUNS", "-1");
    EXPECT_THAT(Fuzz(Sound(), 5).message(), HasSubstr("REPRISE_RUNS is no number"));
  }
  {
    const Set runs("REPRISE_RUNS", "7");
    EXPECT_THAT(Fuzz(Sound(), 5).message(), HasSubstr("and 7 seeds"));
  }
  const Set trace("REPRISE_TRACE", "/nowhere.trace");
  EXPECT_THAT(Fuzz(Sound(), 5).message(), HasSubstr("cannot read /nowhere.trace"));
}

TEST_F(GtestMacro, TraceOfAnotherScenarioIsRefused) {
  const std::string text = Fuzz(LosesOne(), 0).message();
  const Set trace("REPRISE_TRACE", TraceIn(text));
  Scenario other = LosesOne();
  other.mutant = "other";
  EXPECT_THAT(Fuzz(other, 0).message(), HasSubstr("of the scenario numbers"));
}

}  // namespace
}  // namespace reprise
