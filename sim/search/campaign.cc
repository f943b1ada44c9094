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
            const Workers& workers)
      : scenario_(scenario), plan_(plan), options_(options), workers_(workers) {}

  void OnFailure(uint64_t index, RunResult result) {
    if (!options_.oracle.empty() && result.verdict.oracle != options_.oracle) return;
    auto& kind = by_signature_[SignatureOf(result.verdict)];
    kind.emplace(index, std::move(result));
    if (kind.size() > std::max(kKept, options_.failures_to_shrink))
      kind.erase(std::prev(kind.end()));
  }

  // Where to stop, as far as the runs before that one tell: some runs after the first failure, or
  // after enough that are like it. One that kills its process is enough.
  uint64_t EnoughAt(uint64_t done) const {
    const Kind* kind = First();
    if (options_.keep_going || kind == nullptr || kind->begin()->first >= done) return UINT64_MAX;
    const auto& [first, result] = *kind->begin();
    const size_t wanted = KillsTheProcess(result.verdict.oracle)
                              ? 1
                              : std::max<size_t>(options_.failures_to_shrink, 1);
    const uint64_t end = first + std::max<uint64_t>(options_.runs_after, first / 2);
    if (kind->size() < wanted) return end;
    const uint64_t last = std::next(kind->begin(), static_cast<int64_t>(wanted - 1))->first;
    return last < done ? std::min(end, last + 1) : end;
  }

  CampaignResult Result() {
    CampaignResult out;
    const uint64_t end = EnoughAt(UINT64_MAX);
    const Kind* const first = First();
    for (auto& [signature, kind] : by_signature_) {
      if (!options_.keep_going && &kind != first) continue;
      Finding finding{.signature = signature,
                      .index = kind.begin()->first,
                      .seed = plan_.SeedAt(kind.begin()->first),
                      .first = {},
                      .failures = {},
                      .kills = false};
      for (auto& [index, result] : kind) {
        if (index != finding.index &&
            (index >= end || finding.failures.size() >= options_.failures_to_shrink ||
             finding.kills)) {
          break;
        }
        Add(finding, index, std::move(result));
      }
      out.findings.push_back(std::move(finding));
    }
    std::ranges::sort(out.findings, {}, &Finding::index);
    AddTallies(out);
    return out;
  }

 private:
  using Kind = std::map<uint64_t, RunResult>;

  // The failures that are like the first one; null where there is none.
  const Kind* First() const {
    const Kind* first = nullptr;
    for (const auto& [signature, kind] : by_signature_) {
      if (first == nullptr || kind.begin()->first < first->begin()->first) first = &kind;
    }
    return first;
  }

  void Add(Finding& finding, uint64_t index, RunResult result) {
    if (KillsTheProcess(result.verdict.oracle)) {  // The worker took its departures with it.
      finding.kills = true;
      Verdict verdict = result.verdict;
      result = SimulateIsolated(scenario_, plan_.At(index), {.limit = options_.run_limit});
      if (!result.verdict.failed()) result.verdict = std::move(verdict);  // It happened once.
    }
    finding.failures.push_back(result.departures());
    if (index == finding.index) finding.first = std::move(result);
  }

  void AddTallies(CampaignResult& out) const {
    std::map<std::string, uint64_t> facts;
    for (const Tally* tally : workers_.tallies()) {
      out.faults += tally->faults;
      out.metrics += tally->metrics;
      out.unknown += tally->unknown;
      out.skipped += tally->skipped;
      for (const Tally::Fact& fact : tally->facts) {
        if (fact.count != 0) facts[fact.name] += fact.count;
      }
    }
    out.facts.assign(facts.begin(), facts.end());
  }

  const Scenario& scenario_;
  const Plan& plan_;
  const CampaignOptions& options_;
  const Workers& workers_;
  std::map<std::string, Kind> by_signature_;
};

}  // namespace

std::string SignatureOf(const Verdict& verdict) {
  std::string out = verdict.oracle + ": ";
  for (const char c : verdict.reason) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) {
      out += c;
    } else if (out.ends_with("# ")) {  // One number after another, as in a list.
      out.pop_back();
    } else if (!out.ends_with('#')) {
      out += '#';
    }
  }
  return out;
}

CampaignResult RunCampaign(const Scenario& scenario, const CampaignOptions& options,
                           const std::function<bool(const Progress&)>& report) {
  return RunCampaign(scenario, Plan(scenario, options.strategy, options.base_seed, options.without),
                     options, report);
}

CampaignResult RunCampaign(const Scenario& scenario, const Plan& plan,
                           const CampaignOptions& options,
                           const std::function<bool(const Progress&)>& report) {
  Workers workers(scenario, plan, options);
  Collector collector(scenario, plan, options, workers);
  bool interrupted = false;
  double next_report = 0;
  while (workers.running()) {
    workers.Pump(std::chrono::milliseconds(100), [&](uint64_t index, RunResult result) {
      collector.OnFailure(index, std::move(result));
    });
    workers.StopAt(collector.EnoughAt(workers.DoneBefore()));
    const Progress progress = workers.Count();
    const bool out_of_time =
        options.time_at_most &&
        progress.seconds * 1000 > static_cast<double>(options.time_at_most->count());
    if (out_of_time) workers.StopNow();
    if (progress.seconds < next_report) continue;
    next_report = progress.seconds + 0.1;
    if (!report(progress)) {
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
