#include "sim/nemesis.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/slots.h"

namespace reprise {

Nemesis& Nemesis::At(Duration when, Fault fault, NodeId node) {
  const auto slot = SlotOf(scenario_, fault);
  CHECK(slot.has_value() && when >= Duration(0) && when < scenario_.storm);
  const int64_t k = when / *slot;
  const Duration into = when - *slot * k;
  // The first moment of a slot is not among its moments: zero means that nothing happens.
  const auto moment = static_cast<uint64_t>(into * static_cast<int64_t>(kQuantiles) / *slot);
  last_ = {{LabelOf(fault), node}, static_cast<uint64_t>(k) + 1};
  told_.push_back({last_, std::max<uint64_t>(moment, 1), kQuantiles});
  last_ = DetailsOf(fault, last_);
  return *this;
}

Nemesis& Nemesis::Nth(Fault fault, NodeId node, NodeId peer, uint64_t nth, uint64_t value,
                      uint64_t bound) {
  CHECK(nth > 0 && value > 0 && value < bound);
  last_ = {{LabelOf(fault), node, peer}, nth};
  told_.push_back({last_, value, bound});
  return *this;
}

Nemesis& Nemesis::CrashAt(NodeId node, uint64_t boot, uint64_t call) {
  last_ = {{LabelOf(Fault::kCrashAt), node}, boot, call};
  told_.push_back({last_, 1, 2});
  return *this;
}

Nemesis& Nemesis::With(std::string_view detail, uint64_t value, uint64_t bound, uint64_t sub,
                       NodeId node) {
  const auto label = Label::Find(detail);
  CHECK(label.has_value() && value < bound);
  if (value == 0) return *this;
  Address address = last_;
  address.site.label = *label;
  if (sub != 0) address.sub = sub;
  if (node != kNobody) address.site.node = node;
  told_.push_back({address, value, bound});
  return *this;
}

Departures Nemesis::departures() const {
  Departures all = told_;
  Sort(all);
  return all;
}

}  // namespace reprise
