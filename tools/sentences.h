// Events as sentences, for people who ask why.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario.h"
#include "tools/alignment.h"

namespace reprise {

struct Sentence {
  uint64_t event = 0;  // By number,
  Time at{};           // and when.
  std::string text;    // "n1 sends Prepare(3) to n2, which has it at 12 ms".
};

// One for each of these events that says something; a message is told once, where it is sent, if it
// ended among them. Events count from 1; entry 0 means nothing.
std::vector<Sentence> SentencesOf(const Timeline& timeline, const std::vector<bool>& events);

// How the causal past of a violation is told.
struct Story {
  std::vector<Sentence> sentences;
  size_t past = 0;              // How many events can have caused it,
  size_t left_out = 0;          // and how many of the sentences were one too many.
  bool only_news = false;       // What happened in the passing run as well is not told.
  std::vector<NodeId> outside;  // Nodes that had no part in it.
  size_t messages_outside = 0;  // And how many messages had none.
};

// What can have caused the failure of that run; where there is a run that passes, what of it
// happened in this one only. At most so many sentences, the last ones.
Story TellWhy(const Scenario& scenario, const RunResult& run, const Alignment* with_passing,
              size_t sentences_at_most);

}  // namespace reprise
