#include "sim/search/campaign.h"

#include <algorithm>
#include <map>

#include "sim/search/isolate.h"
#include "sim/search/workers.h"

namespace reprise {
namespace {

// How many failures of one kind are kept at all, of those that come in.
constexpr size_t kKept = 64;

class Collector {
 public:
  Collector(const Scenario& scenario, const Plan& plan, const CampaignOptions& options,
            Workers& workers)
      : scenario_(scenario), plan_(plan), options_(options), workers_(workers) {}

  void OnFailure(uint64_t index, RunResult result) {
    auto& kind = by_signature_[SignatureOf(result.verdict)];
    kind.emplace(index, std::move(result));
    if (kind.size() > kKept) kind.erase(std::prev(kind.end()));
    if (!options_.keep_going) workers_.StopAt(EnoughAt());
  }

  void OnTotal(const TotalWords& total) {
    for (size_t i = 0; i < total.faults.size() && i < kFaults; ++i) {
      FaultCount& count = faults_[static_cast<Fault>(i)];
      count.attempted += total.faults[i].attempted;
      count.applied += total.faults[i].applied;
      count.observed += total.faults[i].observed;
    }
    for (const auto& [name, count] : total.facts) facts_[name] += count;
    unknown_ += total.unknown;
    skipped_ += total.skipped;
  }

  CampaignResult Result() {
    CampaignResult out;
    const uint64_t end = options_.keep_going ? UINT64_MAX : EnoughAt();
    for (auto& [signature, kind] : by_signature_) {
      Finding finding{.signature = signature,
                      .index = kind.begin()->first,
                      .seed = {},
                      .first = {},
                      .failures = {},
                      .kills = false};
      if (!options_.keep_going && signature != FirstSignature()) continue;
      for (auto& [index, result] : kind) {
        if (index >= end || finding.failures.size() == options_.failures_to_shrink) break;
        Add(finding, index, std::move(result));
      }
      finding.seed = plan_.SeedAt(finding.index);
      out.findings.push_back(std::move(finding));
    }
    std::ranges::sort(out.findings, {}, &Finding::index);
    out.faults = faults_;
    out.facts.assign(facts_.begin(), facts_.end());
    out.unknown = unknown_;
    out.skipped = skipped_;
    return out;
  }

 private:
  using Kind = std::map<uint64_t, RunResult>;

  const std::string& FirstSignature() const {
    return std::ranges::min_element(by_signature_, {},
                                    [](const auto& k) { return k.second.begin()->first; })
        ->first;
  }

  // Where to stop: some runs after the first failure, or after enough that are like it.
  uint64_t EnoughAt() const {
    if (by_signature_.empty()) return UINT64_MAX;
    const Kind& kind = by_signature_.at(FirstSignature());
    const uint64_t first = kind.begin()->first;
    uint64_t end = first + std::max<uint64_t>(200, first / 2);
    if (kind.size() >= options_.failures_to_shrink) {
      end = std::min(
          end,
          std::next(kind.begin(), static_cast<int64_t>(options_.failures_to_shrink - 1))->first +
              1);
    }
    return end;
  }

  void Add(Finding& finding, uint64_t index, RunResult result) {
    const bool kills = result.verdict.oracle == "crash" || result.verdict.oracle == "hang";
    if (kills) {  // The worker took its departures with it; one is enough, as it is slow to make.
      if (!finding.failures.empty()) return;
      finding.kills = true;
      result = SimulateIsolated(scenario_, plan_.At(index));
    }
    finding.failures.push_back(result.departures());
    if (index == finding.index) finding.first = std::move(result);
  }

  const Scenario& scenario_;
  const Plan& plan_;
  const CampaignOptions& options_;
  Workers& workers_;
  std::map<std::string, Kind> by_signature_;
  FaultCounts faults_;
  std::map<std::string, uint64_t> facts_;
  uint64_t unknown_ = 0, skipped_ = 0;
};

}  // namespace

std::string SignatureOf(const Verdict& verdict) {
  std::string out = verdict.oracle + ": ";
  for (char c : verdict.reason) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && out.back() == '#') continue;
    out += digit ? '#' : c;
  }
  return out;
}

CampaignResult RunCampaign(const Scenario& scenario, const CampaignOptions& options,
                           const std::function<bool(const Progress&)>& report) {
  const Plan plan(scenario, options.strategy, options.base_seed);
  Workers workers(scenario, plan, options);
  Collector collector(scenario, plan, options, workers);
  bool interrupted = false;
  while (workers.running()) {
    workers.Pump(
        std::chrono::milliseconds(100),
        [&](uint64_t index, RunResult r) { collector.OnFailure(index, std::move(r)); },
        [&](const TotalWords& total) { collector.OnTotal(total); });
    const Progress progress = workers.Count();
    const bool out_of_time =
        options.time_at_most &&
        progress.seconds * 1000 > static_cast<double>(options.time_at_most->count());
    if (out_of_time) workers.StopNow();
    if (!report(progress) && !interrupted) {
      interrupted = true;
      workers.StopNow();
    }
  }
  CampaignResult result = collector.Result();
  result.progress = workers.Count();
  result.interrupted = interrupted;
  return result;
}

}  // namespace reprise
