// reprise report: what it prints and how it ends.

#include "protocols/protocols.h"
#include "sim/files.h"
#include "tests/command_helper.h"

namespace reprise {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Output OnProtocols(std::vector<std::string> arguments) {
  return Reprise(std::move(arguments), AllProtocols());
}

TEST(ReportCommand, AddsUpWhatRunsMeasure) {
  const TemporaryFolder folder;
  const Output output = OnProtocols(
      {"report", "primary-backup", "--runs", "40", "--json", "--plot", folder / "plot.svg"});
  ASSERT_EQ(output.status, 0) << output.err;
  const json report = json::parse(output.out);
  EXPECT_EQ(report["schema"], "reprise.report/1");
  EXPECT_EQ(report["runs"], 40);
  const json& metrics = report["metrics"];
  EXPECT_EQ(metrics["lost"]["sum"], 0);
  EXPECT_GT(metrics["lost"]["count"], 100);
  EXPECT_GT(metrics["first-success"]["mean_ns"], 1e6);
  EXPECT_GE(metrics["restart"]["mean_ns"], 100e6);   // A node is down for that long at least,
  EXPECT_LE(metrics["restart"]["most_ns"], 1000e6);  // and no longer than that.
  EXPECT_GT(metrics["availability"]["value"], .5);
  EXPECT_LT(metrics["availability"]["value"], 1);
  EXPECT_GT(metrics["amplification"]["value"], 2);
  uint64_t asked = 0;
  for (const json& stretch : report["over_time"]) asked += stretch["asked"].get<uint64_t>();
  EXPECT_EQ(metrics["availability"]["count"], asked);
  const auto plot = LoadFile(folder / "plot.svg", 1 << 20);
  ASSERT_TRUE(plot.ok());
  EXPECT_THAT(*plot, HasSubstr("<polyline"));
}

TEST(ReportCommand, SaysItInWordsToo) {
  const Output output = OnProtocols({"report", "write-ahead-log", "--runs", "30"});
  ASSERT_EQ(output.status, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("RPO"));
  EXPECT_THAT(output.out, HasSubstr("data-recovery"));
}

TEST(ReportCommand, MeasuresTheLossOfAMutant) {
  const Output output =
      OnProtocols({"report", "primary-backup:answer-before-ack", "--runs", "100", "--json"});
  EXPECT_EQ(output.status, 1);
  EXPECT_GT(json::parse(output.out)["metrics"]["lost"]["sum"], 0);
}

TEST(ReportCommand, Mistakes) {
  ExpectComplaint(OnProtocols({"report", "primary-bakcup"}), 2, "primary-backup");
}

}  // namespace
}  // namespace reprise
