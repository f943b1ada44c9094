// reprise report: how well a protocol recovers, over many runs: the recovery metrics, and how many
// of the operations that were asked for succeeded, over the time of a run.

#include <algorithm>
#include <cstdio>
#include <string>

#include "sim/files.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report.h"

namespace reprise {
namespace {

double Ratio(const Quotient& q) {
  return q.count == 0 ? 0 : static_cast<double>(q.sum) / static_cast<double>(q.count);
}

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

// The moment at which a stretch begins, on the scale of a run that ends with the usual calm.
Duration StartOf(const Scenario& scenario, size_t stretch) {
  return (scenario.storm + scenario.calm) * static_cast<int64_t>(stretch) /
         static_cast<int64_t>(Metrics::kStretches);
}

bool HasOperations(const Metrics& metrics) {
  return std::ranges::any_of(metrics.over_time, [](const Quotient& q) { return q.count > 0; });
}

void PrintTable(const Metrics& metrics) {
  std::printf("%s\n", Styled(Style::kBold, Padded("METRIC", 16) + Padded("MEAN", 12) +
                                               Padded("MOST", 12) + Padded("OF", 12) + "WHAT IT IS")
                          .c_str());
  for (size_t i = 0; i < kMetrics; ++i) {
    const auto metric = static_cast<Metric>(i);
    const Quotient& q = metrics[metric];
    const bool time = Info(metric).unit == MetricInfo::Unit::kTime;
    const std::string most = q.most == 0 ? "-" : ValueText(metric, {q.most, 1, 0});
    const bool shares_time = metric == Metric::kRecovering;
    std::printf("%s%s%s%s%s\n", Padded(std::string(Info(metric).name), 16).c_str(),
                Padded(ValueText(metric, q), 12).c_str(),
                Padded(time || metric == Metric::kObjects ? most : "-", 12).c_str(),
                Padded(shares_time ? "-" : Grouped(q.count), 12).c_str(),
                std::string(Info(metric).about).c_str());
  }
  // The catalogue of recovery metrics has one that is made of two others.
  const Quotient& objects = metrics[Metric::kObjects];
  const Quotient& time = metrics[Metric::kObjectTime];
  if (objects.count > 0 && time.sum > 0) {
    std::printf("%s%.1f /s%s\n", Padded("data-recovery", 16).c_str(),
                Ratio(objects) / (Ratio(time) / 1e9), "   D = T_r/T_p");
  }
}

void PrintPlot(const Scenario& scenario, const Metrics& metrics) {
  constexpr int kWidth = 50;
  std::printf(
      "\n%s\n",
      Styled(Style::kBold, "OPERATIONS THAT SUCCEEDED, BY WHEN THEY WERE ASKED FOR").c_str());
  for (size_t i = 0; i < Metrics::kStretches; ++i) {
    const Quotient& q = metrics.over_time[i];
    if (q.count == 0) continue;
    const Duration at = StartOf(scenario, i);
    const auto bar = static_cast<size_t>(Ratio(q) * kWidth + 0.5);
    std::printf("  %8s  %s%s%s\n", VirtualTime(at.count()).c_str(),
                Padded(std::string(bar, '#'), kWidth + 2).c_str(),
                Padded(Percent(Ratio(q)), 9).c_str(), at >= scenario.storm ? "calm" : "");
  }
}

std::string Svg(const Scenario& scenario, const Metrics& metrics) {
  constexpr double kWidth = 720, kHeight = 240, kLeft = 56, kTop = 36;
  const double length = static_cast<double>((scenario.storm + scenario.calm).count()) / 1e9;
  const auto x = [&](double seconds) { return kLeft + kWidth * seconds / length; };
  const auto y = [&](double share) { return kTop + kHeight * (1 - share); };
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 320\" "
      "font-family=\"sans-serif\" "
      "font-size=\"12\"><style>text{fill:#444}.c{fill:#eef4ee}.l{fill:none;stroke:#1b6ac9;"
      "stroke-width:2}.g{stroke:#ddd}@media(prefers-color-scheme:dark){svg{background:#16191d}"
      "text{fill:#bbb}.c{fill:#1c2a20}.l{stroke:#6aa9ff}.g{stroke:#333}}</style>\n";
  char line[256];
  const double storm = static_cast<double>(scenario.storm.count()) / 1e9;
  std::snprintf(line, sizeof line,
                "<rect class=\"c\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                x(storm), kTop, x(length) - x(storm), kHeight);
  out += line;
  out += "<text x=\"56\" y=\"20\">" + scenario.FullName() +
         ": operations that succeeded, by when they were asked for</text>\n";
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    std::snprintf(line, sizeof line,
                  "<line class=\"g\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>"
                  "<text x=\"48\" y=\"%.1f\" text-anchor=\"end\">%.0f %%</text>\n",
                  x(0), y(share), x(length), y(share), y(share) + 4, 100 * share);
    out += line;
  }
  std::string points;
  for (size_t i = 0; i < Metrics::kStretches; ++i) {
    const Quotient& q = metrics.over_time[i];
    if (q.count == 0) continue;
    const double middle = length * (static_cast<double>(i) + 0.5) / Metrics::kStretches;
    std::snprintf(line, sizeof line, "%.1f,%.1f ", x(middle), y(Ratio(q)));
    points += line;
  }
  out += "<polyline class=\"l\" points=\"" + points + "\"/>\n";
  std::snprintf(line, sizeof line,
                "<text x=\"%.1f\" y=\"296\">0 s</text><text x=\"%.1f\" y=\"296\" "
                "text-anchor=\"middle\">%.1f s: the calm begins</text>"
                "<text x=\"%.1f\" y=\"296\" text-anchor=\"end\">%.1f s</text>\n</svg>\n",
                x(0), x(storm), storm, x(length), length);
  return out + line;
}

Json ReportJson(const Scenario& scenario, const CampaignResult& campaign) {
  Json over_time = Json::array();
  for (size_t i = 0; i < Metrics::kStretches; ++i) {
    const Quotient& q = campaign.metrics.over_time[i];
    over_time.push_back(
        {{"from_ns", StartOf(scenario, i).count()}, {"succeeded", q.sum}, {"asked", q.count}});
  }
  return {{"schema", "reprise.report/1"},
          {"scenario", scenario.FullName()},
          {"runs", campaign.progress.runs},
          {"failures", campaign.progress.failures},
          {"unknown", campaign.unknown},
          {"skipped", campaign.skipped},
          {"metrics", MetricsJson(campaign.metrics)},
          {"over_time", over_time}};
}

}  // namespace

int ReportCommand(const Catalogue& catalogue, const ReportArgs& args) {
  const auto scenario = catalogue.Make(args.scenario.name, args.scenario.options);
  if (!scenario.ok()) return Complain("report", scenario.status());
  WatchForInterrupts();
  const CampaignOptions options{.strategy = Strategy::kSwarm,
                                .base_seed = args.base_seed,
                                .runs_at_most = args.runs,
                                .time_at_most = {},
                                .jobs = args.jobs,
                                .keep_going = true};
  const CampaignResult campaign =
      RunCampaign(*scenario, options, [](const Progress&) { return !Interrupted(); });
  if (args.json) {
    std::printf("%s\n", Dump(ReportJson(*scenario, campaign), 2).c_str());
  } else {
    std::printf("report  %s  %s runs  base seed %llu  failures %s  skipped %s  unknown %s\n\n",
                scenario->FullName().c_str(), Grouped(campaign.progress.runs).c_str(),
                static_cast<unsigned long long>(args.base_seed),
                Grouped(campaign.progress.failures).c_str(), Grouped(campaign.skipped).c_str(),
                Grouped(campaign.unknown).c_str());
    PrintTable(campaign.metrics);
    if (HasOperations(campaign.metrics)) PrintPlot(*scenario, campaign.metrics);
  }
  if (!args.plot.empty()) {
    const absl::Status saved = SaveFile(args.plot, Svg(*scenario, campaign.metrics));
    if (!saved.ok()) return Complain("report", saved);
    if (!args.json) std::printf("\nwrote   %s\n", args.plot.c_str());
  }
  if (campaign.interrupted) return kInterrupted;
  return campaign.progress.failures > 0 ? kViolation : kOk;
}

}  // namespace reprise
