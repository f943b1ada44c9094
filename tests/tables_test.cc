// reprise tables: what it prints, and when it says that a value is off.

#include "tools/tables.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

TEST(TableRowTest, TheSimulationIsHeldAgainstTheModel) {
  TableRow row{.what = "", .paper = 7, .model = 10, .simulation = 10.4, .tolerance = 0.05};
  EXPECT_NEAR(*row.difference(), 0.04, 1e-12);
  EXPECT_TRUE(row.within());
  row.tolerance = 0.03;
  EXPECT_FALSE(row.within());
  row.relative = false;
  EXPECT_NEAR(*row.difference(), 0.4, 1e-12);
  EXPECT_FALSE(row.within());
}

TEST(TableRowTest, WhereOneIsMissingThePaperCounts) {
  const TableRow model{.what = "", .paper = 10, .model = 9, .tolerance = 0.05};
  EXPECT_NEAR(*model.difference(), -0.1, 1e-12);
  const TableRow simulation{.what = "", .paper = 10, .simulation = 11, .tolerance = 0.05};
  EXPECT_NEAR(*simulation.difference(), 0.1, 1e-12);
  const TableRow alone{.what = "", .model = 9};
  EXPECT_FALSE(alone.difference());
  EXPECT_TRUE(alone.within());
}

Tables Two() {
  const auto table = [](const std::string& id, double simulation) {
    return Table{.id = id,
                 .about = "about " + id,
                 .source = "a paper",
                 .cost = "nothing",
                 .rows = [simulation] {
                   return std::vector<TableRow>{{.what = "a value",
                                                 .paper = 2,
                                                 .model = 2,
                                                 .simulation = simulation,
                                                 .tolerance = 0.01,
                                                 .digits = 2}};
                 }};
  };
  return {table("T01", 2.01), table("T02", 2.5)};
}

std::string Printed(const TablesArgs& args, int expected) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(TablesCommand(Two(), args), expected);
  return testing::internal::GetCapturedStdout();
}

TEST(TablesTest, AreTextMarkdownOrJson) {
  EXPECT_NE(Printed({.tables = {"T01"}}, kOk).find("a value   2.00   2.00        2.01     +0.50 %"),
            std::string::npos);
  EXPECT_NE(Printed({.tables = {"T01"}, .markdown = true}, kOk)
                .find("| a value | 2.00 | 2.00 | 2.01 | +0.50 % | within 1 % |"),
            std::string::npos);
  const Json all = Json::parse(Printed({.tables = {}, .json = true}, kViolation));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["table"], "T01");
  EXPECT_EQ(all[0]["schema"], "reprise.tables/1");
  EXPECT_EQ(all[0]["rows"][0]["within"], true);
  EXPECT_EQ(all[1]["rows"][0]["within"], false);
  EXPECT_EQ(all[1]["rows"][0]["simulation"], 2.5);
}

TEST(TablesTest, AValueThatIsOffIsAViolation) {
  EXPECT_NE(Printed({.tables = {"T02"}}, kViolation).find("NOT within 1 %"), std::string::npos);
}

TEST(TablesTest, AnUnknownTableIsAMistake) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(TablesCommand(Two(), {.tables = {"T3"}}), kUsage);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no table \"T3\"; there is T01, T02"),
            std::string::npos);
}

TEST(TablesTest, WhatOperationsCostIsExact) {
  for (const TableRow& row : Costs().rows()) {
    EXPECT_EQ(row.tolerance, 0) << row.what;
    EXPECT_EQ(row.simulation, row.model) << row.what;
  }
}

// Those that are quick to make. Their seeds are fixed, and three standard errors are below half of
// each tolerance.
TEST(TablesTest, TheSelfHealingStoreIsAsTheoryHasIt) {
  for (const Table& table : {Detection(), BlobRepair(), BoundedLoads()}) {
    for (const TableRow& row : table.rows()) {
      EXPECT_TRUE(row.within()) << table.id << ": " << row.what << " is " << *row.simulation;
    }
  }
}

TEST(TablesTest, EachHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (const Table& table : AllTables()) EXPECT_TRUE(ids.insert(table.id).second) << table.id;
  EXPECT_TRUE(ids.contains("T06"));
}

}  // namespace
}  // namespace reprise
