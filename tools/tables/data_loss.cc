// data-loss: how long until data is lost, where copies fail and are repaired. What is simulated is
// a node whose fibers are the copies, in virtual time: each lives, fails, and is repaired, and
// lives and repairs are drawn as quantiles of exponential distributions.

#include <cmath>
#include <string>
#include <utility>

#include "models/theory/absorption.h"
#include "sim/check.h"
#include "sim/scenario.h"
#include "sim/sync.h"
#include "tools/tables/all.h"

namespace reprise {
namespace {

using theory::Repairs;

constexpr double kFailure = .01, kRepair = 1;  // Each hour.
constexpr uint64_t kLivesOfARun = 50;
constexpr uint64_t kBound = uint64_t{1} << 32;

const Label kLife("life");
const Label kRepairTime("repair-time");

// A fact: too few copies are left.
struct Lost {};

struct Code {
  std::string name;
  int copies, needed;
  Repairs repairs;
  double expected;  // As others have computed it, in hours.
  uint64_t losses;  // To be simulated.
};

// An hour is a second here. Zero is the longest, so that calm is calm.
Duration Exponential(Env& env, Label label, double rate) {
  const uint64_t draw = env.Random(label, kBound);
  const double p = (static_cast<double>(draw) + 0.5) / static_cast<double>(kBound);
  return Duration(std::llround(-std::log(p) / rate * 1e9));
}

// One group of copies, until too few are left; then another.
class Group {
 public:
  Group(Env& env, const Code& code) : env_(env), code_(code), repairing_(env) {}

  void Run() {
    for (int i = 0; i < code_.copies; ++i) env_.Spawn([this] { Copy(); });
    env_.SleepUntil(kForever);
  }

 private:
  void Copy() {
    while (lost_ < kLivesOfARun) {
      // A life may begin in one group and end in the next, since it has no memory.
      env_.Sleep(Exponential(env_, kLife, kFailure));
      if (code_.copies - ++failed_ < code_.needed) {
        ++lost_;
        failed_ = 0;
        env_.Report(Lost{});
        continue;
      }
      Repair(lost_);
    }
  }

  void Repair(uint64_t group) {
    if (code_.repairs == Repairs::kOneAtATime) {
      Lock turn(repairing_);
      if (group == lost_) env_.Sleep(Exponential(env_, kRepairTime, kRepair));
    } else {
      env_.Sleep(Exponential(env_, kRepairTime, kRepair));
    }
    if (group == lost_) --failed_;
  }

  Env& env_;
  const Code& code_;
  Mutex repairing_;
  int failed_ = 0;
  uint64_t lost_ = 0;  // Groups.
};

// When the last one was lost, in hours.
class LastLoss final : public Oracle {
 public:
  explicit LastLoss(double* hours) : hours_(hours) {}
  std::string name() const override { return "last-loss"; }
  Complaint OnFact(const Event& event) override {
    *hours_ = static_cast<double>(Nanos(event.at)) / 1e9;
    return std::nullopt;
  }

 private:
  double* hours_;
};

// In hours.
double MeanTimeToLoss(const Code& code) {
  Scenario s;
  s.name = "copies";
  s.roles = {{.name = "group",
              .count = 1,
              .main = [&code](Env& env) { Group(env, code).Run(); },
              .mortal = false}};
  s.storm = Duration(static_cast<int64_t>(code.expected * 3 * kLivesOfARun) * 1'000'000'000);
  s.calm = 1s;
  s.events_at_most = UINT64_MAX;
  double hours = 0, last = 0;
  s.oracles = JudgedBy(LastLoss(&last));
  for (uint64_t seed = 1; seed * kLivesOfARun <= code.losses; ++seed) {
    const RunResult run = Simulate(s, Choices::FromSeed(seed));
    CHECK(run.verdict.kind == Verdict::Kind::kPass);
    CHECK(run.facts.size() == 1 && run.facts[0].second == kLivesOfARun);
    hours += last;
  }
  return hours / static_cast<double>(code.losses);
}

std::vector<TableRow> Rows() {
  using enum Repairs;
  const Code kCodes[] = {{"2 replicas", 2, 1, kOneAtATime, 5150, 22'500},
                         {"3 replicas", 3, 1, kOneAtATime, 173'517, 4'000},
                         {"3 replicas", 3, 1, kParallel, 345'183, 2'500},
                         {"RS(4,2)", 6, 4, kOneAtATime, 9228, 22'500},
                         {"RS(4,2)", 6, 4, kParallel, 18'062, 22'500},
                         {"RS(6,3)", 9, 6, kOneAtATime, 38'639, 4'000},
                         {"RS(6,3)", 9, 6, kParallel, 221'503, 2'500}};
  std::vector<TableRow> rows;
  for (const Code& code : kCodes) {
    rows.push_back(
        {.what = code.name + (code.repairs == kParallel ? ", repairs in parallel" : "") + ": h",
         .model = theory::MeanTimeToLoss(code.copies, code.needed, kFailure, kRepair, code.repairs),
         .simulation = MeanTimeToLoss(code),
         .tolerance = .04,
         .digits = 0});
  }
  return rows;
}

}  // namespace

Table DataLoss() {
  return {.id = "data-loss",
          .about = "mean time to data loss, with copies that fail once in 100 h and repairs of 1 h",
          .source = "Gibson and Patterson: birth-death chains, exact",
          .cost = "about 2 minutes of one processor",
          .rows = Rows};
}

}  // namespace reprise
