#include "sim/faults.h"

#include <string>
#include <vector>

namespace reprise {
namespace {

constexpr FaultInfo kInfo[kFaults] = {
    {"drop", "network", "a message is lost"},
    {"duplicate", "network", "a message arrives twice, the second time later"},
    {"late", "network", "a message takes longer, and may be overtaken"},
    {"order", "node", "of things that happen at the same moment, one comes later"},
    {"cut", "network", "a partition: one node off, two halves, or one direction of a link"},
    {"crash", "node", "a node stops at a moment of a time slot"},
    {"crash-at", "node", "a node stops at one of its calls into Env"},
    {"unsynced", "disk", "a crash loses all of what was not synced, or the end of it"},
    {"torn", "disk",
     "a crash keeps some sectors of what was not synced and loses others, in any order"},
    {"slow-sync", "disk", "a sync takes longer"},
    {"sync-fail", "disk", "a sync fails, and what it was to make durable is gone"},
    {"rot", "disk", "a stored bit flips"},
    {"offset", "clock", "a node's clock starts at another time"},
    {"drift", "clock", "a node's clock runs fast or slow"},
    {"jump", "clock", "a node's wall clock steps forward or back"},
};

std::vector<Label> MakeLabels(const std::string& before) {
  std::vector<Label> labels;
  for (const FaultInfo& info : kInfo)
    labels.push_back(Label::Reserved(before + std::string(info.name)));
  return labels;
}

const std::vector<Label> kLabels = MakeLabels("");
const std::vector<Label> kSwarmLabels = MakeLabels("swarm-");

}  // namespace

const FaultInfo& Info(Fault fault) { return kInfo[static_cast<size_t>(fault)]; }
Label LabelOf(Fault fault) { return kLabels[static_cast<size_t>(fault)]; }
Label SwarmLabelOf(Fault fault) { return kSwarmLabels[static_cast<size_t>(fault)]; }

}  // namespace reprise
