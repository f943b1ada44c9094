// Scenarios so small that everything about them is known: which departures make them fail, and
// which of these are the fewest.

#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace reprise::toys {

struct Number {
  uint64_t n = 0;
};
struct Got {
  uint64_t n = 0;
};
struct Lost {
  uint64_t n = 0;
};

using Numbers = std::set<uint64_t>;

// Complains at the end where what was got is wrong.
class GotOracle final : public Oracle {
 public:
  using Wrong = std::function<bool(const Numbers& got)>;
  GotOracle(std::string name, Wrong wrong) : name_(std::move(name)), wrong_(std::move(wrong)) {}

  std::string name() const override { return name_; }
  Complaint OnFact(const Event& event) override {
    event.Match([this](const Got& m) { got_.insert(m.n); });
    return std::nullopt;
  }
  Complaint AtEnd() override {
    if (!wrong_(got_)) return std::nullopt;
    return "got " + std::to_string(got_.size());
  }

 private:
  std::string name_;
  Wrong wrong_;
  Numbers got_;
};

// Complains of the first fact Lost.
class LostOracle final : public Oracle {
 public:
  std::string name() const override { return "lost"; }
  Complaint OnFact(const Event& event) override {
    Complaint complaint;
    event.Match([&](const Lost& m) { complaint = "lost " + std::to_string(m.n); });
    return complaint;
  }
};

inline Duration Milliseconds(uint64_t quantile) {
  return std::chrono::milliseconds(static_cast<int64_t>(quantile));
}

// n1 sends the numbers from 1 on to n2, one each millisecond; n2 reports what it gets.
inline Scenario Stream(uint64_t numbers, std::vector<GotOracle> oracles) {
  Scenario s;
  s.name = "stream";
  s.roles = {{.name = "sender",
              .count = 1,
              .main =
                  [numbers](Env& env) {
                    for (uint64_t n = 1; n <= numbers; ++n) {
                      env.Send(NodeId{2}, Number{n});
                      env.Sleep(1ms);
                    }
                  }},
             {.name = "receiver", .count = 1, .main = [](Env& env) {
                for (;;) {
                  env.Receive().Match([&](const Number& m) { env.Report(Got{m.n}); });
                }
              }}};
  s.links = {.delay = 1ms,
             .late = OneIn(4),
             .late_by = Milliseconds,
             .drop = OneIn(10),
             .duplicate = OneIn(10)};
  s.storm = 1s;
  s.calm = 2s;
  s.oracles = [oracles] {
    Oracles all;
    for (const GotOracle& o : oracles) all.push_back(std::make_unique<GotOracle>(o));
    return all;
  };
  return s;
}

// A node that tells of a write before it has synced it. A crash that loses it is one fault, and
// what it loses another.
inline Scenario Forgetful() {
  Scenario s;
  s.name = "forgetful";
  s.roles = {{.name = "node", .count = 1, .main = [](Env& env) {
                auto file = env.disk().Open("log", OpenMode::kCreateIfMissing);
                if (env.boot() > 1 && file->Size() == 0) env.Report(Lost{env.boot()});
                for (uint64_t n = 1;; ++n) {
                  if (!file->Append(std::string(16, 'x')).ok()) return;
                  env.Report(Got{n});
                  env.Sleep(100ms);
                }
              }}};
  s.crashes = {.crash = OneIn(20)};
  s.disks = {.unsynced = OneIn(2), .torn = OneIn(4)};
  s.links = {.drop = OneIn(10)};
  s.storm = 10s;
  s.calm = 2s;
  s.oracles = JudgedBy(LostOracle());
  return s;
}

// n1 draws as many numbers as there are labels, and reports those that were not zero, once the
// judge finds fault with them. `also` stands between them: draws that mean nothing.
struct Question {
  Label label;
  uint64_t bound;
};
inline Scenario Questions(std::vector<Question> questions,
                          std::function<bool(const std::vector<uint64_t>&)> wrong) {
  Scenario s;
  s.name = "questions";
  s.roles = {{.name = "node", .count = 1, .main = [questions, wrong](Env& env) {
                static const Label kNoise("noise");
                std::vector<uint64_t> answers;
                for (const Question& q : questions) {
                  for (int i = 0; i < 20; ++i) env.Random(kNoise, 100);
                  answers.push_back(env.Random(q.label, q.bound));
                }
                if (wrong(answers)) env.Report(Lost{answers[0]});
              }}};
  s.storm = 1s;
  s.calm = 1s;
  s.oracles = JudgedBy(LostOracle());
  return s;
}

// The departures of a run that departs where the list says, and elsewhere as the seed does.
inline Departures Stormy(const Scenario& scenario, uint64_t seed, const Departures& must) {
  return Simulate(scenario, Choices::FromSeed(seed, must)).departures();
}

inline Departure Drop(uint64_t ordinal) {
  return {{{LabelOf(Fault::kDrop), NodeId{1}, NodeId{2}}, ordinal}, 1, 2};
}

}  // namespace reprise::toys
