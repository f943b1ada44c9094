// The command `reprise` as a function, over a catalogue of one family whose mutants do what can go
// wrong.

#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"
#include "tests/toys.h"
#include "tools/command.h"

namespace reprise {

// What the node of `shifty` reports: a change of the code between recording and replay.
inline uint64_t shift = 0;

inline bool LostThird(const toys::Numbers& got) { return !got.contains(3); }

inline Family StreamFamily() {
  Family f;
  f.name = "stream";
  f.about = "n1 sends numbers to n2";
  f.source = "nobody, 2024";
  f.options = {{"numbers", "how many are sent", 1, 100, 10}};
  f.mutants = {{"needs-third", "ST-M1", "D1", "third", "the third must arrive", "", false},
               {"dies", "ST-M2", "D1", "crash", "aborts without the third", "", false},
               {"moody", "ST-M3", "D1", "", "no two runs are the same", "", false},
               {"unjudged", "ST-M4", "D1", "", "nobody can say", "", false},
               {"shifty", "ST-M5", "D1", "", "reports what it likes", "", true}};
  f.make = [](const Options& options, const std::string& mutant) {
    Scenario s = toys::Stream(static_cast<uint64_t>(options["numbers"]),
                              {{"sound", [](auto&) { return false; }}});
    if (mutant == "needs-third") s.oracles = JudgedBy(toys::GotOracle("third", LostThird));
    if (mutant == "dies") {
      s.roles[1].main = [](Env& env) {
        for (uint64_t heard = 0;;) {
          env.Receive().Match([&](const toys::Number& m) { heard += m.n; });
          if (heard == 1 + 2 + 4) std::abort();
        }
      };
    }
    if (mutant == "moody" || mutant == "shifty") {
      s.roles[1].main = [moody = mutant == "moody"](Env& env) {
        static uint64_t runs = 0;
        ++runs;
        for (;;) {
          env.Receive().Match([&](const toys::Number& m) {
            env.Report(toys::Got{m.n < 3 ? m.n : m.n + (moody ? runs : shift)});
          });
        }
      };
    }
    if (mutant == "unjudged") {
      class Unsure final : public Oracle {
       public:
        std::string name() const override { return "unsure"; }
        std::optional<std::string> Undecided() const override { return "it is late"; }
      };
      s.oracles = JudgedBy(Unsure());
    }
    return s;
  };
  return f;
}

struct Output {
  int status = 0;
  std::string out, err;
};

inline Output Reprise(std::vector<std::string> arguments, const Catalogue& catalogue) {
  arguments.insert(arguments.begin(), "reprise");
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Output output;
  output.status = RepriseCommand(static_cast<int>(argv.size()), argv.data(), catalogue);
  output.out = ::testing::internal::GetCapturedStdout();
  output.err = ::testing::internal::GetCapturedStderr();
  return output;
}

inline Output Reprise(std::vector<std::string> arguments) {
  static const Catalogue catalogue = [] {
    Catalogue all;
    all.Add(StreamFamily());
    return all;
  }();
  return Reprise(std::move(arguments), catalogue);
}

// A complaint is one line on stderr, which begins with who complains, and nothing on stdout.
inline void ExpectComplaint(const Output& output, int status, const std::string& words) {
  EXPECT_EQ(output.status, status);
  EXPECT_THAT(output.err, testing::HasSubstr(words));
  EXPECT_THAT(output.err, testing::StartsWith("reprise"));
  EXPECT_EQ(std::ranges::count(output.err, '\n'), 1) << output.err;
  EXPECT_THAT(output.err, testing::Not(testing::HasSubstr("\033")));
  EXPECT_EQ(output.out, "");
}

inline void ExpectComplaint(const std::vector<std::string>& arguments, int status,
                            const std::string& words) {
  SCOPED_TRACE(testing::PrintToString(arguments));
  ExpectComplaint(Reprise(arguments), status, words);
}

// A failure found, shrunk and written: its trace.
inline std::string MakeTrace(const TemporaryFolder& folder, const std::string& scenario) {
  const Output output = Reprise(
      {"fuzz", scenario, "--strategy", "single", "--jobs", "2", "--out", folder / "out", "--json"});
  EXPECT_EQ(output.status, 1) << output.err;
  for (size_t at = 0; at < output.out.size(); at = output.out.find('\n', at) + 1) {
    const nlohmann::json line =
        nlohmann::json::parse(output.out.substr(at, output.out.find('\n', at) - at));
    if (line["type"] == "failure") return line["trace"];
  }
  ADD_FAILURE() << output.out;
  return "";
}

}  // namespace reprise
