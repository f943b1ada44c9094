// The catalogue: what can be asked for, and what is said where it cannot.

#include "sim/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Decisions {
  int retries = 1;
};

const std::vector<Mutant<Decisions>>& Mutants() {
  static const std::vector<Mutant<Decisions>> mutants = {
      {{"reply-before-sync", "WAL-M1", "D1", "durable", "", ""},
       [](Decisions& d) { d.retries = 7; }},
      {{"torn-tail-kept", "WAL-M2", "D1", "durable", "", "", true},
       [](Decisions& d) { d.retries = 8; }},
  };
  return mutants;
}

Catalogue Sample() {
  Catalogue catalogue;
  catalogue.Add({.name = "wal",
                 .about = "a write-ahead log",
                 .source = "",
                 .options = {{"nodes", "how many", 1, 9, 3}, {"keys", "of the store", -5, 5, 0}},
                 .mutants = InfoOf(Mutants()),
                 .make = [](const Options& options, const std::string& mutant) {
                   Scenario s;
                   s.roles = {
                       {.name = "node", .count = static_cast<int>(options["nodes"]), .main = {}}};
                   s.storm = Duration(DecisionsOf(Mutants(), mutant).retries);
                   s.calm = Duration(options["keys"]);
                   return s;
                 }});
  catalogue.Add({.name = "primary-backup",
                 .about = "",
                 .source = "",
                 .options = {},
                 .mutants = {},
                 .make = [](const Options&, const std::string&) { return Scenario{}; }});
  return catalogue;
}

std::string ErrorOf(const absl::StatusOr<Scenario>& made, absl::StatusCode code) {
  EXPECT_EQ(made.status().code(), code);
  return std::string(made.status().message());
}

TEST(Catalogue, MakesTheSoundProtocolWithUsualOptions) {
  const auto s = Sample().Make("wal");
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->name, "wal");
  EXPECT_EQ(s->FullName(), "wal");
  EXPECT_EQ(s->mutant, "");
  EXPECT_EQ(s->nodes(), 3);
  EXPECT_EQ(s->storm.count(), 1);
}

TEST(Catalogue, MutantsByNameAndById) {
  for (const char* name : {"wal:reply-before-sync", "wal:WAL-M1"}) {
    const auto s = Sample().Make(name);
    ASSERT_TRUE(s.ok()) << name;
    EXPECT_EQ(s->mutant, "reply-before-sync");
    EXPECT_EQ(s->FullName(), "wal:reply-before-sync");
    EXPECT_EQ(s->storm.count(), 7);
  }
  const Catalogue catalogue = Sample();
  ASSERT_NE(catalogue.FindMutant("wal:WAL-M2"), nullptr);
  EXPECT_TRUE(catalogue.FindMutant("wal:WAL-M2")->decoy);
  EXPECT_EQ(catalogue.FindMutant("wal"), nullptr);
  EXPECT_EQ(catalogue.FindMutant("wal:"), nullptr);
  EXPECT_EQ(catalogue.FindMutant("law:WAL-M2"), nullptr);
}

TEST(Catalogue, OptionsAreGivenInTheirRange) {
  const auto s = Sample().Make("wal", {{"nodes", "9"}, {"keys", "-5"}});
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->nodes(), 9);
  EXPECT_EQ(s->calm.count(), -5);
  EXPECT_EQ(s->options.size(), 2u);
  for (const char* text :
       {"0", "10", "", "3x", " 3", "3 ", "three", "99999999999999999999", "3.0"}) {
    const std::string error =
        ErrorOf(Sample().Make("wal", {{"nodes", text}}), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(error, HasSubstr("nodes"));
    EXPECT_THAT(error, HasSubstr("1 to 9"));
  }
}

TEST(Catalogue, ErrorsSayWhatWasMeant) {
  EXPECT_THAT(ErrorOf(Sample().Make("primary-bakcup"), absl::StatusCode::kNotFound),
              HasSubstr("Did you mean \"primary-backup\"?"));
  EXPECT_THAT(ErrorOf(Sample().Make("wal:reply-befor-sync"), absl::StatusCode::kNotFound),
              HasSubstr("Did you mean \"reply-before-sync\"?"));
  EXPECT_THAT(ErrorOf(Sample().Make("wal:WAL-M3"), absl::StatusCode::kNotFound),
              HasSubstr("Did you mean \"WAL-M"));
  EXPECT_THAT(ErrorOf(Sample().Make("wal", {{"node", "3"}}), absl::StatusCode::kInvalidArgument),
              HasSubstr("Did you mean \"nodes\"?"));
}

TEST(Catalogue, ErrorsDoNotGuessWildly) {
  EXPECT_THAT(ErrorOf(Sample().Make("zookeeper"), absl::StatusCode::kNotFound),
              Not(HasSubstr("Did you mean")));
  EXPECT_THAT(ErrorOf(Sample().Make("wal:"), absl::StatusCode::kNotFound),
              Not(HasSubstr("Did you mean")));
  EXPECT_THAT(ErrorOf(Sample().Make(""), absl::StatusCode::kNotFound),
              Not(HasSubstr("Did you mean")));
  EXPECT_THAT(ErrorOf(Sample().Make("primary-backup:x"), absl::StatusCode::kNotFound),
              HasSubstr("no mutant \"x\" of primary-backup"));
}

TEST(Catalogue, FamiliesAreSortedAndUnique) {
  Catalogue catalogue = Sample();
  ASSERT_EQ(catalogue.families().size(), 2u);
  EXPECT_EQ(catalogue.families()[0].name, "primary-backup");
  EXPECT_NE(catalogue.Find("wal"), nullptr);
  EXPECT_EQ(catalogue.Find("raft"), nullptr);
  EXPECT_ANY_THROW(catalogue.Add(*catalogue.Find("wal")));
}

TEST(Nearest, IsTheNearestWithinReach) {
  EXPECT_EQ(Nearest("raft", {"wal", "raft2", "craft"}), "raft2");
  EXPECT_EQ(Nearest("raft", {"raft"}), "raft");
  EXPECT_EQ(Nearest("abcdef", {"uvwxyz"}), "");
  EXPECT_EQ(Nearest("", {}), "");
}

}  // namespace
}  // namespace reprise
